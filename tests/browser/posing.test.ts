// The figure under the paint: its joints, what it wears, and the paint that goes along.
import { expect, test } from 'vitest'
import { decodePng } from '../../web/src/scene/png'
import { at, boxOf, count, same } from './maps'
import { inBothRenderers } from './renderers'

const [RING, SKIRT, TOP, HEADWEAR] = [16, 3, 1, 7]

inBothRenderers((use) => {
  test('a dragged joint takes its limb along, far paint stays, Python gets map and keypoints', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-t-shirt')
    await editors.tool('brush')
    await editors.part(HEADWEAR)
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
    expect(at(labels, 45, 30)).toBe(HEADWEAR)
    const file = await editors.run(id)
    expect(same((await decodePng(new Uint8Array(file)))?.labels, labels)).toBe(true)
    expect(file.includes('humandiffusion:keypoints')).toBe(true)
    await editors.key('Control+z')
    expect((await editors.text(id)) === text).toBe(true)
  })

  test('paint on a limb goes along with it, or stays if the artist says so', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-t-shirt')
    const joints = async () => (await editors.value(id)).skeleton?.keypoints ?? []
    const [x, y] = (await joints())[4]
    await editors.part(RING)
    await editors.click([x, y])
    const painted = count(await editors.labels(id), RING)
    await editors.tool('pose')
    await editors.drag([[x, y], [x - 70, y - 160]])
    const [wristX, wristY] = (await joints())[4]
    const moved = await editors.labels(id)
    expect([at(moved, wristX, wristY), at(moved, x, y) === RING]).toEqual([RING, false])
    expect(count(moved, RING) / painted).toBeCloseTo(1, 0.5)
    expect(same(await editors.received(id), moved)).toBe(true)
    await editors.fromFiles('Paint goes along with the figure', 'menuitemcheckbox')
    await editors.drag([[wristX, wristY], [x, y]])
    expect(at(await editors.labels(id), wristX, wristY)).toBe(RING)
  })

  test('what a pose covers is told, and can be left where it was', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-t-shirt')
    const { skeleton } = await editors.value(id)
    const [wrist, neck, hip] = [4, 1, 8].map((joint) => skeleton?.keypoints[joint] ?? [0, 0])
    const chest = [(neck[0] + hip[0]) / 2 + 20, (neck[1] + hip[1]) / 2] as const
    await editors.part(RING)
    await editors.click(chest)
    const painted = count(await editors.labels(id), RING)
    await editors.tool('pose')
    await editors.drag([[wrist[0], wrist[1]], [chest[0] + 6, chest[1]]])
    expect(count(await editors.labels(id), RING)).toBeLessThan(painted)
    await editors.editor().getByText('covered or off the page').waitFor()
    await editors.button('Leave the paint where it was')
    expect(count(await editors.labels(id), RING)).toBe(painted)
    expect(await editors.editor().getByText('covered or off the page').count()).toBe(0)
    await editors.key('Control+z')
    expect(count(await editors.labels(id), RING)).toBeLessThan(painted)
  })

  test('garments are put on and their lengths dragged by handles', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-trousers')
    await editors.button('What the figure wears')
    await editors.editor().locator('[data-cut="skirt"]').click()
    await editors.editor().getByRole('slider', { name: 'Flare of skirt' }).fill('0.08')
    await editors.key('Escape')
    const dressed = await editors.labels(id)
    expect(count(dressed, SKIRT)).toBeGreaterThan(1000)
    const [, , , bottom] = boxOf(dressed, SKIRT)
    const hem = editors.editor().locator('[data-handle="hem of the skirt"]')
    const at = await hem.evaluate((handle) => [Number(handle.getAttribute('x')), Number(handle.getAttribute('y'))] as [number, number])
    await editors.drag([at, [at[0], at[1] - 80]])
    const shorter = await editors.labels(id)
    expect(boxOf(shorter, SKIRT)[3]).toBeLessThan(bottom - 60)
    expect((await editors.value(id)).skeleton?.garments.find(({ cut }) => cut === 'skirt')).toMatchObject({ flare: expect.closeTo(0.08, 2), hem: expect.any(Number) })
    expect(same(await editors.received(id), shorter)).toBe(true)
  })

  test('the figure is mirrored, made larger, and turned into paint', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('one-hand-on-hip-pencil-skirt')
    const before = await editors.labels(id)
    await editors.fromFiles('Mirror the pose')
    await editors.fromFiles('Mirror the pose')
    const twice = await editors.labels(id)
    expect(before.reduce((sum, label, i) => sum + Number(label !== twice[i]), 0)).toBeLessThan(before.length / 200)
    await editors.fromFiles('Larger')
    const height = (labels: Uint8Array) => boxOf(labels, TOP)[3] - boxOf(labels, TOP)[1]
    expect(height(await editors.labels(id))).toBeGreaterThan(height(before))
    await editors.fromFiles('Make it paint, drop the skeleton')
    const value = await editors.value(id)
    expect([value.skeleton, value.painted !== null]).toEqual([null, true])
    expect(same(await editors.received(id), await editors.labels(id))).toBe(true)
  })

  test('joints and handles are moved by keys alone', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.choosePreset('standing-trousers')
    const before = (await editors.value(id)).skeleton?.keypoints ?? []
    await editors.key('.')
    await editors.key('.')
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Shift+ArrowDown')
    await editors.settle()
    const after = (await editors.value(id)).skeleton?.keypoints ?? []
    expect([after[1][0] - before[1][0], after[1][1] - before[1][1]]).toEqual([3, 10])
    expect(same(await editors.received(id), await editors.labels(id))).toBe(true)
  })
})
