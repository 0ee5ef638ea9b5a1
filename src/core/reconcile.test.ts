import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reconcile } from './reconcile.ts'

const of = (amount: bigint, writtenOff: bigint, usage: [cost: bigint | null, charge: bigint | null][], percent = '1') =>
  reconcile(
    { amount, writtenOff },
    usage.map(([costNanos, chargeNanos]) => ({ costNanos, chargeNanos })),
    percent,
  )

describe('a charge and its usage', () => {
  test('without usage is missing it, unless nothing was charged', () => {
    expect(of(1n, 0n, [])).toEqual({ verdict: 'missing', cost: null, difference: null })
    expect(of(0n, 5n, []).verdict).toBe('missing')
    expect(of(0n, 0n, [])).toEqual({ verdict: 'matched', cost: null, difference: null })
  })

  test('is unpriced where any of it has no price, whatever the rest comes to', () => {
    expect(
      of(9n, 0n, [
        [5n, null],
        [null, null],
      ]),
    ).toEqual({ verdict: 'unpriced', cost: null, difference: null })
  })

  test('may be below the cost by the tolerance and not by a nano more, and above it by any', () => {
    expect(of(990n, 0n, [[1000n, null]])).toEqual({ verdict: 'matched', cost: 1000n, difference: -10n })
    expect(of(989n, 0n, [[1000n, null]])).toEqual({ verdict: 'below_cost', cost: 1000n, difference: -11n })
    expect(
      of(489n, 501n, [
        [600n, null],
        [400n, null],
      ]).verdict,
    ).toBe('matched')
    expect(of(5000n, 0n, [[1000n, null]])).toEqual({ verdict: 'matched', cost: 1000n, difference: 4000n })
    expect(of(999n, 0n, [[1000n, null]], '0').verdict).toBe('below_cost')
    expect(of(0n, 0n, [[1000n, null]], '100').verdict).toBe('matched')
  })

  test('is exact where records have charges of their own, whatever they cost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 18n)), { minLength: 1 }),
        (usage) => {
          const own = usage.reduce((sum, [, charge]) => sum + charge, 0n)
          const cost = usage.reduce((sum, [each]) => sum + each, 0n)
          expect(of(own, 0n, usage, '100')).toEqual({ verdict: 'matched', cost, difference: own - cost })
          expect(of(own + 1n, 0n, usage, '100').verdict).toBe('below_cost')
        },
      ),
    )
  })
})
