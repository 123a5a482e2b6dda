// The photo under the map: one that was dropped here is kept as a file that the value names, so it is there again after a
// reload; that of a linked node comes second.
import type { Document } from '../scene/document'
import { h } from './dom'
import type { Notices } from './notices'
import type { Store } from './reading'
import type { Settings } from './settings'
import type { Stage } from './stage'

export class Photos {
  /** How much of the map shows over it. */
  readonly row: HTMLElement
  private readonly opacity = h('input', { type: 'range', min: 0, max: 100, 'aria-label': 'Opacity of the map over the photo' })
  private linked: string | null = null
  /** A photo that has no file, or not yet. */
  private loose: string | null = null
  /** A file that is not there. */
  private missing: string | null = null

  constructor(
    private readonly document: Document,
    private readonly stage: Stage,
    private readonly settings: Settings,
    private readonly notices: Notices,
    private readonly store: Store
  ) {
    this.row = h('label', { class: 'hd-field', hidden: true, title: 'Opacity of the map over the photo' }, 'Map', this.opacity)
    this.opacity.addEventListener('input', () => settings.set({ opacity: Number(this.opacity.value) / 100 }))
    stage.onPhotoMissing = () => this.tellMissing()
  }

  get isOwn(): boolean {
    return this.loose !== null || this.document.current.photo !== null
  }

  setLinked(url: string | null): void {
    this.linked = url
    this.refresh()
  }

  /** Shows a photo at once, and keeps it as a file. */
  async take(file: Blob): Promise<void> {
    this.drop()
    const shown = URL.createObjectURL(file)
    this.loose = shown
    this.refresh()
    try {
      const photo = await this.store.upload(file)
      if (this.loose !== shown) return
      this.drop()
      this.document.change({ photo })
    } catch (error) {
      if (this.loose === shown) this.notices.tell('photo', `The photo shows only until this page is left: ${(error as Error).message}.`)
    }
  }

  remove(): void {
    this.drop()
    if (this.document.current.photo !== null) this.document.change({ photo: null })
    this.refresh()
  }

  refresh(): void {
    const { photo } = this.document.current
    const url = this.loose ?? (photo === null || photo === this.missing ? this.linked : this.store.address(photo))
    if (photo !== this.missing) this.notices.forget('missing-photo')
    this.stage.setPhoto(url)
    this.stage.setOpacity(this.settings.opacity)
    this.opacity.value = String(Math.round(this.settings.opacity * 100))
    this.row.hidden = url === null
  }

  /** Lets go of a photo that has no file. */
  drop(): void {
    if (this.loose) URL.revokeObjectURL(this.loose)
    this.loose = null
  }

  private tellMissing(): void {
    const { photo } = this.document.current
    if (photo === null || this.loose || photo === this.missing) return
    this.missing = photo
    this.refresh()
    const text = `The photo under the map, ${photo.replace(/ \[input\]$/, '')}, is not in this ComfyUI's input folder. The map is whole.`
    this.notices.tell('missing-photo', text, [['Forget the photo', () => this.remove()]])
  }
}
