import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// One ES module beside this file, which ComfyUI's page imports; no second file, so styles are text inside it.
export default defineConfig({
  root: here('.'),
  publicDir: false,
  // Not below web/: the page would load every script there.
  cacheDir: here('../node_modules/.vite'),
  build: {
    target: 'es2022',
    outDir: here('.'),
    emptyOutDir: false,
    copyPublicDir: false,
    reportCompressedSize: false,
    lib: { entry: here('src/main.ts'), formats: ['es'], fileName: () => 'humandiffusion.js' },
    rolldownOptions: { external: [/scripts\/(app|api)\.js$/], output: { minify: true } }
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' }
})
