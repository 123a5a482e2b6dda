// The board of Retrieve Style: what was found in a real run is locked, banned and freed by pointer and by keyboard.
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { RETRIEVE_STYLE } from '../../web/src/comfy/retrieval'
import { inBothRenderers } from './renderers'

inBothRenderers((use) => {
  test('a click locks, Shift-click bans, the next run obeys, and Free takes both back', async () => {
    const { page } = use
    await build(page)
    await run(page)
    const first = await found(page, 'top')
    expect(first.length).toBe(4)
    await hit(page, first[1]).locator('.hd-pick').click()
    await hit(page, first[0]).locator('.hd-pick').click({ modifiers: ['Shift'] })
    expect(await locks(page)).toEqual({ top: { lock: [first[1]], ban: [first[0]] } })
    expect([await state(page, first[0]), await state(page, first[1]), await state(page, first[2])]).toEqual(['banned', 'locked', 'free'])
    await run(page)
    await expect.poll(() => found(page, 'top')).toEqual([first[1], first[0]])
    expect([await state(page, first[1]), await state(page, first[0])]).toEqual(['locked', 'banned'])
    await board(page).getByRole('button', { name: 'Free' }).click()
    expect(await locks(page)).toEqual({})
    await run(page)
    await expect.poll(() => found(page, 'top')).toEqual(first)
  })

  test('the round button bans and frees, and every hit has its picture', async () => {
    const { page } = use
    await build(page)
    await run(page)
    const [one] = await found(page, 'pants')
    await hit(page, one).hover()
    await hit(page, one).locator('.hd-ban').click()
    expect(await locks(page)).toEqual({ pants: { ban: [one] } })
    await hit(page, one).locator('.hd-ban').click()
    expect(await locks(page)).toEqual({})
    const blank = () => board(page).locator('.hd-hit canvas').evaluateAll((all) => all.filter((each) => {
      const canvas = each as HTMLCanvasElement
      return canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.every((value) => value === 0)
    }).length)
    await expect.poll(blank).toBe(0)
  })

  test('it is worked by the keyboard alone, and Delete leaves the node', async () => {
    const { page } = use
    await build(page)
    await run(page)
    const ids = await found(page, 'top')
    await hit(page, ids[0]).locator('.hd-pick').focus()
    for (const key of ['ArrowRight', 'Enter', 'ArrowRight', 'b', 'ArrowRight', 'Delete', 'ArrowDown', 'ArrowUp', 'Backspace']) await page.keyboard.press(key)
    expect(await locks(page)).toEqual({ top: { lock: [ids[1]], ban: [ids[2], ids[3]] } })
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-key'))).toBe(`top ${ids[3]}`)
    expect(await page.evaluate(() => window.app.graph.nodes.length)).toBe(5)
  })

  test('a saved workflow keeps the locks and nothing of the board', async () => {
    const { page } = use
    await build(page)
    await run(page)
    const [one] = await found(page, 'top')
    await hit(page, one).locator('.hd-pick').click()
    const saved = await page.evaluate(() => JSON.stringify(window.app.graph.serialize()))
    const node = JSON.parse(saved).nodes.find((each: { type: string }) => each.type.endsWith('RetrieveStyle'))
    expect(node.widgets_values.slice(0, 5)).toEqual([4, 0.05, 1, 'part', JSON.stringify({ top: [one] })])
    expect(saved).not.toContain('hd-hit')
    const api = await page.evaluate(async () => JSON.stringify((await window.app.graphToPrompt()).output))
    expect(api).not.toContain('humandiffusion_found')
    await page.evaluate((graph) => window.app.loadGraphData(JSON.parse(graph)), saved)
    await board(page).waitFor()
    await run(page)
    await expect.poll(() => found(page, 'top')).toEqual([one])
    expect(await state(page, one)).toBe('locked')
  })

  test('locks that cannot be read are told and can be cleared', async () => {
    const { page } = use
    await build(page)
    await setLocks(page, '{"top": [')
    await board(page).hover()
    await board(page).getByRole('alert').waitFor()
    await board(page).getByRole('button', { name: 'clear them' }).click()
    expect(await locks(page)).toEqual({})
    await board(page).getByText('After a run').waitFor()
  })

  test('locks that a linked node gives are shown and not changed', async () => {
    const { page } = use
    await build(page)
    await run(page)
    const [one] = await found(page, 'top')
    const linked = await page.evaluate(() => {
      const { app, LiteGraph } = window
      const text = LiteGraph.createNode('PrimitiveString')
      const node = app.graph.nodes.find((each: { type: string }) => each.type.endsWith('RetrieveStyle'))
      app.graph.add(text)
      const index = node.inputs.findIndex((input: { name: string }) => input.name === 'locks')
      if (index >= 0) text.connect(0, node, index)
      return index >= 0
    })
    expect(linked).toBe(true)
    await board(page).hover()
    await board(page).getByText('come from a linked node').waitFor()
    expect(await hit(page, one).locator('.hd-pick').isDisabled()).toBe(true)
    expect(await locks(page)).toEqual({})
  })
})

/** A sentence looked up in the builtin memory. */
async function build(page: Page): Promise<void> {
  // The page keeps results, values and elements by the ids of nodes, which a new graph has again.
  await page.evaluate(() => {
    window.app.clean()
    window.app.graph.clear()
    return new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))
  })
  await page.evaluate(() => {
    const { app, LiteGraph } = window
    const add = (type: string, x: number, y: number) => {
      const node = LiteGraph.createNode(type)
      node.pos = [x, y]
      app.graph.add(node)
      return node
    }
    const style = add('HumanDiffusionRetrieveStyle', 460, 60)
    const from = [add('HumanDiffusionLoadPartEncoder', 80, 60), add('HumanDiffusionLoadMemory', 80, 220), add('HumanDiffusionDescribePerson', 80, 380)]
    from.forEach((node, index) => node.connect(0, style, index))
    style.widgets.find((each: { name: string }) => each.name === 'locks').value = '{}'
    style.connect(1, add('PreviewImage', 900, 60), 0)
    app.canvas.ds.scale = 1
    app.canvas.ds.offset = [0, 0]
    app.graph.setDirtyCanvas(true, true)
  })
  await board(page).waitFor()
  // A result that ComfyUI has cached is not sent again to a node of another graph.
  await page.evaluate(() => fetch('/free', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"unload_models":true,"free_memory":true}' }))
}

async function run(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((done, failed) => {
        const { api } = window.app
        api.addEventListener('execution_success', () => done(), { once: true })
        api.addEventListener('execution_error', (event: { detail: { exception_message: string } }) => failed(new Error(event.detail.exception_message)), { once: true })
        window.app.queuePrompt(0, 1)
      })
  )
  await board(page).locator('.hd-hit').first().waitFor()
}

function board(page: Page): Locator {
  return page.locator('.hd-sheet')
}

function hit(page: Page, id: string): Locator {
  return board(page).locator(`[data-id="${id}"]`)
}

async function found(page: Page, part: string): Promise<string[]> {
  return board(page).locator(`.hd-hits[aria-label="${part}"] .hd-hit`).evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.id ?? ''))
}

function state(page: Page, id: string): Promise<string | null> {
  return hit(page, id).getAttribute('data-state')
}

async function locks(page: Page): Promise<unknown> {
  return JSON.parse(await page.evaluate((type) => {
    const node = window.app.graph.nodes.find((each: { type: string }) => each.type === type)
    return node.widgets.find((each: { name: string }) => each.name === 'locks').value
  }, RETRIEVE_STYLE))
}

async function setLocks(page: Page, text: string): Promise<void> {
  await page.evaluate(([type, value]) => {
    const node = window.app.graph.nodes.find((each: { type: string }) => each.type === type)
    node.widgets.find((each: { name: string }) => each.name === 'locks').value = value
  }, [RETRIEVE_STYLE, text])
}
