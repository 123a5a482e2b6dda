// What a figure wears: a part, a family of shapes, and the lengths that an editor may drag.
import { PARTS } from '../scene/parts'
import { FigureError, figureData, type CutName } from './measures'

export type Shape =
  | 'bodice' | 'skirt' | 'trousers' | 'jumpsuit' | 'shoes' | 'socks' | 'gloves' | 'watch' | 'belt' | 'tie' | 'scarf'
  | 'necklace' | 'glasses' | 'earrings' | 'hat' | 'handbag' | 'shoulder-bag' | 'hair'

export const MEASURES = [
  'waist', 'hem', 'sleeve', 'ease', 'sleeve_ease', 'flare', 'neck_width', 'neck_depth', 'neck_point', 'collar', 'drape',
  'gap', 'gap_hem'
] as const

export type Measure = (typeof MEASURES)[number]

/** One thing worn (or the hair), as humandiffusion/pose/garments.py tells: widths are shares of the body's height, lengths
 * lie on the body's own scale, 0 at the shoulders to 3 at the ankles, on the arm 0 at the shoulder to 1 at the wrist.
 * Plain data, fit for JSON; `cut` is the cut of figure.json that it began as. */
export type Garment = {
  readonly cut: CutName
  readonly part: number
  readonly shape: Shape
  readonly style: string
} & { readonly [measure in Measure]: number }

export type Overrides = Partial<Record<Measure, number>> & { readonly part?: number | string; readonly style?: string }

/** `t-shirt`, `pencil-skirt`, `hair-bob` and so on. */
export const cuts = Object.keys(figureData.cuts) as CutName[]

/** A garment by name, some of its measures changed. Throws FigureError for an unknown name or measure. */
export function garment(cut: string, overrides: Overrides = {}): Garment {
  const row = Object.hasOwn(figureData.cuts, cut) ? figureData.cuts[cut] : undefined
  if (!row) throw new FigureError(`garment: got '${cut}', wanted one of ${cuts.join(', ')}`)
  const unknown = Object.keys(overrides).find((key) => key !== 'part' && key !== 'style' && !isMeasure(key))
  if (unknown) throw new FigureError(`garment ${cut}: got measure '${unknown}', wanted one of ${MEASURES.join(', ')}`)
  const zeros = Object.fromEntries(MEASURES.map((name) => [name, 0]))
  const made = { cut, style: '', ...zeros, ...row, ...overrides, part: partIndex(overrides.part ?? row.part) } as Garment
  check(made)
  return made
}

/** Reads a garment from JSON: `{"cut": "dress", "hem": 2.2}`; `shape` goes with the cut. Throws FigureError. */
export function garmentOf(data: Readonly<Record<string, unknown>>): Garment {
  const { cut, shape: _shape, ...overrides } = data
  return garment(String(cut), overrides as Overrides)
}

/** What differs from the cut, as `garmentOf` and Python's `garment_of` read it. */
export function garmentJson(worn: Garment): Record<string, number | string> {
  const plain = garment(worn.cut)
  const changed = MEASURES.filter((name) => worn[name] !== plain[name]).map((name) => [name, worn[name]])
  return {
    cut: worn.cut,
    ...(worn.part === plain.part ? {} : { part: PARTS[worn.part].name }),
    ...(worn.style === plain.style ? {} : { style: worn.style }),
    ...Object.fromEntries(changed)
  }
}

function isMeasure(name: string): name is Measure {
  return (MEASURES as readonly string[]).includes(name)
}

function partIndex(part: number | string): number {
  if (typeof part === 'number') return part
  const wanted = part.trim().toLowerCase().replaceAll('_', ' ')
  const found = PARTS.find(({ name, synonyms }) => name === wanted || synonyms.includes(wanted))
  if (!found) throw new FigureError(`part: got '${part}', wanted one of ${PARTS.map(({ name }) => name).join(', ')}`)
  return found.index
}

function check({ part, shape, style, ...measures }: Garment): void {
  if (!Number.isInteger(part) || part <= 0 || part >= PARTS.length) {
    throw new FigureError(`garment: got part ${part}, wanted 1 to ${PARTS.length - 1}`)
  }
  if (shape === 'hair' && !Object.hasOwn(figureData.hair, style)) {
    throw new FigureError(`hair: got style '${style}', wanted one of ${Object.keys(figureData.hair).join(', ')}`)
  }
  for (const name of MEASURES) {
    const value = measures[name]
    if (!(typeof value === 'number' && value >= -4 && value <= 4)) {
      throw new FigureError(`garment: got ${name} ${String(value)}, wanted a measure from -4 to 4`)
    }
  }
}
