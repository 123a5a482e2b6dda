// Paint that goes along when the figure below it is posed: each place of the new map asks where it was on the old figure.
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
// Cloth that hangs between the legs instead of around each.
const HANGING = Uint8Array.from(PARTS, ({ name }) => Number(['outer', 'skirt', 'dress'].includes(name)))

/** The paint of a map as it lies after its figure was posed anew. What an arm comes to cover, and what leaves the page, is
 * not in it; paint far from the figure stays. */
export function follow(paint: Paint, size: Size, before: Skeleton, after: Skeleton): Paint {
  const [from, to] = [Rig.of(before), Rig.of(after)]
  if (!from || !to || from.equals(to) || !paint.painted.includes(1)) return paint
  const moved = { labels: new Uint8Array(paint.labels.length), painted: new Uint8Array(paint.painted.length) }
  const asker = new Asker(paint, size, from, to)
  for (let top = 0; top < size.height; top += BLOCK) {
    for (let left = 0; left < size.width; left += BLOCK) {
      if (!asker.mayHavePaint(left, top)) continue
      for (let y = top; y < Math.min(top + BLOCK, size.height); y++) {
        for (let x = left; x < Math.min(left + BLOCK, size.width); x++) {
          const source = asker.sourceOf(x + 0.5, y + 0.5)
          if (source < 0) continue
          moved.labels[y * size.width + x] = paint.labels[source]
          moved.painted[y * size.width + x] = 1
        }
      }
    }
  }
  return moved
}

class Asker {
  private readonly blocks: Uint8Array
  private readonly across: number
  private readonly down: number
  private readonly now = newOwner()
  private readonly then = newOwner()
  private readonly at = { x: 0, y: 0 }

  constructor(
    private readonly paint: Paint,
    private readonly size: Size,
    private readonly from: Rig,
    private readonly to: Rig
  ) {
    this.across = Math.ceil(size.width / BLOCK)
    this.down = Math.ceil(size.height / BLOCK)
    this.blocks = new Uint8Array(this.across * this.down)
    for (let y = 0, i = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++, i++) {
        if (paint.painted[i]) this.blocks[Math.floor(y / BLOCK) * this.across + Math.floor(x / BLOCK)] = 1
      }
    }
  }

  /** No paint comes to a block whose corners and middle all come from far from any. */
  mayHavePaint(left: number, top: number): boolean {
    for (const [x, y] of [[0, 0], [BLOCK, 0], [BLOCK / 2, BLOCK / 2], [0, BLOCK], [BLOCK, BLOCK]]) {
      for (const asOne of [false, true]) {
        this.ask(left + x, top + y, asOne)
        if (this.isNearPaint()) return true
      }
    }
    return false
  }

  /** The pixel whose paint comes to a place; -1 for none. */
  sourceOf(x: number, y: number): number {
    const apart = this.painted(x, y, false)
    if (apart >= 0 && !HANGING[this.paint.labels[apart]]) return apart
    const asOne = this.painted(x, y, true)
    return asOne >= 0 && HANGING[this.paint.labels[asOne]] ? asOne : -1
  }

  private painted(x: number, y: number, asOne: boolean): number {
    const { at, size } = this
    this.ask(x, y, asOne)
    if (!(at.x >= 0 && at.y >= 0 && at.x < size.width && at.y < size.height)) return -1
    const source = Math.floor(at.y) * size.width + Math.floor(at.x)
    if (!this.paint.painted[source]) return -1
    this.from.own(at.x, at.y, asOne, this.then)
    return agree(this.now, this.then, asOne) ? source : -1
  }

  private ask(x: number, y: number, asOne: boolean): void {
    this.to.own(x, y, asOne, this.now)
    this.to.pull(this.from, x, y, this.now, this.at)
  }

  private isNearPaint(): boolean {
    const [column, row] = [Math.floor(this.at.x / BLOCK), Math.floor(this.at.y / BLOCK)]
    for (let y = Math.max(0, row - 1); y <= Math.min(this.down - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(this.across - 1, column + 1); x++) {
        if (this.blocks[y * this.across + x]) return true
      }
    }
    return false
  }
}

/** Whether what lies at one place may have come from the other: an arm's paint never comes to the trunk. */
function agree(now: Owner, then: Owner, asOne: boolean): boolean {
  if (now.region === then.region) return true
  const legs = (region: number) => region === RIGHT_LEG || region === LEFT_LEG
  const [a, b] = [now.region, then.region]
  if ((legs(a) && b === TRUNK) || (legs(b) && a === TRUNK) || (asOne && legs(a) && legs(b))) return true
  return (now.shoulder && b === TRUNK) || (then.shoulder && a === TRUNK)
}
