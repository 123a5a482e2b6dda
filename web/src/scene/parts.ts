// The 24 parts of DeepFashion-MultiModal; a Python test holds parts.json to humandiffusion/parts.py.
import table from './parts.json'

export type Group = 'scene' | 'body' | 'garment' | 'accessory'

export interface Part {
  readonly index: number
  readonly name: string
  readonly group: Group
  readonly colour: readonly [number, number, number]
  readonly synonyms: readonly string[]
}

export const PARTS: readonly Part[] = table.map((row, index) => ({
  index,
  name: row.name,
  group: row.group as Group,
  colour: row.colour as [number, number, number],
  synonyms: row.synonyms
}))

export const BACKGROUND = 0

/** Parts whose name or a synonym contains the words looked for, in their own order. */
export function searchParts(words: string): readonly Part[] {
  const wanted = words.trim().toLowerCase()
  return PARTS.filter((part) => [part.name, ...part.synonyms].some((name) => name.includes(wanted)))
}

export function cssColour(part: Part): string {
  return `rgb(${part.colour.join(' ')})`
}
