// Smooth curves through points, and the directions across them.
import { subtract, unit, type Point } from './plane'

const STEPS = 8
const WEIGHTS = Array.from({ length: STEPS }, (_, i) => weights(i / STEPS))

export interface CurveOptions {
  readonly closed?: boolean
  /** The places of points at which the curve may break. */
  readonly corners?: readonly number[]
}

/** A Catmull-Rom curve through the points. */
export function smooth(points: readonly Point[], { closed = false, corners = [] }: CurveOptions = {}): Point[] {
  const count = points.length
  const curve: Point[] = []
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const p1 = points[i]
    const p2 = points[(i + 1) % count]
    const p0 = (closed || i > 0) && !corners.includes(i) ? points[(i + count - 1) % count] : p1
    const hasNext = (closed || i + 2 < count) && !corners.includes((i + 1) % count)
    const p3 = hasNext ? points[(i + 2) % count] : p2
    for (const [a, b, c, d] of WEIGHTS) {
      const x = a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0]
      curve.push([x, a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]])
    }
  }
  if (!closed) curve.push(points[count - 1])
  return curve
}

/** Unit vectors across the path at each of its points. */
export function normals(path: readonly Point[]): Point[] {
  const last = path.length - 1
  return path.map((_, i) => {
    const [x, y] = unit(subtract(path[Math.min(i + 1, last)], path[Math.max(i - 1, 0)]))
    return [-y, x]
  })
}

/** The same path with the bends between its ends a little less sharp. */
export function rounded(path: readonly Point[]): Point[] {
  const last = path.length - 1
  return path.map((b, i) => {
    if (i === 0 || i === last) return b
    const [a, c] = [path[i - 1], path[i + 1]]
    return [(a[0] + 2 * b[0] + c[0]) / 4, (a[1] + 2 * b[1] + c[1]) / 4]
  })
}

/** How much each of four points counts, t of the way from the second to the third. */
function weights(t: number): readonly [number, number, number, number] {
  const [t2, t3] = [t * t, t * t * t]
  return [(-t + 2 * t2 - t3) / 2, (2 - 5 * t2 + 3 * t3) / 2, (t + 4 * t2 - 3 * t3) / 2, (t3 - t2) / 2]
}
