// Runs of cells gathered before they are filled: the many pieces of a tube overlap, and each cell needs filling once.
import type { Grid } from './scanline'

export class Runs implements Grid {
  readonly rows: number
  readonly columns: number
  // The last run of each row, not yet filled; empty where its end is 0.
  private readonly starts: Int32Array
  private readonly ends: Int32Array
  private top: number
  private bottom = 0

  constructor(private readonly target: Grid) {
    this.rows = this.top = target.rows
    this.columns = target.columns
    this.starts = new Int32Array(target.rows)
    this.ends = new Int32Array(target.rows)
  }

  fill(row: number, start: number, end: number): void {
    const { starts, ends } = this
    if (ends[row] === 0) {
      starts[row] = start
      ends[row] = end
      if (row < this.top) this.top = row
      if (row >= this.bottom) this.bottom = row + 1
    } else if (start <= ends[row] && end >= starts[row]) {
      if (start < starts[row]) starts[row] = start
      if (end > ends[row]) ends[row] = end
    } else {
      this.target.fill(row, starts[row], ends[row])
      starts[row] = start
      ends[row] = end
    }
  }

  finish(): void {
    for (let row = this.top; row < this.bottom; row++) {
      if (this.ends[row] > 0) this.target.fill(row, this.starts[row], this.ends[row])
    }
  }
}
