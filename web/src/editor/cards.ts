// Cards that lie over the whole editor for a moment: figures to start from, the page's size, what cannot be opened.
import { presets } from '../figure'
import { presetSkeleton, drawSkeleton } from '../scene/posing'
import { paperOf } from '../scene/paper'
import { PARTS } from '../scene/parts'
import type { Size } from '../scene/rect'
import { SIDES } from '../scene/value'
import { h, iconButton, isCommand } from './dom'

const THUMBNAIL: Size = { width: 128, height: 192 }
const SIZES: readonly Size[] = [
  { width: 256, height: 384 },
  { width: 512, height: 768 },
  { width: 768, height: 768 },
  { width: 832, height: 1216 },
  { width: 1024, height: 1024 },
  { width: 1024, height: 1536 }
]

/** A card over `root`; Escape or its cross closes it, if it may be closed. */
export function openCard(root: HTMLElement, title: string, onClose: (() => void) | null, ...content: Node[]): () => void {
  root.querySelector('.hd-card')?.remove()
  const close = () => {
    card.remove()
    root.focus({ preventScroll: true })
    onClose?.()
  }
  const header = h('header', {}, h('span', {}, title))
  if (onClose) header.append(iconButton({ icon: 'close', label: 'Close', key: 'Escape', onclick: close }))
  const card = h(
    'section',
    {
      class: 'hd-card',
      'aria-label': title,
      onkeydown: (event: KeyboardEvent) => {
        if (!isCommand(event)) event.stopPropagation()
        if (event.key !== 'Escape' || !onClose) return
        event.preventDefault()
        close()
      }
    },
    header,
    h('div', { class: 'hd-scroll' }, ...content)
  )
  root.append(card)
  card.querySelector<HTMLElement>('.hd-scroll button, .hd-scroll input, header button')?.focus({ preventScroll: true })
  return () => card.remove()
}

/** Closes the card over `root`; false if there is none that may be closed. */
export function closeCard(root: HTMLElement): boolean {
  const cross = root.querySelector<HTMLElement>('.hd-card header button')
  cross?.click()
  return cross !== null
}

export function openGallery(root: HTMLElement, choose: (name: string) => void): void {
  const close = openCard(
    root,
    'Start from a figure',
    () => undefined,
    h('p', {}, 'A dressed figure that you can pose by its joints. It replaces the map; undo brings that back.'),
    h(
      'div',
      { class: 'hd-gallery' },
      ...presets.map((name) =>
        h(
          'button',
          {
            type: 'button',
            class: 'hd-preset',
            'data-preset': name,
            onclick: () => {
              close()
              root.focus({ preventScroll: true })
              choose(name)
            }
          },
          thumbnail(name),
          h('span', {}, name.replaceAll('-', ' '))
        )
      )
    )
  )
}

export function openSizeCard(root: HTMLElement, size: Size, apply: (size: Size, how: 'stretch' | 'extend') => void): void {
  const side = (label: string, value: number) =>
    h('input', { type: 'number', 'aria-label': label, value, min: SIDES[0], max: SIDES[1], step: 8 })
  const width = side('Width', size.width)
  const height = side('Height', size.height)
  const finish = (how: 'stretch' | 'extend') => {
    const wanted = { width: Math.round(Number(width.value)), height: Math.round(Number(height.value)) }
    const wrong = Object.values(wanted).some((value) => !(value >= SIDES[0] && value <= SIDES[1]))
    message.hidden = !wrong
    if (wrong) return
    close()
    root.focus({ preventScroll: true })
    apply(wanted, how)
  }
  const message = h('p', { class: 'hd-warning', hidden: true }, `Sides are ${SIDES[0]} to ${SIDES[1]} pixels.`)
  const action = (label: string, how: 'stretch' | 'extend', title: string) =>
    h('button', { type: 'button', class: 'hd-action', title, onclick: () => finish(how) }, label)
  const close = openCard(
    root,
    'Size of the map',
    () => undefined,
    h('p', {}, 'In pixels. The picture gets the same proportions.'),
    h(
      'div',
      { class: 'hd-chips hd-row' },
      ...SIZES.map((one) =>
        h(
          'button',
          {
            type: 'button',
            class: 'hd-chip',
            onclick: () => {
              width.value = String(one.width)
              height.value = String(one.height)
            }
          },
          `${one.width} × ${one.height}`
        )
      )
    ),
    h('div', { class: 'hd-row' }, h('label', {}, 'Width', width), h('label', {}, 'Height', height)),
    message,
    h(
      'div',
      { class: 'hd-row' },
      action('Stretch the map', 'stretch', 'The map is scaled to the new size'),
      action('Cut or extend', 'extend', 'The map stays as it is, in the middle')
    )
  )
}

export function openBrokenCard(root: HTMLElement, message: string, saved: string, startAnew: () => void): () => void {
  const close = openCard(
    root,
    'This map cannot be opened',
    null,
    h('p', { class: 'hd-warning', role: 'alert' }, message),
    h('p', {}, 'What was saved is kept as it is until you begin anew.'),
    h(
      'div',
      { class: 'hd-row' },
      h(
        'button',
        {
          type: 'button',
          class: 'hd-action hd-first',
          onclick: () => {
            close()
            startAnew()
          }
        },
        'Begin anew'
      ),
      h('button', { type: 'button', class: 'hd-action', onclick: () => void navigator.clipboard?.writeText(saved) }, 'Copy what was saved')
    )
  )
  return close
}

function thumbnail(name: string): HTMLCanvasElement {
  const canvas = h('canvas', { width: THUMBNAIL.width, height: THUMBNAIL.height, 'aria-hidden': 'true' })
  const { labels } = paperOf(THUMBNAIL, drawSkeleton(presetSkeleton(name, THUMBNAIL), THUMBNAIL), new Uint8Array())
  const image = new ImageData(THUMBNAIL.width, THUMBNAIL.height)
  labels.forEach((label, i) => image.data.set([...PARTS[label].colour, label === 0 ? 0 : 255], 4 * i))
  canvas.getContext('2d')?.putImageData(image, 0, 0)
  return canvas
}
