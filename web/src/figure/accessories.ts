// Hair, hats, glasses, jewellery, ties, scarves, belts, gloves and bags.
import { drawHand, headOutline, torsoOutline } from './body'
import type { Canvas } from './canvas'
import { neckCurve } from './clothes'
import { smooth } from './curves'
import { table, type Frame, type Side, type Sign } from './frame'
import type { Garment } from './garments'
import { figureData, type Pair } from './measures'
import { along, interpolate, spread, subtract, unit, type Point } from './plane'

/** All of the hair; from the front, face and neck are painted over it. */
export function drawHair(canvas: Canvas, frame: Frame, { style: name, part }: Garment): void {
  const style = figureData.hair[name]
  canvas.polygon(headOutline(frame, style.outline, -0.006 * frame.headTurn), part)
  if (style.bun) {
    const [x, y, radius] = style.bun
    canvas.disc(frame.head(x - 0.03 * frame.headTurn, y), radius * frame.unit, part)
  }
  if (frame.back) {
    const edge = Math.max(...style.outline.slice(-3).map(([x]) => x))
    canvas.tube([frame.head(0, 0), frame.head(0, style.nape)], [0.04 * frame.unit, edge * 0.8 * frame.unit], part)
  }
}

/** Locks that fall over the shoulders; the face stays free. */
export function drawLocks(canvas: Canvas, frame: Frame, { style, part }: Garment): void {
  figureData.hair[style].locks?.forEach(([x, half, end], i) => {
    const sign = i === 0 ? -1 : 1
    const places: Pair[] = [[x + 0.012, -0.02], [x + 0.014, 0.03], [x + 0.012, 0.09], [x + 0.018, end]]
    const path = smooth(places.map(([px, y]) => frame.head(sign * px, y)))
    const swell = spread(0, 1, path.length).map((t) => interpolate(t, [0, 0.4, 0.8, 1], [0.4, 0.9, 1.25, 0.5]))
    canvas.tube(path, swell.map((share) => share * half * frame.unit), part, { end: true })
  })
}

/** A crown down to `hem` (on the head's scale) and a brim `flare` wide. */
export function drawHat(canvas: Canvas, frame: Frame, { ease, flare, hem, part }: Garment): void {
  const half = 0.049 + ease
  const crown: Pair[] = [[0, -0.1], [half * 0.6, -0.097], [half * 0.93, -0.078], [half, hem - 0.01], [half * 0.96, hem + 0.004]]
  canvas.polygon(headOutline(frame, crown, 0), part)
  if (flare <= 0) return
  const wide = half + flare
  const brim: Pair[] = [[0, hem - 0.008], [half, hem - 0.008], [wide, hem + 0.004], [half, hem + 0.011], [0, hem + 0.013]]
  canvas.polygon(headOutline(frame, brim, 0), part)
}

export function drawGlasses(canvas: Canvas, frame: Frame, { ease: w, part }: Garment): void {
  const [shift, y] = [0.012 * frame.headTurn, -0.004]
  for (const x of [-0.0165, 0.0165]) {
    const top: Pair[] = [[x - w, y - 0.007], [x + w, y - 0.008]]
    const lens: Pair[] = [...top, [x + w * 0.9, y + 0.006], [x, y + 0.011], [x - w * 0.9, y + 0.006]]
    canvas.polygon(smooth(lens.map(([px, py]) => frame.head(px + shift, py)), { closed: true }), part)
  }
  const bar = [frame.head(-0.034 + shift, y - 0.004), frame.head(0.034 + shift, y - 0.004)]
  canvas.tube(bar, [0.0022 * frame.unit, 0.0022 * frame.unit], part)
}

export function drawEarrings(canvas: Canvas, frame: Frame, { ease, part }: Garment): void {
  for (const sign of [-1, 1]) canvas.disc(frame.head(sign * 0.0375, 0.024), ease * frame.unit, part)
}

export function drawNecklace(canvas: Canvas, frame: Frame, { ease, neck_depth, neck_width, part }: Garment): void {
  const path = neckCurve(frame, neck_width, neck_depth, 0.25)
  canvas.tube(path, path.map(() => ease * frame.unit), part, { end: true })
}

export function drawTie(canvas: Canvas, frame: Frame, { ease, hem, part }: Garment): void {
  const path = [-0.03, 0.02, 0.05, hem - 0.07, hem].map((u) => frame.spine(u))
  canvas.tube(path, [0.9, 0.7, 0.6, 1.3, 0.15].map((share) => ease * share * frame.unit), part, { start: false })
}

/** A loop around the neck and, from the front, an end that hangs to `hem`. */
export function drawScarf(canvas: Canvas, frame: Frame, { ease, hem, part }: Garment): void {
  const loop: Pair[] = [[-0.15, 0.03], [-0.1, 0.043], [-0.01, 0.06], [0.08, 0.048], [0.13, 0.018]]
  const right = loop.map(([u, x]) => frame.side(u, x))
  const left = loop.map(([u, x]) => frame.side(u, -x))
  canvas.polygon(smooth([...right, ...left.reverse()], { closed: true }), part)
  if (frame.back || hem <= 0.13) return
  const path = [frame.side(0.05, 0), frame.side(0.2, 0.012), frame.side(hem, 0.02)]
  canvas.tube(path, [0.7, 0.9, 1.15].map((share) => share * ease * frame.unit), part)
}

export function drawBelt(canvas: Canvas, frame: Frame, { ease, hem, part, waist }: Garment): void {
  canvas.polygon(torsoOutline(frame, waist, hem, ease), part)
}

export function drawGlove(canvas: Canvas, frame: Frame, garment: Garment, side: Side, bend: number): void {
  drawHand(canvas, frame, side, bend, garment.ease, garment.part)
  drawCuff(canvas, frame, garment, side, 1.02)
}

export function drawWatch(canvas: Canvas, frame: Frame, garment: Garment, side: Side): void {
  drawCuff(canvas, frame, garment, side, garment.sleeve + 0.045)
}

/** Held in the hand, or in the crook of a raised arm: two handles and a bag that hangs from them; `ease` is half its width,
 * `hem` its height. */
export function drawHandbag(canvas: Canvas, frame: Frame, { ease, hem, part }: Garment, side: Side): void {
  const [w, h, drop] = [ease * frame.unit, hem * frame.unit, HANDLE_DROP * frame.unit]
  const top = handbagTop(frame, side)
  const path = smooth(placed(top, [[-0.55, h * 0.1], [-0.3, -drop], [0.3, -drop], [0.55, h * 0.1]], w, 1))
  canvas.tube(path, path.map(() => 0.0032 * frame.unit), part)
  const outline: Pair[] = [[-0.8, 0.06], [0, 0], [0.8, 0.05], [1, 0.82], [0.8, 1], [-0.78, 1], [-1, 0.85]]
  canvas.polygon(smooth(placed(top, outline, w, h), { closed: true }), part)
}

/** The middle of its upper edge. */
export function handbagTop(frame: Frame, side: Side): Point {
  const [wrist, elbow] = [frame.arm(side, 1), frame.arm(side, 0.5)]
  const held = along(wrist, unit(subtract(wrist, elbow)), 0.045 * frame.unit)
  const [x, y] = wrist[1] < elbow[1] ? elbow : held
  return [x, y + HANDLE_DROP * frame.unit]
}

/** At the hip, its strap across the chest from the other shoulder. `sign` +1: on the right of the picture. */
export function drawShoulderBag(canvas: Canvas, frame: Frame, { ease, flare, hem, part }: Garment, sign: Sign): void {
  const strap: Pair[] = [[-0.04, 0.055], [0.4, -0.01], [hem, -0.095]]
  const path = smooth(strap.map(([u, x]) => frame.side(u, -sign * x)))
  canvas.tube(path, path.map(() => flare * frame.unit), part)
  const [centre, w] = [frame.side(hem + 0.08, sign * 0.1), ease * frame.unit]
  const outline: Pair[] = [[-0.85, -0.75], [0, -0.85], [0.85, -0.72], [1, 0.55], [0.7, 0.85], [-0.7, 0.85], [-1, 0.6]]
  canvas.polygon(smooth(placed(centre, outline, w, w), { closed: true }), part)
}

/** A band around the forearm, from the garment's `sleeve` on. */
function drawCuff(canvas: Canvas, frame: Frame, { ease, part, sleeve }: Garment, side: Side, end: number): void {
  const stops = [sleeve, (sleeve + end) / 2, end]
  const path = stops.map((t) => frame.arm(side, t))
  canvas.tube(path, stops.map((t) => (table('arm', t) + ease) * frame.unit), part, { start: false })
}

/** An outline of shares, as wide and high as said, around a place. */
function placed(origin: Point, outline: readonly Pair[], width: number, height: number): Point[] {
  return outline.map(([x, y]) => [origin[0] + width * x, origin[1] + height * y])
}

// How far a handbag hangs below the hand.
const HANDLE_DROP = 0.035
