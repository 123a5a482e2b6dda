// The editor in its window: full screen, sizes that change, reached by the keyboard alone.
import { expect, test } from 'vitest'
import { at, boxOf, same } from './maps'
import { inBothRenderers } from './renderers'

inBothRenderers((use) => {
  test('full screen is the same editor, and comes back to its node', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(1)
    await editors.drag([[100, 100], [200, 100]])
    const small = await editors.editor().boundingBox()
    await editors.button('Full screen')
    const full = await editors.editor().boundingBox()
    expect([full?.width ?? 0, full?.height ?? 0]).toEqual([expect.closeTo(1480, -2), expect.closeTo(980, -2)])
    await editors.part(5)
    await editors.drag([[100, 600], [400, 600]])
    await editors.choosePreset('standing-dress')
    await editors.key('Control+z')
    const labels = await editors.labels(id)
    expect([at(labels, 150, 100), at(labels, 250, 600)]).toEqual([1, 5])
    await page.keyboard.press('Escape')
    await editors.settle()
    expect(await page.locator('dialog.hd-dialog').count()).toBe(0)
    expect((await editors.editor().boundingBox())?.width).toBeCloseTo(small?.width ?? 0, -1)
    await editors.part(11)
    await editors.drag([[100, 700], [400, 700]])
    expect(at(await editors.labels(id), 250, 700)).toBe(11)
    await editors.key('f')
    await editors.key('f')
    expect(same(await editors.received(id), await editors.labels(id))).toBe(true)
  })

  test('the editor is as large as its node lets it, not as the list of parts would like', async () => {
    const { editors } = use
    await editors.clear(0.7)
    await editors.add(40, 40, [620, 640])
    const low = await editors.editor().boundingBox()
    await editors.clear(0.7)
    await editors.add(40, 40, [800, 900])
    const high = await editors.editor().boundingBox()
    expect((low?.height ?? 0) / 0.7).toBeLessThan(640)
    expect((high?.height ?? 0) / 0.7).toBeGreaterThan(700)
    expect((high?.width ?? 0) / 0.7).toBeGreaterThan(740)
  })

  test('deleted in full screen it leaves the page free', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.button('Full screen')
    await page.evaluate((one) => window.app.graph.remove(window.app.graph.getNodeById(one)), id)
    await editors.settle()
    expect(await page.locator('dialog.hd-dialog').count()).toBe(0)
    await editors.add()
    await editors.part(2)
    await editors.drag([[100, 100], [200, 100]])
  })

  test('after the window and the node changed their size the paint falls where the pointer is', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await page.setViewportSize({ width: 1100, height: 760 })
    await page.waitForTimeout(300)
    await editors.part(13)
    await editors.drag([[100, 100], [200, 100]])
    await page.evaluate((one) => window.app.graph.getNodeById(one).setSize([820, 560]), id)
    await page.waitForTimeout(300)
    await editors.part(14)
    await editors.drag([[100, 300], [200, 300]])
    await page.setViewportSize({ width: 1500, height: 1000 })
    await page.waitForTimeout(300)
    await editors.button('Full screen')
    await page.setViewportSize({ width: 900, height: 700 })
    await page.waitForTimeout(300)
    await editors.part(15)
    await editors.drag([[100, 500], [200, 500]])
    await page.setViewportSize({ width: 1500, height: 1000 })
    await page.keyboard.press('Escape')
    const labels = await editors.labels(id)
    for (const [part, y] of [[13, 100], [14, 300], [15, 500]]) {
      const [left, top, right, bottom] = boxOf(labels, part)
      expect([Math.abs(left - 84) < 5, Math.abs(right - 216) < 5, Math.abs((top + bottom) / 2 - y) < 4]).toEqual([true, true, true])
    }
    expect(same(await editors.received(id), labels)).toBe(true)
  })

  test('every control has a name and is reached by Tab', async () => {
    const { editors, page } = use
    await editors.clear()
    await editors.add()
    const unnamed = await editors.editor().locator('button, input').evaluateAll((all) =>
      all.filter((one) => !(one.getAttribute('aria-label') || one.textContent?.trim() || one.closest('label')?.textContent?.trim())).map((one) => one.outerHTML)
    )
    expect(unnamed).toEqual([])
    await editors.editor().focus()
    const reached: string[] = []
    for (let n = 0; n < 24; n++) {
      await page.keyboard.press('Tab')
      reached.push(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''))
    }
    for (const name of ['Brush', 'Lasso: drag, or click corners', 'Start from a figure', 'Files: open, export, clear', 'Full screen', 'Find a part']) expect(reached).toContain(name)
  })

  test('a figure is chosen and a part menu used without a mouse', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.editor().getByRole('button', { name: 'Start from a figure' }).first().focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await editors.settle()
    const before = await editors.labels(id)
    await editors.editor().getByRole('button', { name: 'More for top' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await editors.settle()
    expect(same(await editors.labels(id), before)).toBe(false)
    await editors.key('Control+z')
    expect(same(await editors.labels(id), before)).toBe(true)
  })
})
