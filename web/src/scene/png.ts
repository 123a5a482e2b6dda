// Indexed PNGs, written and read: the pixel value is the part. What a canvas gives back are colours, not indices.
import { PARTS } from './parts'
import type { Size } from './rect'

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]

export async function encodePng(labels: Uint8Array, size: Size): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height } = size
  const raw = new Uint8Array((width + 1) * height)
  for (let y = 0; y < height; y++) raw.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  header.setUint8(8, 8)
  header.setUint8(9, 3)
  return joined([
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('PLTE', Uint8Array.from(PARTS.flatMap((part) => part.colour))),
    chunk('IDAT', await through(raw, new CompressionStream('deflate'))),
    chunk('IEND', new Uint8Array())
  ])
}

export interface Decoded extends Size {
  readonly labels: Uint8Array
}

/** The parts of an indexed or grey PNG; null if the file is anything else (a photo, say). */
export async function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Decoded | null> {
  if (!SIGNATURE.every((byte, k) => bytes[k] === byte)) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let palette = new Uint8Array()
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at)
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const data = bytes.slice(at + 8, at + 8 + length)
    if (kind === 'IDAT') parts.push(data)
    if (kind === 'PLTE') palette = data
    at += length + 12
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const [depth, colour, interlaced] = [bytes[24], bytes[25], bytes[28]]
  if ((colour !== 3 && colour !== 0) || depth > 8 || interlaced) return null
  const raw = await through(joined(parts), new DecompressionStream('deflate'))
  const labels = unpacked(unfiltered(raw, Math.ceil((width * depth) / 8), height), width, height, depth)
  const ours = colour === 3 ? byColour(labels, palette) : labels
  return ours.some((label) => label >= PARTS.length) ? null : { width, height, labels: ours }
}

/** The parts of pixels in our colours, RGBA; null if there is any other colour. */
export function labelsOfColours(rgba: Uint8ClampedArray): Uint8Array | null {
  const known = new Map(PARTS.map((part) => [(part.colour[0] << 16) | (part.colour[1] << 8) | part.colour[2], part.index]))
  const labels = new Uint8Array(rgba.length / 4)
  for (let i = 0; i < labels.length; i++) {
    const label = known.get((rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2])
    if (label === undefined) return null
    labels[i] = label
  }
  return labels
}

/** Some tools reorder a palette: if all colours in use are ours, these count. */
function byColour(labels: Uint8Array, palette: Uint8Array): Uint8Array {
  const places = Array.from({ length: palette.length / 3 }, (_, k) =>
    PARTS.findIndex((part) => part.colour.every((value, channel) => value === palette[3 * k + channel]))
  )
  return labels.every((label) => (places[label] ?? -1) >= 0) ? labels.map((label) => places[label]) : labels
}

function unfiltered(raw: Uint8Array, stride: number, height: number): Uint8Array {
  const out = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const left = x > 0 ? out[y * stride + x - 1] : 0
      const up = y > 0 ? out[(y - 1) * stride + x] : 0
      const corner = x > 0 && y > 0 ? out[(y - 1) * stride + x - 1] : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
      out[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

function unpacked(rows: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  if (depth === 8) return rows
  const stride = rows.length / height
  const out = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth
      out[y * width + x] = (rows[y * stride + (bit >> 3)] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1)
    }
  }
  return out
}

function chunk(kind: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 12)
  const view = new DataView(out.buffer)
  view.setUint32(0, data.length)
  out.set([...kind].map((letter) => letter.charCodeAt(0)), 4)
  out.set(data, 8)
  view.setUint32(data.length + 8, crc(out.subarray(4, data.length + 8)))
  return out
}

function crc(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) {
    rest ^= byte
    for (let k = 0; k < 8; k++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0)
  }
  return ~rest >>> 0
}

async function through(bytes: Uint8Array<ArrayBuffer>, transform: GenericTransformStream): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(transform as ReadableWritablePair)).arrayBuffer())
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
