// A small menu at a button, closed by a choice, Escape or a click beside it.
import { h, isCommand } from './dom'

export type Item = { readonly label: string; readonly run: () => void; readonly disabled?: boolean; readonly checked?: boolean } | { readonly heading: string }

export function openMenu(root: HTMLElement, anchor: HTMLElement, items: readonly Item[]): void {
  root.querySelector('.hd-menu')?.remove()
  const close = () => {
    menu.remove()
    root.removeEventListener('pointerdown', outside, true)
  }
  const outside = (event: Event) => {
    if (!menu.contains(event.target as Node)) close()
  }
  const entries = items.map((item) =>
    'heading' in item
      ? h('div', { class: 'hd-heading' }, item.heading)
      : h(
          'button',
          {
            type: 'button',
            role: item.checked === undefined ? 'menuitem' : 'menuitemcheckbox',
            'aria-checked': item.checked === undefined ? undefined : String(item.checked),
            disabled: item.disabled ?? false,
            onclick: () => {
              close()
              root.focus()
              item.run()
            }
          },
          item.label
        )
  )
  const menu = h('div', { class: 'hd-menu', role: 'menu', onkeydown: (event: KeyboardEvent) => onKey(event) }, ...entries)
  const onKey = (event: KeyboardEvent) => {
    const buttons = [...menu.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]
    const at = buttons.indexOf(menu.ownerDocument.activeElement as HTMLButtonElement)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!isCommand(event)) event.stopPropagation()
    if (step) {
      event.preventDefault()
      buttons.at((at + step) % buttons.length)?.focus()
    } else if (event.key === 'Escape') {
      close()
      anchor.focus()
    }
  }
  root.append(menu)
  place(root, anchor, menu)
  root.addEventListener('pointerdown', outside, true)
  menu.querySelector<HTMLButtonElement>('button:not(:disabled)')?.focus({ preventScroll: true })
}

/** Below the anchor, inside the root; both may be scaled by the graph's zoom. */
function place(root: HTMLElement, anchor: HTMLElement, menu: HTMLElement): void {
  const outer = root.getBoundingClientRect()
  const box = anchor.getBoundingClientRect()
  const scale = outer.width / root.clientWidth || 1
  const left = Math.min((box.left - outer.left) / scale, root.clientWidth - menu.offsetWidth - 4)
  const below = (box.bottom - outer.top) / scale + 2
  const room = root.clientHeight - below - 4
  menu.style.left = `${Math.max(4, left)}px`
  if (room >= Math.min(menu.scrollHeight, 160)) {
    menu.style.top = `${below}px`
    menu.style.maxHeight = `${room}px`
  } else {
    menu.style.bottom = '4px'
    menu.style.maxHeight = `${root.clientHeight - 8}px`
  }
}
