// What a pointer does on the stage: one small object for each tool, fed with map pixels.
import type { Document } from '../scene/document'
import type { Ink } from '../scene/ink'
import { BACKGROUND } from '../scene/parts'
import { inkArea, inkCapsule, inkPolygon, mirroredPoint, type Dab, type Point } from '../scene/strokes'
import { union } from '../scene/rect'
import type { Settings } from './settings'

export interface Sample extends Point {
  /** 0 to 1; 1 for a mouse. */
  readonly pressure: number
  readonly shift: boolean
  readonly alt: boolean
}

/** Something begun with the button down. */
export interface Gesture {
  move(sample: Sample): void
  end(): void
  /** The device took it away before it ended: nothing of it stays. */
  cancel(): void
}

export interface Context {
  readonly document: Document
  readonly settings: Settings
  /** Shows an outline that is being drawn, or none. */
  showOutline(points: readonly Point[], closed: boolean): void
  /** Where the last stroke ended, for straight lines from there. */
  lastPoint: Point | null
}

/** A freehand stroke; its width follows the pen. */
export function beginStroke(context: Context, first: Sample): Gesture {
  const ink = inkOf(context)
  let last = dabOf(context, first)
  if (first.shift && context.lastPoint) draw(context, ink, { ...last, ...context.lastPoint, radius: last.radius }, last)
  else draw(context, ink, last, last)
  return {
    move(sample) {
      const next = dabOf(context, sample)
      draw(context, ink, last, next)
      last = next
    },
    end() {
      context.lastPoint = { x: last.x, y: last.y }
      context.document.commit()
    },
    cancel: () => context.document.cancel()
  }
}

/** A straight stroke, drawn when the button comes up. */
export function beginLine(context: Context, first: Sample): Gesture {
  let last = first
  return {
    move(sample) {
      last = sample.shift ? snapped(first, sample) : sample
      context.showOutline([first, last], false)
    },
    end() {
      context.showOutline([], false)
      const radius = context.settings.size / 2
      draw(context, inkOf(context), { x: first.x, y: first.y, radius }, { x: last.x, y: last.y, radius })
      context.document.commit()
    },
    cancel: () => context.showOutline([], false)
  }
}

/** Fills what was drawn around. A click without a drag is a corner of a polygon, which `Polygon` keeps. */
export function beginLasso(context: Context, first: Sample, corners: Corners): Gesture {
  const points: Point[] = [first]
  return {
    move(sample) {
      points.push(sample)
      context.showOutline([...corners.points, ...points], true)
    },
    end() {
      const far = points.some((point) => Math.hypot(point.x - first.x, point.y - first.y) > 4)
      if (!far) return corners.add(first)
      fillOutline(context, [...corners.points, ...points])
      corners.clear()
    },
    cancel: () => corners.clear()
  }
}

/** The corners of a polygon that is clicked together. */
export class Corners {
  points: Point[] = []

  constructor(private readonly context: Context) {}

  add(point: Point): void {
    const last = this.points.at(-1)
    if (last && Math.hypot(point.x - last.x, point.y - last.y) < 4) return this.close()
    this.points.push(point)
    this.context.showOutline(this.points, true)
  }

  close(): void {
    if (this.points.length > 2) fillOutline(this.context, this.points)
    this.clear()
  }

  clear(): void {
    this.points = []
    this.context.showOutline([], false)
  }
}

export function fillAt(context: Context, at: Point): void {
  const { document, settings } = context
  const ink = inkOf(context)
  document.draw(ink, (paper, inked) => {
    const rect = inkArea(paper, inked, Math.floor(at.x), Math.floor(at.y))
    if (!settings.mirror) return rect
    return union(rect, inkArea(paper, inked, Math.floor(paper.width - at.x), Math.floor(at.y)))
  })
  document.commit()
}

/** The part under a place; null beside the page. */
export function partAt({ document }: Pick<Context, 'document'>, at: Point): number | null {
  const { width, height, labels } = document.paper
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)]
  return x < 0 || y < 0 || x >= width || y >= height ? null : labels[y * width + x]
}

function fillOutline(context: Context, points: readonly Point[]): void {
  const { document, settings } = context
  document.draw(inkOf(context), (paper, ink) => {
    const rect = inkPolygon(paper, ink, points)
    return settings.mirror ? union(rect, inkPolygon(paper, ink, points.map((p) => mirroredPoint(p, paper.width)))) : rect
  })
  document.commit()
}

function draw(context: Context, ink: Omit<Ink, 'beforeRow'>, a: Dab, b: Dab): void {
  const { document, settings } = context
  document.draw(ink, (paper, inked) => inkCapsule(paper, inked, a, b))
  if (!settings.mirror) return
  const { width } = document.paper
  document.draw(ink, (paper, inked) => inkCapsule(paper, inked, mirroredPoint(a, width), mirroredPoint(b, width)))
}

function inkOf({ document, settings }: Context): Omit<Ink, 'beforeRow'> {
  const { tool, part, locked } = settings
  if (tool === 'restore') return { part: BACKGROUND, locked, restore: document.current.under() }
  return { part: tool === 'eraser' ? BACKGROUND : part, locked }
}

function dabOf({ settings }: Context, { x, y, pressure }: Sample): Dab {
  return { x, y, radius: (settings.size / 2) * (0.2 + 0.8 * pressure) }
}

/** The nearest place on a ray of 15 degrees' steps. */
function snapped(from: Point, to: Sample): Sample {
  const step = Math.PI / 12
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return { ...to, x: from.x + Math.cos(angle) * length, y: from.y + Math.sin(angle) * length }
}
