// What is drawn over the map but is not in it: the brush, an outline, the axis of symmetry, the skeleton.
import type { Document } from '../scene/document'
import { handlesOf, type Grip } from '../scene/posing'
import type { Point } from '../scene/strokes'
import { s } from './dom'
import { Joints } from './joints'
import type { Settings, Tool } from './settings'

const ROUND: readonly Tool[] = ['brush', 'eraser', 'restore', 'line']

export class Marks {
  /** What is under the pointer, in the hand, or chosen by keys. */
  held: Grip | null = null
  /** The part whose widths and fits can be held as well as its lengths. */
  looked: number | null = null
  private readonly cursor = [s('circle', { class: 'hd-cursor-rim' }), s('circle', { class: 'hd-cursor' })]
  private readonly outline = s('path', { class: 'hd-outline', d: '' })
  private readonly axis = s('line', { class: 'hd-axis' })
  private readonly joints = new Joints()

  constructor(
    place: SVGElement,
    private readonly document: Document,
    private readonly settings: Settings
  ) {
    place.append(this.axis, this.outline, this.joints.group, ...this.cursor)
  }

  refresh(): void {
    const { paper, current } = this.document
    const middle = { x1: paper.width / 2, x2: paper.width / 2, y1: 0, y2: paper.height }
    for (const [name, value] of Object.entries(middle)) this.axis.setAttribute(name, String(value))
    this.axis.style.display = this.settings.mirror ? '' : 'none'
    this.joints.show(this.settings.tool === 'pose' ? current.skeleton : null, paper, this.looked, this.held)
  }

  hold(grip: Grip | null): void {
    if (grip === null && this.held === null) return
    this.held = grip
    this.refresh()
  }

  /** Looks at what the figure wears here; what is looked at stays so until something else is. */
  look(part: number | null): void {
    const { skeleton, paper } = this.document.current
    if (this.settings.tool !== 'pose' || !skeleton || part === null || part === this.looked) return
    if (!handlesOf(skeleton, paper, part).some((handle) => handle.part === part)) return
    this.looked = part
    this.refresh()
  }

  showBrush(at: Point | null): void {
    const { tool, size } = this.settings
    const shown = at && ROUND.includes(tool)
    for (const circle of this.cursor) {
      circle.style.display = shown ? '' : 'none'
      if (!shown) continue
      circle.setAttribute('cx', String(at.x))
      circle.setAttribute('cy', String(at.y))
      circle.setAttribute('r', String(size / 2))
    }
  }

  showOutline(points: readonly Point[], closed: boolean): void {
    const path = points.map(({ x, y }, k) => `${k === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
    this.outline.setAttribute('d', path + (closed && points.length > 2 ? 'Z' : ''))
  }
}
