import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// One ES module beside this file, which ComfyUI's page imports; no second file, so styles are text inside it.
export default defineConfig({
  root: here('..'),
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: here('.'),
    emptyOutDir: false,
    copyPublicDir: false,
    reportCompressedSize: false,
    lib: { entry: here('src/main.ts'), formats: ['es'], fileName: () => 'humandiffusion.js' },
    rolldownOptions: { external: [/scripts\/(app|api)\.js$/], output: { minify: true } }
  },
  test: { include: ['web/tests/**/*.test.ts'], environment: 'node', testTimeout: 30_000 }
})
