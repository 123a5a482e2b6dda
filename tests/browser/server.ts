// One ComfyUI for all files of tests.
import type { TestProject } from 'vitest/node'
import { missing, startComfy } from './comfy'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server's address; empty where something is missing. */
    comfyUrl: string
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const absent = missing()
  project.provide('comfyUrl', '')
  if (absent) {
    console.warn(`\n*** SKIPPED: browser tests; ${absent} ***\n`)
    return undefined
  }
  const comfy = await startComfy()
  project.provide('comfyUrl', comfy.url)
  return () => comfy.stop()
}
