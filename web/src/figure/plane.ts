// Points and vectors of the plane, and tables read between their entries: the same operations in the same order as
// humandiffusion/pose/drawing/plane.py, so that both draw the same map to the last cell.

/** x to the right and y down, in map pixels unless said otherwise. */
export type Point = readonly [x: number, y: number]

export function add(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1]]
}

export function subtract(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1]]
}

/** The point `distance` from a in a direction (as long as the direction is). */
export function along(a: Point, direction: Point, distance: number): Point {
  return [a[0] + direction[0] * distance, a[1] + direction[1] * distance]
}

/** From a (t = 0) to b (t = 1), and past both. */
export function between(a: Point, b: Point, t: number): Point {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

export function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}

export function mean(points: readonly Point[]): Point {
  const [x, y] = points.reduce(add, [0, 0])
  return [x / points.length, y / points.length]
}

export function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1]
}

export function length(a: Point): number {
  return Math.sqrt(a[0] * a[0] + a[1] * a[1])
}

/** The vector of length 1 along a; of nothing, nothing. */
export function unit(a: Point): Point {
  const size = Math.max(length(a), 1e-9)
  return [a[0] / size, a[1] / size]
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

/** `count` values from start to end, evenly. */
export function spread(start: number, end: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => start + (end - start) * (i / (count - 1)))
}

/** The values' straight lines between rising places; before the first and after the last as there. */
export function interpolate(at: number, places: readonly number[], values: readonly number[]): number {
  if (at <= places[0]) return values[0]
  for (let i = 1; i < places.length; i++) {
    if (at < places[i]) {
      const share = (at - places[i - 1]) / (places[i] - places[i - 1])
      return values[i - 1] + (values[i] - values[i - 1]) * share
    }
  }
  return values[values.length - 1]
}
