// Poses and clothes that ship, drawn at any size: humandiffusion/pose/presets.json.
import file from '../../../humandiffusion/pose/presets.json'
import type { Size } from './canvas'
import { STANCE, type Stance } from './figure'
import type { Keypoint } from './frame'
import { garment, type Garment, type Overrides } from './garments'
import { FigureError } from './measures'
import { poseKeypoints, type Pose } from './skeleton'

export type PresetName = keyof typeof file.presets

/** All that `drawFigure` needs. */
export interface Figure {
  readonly keypoints: readonly Keypoint[]
  readonly garments: readonly Garment[]
  readonly stance: Stance
  readonly build: string
}

interface PresetFile {
  readonly poses: Readonly<Record<string, Pose & Partial<Stance>>>
  readonly presets: Readonly<
    Record<string, { readonly pose: string; readonly build: string; readonly wears: readonly (string | [string, Overrides])[] }>
  >
}

const data = file as unknown as PresetFile

/** `standing-trousers` first. */
export const presets = Object.keys(file.presets) as PresetName[]

/** A preset at a size. Throws FigureError that lists the names. */
export function presetFigure(name: string, size: Size): Figure {
  if (!Object.hasOwn(data.presets, name)) {
    throw new FigureError(`preset: got '${name}', wanted one of ${presets.join(', ')}`)
  }
  const { pose, build, wears } = data.presets[name]
  const { feet, hands, arms, ...angles } = data.poses[pose]
  return {
    keypoints: poseKeypoints(angles, size),
    garments: wears.map((worn) => (typeof worn === 'string' ? garment(worn) : garment(...worn))),
    stance: { feet: feet ?? STANCE.feet, hands: hands ?? STANCE.hands, arms: arms ?? STANCE.arms },
    build
  }
}
