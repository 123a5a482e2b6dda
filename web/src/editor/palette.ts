// The 24 parts: colour, name, how many pixels, show or hide, lock, and what can be done with all of a part.
import { cssColour, PARTS, searchParts } from '../scene/parts'
import { h, iconButton } from './dom'
import { icon } from './icons'
import type { Settings } from './settings'

const HEADINGS = { scene: 'Scene', body: 'Body', garment: 'Garments', accessory: 'Accessories' } as const

export class Palette {
  readonly element: HTMLElement
  readonly search: HTMLInputElement
  private readonly rows: HTMLElement[] = []
  private readonly counts: HTMLElement[] = []
  private readonly headings: HTMLElement[] = []

  constructor(
    private readonly settings: Settings,
    private readonly onMenu: (part: number, anchor: HTMLElement) => void
  ) {
    this.search = h('input', {
      type: 'search',
      class: 'hd-search',
      placeholder: 'Find a part',
      'aria-label': 'Find a part',
      oninput: () => this.filter(),
      onkeydown: (event: KeyboardEvent) => this.onSearchKey(event)
    })
    const list = h('div', { class: 'hd-parts', role: 'listbox', 'aria-label': 'Parts' })
    let group = ''
    const order = (part: (typeof PARTS)[number]) => Object.keys(HEADINGS).indexOf(part.group)
    for (const part of [...PARTS].sort((a, b) => order(a) - order(b) || a.index - b.index)) {
      if (part.group !== group) {
        group = part.group
        const heading = h('div', { class: 'hd-heading', 'data-group': group }, HEADINGS[part.group])
        this.headings.push(heading)
        list.append(heading)
      }
      list.append(this.row(part.index))
    }
    this.element = h('aside', { class: 'hd-palette' }, this.search, list)
    settings.onChange(() => this.refresh())
    this.refresh()
  }

  showCounts(counts: Uint32Array): void {
    this.counts.forEach((element, part) => {
      const text = counts[part] === 0 ? '' : short(counts[part])
      if (element.textContent !== text) element.textContent = text
      this.rows[part].classList.toggle('hd-unused', counts[part] === 0)
    })
  }

  /** Marks the part under the pointer. */
  hint(part: number | null): void {
    this.rows.forEach((row, index) => row.classList.toggle('hd-hinted', index === part))
  }

  private row(part: number): HTMLElement {
    const { name, synonyms } = PARTS[part]
    const count = h('span', { class: 'hd-count' })
    const toggle = (which: 'hidden' | 'locked') => {
      const button = iconButton({ icon: which === 'hidden' ? 'eye' : 'open', label: '', onclick: () => this.settings.toggle(which, part) })
      button.classList.add('hd-small', `hd-${which}`)
      return button
    }
    const more = iconButton({ icon: 'more', label: `More for ${name}`, onclick: () => this.onMenu(part, more) })
    more.classList.add('hd-small', 'hd-more')
    const swatch = h('span', { class: 'hd-swatch' })
    swatch.style.background = cssColour(PARTS[part])
    const choose = h(
      'button',
      {
        type: 'button',
        class: 'hd-part-name',
        role: 'option',
        title: [name, ...synonyms].join(', '),
        onclick: () => this.choose(part)
      },
      swatch,
      h('span', { class: 'hd-name' }, name),
      count
    )
    const row = h('div', { class: 'hd-part', 'data-part': part }, choose, toggle('hidden'), toggle('locked'), more)
    this.rows[part] = row
    this.counts[part] = count
    return row
  }

  private choose(part: number): void {
    const painting = ['brush', 'line', 'lasso', 'fill'].includes(this.settings.tool)
    this.settings.set({ part, ...(painting ? {} : { tool: 'brush' }) })
  }

  private refresh(): void {
    this.rows.forEach((row, part) => {
      const chosen = part === this.settings.part
      row.classList.toggle('hd-chosen', chosen)
      row.querySelector('.hd-part-name')?.setAttribute('aria-selected', String(chosen))
      const { name } = PARTS[part]
      this.showToggle(row, 'hidden', part, this.settings.hidden[part] ? `Show ${name}` : `Hide ${name}`)
      this.showToggle(row, 'locked', part, this.settings.locked[part] ? `Unlock ${name}` : `Lock ${name}: nothing paints over it`)
    })
  }

  private showToggle(row: HTMLElement, which: 'hidden' | 'locked', part: number, label: string): void {
    const button = row.querySelector(`.hd-${which}`) as HTMLButtonElement
    const on = this.settings[which][part] === 1
    if (button.title === label) return
    button.title = label
    button.setAttribute('aria-label', label)
    button.setAttribute('aria-pressed', String(on))
    button.replaceChildren(icon(which === 'hidden' ? (on ? 'hidden' : 'eye') : on ? 'lock' : 'open'))
  }

  private filter(): void {
    const found = new Set(searchParts(this.search.value).map((part) => part.index))
    this.rows.forEach((row, part) => (row.hidden = !found.has(part)))
    for (const heading of this.headings) heading.hidden = this.search.value.trim() !== ''
  }

  private onSearchKey(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.key === 'Escape') this.search.value = ''
    const first = searchParts(this.search.value)[0]
    if (event.key === 'Enter' && first) {
      this.choose(first.index)
      this.search.value = ''
    }
    if (event.key === 'Escape' || event.key === 'Enter') {
      this.filter()
      this.element.closest<HTMLElement>('.hd-editor')?.focus()
    }
  }
}

function short(count: number): string {
  return count < 1000 ? String(count) : count < 100_000 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`
}
