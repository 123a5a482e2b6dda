// Shapes that are inked row by row; a pixel belongs to a shape if its centre does.
import { inkRow, type Ink } from './ink'
import type { Paper } from './paper'
import { clipped, NOTHING, union, type Rect } from './rect'

export interface Point {
  readonly x: number
  readonly y: number
}

/** A stroke's end: a disc around a point. */
export interface Dab extends Point {
  readonly radius: number
}

/** Inks the hull of two discs: one piece of a stroke whose width may change. */
export function inkCapsule(paper: Paper, ink: Ink, a: Dab, b: Dab): Rect {
  const reach = Math.max(a.radius, b.radius, 0.5)
  const rect = clipped(
    Math.min(a.x, b.x) - reach,
    Math.min(a.y, b.y) - reach,
    Math.max(a.x, b.x) + reach,
    Math.max(a.y, b.y) + reach,
    paper
  )
  for (let y = rect.y0; y < rect.y1; y++) {
    const [left, right] = capsuleSpan(a, b, y + 0.5)
    const x0 = Math.max(rect.x0, Math.ceil(left - 0.5))
    const x1 = Math.min(rect.x1, Math.floor(right - 0.5) + 1)
    inkRow(paper, ink, y, x0, x1)
  }
  if (reach === 0.5) inkDot(paper, ink, b)
  return rect
}

/** Inks what lies inside a closed outline, by the even-odd rule. */
export function inkPolygon(paper: Paper, ink: Ink, outline: readonly Point[]): Rect {
  if (outline.length < 3) return NOTHING
  const xs = outline.map((point) => point.x)
  const ys = outline.map((point) => point.y)
  const rect = clipped(Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1, paper)
  for (let y = rect.y0; y < rect.y1; y++) {
    const crossings = crossingsAt(outline, y + 0.5)
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const x0 = Math.max(rect.x0, Math.ceil(crossings[k] - 0.5))
      const x1 = Math.min(rect.x1, Math.floor(crossings[k + 1] - 0.5) + 1)
      inkRow(paper, ink, y, x0, x1)
    }
  }
  return rect
}

/** Inks the area of one part that the pixel at (x, y) belongs to. */
export function inkArea(paper: Paper, ink: Ink, x: number, y: number): Rect {
  const { width, height, labels } = paper
  if (x < 0 || y < 0 || x >= width || y >= height) return NOTHING
  const from = labels[y * width + x]
  if (ink.locked[from] || (from === ink.part && !ink.restore)) return NOTHING
  const seen = new Uint8Array(width * height)
  const stack = [y * width + x]
  let rect = NOTHING
  while (stack.length > 0) {
    const start = stack.pop() as number
    if (seen[start]) continue
    const row = Math.floor(start / width) * width
    let left = start
    let right = start + 1
    while (left > row && labels[left - 1] === from && !seen[left - 1]) left--
    while (right < row + width && labels[right] === from && !seen[right]) right++
    seen.fill(1, left, right)
    for (const next of [-width, width]) {
      let open = false
      for (let i = left + next; i < right + next; i++) {
        const inside = i >= 0 && i < labels.length && labels[i] === from && !seen[i]
        if (inside && !open) stack.push(i)
        open = inside
      }
    }
    rect = union(rect, { x0: left - row, x1: right - row, y0: row / width, y1: row / width + 1 })
  }
  inkWhere(paper, ink, seen, rect)
  return rect
}

/** Inks the pixels of a rectangle at which `chosen` is not 0. */
export function inkWhere(paper: Paper, ink: Ink, chosen: Uint8Array, rect: Rect): void {
  for (let y = rect.y0; y < rect.y1; y++) {
    const row = y * paper.width
    for (let x = rect.x0; x < rect.x1; ) {
      while (x < rect.x1 && !chosen[row + x]) x++
      const start = x
      while (x < rect.x1 && chosen[row + x]) x++
      inkRow(paper, ink, y, start, x)
    }
  }
}

/** The same stroke on the other half. */
export function mirroredPoint<T extends Point>(point: T, width: number): T {
  return { ...point, x: width - point.x }
}

function inkDot(paper: Paper, ink: Ink, at: Point): void {
  const x = Math.floor(at.x)
  const y = Math.floor(at.y)
  if (x >= 0 && y >= 0 && x < paper.width && y < paper.height) inkRow(paper, ink, y, x, x + 1)
}

/** Where the line at height y meets the hull of two discs: from, to (from > to where it does not). */
function capsuleSpan(a: Dab, b: Dab, y: number): [number, number] {
  let left = Infinity
  let right = -Infinity
  const length = Math.hypot(b.x - a.x, b.y - a.y)
  const steps = Math.max(1, Math.ceil(length / Math.max(0.5, Math.min(a.radius, b.radius) * 0.25)))
  // Discs along the way lie so close that their hull is theirs; in a row their spans join.
  for (let k = 0; k <= steps; k++) {
    const t = k / steps
    const radius = a.radius + (b.radius - a.radius) * t
    const dy = y - (a.y + (b.y - a.y) * t)
    if (Math.abs(dy) > radius) continue
    const half = Math.sqrt(radius * radius - dy * dy)
    const x = a.x + (b.x - a.x) * t
    if (x - half < left) left = x - half
    if (x + half > right) right = x + half
  }
  return [left, right]
}

function crossingsAt(outline: readonly Point[], y: number): number[] {
  const found: number[] = []
  for (let k = 0; k < outline.length; k++) {
    const a = outline[k]
    const b = outline[(k + 1) % outline.length]
    if (a.y <= y === b.y <= y) continue
    found.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x))
  }
  return found.sort((p, q) => p - q)
}
