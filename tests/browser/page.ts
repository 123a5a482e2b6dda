// The editor as a test sees it: nodes by their index, places in map pixels, values and maps instead of pictures.
import type { Locator, Page } from 'playwright-core'
import { layersOf, parseValue, type Value } from '../../web/src/scene/value'

declare global {
  interface Window {
    // ComfyUI's page; it has no types for others.
    app: any
    LiteGraph: any
  }
}

export type Place = readonly [x: number, y: number]

export class EditorPage {
  constructor(
    readonly page: Page,
    readonly url: string
  ) {}

  /** An empty graph at a zoom. */
  async clear(zoom = 1): Promise<void> {
    await this.page.evaluate((scale) => {
      const { app } = window
      app.graph.clear()
      app.canvas.ds.scale = scale
      app.canvas.ds.offset = [60 / scale, 60 / scale]
      app.graph.setDirtyCanvas(true, true)
    }, zoom)
    await this.settle()
  }

  /** Adds a Pose Editor; gives its id. */
  async add(x = 40, y = 40, size: Place = [620, 640]): Promise<string> {
    const id = await this.page.evaluate(
      ([left, top, width, height]) => {
        const { app, LiteGraph } = window
        const node = LiteGraph.createNode('HumanDiffusionPoseEditor')
        node.pos = [left, top]
        app.graph.add(node)
        node.setSize([width, height])
        return String(node.id)
      },
      [x, y, ...size]
    )
    await this.page.locator('.hd-editor:visible').first().waitFor()
    await this.settle()
    return id
  }

  editor(index = 0): Locator {
    return this.page.locator('.hd-editor:visible').nth(index)
  }

  async text(id: string): Promise<string> {
    return this.page.evaluate((one) => String(window.app.graph.getNodeById(one).widgets[0].value), id)
  }

  async value(id: string): Promise<Value> {
    const value = parseValue(await this.text(id))
    if (!value) throw new Error('the map is blank')
    return value
  }

  async labels(id: string): Promise<Uint8Array> {
    const value = await this.value(id)
    return layersOf(value, new Map()).labels
  }

  async labelsOrNone(id: string): Promise<Uint8Array | null> {
    return (await this.text(id)) === '' ? null : this.labels(id)
  }

  async tool(name: string, index = 0): Promise<void> {
    await this.editor(index).locator(`[data-tool="${name}"].hd-button`).click()
  }

  async part(part: number, index = 0): Promise<void> {
    await this.editor(index).locator(`[data-part="${part}"] .hd-part-name`).click()
  }

  /** Presses the button at the first place, moves to the others and, unless it is to be held, lets go. */
  async drag(places: readonly Place[], index = 0, { hold = false } = {}): Promise<void> {
    const { mouse } = this.page
    const [first, ...rest] = await this.toWindow(places, index)
    await mouse.move(...first)
    await mouse.down()
    for (const place of rest) await mouse.move(...place, { steps: 6 })
    if (!hold) await mouse.up()
    await this.settle()
  }

  async key(keys: string, index = 0): Promise<void> {
    await this.editor(index).focus()
    await this.page.keyboard.press(keys)
    await this.settle()
  }

  async choosePreset(name: string, index = 0): Promise<void> {
    await this.editor(index).locator('button[aria-label="Start from a figure"]').click()
    await this.editor(index).locator(`[data-preset="${name}"]`).click()
    await this.settle()
  }

  /** Runs the graph with a Save Pose behind the editor: the labels that Python wrote. */
  async run(id: string): Promise<Buffer> {
    const prompt = await this.page.evaluate(async (one) => {
      const { app, LiteGraph } = window
      const save = LiteGraph.createNode('HumanDiffusionSavePose')
      save.pos = [900, 60]
      app.graph.add(save)
      app.graph.getNodeById(one).connect(0, save, 0)
      const { output } = await app.graphToPrompt()
      app.graph.remove(save)
      return output
    }, id)
    const answer = await fetch(`${this.url}/prompt`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ prompt, client_id: await this.clientId() })
    })
    if (!answer.ok) throw new Error(await answer.text())
    const { prompt_id } = (await answer.json()) as { prompt_id: string }
    for (;;) {
      const history = (await (await fetch(`${this.url}/history/${prompt_id}`)).json()) as Record<string, any>
      const done = history[prompt_id]
      if (done?.status?.status_str === 'error') throw new Error(JSON.stringify(done.status.messages))
      const saved = done && Object.values<any>(done.outputs).find((output) => output.images?.[0]?.type === 'output')
      if (saved) {
        const { filename, subfolder, type } = saved.images[0]
        const query = new URLSearchParams({ filename, subfolder, type })
        return Buffer.from(await (await fetch(`${this.url}/view?${query}`)).arrayBuffer())
      }
      await new Promise((wait) => setTimeout(wait, 100))
    }
  }

  /** What the page calls itself: results of a run go there. */
  private async clientId(): Promise<string> {
    return this.page.evaluate("import('/scripts/api.js').then(({ api }) => api.clientId)")
  }

  /** Two frames: what was asked for is drawn. */
  async settle(): Promise<void> {
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))))
  }

  private async toWindow(places: readonly Place[], index: number): Promise<[number, number][]> {
    const box = await this.editor(index).locator('.hd-map').boundingBox()
    const size = await this.editor(index).locator('.hd-map').evaluate((canvas) => [(canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height])
    if (!box) throw new Error('the map is not to be seen')
    return places.map(([x, y]) => [box.x + (x * box.width) / size[0], box.y + (y * box.height) / size[1]])
  }
}
