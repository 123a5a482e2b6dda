// What the figure wears: cuts to put on and take off, and their lengths.
import { cuts, garment, garmentJson, type Garment, type Measure } from '../figure'
import { cssColour, PARTS } from '../scene/parts'
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
  /** What the figure wears now; null if there is none any more. */
  worn(): readonly Garment[] | null
  /** Changes of one `series` are one step of undo. */
  wear(worn: readonly Garment[], series?: string): void
}

/** Opens the card; what it gives shows in it what is worn by then. */
export function openWardrobe(root: HTMLElement, fitting: Fitting): () => void {
  let worn = fitting.worn() ?? []
  const chips = h('div', { class: 'hd-chips' })
  const measures = h('div')
  const refresh = () => {
    chips.replaceChildren(...cuts.map((cut) => chip(cut, worn.some((one) => one.cut === cut), () => toggle(cut))))
    measures.replaceChildren(...worn.filter(hasLengths).map((one) => lengths(one, (changed, measure) => replace(one, changed, measure))))
  }
  const toggle = (cut: Garment['cut']) => {
    const made = garment(cut)
    const others = worn.filter((one) => one.cut !== cut && !(one.part === made.part && one.shape === made.shape))
    worn = worn.some((one) => one.cut === cut) ? worn.filter((one) => one.cut !== cut) : [...others, made]
    refresh()
    fitting.wear(worn)
  }
  const replace = (old: Garment, changed: Garment, measure: Measure) => {
    worn = worn.map((one) => (one.cut === old.cut && one.part === old.part ? changed : one))
    fitting.wear(worn, `${measure} of ${old.cut}`)
  }
  refresh()
  openCard(root, 'What the figure wears', () => undefined, chips, measures)
  root.querySelector('.hd-card')?.classList.add('hd-wardrobe')
  return () => {
    const now = fitting.worn() ?? []
    if (JSON.stringify(now.map(garmentJson)) === JSON.stringify(worn.map(garmentJson))) return
    worn = now
    refresh()
  }
}

function chip(cut: Garment['cut'], on: boolean, onclick: () => void): HTMLElement {
  const swatch = h('span', { class: 'hd-swatch' })
  swatch.style.background = cssColour(PARTS[garment(cut).part])
  return h('button', { type: 'button', class: 'hd-chip', 'aria-pressed': String(on), 'data-cut': cut, onclick }, swatch, cut.replaceAll('-', ' '))
}

function hasLengths(worn: Garment): boolean {
  return ['bodice', 'skirt', 'trousers', 'jumpsuit'].includes(worn.shape)
}

function lengths(worn: Garment, change: (changed: Garment, measure: Measure) => void): HTMLElement {
  let now = worn
  const rows = LENGTHS.filter(([measure]) => fits(worn, measure)).flatMap(([measure, label, low, high]) => {
    const text = h('span', { class: 'hd-number' }, now[measure].toFixed(2))
    const slider = h('input', { type: 'range', min: low, max: high, step: (high - low) / 200, value: now[measure], 'aria-label': `${label} of ${worn.cut}` })
    slider.addEventListener('input', () => {
      now = { ...now, [measure]: Number(slider.value) }
      text.textContent = now[measure].toFixed(2)
      change(now, measure)
    })
    return [h('span', {}, label), slider, text]
  })
  return h('div', { class: 'hd-measures' }, h('b', {}, worn.cut.replaceAll('-', ' ')), ...rows)
}

function fits(worn: Garment, measure: Measure): boolean {
  const upper = worn.shape === 'bodice' || worn.shape === 'jumpsuit'
  return upper || (measure !== 'sleeve' && measure !== 'neck_depth' && measure !== 'neck_width')
}
