// What two hands do at once: a palm beside the pen, painting while a card is open, undo wherever the keyboard is.
import { expect, test } from 'vitest'
import { at, boxOf, count } from './maps'
import { inBothRenderers } from './renderers'

const [TOP, HAIR] = [1, 13]

inBothRenderers((use) => {
  test('a palm beside the pen draws nothing and does not end the stroke; a cancelled stroke was never drawn', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    const touch = (type: string, pointerId: number, x: number, y: number) =>
      editors.editor().locator('.hd-stage').evaluate(
        (stage, event) => {
          const map = stage.querySelector('.hd-map') as HTMLCanvasElement
          const box = map.getBoundingClientRect()
          stage.setPointerCapture = () => undefined
          const place = { clientX: box.left + (event.x * box.width) / map.width, clientY: box.top + (event.y * box.height) / map.height }
          const down = event.type !== 'pointermove'
          stage.dispatchEvent(new PointerEvent(event.type, { ...place, pointerId: event.pointerId, pointerType: 'touch', button: down ? 0 : -1, buttons: 1, bubbles: true, cancelable: true }))
        },
        { type, pointerId, x, y }
      )
    await touch('pointerdown', 7, 100, 300)
    await touch('pointermove', 7, 150, 300)
    await touch('pointerdown', 8, 400, 700)
    await touch('pointermove', 8, 400, 690)
    await touch('pointerup', 8, 400, 690)
    await touch('pointermove', 7, 200, 300)
    await touch('pointerup', 7, 200, 300)
    const drawn = await editors.labels(id)
    expect([at(drawn, 190, 300), at(drawn, 400, 690)]).toEqual([TOP, 0])
    expect(boxOf(drawn, TOP)[3]).toBeLessThan(400)
    await touch('pointerdown', 9, 100, 500)
    await touch('pointermove', 9, 300, 500)
    await touch('pointercancel', 9, 300, 500)
    expect(await editors.labels(id)).toEqual(drawn)
  })

  test('what is painted and posed while the wardrobe is open stays when garments change', async () => {
    const { editors } = use
    await editors.clear()
    const id = await editors.add(40, 40, [760, 700])
    await editors.choosePreset('standing-trousers')
    await editors.part(HAIR)
    await editors.tool('brush')
    await editors.editor().getByRole('button', { name: 'What the figure wears', exact: true }).click()
    await editors.drag([[430, 60], [480, 60]])
    const painted = count(await editors.painted(id), 1)
    expect(painted).toBeGreaterThan(100)
    const before = (await editors.value(id)).skeleton
    await editors.editor().locator('[data-cut="belt"]').click()
    expect(count(await editors.painted(id), 1)).toBe(painted)
    expect((await editors.value(id)).skeleton?.garments.length).not.toBe(before?.garments.length)
    // The keyboard is in the card; undo is the editor's all the same.
    await use.page.keyboard.press('Control+z')
    await editors.settle()
    expect((await editors.value(id)).skeleton?.garments.length).toBe(before?.garments.length)
    expect(count(await editors.painted(id), 1)).toBe(painted)
    expect(await use.page.evaluate((one) => window.app.graph.getNodeById(one) !== null, id)).toBe(true)
  })

  test('the page knows of every stroke: undo of a later move of the node leaves the painting', async () => {
    const { editors, page } = use
    await editors.clear()
    const id = await editors.add()
    await editors.part(TOP)
    await editors.drag([[150, 200], [350, 200]])
    const drawn = await editors.text(id)
    const states = await page.evaluate(() => {
      const { changeTracker } = window.app.extensionManager.workflow.activeWorkflow
      return JSON.stringify(changeTracker.activeState)
    })
    expect(states).toContain(JSON.stringify(drawn).slice(1, -1))
  })
})
