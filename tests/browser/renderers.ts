// The same tests in ComfyUI's classic renderer and in Nodes 2.0, each on a page of its own.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openPage, startBrowser } from './comfy'
import { EditorPage } from './page'

export interface Use {
  readonly url: string
  readonly page: Page
  readonly editors: EditorPage
  /** Script errors of the page. */
  readonly errors: string[]
}

/** What `use` holds is there once a test runs. */
export function inBothRenderers(tests: (use: Use) => void): void {
  const url = inject('comfyUrl')
  let browser: Browser | undefined
  beforeAll(async () => {
    if (url) browser = await startBrowser()
  })
  afterAll(() => browser?.close())

  describe.each([
    ['classic', false],
    ['Nodes 2.0', true]
  ])('renderer %s', { skip: url === '' }, (_, vue) => {
    const use = { url } as { -readonly [name in keyof Use]: Use[name] }
    beforeAll(async () => {
      const { page, errors } = await openPage(browser as Browser, url, vue)
      Object.assign(use, { page, errors, editors: new EditorPage(page, url) })
    })
    afterAll(() => use.page?.context().close())

    tests(use)

    test('no script error came up', () => {
      expect(use.errors).toEqual([])
    })
  })
}
