import { describe, expect, it } from 'vitest'
import { drawFigure, dragKeypoint, mirrorFigure, mirrorKeypoints, presetFigure, presets, scaleFigure, type Keypoint, type Point } from '../../src/figure'

const SIZE = { width: 256, height: 384 }
const { keypoints } = presetFigure('hands-on-hips-shorts', SIZE)
const BONES = [[2, 3], [3, 4], [5, 6], [6, 7], [8, 9], [9, 10], [11, 12], [12, 13], [1, 0], [16, 17]]

describe('a drag that keeps lengths', () => {
  it.each([0, 3, 4, 6, 7, 9, 10, 12, 13])('keeps every bone when point %i goes anywhere', (index) => {
    for (const to of [[30, 40], [128, 200], [1000, -700], [keypoints[index][0], keypoints[index][1]]] as Point[]) {
      const moved = dragKeypoint(keypoints, index, to)
      for (const [a, b] of BONES) expect(distance(moved, a, b)).toBeCloseTo(distance(keypoints, a, b), 4)
    }
  })

  it('brings a wrist to a place in reach, and the elbow stays on its side', () => {
    const [x, y] = keypoints[4]
    const moved = dragKeypoint(keypoints, 4, [x - 6, y + 9])
    expect(moved[4][0]).toBeCloseTo(x - 6)
    expect(moved[4][1]).toBeCloseTo(y + 9)
    expect(moved[3][0]).toBeLessThan(moved[2][0])
    expect(moved.filter((point, i) => point !== keypoints[i])).toHaveLength(2)
  })

  it('stretches a limb towards what is out of reach', () => {
    const moved = dragKeypoint(keypoints, 10, [keypoints[8][0] + 900, keypoints[8][1]])
    expect(moved[10][1]).toBeCloseTo(keypoints[8][1])
    expect(moved[10][0] - keypoints[8][0]).toBeCloseTo(distance(keypoints, 8, 9) + distance(keypoints, 9, 10))
  })

  it('leaves a point where it is when it is dragged to where it is', () => {
    for (let i = 0; i < 18; i++) {
      const moved = dragKeypoint(keypoints, i, [keypoints[i][0], keypoints[i][1]])
      for (let k = 0; k < 18; k++) expect(distanceTo(moved[k], keypoints[k])).toBeLessThan(1e-4)
    }
  })
})

describe('a drag', () => {
  it('takes along what hangs on the point', () => {
    const moved = dragKeypoint(keypoints, 3, [10, 20], { keepLengths: false })
    expect(moved[3]).toEqual([10, 20, 1])
    expect(moved[4][0] - keypoints[4][0]).toBeCloseTo(10 - keypoints[3][0])
  })

  it('moves one point alone if asked', () => {
    const moved = dragKeypoint(keypoints, 3, [10, 20], { alone: true })
    expect(moved.filter((point, i) => point !== keypoints[i])).toEqual([[10, 20, 1]])
  })

  it('moves the whole figure by its neck', () => {
    const moved = dragKeypoint(keypoints, 1, [keypoints[1][0] + 5, keypoints[1][1] - 7])
    moved.forEach(([x, y], i) => {
      expect(x).toBeCloseTo(keypoints[i][0] + 5)
      expect(y).toBeCloseTo(keypoints[i][1] - 7)
    })
  })

  it('leaves what is missing missing, and never gives what is no number', () => {
    const bare = keypoints.map((point, i): Keypoint => ([3, 8, 14].includes(i) ? [0, 0, 0] : point))
    for (let i = 0; i < 18; i++) {
      for (const to of [[20, 30], [bare[i][0], bare[i][1]], [bare[2][0], bare[2][1]]] as Point[]) {
        const moved = dragKeypoint(bare, i, to)
        expect(moved.flat().every(Number.isFinite)).toBe(true)
        expect(moved.map(([, , c]) => c)).toEqual(bare.map(([, , c]) => c))
      }
    }
  })

  it('changes nothing that it was given', () => {
    const before = JSON.stringify(keypoints)
    dragKeypoint(keypoints, 4, [0, 0])
    scaleFigure(keypoints, 2)
    mirrorKeypoints(keypoints)
    expect(JSON.stringify(keypoints)).toBe(before)
  })
})

describe('mirroring', () => {
  it('twice is nothing', () => {
    const twice = mirrorKeypoints(mirrorKeypoints(keypoints, 100), 100)
    twice.forEach((point, i) => expect(distanceTo(point, keypoints[i])).toBeLessThan(1e-9))
  })

  it.each(presets)('%s shows the mirrored picture', (name) => {
    const figure = presetFigure(name, SIZE)
    const mirrored = mirrorFigure(figure, SIZE.width / 2)
    const drawn = drawFigure(figure.keypoints, figure.garments, SIZE, figure)
    const other = drawFigure(mirrored.keypoints, mirrored.garments, SIZE, mirrored)
    // The unsteadiness of the outlines is not mirrored.
    let differing = 0
    for (let i = 0; i < drawn.length; i++) {
      const [x, y] = [i % SIZE.width, Math.floor(i / SIZE.width)]
      if (drawn[i] !== other[y * SIZE.width + SIZE.width - 1 - x]) differing++
    }
    expect(differing / drawn.length).toBeLessThan(0.02)
  })
})

describe('scaling', () => {
  it('makes every bone as much longer, about the middle', () => {
    const scaled = scaleFigure(keypoints, 1.5)
    for (const [a, b] of BONES) expect(distance(scaled, a, b)).toBeCloseTo(1.5 * distance(keypoints, a, b), 4)
    const centre = (points: readonly Keypoint[]) => Math.min(...points.map(([x]) => x)) + Math.max(...points.map(([x]) => x))
    expect(centre(scaled)).toBeCloseTo(centre(keypoints))
  })

  it('about a place leaves that place', () => {
    const feet: Point = [keypoints[10][0], keypoints[10][1]]
    expect(distanceTo(scaleFigure(keypoints, 0.4, feet)[10], keypoints[10])).toBeCloseTo(0)
  })
})

function distance(points: readonly Keypoint[], a: number, b: number): number {
  return distanceTo(points[a], points[b])
}

function distanceTo(a: Keypoint, b: Keypoint): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}
