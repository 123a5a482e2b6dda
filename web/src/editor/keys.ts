// The keyboard, while the editor has it. What is not for the editor goes on to ComfyUI.
import type { Document } from '../scene/document'
import type { Figures } from './figures'
import type { Corners } from './gestures'
import type { Settings } from './settings'
import type { Stage } from './stage'
import { isCommand } from './dom'
import { TOOL_KEYS } from './toolbar'

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1]
}

export interface Keyed {
  readonly document: Document
  readonly settings: Settings
  readonly stage: Stage
  readonly corners: Corners
  readonly figures: Figures
  toggleFullScreen(): void
  search(): void
  /** Closes what lies over the editor; false if nothing does. */
  closeCard(): boolean
  /** There is something to edit. */
  ready(): boolean
}

/** Listens on `root`; tells whether the space bar is down. */
export function listenToKeys(root: HTMLElement, keyed: Keyed): { readonly space: boolean } {
  const held = { space: false }
  root.addEventListener('keydown', (event) => {
    const command = isCommand(event)
    const key = event.key.toLowerCase()
    if (command && !['z', 'y', 'c', 'v', 'x', 'a'].includes(key)) return
    event.stopPropagation()
    if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return
    if (!keyed.ready()) return void (command && hideFromGraph(event))
    const onButton = event.target instanceof HTMLButtonElement
    if (key === ' ' && !onButton) held.space = true
    if (command ? runCommand(event, key, keyed) : runKey(event, key, keyed, onButton)) event.preventDefault()
    if (command) hideFromGraph(event)
  })
  root.addEventListener('keyup', (event) => {
    event.stopPropagation()
    if (event.key === ' ') held.space = false
  })
  // Where the key comes up is not told once the editor has lost the keyboard.
  root.addEventListener('focusout', () => (held.space = false))
  return held
}

function runCommand(event: KeyboardEvent, key: string, { document }: Keyed): boolean {
  if (key === 'z') event.shiftKey ? document.redo() : document.undo()
  else if (key === 'y') document.redo()
  else return false
  return true
}

function runKey(event: KeyboardEvent, key: string, keyed: Keyed, onButton: boolean): boolean {
  const { settings, stage, corners, figures } = keyed
  if (key in ARROWS && settings.tool === 'pose' && !(event.target instanceof HTMLInputElement)) {
    const [dx, dy] = ARROWS[key]
    const by = event.shiftKey ? 10 : 1
    return figures.nudge(dx * by, dy * by)
  }
  if (key === ' ') return !onButton
  if (key === '[') settings.set({ size: Math.min(settings.size - 1, settings.size / 1.2) })
  else if (key === ']') settings.set({ size: Math.max(settings.size + 1, settings.size * 1.2) })
  else if (key === 'x') settings.set({ mirror: !settings.mirror })
  else if (key === 'f') keyed.toggleFullScreen()
  else if (key === '0') stage.fit()
  else if (key === '+' || key === '=') stage.zoomBy(1.25)
  else if (key === '-') stage.zoomBy(0.8)
  else if (key === 'enter' && !onButton) corners.close()
  else if (key === 'escape' && corners.points.length > 0) corners.clear()
  else if (key === 'escape') return keyed.closeCard()
  else if (key === '/') keyed.search()
  else if ((key === ',' || key === '.') && settings.tool === 'pose') figures.step(key === '.' ? 1 : -1)
  else if (key in TOOL_KEYS) settings.set({ tool: TOOL_KEYS[key] })
  else return false
  return true
}

/** The page's own undo listens before us, at the window, and looks a frame later which keys were down: there it shall see
 * none of those that were for the editor. */
function hideFromGraph(event: KeyboardEvent): void {
  Object.defineProperties(event, { ctrlKey: { value: false }, metaKey: { value: false } })
}
