// SHA-256 (FIPS 180-4), since the browser's own is missing on pages that come over plain http from another machine.

const ROOTS = primes(64)
const K = Uint32Array.from(ROOTS, (prime) => fraction(Math.cbrt(prime)))
const START = ROOTS.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))

/** 64 hex digits. */
export function sha256(bytes: Uint8Array): string {
  const blocks = Math.ceil((bytes.length + 9) / 64)
  const data = new DataView(new ArrayBuffer(blocks * 64))
  new Uint8Array(data.buffer).set(bytes)
  data.setUint8(bytes.length, 0x80)
  data.setUint32(blocks * 64 - 8, Math.floor(bytes.length / 2 ** 29))
  data.setUint32(blocks * 64 - 4, bytes.length << 3)
  const state = Uint32Array.from(START)
  const w = new Uint32Array(64)
  for (let block = 0; block < blocks; block++) {
    for (let t = 0; t < 16; t++) w[t] = data.getUint32(block * 64 + t * 4)
    for (let t = 16; t < 64; t++) {
      const s0 = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >>> 3)
      const s1 = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >>> 10)
      w[t] = w[t - 16] + s0 + w[t - 7] + s1
    }
    mix(state, w)
  }
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('')
}

function mix(state: Uint32Array, w: Uint32Array): void {
  let [a, b, c, d, e, f, g, h] = state
  for (let t = 0; t < 64; t++) {
    const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((word, k) => (state[k] += word))
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) >>> 0
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
