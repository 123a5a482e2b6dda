// The garments of a figure by what they are; of equals, in the order given.
import type { Garment, Shape } from './garments'
import { OUTER, TOP } from './parts'

export class Wardrobe {
  readonly outers: readonly Garment[]
  readonly sleeved: readonly Garment[]
  private readonly inner: readonly Garment[]

  constructor(private readonly all: readonly Garment[]) {
    const bodices = [...this.of('bodice'), ...this.of('jumpsuit')]
    const others = bodices.filter(({ part }) => part !== OUTER)
    // A dress goes over a top.
    this.inner = [...others.filter(({ part }) => part === TOP), ...others.filter(({ part }) => part !== TOP)]
    this.outers = bodices.filter(({ part }) => part === OUTER)
    this.sleeved = [...this.inner, ...this.outers]
  }

  of(shape: Shape): Garment[] {
    return this.all.filter((garment) => garment.shape === shape)
  }

  lower(...parts: number[]): Garment[] {
    return [...this.of('trousers'), ...this.of('jumpsuit')].filter(({ part }) => parts.includes(part))
  }

  /** A top that ends above the hips goes under what begins at the waist. */
  tops(tucked: boolean): Garment[] {
    return this.inner.filter(({ hem, part }) => (part === TOP && hem < 1) === tucked)
  }
}
