// Laws of paint that goes along when the figure below it is posed.
import { describe, expect, test } from 'vitest'
import { repose, type State } from '../src/scene/document'
import { PARTS } from '../src/scene/parts'
import { dragged, freshFigure, lostPaint, mirroredFigure, posed, unmoved, type DragKeys } from '../src/scene/posing'
import { inkCapsule, type Dab } from '../src/scene/strokes'
import type { Skeleton } from '../src/scene/value'

const FREE = new Uint8Array(PARTS.length)
const SIZE = { width: 256, height: 384 }
const [SKIRT, BAG, RING] = [3, 12, 16]
const KEYS: DragKeys = { alone: false, free: false }

describe('paint', () => {
  test('on a forearm goes along with it, and its size stays', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    const wrist = between(keypoints[3], keypoints[4], 0.8)
    ink(state, RING, { ...wrist, radius: 5 })
    const before = count(state, RING)
    const after = posed(state, moved(state, 4, [keypoints[4][0] - 50, keypoints[4][1] - 70]))
    const to = between(skeletonOf(after).keypoints[3], skeletonOf(after).keypoints[4], 0.8)
    expect(at(after, to)).toBe(RING)
    expect(count(after, RING) / before).toBeCloseTo(1, 0.5)
    expect(at(after, wrist)).not.toBe(RING)
  })

  test('on the trunk and far from the figure stays to the pixel when an arm moves beside it', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    const chest = between(keypoints[1], keypoints[8], 0.4)
    ink(state, BAG, { ...chest, radius: 6 })
    ink(state, RING, { x: 12, y: 12, radius: 5 })
    const after = posed(state, moved(state, 7, [keypoints[7][0] + 40, keypoints[7][1] - 60]))
    for (const part of [BAG, RING]) expect(places(after, part)).toEqual(places(state, part))
    expect(lostPaint(after).lost).toBe(0)
  })

  test('that an arm covers is there again when the arm has gone', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    const chest = between(keypoints[1], keypoints[8], 0.5)
    ink(state, BAG, { ...chest, radius: 9 })
    const away = posed(state, moved(state, 4, [chest.x + 4, chest.y + 4]))
    expect(lostPaint(away).lost).toBeGreaterThan(20)
    const back = posed(away, skeletonOf(state))
    expect(places(back, BAG)).toEqual(places(state, BAG))
    expect(places(unmoved(away), BAG)).toEqual(places(state, BAG))
  })

  test('of a skirt has no gap between legs that part', () => {
    const state = figure('standing-trousers')
    const { keypoints } = skeletonOf(state)
    const hips = between(keypoints[8], keypoints[11], 0.5)
    const knees = between(keypoints[9], keypoints[12], 0.5)
    ink(state, SKIRT, { ...hips, radius: 26 }, { ...knees, radius: 30 })
    const apart = posed(state, moved(state, 10, [keypoints[10][0] - 40, keypoints[10][1] - 10]))
    const middle = between(skeletonOf(apart).keypoints[9], skeletonOf(apart).keypoints[12], 0.5)
    const row = Math.floor(middle.y)
    const xs = places(apart, SKIRT).filter((i) => Math.floor(i / SIZE.width) === row).map((i) => i % SIZE.width)
    expect(xs.length).toBeGreaterThan(40)
    expect(xs[xs.length - 1] - xs[0]).toBe(xs.length - 1)
  })

  test('mirrored with its figure is mirrored, twice is as it was', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    ink(state, RING, { x: keypoints[4][0], y: keypoints[4][1], radius: 5 })
    const once = mirroredFigure(state, skeletonOf(state), 128)
    const spot = places(state, RING).map((i) => i - (i % 256) + 255 - (i % 256)).sort((a, b) => a - b)
    expect(places(once, RING)).toEqual(spot)
    expect(places(mirroredFigure(once, skeletonOf(once), 128), RING)).toEqual(places(state, RING))
  })

  test('that was wiped away stays wiped where it goes', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    const hand = between(keypoints[3], keypoints[4], 1.2)
    ink(state, 0, { ...hand, radius: 14 })
    const after = posed(state, moved(state, 4, [keypoints[4][0] - 60, keypoints[4][1] - 60]))
    const to = between(skeletonOf(after).keypoints[3], skeletonOf(after).keypoints[4], 1.2)
    expect(at(after, to)).toBe(0)
    expect(after.under()[Math.floor(to.y) * SIZE.width + Math.floor(to.x)]).not.toBe(0)
  })

  test('of a bag in the hand hangs from it, whole and upright, before legs and all', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    const hand = between(keypoints[3], keypoints[4], 1.4)
    ink(state, BAG, { x: hand.x - 8, y: hand.y + 22, radius: 20 }, { x: hand.x + 8, y: hand.y + 40, radius: 20 })
    const after = posed(state, moved(state, 4, [keypoints[4][0] - 40, keypoints[4][1] - 60]))
    const to = between(skeletonOf(after).keypoints[3], skeletonOf(after).keypoints[4], 1.3)
    const from = between(keypoints[3], keypoints[4], 1.3)
    const by = Math.round(to.x - from.x) + SIZE.width * Math.round(to.y - from.y)
    expect(places(after, BAG)).toEqual(places(state, BAG).map((i) => i + by))
  })

  test('neither doubles nor goes where a limb folds', () => {
    const limbs = [[[3, 4], 1], [[3, 4], 0.6], [[3, 4], 1.3], [[2, 3], 0.4], [[9, 10], 0.5], [[1, 8], 0.5]] as const
    for (const [joint, dx, dy] of [[4, -35, -80], [4, -30, -20], [4, 20, -100], [10, -30, -40], [10, -10, -100]] as const) {
      for (const [[from, to], t] of limbs) {
        const state = figure()
        const { keypoints } = skeletonOf(state)
        ink(state, RING, { ...between(keypoints[from], keypoints[to], t), radius: 7 })
        const before = count(state, RING)
        const after = posed(state, moved(state, joint, [keypoints[joint][0] + dx, keypoints[joint][1] + dy]))
        const isCovered = joint === 4 && from === 2 && dx > 0
        if (!isCovered) expect(count(after, RING) / before, `${from} ${t} by ${joint}`).toBeCloseTo(1, 0.5)
      }
    }
  })

  test('may stay where it is', () => {
    const state = figure()
    const { keypoints } = skeletonOf(state)
    ink(state, RING, { x: keypoints[4][0], y: keypoints[4][1], radius: 5 })
    const after = posed(state, moved(state, 4, [20, 100]), 'stays')
    expect(places(after, RING)).toEqual(places(state, RING))
  })
})

function figure(name = 'standing-t-shirt'): State {
  const fresh = freshFigure(name, SIZE)
  return repose(fresh, fresh.under())
}

function skeletonOf({ skeleton }: State): Skeleton {
  if (!skeleton) throw new Error('no skeleton')
  return skeleton
}

function moved(state: State, joint: number, [x, y]: readonly [number, number]): Skeleton {
  return dragged(skeletonOf(state), { joint }, x, y, KEYS)
}

function ink({ paper }: State, part: number, a: Dab, b: Dab = a): void {
  inkCapsule(paper, { part, locked: FREE }, a, b)
}

function between(a: readonly number[], b: readonly number[], t: number): { x: number; y: number } {
  return { x: a[0] + (b[0] - a[0]) * t, y: a[1] + (b[1] - a[1]) * t }
}

function at({ paper }: State, { x, y }: { x: number; y: number }): number {
  return paper.labels[Math.floor(y) * paper.width + Math.floor(x)]
}

function count({ paper }: State, part: number): number {
  return paper.counts[part]
}

function places({ paper }: State, part: number): number[] {
  return [...paper.labels.keys()].filter((i) => paper.labels[i] === part)
}
