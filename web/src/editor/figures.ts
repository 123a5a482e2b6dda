// The posed figure: to begin with one, to dress it, to move it by keys, and what becomes of the paint on it.
import type { Document, State } from '../scene/document'
import { garmentJson } from '../figure'
import { dragged, freshFigure, garmentsOf, handlesOf, isKnown, lostPaint, mirroredFigure, posed, scaledSkeleton, unmoved, type Grip } from '../scene/posing'
import type { Skeleton } from '../scene/value'
import type { BaseLayer } from './base'
import { openGallery } from './cards'
import type { Marks } from './marks'
import type { Notices } from './notices'
import type { Settings } from './settings'
import { openWardrobe } from './wardrobe'

// Below these, nothing is said.
const LEAST_LOST = 30
const LEAST_SHARE = 0.05

export class Figures {
  /** Shows in the wardrobe what is worn now. */
  private wardrobe: (() => void) | null = null

  constructor(
    private readonly root: HTMLElement,
    private readonly document: Document,
    private readonly settings: Settings,
    private readonly marks: Marks,
    private readonly notices: Notices,
    private readonly base: BaseLayer
  ) {}

  open(): void {
    openGallery(this.root, (name) => {
      const { photo, paper } = this.document.current
      const { width, height } = paper
      this.document.change(this.base.own({ ...freshFigure(name, { width, height }), photo }))
      this.settings.set({ tool: 'pose' })
    })
  }

  openWardrobe(): void {
    if (!this.poseable()) return
    this.wardrobe = openWardrobe(this.root, {
      worn: () => this.document.current.skeleton && garmentsOf(this.document.current.skeleton),
      wear: (worn, series) => {
        const { current } = this.document
        if (current.skeleton) this.document.change(this.posed(current, { ...current.skeleton, garments: worn.map(garmentJson) }), series)
      }
    })
  }

  /** The map, or what lies below it, is another one. */
  afterChange(): void {
    this.notices.forget('paint')
    if (this.poseable()) this.wardrobe?.()
  }

  /** A state whose paper has another size, with its figure drawn for that. */
  redrawn(state: State): State {
    return state.skeleton && isKnown(state.skeleton) ? this.posed(state, state.skeleton) : state
  }

  /** The figure of another skeleton; the paint goes along unless the artist wants it to stay. */
  posed(state: State, skeleton: Skeleton): State {
    return posed(state, skeleton, this.settings.follow ? 'follows' : 'stays')
  }

  scale(factor: number): void {
    const { current } = this.document
    if (current.skeleton && this.poseable()) this.document.change(this.posed(current, scaledSkeleton(current.skeleton, factor)))
  }

  mirror(): void {
    const { current } = this.document
    if (current.skeleton && this.poseable()) this.document.change(mirroredFigure(current, current.skeleton))
  }

  /** To be said where the pose tool has nothing to hold. */
  tellNone(): void {
    if (this.settings.tool !== 'pose' || this.poseable()) return this.notices.forget('figure')
    if (this.document.current.skeleton) return this.notices.tell('figure', 'This figure is of a newer HumanDiffusion: paint on it, or update to pose it.')
    this.notices.tell('figure', 'There is no figure to pose yet.', [['Choose a figure', () => this.open()]])
  }

  tellLost(): void {
    const { current } = this.document
    const { lost, all } = lostPaint(current)
    if (lost < LEAST_LOST || lost < LEAST_SHARE * all) return this.notices.forget('paint')
    this.notices.tell('paint', `${lost} of ${all} painted pixels are covered or off the page in this pose.`, [
      ['Leave the paint where it was', () => this.document.change(unmoved(this.document.current))]
    ])
  }

  /** The next thing that can be held, or the one before, in the order of joints and then handles. */
  step(by: 1 | -1): void {
    const { skeleton, paper } = this.document.current
    if (!skeleton || !this.poseable()) return
    const joints = skeleton.keypoints.flatMap(([, , confidence], joint): Grip[] => (confidence > 0 ? [{ joint }] : []))
    const grips = [...joints, ...handlesOf(skeleton, paper, this.marks.looked).map((handle): Grip => ({ handle }))]
    const at = grips.findIndex((grip) => isSame(grip, this.marks.held))
    this.marks.hold(grips.at((at < 0 && by < 0 ? 0 : at) + by - (at + by >= grips.length ? grips.length : 0)) ?? null)
  }

  /** Moves what is held by map pixels. */
  nudge(dx: number, dy: number): boolean {
    const { current } = this.document
    const { held } = this.marks
    if (!current.skeleton || !held || !this.poseable()) return false
    const grip = 'joint' in held ? held : { handle: handlesOf(current.skeleton, current.paper, this.marks.looked).find((handle) => isSame({ handle }, held)) ?? held.handle }
    const [x, y] = 'joint' in grip ? current.skeleton.keypoints[grip.joint] : grip.handle.at
    const moved = dragged(current.skeleton, grip, x + dx, y + dy, { alone: false, free: false })
    this.document.change(this.posed(current, moved), `nudge ${nameOf(grip)}`)
    this.tellLost()
    return true
  }

  private poseable(): boolean {
    const { skeleton } = this.document.current
    return skeleton !== null && isKnown(skeleton)
  }
}

function nameOf(grip: Grip): string {
  return 'joint' in grip ? `joint ${grip.joint}` : `${grip.handle.measure} ${grip.handle.garment} ${grip.handle.side}`
}

function isSame(a: Grip, b: Grip | null): boolean {
  if (!b) return false
  if ('joint' in a || 'joint' in b) return 'joint' in a && 'joint' in b && a.joint === b.joint
  return a.handle.garment === b.handle.garment && a.handle.measure === b.handle.measure && a.handle.side === b.handle.side
}
