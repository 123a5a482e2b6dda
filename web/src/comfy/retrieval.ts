// The board of hits in Retrieve Style. All that it changes is the text of the widget `locks`.
import { Board } from '../sheet/board'
import type { Hits } from '../sheet/hits'
import { viewUrl } from './files'
import type { ComfyApi, ComfyApp, ComfyNode, ComfyWidget } from './host'

export const RETRIEVE_STYLE = 'HumanDiffusionRetrieveStyle'
const NAME = 'humandiffusion_found'
const RESULT = 'humandiffusion_hits'
const [WIDTH, HEIGHT] = [340, 240]

export function addBoard(app: ComfyApp, api: ComfyApi, node: ComfyNode): void {
  const locks = node.widgets?.find((widget) => widget.name === 'locks')
  if (!locks) return
  const board = new Board(() => ({
    locks: () => String(locks.value ?? ''),
    change: isLinked(node, 'locks') ? null : (text) => change(node, locks, text)
  }))
  const widget = node.addDOMWidget(NAME, NAME, board.host, {
    getValue: () => '',
    setValue: () => undefined,
    getMinHeight: () => HEIGHT,
    hideOnZoom: false,
    serialize: false
  })
  node.setSize?.([Math.max(node.size?.[0] ?? 0, WIDTH), node.size?.[1] ?? 0]) // a saved size comes after this
  widget.serialize = false // neither in the workflow, whose values go by their place, nor in what is run

  const show = (output: Record<string, unknown> | undefined) => {
    const [hits] = (output?.[RESULT] ?? []) as Hits[]
    if (hits) board.show(hits, hits.file && viewUrl(api, hits.file))
  }
  const executed = node.onExecuted
  node.onExecuted = function (this: ComfyNode, output) {
    executed?.call(this, output)
    show(output)
  }
  const typed = locks.callback
  locks.callback = function (this: ComfyWidget, ...args) {
    typed?.apply(this, args)
    board.refresh()
  }
  // Undo, a workflow that is opened and a link that is made change the locks without a word.
  for (const event of ['pointermove', 'focusin']) {
    board.host.addEventListener(event, () => {
      if (board.isEmpty) show(app.nodeOutputs?.[String(node.id)])
      board.refresh()
    })
  }
}

function change(node: ComfyNode, locks: ComfyWidget, text: string): void {
  locks.value = text
  locks.callback?.(text)
  node.graph?.setDirtyCanvas?.(true, true)
}

function isLinked(node: ComfyNode, name: string): boolean {
  const index = node.inputs?.findIndex((input) => input.name === name) ?? -1
  return index >= 0 && (node.isInputConnected?.(index) ?? false)
}
