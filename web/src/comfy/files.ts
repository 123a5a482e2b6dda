// Files of the server, through ComfyUI's own routes.
import { sha256 } from './sha256'
import type { ComfyApi, ServerFile } from './host'

const FOLDER = 'humandiffusion'

export function viewUrl(api: ComfyApi, { filename, subfolder = '', type = 'input' }: ServerFile): string {
  return api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type })}`)
}

/** Uploads a picture under a name made of its content; the same content again makes no second file. */
export async function upload(api: ComfyApi, file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const kind = /^image\/(\w+)/.exec(file.type)?.[1] ?? 'png'
  const form = new FormData()
  form.append('image', new File([bytes], `${sha256(bytes).slice(0, 32)}.${kind}`, { type: file.type }))
  form.append('type', 'input')
  form.append('subfolder', FOLDER)
  const answer = await api.fetchApi('/upload/image', { method: 'POST', body: form })
  if (!answer.ok) throw new Error(`the server refused the upload (${answer.status})`)
  const { name, subfolder } = (await answer.json()) as { name: string; subfolder: string }
  return `${subfolder || FOLDER}/${name} [input]`
}

/** The bytes of a file that `upload` named. */
export async function download(api: ComfyApi, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(addressOf(api, name))
  if (!answer.ok) {
    throw new Error(`The map's file ${name} is not in this ComfyUI's input folder. Copy it there from where the workflow was made, then reload.`)
  }
  return new Uint8Array(await answer.arrayBuffer())
}

/** Where the page finds a file that `upload` named. */
export function addressOf(api: ComfyApi, name: string): string {
  const [, subfolder = '', filename = name] = /^(?:(.*)\/)?([^/]+?)(?: \[input\])?$/.exec(name) ?? []
  return viewUrl(api, { filename, subfolder, type: 'input' })
}
