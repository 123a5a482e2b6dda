// Laws of editing: nothing painted is lost, undo goes back one act at a time, a connected map never outruns the artist.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { BaseLayer } from '../src/editor/base'
import type { Exchange } from '../src/editor/exchange'
import type { Figures } from '../src/editor/figures'
import { Menus } from '../src/editor/menus'
import type { Notices } from '../src/editor/notices'
import type { Photos } from '../src/editor/photos'
import { fetchFiles, stateFrom, uploadLayers, type Store } from '../src/editor/reading'
import { Settings } from '../src/editor/settings'
import { Document, paintedState } from '../src/scene/document'
import { PARTS } from '../src/scene/parts'
import { decodePng, encodePng } from '../src/scene/png'
import { freshFigure, gripAt, handlesOf, isKnown } from '../src/scene/posing'
import type { Size } from '../src/scene/rect'
import { decodeRuns } from '../src/scene/runs'
import { inkCapsule } from '../src/scene/strokes'
import { parseValue } from '../src/scene/value'

const SIZE: Size = { width: 64, height: 96 }
const LISTENER = { pixels: () => undefined, committed: () => undefined }

afterEach(() => void vi.unstubAllGlobals())

describe('undo', () => {
  test('a stroke that changes nothing leaves redo as it is', () => {
    const document = new Document(LISTENER, SIZE)
    dab(document, 5, 20, 20)
    document.undo()
    dab(document, 7, 20, 20, { locked: new Uint8Array(PARTS.length).fill(1) })
    expect([document.canUndo, document.canRedo]).toEqual([false, true])
  })

  test('changes of one series are one step, until something else is done or undone', () => {
    const document = new Document(LISTENER, SIZE)
    for (const photo of ['a', 'b', 'c']) document.change({ photo }, 'photos')
    dab(document, 5, 20, 20)
    document.change({ photo: 'd' }, 'photos')
    document.undo()
    expect(document.current.photo).toBe('c')
    document.change({ photo: 'e' }, 'photos')
    document.undo()
    document.undo()
    document.undo()
    expect([document.current.photo, document.canUndo]).toEqual([null, false])
  })

  test('what is cancelled was never drawn', () => {
    const document = new Document(LISTENER, SIZE)
    dab(document, 5, 20, 20)
    const before = document.value()
    dab(document, 7, 20, 20, {}, false)
    expect(document.value()).not.toBe(before)
    document.cancel()
    expect(document.value()).toBe(before)
    document.undo()
    expect(document.paper.counts[5]).toBe(0)
  })

  test('a state that was made of a map does not share its pixels', () => {
    const document = new Document(LISTENER, SIZE)
    const labels = new Uint8Array(SIZE.width * SIZE.height).fill(3)
    document.change(paintedState(SIZE, labels))
    document.repaint(document.paper.labels)
    dab(document, 5, 20, 20)
    expect(new Set(labels)).toEqual(new Set([3]))
  })
})

describe('saving and opening', () => {
  test('restore finds the figure below the paint also after the map was opened again', () => {
    const first = new Document(LISTENER, SIZE)
    first.change(freshFigure('standing-trousers', SIZE))
    const document = opened(first.value())
    const saved = document.paper.labels.slice()
    dab(document, 20, 32, 45)
    expect(document.paper.labels).not.toEqual(saved)
    dab(document, 0, 32, 45, { restore: document.current.under() })
    expect(document.paper.labels).toEqual(saved)
    expect(document.paper.painted).not.toContain(1)
  })

  test('what is painted while layers are uploaded does not get into their files', async () => {
    const size = { width: 1024, height: 1024 }
    const document = new Document(LISTENER, size)
    const noise = new Uint8Array(size.width * size.height).map((_, i) => (i * 7919) % 23 + 1)
    document.change({ ...paintedState(size, noise), paper: { ...paintedState(size, noise).paper, painted: noise.map((part) => part % 2) } })
    const files: Uint8Array[] = []
    const upload = async (file: Blob) => {
      dab(document, 5, 500, 500 + 20 * files.length)
      files.push((await decodePng(new Uint8Array(await file.arrayBuffer())))?.labels ?? new Uint8Array())
      return `humandiffusion/${files.length}.png`
    }
    const before = [document.paper.labels.slice(), document.paper.painted.slice()]
    await uploadLayers(document, { upload } as unknown as Store)
    expect(files.length).toBe(2)
    expect(files.map((file, i) => file.every((value, k) => value === before[i][k]))).toEqual([true, true])
  })

  test('a file of the same area and another shape is refused', async () => {
    const value = parseValue('{"version":1,"width":100,"height":200,"labels":{"file":"a.png"}}')
    const download = () => encodePng(new Uint8Array(20_000), { width: 200, height: 100 })
    await expect(fetchFiles(value!, { download } as unknown as Store)).rejects.toThrow('another size')
  })

  test('a text of eight million letters is read or refused, whatever the stack', () => {
    const text = 'B'.repeat(8_000_000)
    expect(decodeRuns(text, { width: 4000, height: 2000 }, 24, 'labels').length).toBe(8_000_000)
    expect(() => decodeRuns(`${text}!`, { width: 4000, height: 2000 }, 24, 'labels')).toThrow('damaged')
  })
})

describe('figures of a later version', () => {
  test('are kept and painted on, and cannot be held', () => {
    const { skeleton } = freshFigure('standing-trousers', SIZE)
    const later = { ...skeleton!, garments: [...skeleton!.garments, { cut: 'cloak of 2031', part: 6 }] }
    expect([isKnown(skeleton!), isKnown(later)]).toEqual([true, false])
    expect(handlesOf(later, SIZE, null)).toEqual([])
    const [x, y] = later.keypoints[4]
    expect([gripAt(skeleton, SIZE, null, x, y, 9), gripAt(later, SIZE, null, x, y, 9)]).toEqual([{ joint: 4 }, null])
  })
})

describe('a connected map', () => {
  test('that was taken by itself is no step to go back on', async () => {
    const { document, base } = connected()
    await base.set(await mapOf(5, SIZE, 'a'))
    expect([document.paper.counts[5], document.canUndo]).toEqual([SIZE.width * SIZE.height, false])
    expect(JSON.parse(document.value()).base).toEqual({ hash: 'a', policy: 'reapply' })
  })

  test('of an older run, or one that was disconnected meanwhile, is not taken', async () => {
    const { document, base } = connected()
    const [a, b] = [await mapOf(5, SIZE, 'a'), await mapOf(6, SIZE, 'b')]
    await Promise.all([base.set(slow(a)), base.set(b)])
    expect(document.current.base?.hash).toBe('b')
    const other = connected()
    await Promise.all([other.base.set(a), other.base.set(null)])
    expect(other.document.isBlank).toBe(true)
  })

  test.each([[3, 3], [4097, 16]])('of %i x %i pixels is refused in words', async (width, height) => {
    const { document, base, told } = connected()
    await base.set(await mapOf(5, { width, height }, 'a'))
    expect(document.isBlank).toBe(true)
    expect(told).toEqual([expect.stringContaining(`${width} x ${height}`)])
  })

  test('no longer lies below a map that was mirrored', async () => {
    const { document, base } = connected()
    await base.set(await mapOf(5, SIZE, 'a'))
    dab(document, 7, 10, 10)
    menusOf(document, base)['mirror']()
    expect(document.current.base).toEqual({ hash: 'a', policy: 'keep' })
    expect(document.paper.labels[10 * SIZE.width + SIZE.width - 11]).toBe(7)
  })
})

function connected() {
  const document = new Document(LISTENER)
  const told: string[] = []
  const notices = { tell: (_: string, text: string) => told.push(text), forget: () => undefined } as unknown as Notices
  return { document, told, base: new BaseLayer(document, notices) }
}

function menusOf(document: Document, base: BaseLayer): Menus {
  const none = {} as unknown
  return new Menus(none as HTMLElement, document, new Settings(), base, none as Photos, none as Figures, none as Exchange)
}

async function mapOf(part: number, size: Size, hash: string) {
  const png = await encodePng(new Uint8Array(size.width * size.height).fill(part), size)
  return { hash, url: `data:image/png;base64,${btoa(String.fromCharCode(...png))}` }
}

/** The same file from a server that takes its time. */
function slow<T extends { url: string }>(base: T): T {
  const fetchNow = globalThis.fetch
  vi.stubGlobal('fetch', async (url: string) => {
    if (url === 'slow:') await new Promise((ready) => setTimeout(ready, 200))
    return fetchNow(url === 'slow:' ? base.url : url)
  })
  return { ...base, url: 'slow:' }
}

function opened(text: string): Document {
  const document = new Document(LISTENER)
  document.open(stateFrom(parseValue(text)!, new Map()))
  return document
}

function dab(document: Document, part: number, x: number, y: number, more: { locked?: Uint8Array; restore?: Uint8Array } = {}, commit = true): void {
  const at = { x, y, radius: 4 }
  document.draw({ part, locked: new Uint8Array(PARTS.length), ...more }, (paper, ink) => inkCapsule(paper, ink, at, at))
  if (commit) document.commit()
}
