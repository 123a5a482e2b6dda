// The skeleton under the paint: what follows what when a joint is dragged, and the figure drawn anew.
import {
  centreOf, dragKeypoint, drawFigure, garmentJson, garmentOf, handles, mirrorFigure, presetFigure, scaleFigure, STANCE, withHandle,
  type Figure, type Garment, type Handle, type Stance
} from '../figure'
import { repose, type State } from './document'
import { follow, type Paint } from './follow'
import { flippedAbout } from './morph'
import { paperOf } from './paper'
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

const known = new WeakMap<Skeleton, boolean>()

/** Whether the figure can be drawn; not one of a later version, with garments or builds that this one has never heard of. */
export function isKnown(skeleton: Skeleton): boolean {
  const found = known.get(skeleton) ?? isDrawable(skeleton)
  known.set(skeleton, found)
  return found
}

function isDrawable(skeleton: Skeleton): boolean {
  try {
    drawSkeleton(skeleton, { width: 8, height: 8 })
    return true
  } catch {
    return false
  }
}

/** The figure alone. Throws an Error for the artist if the skeleton cannot be drawn. */
export function drawSkeleton(skeleton: Skeleton, size: Size): Uint8Array {
  return drawFigure(skeleton.keypoints, garmentsOf(skeleton), size, {
    stance: skeleton.stance as Partial<Stance> | undefined,
    build: skeleton.build
  })
}

/** The figure of another skeleton, the paint going along with its limbs, or staying where it is. */
export function posed(state: State, skeleton: Skeleton, paint: 'follows' | 'stays' = 'follows'): State {
  const under = drawSkeleton(skeleton, state.paper)
  if (paint === 'stays' || !state.skeleton) return repose(state, under, { skeleton })
  const source = state.source ?? { paper: state.paper, skeleton: state.skeleton }
  return repose(state, under, { skeleton, source }, follow(source.paper, state.paper, source.skeleton, skeleton))
}

/** The figure mirrored about the middle of itself, or another x, paint and all. */
export function mirroredFigure(state: State, skeleton: Skeleton, axis = centreOf(skeleton.keypoints)[0]): State {
  const { paper } = state
  const [labels, painted] = [paper.labels, paper.painted].map((values) => flippedAbout(values, paper, axis))
  const turned = mirroredSkeleton(skeleton, axis)
  return repose(state, drawSkeleton(turned, paper), { skeleton: turned }, { labels, painted })
}

/** A figure on its own: what was painted goes. */
export function freshFigure(name: string, size: Size): State {
  const skeleton = presetSkeleton(name, size)
  const under = drawSkeleton(skeleton, size)
  return { paper: paperOf(size, under.slice(), new Uint8Array(under.length)), under: () => under, skeleton, base: null, photo: null }
}

/** All that can be dragged of garments, widths and fits only of the part that is looked at; none where the figure cannot be
 * drawn. */
export function handlesOf(skeleton: Skeleton, size: Size, looked: number | null): Handle[] {
  if (!isKnown(skeleton)) return []
  return handles(skeleton.keypoints, garmentsOf(skeleton), size).filter(({ fine, part }) => !fine || part === looked)
}

/** What is nearest to a place, within `reach` map pixels; of equals a joint. */
export function gripAt(skeleton: Skeleton | null, size: Size, looked: number | null, x: number, y: number, reach: number): Grip | null {
  if (!skeleton || !isKnown(skeleton)) return null
  let found: Grip | null = null
  let nearest = reach
  const offer = (grip: Grip, px: number, py: number) => {
    const distance = Math.hypot(px - x, py - y)
    if (distance >= nearest) return
    nearest = distance
    found = grip
  }
  skeleton.keypoints.forEach(([px, py, c], joint) => c > 0 && offer({ joint }, px, py))
  for (const handle of handlesOf(skeleton, size, looked)) offer({ handle }, ...handle.at)
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

/** How many pixels of paint found no place when the figure was posed: an arm covers them, or they left the page. */
export function lostPaint({ paper, source }: State): { readonly lost: number; readonly all: number } {
  const marks = ({ labels, painted }: Paint) => painted.reduce((sum, mark, i) => sum + (mark && labels[i] ? 1 : 0), 0)
  const all = source ? marks(source.paper) : 0
  return { lost: source ? Math.max(0, all - marks(paper)) : 0, all }
}

/** The same pose, the paint back where it was painted. */
export function unmoved(state: State): State {
  return state.source ? repose(state, state.under(), {}, state.source.paper) : state
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
