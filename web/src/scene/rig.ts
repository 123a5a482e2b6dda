// The skeleton as bones that carry what lies around them: whose a place is, and where it was before the figure was posed.
import { frameOf } from '../figure/frame'
import { FigureError } from '../figure/measures'
import type { Point } from './strokes'
import type { Skeleton } from './value'

/** What never shares paint: the trunk with the head, each arm, each leg. */
export const TRUNK = 0
export const RIGHT_LEG = 3
export const LEFT_LEG = 4

// Ends as keypoints (-1: between the hips), whose region, half the width of a dressed limb as a share of the height, and how
// far the bone goes on past its end: a hand hangs on a forearm.
const BONES: readonly (readonly [from: number, to: number, region: number, half: number, past?: number])[] = [
  [1, -1, TRUNK, 0.1], [1, 0, TRUNK, 0.07],
  [2, 3, 1, 0.032], [3, 4, 1, 0.03, 0.6], [5, 6, 2, 0.032], [6, 7, 2, 0.03, 0.6],
  [8, 9, RIGHT_LEG, 0.052], [9, 10, RIGHT_LEG, 0.038], [11, 12, LEFT_LEG, 0.052], [12, 13, LEFT_LEG, 0.038]
]
const TORSO = 0
// The bones of each region, from the trunk outwards.
const CHAINS = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]] as const
// Two bones, the second beginning at the joint, and how far around that both carry, as a share of the height.
const JOINTS = [[0, 1, 0.06], [2, 3, 0.045], [4, 5, 0.045], [6, 7, 0.06], [8, 9, 0.06], [0, 6, 0.08], [0, 8, 0.08]] as const
// Squared half-widths below which nearer is not nearer.
const LEAST = 0.0064
const FOREARMS = [3, 5]
// The middle of a hand, as a share of the forearm.
const HAND = 1.3
// Beyond so many half-widths nothing carries a place.
const FARTHEST = 4
// The share of an upper arm that goes along with the trunk in part.
const SHOULDER = 0.3

interface Bone {
  readonly ax: number
  readonly ay: number
  /** Unit vector along the bone. */
  readonly ux: number
  readonly uy: number
  readonly length: number
  /** How far it carries what is around it. */
  readonly reach: number
  readonly half: number
}

export interface Owner {
  /** -1: nothing carries this place. */
  region: number
  /** How much each bone carries, together 1. */
  readonly weights: Float64Array
  /** It lies where an arm begins, which is the trunk's too. */
  shoulder: boolean
}

export function newOwner(): Owner {
  return { region: -1, weights: new Float64Array(BONES.length), shoulder: false }
}

export class Rig {
  /** From each bone in half-widths, squared: roots would cost more than all the rest. */
  private readonly distances = new Float64Array(BONES.length)
  private readonly shares = new Float64Array(5)

  /** Bones that are not there are null. */
  private constructor(
    private readonly bones: readonly (Bone | null)[],
    private readonly arms: readonly boolean[],
    readonly unit: number,
    readonly girth: number
  ) {}

  /** Null for a skeleton that no figure can be drawn from. */
  static of({ keypoints, stance, build }: Skeleton): Rig | null {
    try {
      const { unit } = frameOf(keypoints, build)
      const hips = [8, 11].map((i) => keypoints[i])
      const middle: Point = { x: (hips[0][0] + hips[1][0]) / 2, y: (hips[0][1] + hips[1][1]) / 2 }
      const place = (i: number): Point | null => (i < 0 ? middle : keypoints[i][2] > 0 ? { x: keypoints[i][0], y: keypoints[i][1] } : null)
      const across = (a: number, b: number) => Math.hypot(keypoints[a][0] - keypoints[b][0], keypoints[a][1] - keypoints[b][1])
      const bones = BONES.map(([from, to, , half, past = 0]) => boneOf(place(from), place(to), half * unit, 1 + past))
      const layers = Array.isArray(stance?.arms) ? stance.arms : []
      const arms = [0, 1].map((side) => layers[side] === undefined || layers[side] === 'front')
      return new Rig(bones, arms, unit, Math.max(across(2, 5) + across(8, 11), 0.04 * unit))
    } catch (error) {
      if (error instanceof FigureError) return null
      throw error
    }
  }

  equals(other: Rig): boolean {
    return this.bones.every((bone, i) => {
      const twin = other.bones[i]
      return bone === twin || (bone && twin && bone.ax === twin.ax && bone.ay === twin.ay && bone.ux === twin.ux && bone.uy === twin.uy && bone.length === twin.length)
    })
  }

  /** Where the hand of an arm (0 right, 1 left) is; null if the arm is not there. */
  hand(side: number): Point | null {
    const bone = this.bones[FOREARMS[side]]
    return bone && { x: bone.ax + bone.ux * HAND * bone.length, y: bone.ay + bone.uy * HAND * bone.length }
  }

  /** From that hand, in half-widths of the forearm. */
  handDistance(side: number, x: number, y: number): number {
    const bone = this.bones[FOREARMS[side]]
    if (!bone) return Infinity
    const past = { ...bone, ax: bone.ax + bone.ux * bone.length, ay: bone.ay + bone.uy * bone.length, reach: bone.reach - bone.length }
    return Math.sqrt(distance(past, x, y))
  }

  /** Who carries a place. An arm before the body comes first; `legs` apart, or as one, as cloth between them is. */
  own(x: number, y: number, asOne: boolean, owner: Owner): void {
    const { bones, distances, shares } = this
    shares.fill(Infinity)
    for (let i = 0; i < bones.length; i++) {
      const bone = bones[i]
      distances[i] = bone ? distance(bone, x, y) : Infinity
      const region = BONES[i][2]
      if (distances[i] < shares[region]) shares[region] = distances[i]
    }
    let region = TRUNK
    for (let k = 1; k < shares.length; k++) if (shares[k] < shares[region]) region = k
    for (let arm = 1; arm <= 2; arm++) {
      const isOtherArm = region === 3 - arm
      if (this.arms[arm - 1] && shares[arm] <= 1 && !(isOtherArm && shares[region] < shares[arm])) region = arm
    }
    owner.region = shares[region] > FARTHEST * FARTHEST ? -1 : region
    owner.shoulder = false
    this.weigh(x, y, asOne, owner)
  }

  private weigh(x: number, y: number, asOne: boolean, owner: Owner): void {
    const { region, weights } = owner
    weights.fill(0)
    if (region < 0) return
    const isArm = region === 1 || region === 2
    if (asOne && !isArm) return this.share(weights)
    const [upper, lower] = CHAINS[region]
    const isInFront = region !== TRUNK && this.distances[lower] <= 1
    const lead = isInFront || this.distances[lower] < this.distances[upper] ? lower : upper
    weights[lead] = 1
    for (const joint of JOINTS) this.bend(joint, lead, x, y, weights)
    const arm = this.bones[upper]
    if (!isArm || !arm || lead !== upper) return
    const t = ((x - arm.ax) * arm.ux + (y - arm.ay) * arm.uy) / (SHOULDER * arm.length)
    if (t >= 1) return
    const trunk = (1 - Math.max(t, 0)) / 2
    owner.shoulder = true
    for (let i = 0; i < weights.length; i++) weights[i] *= 1 - trunk
    weights[TORSO] += trunk
  }

  /** Trunk and legs together, the nearer the more. */
  private share(weights: Float64Array): void {
    let sum = 0
    for (let i = 0; i < weights.length; i++) {
      const of = BONES[i][2]
      const near = Math.max(this.distances[i], LEAST)
      if (of === 1 || of === 2 || near === Infinity) continue
      weights[i] = 1 / (near * near)
      sum += weights[i]
    }
    for (let i = 0; i < weights.length; i++) weights[i] /= sum
  }

  /** Around a joint both of its bones carry; away from it a folded limb does not mix them. */
  private bend([parent, child, radius]: (typeof JOINTS)[number], lead: number, x: number, y: number, weights: Float64Array): void {
    if (lead !== parent && lead !== child) return
    const other = lead === parent ? child : parent
    const bone = this.bones[child]
    if (!bone || !this.bones[other]) return
    const away = Math.sqrt((x - bone.ax) * (x - bone.ax) + (y - bone.ay) * (y - bone.ay)) / (radius * this.unit)
    if (away >= 1) return
    const [mine, its] = [lead, other].map((i) => Math.max(this.distances[i], LEAST) ** 2)
    const share = (Math.min(1, 2 - 2 * away) * mine) / (mine + its)
    weights[lead] -= share
    weights[other] += share
  }

  /** Where a place that its owners carry was when the skeleton was `before`; into `out`. */
  pull(before: Rig, x: number, y: number, { region, weights }: Owner, out: { x: number; y: number }): void {
    out.x = region < 0 ? x : 0
    out.y = region < 0 ? y : 0
    if (region < 0) return
    const size = before.unit / this.unit
    let total = 0
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]
      if (weight < 1e-4) continue
      const now = this.bones[i]
      const then = before.bones[i]
      if (!now || !then) continue
      const dx = x - now.ax
      const dy = y - now.ay
      let t = dx * now.ux + dy * now.uy
      const n = (dy * now.ux - dx * now.uy) * (i === TORSO ? before.girth / this.girth : size)
      if (t < 0) t *= size
      else if (t > now.length) t = then.length + (t - now.length) * size
      else t *= then.length / now.length
      out.x += weight * (then.ax + then.ux * t - then.uy * n)
      out.y += weight * (then.ay + then.uy * t + then.ux * n)
      total += weight
    }
    out.x = total > 0 ? out.x / total : x
    out.y = total > 0 ? out.y / total : y
  }
}

function boneOf(a: Point | null, b: Point | null, half: number, reach: number): Bone | null {
  if (!a || !b) return null
  const length = Math.max(Math.hypot(b.x - a.x, b.y - a.y), 1e-3)
  return { ax: a.x, ay: a.y, ux: (b.x - a.x) / length, uy: (b.y - a.y) / length, length, reach: length * reach, half }
}

/** From the bone's line, in half-widths, squared. */
function distance(bone: Bone, x: number, y: number): number {
  const dx = x - bone.ax
  const dy = y - bone.ay
  const along = dx * bone.ux + dy * bone.uy
  const t = along < 0 ? 0 : along > bone.reach ? bone.reach : along
  const across = dx - t * bone.ux
  const down = dy - t * bone.uy
  return (across * across + down * down) / (bone.half * bone.half)
}
