import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff } from './retry.ts'

const seed = process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}
const fixed = (fraction: number) => ({ fraction: () => fraction })

describe('backoff', () => {
  test('the span doubles with each try up to the bound, and all of it is used', () => {
    const longest = [0, 1, 2, 3, 4, 1000].map((attempt) =>
      backoff({ attempt, baseMs: 100, maxMs: 900, random: fixed(0.999999) }),
    )
    expect(longest).toEqual([100, 200, 400, 800, 900, 900])
    expect(backoff({ attempt: 3, baseMs: 100, maxMs: 900, random: fixed(0) })).toBe(0)
    expect(backoff({ attempt: 3, baseMs: 100, maxMs: 900, random: fixed(0.5) })).toBe(400)
  })

  test('a wait is a whole number of milliseconds within its bounds', () => {
    const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.nat(), fc.nat(100_000), fc.nat(1e9), fraction, (attempt, baseMs, maxMs, chance) => {
        const wait = backoff({ attempt, baseMs, maxMs, random: fixed(chance) })
        expect(Number.isInteger(wait) && wait >= 0 && wait <= maxMs).toBe(true)
      }),
      seed,
    )
  })
})
