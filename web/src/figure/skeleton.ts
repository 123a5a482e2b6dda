// Keypoints of a pose given by the angles of its bones, as humandiffusion/pose/skeleton.py has them.
import { sineCosineOfDegrees } from './angles'
import type { Size } from './canvas'
import type { Keypoint } from './frame'
import { figureData } from './measures'
import { add, along, middle, subtract, type Point } from './plane'

/** Degrees from hanging straight down, outwards from the body positive; a bone that points towards the viewer looks
 * shorter: `..._length` is its share. */
export type Limbs = { readonly [key in Bone | `${Bone}_length`]?: number }
type Bone = 'upper_arm' | 'forearm' | 'thigh' | 'shank'

/** `yaw` 0..1 how far the body is turned sideways; `lean`, `shoulders`, `hips` and `head` tilts in degrees, clockwise as
 * seen; `turn` -1..1 where the face looks. */
export interface Pose {
  readonly view?: 'front' | 'back'
  readonly yaw?: number
  readonly lean?: number
  readonly shoulders?: number
  readonly hips?: number
  readonly head?: number
  readonly turn?: number
  readonly right?: Limbs
  readonly left?: Limbs
}

// Room left at the top and at the bottom, as shares of the map's height, as photos of the training data have it.
const [MARGIN_TOP, MARGIN_BOTTOM, MARGIN_SIDE] = [0.036, 0.031, 0.02]

/** A pose's keypoints in a map of this size, as large as a whole figure can be. */
export function poseKeypoints(pose: Pose, { width, height }: Size): Keypoint[] {
  const points = standing(pose)
  const [low, high] = extent(points)
  const roomY = height * (1 - MARGIN_TOP - MARGIN_BOTTOM)
  const roomX = width * (1 - 2 * MARGIN_SIDE)
  // Not much larger than a standing person would be, so that who sits has a head of a usual size.
  const unit = Math.min(roomY * 1.12, roomY / (high[1] - low[1]), roomX / (high[0] - low[0]))
  const left = width / 2 - (unit * (low[0] + high[0])) / 2
  const top = height * (1 - MARGIN_BOTTOM) - unit * high[1]
  const unseen = pose.view === 'back' ? [0, 14, 15] : []
  // Python keeps keypoints in float32.
  return points.map(([x, y], i) => [Math.fround(x * unit + left), Math.fround(y * unit + top), unseen.includes(i) ? 0 : 1])
}

/** In body heights, the hips' middle at the origin. */
function standing(pose: Pose): Point[] {
  const { skeleton } = figureData
  const points: Point[] = Array.from({ length: 18 }, () => [0, 0])
  const narrow = 1 - 0.45 * (pose.yaw ?? 0)
  // The person's right is on the left of the picture, unless seen from behind.
  const facing = pose.view === 'back' ? 1 : -1
  points[1] = along([0, 0], down(pose.lean ?? 0), -skeleton.spine)
  for (const [tilt, centre, right, left, half] of [
    [pose.shoulders ?? 0, points[1], 2, 5, skeleton.shoulder_half],
    [pose.hips ?? 0, [0, 0] as Point, 8, 11, skeleton.hip_half]
  ] as const) {
    points[right] = along(centre, across(tilt), facing * half * narrow)
    points[left] = along(centre, across(tilt), -facing * half * narrow)
  }
  for (const [side, sign, arm, leg] of [
    [pose.right ?? {}, facing, [2, 3, 4], [8, 9, 10]],
    [pose.left ?? {}, -facing, [5, 6, 7], [11, 12, 13]]
  ] as const) {
    hang(points, arm, ['upper_arm', 'forearm'], side, sign)
    hang(points, leg, ['thigh', 'shank'], side, sign)
  }
  placeHead(points, pose, facing)
  return points
}

function hang(points: Point[], joints: readonly number[], bones: readonly Bone[], side: Limbs, sign: number): void {
  bones.forEach((bone, i) => {
    const long = figureData.skeleton[bone] * (side[`${bone}_length`] ?? 1)
    points[joints[i + 1]] = along(points[joints[i]], down(-sign * (side[bone] ?? 0)), long)
  })
}

function placeHead(points: Point[], pose: Pose, facing: number): void {
  const { skeleton } = figureData
  const [tilt, turn] = [pose.head ?? 0, pose.turn ?? 0]
  const [below, right] = [down(tilt), across(tilt)]
  const centre = along(points[1], down(tilt * 0.6), -skeleton.neck_to_ears)
  const shift = turn * skeleton.nose_turn
  points[0] = along(along(centre, right, shift), below, skeleton.nose[1])
  for (const [index, sign] of [[14, 1], [15, -1]]) {
    const eye = along(centre, right, facing * sign * skeleton.eye[0] + 0.8 * shift)
    points[index] = along(eye, below, skeleton.eye[1])
  }
  for (const [index, sign] of [[16, 1], [17, -1]]) {
    points[index] = along(centre, right, facing * sign * skeleton.ear[0])
  }
}

/** The corners of a box around the figure, with crown, soles and hands. */
function extent(points: readonly Point[]): readonly [Point, Point] {
  const { ankle_to_sole, ears_to_crown } = figureData.skeleton
  const crown = add(middle(points[16], points[17]), [0, -ears_to_crown])
  const soles = [10, 13].map((i) => add(points[i], [0, ankle_to_sole + 0.02]))
  const hands = [[3, 4], [6, 7]].map(([a, b]) => along(points[b], subtract(points[b], points[a]), 0.5))
  const every = [...points, crown, ...soles, ...hands]
  const [xs, ys] = [every.map(([x]) => x), every.map(([, y]) => y)]
  return [[Math.min(...xs) - 0.03, Math.min(...ys)], [Math.max(...xs) + 0.03, Math.max(...ys)]]
}

/** The unit vector downwards, turned clockwise as seen. */
function down(degrees: number): Point {
  const [sine, cosine] = sineCosineOfDegrees(degrees)
  return [-sine, cosine]
}

/** The unit vector to the right, turned clockwise as seen. */
function across(degrees: number): Point {
  const [sine, cosine] = sineCosineOfDegrees(degrees)
  return [cosine, sine]
}
