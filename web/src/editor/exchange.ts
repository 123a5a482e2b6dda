// Maps and photos in and out: files chosen or dropped, the clipboard, PNG.
import { paintedState, type Document } from '../scene/document'
import { decodePng, encodePng, labelsOfColours, type Decoded } from '../scene/png'
import { fitsPage, wrongSize } from '../scene/sizes'
import { parseValue } from '../scene/value'
import type { BaseLayer } from './base'
import { h } from './dom'
import type { Notices } from './notices'
import type { Photos } from './photos'
import { fetchFiles, keepFiles, stateFrom, type Store } from './reading'

export class Exchange {
  constructor(
    private readonly document: Document,
    private readonly photos: Photos,
    private readonly base: BaseLayer,
    private readonly notices: Notices,
    private readonly store: Store
  ) {}

  chooseFile(): void {
    const input = h('input', { type: 'file', accept: 'image/*' })
    input.addEventListener('change', () => input.files?.[0] && void this.takeFile(input.files[0]))
    input.click()
  }

  async exportPng(): Promise<void> {
    const { paper } = this.document
    const url = URL.createObjectURL(new Blob([await encodePng(paper.labels.slice(), paper)], { type: 'image/png' }))
    h('a', { href: url, download: 'pose.png' }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }

  /** A map becomes the map, any other picture the photo below it. */
  async takeFile(file: Blob): Promise<void> {
    try {
      const map = (await decodePng(new Uint8Array(await file.arrayBuffer()))) ?? (await mapOfColours(file))
      if (map && !fitsPage(map)) throw new Error(wrongSize(map))
      if (map) this.document.change(this.base.own({ ...paintedState(map, map.labels), photo: this.document.current.photo }))
      else await this.photos.take(file)
    } catch (error) {
      this.notices.tell('file', `This file cannot be opened: ${(error as Error).message}.`)
    }
  }

  /** Copy and paste of the whole map, while `root` has the keyboard. `value` is what is copied. */
  listenToClipboard(root: HTMLElement, value: () => string): void {
    root.addEventListener('copy', (event) => {
      if (event.target instanceof HTMLInputElement) return
      event.clipboardData?.setData('text/plain', value())
      event.preventDefault()
      event.stopPropagation()
    })
    root.addEventListener('paste', (event) => {
      if (event.target instanceof HTMLInputElement) return
      event.preventDefault()
      event.stopPropagation()
      const file = event.clipboardData?.files[0]
      if (file) void this.takeFile(file)
      else void this.pasteValue(event.clipboardData?.getData('text/plain') ?? '')
    })
  }

  listenToDrops(root: HTMLElement): void {
    let hint: HTMLElement | null = null
    const end = () => {
      hint?.remove()
      hint = null
    }
    root.addEventListener('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      event.stopPropagation()
      if (hint) return
      hint = h('div', { class: 'hd-drop' }, 'Drop a pose map (indexed PNG) to edit it, or a photo to draw over')
      root.append(hint)
    })
    root.addEventListener('dragleave', (event) => !root.contains(event.relatedTarget as Node | null) && end())
    root.addEventListener('drop', (event) => {
      end()
      const file = event.dataTransfer?.files[0]
      if (!file) return
      event.preventDefault()
      event.stopPropagation()
      void this.takeFile(file)
    })
  }

  private async pasteValue(text: string): Promise<void> {
    try {
      const value = parseValue(text)
      if (!value) return this.notices.tell('clipboard', 'The map in the clipboard is blank.')
      const state = stateFrom(value, await fetchFiles(value, this.store))
      this.document.change(this.base.own({ ...state, photo: this.document.current.photo ?? state.photo }))
      keepFiles(this.document, value)
    } catch {
      this.notices.tell('clipboard', 'The clipboard holds no pose map. Copy one in another pose editor with Ctrl + C.')
    }
  }
}

async function mapOfColours(file: Blob): Promise<Decoded | null> {
  if (file.type !== 'image/png') return null
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  const canvas = h('canvas', { width: bitmap.width, height: bitmap.height })
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  context.drawImage(bitmap, 0, 0)
  const labels = labelsOfColours(context.getImageData(0, 0, bitmap.width, bitmap.height).data)
  return labels && { width: bitmap.width, height: bitmap.height, labels }
}
