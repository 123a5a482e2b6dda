// Paint that goes along when the figure below it is posed: each place of the new map asks where it was on the old figure.
import { carriedBags, putBags, type Carried } from './carried'
import { PARTS } from './parts'
import type { Size } from './rect'
import { LEFT_LEG, newOwner, Rig, RIGHT_LEG, TRUNK, type Owner } from './rig'
import type { Skeleton } from './value'

export interface Paint {
  readonly labels: Uint8Array
  /** 1 where there is paint. */
  readonly painted: Uint8Array
}

const BLOCK = 16
// The corners of a block and its middle.
const SAMPLES = [[0, 0], [BLOCK, 0], [0, BLOCK], [BLOCK, BLOCK], [BLOCK / 2, BLOCK / 2]] as const
// How far there and back may miss, as a share of the height: at a joint the two ways differ a little.
const SLACK = 0.03
// Cloth between legs stretches.
const HANGING_SLACK = 6
// A block whose middle lies so near to the middle of its corners is taken as flat.
const FLAT = 0.25
// Cloth that hangs between the legs instead of around each.
const HANGING = Uint8Array.from(PARTS, ({ name }) => Number(['outer', 'skirt', 'dress'].includes(name)))

/** The paint of a map as it lies after its figure was posed anew. What an arm comes to cover, and what leaves the page, is
 * not in it; paint far from the figure stays. */
export function follow(paint: Paint, size: Size, before: Skeleton, after: Skeleton): Paint {
  const [from, to] = [Rig.of(before), Rig.of(after)]
  if (!from || !to || from.equals(to) || !paint.painted.includes(1)) return paint
  const bags = carriedBags(paint, size, from, to)
  const moved = warped(bags.length > 0 ? without(bags, paint) : paint, size, from, to)
  putBags(bags, size, moved)
  return moved
}

function without(bags: readonly Carried[], { labels, painted }: Paint): Paint {
  const rest = { labels, painted: painted.slice() }
  for (const { pixels } of bags) for (const i of pixels) rest.painted[i] = 0
  return rest
}

function warped(paint: Paint, size: Size, from: Rig, to: Rig): Paint {
  const moved = { labels: new Uint8Array(paint.labels.length), painted: new Uint8Array(paint.painted.length) }
  const source = new Source(paint, size, from, to)
  for (const hanging of [true, false]) {
    if (!(hanging ? source.hangs : source.stands)) continue
    for (let top = 0; top < size.height; top += BLOCK) {
      for (let left = 0; left < size.width; left += BLOCK) {
        const look = source.look(left, top, hanging)
        if (look === 'empty') continue
        for (let y = top; y < Math.min(top + BLOCK, size.height); y++) {
          for (let x = left; x < Math.min(left + BLOCK, size.width); x++) {
            const i = look === 'even' ? source.between((x + 0.5 - left) / BLOCK, (y + 0.5 - top) / BLOCK) : source.at(x + 0.5, y + 0.5, hanging)
            if (i < 0 || !paint.painted[i] || (HANGING[paint.labels[i]] === 1) !== hanging) continue
            moved.labels[y * size.width + x] = paint.labels[i]
            moved.painted[y * size.width + x] = 1
          }
        }
      }
    }
  }
  return moved
}

/** Where the pixels of the new map come from. */
class Source {
  /** Some of the paint is cloth that hangs, some is not. */
  readonly hangs: boolean
  readonly stands: boolean
  /** Blocks beside paint, and those a few blocks from any. */
  private readonly near: Uint8Array
  private readonly around: Uint8Array
  private readonly across: number
  private readonly now = newOwner()
  private readonly then = newOwner()
  private readonly place = { x: 0, y: 0 }
  private readonly back = { x: 0, y: 0 }
  private readonly slack: number
  private readonly xs = new Float64Array(SAMPLES.length)
  private readonly ys = new Float64Array(SAMPLES.length)

  constructor(
    paint: Paint,
    private readonly size: Size,
    private readonly from: Rig,
    private readonly to: Rig
  ) {
    this.across = Math.ceil(size.width / BLOCK)
    this.slack = SLACK * to.unit
    const blocks = new Uint8Array(this.across * Math.ceil(size.height / BLOCK))
    const kinds = [0, 0]
    for (let y = 0, i = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++, i++) {
        if (!paint.painted[i]) continue
        blocks[Math.floor(y / BLOCK) * this.across + Math.floor(x / BLOCK)] = 1
        kinds[HANGING[paint.labels[i]]]++
      }
    }
    this.near = widened(blocks, this.across, 1)
    this.around = widened(blocks, this.across, 4)
    this.stands = kinds[0] > 0
    this.hangs = kinds[1] > 0
  }

  /** Whether any paint comes to a block, and if so whether it is moved evenly, so that its corners tell for all. */
  look(left: number, top: number, asOne: boolean): 'empty' | 'even' | 'uneven' {
    this.pull(left + BLOCK / 2, top + BLOCK / 2, asOne)
    if (!this.isIn(this.around)) return 'empty'
    let [near, even] = [false, true]
    let region: number | null = null
    SAMPLES.forEach(([x, y], k) => {
      this.pull(left + x, top + y, asOne)
      this.xs[k] = this.place.x
      this.ys[k] = this.place.y
      near ||= this.isIn(this.near)
      even &&= region === null || region === this.now.region
      region = this.now.region
    })
    if (!near) return 'empty'
    const { xs, ys } = this
    even &&= Math.abs((xs[0] + xs[1] + xs[2] + xs[3]) / 4 - xs[4]) < FLAT && Math.abs((ys[0] + ys[1] + ys[2] + ys[3]) / 4 - ys[4]) < FLAT
    const agrees = SAMPLES.every(([x, y], k) => this.comesFrom(xs[k], ys[k], asOne, left + x, top + y))
    return even && agrees ? 'even' : 'uneven'
  }

  /** The pixel that comes to a place of the block that was looked at last; -1 for none. */
  between(u: number, v: number): number {
    const { xs, ys } = this
    return this.index(
      (xs[0] * (1 - u) + xs[1] * u) * (1 - v) + (xs[2] * (1 - u) + xs[3] * u) * v,
      (ys[0] * (1 - u) + ys[1] * u) * (1 - v) + (ys[2] * (1 - u) + ys[3] * u) * v
    )
  }

  /** The pixel that comes to a place; -1 for none. */
  at(x: number, y: number, asOne: boolean): number {
    this.pull(x, y, asOne)
    const found = this.index(this.place.x, this.place.y)
    return found >= 0 && this.comesFrom(this.place.x, this.place.y, asOne, x, y) ? found : -1
  }

  private pull(x: number, y: number, asOne: boolean): void {
    this.to.own(x, y, asOne, this.now)
    this.to.pull(this.from, x, y, this.now, this.place)
  }

  /** Whether what lies at a place of the old map goes to that of the new one, not only comes from there by the bones of the
   * new: else paint would come twice where a limb folds. */
  private comesFrom(x: number, y: number, asOne: boolean, toX: number, toY: number): boolean {
    const { from, now, then, to } = this
    from.own(x, y, asOne, then)
    if (!agree(now, then, asOne)) return false
    from.pull(to, x, y, then, this.back)
    return Math.abs(this.back.x - toX) + Math.abs(this.back.y - toY) < this.slack * (asOne ? HANGING_SLACK : 1)
  }

  private index(x: number, y: number): number {
    const { width, height } = this.size
    return x >= 0 && y >= 0 && x < width && y < height ? Math.floor(y) * width + Math.floor(x) : -1
  }

  private isIn(blocks: Uint8Array): boolean {
    const { x, y } = this.place
    return x >= 0 && y >= 0 && x < this.across * BLOCK && blocks[Math.floor(y / BLOCK) * this.across + Math.floor(x / BLOCK)] === 1
  }
}

/** 1 also within some blocks of a 1. */
function widened(blocks: Uint8Array, across: number, by: number): Uint8Array {
  const out = new Uint8Array(blocks.length)
  blocks.forEach((mark, i) => {
    if (!mark) return
    const column = i % across
    for (let row = Math.floor(i / across) - by; row <= Math.floor(i / across) + by; row++) {
      out.fill(1, Math.max(0, row * across + Math.max(0, column - by)), Math.max(0, row * across + Math.min(across, column + by + 1)))
    }
  })
  return out
}

/** Whether what lies at one place may have come from the other: an arm's paint never comes to the trunk. */
function agree(now: Owner, then: Owner, asOne: boolean): boolean {
  if (now.region === then.region) return true
  const legs = (region: number) => region === RIGHT_LEG || region === LEFT_LEG
  const [a, b] = [now.region, then.region]
  if ((legs(a) && b === TRUNK) || (legs(b) && a === TRUNK) || (asOne && legs(a) && legs(b))) return true
  return (now.shoulder && b === TRUNK) || (then.shoulder && a === TRUNK)
}
