// The measures of humandiffusion/pose/figure.json, which both languages read, and what is wrong with a figure asked for.
import file from '../../../humandiffusion/pose/figure.json'

export type Pair = readonly [number, number]
export type CutName = keyof typeof file.cuts
export type BuildName = keyof typeof file.builds
export type HairStyle = keyof typeof file.hair

export interface Build {
  readonly shoulders: number
  readonly waist: number
  readonly hips: number
  readonly limbs: number
}

export interface Hair {
  readonly outline: readonly Pair[]
  readonly nape: number
  readonly bun?: readonly [x: number, y: number, radius: number]
  readonly locks?: readonly (readonly [x: number, half: number, end: number])[]
}

export interface Skeleton {
  readonly spine: number
  readonly shoulder_half: number
  readonly hip_half: number
  readonly upper_arm: number
  readonly forearm: number
  readonly thigh: number
  readonly shank: number
  readonly neck_to_ears: number
  readonly ears_to_crown: number
  readonly ankle_to_sole: number
  readonly nose: Pair
  readonly eye: Pair
  readonly ear: Pair
  readonly nose_turn: number
}

export interface FigureData {
  readonly wobble: number
  readonly skeleton: Skeleton
  readonly builds: Readonly<Record<string, Build>>
  readonly torso: readonly Pair[]
  readonly arm: readonly Pair[]
  readonly leg: readonly Pair[]
  readonly shin_bow: readonly Pair[]
  readonly cloth_below_knee: number
  readonly crotch: number
  readonly hand: { readonly length: number; readonly halves: readonly Pair[]; readonly thumb: number }
  readonly neck_half: number
  readonly face: readonly Pair[]
  readonly throat: number
  readonly foot: { readonly front: number; readonly side: number; readonly halves: readonly Pair[] }
  readonly hair: Readonly<Record<string, Hair>>
  readonly cuts: Readonly<Record<string, { readonly part: string; readonly shape: string } & Readonly<Record<string, unknown>>>>
}

export const figureData = file as unknown as FigureData

export const builds = Object.keys(file.builds) as BuildName[]

/** What was asked for cannot be drawn; the message is for the artist. */
export class FigureError extends Error {
  override readonly name = 'FigureError'
}
