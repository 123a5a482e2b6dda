// From the editor to a picture: the example workflow, its pose from the editor instead of a file.
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { inBothRenderers } from './renderers'

const WORKFLOW = fs.readFileSync(new URL('../../example_workflows/person_from_sentence.json', import.meta.url), 'utf8')

inBothRenderers((use) => {
  test('a posed and painted map becomes a picture with the garments where they were drawn', { timeout: 240_000 }, async () => {
    const { editors, page } = use
    await page.evaluate((graph) => window.app.loadGraphData(JSON.parse(graph)), WORKFLOW)
    await page.evaluate(() => {
      const { app } = window
      app.graph.remove(app.graph.nodes.find(({ type }: { type: string }) => type === 'HumanDiffusionPosePreview'))
      app.graph.remove(app.graph.nodes.find(({ type }: { type: string }) => type === 'HumanDiffusionLoadPose'))
      app.canvas.ds.scale = 1
      app.canvas.ds.offset = [-1940, 60]
    })
    const id = await editors.add(2000, 40)
    await editors.button('Size of the map')
    await editors.button('256 × 384')
    await editors.button('Stretch the map')
    await editors.choosePreset('standing-trousers')
    const [wrist] = (await editors.value(id)).skeleton?.keypoints.slice(4, 5) ?? [[0, 0]]
    await editors.drag([[wrist[0], wrist[1]], [wrist[0] - 50, wrist[1] - 80]])
    await editors.part(12)
    await editors.drag([[40, 300], [70, 330]])
    await page.evaluate((one) => {
      const { app } = window
      const sampler = app.graph.nodes.find(({ type }: { type: string }) => type === 'HumanDiffusionSampler')
      app.graph.getNodeById(one).connect(0, sampler, sampler.inputs.findIndex(({ name }: { name: string }) => name === 'pose'))
      sampler.widgets.find(({ name }: { name: string }) => name === 'steps').value = 6
    }, id)
    const labels = await editors.labels(id)
    const picture = await editors.runGraph()
    const { width, height, means } = await page.evaluate(meansOf, { png: picture.toString('base64'), labels: [...labels] })
    expect([width, height]).toEqual([256, 384])
    const [top, pants, background] = [means[1], means[5], means[0]]
    // "A woman in a red blouse and blue jeans" on a light ground.
    expect(top[0] - top[2]).toBeGreaterThan(40)
    expect(pants[2] - pants[0]).toBeGreaterThan(10)
    expect(Math.min(...background)).toBeGreaterThan(Math.max(...pants) - 20)
  })
})

/** Runs in the page: the mean colour that a picture has over each part of the map. */
async function meansOf({ png, labels }: { png: string; labels: number[] }): Promise<{ width: number; height: number; means: number[][] }> {
  const image = new Image()
  image.src = `data:image/png;base64,${png}`
  await image.decode()
  const [width, height] = [image.naturalWidth, image.naturalHeight]
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const sums = Array.from({ length: 24 }, () => [0, 0, 0, 0])
  labels.forEach((part, i) => {
    for (let channel = 0; channel < 3; channel++) sums[part][channel] += data[4 * i + channel]
    sums[part][3]++
  })
  return { width, height, means: sums.map(([red, green, blue, count]) => [red, green, blue].map((sum) => sum / Math.max(count, 1))) }
}
