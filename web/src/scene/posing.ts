// The skeleton under the paint: what follows what when a joint is dragged, and the figure drawn anew.
import { drawFigure, garmentJson, garmentOf, presetFigure, type Garment, type Stance } from '../figure'
import { paperOf } from './paper'
import { repose, type State } from './document'
import type { Size } from './rect'
import type { Keypoint, Skeleton } from './value'

export const BONES: readonly (readonly [number, number])[] = [
  [1, 2], [2, 3], [3, 4], [1, 5], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13],
  [1, 0], [0, 14], [14, 16], [0, 15], [15, 17]
]

// The neck takes all along, the nose the head, a limb's joint what hangs on it.
const FOLLOWERS: Readonly<Record<number, readonly number[]>> = {
  0: [14, 15, 16, 17],
  1: [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
  2: [3, 4],
  3: [4],
  5: [6, 7],
  6: [7],
  8: [9, 10],
  9: [10],
  11: [12, 13],
  12: [13]
}
const MIRROR = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]

export function presetSkeleton(name: string, size: Size): Skeleton {
  const { keypoints, garments, stance, build } = presetFigure(name, size)
  return { keypoints: keypoints.map(rounded), garments: garments.map(garmentJson), stance: { ...stance }, build }
}

export function garmentsOf(skeleton: Skeleton): Garment[] {
  return skeleton.garments.map(garmentOf)
}

/** The figure alone. Throws an Error for the artist if the skeleton cannot be drawn. */
export function drawSkeleton(skeleton: Skeleton, size: Size): Uint8Array {
  return drawFigure(skeleton.keypoints, garmentsOf(skeleton), size, {
    stance: skeleton.stance as Partial<Stance> | undefined,
    build: skeleton.build
  })
}

/** The same paint over the figure of another skeleton. */
export function posed(state: State, skeleton: Skeleton): State {
  return repose(state, drawSkeleton(skeleton, state.paper), { skeleton, base: null })
}

/** A figure on its own: what was painted goes. */
export function freshFigure(name: string, size: Size): State {
  const skeleton = presetSkeleton(name, size)
  const under = drawSkeleton(skeleton, size)
  return { paper: paperOf(size, under.slice(), new Uint8Array(under.length)), under, skeleton, base: null }
}

/** A joint at another place, with what hangs on it; `alone` leaves that where it is. */
export function dragged(skeleton: Skeleton, joint: number, x: number, y: number, alone: boolean): Skeleton {
  const [fromX, fromY] = skeleton.keypoints[joint]
  const moved = new Set([joint, ...(alone ? [] : (FOLLOWERS[joint] ?? []))])
  return withPoints(skeleton, ([px, py, c], index) => (moved.has(index) ? [px + x - fromX, py + y - fromY, c] : [px, py, c]))
}

/** Left and right exchanged, in the same place. */
export function mirroredSkeleton(skeleton: Skeleton): Skeleton {
  const middle = centre(skeleton)[0]
  const swap = (value: unknown) => (Array.isArray(value) ? [value[1], value[0]] : value)
  const { stance } = skeleton
  return {
    ...withPoints(skeleton, (_, index) => {
      const [x, y, c] = skeleton.keypoints[MIRROR[index]]
      return [2 * middle - x, y, c]
    }),
    ...(stance && { stance: Object.fromEntries(Object.entries(stance).map(([key, value]) => [key, swap(value)])) })
  }
}

export function scaledSkeleton(skeleton: Skeleton, factor: number): Skeleton {
  const [cx, cy] = centre(skeleton)
  return withPoints(skeleton, ([x, y, c]) => [cx + (x - cx) * factor, cy + (y - cy) * factor, c])
}

/** How many painted pixels lay on the figure before and lie off it now. */
export function strandedPaint(before: State, after: State): number {
  let count = 0
  const { painted, labels } = after.paper
  for (let i = 0; i < painted.length; i++) {
    if (painted[i] && labels[i] !== 0 && before.under[i] !== 0 && after.under[i] === 0) count++
  }
  return count
}

function withPoints(skeleton: Skeleton, move: (point: Keypoint, index: number) => Keypoint): Skeleton {
  return { ...skeleton, keypoints: skeleton.keypoints.map((point, index) => (point[2] > 0 ? rounded(move(point, index)) : point)) }
}

function rounded([x, y, c]: readonly [number, number, number]): Keypoint {
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10, c]
}

function centre(skeleton: Skeleton): [number, number] {
  const there = skeleton.keypoints.filter(([, , c]) => c > 0)
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2
  return [middle(there.map(([x]) => x)), middle(there.map(([, y]) => y))]
}
