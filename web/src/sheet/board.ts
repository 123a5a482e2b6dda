// What was found, part by part: a click locks a hit, Shift-click or its round button bans it. It knows nothing of ComfyUI.
import { h, s } from '../editor/dom'
import { howFound, type Hits, type Item, type PartHits } from './hits'
import { canRead, freePart, locksOf, toggleBan, toggleLock } from './locks'
import { STYLES } from './styles'

const HELP = 'After a run, what was found for each part is shown here. Click a garment to lock it, Shift-click to ban it.'
const KEYS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]
}

interface Options {
  /** The locks as they are now. */
  readonly locks: () => string
  /** Null where something else than this may change them, as a linked node. */
  readonly change: ((locks: string) => void) | null
}

export class Board {
  readonly host = h('div', { class: 'hd-sheet-host' })
  private readonly root = h('div', { class: 'hd-sheet', tabindex: 0, 'data-capture-wheel': 'true', 'aria-label': 'What was found' })
  private hits: Hits | null = null
  private picture: Promise<HTMLImageElement> | null = null
  private drawn = ''

  constructor(private readonly options: () => Options) {
    this.host.append(h('style', {}, STYLES), this.root)
    for (const kind of ['pointerdown', 'pointerup', 'click', 'dblclick', 'wheel']) this.root.addEventListener(kind, (event) => event.stopPropagation())
    this.root.addEventListener('keydown', (event) => this.key(event))
    this.refresh()
  }

  get isEmpty(): boolean {
    return this.hits === null
  }

  /** The hits of a run; `url` of their pictures' file. */
  show(hits: Hits, url: string | null): void {
    this.hits = hits
    this.picture = url === null ? null : loaded(url)
    this.refresh(true)
  }

  /** Draws anew if the locks are others than those drawn. */
  refresh(anew = false): void {
    const { locks, change } = this.options()
    const state = JSON.stringify([locks(), change !== null])
    if (!anew && state === this.drawn) return
    this.drawn = state
    const focused = this.root.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.key : undefined
    const { scrollTop } = this.root
    this.root.replaceChildren(...this.content(locks(), change))
    this.root.scrollTop = scrollTop
    if (focused) this.root.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  }

  private content(text: string, change: Options['change']): HTMLElement[] {
    if (!canRead(text)) {
      const clear = h('button', { type: 'button', onclick: () => this.set('{}') }, 'clear them')
      return [h('p', { role: 'alert' }, 'The locks are no JSON that can be read. Mend them above, or ', ...(change ? [clear] : []), '.')]
    }
    if (!this.hits) return [h('p', {}, HELP)]
    if (this.hits.parts.length === 0) return [h('p', {}, 'Nothing was found.')]
    const linked = change ? [] : [h('p', {}, 'The locks come from a linked node, so they are not changed here.')]
    return [...linked, ...this.hits.parts.flatMap((part) => this.section(part, text, change !== null))]
  }

  private section(part: PartHits, text: string, free: boolean): HTMLElement[] {
    const { locked, banned } = locksOf(text, part.names)
    const clear = h('button', { type: 'button', class: 'hd-free', 'data-key': part.part, title: 'Neither locks nor bans of this part', onclick: () => this.set(freePart(text, part.names)) }, 'Free')
    const head = h('div', { class: 'hd-found' }, h('b', {}, part.part), h('span', { title: part.phrase }, part.phrase), h('em', {}, howFound(part)))
    if (free && locked.length + banned.length > 0) head.append(clear)
    const shown = [...part.hits, ...part.banned.filter((one) => !part.hits.some((hit) => hit.id === one.id))]
    const tiles = shown.map((item) => {
      const state = locked.includes(item.id) ? 'locked' : banned.includes(item.id) ? 'banned' : 'free'
      return this.tile(part, item, state, free)
    })
    return [head, h('div', { class: 'hd-hits', role: 'group', 'aria-label': part.part }, ...tiles)]
  }

  private tile(part: PartHits, item: Item, state: string, free: boolean): HTMLElement {
    const canvas = h('canvas', { width: this.hits?.tile ?? 1, height: this.hits?.tile ?? 1 })
    this.paint(canvas, item.tile)
    const score = item.score === undefined ? 'banned' : `${item.score.toFixed(2)} · ${Math.round((item.weight ?? 0) * 100)}%`
    const about = [item.caption, item.source, item.id].filter(Boolean).join('\n')
    const title = `${about}\n\nscore ${item.score ?? '-'}, share ${item.weight ?? '-'}\nClick: lock. Shift-click: ban.`
    const pick = h(
      'button',
      { type: 'button', class: 'hd-pick', title, 'aria-pressed': state === 'locked' ? 'true' : 'false', 'aria-label': `Lock ${item.caption}`, 'data-key': `${part.part} ${item.id}`, disabled: !free },
      h('span', { class: 'hd-tile' }, canvas, badge()), h('span', { class: 'hd-caption' }, item.caption), h('span', { class: 'hd-score' }, score)
    )
    pick.addEventListener('click', (event) => this.toggle(event.shiftKey ? toggleBan : toggleLock, part, item))
    const ban = h('button', { type: 'button', class: 'hd-ban', title: 'Ban: never find this one', 'aria-label': `Ban ${item.caption}`, 'aria-pressed': state === 'banned' ? 'true' : 'false', 'data-key': `ban ${part.part} ${item.id}`, disabled: !free })
    ban.append(crossed())
    ban.addEventListener('click', () => this.toggle(toggleBan, part, item))
    return h('div', { class: 'hd-hit', 'data-state': state, 'data-id': item.id }, pick, ban)
  }

  private toggle(how: typeof toggleLock, part: PartHits, item: Item): void {
    this.set(how(this.options().locks(), part.names, item.id))
  }

  private set(text: string): void {
    this.options().change?.(text)
    this.refresh()
  }

  private paint(canvas: HTMLCanvasElement, tile: number | null): void {
    const { hits, picture } = this
    if (!hits || !picture || tile === null) return
    const [x, y] = [tile % hits.columns, Math.floor(tile / hits.columns)]
    void picture.then(
      (image) => canvas.getContext('2d')?.drawImage(image, x * hits.tile, y * hits.tile, hits.tile, hits.tile, 0, 0, hits.tile, hits.tile),
      () => undefined // the file is gone after ComfyUI starts anew; captions are enough to choose by
    )
  }

  private key(event: KeyboardEvent): void {
    const item = (event.target as HTMLElement).closest<HTMLElement>('.hd-hit')
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key in KEYS && item) {
      event.preventDefault()
      this.move(item, KEYS[event.key])
    } else if ((event.key === 'Delete' || event.key.toLowerCase() === 'b') && item) {
      item.querySelector<HTMLElement>('.hd-ban')?.click()
    }
    if (event.key !== 'Escape') event.stopPropagation() // or Delete removes the node
  }

  private move(from: HTMLElement, [right, down]: readonly [number, number]): void {
    const groups = [...this.root.querySelectorAll('.hd-hits')].map((group) => [...group.querySelectorAll<HTMLElement>('.hd-pick')])
    const row = groups.findIndex((group) => group.some((pick) => from.contains(pick)))
    const column = groups[row].findIndex((pick) => from.contains(pick))
    const wanted = groups[row + down]
    wanted?.[Math.max(0, Math.min(column + right, wanted.length - 1))]?.focus()
  }
}

function badge(): HTMLElement {
  const drawing = s('svg', { viewBox: '0 0 16 16' })
  drawing.append(s('rect', { x: 3, y: 7, width: 10, height: 7, rx: 1.5, fill: 'currentColor' }), s('path', { d: 'M5 7V5a3 3 0 0 1 6 0v2' }))
  const element = h('span', { class: 'hd-badge' })
  element.append(drawing)
  return element
}

function crossed(): SVGElement {
  const drawing = s('svg', { viewBox: '0 0 16 16' })
  drawing.append(s('circle', { cx: 8, cy: 8, r: 6 }), s('path', { d: 'M4 4l8 8' }))
  return drawing
}

function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = url
  return image.decode().then(() => image)
}
