import { expect, test } from 'vitest'
import { estimateFromBytes, estimateTokens, tokenBound, utf8Length } from './token-bound.ts'

test('length is that of UTF-8, a lone surrogate being replaced', () => {
  expect(['', 'a', 'é', '的', '😀', '\ud800'].map(utf8Length)).toEqual([0, 1, 2, 3, 4, 3])
})

test('the bound is a token for each byte and for each segment', () => {
  expect(tokenBound('é!')).toBe(3)
  expect(tokenBound('é!', 2)).toBe(5)
})

test('the estimate is a token for 3.5 bytes, rounded up, and nothing for nothing', () => {
  expect([0, 1, 7, 8].map(estimateFromBytes)).toEqual([0, 1, 2, 3])
  expect(estimateTokens('的的')).toBe(2)
})
