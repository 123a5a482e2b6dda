// Maps and photos in and out: uploads, files that are missing, the clipboard, dropped and exported files, photos.
import type { Page } from 'playwright-core'
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { decodePng, encodePng } from '../../web/src/scene/png'
import { at, noisyValue, photo, same } from './maps'
import { inBothRenderers } from './renderers'

inBothRenderers((use) => {
  test('a map above the limit is uploaded by its content; a failing upload stops the run, says so and loses nothing', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    const text = noisyValue()
    await editors.setText(id, text)
    await page.route('**/upload/image', (route) => route.fulfill({ status: 500, body: 'no' }))
    await expect(editors.run(id)).rejects.toThrow('not uploaded')
    await page.getByText('The map was not uploaded').first().waitFor()
    expect((await editors.text(id)) === text).toBe(true)
    await page.unroute('**/upload/image')
    const before = await editors.labels(id)
    expect(same(await editors.received(id), before)).toBe(true)
    const small = await editors.text(id)
    expect(small).toMatch(/"labels":\{"file":"humandiffusion\/[0-9a-f]{32}.png \[input\]"\}/)
    await editors.reload()
    await expect.poll(() => editors.editor().locator('[data-part="23"] .hd-count').textContent()).not.toBe('')
    expect(await editors.text(id)).toBe(small)
    expect(same(await editors.received(id), before)).toBe(true)
    await editors.setText(id, small.replace(/[0-9a-f]{32}/, '0'.repeat(32)))
    await editors.editor().getByRole('alert').getByText('is not in this').waitFor()
  })

  test('a broken value opens with a message and stays as it is until begun anew', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    for (const broken of ['{"version":1', '{"version":9}', 'drawn with something else']) {
      await editors.setText(id, broken)
      await editors.editor().getByRole('alert').waitFor()
      expect(await editors.text(id)).toBe(broken)
    }
    await expect(editors.run(id)).rejects.toThrow('pose editor')
    await editors.button('Begin anew')
    expect(await editors.text(id)).toBe('')
  })

  test('a map is copied from one editor and pasted into another, figure and paint', async () => {
    const { editors } = use
    await editors.clear(0.7)
    const first = await editors.add(20, 20)
    const second = await editors.add(720, 20)
    await editors.choosePreset('walking-skirt', 0)
    await editors.part(7, 0)
    await editors.drag([[30, 30], [60, 30]], 0)
    await editors.key('Control+c', 0)
    await editors.key('Control+v', 1)
    await expect.poll(() => editors.text(second).then((text) => text !== '')).toBe(true)
    expect((await editors.text(second)) === (await editors.text(first))).toBe(true)
    expect(same(await editors.received(second), await editors.labels(first))).toBe(true)
    await editors.key('Control+z', 1)
    expect(await editors.text(second)).toBe('')
    await use.page.evaluate(() => navigator.clipboard.writeText('a shopping list'))
    await editors.key('Control+v', 1)
    await editors.editor(1).getByText('holds no pose map').waitFor()
    expect(await use.page.evaluate(() => window.app.graph.nodes.length)).toBe(2)
  })

  test('an exported map is dropped on another editor and is the same', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('long-dress')
    const labels = await editors.labels(id)
    const [download] = await Promise.all([page.waitForEvent('download'), editors.fromFiles('Export as PNG')])
    const bytes = new Uint8Array(fs.readFileSync(await download.path()))
    expect(same((await decodePng(bytes))?.labels, labels)).toBe(true)
    await editors.fromFiles('Clear')
    await editors.drop('pose.png', bytes)
    await expect.poll(() => editors.text(id).then((text) => text !== '')).toBe(true)
    expect(same(await editors.labels(id), labels)).toBe(true)
    expect(same(await editors.received(id), labels)).toBe(true)
    const small = await encodePng(new Uint8Array(64 * 96).fill(5, 1000, 3000), { width: 64, height: 96 })
    await editors.drop('small.png', small)
    await expect.poll(() => editors.value(id).then(({ width }) => width)).toBe(64)
  })

  test('a linked Load Image shows under the map without a run, another picture after one', async () => {
    const { editors, page, url } = use
    await editors.clear()
    const id = await editors.add()
    const form = new FormData()
    form.append('image', new File([photo()], 'browser_test_photo.png', { type: 'image/png' }))
    form.append('overwrite', 'true')
    await fetch(`${url}/upload/image`, { method: 'POST', body: form })
    await connectUnderlay(page, id, 'LoadImage', 'image', 'browser_test_photo.png')
    await expect
      .poll(async () => {
        await page.mouse.move(5, 500)
        await editors.editor().locator('.hd-stage').hover({ position: { x: 9, y: 9 } })
        return shownPhoto(page)
      }, { timeout: 20_000 })
      .toBe(1)
    await connectUnderlay(page, id, 'EmptyImage', 'width', 48)
    await editors.run(id)
    await expect.poll(() => shownPhoto(page), { timeout: 20_000 }).toBe(48)
    expect(await editors.text(id)).toBe('')
  })

  test('a dropped photo shows at once, is there again after a reload, and never changes the map', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(5)
    await editors.drag([[200, 300], [300, 300]])
    const labels = await editors.labels(id)
    await editors.drop('me.png', photo())
    await expect.poll(() => shownPhoto(page)).toBe(1)
    await expect.poll(() => editors.text(id)).toMatch(/"photo":"humandiffusion\/[0-9a-f]{32}.png \[input\]"/)
    await editors.reload()
    await expect.poll(() => shownPhoto(page)).toBe(1)
    expect(same(await editors.received(id), labels)).toBe(true)
    await editors.key('Control+z')
    const text = await editors.text(id)
    await editors.setText(id, text.replace(/[0-9a-f]{32}/, '0'.repeat(32)))
    await editors.editor().getByText("is not in this ComfyUI's input folder").waitFor()
    expect(same(await editors.received(id), labels)).toBe(true)
    await editors.button('Forget the photo')
    expect([(await editors.text(id)).includes('photo'), await shownPhoto(page)]).toEqual([false, 0])
  })

  test('a photo that cannot be kept shows all the same, and the editor says so', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await page.route('**/upload/image', (route) => route.fulfill({ status: 500, body: 'no' }))
    await editors.drop('me.png', photo())
    await editors.editor().getByText('only until this page is left').waitFor()
    await page.unroute('**/upload/image')
    expect([await shownPhoto(page), await editors.text(id)]).toEqual([1, ''])
  })

  test('a map of 1024 x 1536 with figure and paint is opened, and Python has it', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.button('Size of the map')
    await editors.button('1024 × 1536')
    await editors.button('Stretch the map')
    await editors.choosePreset('standing-coat')
    await editors.part(12)
    await editors.drag([[200, 900], [300, 1100]])
    const text = await editors.text(id)
    const labels = await editors.labels(id)
    await editors.reload()
    expect((await editors.text(id)) === text).toBe(true)
    expect(at(labels, 250, 1000, 1024)).toBe(12)
    expect(same(await editors.received(id), labels)).toBe(true)
  })
})

/** Width of the photo that is to be seen; 0 for none. */
function shownPhoto(page: Page): Promise<number> {
  return page.locator('.hd-editor:visible .hd-photo').first().evaluate((image) => ((image as HTMLImageElement).hidden ? 0 : (image as HTMLImageElement).naturalWidth))
}

async function connectUnderlay(page: Page, id: string, type: string, name: string, value: string | number): Promise<void> {
  await page.evaluate(
    ([one, kind, widgetName, text]) => {
      const { app, LiteGraph } = window
      const from = LiteGraph.createNode(kind)
      from.pos = [-400, 0]
      app.graph.add(from)
      const widget = from.widgets.find((each: { name: string }) => each.name === widgetName)
      widget.value = text
      widget.callback?.(widget.value)
      from.connect(0, app.graph.getNodeById(one), 0)
    },
    [id, type, name, value] as const
  )
}
