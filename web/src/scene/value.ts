// The editor's value: versioned JSON, as docs/editor_value.md tells and humandiffusion/pose/editor_value.py reads it.
import { PARTS } from './parts'
import type { Size } from './rect'
import { decodeRuns } from './runs'

export const VERSION = 1
export const SIDES: readonly [number, number] = [8, 4096]
export const DEFAULT_SIZE: Size = { width: 512, height: 768 }
/** Layers whose text is longer go to a file. */
export const INLINE_LIMIT = 200_000

export type Policy = 'reapply' | 'keep'
export type Layer = { readonly rle: string } | { readonly file: string }
export type Keypoint = [x: number, y: number, confidence: number]

/** The posed figure. What a garment holds is the figure's business. */
export interface Skeleton {
  readonly keypoints: readonly Keypoint[]
  readonly garments: readonly Record<string, unknown>[]
  readonly stance?: Record<string, unknown>
  readonly build: string
}

export interface Base {
  readonly hash: string
  readonly policy: Policy
}

export interface Value extends Size {
  readonly version: number
  readonly labels: Layer
  readonly painted: Layer | null
  readonly skeleton: Skeleton | null
  readonly base: Base | null
  /** The file of a photo that lies under the map. */
  readonly photo: string | null
}

/** Pixels of a value's layers, once all are here. */
export interface Layers {
  readonly labels: Uint8Array
  readonly painted: Uint8Array
}

/** Reads what a workflow saved; null for a blank one. Throws an Error whose message is for the artist. */
export function parseValue(text: string): Value | null {
  if (text.trim() === '') return null
  const data = asObject(parseJson(text), 'the value')
  if (Number(data.version) > VERSION) throw new Error('A newer HumanDiffusion saved this map. Update the pack to open it.')
  whole(data, 'version', [1, VERSION])
  return {
    version: VERSION,
    width: whole(data, 'width', SIDES),
    height: whole(data, 'height', SIDES),
    labels: asLayer(data.labels, 'labels'),
    painted: data.painted == null ? null : asLayer(data.painted, 'painted'),
    skeleton: data.skeleton == null ? null : asSkeleton(data.skeleton),
    base: data.base == null ? null : asBase(data.base),
    photo: typeof data.photo === 'string' ? data.photo : null
  }
}

/** A value without a photo does not name one. */
export function serialiseValue(value: Omit<Value, 'photo'> & { readonly photo?: string }): string {
  return JSON.stringify(value)
}

/** The names of the files that a value needs. */
export function filesOf(value: Value): string[] {
  return [value.labels, value.painted].flatMap((layer) => (layer && 'file' in layer ? [layer.file] : []))
}

/** The pixels of both layers; `files` holds those that were uploaded. Throws an Error for the artist. */
export function layersOf(value: Value, files: ReadonlyMap<string, Uint8Array>): Layers {
  const read = (layer: Layer, classes: number, name: string) => {
    if ('rle' in layer) return decodeRuns(layer.rle, value, classes, name)
    const pixels = files.get(layer.file)
    if (pixels?.length !== value.width * value.height) throw new Error(`${name}: ${layer.file} is missing or of another size`)
    return pixels
  }
  const area = value.width * value.height
  return {
    labels: read(value.labels, PARTS.length, 'labels'),
    painted: value.painted ? read(value.painted, 2, 'painted') : new Uint8Array(area)
  }
}

type Json = Record<string, unknown>

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`This is not JSON (${(error as Error).message})`)
  }
}

function asObject(data: unknown, name: string): Json {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new Error(`${name}: wanted an object`)
  return data as Json
}

function whole(data: Json, name: string, [low, high]: readonly [number, number]): number {
  const number = data[name]
  if (typeof number !== 'number' || !Number.isInteger(number) || number < low || number > high) {
    throw new Error(`${name}: got ${JSON.stringify(number)}, wanted a whole number from ${low} to ${high}`)
  }
  return number
}

function asLayer(data: unknown, name: string): Layer {
  const layer = asObject(data, name)
  if (typeof layer.rle === 'string') return { rle: layer.rle }
  if (typeof layer.file === 'string') return { file: layer.file }
  throw new Error(`${name}: wanted "rle" or "file"`)
}

function asSkeleton(data: unknown): Skeleton {
  const skeleton = asObject(data, 'skeleton')
  const keypoints = skeleton.keypoints
  if (!Array.isArray(keypoints) || keypoints.length !== 18 || !keypoints.every(isKeypoint)) {
    throw new Error('skeleton: wanted 18 keypoints of x, y and confidence')
  }
  return {
    keypoints,
    garments: Array.isArray(skeleton.garments) ? skeleton.garments.map((item) => asObject(item, 'garment')) : [],
    ...(skeleton.stance == null ? {} : { stance: asObject(skeleton.stance, 'stance') }),
    build: typeof skeleton.build === 'string' ? skeleton.build : 'average'
  }
}

function isKeypoint(point: unknown): point is Keypoint {
  return Array.isArray(point) && point.length === 3 && point.every((value) => Number.isFinite(value) && Math.abs(value) < 1e6)
}

function asBase(data: unknown): Base {
  const { hash, policy } = asObject(data, 'base')
  if (typeof hash !== 'string' || hash.length > 64 || (policy !== 'keep' && policy !== 'reapply')) {
    throw new Error('base: wanted a hash and a policy, reapply or keep')
  }
  return { hash, policy }
}
