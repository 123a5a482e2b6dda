// Rectangles of pixels: x0, y0 inside, x1, y1 outside.

export interface Rect {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

export const NOTHING: Rect = { x0: 0, y0: 0, x1: 0, y1: 0 }

export function isEmpty(rect: Rect): boolean {
  return rect.x0 >= rect.x1 || rect.y0 >= rect.y1
}

export function union(a: Rect, b: Rect): Rect {
  if (isEmpty(a)) return b
  if (isEmpty(b)) return a
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) }
}

/** The smallest rectangle of whole pixels around the given edges, cut to a map's size. */
export function clipped(left: number, top: number, right: number, bottom: number, size: Size): Rect {
  const rect = {
    x0: Math.max(0, Math.floor(left)),
    y0: Math.max(0, Math.floor(top)),
    x1: Math.min(size.width, Math.ceil(right)),
    y1: Math.min(size.height, Math.ceil(bottom))
  }
  return isEmpty(rect) ? NOTHING : rect
}

export interface Size {
  readonly width: number
  readonly height: number
}

export function whole(size: Size): Rect {
  return { x0: 0, y0: 0, x1: size.width, y1: size.height }
}
