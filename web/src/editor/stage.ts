// The page that is drawn on: photo, map and marks as layers of one element that is moved and scaled as a whole. Only
// pixels that changed are coloured anew; scaling is the browser's work.
import type { Point } from '../scene/strokes'
import { PARTS } from '../scene/parts'
import type { Paper } from '../scene/paper'
import { whole, type Rect, type Size } from '../scene/rect'
import { h, s } from './dom'

const ZOOMS: readonly [number, number] = [0.05, 32]
const MARGIN = 12

export class Stage {
  readonly element: HTMLDivElement
  /** Marks over the map, in map pixels. */
  readonly marks = s('svg', { class: 'hd-marks' })
  private readonly page: HTMLDivElement
  private readonly photo = h('img', { class: 'hd-photo', alt: '', hidden: true, draggable: 'false' })
  private readonly canvas = h('canvas', { class: 'hd-map' })
  private readonly context: CanvasRenderingContext2D
  private readonly colours = new Uint32Array(PARTS.length)
  private readonly observer: ResizeObserver
  private size: Size = { width: 1, height: 1 }
  private zoom = 1
  private left = 0
  private top = 0
  private fitted = true
  private shownPhoto: string | null = null
  /** A button is down on it. */
  isHeld = false
  /** The photo that was set cannot be loaded. */
  onPhotoMissing: () => void = () => undefined

  constructor(private readonly onView: (zoom: number) => void) {
    this.page = h('div', { class: 'hd-page' }, this.photo, this.canvas, this.marks)
    this.element = h('div', { class: 'hd-stage' }, this.page)
    this.context = this.canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
    this.photo.addEventListener('error', () => {
      this.photo.hidden = true
      this.onPhotoMissing()
    })
    this.observer = new ResizeObserver(() => (this.fitted ? this.fit() : this.place()))
    this.observer.observe(this.element)
    this.setColours(new Uint8Array(PARTS.length))
  }

  dispose(): void {
    this.observer.disconnect()
  }

  /** Hidden parts show what is below the map. */
  setColours(hidden: Uint8Array): void {
    for (const { index, colour } of PARTS) {
      const [red, green, blue] = colour
      this.colours[index] = index === 0 || hidden[index] ? 0 : (255 << 24) | (blue << 16) | (green << 8) | red
    }
  }

  show(paper: Paper, rect: Rect): void {
    if (this.size.width !== paper.width || this.size.height !== paper.height) {
      this.setSize(paper)
      rect = whole(paper)
    }
    const [width, height] = [rect.x1 - rect.x0, rect.y1 - rect.y0]
    if (width <= 0 || height <= 0) return
    const image = this.context.createImageData(width, height)
    const pixels = new Uint32Array(image.data.buffer)
    const { colours } = this
    for (let y = 0, k = 0; y < height; y++) {
      for (let i = (rect.y0 + y) * paper.width + rect.x0, end = i + width; i < end; i++) pixels[k++] = colours[paper.labels[i]]
    }
    this.context.putImageData(image, rect.x0, rect.y0)
  }

  setPhoto(url: string | null): void {
    if (url === this.shownPhoto) return
    this.shownPhoto = url
    this.photo.hidden = url === null
    if (url === null) this.photo.removeAttribute('src')
    else this.photo.src = url
    this.element.classList.toggle('hd-has-photo', url !== null)
  }

  setOpacity(opacity: number): void {
    this.canvas.style.opacity = this.photo.hidden ? '1' : String(opacity)
  }

  /** Map pixels under a place of the window, whatever scales the node. */
  toMap(client: { clientX: number; clientY: number }): Point {
    const box = this.canvas.getBoundingClientRect()
    return {
      x: ((client.clientX - box.left) / box.width) * this.size.width,
      y: ((client.clientY - box.top) / box.height) * this.size.height
    }
  }

  /** Window pixels that a map pixel takes. */
  get pixelSize(): number {
    return this.canvas.getBoundingClientRect().width / this.size.width
  }

  fit(): void {
    const { clientWidth, clientHeight } = this.element
    if (clientWidth === 0 || clientHeight === 0) return
    this.fitted = true
    const room = [clientWidth - 2 * MARGIN, clientHeight - 2 * MARGIN]
    this.zoom = clamp(Math.min(room[0] / this.size.width, room[1] / this.size.height))
    this.left = (clientWidth - this.size.width * this.zoom) / 2
    this.top = (clientHeight - this.size.height * this.zoom) / 2
    this.place()
  }

  /** Zooms so that the map pixel under the pointer stays where it is. */
  zoomAt(client: { clientX: number; clientY: number }, factor: number): void {
    const box = this.element.getBoundingClientRect()
    const outer = box.width / this.element.clientWidth || 1
    const x = (client.clientX - box.left) / outer
    const y = (client.clientY - box.top) / outer
    const zoom = clamp(this.zoom * factor)
    this.left = x - ((x - this.left) * zoom) / this.zoom
    this.top = y - ((y - this.top) * zoom) / this.zoom
    this.zoom = zoom
    this.fitted = false
    this.place()
  }

  zoomBy(factor: number): void {
    const box = this.element.getBoundingClientRect()
    this.zoomAt({ clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 }, factor)
  }

  /** Moves the view by window pixels. */
  pan(dx: number, dy: number): void {
    const outer = this.element.getBoundingClientRect().width / this.element.clientWidth || 1
    this.left += dx / outer
    this.top += dy / outer
    this.fitted = false
    this.place()
  }

  private setSize(size: Size): void {
    this.size = { width: size.width, height: size.height }
    this.canvas.width = size.width
    this.canvas.height = size.height
    this.page.style.width = `${size.width}px`
    this.page.style.height = `${size.height}px`
    this.marks.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`)
    this.fit()
  }

  private place(): void {
    const { width, height } = this.size
    const { clientWidth, clientHeight } = this.element
    // A corner of the page always stays in sight.
    this.left = Math.min(clientWidth - 32, Math.max(32 - width * this.zoom, this.left))
    this.top = Math.min(clientHeight - 32, Math.max(32 - height * this.zoom, this.top))
    this.page.style.transform = `translate(${this.left}px, ${this.top}px) scale(${this.zoom})`
    this.element.style.setProperty('--hd-unit', String(1 / this.zoom))
    this.canvas.classList.toggle('hd-pixels', this.zoom >= 2)
    this.onView(this.zoom)
  }
}

function clamp(zoom: number): number {
  return Math.min(ZOOMS[1], Math.max(ZOOMS[0], zoom))
}
