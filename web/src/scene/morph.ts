// A part grown, shrunk, smoothed or exchanged for another. Each gives the map as it becomes; locked parts stay.
import type { Paper } from './paper'

/** The part takes over what lies within `pixels` of it. */
export function grown(paper: Paper, part: number, pixels: number, locked: Uint8Array): Uint8Array {
  const labels = paper.labels.slice()
  let edge = indicesOf(labels, part)
  for (let step = 0; step < pixels; step++) {
    const next: number[] = []
    for (const i of edge) {
      for (const j of neighbours(i, paper, step % 2 === 1)) {
        if (labels[j] === part || locked[labels[j]]) continue
        labels[j] = part
        next.push(j)
      }
    }
    edge = next
  }
  return labels
}

/** The part's rim, `pixels` wide, goes to its neighbours. */
export function shrunk(paper: Paper, part: number, pixels: number, locked: Uint8Array): Uint8Array {
  const labels = paper.labels.slice()
  if (locked[part]) return labels
  for (let step = 0; step < pixels; step++) {
    const lost: [number, number][] = []
    for (const i of indicesOf(labels, part)) {
      const other = neighbours(i, paper, step % 2 === 1).find((j) => labels[j] !== part)
      if (other !== undefined) lost.push([i, labels[other]])
    }
    for (const [i, label] of lost) labels[i] = label
  }
  return labels
}

/** The part's outline without what is thinner than about `pixels`: each place goes to whom most of its surroundings
 * belong. */
export function smoothed(paper: Paper, part: number, pixels: number, locked: Uint8Array): Uint8Array {
  const labels = paper.labels.slice()
  const share = blurred(blurred(maskOf(labels, part), paper, pixels), paper, pixels)
  let open: number[] = []
  for (let i = 0; i < labels.length; i++) {
    if (share[i] > 0.5 && labels[i] !== part && !locked[labels[i]]) labels[i] = part
    else if (share[i] <= 0.5 && labels[i] === part && !locked[part]) open.push(i)
  }
  // What the part gives up is filled from its surroundings inwards.
  const pending = new Set(open)
  while (open.length > 0) {
    const filled: [number, number][] = []
    for (const i of open) {
      const from = neighbours(i, paper, true).find((j) => !pending.has(j) && labels[j] !== part)
      if (from !== undefined) filled.push([i, labels[from]])
    }
    if (filled.length === 0) break
    for (const [i, label] of filled) {
      labels[i] = label
      pending.delete(i)
    }
    open = open.filter((i) => pending.has(i))
  }
  return labels
}

/** All pixels of a part become another. */
export function exchanged(paper: Paper, part: number, other: number, locked: Uint8Array): Uint8Array {
  return locked[part] ? paper.labels : paper.labels.map((label) => (label === part ? other : label))
}

/** Left and right change places. */
export function flipped(values: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(values.length)
  for (let row = 0; row < values.length; row += width) {
    for (let x = 0; x < width; x++) out[row + x] = values[row + width - 1 - x]
  }
  return out
}

/** Left and right change places about a line; what comes from beyond the page is 0. */
export function flippedAbout(values: Uint8Array, { width }: { width: number }, axis: number): Uint8Array {
  const out = new Uint8Array(values.length)
  const sum = Math.round(2 * axis) - 1
  for (let row = 0; row < values.length; row += width) {
    for (let x = Math.max(0, sum - width + 1); x <= Math.min(width - 1, sum); x++) out[row + x] = values[row + sum - x]
  }
  return out
}

function indicesOf(labels: Uint8Array, part: number): number[] {
  const found: number[] = []
  for (let i = 0; i < labels.length; i++) if (labels[i] === part) found.push(i)
  return found
}

function maskOf(labels: Uint8Array, part: number): Float32Array {
  return Float32Array.from(labels, (label) => (label === part ? 1 : 0))
}

function neighbours(i: number, size: { width: number; height: number }, diagonal: boolean): number[] {
  const { width, height } = size
  const x = i % width
  const y = (i - x) / width
  const found: number[] = []
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      if ((dx === 0 && dy === 0) || (!diagonal && dx !== 0 && dy !== 0)) continue
      if (x + dx < 0 || y + dy < 0 || x + dx >= width || y + dy >= height) continue
      found.push(i + dy * width + dx)
    }
  }
  return found
}

/** Mean over a square of 2 r + 1; beyond the border the border's own value goes on. */
function blurred(values: Float32Array, size: { width: number; height: number }, r: number): Float32Array {
  const { width, height } = size
  return slid(slid(values, width, 1, height, width, r), height, width, width, 1, r)
}

function slid(from: Float32Array, length: number, step: number, lines: number, line: number, r: number): Float32Array {
  const to = new Float32Array(from.length)
  const at = (base: number, k: number) => from[base + Math.min(length - 1, Math.max(0, k)) * step]
  for (let n = 0; n < lines; n++) {
    const base = n * line
    let sum = 0
    for (let k = -r; k <= r; k++) sum += at(base, k)
    for (let k = 0; k < length; k++) {
      to[base + k * step] = sum / (2 * r + 1)
      sum += at(base, k + r + 1) - at(base, k - r)
    }
  }
  return to
}
