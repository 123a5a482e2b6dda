// Where an artist can take hold of what a figure wears, and the measure that each handle is.
import type { Size } from './canvas'
import { frameOf, SIDES, type Frame, type Keypoint, type Side } from './frame'
import type { Garment, Measure } from './garments'
import { LEAST_LENGTH, rulesOf, type Rule } from './handle_rules'
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
  /** The part that the garment is. */
  readonly part: number
  /** A width or a fit, to be shown for one garment at a time; else a length. */
  readonly fine: boolean
}

const STEP = 0.005
const FINE_STEP = 0.0005

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
        return [{ garment, measure: rule.measure, side, at, limits: limitsOf(rule, worn), title, part: worn.part, fine: rule.fine === true }]
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
  const value = nearestValue(away, limitsOf(rule, worn), rule.fine ? FINE_STEP : STEP)
  return value === null ? [...garments] : garments.with(handle.garment, { ...worn, [rule.measure]: value })
}

/** A waist stays above its hem. */
function limitsOf({ measure, limits: [least, most] }: Rule, { hem, shape, waist }: Garment): readonly [number, number] {
  if (!['skirt', 'trousers', 'belt'].includes(shape) || (measure !== 'waist' && measure !== 'hem')) return [least, most]
  if (measure === 'waist') return [least, Math.max(least, Math.min(most, hem - LEAST_LENGTH))]
  return [Math.min(most, Math.max(least, waist + LEAST_LENGTH)), most]
}

/** The value at which something is least, in whole steps and within limits; null if it is nowhere finite. */
function nearestValue(away: (value: number) => number, [least, most]: readonly [number, number], step: number): number | null {
  let best = least
  for (let value = least; value <= most; value += step) if (away(value) < away(best)) best = value
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
