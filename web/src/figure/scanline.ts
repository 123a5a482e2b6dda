// Which cells of a grid a shape fills: those whose centre is inside; the rule of humandiffusion/pose/drawing/scanline.py.
// Coordinates are in steps, `STEPS` to a cell, whole numbers. A cell belongs to a shape where its centre is right of (or on)
// the left edge and left of the right edge, below (or on) the upper and above the lower one.

export const STEPS = 1024

/** Corners of shapes, x and y in turn. */
export type Steps = Float64Array

export interface Grid {
  readonly rows: number
  readonly columns: number
  /** Fills the cells from `start` up to `end` of a row. */
  fill(row: number, start: number, end: number): void
}

/** The inside of a closed outline: wherever it winds around a cell, also where it crosses itself. */
export function fillOutline(grid: Grid, outline: Steps): void {
  const count = outline.length / 2
  let total = 0
  const each = (visit: (upper: number, lower: number, first: number, last: number, falls: number) => void) => {
    for (let i = 0; i < count; i++) {
      const j = (i + 1) % count
      const falls = outline[2 * j + 1] > outline[2 * i + 1]
      const [upper, lower] = falls ? [i, j] : [j, i]
      const first = cellAfter(outline[2 * upper + 1], grid.rows)
      const last = cellAfter(outline[2 * lower + 1], grid.rows)
      if (first < last) visit(upper, lower, first, last, falls ? 1 : 0)
    }
  }
  each((_upper, _lower, first, last) => (total += last - first))
  // Row, column and direction in one number, to be sorted at once.
  const coded = new Float64Array(total)
  let next = 0
  each((upper, lower, first, last, falls) => {
    for (let row = first; row < last; row++) {
      const cell = cellAfter(crossing(outline, upper, lower, row), grid.columns)
      coded[next++] = (row * (grid.columns + 1) + cell) * 2 + falls
    }
  })
  fillWindings(grid, coded.sort())
}

/** A quadrangle reaches, in each row, from its leftmost to its rightmost edge. */
export function fillQuad(grid: Grid, corners: Steps): void {
  let top = Infinity
  let bottom = -Infinity
  for (let i = 0; i < 4; i++) {
    top = Math.min(top, corners[2 * i + 1])
    bottom = Math.max(bottom, corners[2 * i + 1])
  }
  const end = cellAfter(bottom, grid.rows)
  for (let row = cellAfter(top, grid.rows); row < end; row++) {
    const centre = row * STEPS + STEPS / 2
    let left = Infinity
    let right = -Infinity
    for (let i = 0; i < 4; i++) {
      const j = (i + 1) % 4
      const falls = corners[2 * j + 1] > corners[2 * i + 1]
      const upper = falls ? i : j
      const lower = falls ? j : i
      if (corners[2 * upper + 1] > centre || corners[2 * lower + 1] <= centre) continue
      const x = crossing(corners, upper, lower, row)
      left = Math.min(left, x)
      right = Math.max(right, x)
    }
    fillBetween(grid, row, left, right)
  }
}

export function fillDisc(grid: Grid, x: number, y: number, radius: number): void {
  const end = cellAfter(y + radius, grid.rows)
  for (let row = cellAfter(y - radius, grid.rows); row < end; row++) {
    const away = row * STEPS + STEPS / 2 - y
    const half = Math.sqrt(Math.max(radius * radius - away * away, 0))
    fillBetween(grid, row, x - half, x + half)
  }
}

/** Sorted crossings: where the winding leaves 0 a run begins, where it returns to 0 the run ends. */
function fillWindings(grid: Grid, coded: Float64Array): void {
  const stride = grid.columns + 1
  let winding = 0
  let start = 0
  for (const code of coded) {
    const before = winding
    winding += code % 2 === 1 ? 1 : -1
    const place = Math.floor(code / 2)
    if (before === 0) start = place
    if (winding !== 0 || place <= start) continue
    const row = Math.floor(start / stride)
    grid.fill(row, start - row * stride, place - row * stride)
  }
}

function fillBetween(grid: Grid, row: number, left: number, right: number): void {
  const start = cellAfter(left, grid.columns)
  const end = cellAfter(right, grid.columns)
  if (start < end) grid.fill(row, start, end)
}

/** The first cell whose centre is not before a place, 0 to count. */
function cellAfter(steps: number, count: number): number {
  return Math.min(Math.max(Math.ceil((steps - STEPS / 2) / STEPS), 0), count)
}

/** Where the edge between two corners crosses the middle of a row. */
function crossing(corners: Steps, upper: number, lower: number, row: number): number {
  const x = corners[2 * upper]
  const y = corners[2 * upper + 1]
  const share = (row * STEPS + STEPS / 2 - y) / (corners[2 * lower + 1] - y)
  return x + (corners[2 * lower] - x) * share
}
