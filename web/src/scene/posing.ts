// The skeleton under the paint: what follows what when a joint is dragged, and the figure drawn anew.
import {
  dragKeypoint, drawFigure, garmentJson, garmentOf, handles, mirrorFigure, presetFigure, scaleFigure, STANCE, withHandle,
  type Figure, type Garment, type Handle, type Stance
} from '../figure'
import { paperOf } from './paper'
import { repose, type State } from './document'
import type { Size } from './rect'
import type { Keypoint, Skeleton } from './value'

export const BONES: readonly (readonly [number, number])[] = [
  [1, 2], [2, 3], [3, 4], [1, 5], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13],
  [1, 0], [0, 14], [14, 16], [0, 15], [15, 17]
]

/** What can be dragged: a joint, or a garment's hem, sleeve, neckline and so on. */
export type Grip = { readonly joint: number } | { readonly handle: Handle }

export function presetSkeleton(name: string, size: Size): Skeleton {
  return skeletonOf(presetFigure(name, size))
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
  return repose(state, drawSkeleton(skeleton, state.paper), { skeleton })
}

/** A figure on its own: what was painted goes. */
export function freshFigure(name: string, size: Size): State {
  const skeleton = presetSkeleton(name, size)
  const under = drawSkeleton(skeleton, size)
  return { paper: paperOf(size, under.slice(), new Uint8Array(under.length)), under, skeleton, base: null }
}

/** All that can be dragged; none where the figure cannot be drawn. */
export function handlesOf(skeleton: Skeleton, size: Size): Handle[] {
  return handles(skeleton.keypoints, garmentsOf(skeleton), size)
}

/** What is nearest to a place, within `reach` map pixels; of equals a joint. */
export function gripAt(skeleton: Skeleton | null, size: Size, x: number, y: number, reach: number): Grip | null {
  if (!skeleton) return null
  let found: Grip | null = null
  let nearest = reach
  const offer = (grip: Grip, px: number, py: number) => {
    const distance = Math.hypot(px - x, py - y)
    if (distance >= nearest) return
    nearest = distance
    found = grip
  }
  skeleton.keypoints.forEach(([px, py, c], joint) => c > 0 && offer({ joint }, px, py))
  for (const handle of handlesOf(skeleton, size)) offer({ handle }, ...handle.at)
  return found
}

export interface DragKeys {
  /** What hangs on a joint stays where it is. */
  readonly alone: boolean
  /** Limbs may change their length. */
  readonly free: boolean
}

/** The skeleton after something was dragged to a place. */
export function dragged(skeleton: Skeleton, grip: Grip, x: number, y: number, { alone, free }: DragKeys): Skeleton {
  if ('handle' in grip) {
    const worn = withHandle(skeleton.keypoints, garmentsOf(skeleton), grip.handle, [x, y])
    return { ...skeleton, garments: worn.map(garmentJson) }
  }
  const keypoints = dragKeypoint(skeleton.keypoints, grip.joint, [x, y], { alone, keepLengths: !free })
  return { ...skeleton, keypoints: keypoints.map(rounded) }
}

/** Left and right exchanged about the figure's own middle, or another x. */
export function mirroredSkeleton(skeleton: Skeleton, axis?: number): Skeleton {
  return skeletonOf(mirrorFigure(figureOf(skeleton), axis))
}

export function scaledSkeleton(skeleton: Skeleton, factor: number): Skeleton {
  return { ...skeleton, keypoints: scaleFigure(skeleton.keypoints, factor).map(rounded) }
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

function figureOf(skeleton: Skeleton): Figure {
  const stance = { ...STANCE, ...(skeleton.stance as Partial<Stance> | undefined) }
  return { keypoints: skeleton.keypoints, garments: garmentsOf(skeleton), stance, build: skeleton.build }
}

function skeletonOf({ keypoints, garments, stance, build }: Figure): Skeleton {
  return { keypoints: keypoints.map(rounded), garments: garments.map(garmentJson), stance: { ...stance }, build }
}

function rounded([x, y, c]: readonly [number, number, number]): Keypoint {
  return [Math.round(x * 10) / 10, Math.round(y * 10) / 10, c]
}
