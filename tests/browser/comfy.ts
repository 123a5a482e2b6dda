// A real ComfyUI server with this pack, and its page in Chromium. COMFYUI_URL names a server that runs already; else one is
// started from COMFYUI_PATH with COMFYUI_PYTHON (as tests/host/conftest.py finds them) and ended by its process. With
// COMFYUI_FRONTEND, the folder `static` of an unpacked comfyui_frontend_package, it serves that page instead of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'

const PACK = fileURLToPath(new URL('../..', import.meta.url))
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const COMFYUI = process.env.COMFYUI_PATH ?? path.join(os.homedir(), 'comfy', 'ComfyUI')
const PYTHON = process.env.COMFYUI_PYTHON ?? path.join(os.homedir(), 'comfy', 'venv', 'bin', 'python')
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

/** What is missing for these tests on this machine, or nothing. */
export function missing(): string | null {
  if (!fs.existsSync(CHROMIUM)) return `no Chromium at ${CHROMIUM} (set CHROMIUM)`
  if (process.env.COMFYUI_URL) return null
  if (!fs.existsSync(path.join(COMFYUI, 'main.py'))) return `no ComfyUI at ${COMFYUI} (set COMFYUI_PATH)`
  return fs.existsSync(PYTHON) ? null : `no Python for ComfyUI at ${PYTHON} (set COMFYUI_PYTHON)`
}

export interface Comfy {
  readonly url: string
  stop(): Promise<void>
}

export async function startComfy(): Promise<Comfy> {
  if (process.env.COMFYUI_URL) return { url: process.env.COMFYUI_URL, stop: async () => undefined }
  const server = await startServer()
  return {
    url: `http://127.0.0.1:${server.port}`,
    async stop() {
      const ended = new Promise((done) => server.process.once('exit', done))
      server.process.kill()
      await ended
      fs.rmSync(server.base, { recursive: true, force: true })
    }
  }
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
}

/** The server's page in one of both renderers, with an empty graph. */
export async function openPage(browser: Browser, url: string, vue: boolean): Promise<{ page: Page; errors: string[] }> {
  for (const [name, value] of Object.entries({ 'Comfy.TutorialCompleted': true, 'Comfy.VueNodes.Enabled': vue })) {
    await fetch(`${url}/settings/${name}`, { method: 'POST', body: JSON.stringify(value), headers: { 'Content-Type': 'application/json' } })
  }
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 }, permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
  // Nothing outside the server is reachable: such requests fail at once, so that the page does not wait.
  await page.route('**/*', (route) => {
    const { host, protocol } = new URL(route.request().url())
    return host === new URL(url).host || protocol === 'blob:' || protocol === 'data:' ? route.continue() : route.abort()
  })
  await page.goto(url, { waitUntil: 'domcontentloaded' })
  await ready(page)
  await page.evaluate(() => window.app.graph.clear())
  return { page, errors }
}

export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => window.app?.graph && window.app.extensionManager && 'HumanDiffusionPoseEditor' in (window.LiteGraph?.registered_node_types ?? {}), null, { timeout: 90_000 })
  await page.waitForTimeout(500)
  if (await page.locator('.p-dialog:visible').count()) await page.keyboard.press('Escape')
}

async function startServer(): Promise<{ process: ChildProcess; port: number; base: string }> {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'comfy-browser-'))
  for (const name of ['input', 'output', 'temp', 'user', 'models', 'custom_nodes']) fs.mkdirSync(path.join(base, name))
  fs.symlinkSync(PACK, path.join(base, 'custom_nodes', 'humandiffusion'))
  const port = await freePort()
  const log = fs.openSync(path.join(base, 'server.log'), 'w')
  const args = ['main.py', '--cpu', '--listen', '127.0.0.1', '--port', String(port), '--base-directory', base, '--disable-auto-launch']
  if (process.env.COMFYUI_FRONTEND) args.push('--front-end-root', process.env.COMFYUI_FRONTEND)
  const started = spawn(PYTHON, args, { cwd: COMFYUI, stdio: ['ignore', log, log], env: { ...process.env, HF_HUB_OFFLINE: '1' } })
  for (let tries = 0; tries < 600; tries++) {
    if (await fetch(`http://127.0.0.1:${port}/system_stats`).then((answer) => answer.ok, () => false)) return { process: started, port, base }
    if (started.exitCode !== null) break
    await new Promise((done) => setTimeout(done, 300))
  }
  started.kill()
  throw new Error(`ComfyUI does not answer; its log ends with\n${fs.readFileSync(path.join(base, 'server.log'), 'utf8').slice(-2000)}`)
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo
      probe.close(() => done(port))
    })
  })
}
