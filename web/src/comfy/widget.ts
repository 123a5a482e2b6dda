// The editor as a widget of a node: value and preferences, results of a run, the photo of a linked node.
import { Editor } from '../editor/editor'
import { LEAST_HEIGHT } from '../editor/styles'
import { addressOf, download, upload, viewUrl } from './files'
import type { ComfyApi, ComfyApp, ComfyNode, ComfyWidget, ServerFile } from './host'

const PREFERENCES = 'humandiffusion_editor'
const MINIMUM: readonly [number, number] = [460, LEAST_HEIGHT]

interface Built {
  readonly widget: ComfyWidget
  readonly minWidth: number
  readonly minHeight: number
}

export function poseEditorWidget(app: ComfyApp, api: ComfyApi, node: ComfyNode, name: string): Built {
  const editor = new Editor({
    onChange: () => {
      widget.callback?.(editor.value)
      tellTracker(app)
    },
    onPreferences: (preferences) => (node.properties ? (node.properties[PREFERENCES] = preferences) : undefined),
    upload: (file) => upload(api, file),
    download: (file) => download(api, file),
    address: (file) => addressOf(api, file)
  })
  const widget = node.addDOMWidget(name, 'humandiffusion_pose_editor', editor.host, {
    getValue: () => editor.value,
    setValue: (value: unknown) => {
      editor.restorePreferences(node.properties?.[PREFERENCES])
      editor.load(typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value))
    },
    getMinHeight: () => MINIMUM[1],
    hideOnZoom: false,
    serialize: true,
    socketless: true
  })
  widget.serializeValue = async () => {
    try {
      return await editor.flush()
    } catch (error) {
      const detail = `The map was not uploaded: ${(error as Error).message}. Nothing is lost; try again.`
      app.extensionManager?.toast?.add({ severity: 'error', summary: 'Pose Editor', detail, life: 8000 })
      throw new Error(detail)
    }
  }
  const before = widget.onRemove
  widget.onRemove = () => {
    before?.call(widget)
    editor.dispose()
  }
  listenToNode(api, node, editor)
  return { widget, minWidth: MINIMUM[0], minHeight: MINIMUM[1] }
}

/** The page looks for changes of the graph when the mouse comes up, which of the stage it never hears. */
function tellTracker(app: ComfyApp): void {
  app.canvas?.emitBeforeChange?.()
  app.canvas?.emitAfterChange?.()
}

/** What the node hears of runs and links goes to the editor, after whoever listened before. */
function listenToNode(api: ComfyApi, node: ComfyNode, editor: Editor): void {
  const refresh = () => {
    if (!node.graph) return // removed, or not yet in a graph
    const linked = linkedPhoto(node)
    if (linked || !isLinked(node, 'underlay')) editor.setUnderlay(linked)
    if (!isLinked(node, 'pose')) void editor.setBase(null)
  }
  const executed = node.onExecuted
  node.onExecuted = function (this: ComfyNode, output) {
    executed?.call(this, output)
    const [underlay] = (output.humandiffusion_underlay ?? []) as ServerFile[]
    const [base] = (output.humandiffusion_base ?? []) as (ServerFile & { hash: string })[]
    if (underlay) editor.setUnderlay(viewUrl(api, underlay))
    void editor.setBase(base ? { hash: base.hash, url: viewUrl(api, base) } : null)
  }
  const connected = node.onConnectionsChange
  node.onConnectionsChange = function (this: ComfyNode, ...args) {
    connected?.apply(this, args)
    queueMicrotask(refresh)
  }
  editor.host.addEventListener('pointerenter', refresh)
}

function isLinked(node: ComfyNode, name: string): boolean {
  const index = node.inputs?.findIndex((input) => input.name === name) ?? -1
  return index >= 0 && (node.isInputConnected?.(index) ?? false)
}

/** The picture that a linked loader shows already, without a run. */
function linkedPhoto(node: ComfyNode): string | null {
  const index = node.inputs?.findIndex((input) => input.name === 'underlay') ?? -1
  const from = index >= 0 ? node.getInputNode?.(index) : null
  if (!from?.type?.startsWith('LoadImage')) return null
  return from.imgs?.[0]?.src ?? null
}
