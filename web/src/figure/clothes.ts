// Clothes that follow the body: bodices from tops to long coats, sleeves, skirts, trousers, shoes.
import { sineCosine } from './angles'
import { armTube, drawFoot, legHalf, legTube, torsoOutline, torsoRows } from './body'
import type { Canvas } from './canvas'
import { smooth } from './curves'
import { SIDES, type Frame, type Side, type Sign } from './frame'
import type { Garment } from './garments'
import { figureData, type Pair } from './measures'
import { along, between, dot, interpolate, length, middle, spread, subtract, unit, type Point } from './plane'

/** Body length from which cloth hangs from the hips instead of following the torso. */
export const HANGS = 1.02

/** Shoulders to hem; with an open front (not from behind) as two panels. A jumpsuit's ends where its legs begin. */
export function drawBodice(canvas: Canvas, frame: Frame, given: Garment): void {
  const garment = given.shape === 'jumpsuit' ? { ...given, hem: HANGS } : given
  const [left, right] = [flank(frame, garment, -1), flank(frame, garment, 1)]
  if (garment.gap_hem > 0 && !frame.back) {
    canvas.polygon([...left, ...frontEdge(frame, garment, -1).reverse()], garment.part)
    canvas.polygon([...right, ...frontEdge(frame, garment, 1).reverse()], garment.part)
  } else {
    const hem = sagging(frame, right[right.length - 1], left[left.length - 1])
    canvas.polygon([...neckline(frame, garment), ...right, ...hem, ...left.reverse()], garment.part)
  }
  if (garment.collar > 0) drawCollar(canvas, frame, garment)
}

export function drawSleeve(canvas: Canvas, frame: Frame, garment: Garment, side: Side): void {
  if (garment.sleeve > 0) armTube(canvas, frame, side, garment.sleeve, garment.sleeve_ease, garment.part)
}

export function drawSkirt(canvas: Canvas, frame: Frame, garment: Garment): void {
  const [left, right] = [hanging(frame, garment, -1), hanging(frame, garment, 1)]
  const hem = sagging(frame, right[right.length - 1], left[left.length - 1])
  canvas.polygon([...right, ...hem, ...left.reverse()], garment.part)
}

export function drawTrousers(canvas: Canvas, frame: Frame, garment: Garment): void {
  const outline = torsoOutline(frame, garment.waist, figureData.crotch, garment.ease)
  const half = outline.length / 2
  canvas.polygon(smooth(outline, { corners: [half - 1, half] }), garment.part)
  for (const side of SIDES) {
    if (frame.hasLeg(side)) legTube(canvas, frame, side, 1, garment.hem, garment.part, garment)
  }
}

/** Shoes, boots and socks: from `waist` on the leg down over the foot; past 3, a share of the foot stays free. */
export function drawFootwear(canvas: Canvas, frame: Frame, garment: Garment, feet: Pair): void {
  const free = Math.max(garment.waist - 3, 0)
  for (const side of SIDES) {
    if (!frame.hasLeg(side)) continue
    drawFoot(canvas, frame, side, feet[side], garment.ease, garment.part, Math.min(free, 0.9))
    if (free <= 0) legTube(canvas, frame, side, garment.waist, 3.06, garment.part, { ease: garment.ease })
  }
}

/** The body length at which the slope of the shoulder is `half` away from the spine. */
export function shoulderHeight(half: number): number {
  return interpolate(half, SLOPE.halves, SLOPE.places)
}

/** From the left of the picture to the right, `depth` down at the middle; `point` 0 round to 1 V. */
export function neckCurve(frame: Frame, half: number, depth: number, point: number): Point[] {
  const top = shoulderHeight(half)
  return HALF_CIRCLE.map(([sine, cosine]) => {
    const drop = (1 - point) * sine + point * (1 - Math.abs(cosine))
    return frame.side(top + (depth - top) * drop, half * cosine)
  })
}

/** The middle of the body at a body length, past the hips between the legs. */
export function hemCentre(frame: Frame, at: number): Point {
  const legs = at > 1 ? SIDES.filter((side) => frame.hasLeg(side)).map((side) => frame.leg(side, at)) : []
  return legs.length ? middle(legs[0], legs[legs.length - 1]) : frame.spine(at)
}

/** One side from the neck over the shoulder down to the hem. `sign` +1 is the right of the picture. */
export function flank(frame: Frame, garment: Garment, sign: Sign): Point[] {
  const neck = shoulderHeight(garment.neck_width)
  const up = unit(subtract(frame.spine(-1), frame.spine(0)))
  // Cloth lies on the shoulder; it stands off less there than at the waist.
  const lift = 0.5 * garment.ease * frame.unit
  const places = [frame.side(neck, sign * garment.neck_width)]
  for (const u of torsoRows(neck, Math.min(garment.hem, HANGS)).slice(1)) {
    let half = frame.torsoHalf(u) + garment.ease * Math.min(1, 0.4 + Math.max(u, 0) * 3)
    if (garment.sleeve <= 0 && u < 0.2) half = Math.min(half, 0.074)
    const place = frame.side(u, sign * half)
    places.push(u < 0.1 ? along(place, up, lift) : place)
  }
  if (garment.hem > HANGS) places.push(...hangPoints(frame, garment, sign))
  return smooth(places, { corners: [0] })
}

/** One side of a skirt, from its waist to its hem. */
export function hanging(frame: Frame, garment: Garment, sign: Sign): Point[] {
  const rows = torsoRows(garment.waist, Math.min(HANGS, garment.hem))
  const places = rows.map((u) => frame.side(u, sign * (frame.torsoHalf(u) + garment.ease)))
  if (garment.hem > HANGS) places.push(...hangPoints(frame, garment, sign))
  return smooth(places)
}

/** The outermost places of both legs, and of the cloth around them, from below the hips to the hem. */
function hangPoints(frame: Frame, garment: Garment, sign: Sign): Point[] {
  const across = frame.across(1)
  const count = Math.max(2, Math.floor((garment.hem - HANGS) * 4 + 0.5))
  return spread(HANGS, garment.hem, count + 1).slice(1).map((at) => {
    const half = sign * legHalf(frame, at, { ease: garment.ease, flare: garment.flare }) * frame.unit
    const reach = SIDES.filter((side) => frame.hasLeg(side)).map((side) => along(frame.leg(side, at), across, half))
    const wide = frame.torsoHalf(1) + garment.ease + garment.flare * (at - 1)
    if (reach.length === 0) return frame.side(at, sign * wide)
    return reach.reduce((best, place) => (sign * dot(place, across) > sign * dot(best, across) ? place : best))
  })
}

/** The inner edge of an open front, from the neck to the hem. */
function frontEdge(frame: Frame, garment: Garment, sign: Sign): Point[] {
  const places = [frame.side(shoulderHeight(garment.neck_width), sign * garment.neck_width)]
  places.push(frame.side(garment.neck_depth, sign * garment.gap))
  if (garment.hem > HANGS) places.push(frame.side(0.9, (sign * (garment.gap + garment.gap_hem)) / 2))
  places.push(along(hemCentre(frame, garment.hem), frame.across(1), sign * garment.gap_hem * frame.unit))
  return smooth(places, { corners: [1] })
}

function neckline(frame: Frame, garment: Garment): Point[] {
  const depth = frame.back ? Math.min(garment.neck_depth, -0.03) : garment.neck_depth
  return neckCurve(frame, garment.neck_width, depth, garment.neck_point)
}

/** A band from the collar bone up the neck. */
function drawCollar(canvas: Canvas, frame: Frame, garment: Garment): void {
  const half = figureData.neck_half + 0.004
  const [foot, chin] = [frame.spine(0), frame.head(0, 0.04)]
  const share = Math.min((garment.collar * frame.unit) / Math.max(length(subtract(chin, foot)), 1e-9), 1)
  canvas.tube([foot, between(foot, chin, share)], [half * 1.25 * frame.unit, half * frame.unit], garment.part, { start: false })
}

/** A hem hangs a little lower in the middle. */
function sagging(frame: Frame, start: Point, end: Point): Point[] {
  const down = unit(subtract(frame.spine(1), frame.spine(0)))
  return [0.15, 0.35, 0.5, 0.65, 0.85].map((t) =>
    along(between(start, end, t), down, 0.007 * frame.unit * (1 - (2 * t - 1) * (2 * t - 1)))
  )
}

// The shoulder of figure.json: half-widths and the body lengths at which they are.
const slopeRows = figureData.torso.filter(([place]) => place <= 0.06)
const SLOPE = { halves: slopeRows.map(([, half]) => half), places: slopeRows.map(([place]) => place) }
// Sine and cosine from pi to 0.
const HALF_CIRCLE = spread(Math.PI, 0, 17).map(sineCosine)
