import { expect, test } from 'vitest'
import { createEstimates } from './estimates.ts'

test('the usual output is the 95th percentile of the latest calls, from 20 on, by key and model', () => {
  const estimates = createEstimates()
  for (let call = 1; call <= 19; call++) estimates.settled(1n, 'a', call)
  expect(estimates.usualOutput(1n, 'a')).toBeUndefined()
  estimates.settled(1n, 'a', 20)
  expect(estimates.usualOutput(1n, 'a')).toBe(19)
  expect(estimates.usualOutput(1n, 'b')).toBeUndefined()
  expect(estimates.usualOutput(2n, 'a')).toBeUndefined()
  for (let call = 0; call < 100; call++) estimates.settled(1n, 'a', 1_000)
  expect(estimates.usualOutput(1n, 'a')).toBe(1_000)
})
