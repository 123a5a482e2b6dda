// The editor in Chromium on a page that stands in for ComfyUI's: node editor_page.mjs URL VALUE.json -> figures as JSON.
// A frame's time is what the renderer's main thread spends between two frames while a mouse paints, from Chromium's trace.
import fs from 'node:fs'
import { chromium } from 'playwright-core'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const STROKES = 12
const [url, file] = process.argv.slice(2)
const value = fs.readFileSync(file, 'utf8')
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } })
await page.goto(url)
await page.waitForFunction(() => window.widget)
const opened = []
for (let n = 0; n < 5; n++) {
  opened.push(
    await page.evaluate((text) => {
      window.widget.setValue('')
      const begin = performance.now()
      window.widget.setValue(text)
      document.body.getBoundingClientRect()
      return performance.now() - begin
    }, value)
  )
}
const button = (name) => page.locator(`[data-tool="${name}"].hd-button`).click()
const box = await page.locator('.hd-map').boundingBox()
await button('restore')
const restored = await page.evaluate(async ([x, y]) => {
  const stage = document.querySelector('.hd-stage')
  const at = { clientX: x, clientY: y, bubbles: true, button: 0, pointerId: 1 }
  stage.setPointerCapture = () => undefined
  const begin = performance.now()
  stage.dispatchEvent(new PointerEvent('pointerdown', at))
  stage.dispatchEvent(new PointerEvent('pointerup', at))
  delete stage.setPointerCapture
  return performance.now() - begin
}, [box.x + 20, box.y + 20])
await button('brush')
await page.locator('[data-part="2"] .hd-part-name').click()
const painting = await traced(async () => {
  for (let n = 0; n < STROKES; n++) {
    const y = box.y + (box.height * (n + 1)) / (STROKES + 2)
    await page.mouse.move(box.x + 20, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 20, y + 40, { steps: 40 })
    await page.mouse.up()
  }
})
const painted = await page.evaluate(() => JSON.parse(window.widget.getValue() || '{}').painted)
await page.evaluate((text) => window.widget.setValue(text), value)
await button('pose')
const wrist = JSON.parse(value).skeleton.keypoints[4].slice(0, 2).map((place) => (place * box.width) / JSON.parse(value).width)
const posing = await traced(async () => {
  await page.mouse.move(box.x + wrist[0], box.y + wrist[1])
  await page.mouse.down()
  for (const [dx, dy] of [[-80, -60], [-120, -240], [20, -160]]) await page.mouse.move(box.x + wrist[0] + dx, box.y + wrist[1] + dy, { steps: 20 })
  await page.mouse.up()
})
const posed = await page.evaluate(() => JSON.parse(window.widget.getValue()).skeleton.keypoints[4])
await browser.close()
if (!painted) throw new Error('the strokes painted nothing')
if (JSON.stringify(posed) === JSON.stringify(JSON.parse(value).skeleton.keypoints[4])) throw new Error('the wrist did not move')

const middle = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
opened.sort((a, b) => a - b)
console.log(
  JSON.stringify({
    frame_ms_p50: middle(painting.frames, 0.5),
    frame_ms_p95: middle(painting.frames, 0.95),
    frames: painting.frames.length,
    clock: painting.clock,
    pose_ms_p50: middle(posing.frames, 0.5),
    pose_ms_p95: middle(posing.frames, 0.95),
    open_ms: opened[2],
    restore_ms: restored
  })
)

/** Frames' main-thread times, sorted, while something is done. */
async function traced(work) {
  await page.evaluate(() => new Promise((done) => setTimeout(done, 500)))
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
  await work()
  const trace = JSON.parse((await browser.stopTracing()).toString())
  const { frames, clock } = framesOf(trace.traceEvents)
  return { frames: frames.sort((a, b) => a - b), clock }
}

/** Main-thread milliseconds of each frame: all tasks from one commit to the compositor to the next. */
function framesOf(events) {
  const dispatch = events.find((event) => event.name === 'EventDispatch' && event.args?.data?.type === 'pointermove')
  const own = events.filter((event) => event.pid === dispatch.pid && event.tid === dispatch.tid).sort((a, b) => a.ts - b.ts)
  const tasks = own.filter((event) => event.ph === 'X' && event.name === 'RunTask')
  const commits = own.filter((event) => event.name === 'Commit').map((event) => event.ts)
  // Thread time, where the trace has it, leaves out what other programs of the machine take.
  const clock = tasks.some((task) => task.tdur !== undefined) ? 'thread' : 'wall'
  const sums = [0]
  for (const task of tasks) {
    sums[sums.length - 1] += (clock === 'thread' ? (task.tdur ?? 0) : task.dur) / 1000
    while (commits.length > 0 && commits[0] <= task.ts + task.dur) {
      commits.shift()
      sums.push(0)
    }
  }
  return { frames: sums.filter((sum) => sum > 0), clock }
}
