// Elements in one line each.
import { icon, type IconName } from './icons'

type Props = Record<string, string | number | boolean | ((event: never) => void) | undefined>

/** An element with attributes; `on...` are listeners, a property that is false or undefined is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value))
  }
  element.append(...children)
  return element
}

export function s<K extends keyof SVGElementTagNameMap>(tag: K, props: Record<string, string | number> = {}): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, String(value))
  return element
}

export interface IconButton {
  readonly icon: IconName
  readonly label: string
  readonly key?: string
  readonly onclick: () => void
}

/** A button with a drawing on it; its name is for the tooltip and for screen readers. */
export function iconButton({ icon: name, label, key, onclick }: IconButton): HTMLButtonElement {
  const title = key ? `${label} (${key})` : label
  const button = h('button', { type: 'button', class: 'hd-button', title, 'aria-label': label, onclick })
  button.append(icon(name))
  return button
}

/** A key with Ctrl or Command: it goes on to whoever keeps it from the page, whatever lies over the editor. */
export function isCommand(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey
}
