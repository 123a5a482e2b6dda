// A connected map below the paint. When it becomes another one the artist says what happens to the edits.
import { blankState, repose, type Document, type State } from '../scene/document'
import { decodePng, type Decoded } from '../scene/png'
import { fitsPage, scaled, wrongSize } from '../scene/sizes'
import type { Notices } from './notices'

/** A connected map, as the last run left it. */
export interface BaseMap {
  readonly hash: string
  readonly url: string
}

export class BaseLayer {
  private base: { readonly hash: string; readonly map: Decoded } | null = null
  /** Runs and links that were heard of; a map that comes late is for none of the later ones. */
  private heard = 0

  constructor(
    private readonly document: Document,
    private readonly notices: Notices
  ) {}

  /** The connected map after a run, or none. */
  async set(base: BaseMap | null): Promise<void> {
    const turn = ++this.heard
    if (!base) {
      this.base = null
      return
    }
    if (base.hash === this.base?.hash && !this.document.isBlank) return
    const map = await decodePng(new Uint8Array(await (await fetch(base.url)).arrayBuffer()))
    if (!map || turn !== this.heard) return
    if (!fitsPage(map)) return this.notices.tell('base', `The connected map cannot be edited: ${wrongSize(map)}. It goes on as it is.`)
    this.base = { hash: base.hash, map }
    const { current } = this.document
    if (current.base?.hash === base.hash) return
    // Not a step of the artist's: nothing is there to go back to.
    if (this.document.isBlank) return this.document.begin(this.laidOn('discard'))
    this.notices.tell('base', current.base ? 'The connected map has changed.' : 'A map is connected now.', [
      ['Re-apply my edits', () => this.take('reapply')],
      ['Keep my map', () => this.take('keep')],
      ['Discard my edits', () => this.take('discard')]
    ])
  }

  /** A map that has nothing of the connected one below it: it is kept as it is, whatever is connected. */
  own(state: State): State {
    return { ...state, base: this.base && { hash: this.base.hash, policy: 'keep' } }
  }

  private take(how: 'reapply' | 'keep' | 'discard'): void {
    if (this.base) this.document.change(this.laidOn(how))
  }

  /** The document with the connected map below its paint, in its place, or only known. */
  private laidOn(how: 'reapply' | 'keep' | 'discard'): State {
    const { current } = this.document
    if (!this.base || how === 'keep') return this.own(current)
    const { hash, map } = this.base
    const before = how === 'discard' ? { ...blankState(map), photo: current.photo } : scaled(current, map)
    return repose(before, map.labels, { base: { hash, policy: 'reapply' }, skeleton: null })
  }
}
