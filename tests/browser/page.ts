// The editor as a test sees it: nodes by their index, places in map pixels, values and maps instead of pictures.
import type { Locator, Page } from 'playwright-core'
import { decodePng } from '../../web/src/scene/png'
import { ready } from './comfy'
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

  /** Saves the workflow, loads the page anew and opens it again. */
  async reload(shown = true): Promise<void> {
    const saved = await this.page.evaluate(() => JSON.stringify((window.app.rootGraph ?? window.app.graph).serialize()))
    await this.page.reload({ waitUntil: 'domcontentloaded' })
    await ready(this.page)
    await this.page.evaluate((graph) => window.app.loadGraphData(JSON.parse(graph)), saved)
    if (shown) await this.editor().waitFor()
    await this.settle()
  }

  editor(index = 0): Locator {
    return this.page.locator('.hd-editor:visible').nth(index)
  }

  async text(id: string): Promise<string> {
    return this.page.evaluate((one) => String(window.app.graph.getNodeById(one).widgets[0].value), id)
  }

  /** As loading a workflow does. */
  async setText(id: string, text: string): Promise<void> {
    await this.page.evaluate(([one, value]) => (window.app.graph.getNodeById(one).widgets[0].value = value), [id, text])
    await this.settle()
  }

  async value(id: string): Promise<Value> {
    const value = parseValue(await this.text(id))
    if (!value) throw new Error('the map is blank')
    return value
  }

  async labels(id: string): Promise<Uint8Array> {
    return layersOf(await this.value(id), new Map()).labels
  }

  async painted(id: string): Promise<Uint8Array> {
    return layersOf(await this.value(id), new Map()).painted
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

  /** A stroke of a tablet's pen: places with the pressure at each. */
  async pen(places: readonly (readonly [x: number, y: number, pressure: number])[], index = 0): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page)
    const points = await this.toWindow(places.map(([x, y]) => [x, y]), index)
    const send = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', k: number) =>
      session.send('Input.dispatchMouseEvent', {
        type, x: points[k][0], y: points[k][1], force: places[k][2], button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1, pointerType: 'pen'
      })
    await send('mousePressed', 0)
    for (let k = 1; k < points.length; k++) await send('mouseMoved', k)
    await send('mouseReleased', points.length - 1)
    await session.detach()
    await this.settle()
  }

  async hover(place: Place, index = 0): Promise<void> {
    const [window] = await this.toWindow([place], index)
    await this.page.mouse.move(...window)
    await this.settle()
  }

  /** Turns the wheel at a place. */
  async wheel(place: Place, turn: number, keys: readonly string[] = [], index = 0): Promise<void> {
    await this.hover(place, index)
    for (const key of keys) await this.page.keyboard.down(key)
    await this.page.mouse.wheel(0, turn)
    await this.settle()
    for (const key of keys) await this.page.keyboard.up(key)
  }

  async click(place: Place, index = 0): Promise<void> {
    await this.hover(place, index)
    await this.page.mouse.down()
    await this.page.mouse.up()
    await this.settle()
  }

  /** A file that falls on the editor. */
  async drop(name: string, bytes: Uint8Array, type = 'image/png', index = 0): Promise<void> {
    const transfer = await this.page.evaluateHandle(
      ([file, content, kind]) => {
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], file, { type: kind }))
        return data
      },
      [name, Buffer.from(bytes).toString('base64'), type] as const
    )
    const stage = this.editor(index).locator('.hd-stage')
    for (const event of ['dragenter', 'dragover', 'drop']) await stage.dispatchEvent(event, { dataTransfer: transfer })
    await this.settle()
  }

  async button(name: string, index = 0): Promise<void> {
    await this.editor(index).getByRole('button', { name, exact: true }).first().click()
    await this.settle()
  }

  async fromPartMenu(part: number, item: string, index = 0): Promise<void> {
    const row = this.editor(index).locator(`[data-part="${part}"]`)
    await row.hover()
    await row.locator('.hd-more').click()
    await this.choose(item, index)
  }

  async fromFiles(item: string, role: 'menuitem' | 'menuitemcheckbox' = 'menuitem', index = 0): Promise<void> {
    await this.button('Files: open, export, clear', index)
    await this.choose(item, index, role)
  }

  async choose(item: string, index = 0, role: 'menuitem' | 'menuitemcheckbox' = 'menuitem'): Promise<void> {
    await this.editor(index).getByRole(role, { name: item, exact: true }).click()
    await this.settle()
  }

  async key(keys: string, index = 0): Promise<void> {
    await this.editor(index).focus()
    await this.page.keyboard.press(keys)
    await this.settle()
  }

  async choosePreset(name: string, index = 0): Promise<void> {
    await this.editor(index).locator('.hd-bar button[aria-label="Start from a figure"]').click()
    await this.editor(index).locator(`[data-preset="${name}"]`).click()
    await this.settle()
  }

  /** Runs the graph with a Save Pose behind the editor: the labels that Python wrote. */
  async received(id: string): Promise<Uint8Array> {
    return labelsOf(await this.run(id))
  }

  /** The same as the file that Python wrote. */
  async run(id: string): Promise<Buffer> {
    const save = await this.page.evaluate((one) => {
      const { app, LiteGraph } = window
      const node = LiteGraph.createNode('HumanDiffusionSavePose')
      node.pos = [900, 60]
      app.graph.add(node)
      app.graph.getNodeById(one).connect(0, node, 0)
      return node.id
    }, id)
    try {
      return await this.runGraph()
    } finally {
      await this.page.evaluate((one) => window.app.graph.remove(window.app.graph.getNodeById(one)), save)
    }
  }

  /** Runs the graph as it is: the first picture that it saves. */
  async runGraph(): Promise<Buffer> {
    const prompt = await this.page.evaluate(async () => (await window.app.graphToPrompt()).output)
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

export async function labelsOf(png: Buffer): Promise<Uint8Array> {
  const map = await decodePng(new Uint8Array(png))
  if (!map) throw new Error('Python wrote no map')
  return map.labels
}
