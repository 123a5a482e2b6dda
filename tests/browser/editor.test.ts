// The pose editor on a real ComfyUI page, in both renderers. What is asserted are values and the maps that Python received.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import { decodePng } from '../../web/src/scene/png'
import { missing, openPage, ready, startComfy, type Comfy } from './comfy'
import { EditorPage } from './page'

const absent = missing()
if (absent) console.warn(`\n*** SKIPPED: browser tests; ${absent} ***\n`)

let comfy: Comfy

beforeAll(async () => {
  if (!absent) comfy = await startComfy()
})
afterAll(() => comfy?.stop())

describe.each([
  ['classic', false],
  ['Nodes 2.0', true]
])('renderer %s', { skip: absent !== null }, (_, vue) => {
  let page: Page
  let context: BrowserContext
  let errors: string[]
  let editors: EditorPage

  beforeAll(async () => {
    ;({ page, context, errors } = await openPage(comfy, vue))
    editors = new EditorPage(page, comfy.url)
  })
  afterAll(() => context?.close())

  test('three painted parts survive undo, redo, save and reload, and Python receives them', async () => {
    await editors.clear()
    const id = await editors.add()
    for (const [part, y] of [[1, 200], [5, 400], [11, 600]]) {
      await editors.part(part)
      await editors.drag([[150, y], [350, y + 20]])
    }
    const painted = await editors.labels(id)
    expect([at(painted, 250, 210), at(painted, 250, 410), at(painted, 250, 610), at(painted, 20, 20)]).toEqual([1, 5, 11, 0])
    await editors.key('Control+z')
    expect(at(await editors.labels(id), 250, 610)).toBe(0)
    await editors.key('Control+z')
    expect(at(await editors.labels(id), 250, 410)).toBe(0)
    await editors.key('Control+Shift+z')
    await editors.key('Control+y')
    expect(same(await editors.labels(id), painted)).toBe(true)

    const saved = await page.evaluate(() => JSON.stringify(window.app.graph.serialize()))
    await page.reload({ waitUntil: 'domcontentloaded' })
    await ready(page)
    await page.evaluate((graph) => window.app.loadGraphData(JSON.parse(graph)), saved)
    await editors.editor().waitFor()
    await editors.settle()
    expect(same(await editors.labels(id), painted)).toBe(true)

    const received = await decodePng(new Uint8Array(await editors.run(id)))
    expect(same(received?.labels, painted)).toBe(true)
  })

  test('undo in the editor leaves the graph alone, and Delete the node', async () => {
    await editors.clear()
    const id = await editors.add()
    await editors.part(1)
    await editors.drag([[100, 100], [200, 100]])
    for (const keys of ['Control+z', 'Control+z', 'Control+z', 'Delete', 'Backspace']) await editors.key(keys)
    expect(await editors.text(id)).toBe('')
    expect(await page.evaluate(() => window.app.graph.nodes.length)).toBe(1)
  })

  test('a dragged joint takes its limb along, paint stays, Python gets the keypoints', async () => {
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-t-shirt')
    await editors.tool('brush')
    await editors.part(10)
    await editors.drag([[30, 30], [60, 30]])
    await editors.tool('pose')
    const text = await editors.text(id)
    const before = await editors.value(id)
    const [x, y] = before.skeleton?.keypoints[4] ?? [0, 0]
    await editors.drag([[x, y], [x - 60, y - 140]])
    const after = await editors.value(id)
    expect(after.skeleton?.keypoints[4][0]).toBeCloseTo(x - 60, -1)
    expect(after.skeleton?.keypoints[2]).toEqual(before.skeleton?.keypoints[2])
    expect(after.skeleton?.keypoints[3]).not.toEqual(before.skeleton?.keypoints[3])
    const labels = await editors.labels(id)
    expect(at(labels, 45, 30)).toBe(10)
    const file = await editors.run(id)
    expect(same((await decodePng(new Uint8Array(file)))?.labels, labels)).toBe(true)
    expect(file.includes('humandiffusion:keypoints')).toBe(true)
    await editors.key('Control+z')
    expect((await editors.text(id)) === text).toBe(true)
  })

  test('two editors keep to themselves', async () => {
    await editors.clear(0.7)
    const first = await editors.add(20, 20)
    const second = await editors.add(720, 20)
    await editors.part(4, 0)
    await editors.drag([[250, 300], [260, 300]], 0)
    await editors.part(7, 1)
    await editors.drag([[100, 100], [120, 100]], 1)
    expect([at(await editors.labels(first), 250, 300), at(await editors.labels(first), 110, 100)]).toEqual([4, 0])
    expect([at(await editors.labels(second), 250, 300), at(await editors.labels(second), 110, 100)]).toEqual([0, 7])
  })

  test.each([0.5, 2])('at graph zoom %d the paint falls where the pointer is', async (zoom) => {
    await editors.clear(zoom)
    const id = await editors.add(0, 0, zoom === 2 ? [480, 520] : [620, 640])
    await editors.part(13)
    await editors.drag([[200, 60], [240, 60]])
    const labels = await editors.labels(id)
    const xs = [...labels.keys()].filter((i) => labels[i] === 13).map((i) => i % 512)
    expect(Math.min(...xs)).toBeGreaterThan(200 - 16 - 4)
    expect(Math.max(...xs)).toBeLessThan(240 + 16 + 4)
  })

  test('a broken value opens with a message and stays as it is until begun anew', async () => {
    await editors.clear()
    const id = await editors.add()
    for (const broken of ['{"version":1', '{"version":9}', 'drawn with something else']) {
      await page.evaluate(([one, text]) => (window.app.graph.getNodeById(one).widgets[0].value = text), [id, broken])
      await editors.editor().getByRole('alert').waitFor()
      expect(await editors.text(id)).toBe(broken)
    }
    await expect(editors.run(id)).rejects.toThrow('pose editor')
    await editors.editor().getByRole('button', { name: 'Begin anew' }).click()
    expect(await editors.text(id)).toBe('')
  })

  test('copies of a node, and nodes in a subgraph, keep the map', async () => {
    await editors.clear()
    const id = await editors.add()
    await editors.part(2)
    await editors.drag([[200, 300], [300, 300]])
    const text = await editors.text(id)
    const [copied, inside] = await page.evaluate((one) => {
      const { app } = window
      const node = app.graph.getNodeById(one)
      const copy = node.clone()
      app.graph.add(copy)
      const { subgraph } = app.graph.convertToSubgraph(new Set([copy]))
      return [copy.widgets[0].value, subgraph.nodes[0].widgets[0].value]
    }, id)
    expect([copied === text, inside === text]).toEqual([true, true])
  })

  test('a node deleted while it is painted on leaves no error behind', async () => {
    await editors.clear()
    const id = await editors.add()
    await editors.part(3)
    await editors.drag([[100, 100], [200, 200]], 0, { hold: true })
    await page.evaluate((one) => window.app.graph.remove(window.app.graph.getNodeById(one)), id)
    await page.mouse.move(500, 500, { steps: 4 })
    await page.mouse.up()
    await editors.settle()
    await editors.add()
    expect(errors).toEqual([])
  })

  test('a linked Load Image shows under the map without a run', async () => {
    await editors.clear()
    const id = await editors.add()
    const form = new FormData()
    form.append('image', new File([photo()], 'browser_test_photo.png', { type: 'image/png' }))
    form.append('overwrite', 'true')
    await fetch(`${comfy.url}/upload/image`, { method: 'POST', body: form })
    await page.evaluate((one) => {
      const { app, LiteGraph } = window
      const load = LiteGraph.createNode('LoadImage')
      load.pos = [-400, 0]
      app.graph.add(load)
      const widget = load.widgets.find((each: { name: string }) => each.name === 'image')
      widget.value = 'browser_test_photo.png'
      widget.callback?.(widget.value)
      load.connect(0, app.graph.getNodeById(one), 0)
    }, id)
    await expect
      .poll(async () => {
        await page.mouse.move(5, 500)
        await editors.editor().locator('.hd-stage').hover({ position: { x: 9, y: 9 } })
        return editors.editor().locator('.hd-photo').evaluate((image) => (image as HTMLImageElement).naturalWidth)
      }, { timeout: 20_000 })
      .toBe(1)
  })

  test('over a connected map the paint is kept, re-applied or discarded as the artist says', async () => {
    await editors.clear()
    // A result that ComfyUI has cached is not sent again.
    await fetch(`${comfy.url}/free`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"unload_models":true,"free_memory":true}' })
    const id = await editors.add()
    await connectPreset(page, id, 'standing-trousers')
    const first = await decodePng(new Uint8Array(await editors.run(id)))
    await expect.poll(async () => same((await editors.labelsOrNone(id)) ?? undefined, first?.labels ?? new Uint8Array()), { timeout: 20_000 }).toBe(true)
    await editors.part(7)
    await editors.drag([[20, 30], [60, 30]])
    const painted = await editors.labels(id)
    await connectPreset(page, id, 'long-dress')
    const second = await decodePng(new Uint8Array(await editors.run(id)))
    expect([at(second?.labels ?? painted, 40, 30, 256), same(second?.labels, painted)]).toEqual([7, false])
    await editors.editor().getByRole('button', { name: 'Keep my map' }).click()
    expect(same(await editors.labels(id), painted)).toBe(true)
    expect(same((await decodePng(new Uint8Array(await editors.run(id))))?.labels, painted)).toBe(true)
    await editors.key('Control+z')
    await connectPreset(page, id, 'standing-coat')
    await editors.run(id)
    await editors.editor().getByRole('button', { name: 'Re-apply my edits' }).last().click()
    const again = await editors.labels(id)
    expect([at(again, 40, 30, 256), same(again, painted)]).toEqual([7, false])
    expect(same((await decodePng(new Uint8Array(await editors.run(id))))?.labels, again)).toBe(true)
  })

  test('a map above the limit is uploaded by its content; a failing upload stops the run and loses nothing', async () => {
    await editors.clear()
    const id = await editors.add()
    const text = noisyValue()
    await page.evaluate(([one, value]) => (window.app.graph.getNodeById(one).widgets[0].value = value), [id, text])
    await page.route('**/upload/image', (route) => route.fulfill({ status: 500, body: 'no' }))
    await expect(editors.run(id)).rejects.toThrow('not uploaded')
    expect((await editors.text(id)) === text).toBe(true)
    await page.unroute('**/upload/image')
    const before = await editors.labels(id)
    expect(same((await decodePng(new Uint8Array(await editors.run(id))))?.labels, before)).toBe(true)
    const small = await editors.text(id)
    expect(small).toMatch(/"labels":\{"file":"humandiffusion\/[0-9a-f]{32}.png \[input\]"\}/)
    await page.evaluate(([one, value]) => (window.app.graph.getNodeById(one).widgets[0].value = value), [id, ''])
    await page.evaluate(([one, value]) => (window.app.graph.getNodeById(one).widgets[0].value = value), [id, small])
    await expect.poll(() => editors.editor().locator('[data-part="23"] .hd-count').textContent()).not.toBe('')
    expect(await editors.text(id)).toBe(small)
    const gone = small.replace(/[0-9a-f]{32}/, '0'.repeat(32))
    await page.evaluate(([one, value]) => (window.app.graph.getNodeById(one).widgets[0].value = value), [id, gone])
    await editors.editor().getByRole('alert').getByText('is not in this').waitFor()
  })

  test('no script error came up', () => {
    expect(errors).toEqual([])
  })
})

function at(labels: Uint8Array, x: number, y: number, width = 512): number {
  return labels[y * width + x]
}

/** The smallest PNG there is. */
function photo(): Uint8Array<ArrayBuffer> {
  const text = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** A Load Pose with a preset, before the editor. */
async function connectPreset(page: Page, id: string, preset: string): Promise<void> {
  await page.evaluate(
    ([one, name]) => {
      const { app, LiteGraph } = window
      const load = LiteGraph.createNode('HumanDiffusionLoadPose')
      load.pos = [-400, 200]
      app.graph.add(load)
      load.widgets.find((each: { name: string }) => each.name === 'preset').value = name
      load.connect(0, app.graph.getNodeById(one), 1)
    },
    [id, preset]
  )
}

// Whole maps in a failure's report would bury it.
function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.from(a).equals(Buffer.from(b))
}

/** Every pixel another part than the one before it: the longest text there is. */
function noisyValue(): string {
  const [width, height] = [512, 512]
  const rle = Array.from({ length: width * height }, (_, i) => String.fromCharCode(65 + ((i * 7) % 24))).join('')
  return JSON.stringify({ version: 1, width, height, labels: { rle }, painted: null, skeleton: null, base: null })
}
