// The places of a garment's handles, by its shape: lengths first, then widths and fits.
import { handbagTop } from './accessories'
import { legHalf } from './body'
import { flank, hanging, HANGS, hemCentre, shoulderHeight } from './clothes'
import { sideOf } from './figure'
import { table, type Frame, type Side } from './frame'
import type { Garment, Measure, Shape } from './garments'
import { figureData } from './measures'
import { along, type Point, subtract, unit } from './plane'

export interface Rule {
  readonly measure: Measure
  readonly name: string
  readonly limits: readonly [number, number]
  /** Where the handle is if the measure has this value; null if this figure has no such place. */
  readonly at: (frame: Frame, value: number, side: Side, garment: Garment) => Point | null
  readonly paired?: boolean
  /** A width or a fit. */
  readonly fine?: boolean
}

/** What begins must end this much further down. */
export const LEAST_LENGTH = 0.04

const onSpine = (frame: Frame, value: number): Point => frame.spine(value)
const inFront = (frame: Frame, value: number) => (frame.back ? null : frame.spine(value))
const onShoulder = (frame: Frame, value: number) => frame.side(shoulderHeight(value), value)
const atBag = (frame: Frame, value: number, _: Side, garment: Garment) =>
  frame.side(value + 0.08, frame.sign(sideOf(garment)) * 0.1)
const atHandbag = (frame: Frame, half: number, height: number, worn: Garment): Point | null => {
  const side = sideOf(worn)
  if (!frame.hasArm(side)) return null
  const [x, y] = handbagTop(frame, side)
  return [x + frame.sign(side) * half * frame.unit, y + height * frame.unit]
}

/** The corner of a hem that hangs below the hips, on the right of the picture. */
const atCorner = (frame: Frame, flare: number, _: Side, worn: Garment): Point | null => {
  if (worn.hem <= HANGS) return null
  const edge = worn.shape === 'skirt' ? hanging(frame, { ...worn, flare }, 1) : flank(frame, { ...worn, flare }, 1)
  return edge[edge.length - 1]
}
/** The outer (1) or inner (-1) edge of what is around a leg. */
const onLeg = (frame: Frame, at: number, side: Side, fall: { ease: number; flare: number; drape: number }, edge: 1 | -1): Point | null =>
  frame.hasLeg(side) ? along(frame.leg(side, at), frame.across(1), edge * frame.sign(side) * legHalf(frame, at, fall) * frame.unit) : null
/** The edge of a boot or shoe; past the ankle it is a share of the foot, seen from the front. */
function onShoe(frame: Frame, top: number, side: Side, worn: Garment): Point | null {
  const edge = onLeg(frame, Math.min(top, 3), side, worn, 1)
  return edge && along(edge, [0, 1], Math.max(top - 3, 0) * figureData.foot.front * frame.unit)
}
/** The outer edge of what is around an arm: clear of the joints, which are held at the middle. */
const onArm = (frame: Frame, t: number, side: Side, ease: number): Point | null => {
  if (!frame.hasArm(side)) return null
  const out = frame.sign(side)
  const [dx, dy] = unit(subtract(frame.arm(side, t + 0.01), frame.arm(side, t)))
  return along(frame.arm(side, t), [dy * out, -dx * out], (table('arm', t) + ease) * frame.unit)
}
const onCuff = (frame: Frame, sleeve: number, side: Side, { ease, shape, sleeve_ease }: Garment): Point | null =>
  onArm(frame, sleeve, side, shape === 'gloves' ? ease : sleeve_ease)
const onSleeve = (frame: Frame, ease: number, side: Side, { sleeve }: Garment): Point | null =>
  sleeve < 0.15 ? null : onArm(frame, sleeve * 0.75, side, ease)
const onOpening = (frame: Frame, half: number, _: Side, worn: Garment): Point | null =>
  frame.back || worn.gap_hem <= 0 ? null : along(hemCentre(frame, worn.hem), frame.across(1), half * frame.unit)
const onLapel = (frame: Frame, half: number, _: Side, worn: Garment): Point | null =>
  frame.back || worn.gap_hem <= 0 ? null : frame.side(worn.neck_depth, half)
const beside = (place: number) => (frame: Frame, ease: number) => frame.side(place, -(frame.torsoHalf(place) + ease))

const SLEEVE: Rule = { measure: 'sleeve', name: 'sleeve', limits: [0, 1.05], at: onCuff, paired: true }
const NECKLINE: Rule = { measure: 'neck_depth', name: 'neckline', limits: [-0.06, 0.6], at: inFront }
const NECK_WIDTH: Rule = { measure: 'neck_width', name: 'width of the neckline', limits: [0.024, 0.09], at: onShoulder }
const WAIST: Rule = { measure: 'waist', name: 'waist', limits: [0.45, 1.05], at: onSpine }
const LEG_HEM: Rule = {
  measure: 'hem', name: 'hem', limits: [1.15, 3.15], paired: true, at: (frame, hem, side, worn) => onLeg(frame, hem, side, worn, -1)
}
const SHAFT: Rule = { measure: 'waist', name: 'top', limits: [1.15, 3.9], paired: true, at: onShoe }
const FLARE: Rule = { measure: 'flare', name: 'width of the hem', limits: [0, 0.12], at: atCorner, fine: true }
const LEG_FLARE: Rule = {
  measure: 'flare', name: 'width of the legs', limits: [0, 0.03], fine: true, paired: true,
  at: (frame, flare, side, worn) => onLeg(frame, worn.hem, side, { ...worn, flare }, 1)
}
const EASE: Rule = { measure: 'ease', name: 'looseness', limits: [0, 0.06], at: beside(0.6), fine: true }
const HIP_EASE: Rule = { ...EASE, at: beside(0.95) }
const SLEEVE_EASE: Rule = { measure: 'sleeve_ease', name: 'width of the sleeve', limits: [0, 0.06], at: onSleeve, fine: true, paired: true }
const OPENING: Rule = { measure: 'gap_hem', name: 'opening at the hem', limits: [0.004, 0.12], at: onOpening, fine: true }
const LAPEL: Rule = { measure: 'gap', name: 'opening at the chest', limits: [0, 0.07], at: onLapel, fine: true }
const BAG_SIZE: Rule = {
  measure: 'ease', name: 'size', limits: [0.015, 0.1], fine: true,
  at: (frame, size, side, worn) => along(atBag(frame, worn.hem, side, worn), frame.across(1), frame.sign(sideOf(worn)) * size * frame.unit)
}

const RULES: Readonly<Partial<Record<Shape, readonly Rule[]>>> = {
  bodice: [
    { measure: 'hem', name: 'hem', limits: [0.3, 3.1], at: hemCentre }, SLEEVE, NECKLINE, NECK_WIDTH,
    EASE, SLEEVE_EASE, FLARE, OPENING, LAPEL
  ],
  skirt: [WAIST, { measure: 'hem', name: 'hem', limits: [0.9, 3.1], at: hemCentre }, HIP_EASE, FLARE],
  trousers: [WAIST, LEG_HEM, HIP_EASE, LEG_FLARE],
  jumpsuit: [LEG_HEM, SLEEVE, NECKLINE, NECK_WIDTH, EASE, SLEEVE_EASE, LEG_FLARE],
  shoes: [SHAFT],
  socks: [SHAFT],
  gloves: [{ ...SLEEVE, name: 'top', limits: [0.3, 1] }],
  belt: [WAIST, { measure: 'hem', name: 'lower edge', limits: [0.5, 1.1], at: onSpine }],
  tie: [{ measure: 'hem', name: 'end', limits: [0.2, 1.1], at: inFront }],
  scarf: [{ measure: 'hem', name: 'end', limits: [0.14, 1.6], at: inFront }],
  necklace: [{ ...NECKLINE, name: 'length', limits: [0, 0.6] }],
  hat: [
    { measure: 'hem', name: 'edge', limits: [-0.075, -0.005], at: (frame, value) => frame.head(0, value) },
    { measure: 'flare', name: 'brim', limits: [0, 0.08], fine: true, at: (frame, value, _, { ease, hem }) => frame.head(0.049 + ease + value, hem) }
  ],
  handbag: [
    { measure: 'hem', name: 'height', limits: [0.03, 0.2], at: (frame, height, _, worn) => atHandbag(frame, 0, height, worn) },
    { measure: 'ease', name: 'width', limits: [0.015, 0.12], fine: true, at: (frame, half, _, worn) => atHandbag(frame, half, worn.hem * 0.82, worn) }
  ],
  'shoulder-bag': [{ measure: 'hem', name: 'height', limits: [0.5, 1.6], at: atBag }, BAG_SIZE]
}

export function rulesOf(worn: Garment): readonly Rule[] {
  return RULES[worn.shape] ?? []
}
