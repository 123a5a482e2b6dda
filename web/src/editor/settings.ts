// How the artist works just now: tool, part, size and the like. Kept with the node, not in the map.
import { PARTS } from '../scene/parts'

export const TOOLS = ['brush', 'eraser', 'line', 'lasso', 'fill', 'eyedropper', 'restore', 'pose', 'hand'] as const
export type Tool = (typeof TOOLS)[number]

export interface Preferences {
  readonly tool: Tool
  readonly part: number
  /** Diameter of the brush in map pixels. */
  readonly size: number
  readonly mirror: boolean
  /** How much of the map shows over a photo, 0 to 1. */
  readonly opacity: number
  /** Paint goes along when the figure below it is posed. */
  readonly follow: boolean
}

export class Settings implements Preferences {
  tool: Tool = 'brush'
  part = 1
  size = 32
  mirror = false
  opacity = 0.6
  follow = true
  readonly hidden = new Uint8Array(PARTS.length)
  readonly locked = new Uint8Array(PARTS.length)
  private readonly listeners: (() => void)[] = []

  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  set(change: Partial<Preferences>): void {
    Object.assign(this, change)
    this.size = Math.min(512, Math.max(1, Math.round(this.size)))
    for (const listener of this.listeners) listener()
  }

  toggle(which: 'hidden' | 'locked', part: number): void {
    this[which][part] ^= 1
    this.set({})
  }

  /** What is remembered with the node. */
  preferences(): Preferences {
    const { tool, part, size, mirror, opacity, follow } = this
    return { tool, part, size, mirror, opacity, follow }
  }

  /** Takes what was remembered, as far as it makes sense. */
  restore(saved: unknown): void {
    if (typeof saved !== 'object' || saved === null) return
    const { tool, part, size, mirror, opacity, follow } = saved as Record<string, unknown>
    this.set({
      ...(TOOLS.includes(tool as Tool) && { tool: tool as Tool }),
      ...(typeof part === 'number' && part in PARTS && { part }),
      ...(typeof size === 'number' && Number.isFinite(size) && { size }),
      ...(typeof mirror === 'boolean' && { mirror }),
      ...(typeof follow === 'boolean' && { follow }),
      ...(typeof opacity === 'number' && opacity >= 0 && opacity <= 1 && { opacity })
    })
  }
}
