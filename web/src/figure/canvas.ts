// A canvas of part indices: outlines, tubes along a path, discs; painted from back to front.
import { sineCosine } from './angles'
import { normals } from './curves'
import { along, clamp, type Point } from './plane'
import { fillDisc, fillOutline, fillQuad, STEPS, type Grid, type Steps } from './scanline'

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
// The outlines' unsteadiness is a sum of waves; no place moves by more than so many amplitudes.
const REACH = 1.6

/** Paint with it, then `labels()`. Coordinates are map pixels; what falls outside is cut off. */
export class Canvas implements Grid {
  readonly rows: number
  readonly columns: number
  private readonly cells: Uint8Array
  private label = 0
  // The cells between which there is paint.
  private top: number
  private bottom = 0
  private left: number
  private right = 0

  constructor(private readonly size: Size) {
    this.rows = this.top = size.height * DETAIL
    this.columns = this.left = size.width * DETAIL
    this.cells = new Uint8Array(this.rows * this.columns)
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
    const across = normals(path)
    const right = path.map((place, i) => along(place, across[i], halves[i]))
    const left = path.map((place, i) => along(place, across[i], -halves[i]))
    for (let i = 0; i + 1 < path.length; i++) fillQuad(this, stepsOf([right[i], right[i + 1], left[i + 1], left[i]]), 0)
    for (let i = start ? 0 : 1; i < (end ? path.length : path.length - 1); i++) this.disc(path[i], halves[i], label)
  }

  fill(row: number, start: number, end: number): void {
    const before = row * this.columns
    this.cells.fill(this.label, before + start, before + end)
    if (row < this.top) this.top = row
    if (row > this.bottom) this.bottom = row
    if (start < this.left) this.left = start
    if (end > this.right) this.right = end
  }

  /** The painted map. `wobble`: amplitude in pixels of a fixed, smooth displacement of all outlines, like the unsteady
   * edges of a map that was parsed from a photo. */
  labels(wobble = 0): Uint8Array {
    const { width, height } = this.size
    const result = new Uint8Array(width * height)
    const margin = Math.ceil(REACH * wobble) + 1
    const [x0, x1] = pixelRange(this.left, this.right, margin, width)
    const [y0, y1] = pixelRange(this.top, this.bottom, margin, height)
    const turn = (2 * Math.PI) / height
    const right = WAVES.map(({ x }) => waveTable(x0, x1, x * turn, 0))
    const down = WAVES.map(({ y, phase }) => waveTable(y0, y1, y * turn, phase))
    for (let y = y0; y < y1; y++) {
      const row = y - y0
      for (let x = x0; x < x1; x++) {
        const column = x - x0
        const shiftX = wave(down[0], row, right[0], column) + 0.6 * wave(down[1], row, right[1], column)
        const shiftY = wave(down[2], row, right[2], column) + 0.6 * wave(down[3], row, right[3], column)
        const cellX = clamp(Math.floor((x + 0.5 + wobble * shiftX) * DETAIL), 0, this.columns - 1)
        const cellY = clamp(Math.floor((y + 0.5 + wobble * shiftY) * DETAIL), 0, this.rows - 1)
        result[y * width + x] = this.cells[cellY * this.columns + cellX]
      }
    }
    return result
  }
}

// Waves to the height, two that move outlines to the right and two down. Wavelengths are shares of the height, so that a
// map drawn larger is the same map; they have no common divisor.
const WAVES = [
  { y: 13, phase: 0.7, x: 5 },
  { y: 31, phase: 2.1, x: -17 },
  { y: 7, phase: 1.9, x: 11 },
  { y: 19, phase: 0.3, x: 29 }
] as const

interface WaveTable {
  readonly sine: Float64Array
  readonly cosine: Float64Array
}

function waveTable(from: number, to: number, turn: number, phase: number): WaveTable {
  const table = { sine: new Float64Array(Math.max(to - from, 0)), cosine: new Float64Array(Math.max(to - from, 0)) }
  for (let i = from; i < to; i++) {
    const [sine, cosine] = sineCosine(turn * i + phase)
    table.sine[i - from] = sine
    table.cosine[i - from] = cosine
  }
  return table
}

/** sin(down + right), from one sine and cosine of each. */
function wave(down: WaveTable, row: number, right: WaveTable, column: number): number {
  return down.sine[row] * right.cosine[column] + down.cosine[row] * right.sine[column]
}

/** The pixels whose cells may hold paint; none if there is no paint. */
function pixelRange(first: number, last: number, margin: number, count: number): readonly [number, number] {
  if (last < first) return [0, 0]
  return [Math.max(Math.floor(first / DETAIL) - margin, 0), Math.min(Math.floor(last / DETAIL) + 1 + margin, count)]
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
