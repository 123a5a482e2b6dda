// From pointer events on the stage to gestures. The stage holds the pointer, so nothing is lost when it leaves the node.
import { dragged, gripAt, type Grip } from '../scene/posing'
import type { State } from '../scene/document'
import type { Skeleton } from '../scene/value'
import { beginLasso, beginLine, beginStroke, fillAt, partAt, type Context, type Corners, type Gesture, type Sample } from './gestures'
import type { Stage } from './stage'

const REACH = 14

export interface Watcher {
  /** The pointer is over a place; null when it has left. */
  hover(sample: Sample | null): void
  /** What would be, or is, grabbed. */
  hold(grip: Grip | null): void
  /** The part whose every handle is shown. */
  looked(): number | null
  /** The figure of another skeleton. */
  posed(state: State, skeleton: Skeleton): State
  /** A drag of the figure has ended. */
  settled(): void
  spaceHeld(): boolean
  /** There is something to edit. */
  ready(): boolean
  onPick(part: number): void
}

export function listen(stage: Stage, context: Context, corners: Corners, watcher: Watcher): void {
  const { element } = stage
  let gesture: Gesture | null = null
  /** The pointer that the gesture is made with; a palm beside the pen is none. */
  let held: number | null = null

  const sampleOf = (event: PointerEvent): Sample => ({
    ...stage.toMap(event),
    pressure: event.pointerType === 'pen' ? event.pressure : 1,
    shift: event.shiftKey,
    alt: event.altKey
  })

  const begin = (event: PointerEvent): Gesture | null => {
    const sample = sampleOf(event)
    const { tool } = context.settings
    if (event.button === 1 || tool === 'hand' || watcher.spaceHeld()) return beginPan(stage, event)
    if (event.button !== 0 || !watcher.ready()) return null
    if (tool === 'eyedropper' || (event.altKey && tool !== 'pose')) return pick(sample)
    if (tool === 'fill') return fillAt(context, sample), null
    if (tool === 'line') return beginLine(context, sample)
    if (tool === 'lasso') return beginLasso(context, sample, corners)
    if (tool === 'pose') return beginPose(stage, context, watcher, sample)
    return beginStroke(context, sample)
  }

  const pick = (sample: Sample): null => {
    const part = partAt(context, sample)
    if (part !== null) watcher.onPick(part)
    return null
  }

  element.addEventListener('pointerdown', (event) => {
    event.stopPropagation()
    event.preventDefault()
    element.closest<HTMLElement>('.hd-editor')?.focus({ preventScroll: true })
    if (gesture) return
    gesture = begin(event)
    stage.isHeld = gesture !== null
    if (!gesture) return
    held = event.pointerId
    element.setPointerCapture(event.pointerId)
  })
  element.addEventListener('pointermove', (event) => {
    event.stopPropagation()
    if (gesture && event.pointerId !== held) return
    watcher.hover(sampleOf(event))
    if (!gesture) {
      if (context.settings.tool === 'pose') watcher.hold(gripUnder(stage, context, watcher, sampleOf(event)))
      return
    }
    const coalesced = event.getCoalescedEvents?.() ?? []
    for (const one of coalesced.length > 0 ? coalesced : [event]) gesture.move(sampleOf(one))
  })
  const leave = (how: 'end' | 'cancel') => (event: PointerEvent) => {
    event.stopPropagation()
    if (event.pointerId !== held) return
    const left = gesture
    gesture = held = null
    stage.isHeld = false
    left?.[how]()
  }
  element.addEventListener('pointerup', leave('end'))
  element.addEventListener('pointercancel', leave('cancel'))
  element.addEventListener('lostpointercapture', leave('end'))
  element.addEventListener('pointerleave', () => {
    watcher.hover(null)
    if (!gesture) watcher.hold(null)
  })
  element.addEventListener('dblclick', (event) => {
    event.stopPropagation()
    corners.close()
  })
  element.addEventListener('contextmenu', (event) => {
    event.preventDefault()
    event.stopPropagation()
  })
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      event.stopPropagation()
      const factor = Math.exp(-Math.sign(event.deltaY) * Math.min(0.4, Math.abs(event.deltaY) * 0.0016))
      if (event.altKey) context.settings.set({ size: context.settings.size * factor + Math.sign(factor - 1) })
      else if (event.shiftKey) stage.pan(-event.deltaY - event.deltaX, 0)
      else stage.zoomAt(event, factor)
    },
    { passive: false }
  )
}

function beginPan(stage: Stage, first: PointerEvent): Gesture {
  let last = { x: first.clientX, y: first.clientY }
  const move = (event: PointerEvent) => {
    stage.pan(event.clientX - last.x, event.clientY - last.y)
    last = { x: event.clientX, y: event.clientY }
  }
  stage.element.addEventListener('pointermove', move)
  stage.element.classList.add('hd-panning')
  const end = () => {
    stage.element.removeEventListener('pointermove', move)
    stage.element.classList.remove('hd-panning')
  }
  return { move: () => undefined, end, cancel: end }
}

function gripUnder(stage: Stage, { document }: Context, watcher: Watcher, { x, y }: Sample): Grip | null {
  return gripAt(document.current.skeleton, document.paper, watcher.looked(), x, y, REACH / stage.pixelSize)
}

/** Drags a joint or a garment's handle; the figure is drawn once a frame. */
function beginPose(stage: Stage, context: Context, watcher: Watcher, first: Sample): Gesture | null {
  const { document } = context
  const before: State = document.current
  const { skeleton } = before
  const grip = gripUnder(stage, context, watcher, first)
  if (!skeleton || !grip) return null
  const [x, y] = 'joint' in grip ? skeleton.keypoints[grip.joint] : grip.handle.at
  let latest: Sample = first
  let frame = 0
  let moved = false
  const draw = () => {
    frame = 0
    const keys = { alone: latest.shift, free: latest.alt }
    document.show(watcher.posed(before, dragged(skeleton, grip, x + latest.x - first.x, y + latest.y - first.y, keys)))
    watcher.hold(grip)
  }
  watcher.hold(grip)
  return {
    move(sample) {
      moved ||= Math.hypot(sample.x - first.x, sample.y - first.y) > 0.5
      latest = sample
      if (moved) frame ||= requestAnimationFrame(draw)
    },
    end() {
      cancelAnimationFrame(frame)
      if (!moved) return
      draw()
      document.settle(before)
      watcher.settled()
    },
    cancel() {
      cancelAnimationFrame(frame)
      if (moved) document.show(before)
    }
  }
}
