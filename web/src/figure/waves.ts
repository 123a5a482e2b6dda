// The unsteadiness of all outlines: two waves move each place to the right, two down. Wavelengths are shares of the map's
// height, so that a map drawn larger is the same map; they have no common divisor.
import { sineCosine } from './angles'
import type { Size } from './canvas'

/** No place moves by more than so many amplitudes. */
export const REACH = 1.6
const RIGHT = [{ y: 13, phase: 0.7, x: 5 }, { y: 31, phase: 2.1, x: -17 }] as const
const DOWN = [{ y: 7, phase: 1.9, x: 11 }, { y: 19, phase: 0.3, x: 29 }] as const

interface Wave {
  readonly y: number
  readonly phase: number
  readonly x: number
}

interface Sines {
  readonly sine: Float64Array
  readonly cosine: Float64Array
}

/** By how much places move, in amplitudes. */
export class Waves {
  readonly right: Float64Array
  readonly down: Float64Array
  private readonly tables: readonly (readonly [Float64Array, readonly Sines[], readonly Sines[]])[]

  constructor({ width, height }: Size) {
    const turn = (2 * Math.PI) / height
    const across = (waves: readonly Wave[]) => waves.map(({ x }) => sinesOf(width, x * turn, 0))
    const along = (waves: readonly Wave[]) => waves.map(({ y, phase }) => sinesOf(height, y * turn, phase))
    this.right = new Float64Array(width)
    this.down = new Float64Array(width)
    this.tables = [
      [this.right, along(RIGHT), across(RIGHT)],
      [this.down, along(DOWN), across(DOWN)]
    ]
  }

  /** Of the places x0 up to x1 in a row, each at its x; until the next row is asked for. */
  row(y: number, x0: number, x1: number): { readonly right: Float64Array; readonly down: Float64Array } {
    for (const [shift, along, across] of this.tables) addWaves(shift, along, across, y, x0, x1)
    return this
  }
}

/** sin(y + x) of both waves, the second 0.6 as high, from one sine and cosine of each y and x. */
function addWaves(shift: Float64Array, along: readonly Sines[], across: readonly Sines[], y: number, x0: number, x1: number): void {
  const [sine, cosine] = [along[0].sine[y], along[0].cosine[y]]
  const [sine2, cosine2] = [along[1].sine[y], along[1].cosine[y]]
  const { sine: sines, cosine: cosines } = across[0]
  const { sine: sines2, cosine: cosines2 } = across[1]
  for (let x = x0; x < x1; x++) {
    const first = sine * cosines[x] + cosine * sines[x]
    shift[x] = first + 0.6 * (sine2 * cosines2[x] + cosine2 * sines2[x])
  }
}

function sinesOf(count: number, turn: number, phase: number): Sines {
  const sine = new Float64Array(count)
  const cosine = new Float64Array(count)
  for (let i = 0; i < count; i++) [sine[i], cosine[i]] = sineCosine(turn * i + phase)
  return { sine, cosine }
}
