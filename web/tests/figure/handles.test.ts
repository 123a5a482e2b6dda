import { describe, expect, it } from 'vitest'
import { cuts, drawFigure, garment, garmentJson, garmentOf, handles, presetFigure, withHandle, type Handle, type Keypoint } from '../../src/figure'

const SIZE = { width: 256, height: 384 }
const { keypoints } = presetFigure('standing-dress', SIZE)
const every = cuts.map((name) => garment(name))
const all = handles(keypoints, every, SIZE)

describe('handles', () => {
  it('are there for sleeve, hem, neckline and waist of what has them', () => {
    const names = (cut: 'dress' | 'jeans' | 'skirt' | 'tank' | 'hair-bob') =>
      handles(keypoints, [garment(cut)], SIZE).flatMap(({ measure, side, fine }) => (fine ? [] : [`${measure} ${side}`]))
    expect(names('dress')).toEqual(['hem 0', 'sleeve 0', 'sleeve 1', 'neck_depth 0', 'neck_width 0'])
    expect(names('jeans')).toEqual(['waist 0', 'hem 0', 'hem 1'])
    expect(names('skirt')).toEqual(['waist 0', 'hem 0'])
    expect(names('tank')).toContain('sleeve 1')
    expect(names('hair-bob')).toEqual([])
  })

  it('are there for widths and fits too, to be shown for one garment at a time', () => {
    const names = (cut: 'coat' | 'skirt' | 'jeans' | 'shoulder-bag' | 'handbag' | 'hat' | 't-shirt') =>
      handles(keypoints, [garment(cut)], SIZE).flatMap(({ measure, side, fine }) => (fine ? [`${measure} ${side}`] : []))
    expect(names('coat')).toEqual(['ease 0', 'sleeve_ease 0', 'sleeve_ease 1', 'flare 0', 'gap_hem 0', 'gap 0'])
    expect(names('skirt')).toEqual(['ease 0', 'flare 0'])
    expect(names('jeans')).toEqual(['ease 0', 'flare 0', 'flare 1'])
    expect(names('shoulder-bag')).toEqual(['ease 0'])
    expect(names('handbag')).toEqual(['ease 0'])
    expect(names('hat')).toEqual(['flare 0'])
    expect(names('t-shirt')).not.toContain('flare 0')
  })

  it('lie on the edge that they move', () => {
    for (const cut of ['skirt', 'wide-trousers', 'shoulder-bag', 'handbag', 'tank'] as const) {
      const worn = [garment(cut)]
      for (const handle of handles(keypoints, worn, SIZE).filter(({ measure }) => ['flare', 'ease'].includes(measure))) {
        const edge = edgeBeside(drawFigure(keypoints, worn, SIZE), worn[0].part, handle.at)
        expect(edge, handle.title).toBeLessThan(4)
      }
    }
  })

  it('lie in the map, within limits that the cuts keep, and say what they change', () => {
    for (const { at, garment: index, limits, measure, title } of all) {
      expect(at[0] >= 0 && at[0] <= SIZE.width && at[1] >= 0 && at[1] <= SIZE.height).toBe(true)
      expect(every[index][measure], title).toBeGreaterThanOrEqual(limits[0])
      expect(every[index][measure], title).toBeLessThanOrEqual(limits[1])
      expect(title).toContain(every[index].cut.replaceAll('-', ' '))
    }
  })

  it('are not where the body is not seen', () => {
    const back = presetFigure('back-view-dress', SIZE).keypoints
    expect(handles(back, [garment('dress')], SIZE).map(({ measure }) => measure)).not.toContain('neck_depth')
    expect(handles(without(4), [garment('dress')], SIZE).filter(({ measure }) => measure === 'sleeve')).toHaveLength(1)
    expect(handles(without(2), every, SIZE)).toEqual([])
  })
})

describe('a dragged handle', () => {
  it('follows the pointer', () => {
    const dress = [garment('dress')]
    const hem = find(handles(keypoints, dress, SIZE), 'hem')
    const longer = withHandle(keypoints, dress, hem, [hem.at[0], hem.at[1] + 40])
    expect(longer[0].hem).toBeGreaterThan(dress[0].hem)
    const moved = find(handles(keypoints, longer, SIZE), 'hem')
    expect(Math.abs(moved.at[1] - hem.at[1] - 40)).toBeLessThan(1)
  })

  it('stays at once where it is if it is not moved', () => {
    for (const handle of all) {
      const [now, then] = [every[handle.garment], withHandle(keypoints, every, handle, handle.at)[handle.garment]]
      expect(Math.abs(now[handle.measure] - then[handle.measure]), handle.title).toBeLessThan(0.01)
    }
  })

  it('stays within its limits wherever it is dragged, and the figure can be drawn', () => {
    for (const handle of all) {
      for (const to of [[-500, -500], [128, 0], [128, 384], [900, 900]] as const) {
        const worn = withHandle(keypoints, every, handle, to)
        const value = worn[handle.garment][handle.measure]
        expect(value >= handle.limits[0] - 1e-9 && value <= handle.limits[1] + 1e-9, handle.title).toBe(true)
        expect(worn.filter((one, i) => one !== every[i]).length).toBeLessThanOrEqual(1)
        expect(garmentOf(garmentJson(worn[handle.garment]))).toEqual(worn[handle.garment])
      }
    }
    expect(drawFigure(keypoints, every, SIZE)).toHaveLength(SIZE.width * SIZE.height)
  })

  it('keeps a waist above its hem', () => {
    const short = [garment('shorts', { hem: 1.2, waist: 0.7 })]
    const waist = withHandle(keypoints, short, find(handles(keypoints, short, SIZE), 'waist'), [128, 384])[0].waist
    expect(waist).toBeLessThan(1.2)
  })

  it('of a garment that is gone changes nothing', () => {
    expect(withHandle(keypoints, [], all[0], [0, 0])).toEqual([])
    expect(withHandle(without(5), every, all[0], [0, 0])).toEqual(every)
  })
})

describe('a garment', () => {
  it.each(cuts)('%s survives JSON', (name) => {
    const changed = garment(name, { ease: 0.0123, part: 'rompers' })
    expect(garmentOf(JSON.parse(JSON.stringify(garmentJson(changed))))).toEqual(changed)
    expect(garmentOf(JSON.parse(JSON.stringify(changed)))).toEqual(changed)
  })

  it('that is unknown or out of measure is refused in one line', () => {
    for (const wrong of [{ cut: 'toga' }, {}, { cut: 'dress', hem: 99 }, { cut: 'dress', hem: 'low' }, { cut: 'dress', lenght: 2 },
      { cut: 'dress', part: 'hovercraft' }, { cut: 'dress', part: 0 }, { cut: 'hair-bob', style: 'mohawk' }, { cut: 'toString' }]) {
      expect(() => garmentOf(wrong)).toThrow(/^(garment|part|hair).*: got .*, wanted /)
    }
  })
})

function find(list: readonly Handle[], measure: string): Handle {
  const found = list.find((handle) => handle.measure === measure)
  if (!found) throw new Error(`no ${measure}`)
  return found
}

function without(missing: number): Keypoint[] {
  return keypoints.map((point, i) => (i === missing ? [0, 0, 0] : point))
}

/** Pixels from a place to the nearest one, along its row, where the part begins or ends. */
function edgeBeside(labels: Uint8Array, part: number, [x, y]: readonly [number, number]): number {
  const row = Math.min(Math.floor(y), SIZE.height - 1) * SIZE.width
  const is = (column: number) => labels[row + column] === part
  const edges = [...Array(SIZE.width - 1).keys()].filter((column) => is(column) !== is(column + 1))
  return Math.min(...edges.map((column) => Math.abs(column + 1 - x)))
}
