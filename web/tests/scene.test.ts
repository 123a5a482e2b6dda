// Laws of the scene: values, runs, painting, undo, parts grown and shrunk, PNGs.
import { describe, expect, test } from 'vitest'
import bad from '../../tests/fixtures/editor/bad.json'
import good from '../../tests/fixtures/editor/good.json'
import { sha256 } from '../src/comfy/sha256'
import { stateFrom } from '../src/editor/reading'
import { blankState, Document } from '../src/scene/document'
import { exchanged, grown, shrunk, smoothed } from '../src/scene/morph'
import { blankPaper, boundsOf, countParts, paperOf } from '../src/scene/paper'
import { PARTS, searchParts } from '../src/scene/parts'
import { decodePng, encodePng, labelsOfColours } from '../src/scene/png'
import { dragged, freshFigure, mirroredSkeleton, presetSkeleton } from '../src/scene/posing'
import { decodeRuns, encodeRuns, RunText } from '../src/scene/runs'
import { resized, scaled } from '../src/scene/sizes'
import { inkArea, inkCapsule, inkPolygon } from '../src/scene/strokes'
import { layersOf, parseValue } from '../src/scene/value'

const SILENT = { pixels: () => undefined, committed: () => undefined }
const FREE = new Uint8Array(PARTS.length)
const SIZE = { width: 64, height: 48 }

describe('values', () => {
  test.each(good)('a value is read as Python reads it: $law', ({ value, labels, painted }) => {
    const parsed = parseValue(value)
    const layers = parsed && layersOf(parsed, new Map())
    expect([...(layers?.labels ?? [])]).toEqual(labels.flatMap((row) => [...row].map((letter) => parseInt(letter, 36))))
    expect(layers?.painted.reduce((sum, mark) => sum + mark, 0)).toBe(painted)
  })

  test.each(bad)('what is wrong is told: $law', ({ value }) => {
    const read = () => {
      const parsed = parseValue(value)
      if (parsed) layersOf(parsed, new Map())
    }
    expect(read).toThrow()
  })

  test('2000 damaged values are refused or read right', () => {
    const random = seeded(4)
    let refused = 0
    for (let n = 0; n < 2000; n++) {
      const { value } = good[Math.floor(random() * good.length)]
      const at = Math.floor(random() * value.length)
      const text = n % 2 ? value.slice(0, at) : value.slice(0, at) + String.fromCharCode(32 + random() * 95) + value.slice(at + 1)
      try {
        const parsed = parseValue(text)
        if (!parsed) continue
        const { labels } = layersOf(parsed, new Map())
        expect(labels.length).toBe(parsed.width * parsed.height)
        expect(Math.max(...labels)).toBeLessThan(PARTS.length)
      } catch (error) {
        refused++
        expect((error as Error).message).not.toBe('')
      }
    }
    expect(refused).toBeGreaterThan(500)
  })

  test('what a document says it opens again, to the letter', () => {
    const document = new Document(SILENT)
    document.change(freshFigure('standing-dress', { width: 96, height: 144 }))
    document.draw({ part: 7, locked: FREE }, (paper, ink) => inkCapsule(paper, ink, dab(40, 20, 5), dab(60, 20, 5)))
    document.commit()
    const text = document.value()
    const value = parseValue(text)
    const other = new Document(SILENT)
    if (value) other.open(stateFrom(value, new Map()))
    expect(other.value()).toBe(text)
    expect(new Document(SILENT).value()).toBe('')
  })
})

describe('runs', () => {
  test('any map comes back', () => {
    const random = seeded(1)
    for (let n = 0; n < 50; n++) {
      const labels = Uint8Array.from({ length: SIZE.width * SIZE.height }, () => (random() < 0.7 ? 0 : random() * 24))
      expect(same(decodeRuns(encodeRuns(labels, SIZE), SIZE, 24, 'labels'), labels)).toBe(true)
    }
  })

  test('rows that were not touched are not read again, touched ones are', () => {
    const paper = blankPaper(SIZE)
    const runs = new RunText()
    runs.text(paper.labels, SIZE)
    const rect = inkCapsule(paper, { part: 3, locked: FREE }, dab(20, 20, 4), dab(30, 25, 4))
    runs.touch(rect)
    expect(runs.text(paper.labels, SIZE)).toBe(encodeRuns(paper.labels, SIZE))
  })
})

describe('painting', () => {
  test('a dab is round, a stroke has no holes, counts stay right', () => {
    const paper = blankPaper(SIZE)
    inkCapsule(paper, { part: 1, locked: FREE }, dab(20, 20, 8), dab(20, 20, 8))
    expect(Math.abs(paper.counts[1] - Math.PI * 64)).toBeLessThan(12)
    inkCapsule(paper, { part: 2, locked: FREE }, dab(10, 40, 1), dab(60, 30, 1))
    for (let x = 12; x < 58; x++) expect([...Array(48).keys()].some((y) => paper.labels[y * 64 + x] === 2)).toBe(true)
    expect([...paper.counts]).toEqual([...countParts(paper.labels)])
  })

  test('the thinnest brush paints the pixel under it, and only inside the page', () => {
    const paper = blankPaper(SIZE)
    inkCapsule(paper, { part: 1, locked: FREE }, dab(5.9, 7.1, 0.5), dab(5.9, 7.1, 0.5))
    expect(boundsOf(paper)).toEqual({ x0: 5, y0: 7, x1: 6, y1: 8 })
    inkCapsule(paper, { part: 1, locked: FREE }, dab(-50, -50, 9), dab(900, -50, 9))
    expect(paper.counts[1]).toBe(1)
  })

  test('nothing paints over a locked part', () => {
    const paper = blankPaper(SIZE)
    inkPolygon(paper, { part: 14, locked: FREE }, [dab(10, 10, 0), dab(30, 10, 0), dab(30, 30, 0), dab(10, 30, 0)])
    const locked = FREE.slice()
    locked[14] = 1
    const before = paper.counts[14]
    inkCapsule(paper, { part: 1, locked }, dab(0, 20, 9), dab(64, 20, 9))
    expect(before).toBe(400)
    expect(paper.counts[14]).toBe(400)
  })

  test('fill takes the whole area of a part and stops at its border', () => {
    const paper = blankPaper(SIZE)
    inkPolygon(paper, { part: 5, locked: FREE }, [dab(10, 10, 0), dab(50, 10, 0), dab(30, 40, 0)])
    const area = paper.counts[5]
    inkArea(paper, { part: 6, locked: FREE }, 30, 20)
    expect([paper.counts[6], paper.counts[5]]).toEqual([area, 0])
    inkArea(paper, { part: 4, locked: FREE }, 0, 0)
    expect(paper.counts[0]).toBe(0)
  })

  test('restore shows the figure again where it was painted over', () => {
    const { paper, under: below } = freshFigure('standing-t-shirt', { width: 96, height: 144 })
    const under = below()
    inkCapsule(paper, { part: 12, locked: FREE }, dab(48, 72, 9), dab(48, 72, 9))
    expect(same(paper.labels, under)).toBe(false)
    inkCapsule(paper, { part: 0, locked: FREE, restore: under }, dab(48, 72, 12), dab(48, 72, 12))
    expect(same(paper.labels, under)).toBe(true)
    expect(paper.painted.includes(1)).toBe(false)
  })
})

describe('undo', () => {
  test('any number of steps back and forth gives the same maps', () => {
    const random = seeded(7)
    const document = new Document(SILENT, { width: 150, height: 130 })
    const states: Uint8Array[] = [document.paper.labels.slice()]
    for (let n = 0; n < 12; n++) {
      if (n === 5) document.change(freshFigure('walking-skirt', { width: 96, height: 144 }))
      else {
        const from = dab(random() * 150, random() * 130, 9)
        document.draw({ part: 1 + n, locked: FREE }, (paper, ink) => inkCapsule(paper, ink, from, dab(random() * 150, random() * 130, 4)))
        document.commit()
      }
      states.push(document.paper.labels.slice())
    }
    for (let n = 11; n >= 0; n--) {
      document.undo()
      expect(same(document.paper.labels, states[n])).toBe(true)
      expect([...document.paper.counts]).toEqual([...countParts(states[n])])
    }
    expect(document.canUndo).toBe(false)
    for (let n = 1; n <= 12; n++) document.redo()
    expect(same(document.paper.labels, states[12])).toBe(true)
    expect(document.canRedo).toBe(false)
  })
})

describe('whole parts', () => {
  const paper = paperOf(SIZE, new Uint8Array(64 * 48), new Uint8Array(64 * 48))
  inkPolygon(paper, { part: 1, locked: FREE }, [dab(20, 10, 0), dab(40, 10, 0), dab(40, 30, 0), dab(20, 30, 0)])

  test('grow and shrink move the outline by the pixels asked', () => {
    expect(boundsOf({ ...paper, labels: grown(paper, 1, 3, FREE) })).toEqual({ x0: 17, y0: 7, x1: 43, y1: 33 })
    expect(boundsOf({ ...paper, labels: shrunk(paper, 1, 3, FREE) })).toEqual({ x0: 23, y0: 13, x1: 37, y1: 27 })
  })

  test('smoothing takes a thorn away and keeps the body', () => {
    const thorny = paperOf(SIZE, paper.labels.slice(), paper.painted.slice())
    inkCapsule(thorny, { part: 1, locked: FREE }, dab(30, 5, 0.5), dab(30, 10, 0.5))
    const labels = smoothed(thorny, 1, 2, FREE)
    expect(labels[6 * 64 + 30]).toBe(0)
    expect(Math.abs(countParts(labels)[1] - 400)).toBeLessThan(30)
  })

  test('a part may become another, unless it is locked', () => {
    expect(countParts(exchanged(paper, 1, 2, FREE))[2]).toBe(400)
    const locked = FREE.slice()
    locked[1] = 1
    expect(countParts(exchanged(paper, 1, 2, locked))[1]).toBe(400)
  })
})

describe('figures', () => {
  const size = { width: 128, height: 192 }

  test('a joint takes along what hangs on it, and nothing else', () => {
    const before = presetSkeleton('standing-t-shirt', size)
    const [x, y] = before.keypoints[3]
    const after = dragged(before, { joint: 3 }, x - 10, y - 20, { alone: false, free: false })
    const moved = before.keypoints.flatMap((point, k) => (point[0] === after.keypoints[k][0] ? [] : [k]))
    expect(moved).toEqual([3, 4])
  })

  test('twice mirrored is the same', () => {
    const before = presetSkeleton('waving-jumpsuit', size)
    const twice = mirroredSkeleton(mirroredSkeleton(before))
    twice.keypoints.forEach(([x, y], k) => {
      expect(x).toBeCloseTo(before.keypoints[k][0], 0)
      expect(y).toBeCloseTo(before.keypoints[k][1], 0)
    })
  })
})

describe('sizes', () => {
  test('extended and cut back is the same; stretched twice as well', () => {
    const state = freshFigure('standing-coat', { width: 64, height: 96 })
    expect(same(resized(resized(state, { width: 80, height: 128 }), { width: 64, height: 96 }).paper.labels, state.paper.labels)).toBe(true)
    expect(same(scaled(scaled(state, { width: 128, height: 192 }), { width: 64, height: 96 }).paper.labels, state.paper.labels)).toBe(true)
    expect(blankState(SIZE).paper.labels.length).toBe(64 * 48)
  })
})

describe('files', () => {
  test('an indexed PNG keeps every part', async () => {
    const labels = Uint8Array.from({ length: 64 * 48 }, (_, i) => (i * 7) % 24)
    expect((await decodePng(await encodePng(labels, SIZE)))?.labels).toEqual(labels)
    expect(await decodePng(new Uint8Array([1, 2, 3]))).toBeNull()
  })

  test('only our own colours are a map', () => {
    expect(labelsOfColours(Uint8ClampedArray.from([...PARTS[4].colour, 255, ...PARTS[0].colour, 255]))).toEqual(Uint8Array.from([4, 0]))
    expect(labelsOfColours(Uint8ClampedArray.from([1, 2, 3, 255]))).toBeNull()
  })

  test('content has the name that SHA-256 gives it', () => {
    const text = (value: string) => sha256(new TextEncoder().encode(value))
    expect(text('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(text('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})

test('parts are found by the words an artist uses', () => {
  expect(searchParts('jeans').map((part) => part.name)).toEqual(['pants'])
  expect(searchParts('coat').map((part) => part.name)).toEqual(['outer'])
})

function dab(x: number, y: number, radius: number): { x: number; y: number; radius: number } {
  return { x, y, radius }
}

/** Comparing typed arrays element by element is slow in the test runner. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
