// What a stroke leaves on each pixel: a part, or what lies below the paint; locked parts stay.
import type { Paper } from './paper'

/** Called before a row of pixels changes, so that undo can keep it. */
export type BeforeRow = (y: number, x0: number, x1: number) => void

export interface Ink {
  /** The part that is painted; ignored by `restore`. */
  readonly part: number
  /** 1 for each part whose pixels must stay. */
  readonly locked: Uint8Array
  /** Takes paint away instead: the pixel shows what is below. */
  readonly restore?: Uint8Array
  readonly beforeRow?: BeforeRow
}

/** Inks the pixels x0 up to x1 of a row. Both must lie on the paper. */
export function inkRow(paper: Paper, ink: Ink, y: number, x0: number, x1: number): void {
  if (x1 <= x0) return
  ink.beforeRow?.(y, x0, x1)
  const { labels, painted, counts } = paper
  const { locked, part, restore } = ink
  const end = y * paper.width + x1
  for (let i = y * paper.width + x0; i < end; i++) {
    const old = labels[i]
    if (locked[old]) continue
    const now = restore ? restore[i] : part
    painted[i] = restore ? 0 : 1
    if (old === now) continue
    labels[i] = now
    counts[old]--
    counts[now]++
  }
}
