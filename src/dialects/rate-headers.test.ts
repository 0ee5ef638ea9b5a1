import { expect, test } from 'vitest'
import { anthropicErrors } from './anthropic.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'

const at = Date.UTC(2026, 10, 20, 9)
const allowances = {
  requests: { limit: 200, remaining: 7, resetAt: at + 1000 },
  tokens: { limit: 10_000, remaining: 0, resetAt: at + 359_001 },
}

test('OpenAI’s clients read durations', () => {
  expect(openai.rateHeaders(allowances, at, false)).toEqual({
    'x-ratelimit-limit-requests': '200',
    'x-ratelimit-remaining-requests': '7',
    'x-ratelimit-reset-requests': '1s',
    'x-ratelimit-limit-tokens': '10000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '6m0s',
  })
  const long = openai.rateHeaders({ requests: { limit: 1, remaining: 0, resetAt: at + 3_600_000 } }, at, false)
  expect(long).toMatchObject({ 'x-ratelimit-reset-requests': '1h0m0s' })
})

test('OpenRouter’s clients are told on our own 429 alone, of what is used up', () => {
  expect(openrouter.rateHeaders(allowances, at, false)).toEqual({})
  expect(openrouter.rateHeaders({}, at, true)).toEqual({})
  expect(openrouter.rateHeaders(allowances, at, true)).toEqual({
    'X-RateLimit-Limit': '10000',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(at + 359_001),
  })
  expect(openrouter.rateHeaders({ requests: allowances.requests }, at, true)).toMatchObject({
    'X-RateLimit-Limit': '200',
  })
})

test('Anthropic’s clients read times', () => {
  expect(anthropicErrors.rateHeaders({ tokens: allowances.tokens }, at, false)).toEqual({
    'anthropic-ratelimit-tokens-limit': '10000',
    'anthropic-ratelimit-tokens-remaining': '0',
    'anthropic-ratelimit-tokens-reset': '2026-11-20T09:06:00Z',
  })
})
