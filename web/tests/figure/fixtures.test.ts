// The figure as Python draws it: tests/pose/test_figure_fixtures.py reads the same fixtures.
import { describe, expect, it } from 'vitest'
import expectedPresets from '../../../tests/fixtures/figures/presets.json'
import { drawFigure, garmentOf, presetFigure, presets, type Keypoint, type PresetName, type Stance } from '../../src/figure'
import { decodeRuns } from '../../src/scene/runs'

interface Case {
  readonly width: number
  readonly height: number
  readonly keypoints: readonly Keypoint[]
  readonly garments: readonly Record<string, unknown>[]
  readonly stance: Partial<Stance>
  readonly build: string
  readonly labels: string
}

const cases = import.meta.glob<Case>('../../../tests/fixtures/figures/cases/*.json', { eager: true, import: 'default' })

describe('a figure is drawn to the last pixel as Python draws it', () => {
  it.each(Object.entries(cases))('%s', (_path, { keypoints, garments, stance, build, labels, ...size }) => {
    const drawn = drawFigure(keypoints, garments.map(garmentOf), size, { stance, build })
    expect(difference(drawn, decodeRuns(labels, size, 24, 'labels'))).toBe(0)
  })

  it('has cases', () => expect(Object.keys(cases).length).toBeGreaterThan(30))
})

describe('a preset is drawn as Python draws it at every size', () => {
  it('knows the same presets', () => expect(presets).toEqual(Object.keys(expectedPresets)))

  it.each(presets)('%s', async (name: PresetName) => {
    for (const [text, digest] of Object.entries(expectedPresets[name])) {
      const [width, height] = text.split('x').map(Number)
      const { keypoints, garments, stance, build } = presetFigure(name, { width, height })
      const labels = drawFigure(keypoints, garments, { width, height }, { stance, build })
      expect(await sha256(labels), text).toBe(digest)
    }
  })
})

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((count, value, i) => count + (value === b[i] ? 0 : 1), Math.abs(a.length - b.length))
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
