// Between the text that a workflow saves and the document: layers that lie in files, and what is below the paint.
import { stateOf, type Document, type State } from '../scene/document'
import { decodePng, encodePng } from '../scene/png'
import { drawSkeleton } from '../scene/posing'
import { filesOf, INLINE_LIMIT, layersOf, type Layers, type Value } from '../scene/value'

export type Files = ReadonlyMap<string, Uint8Array>

/** Files that are kept for good under names made of their content. */
export interface Store {
  /** Gives the name that goes into the value. */
  upload(file: Blob): Promise<string>
  download(name: string): Promise<Uint8Array<ArrayBuffer>>
  /** Where the page finds such a file. */
  address(name: string): string
}

export async function fetchFiles(value: Value, store: Store): Promise<Files> {
  const files = new Map<string, Uint8Array>()
  for (const name of filesOf(value)) {
    const map = await decodePng(await store.download(name))
    if (!map) throw new Error(`${name} is not an indexed PNG`)
    if (map.width !== value.width || map.height !== value.height) throw new Error(`${name} is of another size`)
    files.set(name, map.labels)
  }
  return files
}

/** Throws an Error for the artist. */
export function stateFrom(value: Value, files: Files): State {
  const layers = layersOf(value, files)
  return stateOf(value, layers, () => underOf(value, layers))
}

/** What came from files is saved as these files again. */
export function keepFiles(document: Document, value: Value): void {
  const [labels, painted] = document.layerTexts()
  if ('file' in value.labels) document.keepFile(labels.text, value.labels.file)
  if (value.painted && 'file' in value.painted) document.keepFile(painted.text, value.painted.file)
}

/** Puts layers that are too large for a workflow into files. Rejects if that fails. */
export async function uploadLayers(document: Document, store: Store): Promise<void> {
  const { width, height } = document.paper
  // Copied before anything is waited for, because meanwhile the artist paints on.
  const pending = document.pendingTexts(INLINE_LIMIT).map(({ text, pixels }) => ({ text, pixels: pixels.slice() }))
  for (const { text, pixels } of pending) {
    const png = await encodePng(pixels, { width, height })
    document.keepFile(text, await store.upload(new Blob([png], { type: 'image/png' })))
  }
}

/** What lies below a value's paint. The figure is drawn anew, with the hand of whoever drew last where it differs. */
function underOf(value: Value, { labels, painted }: Layers): Uint8Array {
  if (!value.painted && (value.skeleton || value.base)) return labels.slice()
  if (value.skeleton) {
    try {
      return drawSkeleton(value.skeleton, value)
    } catch {
      // A garment of a later version: what was saved stays to be seen.
    }
  }
  return labels.map((label, i) => (painted[i] ? 0 : label))
}
