// What the figure wears: cuts to put on and take off, and their lengths.
import { cuts, garment, garmentJson, type Garment, type Measure } from '../figure'
import { cssColour, PARTS } from '../scene/parts'
import { garmentsOf } from '../scene/posing'
import type { Skeleton } from '../scene/value'
import { openCard } from './cards'
import { h } from './dom'

const LENGTHS: readonly (readonly [Measure, string, number, number])[] = [
  ['sleeve', 'Sleeve', 0, 1.05],
  ['hem', 'Hem', 0.4, 3],
  ['neck_depth', 'Neckline', -0.1, 0.6],
  ['neck_width', 'Neck width', 0, 0.08],
  ['flare', 'Flare', 0, 0.12],
  ['ease', 'Looseness', 0, 0.05]
]

export interface Fitting {
  show(skeleton: Skeleton): void
  /** The card was closed. */
  done(): void
}

export function openWardrobe(root: HTMLElement, skeleton: Skeleton, fitting: Fitting): void {
  let worn = garmentsOf(skeleton)
  const chips = h('div', { class: 'hd-chips' })
  const measures = h('div')
  const refresh = () => {
    fitting.show({ ...skeleton, garments: worn.map(garmentJson) })
    chips.replaceChildren(...cuts.map((cut) => chip(cut, worn.some((one) => one.cut === cut), () => toggle(cut))))
    measures.replaceChildren(...worn.filter(hasLengths).map((one) => lengths(one, (changed) => replace(one, changed))))
  }
  const toggle = (cut: Garment['cut']) => {
    const made = garment(cut)
    const others = worn.filter((one) => one.cut !== cut && !(one.part === made.part && one.shape === made.shape))
    worn = worn.some((one) => one.cut === cut) ? worn.filter((one) => one.cut !== cut) : [...others, made]
    refresh()
  }
  const replace = (old: Garment, changed: Garment) => {
    worn = worn.map((one) => (one.cut === old.cut && one.part === old.part ? changed : one))
    fitting.show({ ...skeleton, garments: worn.map(garmentJson) })
  }
  refresh()
  openCard(root, 'What the figure wears', fitting.done, chips, measures)
  root.querySelector('.hd-card')?.classList.add('hd-wardrobe')
}

function chip(cut: Garment['cut'], on: boolean, onclick: () => void): HTMLElement {
  const swatch = h('span', { class: 'hd-swatch' })
  swatch.style.background = cssColour(PARTS[garment(cut).part])
  return h('button', { type: 'button', class: 'hd-chip', 'aria-pressed': String(on), 'data-cut': cut, onclick }, swatch, cut.replaceAll('-', ' '))
}

function hasLengths(worn: Garment): boolean {
  return ['bodice', 'skirt', 'trousers', 'jumpsuit'].includes(worn.shape)
}

function lengths(worn: Garment, change: (changed: Garment) => void): HTMLElement {
  let now = worn
  const rows = LENGTHS.filter(([measure]) => fits(worn, measure)).flatMap(([measure, label, low, high]) => {
    const text = h('span', { class: 'hd-number' }, now[measure].toFixed(2))
    const slider = h('input', { type: 'range', min: low, max: high, step: (high - low) / 200, value: now[measure], 'aria-label': `${label} of ${worn.cut}` })
    slider.addEventListener('input', () => {
      now = { ...now, [measure]: Number(slider.value) }
      text.textContent = now[measure].toFixed(2)
      change(now)
    })
    return [h('span', {}, label), slider, text]
  })
  return h('div', { class: 'hd-measures' }, h('b', {}, worn.cut.replaceAll('-', ' ')), ...rows)
}

function fits(worn: Garment, measure: Measure): boolean {
  const upper = worn.shape === 'bodice' || worn.shape === 'jumpsuit'
  return upper || (measure !== 'sleeve' && measure !== 'neck_depth' && measure !== 'neck_width')
}
