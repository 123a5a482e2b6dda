// The little of ComfyUI's page that the widget touches; the page gives no types of its own to packs.

export interface ComfyNode {
  readonly id: number | string
  readonly type?: string
  readonly comfyClass?: string
  readonly graph?: ComfyGraph | null
  properties: Record<string, unknown>
  widgets?: ComfyWidget[]
  inputs?: { name: string; link?: number | null }[]
  imgs?: HTMLImageElement[]
  size?: [number, number]
  setSize?(size: [number, number]): void
  addDOMWidget(name: string, type: string, element: HTMLElement, options: Record<string, unknown>): ComfyWidget
  isInputConnected?(index: number): boolean
  getInputNode?(index: number): ComfyNode | null
  onExecuted?: (output: Record<string, unknown>) => void
  onConnectionsChange?: (...args: unknown[]) => void
}

export interface ComfyGraph {
  setDirtyCanvas?(foreground: boolean, background: boolean): void
}

export interface ComfyWidget {
  name: string
  value: unknown
  serialize?: boolean
  callback?: (value: unknown) => void
  onRemove?: () => void
  serializeValue?: () => Promise<unknown> | unknown
}

export interface ComfyApp {
  readonly canvas?: { emitBeforeChange?(): void; emitAfterChange?(): void }
  registerExtension(extension: Record<string, unknown>): void
  extensionManager?: { toast?: { add(message: Record<string, unknown>): void } }
  nodeOutputs?: Record<string, Record<string, unknown>>
}

export interface ComfyApi {
  fetchApi(route: string, options?: RequestInit): Promise<Response>
  apiURL(route: string): string
}

/** A file of the server, as node results name it. */
export interface ServerFile {
  readonly filename: string
  readonly subfolder?: string
  readonly type?: string
}
