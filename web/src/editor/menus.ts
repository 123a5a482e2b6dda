// What the menus of a part and of the files offer.
import { apart, blankState, paintedState, type Document } from '../scene/document'
import { exchanged, flipped, grown, shrunk, smoothed } from '../scene/morph'
import { paperOf } from '../scene/paper'
import { PARTS } from '../scene/parts'
import { mirroredSkeleton } from '../scene/posing'
import type { BaseLayer } from './base'
import type { Exchange } from './exchange'
import type { Figures } from './figures'
import { openMenu, type Item } from './menu'
import type { Photos } from './photos'
import type { Settings } from './settings'

export class Menus {
  constructor(
    private readonly root: HTMLElement,
    private readonly document: Document,
    private readonly settings: Settings,
    private readonly base: BaseLayer,
    private readonly photos: Photos,
    private readonly figures: Figures,
    private readonly exchange: Exchange
  ) {}

  openPart(part: number, anchor: HTMLElement): void {
    const { locked, part: chosen } = this.settings
    const { paper } = this.document
    const act = (label: string, make: () => Uint8Array): Item => ({ label, disabled: paper.counts[part] === 0, run: () => this.document.repaint(make()) })
    const pixels = Math.max(1, Math.round(Math.min(paper.width, paper.height) / 256))
    openMenu(this.root, anchor, [
      { heading: PARTS[part].name },
      act('Grow', () => grown(paper, part, pixels, locked)),
      act('Shrink', () => shrunk(paper, part, pixels, locked)),
      act('Smooth', () => smoothed(paper, part, 2 * pixels, locked)),
      ...(chosen === part ? [] : [act(`Turn into ${PARTS[chosen].name}`, () => exchanged(paper, part, chosen, locked))]),
      act('Clear', () => exchanged(paper, part, 0, locked)),
      { label: 'Show only this part', run: () => this.solo(part) }
    ])
  }

  openFiles(anchor: HTMLElement): void {
    openMenu(this.root, anchor, [
      { label: 'Open a map or a photo…', run: () => this.exchange.chooseFile() },
      { label: 'Export as PNG', run: () => void this.exchange.exportPng() },
      ...(this.photos.isOwn ? [{ label: 'Remove the photo', run: () => this.photos.remove() }] : []),
      { heading: 'Whole map' },
      { label: 'Mirror', run: () => this.mirror() },
      { label: 'Clear', run: () => this.clear(), disabled: this.document.isBlank },
      ...(this.document.current.skeleton ? this.figureItems() : [])
    ])
  }

  private figureItems(): Item[] {
    const { follow } = this.settings
    return [
      { heading: 'Figure' },
      { label: 'Mirror the pose', run: () => this.figures.mirror() },
      { label: 'Larger', run: () => this.figures.scale(1.05) },
      { label: 'Smaller', run: () => this.figures.scale(1 / 1.05) },
      { label: 'Paint goes along with the figure', checked: follow, run: () => this.settings.set({ follow: !follow }) },
      { label: 'Make it paint, drop the skeleton', run: () => this.flatten() }
    ]
  }

  private solo(part: number): void {
    const { hidden } = this.settings
    const alone = PARTS.every(({ index }) => index === 0 || (hidden[index] === 1) === (index !== part))
    hidden.forEach((_, index) => (hidden[index] = alone || index === part || index === 0 ? 0 : 1))
    this.settings.set({})
  }

  private mirror(): void {
    const { current } = this.document
    const { base, paper, skeleton } = current
    const under = current.under()
    this.document.change({
      paper: paperOf(paper, flipped(paper.labels, paper.width), flipped(paper.painted, paper.width)),
      under: () => flipped(under, paper.width),
      skeleton: skeleton && mirroredSkeleton(skeleton, paper.width / 2),
      base: apart(base),
      source: undefined
    })
  }

  private clear(): void {
    const { paper, photo } = this.document.current
    this.document.change(this.base.own({ ...blankState(paper), photo }))
  }

  private flatten(): void {
    const { base, paper, photo } = this.document.current
    this.document.change({ ...paintedState(paper, paper.labels), base, photo, source: undefined })
  }
}
