import { describe, expect, test } from 'vitest'
import { type ErrorCode, errors, type RefusalExtras, refuse } from '../contract/errors.ts'
import type { BudgetReason, Shortfall } from '../contract/refusal-reasons.ts'
import { asNanos } from '../lib/money.ts'
import { anthropicErrors } from './anthropic.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'

const ids = { requestId: '0c9f1b7a4d2e4f6c8a5b3d1e7f902468', generationId: 'gen-1790139785-0aB3dE6gH9jK2mN5pQ8s' }
const dialects = { openai, openrouter, anthropic: anthropicErrors }
const answers = (code: ErrorCode, extras: RefusalExtras = {}) => {
  const refused = refuse(code, undefined, extras)
  return Object.fromEntries(
    Object.entries(dialects).map(([name, dialect]) => {
      const { status, headers, body } = dialect.error(refused, ids)
      return [name, { status, headers, body, error: JSON.parse(body).error }]
    }),
  )
}

const budget: BudgetReason = {
  kind: 'budget',
  budgetId: 'bud_7Qm2xV9kLr4TzB8nYc3W',
  name: 'monthly tokens',
  scope: 'organisation',
  scopeId: 'acme',
  metric: 'tokens',
  window: 'month',
  windowStart: Date.UTC(2026, 10, 1),
  windowEnd: Date.UTC(2026, 11, 1),
  timeZone: 'UTC',
  amounts: { limit: 1_000_000n, spent: 1_000_000n, reserved: 0n, requested: 1200n },
}
const short: Shortfall = {
  needed: asNanos(12_800_000n),
  available: asNanos(10_936_800n),
  reserved: asNanos(0n),
  requestedTokens: 32000,
  affordableTokens: 27342,
}

describe('a budget that is used up', () => {
  test('is named with its numbers and its window, byte for byte', () => {
    const { status, headers, body } = openai.error(
      refuse('budget_exceeded', undefined, { reason: budget, retryAfterMs: 863_999_001 }),
      ids,
    )
    expect(status).toBe(429)
    expect(headers).toMatchObject({ 'x-should-retry': 'false', 'Retry-After': '864000', 'retry-after-ms': '863999001' })
    expect(body).toBe(
      '{"error":{"message":"Budget \'monthly tokens\' of organisation acme: 1000000 of 1000000 tokens used. Resets 2026-12-01T00:00:00Z.","type":"insufficient_quota","param":null,"code":"budget_exceeded","details":{"budgetId":"bud_7Qm2xV9kLr4TzB8nYc3W","name":"monthly tokens","scope":"organisation","scopeId":"acme","metric":"tokens","limit":1000000,"spent":1000000,"reserved":0,"requested":1200,"window":"month","windowStart":"2026-11-01T00:00:00Z","windowEnd":"2026-12-01T00:00:00Z","timeZone":"UTC"}},"request_id":"0c9f1b7a4d2e4f6c8a5b3d1e7f902468"}',
    )
  })

  test('says what is reserved and asked for where the limit itself is not reached', () => {
    const amounts = { limit: 10_000_000_000n, spent: 9_000_000_000n, reserved: 500_000_000n, requested: 600_000_000n }
    const { error } =
      answers('budget_exceeded', {
        reason: { ...budget, metric: 'usd', scope: 'api_key', amounts, windowEnd: undefined },
      }).openai ?? {}
    expect(error.message).toBe(
      "Budget 'monthly tokens' of API key acme: 9 of 10 USD used, 0.5 reserved, 0.6 requested.",
    )
    expect(error.details).toMatchObject({ limit: 10, spent: 9, reserved: 0.5, requested: 0.6, windowEnd: null })
  })

  test('keeps its amounts to itself where the deployment hides them', () => {
    const { error } = answers('budget_exceeded', { reason: { ...budget, amounts: undefined } }).openai ?? {}
    expect(error.message).not.toContain('1000000')
    expect(error.details).not.toHaveProperty('limit')
    expect(error.details.name).toBe('monthly tokens')
  })

  test('of a minute is a rate limit that may be tried again', () => {
    const { openai: reply } = answers('rate_limit_exceeded', {
      reason: { ...budget, window: 'minute' },
      retryAfterMs: 1,
    })
    expect(reply?.headers).toMatchObject({ 'Retry-After': '1', 'retry-after-ms': '1' })
    expect(reply?.headers).not.toHaveProperty('x-should-retry')
  })

  test('has the status of the settings, and its own code', () => {
    for (const { status, headers } of Object.values(
      answers('budget_exceeded', { reason: budget, status: 402, retryAfterMs: 5000 }),
    )) {
      expect(status).toBe(402)
      expect(headers).toMatchObject({ 'x-should-retry': 'false' })
      expect(headers).not.toHaveProperty('Retry-After')
    }
  })

  test('lists every budget that refused', () => {
    const { error } = answers('budget_exceeded', { reason: budget, details: { refused: ['a', 'b'] } }).anthropic ?? {}
    expect(error.details.refused).toEqual(['a', 'b'])
  })
})

describe('credits that do not cover the quote', () => {
  const sentence =
    'This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342. To increase, add credits.'

  test('are one sentence and 402 on every dialect', () => {
    for (const { status, headers, error } of Object.values(
      answers('insufficient_credits', { reason: { kind: 'credits', ...short } }),
    )) {
      expect([status, error.message]).toEqual([402, sentence])
      expect(headers).toMatchObject({ 'x-should-retry': 'false' })
    }
  })

  test('are told in numbers, in each dialect’s shape', () => {
    const {
      openai: v1,
      openrouter: api,
      anthropic,
    } = answers('insufficient_credits', { reason: { kind: 'credits', ...short } })
    const details = {
      needed: 0.0128,
      available: 0.0109368,
      reserved: 0,
      requestedTokens: 32000,
      affordableTokens: 27342,
    }
    expect(v1?.error).toEqual({
      message: sentence,
      type: 'insufficient_quota',
      param: null,
      code: 'insufficient_credits',
      details,
    })
    expect(api?.error).toEqual({
      code: 402,
      message: sentence,
      metadata: { error_type: 'payment_required', provider_name: null, details },
    })
    expect(anthropic?.error).toEqual({
      type: 'billing_error',
      message: sentence,
      error_type: 'payment_required',
      details,
    })
  })
})

describe('the limit of a key', () => {
  const usedUp = { reason: { kind: 'key_limit_used_up', reset: 'monthly' } } as const

  test('used up is 403 on /api/v1, byte for byte, and 429 elsewhere', () => {
    const { openai: v1, openrouter: api, anthropic } = answers('budget_exceeded', usedUp)
    expect(api?.status).toBe(403)
    expect(api?.body).toBe(
      '{"error":{"code":403,"message":"Key limit exceeded (monthly limit). Manage it on the keys page of the dashboard.","metadata":{"error_type":"budget_exceeded"}}}',
    )
    expect([v1?.status, v1?.error.code, anthropic?.status, anthropic?.error.type]).toEqual([
      429,
      'budget_exceeded',
      429,
      'rate_limit_error',
    ])
    for (const { headers } of [v1, api, anthropic].flatMap((reply) => reply ?? []))
      expect(headers).toMatchObject({ 'x-should-retry': 'false' })
  })

  test('used up is 402 everywhere if the settings say so', () => {
    for (const { status } of Object.values(answers('budget_exceeded', { ...usedUp, status: 402 })))
      expect(status).toBe(402)
  })

  test('that has less left than the quote is 402 on /api/v1 and 429 on /v1, with the same sentence', () => {
    const { openai: v1, openrouter: api } = answers('budget_exceeded', { reason: { kind: 'key_limit', ...short } })
    expect(api?.error).toMatchObject({
      code: 402,
      message: expect.stringMatching(/afford 27342\. To increase, raise the limit of this key\.$/),
    })
    expect(v1?.error).toMatchObject({
      code: 'budget_exceeded',
      message: api?.error.message,
      details: { affordableTokens: 27342 },
    })
    expect(v1?.status).toBe(429)
  })
})

describe('an error in Anthropic’s shape', () => {
  test('names the generation, byte for byte', () => {
    expect(anthropicErrors.error(refuse('budget_exceeded'), ids).body).toBe(
      '{"type":"error","error":{"type":"rate_limit_error","message":"Budget exceeded","error_type":"budget_exceeded"},"request_id":"gen-1790139785-0aB3dE6gH9jK2mN5pQ8s"}',
    )
    const { requestId } = ids
    expect(JSON.parse(anthropicErrors.error(refuse('invalid_api_key'), { requestId }).body).request_id).toBe(requestId)
  })

  test('is 529 where others say 503', () => {
    for (const code of ['service_unavailable', 'provider_overloaded'] as const) {
      const { openai: v1, anthropic } = answers(code, { retryAfterMs: 1000 })
      expect([v1?.status, anthropic?.status, anthropic?.error.type]).toEqual([503, 529, 'overloaded_error'])
      expect(anthropic?.headers).toMatchObject({ 'Retry-After': '1' })
    }
  })
})

test('clients are told not to repeat a 402, a 403, a used-up budget or a conflict, and nothing else', () => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const { status, headers } = openai.error(refuse(code), ids)
    const pointless =
      [402, 403].includes(status) ||
      code === 'budget_exceeded' ||
      (status === 409 && code !== 'idempotency_in_progress')
    expect([code, headers['x-should-retry']]).toEqual([code, pointless ? 'false' : undefined])
  }
})

test('a repeat in flight is told to wait a second', () => {
  expect(openai.error(refuse('idempotency_in_progress'), ids).headers).toMatchObject({
    'Retry-After': '1',
    'retry-after-ms': '1000',
  })
})

test('headers of the refusal go out with it', () => {
  const refused = refuse('rate_limit_exceeded', undefined, { headers: { 'x-ratelimit-limit-requests': '10' } })
  expect(openai.error(refused, ids).headers).toMatchObject({ 'x-ratelimit-limit-requests': '10' })
})
