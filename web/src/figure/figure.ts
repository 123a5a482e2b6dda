// A dressed parametric figure: keypoints and garments become a label map like those parsed from photos. Things are painted
// from back to front; what covers what follows from the garments, as humandiffusion/pose/figure.py has it.
import * as accessories from './accessories'
import * as body from './body'
import { Canvas, type Size } from './canvas'
import * as clothes from './clothes'
import { frameOf, SIDES, type Frame, type Keypoint, type Side } from './frame'
import type { Garment } from './garments'
import { FigureError, figureData, type Pair } from './measures'
import { LEGGINGS, PANTS, ROMPERS, SKIN } from './parts'
import { Wardrobe } from './wardrobe'

export type ArmLayer = 'front' | 'behind' | 'pocket'

/** What OpenPose's 18 points do not say; the person's right side first. `feet`: degrees that the toes point outwards, 80 is
 * a side view. `hands`: degrees that the hand bends outwards from the forearm's line. `arms`: in front of the body, behind
 * it, or with the hand in a pocket. */
export interface Stance {
  readonly feet: Pair
  readonly hands: Pair
  readonly arms: readonly [ArmLayer, ArmLayer]
}

export interface FigureOptions {
  readonly stance?: Partial<Stance>
  readonly build?: string
}

export const STANCE: Stance = { feet: [14, 14], hands: [0, 0], arms: ['front', 'front'] }

const ARM_LAYERS: readonly string[] = ['front', 'behind', 'pocket']
// Boots that reach this high are worn over trousers, lower ones under them.
const OVER_TROUSERS = 2.4

/** One person's labels; `keypoints` are in pixels of the map. A limb whose points are missing is left out. Throws
 * FigureError if a shoulder or hip is missing, for an unknown build or arm, or for a size that is not positive. */
export function drawFigure(
  keypoints: readonly Keypoint[],
  garments: readonly Garment[],
  size: Size,
  { stance, build = 'average' }: FigureOptions = {}
): Uint8Array {
  if (!(size.width >= 1 && size.height >= 1)) {
    throw new FigureError(`size: got ${size.width}x${size.height}, wanted at least 1x1`)
  }
  const frame = frameOf(keypoints, build)
  const canvas = new Canvas(size)
  paint(canvas, frame, new Wardrobe(garments), checked({ ...STANCE, ...stance }))
  return canvas.labels(figureData.wobble * frame.unit)
}

function checked(stance: Stance): Stance {
  const wrong = stance.arms.find((layer) => !ARM_LAYERS.includes(layer))
  if (wrong !== undefined) throw new FigureError(`stance: got arm '${wrong}', wanted one of ${ARM_LAYERS.join(', ')}`)
  return stance
}

function paint(canvas: Canvas, frame: Frame, worn: Wardrobe, stance: Stance): void {
  if (!frame.back) worn.of('hair').forEach((hair) => accessories.drawHair(canvas, frame, hair))
  paintArms(canvas, frame, worn, stance, 'behind')
  body.drawTorso(canvas, frame)
  body.drawLegs(canvas, frame, stance.feet)
  paintLegs(canvas, frame, worn, stance)
  body.drawNeck(canvas, frame)
  if (!frame.back) body.drawFace(canvas, frame)
  paintBodices(canvas, frame, worn, stance)
  paintHead(canvas, frame, worn)
  paintArms(canvas, frame, worn, stance, 'front')
  paintBags(canvas, frame, worn, stance)
}

/** What is on legs and feet, and the tops that are tucked in. */
function paintLegs(canvas: Canvas, frame: Frame, worn: Wardrobe, { feet }: Stance): void {
  const shoes = worn.of('shoes')
  worn.lower(LEGGINGS).forEach((garment) => clothes.drawTrousers(canvas, frame, garment))
  for (const garment of [...worn.of('socks'), ...shoes]) clothes.drawFootwear(canvas, frame, garment, feet)
  worn.tops(true).forEach((garment) => clothes.drawBodice(canvas, frame, garment))
  worn.lower(PANTS, ROMPERS).forEach((garment) => clothes.drawTrousers(canvas, frame, garment))
  for (const garment of shoes.filter(({ waist }) => waist < OVER_TROUSERS)) {
    clothes.drawFootwear(canvas, frame, garment, feet)
  }
  worn.of('skirt').forEach((garment) => clothes.drawSkirt(canvas, frame, garment))
}

/** From the inner to the outer. A hand in a pocket lies under the coat. */
function paintBodices(canvas: Canvas, frame: Frame, worn: Wardrobe, stance: Stance): void {
  worn.tops(false).forEach((garment) => clothes.drawBodice(canvas, frame, garment))
  worn.of('belt').forEach((garment) => accessories.drawBelt(canvas, frame, garment))
  if (!frame.back) {
    worn.of('necklace').forEach((garment) => accessories.drawNecklace(canvas, frame, garment))
    worn.of('tie').forEach((garment) => accessories.drawTie(canvas, frame, garment))
  }
  paintArms(canvas, frame, worn, stance, 'pocket')
  worn.outers.forEach((garment) => clothes.drawBodice(canvas, frame, garment))
  worn.of('scarf').forEach((garment) => accessories.drawScarf(canvas, frame, garment))
}

function paintHead(canvas: Canvas, frame: Frame, worn: Wardrobe): void {
  const drawHair = frame.back ? accessories.drawHair : accessories.drawLocks
  worn.of('hair').forEach((garment) => drawHair(canvas, frame, garment))
  if (!frame.back) {
    worn.of('earrings').forEach((garment) => accessories.drawEarrings(canvas, frame, garment))
    worn.of('glasses').forEach((garment) => accessories.drawGlasses(canvas, frame, garment))
  }
  worn.of('hat').forEach((garment) => accessories.drawHat(canvas, frame, garment))
}

function paintArms(canvas: Canvas, frame: Frame, worn: Wardrobe, stance: Stance, layer: ArmLayer): void {
  for (const side of SIDES) {
    if (stance.arms[side] !== layer || !frame.hasArm(side)) continue
    const bend = stance.hands[side]
    body.drawArm(canvas, frame, side)
    if (layer !== 'pocket') {
      body.drawHand(canvas, frame, side, bend)
      worn.of('gloves').forEach((garment) => accessories.drawGlove(canvas, frame, garment, side, bend))
    }
    const watches = worn.of('watch').filter((garment) => sideOf(garment) === side)
    watches.forEach((garment) => accessories.drawWatch(canvas, frame, garment, side))
    worn.sleeved.forEach((garment) => clothes.drawSleeve(canvas, frame, garment, side))
  }
}

function paintBags(canvas: Canvas, frame: Frame, worn: Wardrobe, stance: Stance): void {
  for (const garment of worn.of('handbag')) {
    const side = sideOf(garment)
    if (!frame.hasArm(side)) continue
    accessories.drawHandbag(canvas, frame, garment, side)
    body.drawHand(canvas, frame, side, stance.hands[side], 0, worn.of('gloves')[0]?.part ?? SKIN)
  }
  for (const garment of worn.of('shoulder-bag')) {
    accessories.drawShoulderBag(canvas, frame, garment, frame.sign(sideOf(garment)))
  }
}

/** The side on which a bag or a watch is. */
export function sideOf({ style }: Garment): Side {
  return style === 'right' ? 0 : 1
}
