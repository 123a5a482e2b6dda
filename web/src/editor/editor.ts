// The editor as one element: what it shows follows from the document and the settings. It knows nothing of ComfyUI.
import { apart, Document } from '../scene/document'
import { PARTS } from '../scene/parts'
import { resized, scaled } from '../scene/sizes'
import { filesOf, parseValue, type Value } from '../scene/value'
import { BaseLayer, type BaseMap } from './base'
import { closeCard, openBrokenCard, openSizeCard } from './cards'
import { h } from './dom'
import { Exchange } from './exchange'
import { Figures } from './figures'
import { Corners, partAt, type Context, type Sample } from './gestures'
import { listenToKeys } from './keys'
import { Marks } from './marks'
import { Menus } from './menus'
import { Notices } from './notices'
import { Palette } from './palette'
import { Photos } from './photos'
import { listen } from './pointer'
import { fetchFiles, keepFiles, stateFrom, uploadLayers, type Files, type Store } from './reading'
import { Screen } from './screen'
import { Settings, type Preferences } from './settings'
import { Stage } from './stage'
import { STYLES } from './styles'
import { Toolbar } from './toolbar'

export interface EditorOptions extends Store {
  /** The value is another one now. */
  onChange(): void
  onPreferences(preferences: Preferences): void
}

export class Editor {
  /** Goes where the editor is to be seen; may be moved. */
  readonly host: HTMLElement
  private readonly root = h('div', { class: 'hd-editor', tabindex: 0, 'data-capture-wheel': 'true', 'aria-label': 'Semantic pose editor' })
  private readonly settings = new Settings()
  private readonly notices = new Notices()
  private readonly document: Document
  private readonly stage: Stage
  private readonly palette: Palette
  private readonly toolbar: Toolbar
  private readonly marks: Marks
  private readonly context: Context
  private readonly corners: Corners
  private readonly base: BaseLayer
  private readonly figures: Figures
  private readonly photos: Photos
  private readonly screen: Screen
  private readonly here = h('span', { class: 'hd-here' })
  private readonly place = h('span')
  private readonly zoomButton: HTMLButtonElement
  /** What was opened but is not, or not yet, in the document: it is saved as it came. */
  private unread: string | null = null
  private closeBroken: (() => void) | null = null
  private opening = 0

  constructor(private readonly options: EditorOptions) {
    const { root, settings, notices } = this
    this.document = new Document({
      pixels: (rect, replaced) => {
        this.stage?.show(this.document.paper, rect)
        if (replaced) this.marks?.refresh()
      },
      committed: () => this.afterChange()
    })
    this.zoomButton = h('button', { type: 'button', class: 'hd-text-button', title: 'Show all (0)', onclick: () => this.stage.fit() })
    this.stage = new Stage((zoom) => (this.zoomButton.textContent = `${Math.round(zoom * 100)} %`))
    this.marks = new Marks(this.stage.marks, this.document, settings)
    this.context = { document: this.document, settings, lastPoint: null, showOutline: (points, closed) => this.marks.showOutline(points, closed) }
    this.corners = new Corners(this.context)
    this.base = new BaseLayer(this.document, notices)
    this.figures = new Figures(root, this.document, settings, this.marks, notices, this.base)
    this.photos = new Photos(this.document, this.stage, settings, notices, options)
    const exchange = new Exchange(this.document, this.photos, this.base, notices, options)
    const menus = new Menus(root, this.document, settings, this.base, this.photos, this.figures, exchange)
    this.palette = new Palette(settings, (part, anchor) => menus.openPart(part, anchor))
    this.host = h('div', { class: 'hd-host' }, root)
    this.screen = new Screen(this.host, root, (full) => this.toolbar.showFullScreen(full))
    this.toolbar = new Toolbar(this.document, settings, {
      figures: () => this.figures.open(),
      wardrobe: () => this.figures.openWardrobe(),
      size: () => this.openSize(),
      files: (anchor) => menus.openFiles(anchor),
      expand: () => this.screen.toggle()
    })
    root.append(
      h('style', {}, STYLES),
      this.toolbar.element,
      h('div', { class: 'hd-body' }, this.palette.element, h('div', { class: 'hd-side' }, this.stage.element, this.hint(), notices.element)),
      h('div', { class: 'hd-status' }, this.here, this.place, h('span', { class: 'hd-gap' }), this.photos.row, this.zoomButton)
    )
    exchange.listenToClipboard(root, () => this.value)
    exchange.listenToDrops(root)
    this.listen()
    settings.onChange(() => this.afterSettings())
    this.afterSettings()
    this.afterShow()
  }

  /** What is saved: the text that was opened, as long as it could not be read. */
  get value(): string {
    return this.unread ?? this.document.value()
  }

  /** Opens any value, also a broken or older one. */
  load(text: string): void {
    if (text === this.value) return
    const turn = ++this.opening
    this.unread = text
    this.closeBroken?.()
    this.closeBroken = null
    this.corners.clear()
    this.notices.clear()
    this.photos.drop()
    let value: Value | null
    try {
      value = parseValue(text)
      if (!value || filesOf(value).length === 0) return this.open(text, value, new Map())
    } catch (error) {
      return this.tellBroken(text, error)
    }
    const opened = value
    fetchFiles(opened, this.options).then(
      (files) => turn === this.opening && this.open(text, opened, files),
      (error) => turn === this.opening && this.tellBroken(text, error)
    )
  }

  /** Puts layers that are too large for the workflow into files, then gives the value. Rejects if that fails. */
  async flush(): Promise<string> {
    if (this.unread === null) await uploadLayers(this.document, this.options)
    return this.value
  }

  restorePreferences(saved: unknown): void {
    this.settings.restore(saved)
  }

  /** The photo of a connected node; one of the editor's own goes first. */
  setUnderlay(url: string | null): void {
    this.photos.setLinked(url)
  }

  /** The connected map after a run, or none. */
  setBase(base: BaseMap | null): Promise<void> {
    return this.base.set(base)
  }

  dispose(): void {
    this.opening++
    this.stage.dispose()
    this.screen.dispose()
    this.photos.drop()
  }

  private listen(): void {
    const { root } = this
    for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'mousedown', 'click', 'dblclick', 'wheel'] as const) {
      root.addEventListener(kind, (event) => event.stopPropagation())
    }
    // After a click on a tool or a part the keys are for the stage again; whoever came by Tab stays on the button.
    root.addEventListener('click', (event) => {
      const button = (event.target as Element).closest('.hd-bar button, .hd-palette button')
      if (event.detail > 0 && button && button === root.ownerDocument.activeElement) root.focus({ preventScroll: true })
    })
    const keys = listenToKeys(root, {
      document: this.document,
      settings: this.settings,
      stage: this.stage,
      corners: this.corners,
      figures: this.figures,
      toggleFullScreen: () => this.screen.toggle(),
      search: () => this.palette.search.focus(),
      closeCard: () => closeCard(root),
      ready: () => this.unread === null
    })
    listen(this.stage, this.context, this.corners, {
      hover: (sample) => this.showHover(sample),
      hold: (grip) => this.marks.hold(grip),
      looked: () => this.marks.looked,
      posed: (state, skeleton) => this.figures.posed(state, skeleton),
      settled: () => this.figures.tellLost(),
      spaceHeld: () => keys.space,
      ready: () => this.unread === null,
      onPick: (part) => this.settings.set({ part, tool: 'brush' })
    })
  }

  private open(text: string, value: Value | null, files: Files): void {
    try {
      this.document.open(value && stateFrom(value, files))
    } catch (error) {
      return this.tellBroken(text, error)
    }
    this.unread = null
    this.afterShow()
    if (value) keepFiles(this.document, value)
  }

  private tellBroken(text: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.document.open(null)
    this.unread = text
    this.afterShow()
    this.closeBroken = openBrokenCard(this.root, message, text, () => {
      this.unread = null
      this.closeBroken = null
      this.afterChange()
    })
  }

  private afterChange(): void {
    this.figures.afterChange()
    this.afterShow()
    this.options.onChange()
  }

  private afterShow(): void {
    this.palette.showCounts(this.document.paper.counts)
    this.toolbar.refresh()
    this.marks.refresh()
    this.photos.refresh()
    if (this.unread === null) this.figures.tellNone()
    this.root.classList.toggle('hd-blank', this.document.isBlank)
  }

  private afterSettings(): void {
    const { hidden, tool } = this.settings
    this.stage.setColours(hidden)
    const { paper } = this.document
    this.stage.show(paper, { x0: 0, y0: 0, x1: paper.width, y1: paper.height })
    this.root.dataset.tool = tool
    if (tool !== 'lasso') this.corners.clear()
    this.marks.refresh()
    this.photos.refresh()
    if (this.unread === null) this.figures.tellNone()
    this.options.onPreferences(this.settings.preferences())
  }

  private showHover(sample: Sample | null): void {
    this.marks.showBrush(sample)
    const part = sample && partAt(this.context, sample)
    this.here.textContent = part === null ? '' : PARTS[part].name
    this.place.textContent = part === null || !sample ? '' : `${Math.floor(sample.x)}, ${Math.floor(sample.y)}`
    this.palette.hint(part)
    if (!this.stage.isHeld) this.marks.look(part)
  }

  /** What to do with a blank map. */
  private hint(): HTMLElement {
    const start = h('button', { type: 'button', class: 'hd-action hd-first', onclick: () => this.figures.open() }, 'Start from a figure')
    return h('div', { class: 'hd-hint' }, h('div', {}, 'Choose a part and paint, drop a map or a photo, or'), start)
  }

  private openSize(): void {
    openSizeCard(this.root, this.document.paper, (size, how) => {
      const { current } = this.document
      const state = { ...(how === 'stretch' ? scaled(current, size) : resized(current, size)), base: apart(current.base) }
      this.document.change(this.figures.redrawn(state))
    })
  }
}
