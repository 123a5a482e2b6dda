// Full screen: the same element in a dialog over the page, and back at its place when that closes.
import { h } from './dom'

export class Screen {
  private dialog: HTMLDialogElement | null = null

  constructor(
    private readonly host: HTMLElement,
    private readonly root: HTMLElement,
    private readonly onToggle: (full: boolean) => void
  ) {}

  toggle(): void {
    if (this.dialog) return this.dialog.close()
    const dialog = h('dialog', { class: 'hd-dialog', 'aria-label': 'Semantic pose editor' }, this.root)
    this.dialog = dialog
    dialog.addEventListener('close', () => {
      this.dialog = null
      this.host.append(this.root)
      dialog.remove()
      this.onToggle(false)
      this.root.focus({ preventScroll: true })
    })
    this.host.ownerDocument.body.append(dialog)
    dialog.showModal()
    this.onToggle(true)
    this.root.focus({ preventScroll: true })
  }

  dispose(): void {
    this.dialog?.remove()
  }
}
