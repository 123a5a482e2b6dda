import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// One after the other: all share a server and its settings.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../node_modules/.vite', import.meta.url)),
  server: { fs: { strict: false } },
  test: { include: ['*.test.ts'], testTimeout: 90_000, hookTimeout: 240_000, fileParallelism: false }
})
