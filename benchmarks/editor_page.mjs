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
await page.locator('[data-tool="brush"].hd-button').click()
await page.locator('[data-part="2"] .hd-part-name').click()
const box = await page.locator('.hd-map').boundingBox()
await page.evaluate(() => new Promise((done) => setTimeout(done, 500)))
await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
for (let n = 0; n < STROKES; n++) {
  const y = box.y + (box.height * (n + 1)) / (STROKES + 2)
  await page.mouse.move(box.x + 20, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 20, y + 40, { steps: 40 })
  await page.mouse.up()
}
const trace = JSON.parse((await browser.stopTracing()).toString())
const painted = await page.evaluate(() => JSON.parse(window.widget.getValue() || '{}').painted !== null)
await browser.close()
if (!painted) throw new Error('the strokes painted nothing')

const { frames, clock } = framesOf(trace.traceEvents)
frames.sort((a, b) => a - b)
opened.sort((a, b) => a - b)
const at = (share) => frames[Math.min(frames.length - 1, Math.floor(share * frames.length))]
console.log(JSON.stringify({ frame_ms_p50: at(0.5), frame_ms_p95: at(0.95), frames: frames.length, clock, open_ms: opened[2] }))

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
