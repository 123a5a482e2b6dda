import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// One after the other: all share a server and its settings.
export default defineConfig({
  root: here('.'),
  cacheDir: here('../../node_modules/.vite'),
  server: { fs: { strict: false } },
  test: { include: ['*.test.ts'], globalSetup: here('server.ts'), testTimeout: 180_000, hookTimeout: 240_000, fileParallelism: false }
})
