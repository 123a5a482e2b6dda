// A canvas of part indices: outlines, tubes along a path, discs; painted from back to front.
import { normals } from './curves'
import { along, type Point } from './plane'
import { fillDisc, fillOutline, fillQuad, STEPS, type Grid, type Steps } from './scanline'
import { Runs } from './runs'
import { REACH, Waves } from './waves'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface TubeEnds {
  /** Whether the first and the last place are rounded off. */
  readonly start?: boolean
  readonly end?: boolean
}

/** Cells of the canvas to a map pixel, each way; odd, so that one lies on the pixel's centre. */
const DETAIL = 3

/** Paint with it, then `labels()`. Coordinates are map pixels; what falls outside is cut off. */
export class Canvas implements Grid {
  readonly rows: number
  readonly columns: number
  private readonly cells: Uint8Array
  private label = 0
  // The cells of each row between which there is paint.
  private readonly left: Int32Array
  private readonly right: Int32Array

  constructor(private readonly size: Size) {
    this.rows = size.height * DETAIL
    this.columns = size.width * DETAIL
    this.cells = new Uint8Array(this.rows * this.columns)
    this.left = new Int32Array(this.rows).fill(this.columns)
    this.right = new Int32Array(this.rows)
  }

  polygon(points: readonly Point[], label: number): void {
    this.label = label
    fillOutline(this, stepsOf(points))
  }

  disc(centre: Point, radius: number, label: number): void {
    this.label = label
    fillDisc(this, toSteps(centre[0]), toSteps(centre[1]), toSteps(radius))
  }

  /** A band along `path`, at each point as wide to both sides as `halves` says. */
  tube(path: readonly Point[], halves: readonly number[], label: number, { start = true, end = false }: TubeEnds = {}): void {
    this.label = label
    const band = new Runs(this)
    const across = normals(path)
    const right = path.map((place, i) => along(place, across[i], halves[i]))
    const left = path.map((place, i) => along(place, across[i], -halves[i]))
    for (let i = 0; i + 1 < path.length; i++) fillQuad(band, stepsOf([right[i], right[i + 1], left[i + 1], left[i]]))
    for (let i = start ? 0 : 1; i < (end ? path.length : path.length - 1); i++) {
      fillDisc(band, toSteps(path[i][0]), toSteps(path[i][1]), toSteps(halves[i]))
    }
    band.finish()
  }

  fill(row: number, start: number, end: number): void {
    const before = row * this.columns
    this.cells.fill(this.label, before + start, before + end)
    if (start < this.left[row]) this.left[row] = start
    if (end > this.right[row]) this.right[row] = end
  }

  /** The painted map. `wobble`: amplitude in pixels of a fixed, smooth displacement of all outlines, like the unsteady
   * edges of a map that was parsed from a photo. */
  labels(wobble = 0): Uint8Array {
    const { cells, columns, rows } = this
    const { width, height } = this.size
    const result = new Uint8Array(width * height)
    const margin = Math.ceil(REACH * wobble) + 1
    const waves = new Waves(this.size)
    for (let y = 0; y < height; y++) {
      const [x0, x1] = this.reach(y, margin)
      if (x0 >= x1) continue
      const { right, down } = waves.row(y, x0, x1)
      for (let x = x0; x < x1; x++) {
        // Cut to whole numbers, which for what is not below 0 is the floor; below 0 both become 0.
        let column = ((x + 0.5 + wobble * right[x]) * DETAIL) | 0
        let row = ((y + 0.5 + wobble * down[x]) * DETAIL) | 0
        if (column < 0) column = 0
        else if (column >= columns) column = columns - 1
        if (row < 0) row = 0
        else if (row >= rows) row = rows - 1
        result[y * width + x] = cells[row * columns + column]
      }
    }
    return result
  }

  /** The pixels of a row that may show paint, of this row or of one up to `margin` pixels away. */
  private reach(y: number, margin: number): readonly [number, number] {
    let left = this.columns
    let right = 0
    const end = Math.min((y + margin + 1) * DETAIL, this.rows)
    for (let row = Math.max((y - margin) * DETAIL, 0); row < end; row++) {
      if (this.left[row] < left) left = this.left[row]
      if (this.right[row] > right) right = this.right[row]
    }
    return [Math.max(Math.floor(left / DETAIL) - margin, 0), Math.min(Math.ceil(right / DETAIL) + margin, this.size.width)]
  }
}

/** Map pixels -> the whole steps in which shapes are filled. */
function toSteps(pixels: number): number {
  return Math.floor(pixels * (DETAIL * STEPS) + 0.5)
}

function stepsOf(points: readonly Point[]): Steps {
  const steps = new Float64Array(2 * points.length)
  points.forEach(([x, y], i) => {
    steps[2 * i] = toSteps(x)
    steps[2 * i + 1] = toSteps(y)
  })
  return steps
}
