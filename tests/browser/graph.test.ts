// The editor as a node among nodes: copies, subgraphs, the graph's own undo, deletion, connected maps.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { at, same } from './maps'
import { labelsOf } from './page'
import { layersOf, parseValue } from '../../web/src/scene/value'
import { inBothRenderers } from './renderers'

inBothRenderers((use) => {
  test('undo in the editor leaves the graph alone, and Delete the node', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(1)
    await editors.drag([[100, 100], [200, 100]])
    for (const keys of ['Control+z', 'Control+z', 'Control+z', 'Delete', 'Backspace']) await editors.key(keys)
    expect(await editors.text(id)).toBe('')
    expect(await page.evaluate(() => window.app.graph.nodes.length)).toBe(1)
  })

  test("the graph's own undo takes the map along, back and forth", async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(1)
    await editors.drag([[100, 100], [200, 100]])
    await onCanvas(page)
    const first = await editors.text(id)
    await editors.part(2)
    await editors.drag([[100, 300], [200, 300]])
    await onCanvas(page)
    const second = await editors.text(id)
    await page.keyboard.press('Control+z')
    await expect.poll(() => editors.text(id).then((text) => text === first), { timeout: 5000 }).toBe(true)
    await page.keyboard.press('Control+y')
    await expect.poll(() => editors.text(id).then((text) => text === second), { timeout: 5000 }).toBe(true)
    expect(same(await editors.received(id), await editors.labels(id))).toBe(true)
  })

  test('two editors keep to themselves', async () => {
    const { editors } = use
    await editors.clear(0.7)
    const first = await editors.add(20, 20)
    const second = await editors.add(720, 20)
    await editors.part(4, 0)
    await editors.drag([[250, 300], [260, 300]], 0)
    await editors.part(7, 1)
    await editors.drag([[100, 100], [120, 100]], 1)
    expect([at(await editors.labels(first), 250, 300), at(await editors.labels(first), 110, 100)]).toEqual([4, 0])
    expect([at(await editors.labels(second), 250, 300), at(await editors.labels(second), 110, 100)]).toEqual([0, 7])
    expect(same(await editors.received(first), await editors.labels(first))).toBe(true)
    expect(same(await editors.received(second), await editors.labels(second))).toBe(true)
  })

  test('a copied node has its own copy of the map', async () => {
    const { editors, page } = use
    await editors.clear(0.7)
    const id = await editors.add()
    await editors.part(2)
    await editors.drag([[200, 300], [300, 300]])
    const text = await editors.text(id)
    const copy = await page.evaluate((one) => {
      const { app } = window
      const node = app.graph.getNodeById(one).clone()
      node.pos = [720, 40]
      app.graph.add(node)
      return String(node.id)
    }, id)
    await editors.editor(1).waitFor()
    expect((await editors.text(copy)) === text).toBe(true)
    await editors.part(5, 1)
    await editors.drag([[100, 600], [200, 600]], 1)
    expect([(await editors.text(id)) === text, at(await editors.labels(copy), 150, 600), at(await editors.labels(copy), 250, 300)]).toEqual([true, 5, 2])
  })

  test('inside a subgraph the map is painted, kept over a reload, and received by Python', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(2)
    await editors.drag([[200, 300], [300, 300]])
    const holder = await page.evaluate((one) => {
      const { app, LiteGraph } = window
      const node = app.graph.getNodeById(one)
      const save = LiteGraph.createNode('HumanDiffusionSavePose')
      save.pos = [900, 60]
      app.graph.add(save)
      node.connect(0, save, 0)
      return String(app.graph.convertToSubgraph(new Set([node])).node.id)
    }, id)
    await page.evaluate((one) => window.app.canvas.openSubgraph(window.app.graph.getNodeById(one).subgraph, window.app.graph.getNodeById(one)), holder)
    await centre(page)
    await editors.editor().waitFor()
    await editors.settle()
    await editors.part(5)
    await editors.drag([[200, 500], [300, 500]])
    const inside = (one: string) => page.evaluate((it) => String(window.app.rootGraph.getNodeById(it).subgraph.nodes[0].widgets[0].value), one)
    const text = await inside(holder)
    await page.evaluate(() => window.app.canvas.setGraph(window.app.rootGraph))
    await editors.settle()
    const labels = await labelsOf(await editors.runGraph())
    expect([at(labels, 250, 300), at(labels, 250, 500), at(labels, 20, 20)]).toEqual([2, 5, 0])
    await editors.reload(false)
    expect((await inside(holder)) === text).toBe(true)
    expect(same(await labelsOf(await editors.runGraph()), labels)).toBe(true)
  })

  test('inside a subgraph a map that is connected there shows after a run', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await connectPreset(page, id, 'walking-skirt')
    const holder = await page.evaluate((one) => {
      const { app, LiteGraph } = window
      const inner = [...app.graph.nodes]
      const save = LiteGraph.createNode('HumanDiffusionSavePose')
      save.pos = [900, 60]
      app.graph.add(save)
      app.graph.getNodeById(one).connect(0, save, 0)
      return String(app.graph.convertToSubgraph(new Set(inner)).node.id)
    }, id)
    const labels = await labelsOf(await editors.runGraph())
    const inside = () =>
      page.evaluate((it) => {
        const nodes = window.app.rootGraph.getNodeById(it).subgraph.nodes
        return String(nodes.find(({ type }: { type: string }) => type === 'HumanDiffusionPoseEditor').widgets[0].value)
      }, holder)
    await expect.poll(inside, { timeout: 20_000 }).toContain('"policy":"reapply"')
    const value = parseValue(await inside())
    expect(value && same(layersOf(value, new Map()).labels, labels)).toBe(true)
  })

  test('collapsed and opened again the map is there and can be painted on', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(2)
    await editors.drag([[200, 300], [300, 300]])
    const collapse = () => page.evaluate((one) => window.app.graph.getNodeById(one).collapse(), id)
    await collapse()
    await editors.settle()
    expect(await editors.editor().count()).toBe(0)
    await collapse()
    await editors.editor().waitFor()
    await editors.settle()
    await editors.drag([[200, 500], [300, 500]])
    expect([at(await editors.labels(id), 250, 300), at(await editors.labels(id), 250, 500)]).toEqual([2, 2])
  })

  test.each(['brush', 'pose'])('a node deleted while the %s drags leaves no error behind', async (tool) => {
    const { editors, page, errors } = use
    await editors.clear()
    const id = await editors.add()
    if (tool === 'pose') await editors.choosePreset('standing-trousers')
    else await editors.part(3)
    const [x, y] = tool === 'pose' ? (await editors.value(id)).skeleton?.keypoints[4] ?? [0, 0] : [100, 100]
    await editors.drag([[x, y], [x + 60, y - 60]], 0, { hold: true })
    await page.evaluate((one) => window.app.graph.remove(window.app.graph.getNodeById(one)), id)
    await page.mouse.move(500, 500, { steps: 4 })
    await page.mouse.up()
    await editors.settle()
    await editors.add()
    expect(errors).toEqual([])
  })

  test('over a connected map the paint is kept, re-applied or discarded as the artist says', async () => {
    const { editors, page, url } = use
    await editors.clear()
    // A result that ComfyUI has cached is not sent again.
    await fetch(`${url}/free`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"unload_models":true,"free_memory":true}' })
    const id = await editors.add()
    await connectPreset(page, id, 'standing-trousers')
    const first = await editors.received(id)
    await expect.poll(async () => (await editors.text(id)) !== '' && same(await editors.labels(id), first), { timeout: 20_000 }).toBe(true)
    await editors.part(7)
    await editors.drag([[20, 30], [60, 30]])
    const painted = await editors.labels(id)
    await connectPreset(page, id, 'long-dress')
    const second = await editors.received(id)
    expect([at(second, 40, 30, 256), same(second, painted)]).toEqual([7, false])
    await editors.button('Keep my map')
    expect(same(await editors.labels(id), painted)).toBe(true)
    expect(same(await editors.received(id), painted)).toBe(true)
    await editors.key('Control+z')
    await connectPreset(page, id, 'standing-coat')
    await editors.run(id)
    await editors.editor().getByRole('button', { name: 'Re-apply my edits' }).last().click()
    const again = await editors.labels(id)
    expect([at(again, 40, 30, 256), same(again, painted)]).toEqual([7, false])
    expect(same(await editors.received(id), again)).toBe(true)
    await connectPreset(page, id, 'waving-jumpsuit')
    await editors.run(id)
    await editors.editor().getByRole('button', { name: 'Discard my edits' }).last().click()
    expect(at(await editors.labels(id), 40, 30, 256)).toBe(0)
    expect(same(await editors.received(id), await editors.labels(id))).toBe(true)
  })
})

/** A click beside all nodes: the graph has the keyboard, and has seen what changed. */
async function onCanvas(page: Page): Promise<void> {
  await page.mouse.click(1100, 500)
  await page.waitForTimeout(400)
}

/** Shows the first node of the graph that is open. */
async function centre(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { canvas } = window.app
    const [x, y] = canvas.graph.nodes[0].pos
    canvas.ds.scale = 1
    canvas.ds.offset = [100 - x, 100 - y]
    canvas.setDirty(true, true)
  })
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
