// A figure's skeleton moved as a body moves: limbs keep their lengths, left and right change places.
import { sideOf, type Stance } from './figure'
import { ARMS, EARS, EYES, LEGS, NECK, NOSE, type Keypoint } from './frame'
import type { Garment } from './garments'
import { add, along, clamp, length, subtract, unit, type Point } from './plane'
import type { Figure } from './presets'

export interface DragOptions {
  /** Bones stay as long as they are: a wrist or ankle bends the limb, an elbow or knee swings, the nose tilts the head. */
  readonly keepLengths?: boolean
  /** What hangs on the point stays where it is. */
  readonly alone?: boolean
}

type Limb = readonly [root: number, joint: number, end: number]

// What moves with a point: the neck takes all along, the nose the head, a joint the limb below.
const FOLLOWERS: Readonly<Record<number, readonly number[]>> = {
  0: [14, 15, 16, 17],
  1: [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
  2: [3, 4], 3: [4], 5: [6, 7], 6: [7], 8: [9, 10], 9: [10], 11: [12, 13], 12: [13]
}
const LIMBS: readonly Limb[] = [...ARMS, ...LEGS]
const MIRRORED = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]
const HEAD = [NOSE, ...EYES, ...EARS]

/** The keypoints after one of them was dragged to a place. Points that are missing stay missing. */
export function dragKeypoint(
  keypoints: readonly Keypoint[],
  index: number,
  to: Point,
  { keepLengths = true, alone = false }: DragOptions = {}
): Keypoint[] {
  const limb = LIMBS.find(([, joint, end]) => index === joint || index === end)
  if (keepLengths && !alone && limb?.every((i) => there(keypoints, i))) {
    return index === limb[2] ? bend(keypoints, limb, to) : swing(keypoints, limb, to)
  }
  if (keepLengths && !alone && index === NOSE && there(keypoints, NECK)) return tilt(keypoints, to)
  const shift = subtract(to, place(keypoints, index))
  const moved = [index, ...(alone ? [] : (FOLLOWERS[index] ?? []))]
  return replaced(keypoints, moved.map((i) => [i, add(place(keypoints, i), shift)]))
}

/** Left and right exchanged; about the middle of the figure unless another x is given. */
export function mirrorKeypoints(keypoints: readonly Keypoint[], axis = centreOf(keypoints)[0]): Keypoint[] {
  return MIRRORED.map((other) => {
    const [x, y, confidence] = keypoints[other]
    return confidence > 0 ? [2 * axis - x, y, confidence] : [x, y, confidence]
  })
}

/** The whole figure mirrored, with its stance and the side on which it wears a bag or a watch. */
export function mirrorFigure({ keypoints, garments, stance, build }: Figure, axis?: number): Figure {
  return { keypoints: mirrorKeypoints(keypoints, axis), garments: garments.map(mirrorGarment), stance: mirrorStance(stance), build }
}

/** Keypoints `factor` times as far from a place as they were; from the figure's middle unless another is given. */
export function scaleFigure(keypoints: readonly Keypoint[], factor: number, from: Point = centreOf(keypoints)): Keypoint[] {
  return keypoints.map(([x, y, confidence]) =>
    confidence > 0 ? [from[0] + (x - from[0]) * factor, from[1] + (y - from[1]) * factor, confidence] : [x, y, confidence]
  )
}

/** The middle of the box around all points that are there. */
export function centreOf(keypoints: readonly Keypoint[]): Point {
  const seen = keypoints.filter(([, , confidence]) => confidence > 0)
  if (seen.length === 0) return [0, 0]
  const middle = (values: readonly number[]) => (Math.min(...values) + Math.max(...values)) / 2
  return [middle(seen.map(([x]) => x)), middle(seen.map(([, y]) => y))]
}

/** The end of a limb at a place, or as near as the limb reaches; it bends to the side to which it was bent. */
function bend(keypoints: readonly Keypoint[], limb: Limb, to: Point): Keypoint[] {
  const [root, joint, end] = limb.map((i) => place(keypoints, i))
  const [upper, lower] = [length(subtract(joint, root)), length(subtract(end, joint))]
  const reach = clamp(length(subtract(to, root)), Math.abs(upper - lower), upper + lower)
  const direction = unit(length(subtract(to, root)) > 0 ? subtract(to, root) : subtract(end, root))
  // Along the line from root to end, and away from it.
  const forward = reach > 0 ? (upper * upper - lower * lower + reach * reach) / (2 * reach) : 0
  const aside = Math.sqrt(Math.max(upper * upper - forward * forward, 0))
  const [line, arm] = [subtract(end, root), subtract(joint, root)]
  const side = line[0] * arm[1] - line[1] * arm[0] < 0 ? -1 : 1
  const elbow = along(along(root, direction, forward), [-direction[1], direction[0]], side * aside)
  return replaced(keypoints, [[limb[1], elbow], [limb[2], along(root, direction, reach)]])
}

/** The joint of a limb turned about its root towards a place; what is below keeps its direction. */
function swing(keypoints: readonly Keypoint[], limb: Limb, to: Point): Keypoint[] {
  const [root, joint, end] = limb.map((i) => place(keypoints, i))
  if (length(subtract(to, root)) === 0) return [...keypoints]
  const moved = along(root, unit(subtract(to, root)), length(subtract(joint, root)))
  return replaced(keypoints, [[limb[1], moved], [limb[2], add(end, subtract(moved, joint))]])
}

/** The head turned about the neck, so that the nose comes towards a place. */
function tilt(keypoints: readonly Keypoint[], to: Point): Keypoint[] {
  const neck = place(keypoints, NECK)
  const [before, after] = [unit(subtract(place(keypoints, NOSE), neck)), unit(subtract(to, neck))]
  const cosine = before[0] * after[0] + before[1] * after[1]
  const sine = before[0] * after[1] - before[1] * after[0]
  if (cosine === 0 && sine === 0) return [...keypoints]
  const turned = ([x, y]: Point): Point => [neck[0] + x * cosine - y * sine, neck[1] + x * sine + y * cosine]
  return replaced(keypoints, HEAD.map((i) => [i, turned(subtract(place(keypoints, i), neck))]))
}

function mirrorStance({ feet, hands, arms }: Stance): Stance {
  return { feet: [feet[1], feet[0]], hands: [hands[1], hands[0]], arms: [arms[1], arms[0]] }
}

function mirrorGarment(garment: Garment): Garment {
  if (!['handbag', 'shoulder-bag', 'watch'].includes(garment.shape)) return garment
  return { ...garment, style: sideOf(garment) === 0 ? '' : 'right' }
}

function place(keypoints: readonly Keypoint[], index: number): Point {
  return [keypoints[index][0], keypoints[index][1]]
}

function there(keypoints: readonly Keypoint[], index: number): boolean {
  return keypoints[index][2] > 0
}

function replaced(keypoints: readonly Keypoint[], places: readonly (readonly [number, Point])[]): Keypoint[] {
  const all = [...keypoints]
  for (const [i, [x, y]] of places) if (there(keypoints, i)) all[i] = [x, y, keypoints[i][2]]
  return all
}
