import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantText } from './clock.ts'

test('an instant is written as `Date` writes it, from the year 0 to beyond 9999, on edges of days and in any order', () => {
  const day = 86_400_000
  const instant = fc.oneof(
    fc.integer({ min: -62_167_219_200_000, max: 300_000_000_000_000 }),
    fc
      .tuple(fc.integer({ min: 0, max: 60_000 }), fc.constantFrom(-1, 0, 1, 999, 59_999))
      .map(([days, ms]) => days * day + ms),
  )
  fc.assert(
    fc.property(fc.array(instant, { minLength: 1 }), (instants) => {
      for (const ms of instants) expect(instantText(ms)).toBe(new Date(ms).toISOString())
    }),
  )
  expect(() => instantText(Number.NaN)).toThrow(RangeError)
})
