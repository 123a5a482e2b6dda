// The body under the clothes: torso, limbs, hands, neck and face.
import { sineCosineOfDegrees } from './angles'
import type { Canvas } from './canvas'
import { rounded, smooth } from './curves'
import { SIDES, table, type Frame, type Side } from './frame'
import { figureData, type Pair } from './measures'
import { FACE, SKIN } from './parts'
import { along, interpolate, spread, subtract, unit, type Point } from './plane'

const STEPS = 14

export interface Fall {
  readonly ease?: number
  readonly flare?: number
  readonly drape?: number
}

export function drawTorso(canvas: Canvas, frame: Frame): void {
  const outline = torsoOutline(frame, -0.11, 1.1, 0)
  canvas.polygon(smooth(outline, { closed: true, corners: [0, outline.length - 1] }), SKIN)
}

export function drawNeck(canvas: Canvas, frame: Frame): void {
  const half = figureData.neck_half * frame.build.limbs
  const path = [frame.head(0, 0.03), frame.spine(-0.08), frame.spine(-0.03)]
  canvas.tube(path, [half * 0.95 * frame.unit, half * frame.unit, half * frame.unit], SKIN)
}

/** The face reaches down the throat, as it does in maps of parsed photos. */
export function drawFace(canvas: Canvas, frame: Frame): void {
  const half = figureData.neck_half * 0.93 * frame.build.limbs
  const throat = [frame.head(0, 0.03), frame.head(0, figureData.throat)]
  canvas.tube(throat, [half * frame.unit, half * 0.85 * frame.unit], FACE)
  canvas.polygon(headOutline(frame, figureData.face, 0.007 * frame.headTurn), FACE)
}

export function drawLegs(canvas: Canvas, frame: Frame, feet: Pair): void {
  for (const side of SIDES) {
    if (!frame.hasLeg(side)) continue
    legTube(canvas, frame, side, 1, 3, SKIN)
    drawFoot(canvas, frame, side, feet[side], 0, SKIN)
  }
}

export function drawArm(canvas: Canvas, frame: Frame, side: Side): void {
  armTube(canvas, frame, side, 1, 0, SKIN, true)
}

/** `bend`: degrees that the hand turns from the forearm's line, outwards from the body positive. */
export function drawHand(canvas: Canvas, frame: Frame, side: Side, bend: number, ease = 0, label = SKIN): void {
  const { halves: rows, length, thumb } = figureData.hand
  const sign = frame.sign(side)
  const wrist = frame.arm(side, 1)
  const pointing = turned(subtract(wrist, frame.arm(side, 0.5)), -bend * sign)
  const path = rows.map(([at]) => along(wrist, pointing, at * length * frame.unit))
  const halves = rows.map(([, half]) => (half + ease) * frame.unit * frame.build.limbs)
  canvas.tube(path, halves, label, { end: true })
  const root = along(wrist, pointing, 0.012 * frame.unit)
  const tip = along(root, turned(pointing, 38 * sign), thumb * frame.unit)
  canvas.tube([root, tip], [(0.008 + ease) * frame.unit, (0.0055 + ease) * frame.unit], label, { end: true })
}

/** `angle`: degrees that the toes point outwards from straight at the viewer (drawn downwards); 80 is sideways. `begin`: the
 * share of the foot's length from which on a shoe covers it; null draws a foot with its round heel. */
export function drawFoot(
  canvas: Canvas,
  frame: Frame,
  side: Side,
  angle: number,
  ease: number,
  label: number,
  begin: number | null = null
): void {
  const data = figureData.foot
  const ankle = frame.leg(side, 3)
  const share = Math.min(Math.abs(angle) / 80, 1)
  const reach = data.front + (data.side - data.front) * share
  // Seen from the side, the sole lies lower than the ankle by the foot's height; from the front the toes do that.
  const shin = unit(subtract(ankle, frame.leg(side, 2.6)))
  const heel = along(ankle, [shin[0] * 0.35, shin[1] * 0.35 + 0.65], 0.026 * share * frame.unit)
  const [sine, cosine] = sineCosineOfDegrees(angle * 0.9)
  const pointing: Point = [frame.sign(side) * sine, cosine]
  const first = begin ?? 0
  const rows: Pair[] = [[first, footHalf(first)], ...data.halves.filter(([at]) => at > first)]
  const path = rows.map(([at]) => along(heel, pointing, at * reach * frame.unit))
  const widths = rows.map(([, half]) => (half * (1 - 0.28 * share) + ease) * frame.unit)
  const start = begin === null
  canvas.tube(path, widths, label, { start, end: true })
  if (share > 0.4 && first < 0.3) canvas.tube([ankle, heel], [widths[0], widths[0]], label, { start, end: true })
}

/** Half the width of a foot at a share of its length from the heel. */
function footHalf(at: number): number {
  const { halves } = figureData.foot
  return interpolate(at, halves.map(([place]) => place), halves.map(([, half]) => half))
}

/** From body length `top` to `bottom`, `ease` wider than the body: up the left of the picture, down the right. */
export function torsoOutline(frame: Frame, top: number, bottom: number, ease: number): Point[] {
  const rows = torsoRows(top, bottom)
  const left = rows.map((u) => frame.side(u, -(frame.torsoHalf(u) + ease)))
  return [...left.reverse(), ...rows.map((u) => frame.side(u, frame.torsoHalf(u) + ease))]
}

/** Body lengths at which figure.json measures the torso, between the two given and with them. */
export function torsoRows(top: number, bottom: number): number[] {
  const inner = figureData.torso.map(([u]) => u).filter((u) => top + 0.02 < u && u < bottom - 0.02)
  return [top, ...inner, bottom]
}

/** The right half of an outline around the head, mirrored and closed. */
export function headOutline(frame: Frame, half: readonly Pair[], shift: number): Point[] {
  const right = half.map(([x, y]) => frame.head(x + shift, y))
  const left = half.filter(([x]) => x > 0).map(([x, y]) => frame.head(-x + shift, y))
  return smooth([...right, ...left.reverse()], { closed: true })
}

/** From the shoulder down an arm. */
export function armTube(canvas: Canvas, frame: Frame, side: Side, endAt: number, ease: number, label: number, end = false): void {
  const stops = spread(0, endAt, STEPS)
  const path = rounded(stops.map((t) => frame.arm(side, t)))
  // Cloth lies on the shoulder and stands off further down.
  const halves = stops.map((t) => (table('arm', t) * frame.build.limbs + ease * Math.min(1, 0.25 + 4 * t)) * frame.unit)
  canvas.tube(path, halves, label, { end })
}

export function legTube(canvas: Canvas, frame: Frame, side: Side, start: number, endAt: number, label: number, fall: Fall = {}): void {
  const stops = spread(start, endAt, 2 * STEPS)
  const path = rounded(stops.map((at) => frame.leg(side, at)))
  const halves = stops.map((at) => legHalf(frame, at, fall) * frame.unit)
  canvas.tube(path, halves, label, { start: start <= 1 })
}

/** Half the width of a leg with cloth `ease` around it, `flare` wider for each unit of length below the hips; with `drape`
 * 1 the cloth does not follow calf and ankle. */
export function legHalf(frame: Frame, at: number, { ease = 0, flare = 0, drape = 0 }: Fall): number {
  let bare = table('leg', at)
  if (at > 2) bare += drape * (figureData.cloth_below_knee - bare)
  return bare * frame.build.limbs + ease + flare * Math.max(at - 1, 0)
}

/** The unit vector along `vector`, turned clockwise as seen. */
function turned(vector: Point, degrees: number): Point {
  const [sine, cosine] = sineCosineOfDegrees(degrees)
  const [x, y] = unit(vector)
  return [x * cosine - y * sine, x * sine + y * cosine]
}
