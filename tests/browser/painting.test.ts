// Painting by part. What is asserted are the values, and the maps that Python received.
import { expect, test } from 'vitest'
import { PARTS } from '../../web/src/scene/parts'
import { at, boxOf, count, same } from './maps'
import { inBothRenderers } from './renderers'

const [TOP, SKIRT, PANTS, SHOES, HAIR] = [1, 3, 5, 11, 13]

inBothRenderers((use) => {
  test('three painted parts survive undo, redo, save and reload, and Python receives them', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    for (const [part, y] of [[TOP, 200], [PANTS, 400], [SHOES, 600]]) {
      await editors.part(part)
      await editors.drag([[150, y], [350, y + 20]])
    }
    const painted = await editors.labels(id)
    expect([at(painted, 250, 210), at(painted, 250, 410), at(painted, 250, 610), at(painted, 20, 20)]).toEqual([TOP, PANTS, SHOES, 0])
    await editors.key('Control+z')
    expect(at(await editors.labels(id), 250, 610)).toBe(0)
    await editors.key('Control+z')
    expect(at(await editors.labels(id), 250, 410)).toBe(0)
    await editors.key('Control+Shift+z')
    await editors.key('Control+y')
    expect(same(await editors.labels(id), painted)).toBe(true)
    await editors.reload()
    expect(same(await editors.labels(id), painted)).toBe(true)
    expect(same(await editors.received(id), painted)).toBe(true)
  })

  test('the palette names all parts, finds them by any word, and counts their pixels', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    const names = await editors.editor().locator('.hd-part .hd-name').allTextContents()
    expect([...names].sort()).toEqual(PARTS.map(({ name }) => name).sort())
    await editors.key('/')
    await use.page.keyboard.type('jeans')
    expect(await editors.editor().locator('.hd-part:visible .hd-name').allTextContents()).toEqual(['pants'])
    await use.page.keyboard.press('Enter')
    await editors.drag([[250, 300], [300, 300]])
    const labels = await editors.labels(id)
    expect(at(labels, 270, 300)).toBe(PANTS)
    const shown = await editors.editor().locator(`[data-part="${PANTS}"] .hd-count`).textContent()
    expect(Number(shown?.replace('k', '')) * (shown?.endsWith('k') ? 1000 : 1)).toBeCloseTo(count(labels, PANTS), -2)
  })

  test('a locked part is not painted over, a hidden one is not seen and stays in the map', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    await editors.drag([[200, 300], [300, 300]])
    await editors.editor().getByRole('button', { name: 'Lock top' }).click()
    await editors.part(SKIRT)
    await editors.drag([[250, 250], [250, 350]])
    const labels = await editors.labels(id)
    expect([at(labels, 250, 260), at(labels, 250, 300), at(labels, 250, 340)]).toEqual([SKIRT, TOP, SKIRT])
    await editors.editor().locator(`[data-part="${TOP}"]`).hover()
    await editors.button('Hide top')
    const opacity = await editors.editor().locator('.hd-map').evaluate((canvas) => (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(250, 300, 1, 1).data[3])
    expect(opacity).toBe(0)
    expect(same(await editors.received(id), labels)).toBe(true)
  })

  test('eraser, line, lasso, polygon, fill and eyedropper', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    await editors.tool('lasso')
    await editors.drag([[100, 100], [300, 100], [300, 300], [100, 300], [100, 102]])
    expect([at(await editors.labels(id), 200, 200), at(await editors.labels(id), 90, 200)]).toEqual([TOP, 0])
    for (const corner of [[350, 100], [450, 100], [450, 300]] as const) await editors.click(corner)
    await editors.key('Enter')
    expect([at(await editors.labels(id), 440, 130), at(await editors.labels(id), 360, 280)]).toEqual([TOP, 0])
    await editors.part(PANTS)
    await editors.tool('fill')
    await editors.click([200, 200])
    expect([at(await editors.labels(id), 110, 110), at(await editors.labels(id), 440, 130)]).toEqual([PANTS, TOP])
    await editors.tool('eyedropper')
    await editors.click([440, 130])
    await editors.tool('line')
    await editors.drag([[100, 400], [250, 470], [400, 400]])
    expect([at(await editors.labels(id), 250, 400), at(await editors.labels(id), 250, 470)]).toEqual([TOP, 0])
    await editors.tool('eraser')
    await editors.drag([[200, 90], [200, 310]])
    const labels = await editors.labels(id)
    expect([at(labels, 200, 200), at(labels, 150, 200)]).toEqual([0, PANTS])
    expect(same(await editors.received(id), labels)).toBe(true)
  })

  test('the brush grows and shrinks by keys and wheel, and a pen presses it wide', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(HAIR)
    const size = async () => Number(await editors.editor().locator('.hd-field .hd-number').first().textContent())
    const before = await size()
    await editors.key(']')
    const larger = await size()
    await editors.key('[')
    await editors.key('[')
    const smaller = await size()
    expect([larger > before, smaller < before]).toEqual([true, true])
    await editors.wheel([250, 300], -200, ['Alt'])
    expect(await size()).toBeGreaterThan(smaller)
    while ((await size()) < 60) await editors.key(']')
    const wide = await size()
    await editors.pen([[100, 400, 0.2], [200, 400, 0.2], [300, 400, 1], [400, 400, 1]])
    const labels = await editors.labels(id)
    const thickness = (x: number) => Array.from({ length: 768 }, (_, y) => at(labels, x, y)).filter((part) => part === HAIR).length
    expect(thickness(150)).toBeLessThan(wide * 0.5)
    expect(thickness(390)).toBeGreaterThan(wide * 0.9)
    expect(same(await editors.received(id), labels)).toBe(true)
  })

  test('both sides are painted alike', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(SHOES)
    await editors.key('x')
    await editors.drag([[100, 600], [150, 650]])
    const labels = await editors.labels(id)
    expect(count(labels, SHOES)).toBeGreaterThan(1000)
    const mirrored = labels.map((_, i) => labels[i - (i % 512) + 511 - (i % 512)])
    expect(same(mirrored, labels)).toBe(true)
    await editors.key('x')
  })

  test('zoomed and moved, the paint falls where the pointer is', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    await editors.wheel([300, 300], -600)
    await page.keyboard.down(' ')
    await editors.drag([[300, 300], [330, 340]])
    await page.keyboard.up(' ')
    await editors.drag([[290, 290], [310, 290]])
    const [left, top, right, bottom] = boxOf(await editors.labels(id), TOP)
    const size = bottom - top
    expect([Math.abs(left - (290 - size / 2)) < 3, Math.abs(right - (310 + size / 2)) < 3, Math.abs((top + bottom) / 2 - 290) < 3]).toEqual([true, true, true])
    await editors.key('0')
  })

  test('a whole part grows, shrinks, is smoothed and becomes another', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    await editors.drag([[200, 300], [300, 300]])
    const before = count(await editors.labels(id), TOP)
    await editors.fromPartMenu(TOP, 'Grow')
    const grown = count(await editors.labels(id), TOP)
    await editors.fromPartMenu(TOP, 'Shrink')
    const shrunk = count(await editors.labels(id), TOP)
    expect([grown > before, shrunk < grown, Math.abs(shrunk - before) < before * 0.05]).toEqual([true, true, true])
    await editors.fromPartMenu(TOP, 'Smooth')
    await editors.part(SKIRT)
    await editors.fromPartMenu(TOP, 'Turn into skirt')
    const labels = await editors.labels(id)
    expect([count(labels, TOP), count(labels, SKIRT) > 0.9 * before]).toEqual([0, true])
    await editors.fromPartMenu(SKIRT, 'Clear')
    expect(await editors.text(id)).not.toContain('D')
    await editors.key('Control+z')
    expect(same(await editors.received(id), labels)).toBe(true)
  })

  test.each([0.5, 2])('at graph zoom %d the paint falls where the pointer is', async (zoom) => {
    const { editors } = use
    await editors.clear(zoom)
    const id = await editors.add(0, 0, zoom === 2 ? [480, 520] : [620, 640])
    await editors.part(HAIR)
    await editors.drag([[200, 60], [240, 60]])
    const [left, , right] = boxOf(await editors.labels(id), HAIR)
    expect(left).toBeGreaterThan(200 - 16 - 4)
    expect(right).toBeLessThan(240 + 16 + 4)
  })
})
