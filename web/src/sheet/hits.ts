// What Retrieve Style tells the page of a run (nodes/bridge/boards.py).
import type { ServerFile } from '../comfy/host'

export interface Item {
  readonly id: string
  readonly caption: string
  readonly source: string
  /** The number of its picture in the file of all, if it has one. */
  readonly tile: number | null
  readonly score?: number
  readonly weight?: number
}

export interface PartHits {
  readonly part: string
  /** All names of the part, its own first. */
  readonly names: readonly string[]
  readonly phrase: string
  readonly how: string
  readonly elsewhere: boolean
  readonly hits: readonly Item[]
  readonly banned: readonly Item[]
}

export interface Hits {
  readonly parts: readonly PartHits[]
  readonly file: ServerFile | null
  /** Height and width of a picture, and how many stand in a row of the file. */
  readonly tile: number
  readonly columns: number
}

/** What a part was found by, for people. */
export function howFound({ how, elsewhere, hits }: PartHits): string {
  const words: Record<string, string> = {
    text: '', image: 'by your picture', both: 'by words and picture', locked: 'locked', prior: 'not described'
  }
  if (hits.length === 0) return how === '' ? '' : 'nothing found'
  return elsewhere ? 'from other parts: the memory has none' : (words[how] ?? how)
}
