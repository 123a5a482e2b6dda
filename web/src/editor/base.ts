// A connected map below the paint. When it becomes another one the artist says what happens to the edits.
import { blankState, repose, type Document, type State } from '../scene/document'
import { decodePng, type Decoded } from '../scene/png'
import { scaled } from '../scene/sizes'
import type { Notices } from './notices'

/** A connected map, as the last run left it. */
export interface BaseMap {
  readonly hash: string
  readonly url: string
}

export class BaseLayer {
  private base: { readonly hash: string; readonly map: Decoded } | null = null

  constructor(
    private readonly document: Document,
    private readonly notices: Notices
  ) {}

  /** The connected map after a run, or none. */
  async set(base: BaseMap | null): Promise<void> {
    if (!base) {
      this.base = null
      return
    }
    if (base.hash === this.base?.hash) return
    const map = await decodePng(new Uint8Array(await (await fetch(base.url)).arrayBuffer()))
    if (!map) return
    this.base = { hash: base.hash, map }
    const { current } = this.document
    if (current.base?.hash === base.hash) return
    if (this.document.isBlank) return this.take('discard')
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
    if (!this.base) return
    const { hash, map } = this.base
    const { current } = this.document
    if (how === 'keep') return this.document.change({ base: { hash, policy: 'keep' } })
    const base = { hash, policy: 'reapply' as const }
    const before = how === 'discard' ? { ...blankState(map), photo: current.photo } : scaled(current, map)
    this.document.change(repose(before, map.labels, { base, skeleton: null }))
  }
}
