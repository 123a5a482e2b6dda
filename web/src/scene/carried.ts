// Painted bags that a hand holds: they hang from it, so they move with the hand but do not turn with the arm.
import { PARTS } from './parts'
import type { Size } from './rect'
import type { Rig } from './rig'
import type { Paint } from './follow'

const BAG = PARTS.findIndex(({ name }) => name === 'bag')
// How near to a hand a bag must come to hang from it, in half-widths of the hand.
const NEAR = 1.3

export interface Carried {
  readonly pixels: readonly number[]
  /** How far the hand has gone, in whole pixels. */
  readonly dx: number
  readonly dy: number
}

/** The bags that hands hold before the figure is posed, and where the hands take them. */
export function carriedBags({ labels, painted }: Paint, size: Size, from: Rig, to: Rig): Carried[] {
  const seen = new Uint8Array(labels.length)
  const bags: Carried[] = []
  for (let start = 0; start < labels.length; start++) {
    if (!painted[start] || labels[start] !== BAG || seen[start]) continue
    const pixels = areaAround(start, size, seen, (i) => painted[i] === 1 && labels[i] === BAG)
    const hand = [0, 1].find((side) => pixels.some((i) => from.handDistance(side, (i % size.width) + 0.5, Math.floor(i / size.width) + 0.5) < NEAR))
    if (hand === undefined) continue
    const [before, after] = [from.hand(hand), to.hand(hand)]
    if (before && after) bags.push({ pixels, dx: Math.round(after.x - before.x), dy: Math.round(after.y - before.y) })
  }
  return bags
}

/** Puts them where they are taken, over what is there; what leaves the page is lost. */
export function putBags(bags: readonly Carried[], { width, height }: Size, paint: Paint): void {
  for (const { pixels, dx, dy } of bags) {
    for (const i of pixels) {
      const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy]
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      paint.labels[y * width + x] = BAG
      paint.painted[y * width + x] = 1
    }
  }
}

function areaAround(start: number, { width }: Size, seen: Uint8Array, belongs: (i: number) => boolean): number[] {
  const found = [start]
  seen[start] = 1
  for (let k = 0; k < found.length; k++) {
    const i = found[k]
    const x = i % width
    for (const j of [i - width, i + width, x > 0 ? i - 1 : -1, x < width - 1 ? i + 1 : -1]) {
      if (j < 0 || j >= seen.length || seen[j] || !belongs(j)) continue
      seen[j] = 1
      found.push(j)
    }
  }
  return found
}
