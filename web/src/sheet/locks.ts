// The `locks` of Retrieve Style, as humandiffusion/smr/locks.py reads them; what is not understood here is kept as it is.

type Json = Record<string, unknown>

export interface PartLocks {
  readonly locked: readonly string[]
  readonly banned: readonly string[]
}

/** Whether a text can be read, and so changed; an empty one can. */
export function canRead(text: string): boolean {
  return parse(text) !== null
}

/** What is locked and banned of a part, which goes by any of its `names`. */
export function locksOf(text: string, names: readonly string[]): PartLocks {
  const data = parse(text) ?? {}
  const { lock, ban } = entryOf(data[keyOf(data, names)])
  return { locked: ids(lock), banned: ids(ban) }
}

/** Locks an item, or frees it if it is locked; a locked one is not banned. */
export function toggleLock(text: string, names: readonly string[], id: string): string {
  return changed(text, names, (entry) => {
    const lock = ids(entry.lock).includes(id) ? without(entry.lock, id) : withItem(entry.lock, id)
    return { ...entry, lock, ban: without(entry.ban, id) }
  })
}

/** Bans an item, or frees it if it is banned; a banned one is not locked. */
export function toggleBan(text: string, names: readonly string[], id: string): string {
  return changed(text, names, (entry) => {
    const ban = ids(entry.ban).includes(id) ? without(entry.ban, id) : withItem(entry.ban, id)
    return { ...entry, lock: without(entry.lock, id), ban }
  })
}

/** Locks and bans nothing of a part; a blend of its own stays. */
export function freePart(text: string, names: readonly string[]): string {
  return changed(text, names, (entry) => ({ ...entry, lock: [], ban: [] }))
}

function changed(text: string, names: readonly string[], change: (entry: Json) => Json): string {
  const data = parse(text)
  if (!data) return text
  const key = keyOf(data, names)
  const entry = Object.fromEntries(Object.entries(change(entryOf(data[key]))).filter(([name, value]) => !(isList(name) && ids(value).length === 0)))
  const short = Object.keys(entry).length === 1 && Array.isArray(entry.lock)
  const { [key]: _, ...others } = data
  return JSON.stringify(Object.keys(entry).length === 0 ? others : { ...data, [key]: short ? entry.lock : entry })
}

function parse(text: string): Json | null {
  if (!text.trim()) return {}
  try {
    const data: unknown = JSON.parse(text)
    return isObject(data) ? data : null
  } catch {
    return null
  }
}

/** Under which of its names a part is there already, else its first. */
function keyOf(data: Json, names: readonly string[]): string {
  const plain = (name: string) => name.trim().toLowerCase().replaceAll('_', ' ')
  return Object.keys(data).find((key) => names.includes(plain(key))) ?? names[0]
}

function entryOf(value: unknown): Json {
  if (Array.isArray(value)) return { lock: value }
  return isObject(value) ? value : {}
}

function ids(list: unknown): string[] {
  if (Array.isArray(list)) return list.filter((one): one is string => typeof one === 'string')
  return isObject(list) ? Object.keys(list) : []
}

function without(list: unknown, id: string): unknown {
  if (isObject(list)) return Object.fromEntries(Object.entries(list).filter(([key]) => key !== id))
  return ids(list).filter((one) => one !== id)
}

/** Beside items that have weights, a further one gets their mean. */
function withItem(list: unknown, id: string): unknown {
  if (!isObject(list)) return [...ids(list), id]
  const weights = Object.values(list).filter((one): one is number => typeof one === 'number')
  return { ...list, [id]: weights.length ? weights.reduce((sum, one) => sum + one, 0) / weights.length : 1 }
}

function isList(name: string): boolean {
  return name === 'lock' || name === 'ban'
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
