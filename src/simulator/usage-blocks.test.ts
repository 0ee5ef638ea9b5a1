import { expect, test } from 'vitest'
import { usageBlocks } from './usage-blocks.ts'

const counts = { prompt: 40, completion: 20, reasoning: 8 }
const told = (name: keyof typeof usageBlocks) => JSON.parse(usageBlocks[name](counts))

test('honest blocks sum up, with every part inside its whole', () => {
  for (const name of ['plain', 'cacheHit', 'cacheWrite', 'audio'] as const) {
    expect(told(name)).toMatchObject({ prompt_tokens: 40, completion_tokens: 20, total_tokens: 60 })
    expect(told(name).completion_tokens_details.reasoning_tokens).toBe(8)
  }
  expect(told('cacheHit').prompt_tokens_details.cached_tokens).toBe(30)
  expect(told('cacheWrite').prompt_tokens_details.cache_write_tokens).toBe(30)
})

test('reasoning outside the completion is in the total alone', () => {
  expect(told('reasoningOutside')).toMatchObject({ prompt_tokens: 40, completion_tokens: 12, total_tokens: 60 })
})

test('each wrong block is wrong in its own way, and still parses', () => {
  expect(told('zero').total_tokens).toBe(0)
  expect(told('negative').completion_tokens).toBe(-20)
  expect(told('strings').prompt_tokens).toBe('40')
  expect(told('fractions').completion_tokens).toBe(20.5)
  expect(told('notNumbers').completion_tokens).toBe(Number.POSITIVE_INFINITY)
  expect(told('huge').prompt_tokens).toBeGreaterThan(1e12)
  expect(told('inconsistent').prompt_tokens_details.cached_tokens).toBeGreaterThan(40)
})
