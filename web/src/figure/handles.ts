// Where an artist can take hold of what a figure wears: hems, sleeves, necklines and waists, and the measure that each is.
import type { Size } from './canvas'
import { hemCentre, shoulderHeight } from './clothes'
import { frameOf, SIDES, type Frame, type Keypoint, type Side } from './frame'
import { sideOf } from './figure'
import type { Garment, Measure, Shape } from './garments'
import { FigureError } from './measures'
import { clamp, length, subtract, type Point } from './plane'

export interface Handle {
  /** The place of the garment in the list. */
  readonly garment: number
  readonly measure: Measure
  /** The person's right (0) or left (1) for what there are two of, sleeves and legs; 0 for the rest. */
  readonly side: Side
  /** In map pixels, inside the map. */
  readonly at: Point
  /** The measure's least and largest value, with the garment's other measures as they are. */
  readonly limits: readonly [least: number, most: number]
  /** In an artist's words: `hem of the dress`. */
  readonly title: string
}

interface Rule {
  readonly measure: Measure
  readonly name: string
  readonly limits: readonly [number, number]
  /** Where the handle is if the measure has this value; null if this figure has no such place. */
  readonly at: (frame: Frame, value: number, side: Side, garment: Garment) => Point | null
  readonly paired?: boolean
}

// What begins must end this much further down.
const LEAST_LENGTH = 0.04
const STEP = 0.005

const onSpine = (frame: Frame, value: number): Point => frame.spine(value)
const onArm = (frame: Frame, value: number, side: Side) => (frame.hasArm(side) ? frame.arm(side, value) : null)
const onLeg = (frame: Frame, value: number, side: Side) => (frame.hasLeg(side) ? frame.leg(side, value) : null)
const inFront = (frame: Frame, value: number) => (frame.back ? null : frame.spine(value))
const onShoulder = (frame: Frame, value: number) => frame.side(shoulderHeight(value), value)
const atBag = (frame: Frame, value: number, _: Side, garment: Garment) =>
  frame.side(value + 0.08, frame.sign(sideOf(garment)) * 0.1)

const SLEEVE: Rule = { measure: 'sleeve', name: 'sleeve', limits: [0, 1.05], at: onArm, paired: true }
const NECKLINE: Rule = { measure: 'neck_depth', name: 'neckline', limits: [-0.06, 0.6], at: inFront }
const NECK_WIDTH: Rule = { measure: 'neck_width', name: 'width of the neckline', limits: [0.024, 0.09], at: onShoulder }
const WAIST: Rule = { measure: 'waist', name: 'waist', limits: [0.45, 1.05], at: onSpine }
const LEG_HEM: Rule = { measure: 'hem', name: 'hem', limits: [1.15, 3.15], at: onLeg, paired: true }
const SHAFT: Rule = { measure: 'waist', name: 'top', limits: [1.15, 3], at: onLeg, paired: true }

const RULES: Readonly<Partial<Record<Shape, readonly Rule[]>>> = {
  bodice: [{ measure: 'hem', name: 'hem', limits: [0.3, 3.1], at: hemCentre }, SLEEVE, NECKLINE, NECK_WIDTH],
  skirt: [WAIST, { measure: 'hem', name: 'hem', limits: [0.9, 3.1], at: hemCentre }],
  trousers: [WAIST, LEG_HEM],
  jumpsuit: [LEG_HEM, SLEEVE, NECKLINE, NECK_WIDTH],
  shoes: [SHAFT],
  socks: [SHAFT],
  gloves: [{ ...SLEEVE, name: 'top', limits: [0.3, 1] }],
  belt: [WAIST, { measure: 'hem', name: 'lower edge', limits: [0.5, 1.1], at: onSpine }],
  tie: [{ measure: 'hem', name: 'end', limits: [0.2, 1.1], at: inFront }],
  scarf: [{ measure: 'hem', name: 'end', limits: [0.14, 1.6], at: inFront }],
  necklace: [{ ...NECKLINE, name: 'length', limits: [0, 0.6] }],
  hat: [{ measure: 'hem', name: 'edge', limits: [-0.075, -0.005], at: (frame, value) => frame.head(0, value) }],
  'shoulder-bag': [{ measure: 'hem', name: 'height', limits: [0.5, 1.6], at: atBag }]
}

/** The handles of everything worn, in its order. None where the figure cannot be drawn. */
export function handles(keypoints: readonly Keypoint[], garments: readonly Garment[], size: Size): Handle[] {
  const frame = frameIfAny(keypoints)
  if (!frame) return []
  return garments.flatMap((worn, garment) =>
    rulesOf(worn).flatMap((rule) =>
      (rule.paired ? SIDES : SIDES.slice(0, 1)).flatMap((side) => {
        const place = rule.at(frame, worn[rule.measure], side, worn)
        if (!place) return []
        const at: Point = [clamp(place[0], 0, size.width), clamp(place[1], 0, size.height)]
        const title = `${rule.name} of the ${worn.cut.replaceAll('-', ' ')}`
        return [{ garment, measure: rule.measure, side, at, limits: limitsOf(rule, worn), title }]
      })
    )
  )
}

/** The garments after a handle was dragged to a place: the measure whose handle would be nearest to it. */
export function withHandle(keypoints: readonly Keypoint[], garments: readonly Garment[], handle: Handle, to: Point): Garment[] {
  const frame = frameIfAny(keypoints)
  const worn = garments[handle.garment]
  const rule = worn && rulesOf(worn).find(({ measure }) => measure === handle.measure)
  if (!frame || !rule) return [...garments]
  const away = (value: number) => {
    const place = rule.at(frame, value, handle.side, worn)
    return place ? length(subtract(place, to)) : Infinity
  }
  const value = nearestValue(away, limitsOf(rule, worn))
  return value === null ? [...garments] : garments.with(handle.garment, { ...worn, [rule.measure]: value })
}

function rulesOf(worn: Garment): readonly Rule[] {
  return RULES[worn.shape] ?? []
}

/** A waist stays above its hem. */
function limitsOf({ measure, limits: [least, most] }: Rule, { hem, shape, waist }: Garment): readonly [number, number] {
  if (shape !== 'skirt' && shape !== 'trousers' && shape !== 'belt') return [least, most]
  if (measure === 'waist') return [least, Math.max(least, Math.min(most, hem - LEAST_LENGTH))]
  return [Math.min(most, Math.max(least, waist + LEAST_LENGTH)), most]
}

/** The value at which something is least, in whole steps and within limits; null if it is nowhere finite. */
function nearestValue(away: (value: number) => number, [least, most]: readonly [number, number]): number | null {
  let best = least
  for (let value = least; value <= most; value += STEP) if (away(value) < away(best)) best = value
  if (away(most) < away(best)) best = most
  return Number.isFinite(away(best)) ? Math.round(best * 1e4) / 1e4 : null
}

function frameIfAny(keypoints: readonly Keypoint[]): Frame | null {
  try {
    return frameOf(keypoints, 'average')
  } catch (error) {
    if (error instanceof FigureError) return null
    throw error
  }
}
