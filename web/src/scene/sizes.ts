// A map on paper of another size.
import { once, type State } from './document'
import { paperOf } from './paper'
import type { Size } from './rect'
import { SIDES } from './value'

/** Whether a map of this size can be edited. */
export function fitsPage({ width, height }: Size): boolean {
  return Math.min(width, height) >= SIDES[0] && Math.max(width, height) <= SIDES[1]
}

/** What to say where it cannot. */
export function wrongSize({ width, height }: Size): string {
  return `it has ${width} x ${height} pixels, the editor takes sides of ${SIDES[0]} to ${SIDES[1]}`
}

/** Another size of paper: the map stays in the middle, cut or with background around it. */
export function resized(state: State, size: Size): State {
  const { paper } = state
  const dx = Math.round((size.width - paper.width) / 2)
  const dy = Math.round((size.height - paper.height) / 2)
  const moved = (values: Uint8Array) => {
    const out = new Uint8Array(size.width * size.height)
    const x0 = Math.max(0, dx)
    const x1 = Math.min(size.width, dx + paper.width)
    for (let y = Math.max(0, dy); y < Math.min(size.height, dy + paper.height); y++) {
      const from = (y - dy) * paper.width - dx
      out.set(values.subarray(from + x0, from + x1), y * size.width + x0)
    }
    return out
  }
  const skeleton = state.skeleton && {
    ...state.skeleton,
    keypoints: state.skeleton.keypoints.map(([x, y, c]): [number, number, number] => [x + dx, y + dy, c])
  }
  return {
    ...state,
    skeleton,
    under: once(() => moved(state.under())),
    paper: paperOf(size, moved(paper.labels), moved(paper.painted)),
    source: undefined
  }
}

/** Another size of paper, the map stretched to it. */
export function scaled(state: State, size: Size): State {
  const { paper } = state
  const stretched = (values: Uint8Array) => {
    const out = new Uint8Array(size.width * size.height)
    for (let y = 0, i = 0; y < size.height; y++) {
      const row = Math.min(paper.height - 1, Math.floor(((y + 0.5) * paper.height) / size.height)) * paper.width
      for (let x = 0; x < size.width; x++, i++) {
        out[i] = values[row + Math.min(paper.width - 1, Math.floor(((x + 0.5) * paper.width) / size.width))]
      }
    }
    return out
  }
  const skeleton = state.skeleton && {
    ...state.skeleton,
    keypoints: state.skeleton.keypoints.map(([x, y, c]): [number, number, number] => [
      (x * size.width) / paper.width,
      (y * size.height) / paper.height,
      c
    ])
  }
  return {
    ...state,
    skeleton,
    under: once(() => stretched(state.under())),
    paper: paperOf(size, stretched(paper.labels), stretched(paper.painted)),
    source: undefined
  }
}
