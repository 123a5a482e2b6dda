// Tools, their settings, undo and the doors to cards and files.
import type { Document } from '../scene/document'
import { h, iconButton } from './dom'
import { icon, type IconName } from './icons'
import type { Settings, Tool } from './settings'

export const TOOL_KEYS: Readonly<Record<string, Tool>> = {
  b: 'brush', e: 'eraser', l: 'line', o: 'lasso', g: 'fill', i: 'eyedropper', r: 'restore', p: 'pose', h: 'hand'
}
const NAMES: Readonly<Record<Tool, string>> = {
  brush: 'Brush', eraser: 'Eraser: paints background', line: 'Line', lasso: 'Lasso: drag, or click corners', fill: 'Fill an area',
  eyedropper: 'Eyedropper', restore: 'Restore: takes paint off the figure below', pose: 'Pose: drag the joints', hand: 'Move the view'
}

export interface Doors {
  figures(): void
  wardrobe(): void
  size(): void
  files(anchor: HTMLElement): void
  expand(): void
}

export class Toolbar {
  readonly element: HTMLElement
  readonly expand: HTMLButtonElement
  private readonly tools = new Map<Tool, HTMLButtonElement>()
  private readonly size = h('input', { type: 'range', min: 0, max: 100, 'aria-label': 'Brush size' })
  private readonly sizeText = h('span', { class: 'hd-number' })
  private readonly mirror: HTMLButtonElement
  private readonly undo: HTMLButtonElement
  private readonly redo: HTMLButtonElement
  private readonly wardrobe: HTMLButtonElement

  constructor(
    private readonly document: Document,
    private readonly settings: Settings,
    doors: Doors
  ) {
    for (const [key, tool] of Object.entries(TOOL_KEYS)) {
      const button = iconButton({ icon: tool as IconName, label: NAMES[tool], key: key.toUpperCase(), onclick: () => settings.set({ tool }) })
      button.dataset.tool = tool
      this.tools.set(tool, button)
    }
    this.size.addEventListener('input', () => settings.set({ size: sizeOf(Number(this.size.value)) }))
    this.mirror = iconButton({ icon: 'mirror', label: 'Paint both sides alike', key: 'X', onclick: () => settings.set({ mirror: !settings.mirror }) })
    this.undo = iconButton({ icon: 'undo', label: 'Undo', key: 'Ctrl + Z', onclick: () => document.undo() })
    this.redo = iconButton({ icon: 'redo', label: 'Redo', key: 'Ctrl + Shift + Z', onclick: () => document.redo() })
    this.undo.dataset.command = 'undo'
    this.redo.dataset.command = 'redo'
    this.wardrobe = iconButton({ icon: 'shirt', label: 'What the figure wears', onclick: doors.wardrobe })
    const files = iconButton({ icon: 'import', label: 'Files: open, export, clear', onclick: () => doors.files(files) })
    this.expand = iconButton({ icon: 'expand', label: 'Full screen', key: 'F', onclick: doors.expand })
    this.element = h(
      'div',
      { class: 'hd-bar', role: 'toolbar', 'aria-label': 'Tools' },
      h(
        'div',
        { class: 'hd-tools' },
        ...this.tools.values(),
        split(),
        h('label', { class: 'hd-field', title: 'Brush size ([ and ])' }, this.size, this.sizeText),
        this.mirror,
        split(),
        this.undo,
        this.redo,
        split(),
        iconButton({ icon: 'figure', label: 'Start from a figure', onclick: doors.figures }),
        this.wardrobe,
        iconButton({ icon: 'page', label: 'Size of the map', onclick: doors.size }),
        files
      ),
      this.expand
    )
    settings.onChange(() => this.refresh())
    this.refresh()
  }

  showFullScreen(full: boolean): void {
    const label = full ? 'Leave full screen' : 'Full screen'
    this.expand.title = `${label} (F)`
    this.expand.setAttribute('aria-label', label)
    this.expand.replaceChildren(icon(full ? 'shrink' : 'expand'))
  }

  refresh(): void {
    const { tool, size, mirror } = this.settings
    for (const [name, button] of this.tools) button.setAttribute('aria-pressed', String(name === tool))
    this.mirror.setAttribute('aria-pressed', String(mirror))
    this.size.value = String(Math.round(placeOf(size)))
    this.sizeText.textContent = String(size)
    this.undo.disabled = !this.document.canUndo
    this.redo.disabled = !this.document.canRedo
    this.wardrobe.disabled = !this.document.current.skeleton
  }
}

function split(): HTMLElement {
  return h('span', { class: 'hd-split' })
}

// The slider's places lie evenly on a scale of doublings, 1 to 512 pixels.
function sizeOf(place: number): number {
  return Math.round(2 ** ((place / 100) * 9))
}

function placeOf(size: number): number {
  return (Math.log2(size) / 9) * 100
}
