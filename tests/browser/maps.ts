// Maps and pictures that tests compare and make.

export function at(labels: Uint8Array, x: number, y: number, width = 512): number {
  return labels[Math.floor(y) * width + Math.floor(x)]
}

// Whole maps in a failure's report would bury it.
export function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.from(a).equals(Buffer.from(b))
}

/** How many pixels of a part there are. */
export function count(labels: Uint8Array, part: number): number {
  return labels.reduce((sum, label) => sum + Number(label === part), 0)
}

/** The box around a part: left, top, right, bottom, the last two outside. */
export function boxOf(labels: Uint8Array, part: number, width = 512): [number, number, number, number] {
  const places = [...labels.keys()].filter((i) => labels[i] === part)
  const [xs, ys] = [places.map((i) => i % width), places.map((i) => Math.floor(i / width))]
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -1)
  return [least(xs), least(ys), most(xs) + 1, most(ys) + 1]
}

/** The smallest PNG there is. */
export function photo(): Uint8Array<ArrayBuffer> {
  const text = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** A value whose every pixel is another part than the one before it: the longest text there is. */
export function noisyValue(): string {
  const [width, height] = [512, 512]
  const rle = Array.from({ length: width * height }, (_, i) => String.fromCharCode(65 + ((i * 7) % 24))).join('')
  return JSON.stringify({ version: 1, width, height, labels: { rle }, painted: null, skeleton: null, base: null })
}
