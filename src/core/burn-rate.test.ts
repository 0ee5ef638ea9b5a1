import { expect, test } from 'vitest'
import { burnRate } from './burn-rate.ts'

const HOUR = 3_600_000

test('what half a day used up goes on for as long as the rest lasts at that rate', () => {
  expect(burnRate({ used: 120n, left: 60n, from: 0, at: 12 * HOUR })).toEqual({
    perHour: 10n,
    exhaustedAt: 18 * HOUR,
  })
})

test('where nothing is left it is over now; where nothing was used nobody knows', () => {
  expect(burnRate({ used: 5n, left: -1n, from: 0, at: HOUR })?.exhaustedAt).toBe(HOUR)
  expect(burnRate({ used: 0n, left: 5n, from: 0, at: HOUR })).toBeUndefined()
  expect(burnRate({ used: 5n, left: 5n, from: HOUR, at: HOUR })).toBeUndefined()
  expect(burnRate({ used: 1n, left: 10n ** 18n, from: 0, at: HOUR })?.exhaustedAt).toBeUndefined()
})
