// The pixels that are drawn on: the map, and which of its pixels are the artist's own paint.
import { BACKGROUND, PARTS } from './parts'
import { clipped, NOTHING, type Rect, type Size } from './rect'

export interface Paper extends Size {
  /** Part of each pixel, row by row. */
  readonly labels: Uint8Array
  /** 1 where the artist painted, over whatever is drawn below. */
  readonly painted: Uint8Array
  /** How many pixels each part has. */
  readonly counts: Uint32Array
}

export function blankPaper(size: Size): Paper {
  return paperOf(size, new Uint8Array(size.width * size.height), new Uint8Array(size.width * size.height))
}

export function paperOf(size: Size, labels: Uint8Array, painted: Uint8Array): Paper {
  return { width: size.width, height: size.height, labels, painted, counts: countParts(labels) }
}

export function countParts(labels: Uint8Array): Uint32Array {
  const counts = new Uint32Array(PARTS.length)
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++
  return counts
}

/** The smallest rectangle around the pixels of a part; around the whole person if none is given. */
export function boundsOf(paper: Paper, part?: number): Rect {
  const { width, height, labels } = paper
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (part === undefined ? labels[i] === BACKGROUND : labels[i] !== part) continue
      if (x < left) left = x
      if (x >= right) right = x + 1
      if (y < top) top = y
      bottom = y + 1
    }
  }
  return right > left ? clipped(left, top, right, bottom, paper) : NOTHING
}
