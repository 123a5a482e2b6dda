// What is being edited: paper, what lies below the paint, the posed figure; every change can be undone.
import type { Paint } from './follow'
import type { Ink } from './ink'
import { History, TileRecorder } from './history'
import { blankPaper, paperOf, type Paper } from './paper'
import { isEmpty, NOTHING, whole, type Rect, type Size } from './rect'
import { RunText } from './runs'
import { DEFAULT_SIZE, serialiseValue, VERSION, type Base, type Layer, type Layers, type Skeleton, type Value } from './value'

/** All that a change of more than some pixels may exchange. Its paper is drawn on: whoever keeps pixels copies them. */
export interface State {
  readonly paper: Paper
  /** The figure or the connected map under the paint; what `restore` shows. Drawn when it is first asked for. */
  readonly under: () => Uint8Array
  readonly skeleton: Skeleton | null
  readonly base: Base | null
  /** The file of a photo that is drawn over. */
  readonly photo: string | null
  /** What was painted before the figure was posed, so that posing on and on loses nothing more. */
  readonly source?: { readonly paper: Paper; readonly skeleton: Skeleton }
}

export interface LayerText {
  readonly text: string
  readonly pixels: Uint8Array
}

export type Draw = (paper: Paper, ink: Ink) => Rect

export interface Listener {
  /** Pixels changed; `replaced` if the paper is another. */
  pixels(rect: Rect, replaced: boolean): void
  /** Something was done or undone for good: the value is another. */
  committed(): void
}

export class Document {
  private state: State
  private recorder: TileRecorder | null = null
  private readonly history = new History()
  private readonly labelText = new RunText()
  private readonly paintText = new RunText()
  private readonly files = new Map<string, string>()
  private cached: string | null = null

  constructor(
    private readonly listener: Listener,
    size: Size = DEFAULT_SIZE
  ) {
    this.state = blankState(size)
  }

  get paper(): Paper {
    return this.state.paper
  }

  get current(): State {
    return this.state
  }

  get canUndo(): boolean {
    return this.history.canUndo
  }

  get canRedo(): boolean {
    return this.history.canRedo
  }

  /** Draws some pixels. All that is drawn until `commit` is one step. */
  draw(ink: Omit<Ink, 'beforeRow'>, how: Draw): void {
    this.recorder ??= new TileRecorder(this.paper)
    if (this.state.source) this.state = { ...this.state, source: undefined }
    const rect = how(this.paper, { ...ink, beforeRow: this.recorder.beforeRow })
    if (isEmpty(rect)) return
    this.touch(rect)
    this.listener.pixels(rect, false)
  }

  /** Ends a stroke. */
  commit(): void {
    const step = this.recorder?.step()
    this.recorder = null
    if (!step) return
    this.history.push({
      bytes: step.bytes,
      swap: () => {
        const rect = step.swap()
        this.touch(rect)
        return rect
      }
    })
    this.listener.committed()
  }

  /** Takes back what was drawn since the last `commit`. */
  cancel(): void {
    const rect = this.recorder?.step()?.swap() ?? NOTHING
    this.recorder = null
    if (isEmpty(rect)) return
    this.touch(rect)
    this.listener.pixels(rect, false)
  }

  /** Exchanges more than pixels, as one step; one with the step before if that was of the same `series`. */
  change(change: Partial<State>, series?: string): void {
    this.commit()
    this.remember(this.state, series)
    this.show({ ...this.state, ...change })
    this.listener.committed()
  }

  /** Shows a state while something is dragged; nothing is kept until `settle`. */
  show(state: State): void {
    const replaced = state.paper.width !== this.paper.width || state.paper.height !== this.paper.height
    this.state = state
    this.touch(whole(state.paper))
    this.listener.pixels(whole(state.paper), replaced)
  }

  /** Ends a drag that went through `show`: back to `before` is one step. */
  settle(before: State): void {
    this.remember(before)
    this.listener.committed()
  }

  /** Replaces labels, all pixels that differ being paint. */
  repaint(labels: Uint8Array): void {
    const { paper } = this.state
    const painted = paper.painted.map((mark, i) => (labels[i] === paper.labels[i] ? mark : 1))
    this.change({ paper: paperOf(paper, labels.slice(), painted), source: undefined })
  }

  undo(): void {
    this.commit()
    this.after(this.history.undo())
  }

  redo(): void {
    this.after(this.history.redo())
  }

  /** Opens what was saved; there is nothing to undo afterwards. */
  open(state: State | null): void {
    this.history.clear()
    this.recorder = null
    this.show(state ?? blankState(DEFAULT_SIZE))
  }

  /** Begins with something that came of itself: there is nothing to undo, but the value is another. */
  begin(state: State): void {
    this.open(state)
    this.listener.committed()
  }

  /** Nothing was ever done here. */
  get isBlank(): boolean {
    const { paper, skeleton, base, photo } = this.state
    const default_ = paper.width === DEFAULT_SIZE.width && paper.height === DEFAULT_SIZE.height
    return default_ && !skeleton && !base && !photo && paper.counts[0] === paper.labels.length && !paper.painted.includes(1)
  }

  /** The value as it is saved; an empty text for a blank map. */
  value(): string {
    this.cached ??= this.isBlank ? '' : this.serialised()
    return this.cached
  }

  /** Run-length text and pixels of both layers. */
  layerTexts(): readonly [LayerText, LayerText] {
    const { paper } = this.state
    return [
      { text: this.labelText.text(paper.labels, paper), pixels: paper.labels },
      { text: this.paintText.text(paper.painted, paper), pixels: paper.painted }
    ]
  }

  /** The layers that are too long to be saved inline and have no file yet. */
  pendingTexts(limit: number): LayerText[] {
    return this.layerTexts().filter(({ text }) => text.length > limit && !this.files.has(text))
  }

  /** From now on a layer with this text is saved as this file. */
  keepFile(text: string, file: string): void {
    this.files.set(text, file)
    this.cached = null
  }

  private serialised(): string {
    const { paper, skeleton, base, photo } = this.state
    const painted = this.paintText.text(paper.painted, paper)
    return serialiseValue({
      version: VERSION,
      width: paper.width,
      height: paper.height,
      labels: this.layer(this.labelText.text(paper.labels, paper)),
      painted: painted.includes('B') ? this.layer(painted) : null,
      skeleton,
      base,
      ...(photo === null ? {} : { photo })
    })
  }

  private layer(text: string): Layer {
    const file = this.files.get(text)
    return file === undefined ? { rle: text } : { file }
  }

  private remember(before: State, series?: string): void {
    if (series !== undefined && this.history.series === series) return
    let other = before
    this.history.push({
      series,
      bytes: before.paper.labels.length * 3,
      swap: () => {
        const now = this.state
        this.show(other)
        other = now
        return NOTHING
      }
    })
  }

  private after(rect: Rect | null): void {
    if (!rect) return
    if (!isEmpty(rect)) this.listener.pixels(rect, false)
    this.listener.committed()
  }

  private touch(rect: Rect): void {
    this.labelText.touch(rect)
    this.paintText.touch(rect)
    this.cached = null
  }
}

/** What a value stands for, with the pixels of its layers. */
export function stateOf(value: Value, layers: Layers, under: () => Uint8Array): State {
  const { skeleton, base, photo } = value
  return { paper: paperOf(value, layers.labels.slice(), layers.painted.slice()), under: once(under), skeleton, base, photo }
}

/** What becomes of the base of a map that no longer lies on it pixel by pixel: it is known, and not laid below. */
export function apart(base: Base | null): Base | null {
  return base && { ...base, policy: 'keep' }
}

/** The paint of a state, or other paint, over something else below it. */
export function repose(state: State, under: Uint8Array, change: Partial<State> = {}, paint: Paint = state.paper): State {
  const labels = under.slice()
  for (let i = 0; i < labels.length; i++) if (paint.painted[i]) labels[i] = paint.labels[i]
  return { ...state, source: undefined, ...change, under: () => under, paper: paperOf(state.paper, labels, paint.painted) }
}

export function blankState(size: Size): State {
  return { paper: blankPaper(size), under: once(() => new Uint8Array(size.width * size.height)), skeleton: null, base: null, photo: null }
}

/** A map that is all the artist's own. */
export function paintedState(size: Size, labels: Uint8Array): State {
  return { ...blankState(size), paper: paperOf(size, labels.slice(), labels.map((label) => (label ? 1 : 0))) }
}

/** Keeps what was made. */
export function once<T>(make: () => T): () => T {
  let made: { readonly it: T } | null = null
  return () => (made ??= { it: make() }).it
}

