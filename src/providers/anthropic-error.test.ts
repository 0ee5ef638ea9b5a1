import { expect, test } from 'vitest'
import { anthropicFailure } from './anthropic-error.ts'

const body = (type: string, message = 'No') =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })

test('a refusal keeps its status, its type and its hint when to come back', () => {
  expect(anthropicFailure(429, { 'retry-after': '7' }, body('rate_limit_error'))).toMatchObject({
    kind: 'status',
    status: 429,
    code: 'rate_limit_error',
    retryAfterMs: 7000,
    message: 'No',
  })
})

test('an error that says 200 has the status of its type', () => {
  for (const [type, status] of [
    ['invalid_request_error', 400],
    ['rate_limit_error', 429],
    ['overloaded_error', 529],
    ['new_error', 502],
  ] as const)
    expect(anthropicFailure(200, {}, body(type))).toMatchObject({ kind: 'status', status })
})

test('an empty purse is no fault of the client, and a prompt too long is called so', () => {
  const poor = body('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.')
  expect(anthropicFailure(400, {}, poor)).toMatchObject({ status: 402 })
  const long = body('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')
  expect(anthropicFailure(400, {}, long)).toMatchObject({ status: 400, code: 'context_length_exceeded' })
})

test('what is neither message nor error is no reply', () => {
  expect(anthropicFailure(200, {}, '{"id":"x"}')).toMatchObject({ kind: 'invalid' })
  expect(anthropicFailure(200, {}, '<html>')).toMatchObject({ kind: 'invalid' })
})
