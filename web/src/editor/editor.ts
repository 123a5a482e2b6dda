// The editor as one element: what it shows follows from the document and the settings. It knows nothing of ComfyUI.
import { blankState, Document, repose, resized, scaled, type State } from '../scene/document'
import { exchanged, flipped, grown, shrunk, smoothed } from '../scene/morph'
import { paperOf } from '../scene/paper'
import { PARTS } from '../scene/parts'
import { decodePng, encodePng, labelsOfColours, type Decoded } from '../scene/png'
import { drawSkeleton, freshFigure, mirroredSkeleton, posed, scaledSkeleton, type Grip } from '../scene/posing'
import type { Point } from '../scene/strokes'
import { filesOf, INLINE_LIMIT, layersOf, parseValue, type Skeleton, type Value } from '../scene/value'
import { openBrokenCard, openGallery, openSizeCard } from './cards'
import { h, s } from './dom'
import { Corners, partAt, type Context, type Sample } from './gestures'
import { Joints } from './joints'
import { openMenu, type Item } from './menu'
import { Palette } from './palette'
import { listen } from './pointer'
import { Settings, type Preferences } from './settings'
import { Stage } from './stage'
import { STYLES } from './styles'
import { TOOL_KEYS, Toolbar } from './toolbar'
import { openWardrobe } from './wardrobe'

export interface EditorOptions {
  /** The value is another one now. */
  onChange(): void
  onPreferences(preferences: Preferences): void
  /** Keeps a file for good under a name made of its content; gives the name that goes into the value. */
  upload(png: Uint8Array<ArrayBuffer>): Promise<string>
  /** The bytes of such a file. */
  download(name: string): Promise<Uint8Array<ArrayBuffer>>
}

/** A connected map, as the last run left it. */
export interface BaseMap {
  readonly hash: string
  readonly url: string
}

export class Editor {
  /** Goes where the editor is to be seen; may be moved. */
  readonly host: HTMLElement
  private readonly root: HTMLElement
  private readonly settings = new Settings()
  private readonly document: Document
  private readonly stage: Stage
  private readonly palette: Palette
  private readonly toolbar: Toolbar
  private readonly joints = new Joints()
  private readonly context: Context
  private readonly corners: Corners
  private readonly cursor = [s('circle', { class: 'hd-cursor-rim' }), s('circle', { class: 'hd-cursor' })]
  private readonly outline = s('path', { class: 'hd-outline', d: '' })
  private readonly axis = s('line', { class: 'hd-axis' })
  private readonly here = h('span', { class: 'hd-here' })
  private readonly place = h('span')
  private readonly zoomButton: HTMLButtonElement
  private readonly notices = h('div', { class: 'hd-notices', 'aria-live': 'polite' })
  private readonly photoRow: HTMLElement
  private readonly opacity = h('input', { type: 'range', min: 0, max: 100, 'aria-label': 'Opacity of the map over the photo' })
  private dialog: HTMLDialogElement | null = null
  /** What was opened but is not, or not yet, in the document: it is saved as it came. */
  private unread: string | null = null
  private closeBroken: (() => void) | null = null
  private opening = 0
  private space = false
  private linkedPhoto: string | null = null
  private droppedPhoto: string | null = null
  private held: Grip | null = null
  private base: { readonly hash: string; readonly map: Decoded } | null = null

  constructor(private readonly options: EditorOptions) {
    this.document = new Document({
      pixels: (rect, replaced) => {
        this.stage?.show(this.document.paper, rect)
        if (replaced) this.refreshMarks()
      },
      committed: () => this.afterChange()
    })
    this.stage = new Stage((zoom) => this.showZoom(zoom))
    const context: Context = {
      document: this.document,
      settings: this.settings,
      lastPoint: null,
      showOutline: (points, closed) => this.showOutline(points, closed)
    }
    this.context = context
    this.corners = new Corners(context)
    this.palette = new Palette(this.settings, (part, anchor) => this.openPartMenu(part, anchor))
    this.toolbar = new Toolbar(this.document, this.settings, {
      figures: () => this.openFigures(),
      wardrobe: () => this.openWardrobe(),
      size: () => this.openSize(),
      files: (anchor) => this.openFileMenu(anchor),
      expand: () => this.toggleFullScreen()
    })
    this.zoomButton = h('button', { type: 'button', class: 'hd-text-button', title: 'Show all (0)', onclick: () => this.stage.fit() })
    this.photoRow = h('label', { class: 'hd-field', hidden: true, title: 'Opacity of the map over the photo' }, 'Map', this.opacity)
    this.opacity.addEventListener('input', () => this.settings.set({ opacity: Number(this.opacity.value) / 100 }))
    this.stage.marks.append(this.axis, this.outline, this.joints.group, ...this.cursor)
    this.root = h(
      'div',
      {
        class: 'hd-editor',
        tabindex: 0,
        'data-capture-wheel': 'true',
        'aria-label': 'Semantic pose editor',
        onkeydown: (event: KeyboardEvent) => this.onKey(event),
        onkeyup: (event: KeyboardEvent) => this.onKeyUp(event)
      },
      h('style', {}, STYLES),
      this.toolbar.element,
      h('div', { class: 'hd-body' }, this.palette.element, h('div', { class: 'hd-side' }, this.stage.element, this.hint(), this.notices)),
      h('div', { class: 'hd-status' }, this.here, this.place, h('span', { class: 'hd-gap' }), this.photoRow, this.zoomButton)
    )
    this.host = h('div', { class: 'hd-host' }, this.root)
    for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'mousedown', 'mouseup', 'click', 'dblclick', 'wheel'] as const) {
      this.root.addEventListener(kind, (event) => kind !== 'mouseup' && event.stopPropagation())
    }
    this.listenToClipboard()
    this.listenToDrops()
    listen(this.stage, context, this.corners, {
      hover: (sample) => this.showHover(sample),
      hold: (grip) => this.hold(grip),
      stranded: (pixels) => this.tellStranded(pixels),
      spaceHeld: () => this.space,
      onPick: (part) => this.settings.set({ part, tool: 'brush' })
    })
    this.settings.onChange(() => this.refreshSettings())
    this.refreshSettings()
    this.stage.show(this.document.paper, { x0: 0, y0: 0, x1: 1, y1: 1 })
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
    this.notices.replaceChildren()
    let value: Value | null
    try {
      value = parseValue(text)
      if (!value || filesOf(value).length === 0) return this.open(text, value, new Map())
    } catch (error) {
      return this.tellBroken(text, error)
    }
    const opened = value
    this.fetchFiles(opened).then(
      (files) => turn === this.opening && this.open(text, opened, files),
      (error) => turn === this.opening && this.tellBroken(text, error)
    )
  }

  /** Puts layers that are too large for the workflow into files, then gives the value. Rejects if that fails. */
  async flush(): Promise<string> {
    if (this.unread !== null) return this.unread
    const { width, height } = this.document.paper
    for (const { text, pixels } of this.document.pendingTexts(INLINE_LIMIT)) {
      const name = await this.options.upload(await encodePng(pixels.slice(), { width, height }))
      this.document.keepFile(text, name)
    }
    return this.value
  }

  restorePreferences(saved: unknown): void {
    this.settings.restore(saved)
  }

  /** The photo of a connected node; one that was dropped goes first. */
  setUnderlay(url: string | null): void {
    this.linkedPhoto = url
    this.showPhoto()
  }

  /** The connected map after a run, or none. */
  async setBase(base: BaseMap | null): Promise<void> {
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
    if (this.document.isBlank) return this.takeBase('discard')
    this.notify(current.base ? 'The connected map has changed.' : 'A map is connected now.', [
      ['Re-apply my edits', () => this.takeBase('reapply')],
      ['Keep my map', () => this.takeBase('keep')],
      ['Discard my edits', () => this.takeBase('discard')]
    ])
  }

  dispose(): void {
    this.opening++
    this.stage.dispose()
    this.dialog?.remove()
    this.forgetDropped()
  }

  private open(text: string, value: Value | null, files: ReadonlyMap<string, Uint8Array>): void {
    try {
      const layers = value && layersOf(value, files)
      this.document.open(value, layers, value && layers ? underOf(value, layers.labels, layers.painted) : null)
    } catch (error) {
      return this.tellBroken(text, error)
    }
    this.unread = null
    this.afterShow()
    if (value) this.keepFiles(value)
  }

  /** What came from files is saved as these files again. */
  private keepFiles(value: Value): void {
    const [labels, painted] = this.document.layerTexts()
    if ('file' in value.labels) this.document.keepFile(labels.text, value.labels.file)
    if (value.painted && 'file' in value.painted) this.document.keepFile(painted.text, value.painted.file)
  }

  private async fetchFiles(value: Value): Promise<Map<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>()
    for (const name of filesOf(value)) {
      const map = await decodePng(await this.options.download(name))
      if (!map) throw new Error(`${name} is not an indexed PNG`)
      files.set(name, map.labels)
    }
    return files
  }

  private tellBroken(text: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.document.open(null, null, null)
    this.unread = text
    this.afterShow()
    this.closeBroken = openBrokenCard(this.root, message, text, () => {
      this.unread = null
      this.closeBroken = null
      this.afterChange()
    })
  }

  private takeBase(how: 'reapply' | 'keep' | 'discard'): void {
    if (!this.base) return
    const { hash, map } = this.base
    const { current } = this.document
    if (how === 'keep') return this.document.change({ base: { hash, policy: 'keep' } })
    const base = { hash, policy: 'reapply' as const }
    const before = how === 'discard' ? blankState(map) : scaled(current, map)
    this.document.change(repose(before, map.labels, { base, skeleton: null }))
  }

  /** A map that has nothing of the connected one below it: it is kept as it is, whatever is connected. */
  private own(state: State): State {
    return { ...state, base: this.base && { hash: this.base.hash, policy: 'keep' } }
  }

  private afterChange(): void {
    this.afterShow()
    this.options.onChange()
  }

  private afterShow(): void {
    this.palette.showCounts(this.document.paper.counts)
    this.toolbar.refresh()
    this.refreshMarks()
    this.root.classList.toggle('hd-blank', this.document.isBlank)
  }

  private refreshSettings(): void {
    const { hidden, tool, opacity } = this.settings
    this.stage.setColours(hidden)
    const { paper } = this.document
    this.stage.show(paper, { x0: 0, y0: 0, x1: paper.width, y1: paper.height })
    this.stage.setOpacity(opacity)
    this.opacity.value = String(Math.round(opacity * 100))
    this.root.dataset.tool = tool
    if (tool !== 'lasso') this.corners.clear()
    this.refreshMarks()
    this.options.onPreferences(this.settings.preferences())
  }

  private refreshMarks(): void {
    const { width, height } = this.document.paper
    const middle = { x1: width / 2, x2: width / 2, y1: 0, y2: height }
    for (const [name, value] of Object.entries(middle)) this.axis.setAttribute(name, String(value))
    this.axis.style.display = this.settings.mirror ? '' : 'none'
    this.joints.show(this.settings.tool === 'pose' ? this.document.current.skeleton : null, this.document.paper, this.held)
    if (this.settings.tool === 'pose' && !this.document.current.skeleton && !this.unread) {
      this.notify('There is no figure to pose yet.', [['Choose a figure', () => this.openFigures()]])
    }
  }

  private hold(grip: Grip | null): void {
    if (grip === null && this.held === null) return
    this.held = grip
    this.refreshMarks()
  }

  private showHover(sample: Sample | null): void {
    const { tool, size } = this.settings
    const round = sample && ['brush', 'eraser', 'restore', 'line'].includes(tool)
    for (const circle of this.cursor) {
      circle.style.display = round ? '' : 'none'
      if (!round) continue
      circle.setAttribute('cx', String(sample.x))
      circle.setAttribute('cy', String(sample.y))
      circle.setAttribute('r', String(size / 2))
    }
    const part = sample && partAt(this.context, sample)
    this.here.textContent = part === null ? '' : PARTS[part].name
    this.place.textContent = part === null || !sample ? '' : `${Math.floor(sample.x)}, ${Math.floor(sample.y)}`
    this.palette.hint(part)
  }

  private showOutline(points: readonly Point[], closed: boolean): void {
    const path = points.map(({ x, y }, k) => `${k === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
    this.outline.setAttribute('d', path + (closed && points.length > 2 ? 'Z' : ''))
  }

  private showZoom(zoom: number): void {
    if (this.zoomButton) this.zoomButton.textContent = `${Math.round(zoom * 100)} %`
  }

  /** A line at the foot of the stage, with what can be done about it. */
  private notify(text: string, actions: readonly (readonly [string, () => void])[]): void {
    if ([...this.notices.children].some((notice) => notice.firstChild?.textContent === text)) return
    const notice = h('div', { class: 'hd-notice', role: 'status' }, h('span', {}, text))
    for (const [label, run] of [...actions, ['Dismiss', () => undefined] as const]) {
      const button = h('button', { type: 'button', class: 'hd-action' }, label)
      button.addEventListener('click', () => {
        notice.remove()
        run()
      })
      notice.append(button)
    }
    this.notices.append(notice)
  }

  private tellStranded(pixels: number): void {
    if (pixels === 0) return
    this.notify(`${pixels} painted pixels no longer lie on the figure. They stay where they were painted.`, [
      ['Remove them', () => this.removeStranded()]
    ])
  }

  private removeStranded(): void {
    const { current } = this.document
    const painted = current.paper.painted.map((mark, i) => (current.under[i] === 0 ? 0 : mark))
    this.document.change(repose({ ...current, paper: { ...current.paper, painted } }, current.under))
  }

  /** What to do with a blank map. */
  private hint(): HTMLElement {
    const start = h('button', { type: 'button', class: 'hd-action hd-first', onclick: () => this.openFigures() }, 'Start from a figure')
    return h('div', { class: 'hd-hint' }, h('div', {}, 'Choose a part and paint, drop a map or a photo, or'), start)
  }

  private openFigures(): void {
    openGallery(this.root, (name) => {
      const { width, height } = this.document.paper
      this.document.change(this.own(freshFigure(name, { width, height })))
      this.settings.set({ tool: 'pose' })
    })
  }

  private openWardrobe(): void {
    const before = this.document.current
    if (!before.skeleton) return
    openWardrobe(this.root, before.skeleton, {
      show: (skeleton) => this.document.show(posed(before, skeleton)),
      done: () => this.document.current.skeleton !== before.skeleton && this.document.settle(before)
    })
  }

  private openSize(): void {
    openSizeCard(this.root, this.document.paper, (size, how) => {
      const { current } = this.document
      const state = how === 'stretch' ? scaled(current, size) : resized(current, size)
      this.document.change(state.skeleton ? posed(state, state.skeleton) : state)
    })
  }

  private openPartMenu(part: number, anchor: HTMLElement): void {
    const { locked } = this.settings
    const { paper } = this.document
    const act = (label: string, make: () => Uint8Array): Item => ({ label, disabled: paper.counts[part] === 0, run: () => this.document.repaint(make()) })
    const pixels = Math.max(1, Math.round(Math.min(paper.width, paper.height) / 256))
    const chosen = this.settings.part
    openMenu(this.root, anchor, [
      { heading: PARTS[part].name },
      act('Grow', () => grown(paper, part, pixels, locked)),
      act('Shrink', () => shrunk(paper, part, pixels, locked)),
      act('Smooth', () => smoothed(paper, part, 2 * pixels, locked)),
      ...(chosen === part ? [] : [act(`Turn into ${PARTS[chosen].name}`, () => exchanged(paper, part, chosen, locked))]),
      act('Clear', () => exchanged(paper, part, 0, locked)),
      { label: 'Show only this part', run: () => this.solo(part) }
    ])
  }

  private solo(part: number): void {
    const { hidden } = this.settings
    const alone = PARTS.every(({ index }) => index === 0 || (hidden[index] === 1) === (index !== part))
    hidden.forEach((_, index) => (hidden[index] = alone || index === part || index === 0 ? 0 : 1))
    this.settings.set({})
  }

  private openFileMenu(anchor: HTMLElement): void {
    const { skeleton } = this.document.current
    const { paper } = this.document
    const pose = (change: (skeleton: Skeleton) => Skeleton) => () => {
      const { current } = this.document
      if (current.skeleton) this.document.change(posed(current, change(current.skeleton)))
    }
    openMenu(this.root, anchor, [
      { label: 'Open a map or a photo…', run: () => this.chooseFile() },
      { label: 'Export as PNG', run: () => void this.exportPng() },
      ...(this.droppedPhoto ? [{ label: 'Remove the photo', run: () => this.forgetDropped() }] : []),
      { heading: 'Whole map' },
      { label: 'Mirror', run: () => this.mirrorAll() },
      { label: 'Clear', run: () => this.document.change(this.own(blankState(paper))), disabled: this.document.isBlank },
      ...(skeleton
        ? [
            { heading: 'Figure' },
            { label: 'Mirror the pose', run: pose((one) => mirroredSkeleton(one)) },
            { label: 'Larger', run: pose((one) => scaledSkeleton(one, 1.05)) },
            { label: 'Smaller', run: pose((one) => scaledSkeleton(one, 1 / 1.05)) },
            { label: 'Make it paint, drop the skeleton', run: () => this.document.change({ skeleton: null, under: new Uint8Array(paper.labels.length), paper: paperOf(paper, paper.labels, paper.labels.map((label) => (label ? 1 : 0))) }) }
          ]
        : [])
    ])
  }

  private mirrorAll(): void {
    const { current } = this.document
    const { paper, skeleton } = current
    this.document.change({
      paper: paperOf(paper, flipped(paper.labels, paper.width), flipped(paper.painted, paper.width)),
      under: flipped(current.under, paper.width),
      skeleton: skeleton && mirroredSkeleton(skeleton, paper.width / 2)
    })
  }

  private chooseFile(): void {
    const input = h('input', { type: 'file', accept: 'image/*' })
    input.addEventListener('change', () => input.files?.[0] && void this.takeFile(input.files[0]))
    input.click()
  }

  private async exportPng(): Promise<void> {
    const { paper } = this.document
    const url = URL.createObjectURL(new Blob([await encodePng(paper.labels.slice(), paper)], { type: 'image/png' }))
    h('a', { href: url, download: 'pose.png' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }

  /** A map becomes the map, any other picture the photo below it. */
  private async takeFile(file: Blob): Promise<void> {
    const map = (await decodePng(new Uint8Array(await file.arrayBuffer()))) ?? (await mapOfColours(file))
    if (map) {
      this.document.change(this.own({ ...blankState(map), paper: paperOf(map, map.labels, map.labels.map((label) => (label ? 1 : 0))) }))
      return
    }
    this.forgetDropped()
    this.droppedPhoto = URL.createObjectURL(file)
    this.showPhoto()
  }

  private showPhoto(): void {
    const url = this.droppedPhoto ?? this.linkedPhoto
    this.stage.setPhoto(url)
    this.photoRow.hidden = url === null
    this.stage.setOpacity(this.settings.opacity)
  }

  private forgetDropped(): void {
    if (this.droppedPhoto) URL.revokeObjectURL(this.droppedPhoto)
    this.droppedPhoto = null
    this.showPhoto()
  }

  private toggleFullScreen(): void {
    if (this.dialog) return this.dialog.close()
    const dialog = h('dialog', { class: 'hd-dialog', 'aria-label': 'Semantic pose editor' }, this.root)
    this.dialog = dialog
    dialog.addEventListener('close', () => {
      this.dialog = null
      this.host.append(this.root)
      dialog.remove()
      this.root.focus({ preventScroll: true })
    })
    this.host.ownerDocument.body.append(dialog)
    dialog.showModal()
    this.root.focus({ preventScroll: true })
  }

  private listenToClipboard(): void {
    this.root.addEventListener('copy', (event) => {
      if (event.target instanceof HTMLInputElement) return
      event.clipboardData?.setData('text/plain', this.value)
      event.preventDefault()
      event.stopPropagation()
    })
    this.root.addEventListener('paste', (event) => {
      if (event.target instanceof HTMLInputElement) return
      event.preventDefault()
      event.stopPropagation()
      const file = event.clipboardData?.files[0]
      if (file) void this.takeFile(file)
      else void this.pasteValue(event.clipboardData?.getData('text/plain') ?? '')
    })
  }

  private async pasteValue(text: string): Promise<void> {
    try {
      const value = parseValue(text)
      if (!value) return
      const layers = layersOf(value, await this.fetchFiles(value))
      const under = underOf(value, layers.labels, layers.painted)
      this.document.change(this.own({ paper: paperOf(value, layers.labels, layers.painted), under, skeleton: value.skeleton, base: null }))
    } catch {
      this.notify('The clipboard holds no pose map. Copy one in another pose editor with Ctrl + C.', [])
    }
  }

  private listenToDrops(): void {
    let hint: HTMLElement | null = null
    const end = () => {
      hint?.remove()
      hint = null
    }
    this.root.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      event.stopPropagation()
      if (hint) return
      hint = h('div', { class: 'hd-drop' }, 'Drop a pose map (indexed PNG) to edit it, or a photo to draw over')
      this.root.append(hint)
    })
    this.root.addEventListener('dragleave', (event) => !this.root.contains(event.relatedTarget as Node | null) && end())
    this.root.addEventListener('drop', (event) => {
      end()
      const file = event.dataTransfer?.files[0]
      if (!file) return
      event.preventDefault()
      event.stopPropagation()
      void this.takeFile(file)
    })
  }

  private onKey(event: KeyboardEvent): void {
    const command = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    if (command && !['z', 'y', 'c', 'v', 'x', 'a'].includes(key)) return
    event.stopPropagation()
    if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return
    if (this.unread !== null) return
    if (this.runKey(event, key, command)) event.preventDefault()
    if (command) hideFromGraph(event)
  }

  private runKey(event: KeyboardEvent, key: string, command: boolean): boolean {
    const { settings } = this
    if (command) {
      if (key === 'z') event.shiftKey ? this.document.redo() : this.document.undo()
      else if (key === 'y') this.document.redo()
      else return false
      return true
    }
    const onButton = event.target instanceof HTMLButtonElement
    if (key === ' ' && !onButton) this.space = true
    else if (key === '[') settings.set({ size: Math.min(settings.size - 1, settings.size / 1.2) })
    else if (key === ']') settings.set({ size: Math.max(settings.size + 1, settings.size * 1.2) })
    else if (key === 'x') settings.set({ mirror: !settings.mirror })
    else if (key === 'f') this.toggleFullScreen()
    else if (key === '0') this.stage.fit()
    else if (key === '+' || key === '=') this.stage.zoomBy(1.25)
    else if (key === '-') this.stage.zoomBy(0.8)
    else if (key === 'enter' && !onButton) this.corners.close()
    else if (key === 'escape' && this.corners.points.length > 0) this.corners.clear()
    else if (key === '/') this.palette.element.querySelector('input')?.focus()
    else if (key in TOOL_KEYS) settings.set({ tool: TOOL_KEYS[key] })
    else return false
    return true
  }

  private onKeyUp(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.key === ' ') this.space = false
  }
}

/** The page's own undo listens before us, at the window, and looks a frame later which keys were down: there it shall see
 * none of those that were for the editor. */
function hideFromGraph(event: KeyboardEvent): void {
  Object.defineProperties(event, { ctrlKey: { value: false }, metaKey: { value: false } })
}

/** What lies below a value's paint. The figure is drawn anew, with the hand of whoever drew last where it differs. */
function underOf(value: Value, labels: Uint8Array, painted: Uint8Array): Uint8Array {
  if (!value.painted && (value.skeleton || value.base)) return labels.slice()
  if (value.skeleton) {
    try {
      return drawSkeleton(value.skeleton, value)
    } catch {
      // A garment of a later version: what was saved stays to be seen.
    }
  }
  return labels.map((label, i) => (painted[i] ? 0 : label))
}

async function mapOfColours(file: Blob): Promise<Decoded | null> {
  if (file.type !== 'image/png') return null
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  const canvas = h('canvas', { width: bitmap.width, height: bitmap.height })
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  context.drawImage(bitmap, 0, 0)
  const labels = labelsOfColours(context.getImageData(0, 0, bitmap.width, bitmap.height).data)
  return labels && { width: bitmap.width, height: bitmap.height, labels }
}
