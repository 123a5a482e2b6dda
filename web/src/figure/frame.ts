// The body's own coordinates, from keypoints: places on the torso, along arms and legs, and around the head.
import { along, between, clamp, dot, interpolate, length, mean, middle, subtract, unit, type Point } from './plane'
import { FigureError, figureData, type Build, type Pair } from './measures'

/** x and y in map pixels, confidence 0 = missing. */
export type Keypoint = readonly [x: number, y: number, confidence: number]
/** 0 is the person's right, 1 the left. */
export type Side = 0 | 1
export type Sign = -1 | 1

export const SIDES: readonly Side[] = [0, 1]
export const NOSE = 0
export const NECK = 1
export const EYES = [14, 15] as const
export const EARS = [16, 17] as const
export const ARMS = [[2, 3, 4], [5, 6, 7]] as const
export const LEGS = [[8, 9, 10], [11, 12, 13]] as const
export const KEYPOINT_NAMES = [
  'nose', 'neck', 'right shoulder', 'right elbow', 'right wrist', 'left shoulder', 'left elbow', 'left wrist', 'right hip',
  'right knee', 'right ankle', 'left hip', 'left knee', 'left ankle', 'right eye', 'left eye', 'right ear', 'left ear'
] as const
// No map is so large; beyond, widths and places would lose their last digits.
const FARTHEST = 1e6

export class Frame {
  /** Seen from behind: the right shoulder is on the right, or there is no face. */
  readonly back: boolean
  /** How far the face looks to the right of the picture, -1 to 1. */
  readonly headTurn: number
  private readonly ends: readonly [Point, Point]
  private readonly girdles: readonly [Point, Point]
  private readonly ratios: readonly [number, number]
  private readonly headAxes: readonly [centre: Point, down: Point]

  /** `unit`: pixels to a body's height. */
  constructor(
    readonly points: readonly Point[],
    readonly seen: readonly boolean[],
    readonly unit: number,
    readonly build: Build
  ) {
    this.back = ![NOSE, ...EYES].some((i) => seen[i]) || points[2][0] > points[5][0] + 0.02 * unit
    this.ends = [middle(points[2], points[5]), middle(points[8], points[11])]
    this.girdles = [rightward(subtract(points[5], points[2])), rightward(subtract(points[11], points[8]))]
    const { shoulder_half, hip_half } = figureData.skeleton
    this.ratios = [this.ratio(5, 2, shoulder_half, 0.02), this.ratio(11, 8, hip_half, 0.045)]
    this.headAxes = this.findHead()
    this.headTurn = this.findHeadTurn()
  }

  /** The middle of the torso at body length u: 0 between the shoulders, 1 between the hips, and past both. */
  spine(u: number): Point {
    return between(this.ends[0], this.ends[1], u)
  }

  /** Unit vector across the torso at u, towards the right of the picture. */
  across(u: number): Point {
    return unit(between(this.girdles[0], this.girdles[1], clamp(u, 0, 1)))
  }

  /** A place `half` body heights to the right (or left, if negative) of the spine at u, less if it is turned. */
  side(u: number, half: number): Point {
    const turn = interpolate(u, [0, 1], this.ratios)
    return along(this.spine(u), this.across(u), half * turn * this.unit)
  }

  /** Half the width of the bare torso at u. */
  torsoHalf(u: number): number {
    const { shoulders, waist, hips } = this.build
    return table('torso', u) * interpolate(u, [0.1, 0.6, 1], [shoulders, waist, hips])
  }

  /** The middle of an arm at t. */
  arm(side: Side, t: number): Point {
    return alongPath(ARMS[side].map((i) => this.points[i]), t * 2)
  }

  /** The middle of a leg at body length 1 to 3; past 3 straight on. The shin bows outwards from its joints. */
  leg(side: Side, at: number): Point {
    const [hip, knee, ankle] = LEGS[side].map((i) => this.points[i])
    const [dx, dy] = unit(subtract(ankle, hip))
    const bow = this.sign(side) * table('shin_bow', at) * this.unit
    return along(alongPath([hip, knee, ankle], at - 1), [dy, -dx], bow)
  }

  /** +1 if the outside of the person's right (0) or left (1) is to the right of the picture, else -1. */
  sign(side: Side): Sign {
    const [own, other] = side === 0 ? [this.points[2][0], this.points[5][0]] : [this.points[5][0], this.points[2][0]]
    return own > other || (own === other && side === 1) ? 1 : -1
  }

  hasArm(side: Side): boolean {
    return ARMS[side].every((i) => this.seen[i])
  }

  hasLeg(side: Side): boolean {
    return LEGS[side].every((i) => this.seen[i])
  }

  /** A place in the head's coordinates: body heights to the right and down from the middle of the ears. */
  head(x: number, y: number): Point {
    const [centre, down] = this.headAxes
    return along(along(centre, [down[1], -down[0]], x * this.unit), down, y * this.unit)
  }

  /** How wide shoulders or hips look, of what they are. */
  private ratio(a: number, b: number, bone: number, flesh: number): number {
    // The joints come closer when the body turns; the flesh around them does not get thinner.
    const half = length(subtract(this.points[a], this.points[b])) / (2 * this.unit)
    return Math.min((half + flesh) / (bone + flesh), 1.25)
  }

  private findHeadTurn(): number {
    if (!this.seen[NOSE]) return 0
    const [centre, down] = this.headAxes
    const offset = dot(subtract(this.points[NOSE], centre), [down[1], -down[0]]) / this.unit
    return clamp(offset / figureData.skeleton.nose_turn, -1, 1)
  }

  /** The middle of the ears and the unit vector down the face. */
  private findHead(): readonly [Point, Point] {
    const neck = this.points[NECK]
    if (EARS.every((i) => this.seen[i])) {
      const [a, b] = EARS.map((i) => this.points[i])
      const right = rightward(subtract(b, a))
      return [middle(a, b), [-right[1], right[0]]]
    }
    const seen = [...EARS, ...EYES, NOSE].filter((i) => this.seen[i]).map((i) => this.points[i])
    const up = unit(seen.length ? subtract(mean(seen), neck) : subtract(this.spine(-1), this.spine(0)))
    return [along(neck, up, figureData.skeleton.neck_to_ears * this.unit), [-up[0], -up[1]]]
  }
}

/** 18 keypoints -> their frame. Throws FigureError if a shoulder or hip is missing, or for a place that is no number or
 * far off, or for an unknown build. */
export function frameOf(keypoints: readonly Keypoint[], build: string): Frame {
  if (!Object.hasOwn(figureData.builds, build)) {
    throw new FigureError(`build: got '${build}', wanted one of ${Object.keys(figureData.builds).join(', ')}`)
  }
  if (keypoints.length !== 18) throw new FigureError(`keypoints: got ${keypoints.length}, wanted 18`)
  // Python keeps keypoints in float32.
  const points = keypoints.map(([x, y]): Point => [Math.fround(x), Math.fround(y)])
  const seen = keypoints.map(([, , confidence]) => Math.fround(confidence) > 0)
  const missing = [2, 5, 8, 11].find((i) => !seen[i])
  if (missing !== undefined) {
    const name = KEYPOINT_NAMES[missing]
    throw new FigureError(`keypoints: got no ${name}, wanted both shoulders and both hips; place them first`)
  }
  const far = points.findIndex(([x, y], i) => seen[i] && !(Math.abs(x) <= FARTHEST && Math.abs(y) <= FARTHEST))
  if (far >= 0) {
    throw new FigureError(`keypoints: got ${KEYPOINT_NAMES[far]} at ${points[far].join(', ')}, wanted map pixels; place it again`)
  }
  if (!seen[NECK]) points[NECK] = middle(points[2], points[5])
  seen[NECK] = true
  return new Frame(points, seen, unitOf(points, seen), figureData.builds[build])
}

/** A row of half-widths of figure.json, read between its entries. */
export function table(name: keyof typeof COLUMNS, at: number): number {
  const [places, halves] = COLUMNS[name]
  return interpolate(at, places, halves)
}

const columnsOf = (rows: readonly Pair[]) => [rows.map(([place]) => place), rows.map(([, half]) => half)] as const
const COLUMNS = {
  torso: columnsOf(figureData.torso),
  arm: columnsOf(figureData.arm),
  leg: columnsOf(figureData.leg),
  shin_bow: columnsOf(figureData.shin_bow)
}

/** Pixels to the body's height, from the bones; foreshortened ones look shorter, so the longer ones count. */
function unitOf(points: readonly Point[], seen: readonly boolean[]): number {
  const { spine, upper_arm, forearm, thigh, shank } = figureData.skeleton
  const found = [length(subtract(middle(points[2], points[5]), middle(points[8], points[11]))) / spine]
  for (const [chains, upper, lower] of [[ARMS, upper_arm, forearm], [LEGS, thigh, shank]] as const) {
    for (const [a, b, c] of chains) {
      for (const [start, end, bone] of [[a, b, upper], [b, c, lower]]) {
        if (seen[start] && seen[end]) found.push(length(subtract(points[start], points[end])) / bone)
      }
    }
  }
  // The second largest: one bone out of place does not make a giant.
  found.sort((a, b) => a - b)
  const pixels = found[Math.max(found.length - 2, 0)]
  if (pixels < 1) throw new FigureError('keypoints: got all in one place, wanted a person of at least a few pixels')
  return pixels
}

function alongPath(path: readonly Point[], t: number): Point {
  const i = clamp(Math.trunc(t), 0, path.length - 2)
  return between(path[i], path[i + 1], t - i)
}

function rightward(vector: Point): Point {
  if (length(vector) < 1e-6) return [1, 0]
  return unit(vector[0] >= 0 ? vector : [-vector[0], -vector[1]])
}
