// Undo and redo. What changes is kept as the pixels before it, in tiles; going back swaps them with the present ones.
import type { Paper } from './paper'
import { NOTHING, union, type Rect } from './rect'

const TILE = 64
const MOST_BYTES = 96 * 2 ** 20

interface Tile {
  readonly rect: Rect
  readonly labels: Uint8Array
  readonly painted: Uint8Array
}

/** Something that was done, and can be swapped with what is now. Swapping twice changes nothing. */
export interface Step {
  readonly bytes: number
  /** What many small changes have in common that are one step: the nudges of a joint, say. */
  readonly series?: string
  /** Undoes or redoes; gives what of the paper changed. */
  swap(): Rect
}

export class History {
  private done: Step[] = []
  private undone: Step[] = []

  get canUndo(): boolean {
    return this.done.length > 0
  }

  get canRedo(): boolean {
    return this.undone.length > 0
  }

  /** The series of the last step, unless something was undone since. */
  get series(): string | undefined {
    return this.canRedo ? undefined : this.done.at(-1)?.series
  }

  push(step: Step): void {
    this.undone = []
    this.done.push(step)
    let bytes = this.done.reduce((sum, one) => sum + one.bytes, 0)
    while (bytes > MOST_BYTES && this.done.length > 1) bytes -= (this.done.shift() as Step).bytes
  }

  undo(): Rect | null {
    return this.move(this.done, this.undone)
  }

  redo(): Rect | null {
    return this.move(this.undone, this.done)
  }

  clear(): void {
    this.done = []
    this.undone = []
  }

  private move(from: Step[], to: Step[]): Rect | null {
    const step = from.pop()
    if (!step) return null
    to.push(step)
    return step.swap()
  }
}

/** Keeps the tiles of a paper before they are first changed. */
export class TileRecorder {
  private readonly tiles = new Map<number, Tile>()
  private readonly across: number

  constructor(private readonly paper: Paper) {
    this.across = Math.ceil(paper.width / TILE)
  }

  readonly beforeRow = (y: number, x0: number, x1: number): void => {
    const row = Math.floor(y / TILE) * this.across
    for (let column = Math.floor(x0 / TILE); column * TILE < x1; column++) {
      if (!this.tiles.has(row + column)) this.tiles.set(row + column, this.copyTile(row / this.across, column))
    }
  }

  /** What was recorded, as a step; null if nothing is another than before. */
  step(): Step | null {
    const { paper } = this
    const tiles = [...this.tiles.values()].filter((tile) => differs(paper, tile))
    if (tiles.length === 0) return null
    return {
      bytes: tiles.length * TILE * TILE * 2,
      swap: () => tiles.reduce((rect, tile) => union(rect, swapTile(paper, tile)), NOTHING)
    }
  }

  private copyTile(row: number, column: number): Tile {
    const { width, height, labels, painted } = this.paper
    const rect = {
      x0: column * TILE,
      y0: row * TILE,
      x1: Math.min(width, (column + 1) * TILE),
      y1: Math.min(height, (row + 1) * TILE)
    }
    const across = rect.x1 - rect.x0
    const tile = { rect, labels: new Uint8Array(across * (rect.y1 - rect.y0)), painted: new Uint8Array(across * (rect.y1 - rect.y0)) }
    for (let y = rect.y0; y < rect.y1; y++) {
      const from = y * width + rect.x0
      tile.labels.set(labels.subarray(from, from + across), (y - rect.y0) * across)
      tile.painted.set(painted.subarray(from, from + across), (y - rect.y0) * across)
    }
    return tile
  }
}

function differs({ width, labels, painted }: Paper, tile: Tile): boolean {
  const { x0, x1, y0, y1 } = tile.rect
  for (let y = y0, k = 0; y < y1; y++) {
    for (let i = y * width + x0; i < y * width + x1; i++, k++) {
      if (labels[i] !== tile.labels[k] || painted[i] !== tile.painted[k]) return true
    }
  }
  return false
}

function swapTile(paper: Paper, { rect, labels, painted }: Tile): Rect {
  for (let y = rect.y0, k = 0; y < rect.y1; y++) {
    for (let i = y * paper.width + rect.x0; i < y * paper.width + rect.x1; i++, k++) {
      paper.counts[paper.labels[i]]--
      paper.counts[labels[k]]++
      const label = paper.labels[i]
      paper.labels[i] = labels[k]
      labels[k] = label
      const mark = paper.painted[i]
      paper.painted[i] = painted[k]
      painted[k] = mark
    }
  }
  return rect
}
