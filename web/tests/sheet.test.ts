// The locks that a click changes: what humandiffusion/smr/locks.py reads, and nothing lost of what was there.
import { describe, expect, test } from 'vitest'
import { canRead, freePart, locksOf, toggleBan, toggleLock } from '../src/sheet/locks'

const [A, B, C] = ['0'.repeat(16), '1'.repeat(16), '2'.repeat(16)]
const TOP = ['top', 'shirt', 'blouse', 't-shirt', 'sweater']
const json = (value: unknown) => JSON.stringify(value)

describe('locks', () => {
  test('a click locks, another frees, and nothing is left behind', () => {
    for (const empty of ['', '  ', '{}']) {
      const locked = toggleLock(empty, TOP, A)
      expect(JSON.parse(locked)).toEqual({ top: [A] })
      expect(toggleLock(locked, TOP, A)).toBe('{}')
    }
    expect(JSON.parse(toggleLock(toggleLock('{}', TOP, A), TOP, B))).toEqual({ top: [A, B] })
  })

  test('what is banned is not locked, and what is locked not banned', () => {
    const banned = toggleBan(json({ top: [A, B] }), TOP, A)
    expect(JSON.parse(banned)).toEqual({ top: { lock: [B], ban: [A] } })
    expect(locksOf(banned, TOP)).toEqual({ locked: [B], banned: [A] })
    expect(JSON.parse(toggleLock(banned, TOP, A))).toEqual({ top: [B, A] })
    expect(toggleBan(toggleBan('{}', TOP, A), TOP, A)).toBe('{}')
  })

  test('blends, weights, sources and other parts stay', () => {
    const text = json({ pants: [C], top: { lock: { [A]: 0.75, [B]: 0.25 }, blend: 0.5 }, sources: { ccp: 2 } })
    expect(JSON.parse(toggleLock(text, TOP, C))).toEqual({
      pants: [C], top: { lock: { [A]: 0.75, [B]: 0.25, [C]: 0.5 }, blend: 0.5 }, sources: { ccp: 2 }
    })
    expect(JSON.parse(toggleLock(text, TOP, A)).top).toEqual({ lock: { [B]: 0.25 }, blend: 0.5 })
    expect(JSON.parse(freePart(text, TOP))).toEqual({ pants: [C], top: { blend: 0.5 }, sources: { ccp: 2 } })
  })

  test('a part that goes by another of its names keeps it', () => {
    const text = json({ 'T-Shirt': [A], wrist_wearing: { ban: [B] } })
    expect(JSON.parse(toggleLock(text, TOP, B))).toEqual({ 'T-Shirt': [A, B], wrist_wearing: { ban: [B] } })
    expect(locksOf(text, ['wrist wearing', 'watch']).banned).toEqual([B])
  })

  test('a text that cannot be read is told and left as it is', () => {
    for (const broken of ['{"top":', '[]', '7', 'null', 'red']) {
      expect(canRead(broken)).toBe(false)
      expect(toggleLock(broken, TOP, A)).toBe(broken)
      expect(locksOf(broken, TOP)).toEqual({ locked: [], banned: [] })
    }
  })
})
