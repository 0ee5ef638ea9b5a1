import { expect, test } from 'vitest'
import { type ErrorCode, errorRow, errors, Refused, refuse } from './errors.ts'

/** status, or `/v1` : `/api/v1` : `anthropic` where they differ | codes | `/v1` type | `/api/v1` error_type | `anthropic` type */
const PROMISED = `
400         | invalid_json invalid_request account_mismatch | invalid_request_error | invalid_request | invalid_request_error
400         | context_length_exceeded | invalid_request_error | context_length_exceeded | invalid_request_error
400         | max_tokens_exceeded | invalid_request_error | max_tokens_exceeded | invalid_request_error
401         | invalid_api_key wrong_credentials | authentication_error | authentication | authentication_error
402         | insufficient_credits | insufficient_quota | payment_required | billing_error
403         | forbidden account_frozen credential_refused | permission_error | permission_denied | permission_error
403         | content_policy_violation | invalid_request_error | content_policy_violation | invalid_request_error
404:400:404 | model_not_found | invalid_request_error | invalid_request | not_found_error
422         | unknown_model | invalid_request_error | invalid_request | not_found_error
404         | no_endpoints not_found generation_not_found account_not_found reservation_not_found transaction_not_found plan_not_found budget_not_found grant_not_found | invalid_request_error | not_found | not_found_error
405         | method_not_allowed | invalid_request_error | invalid_request | invalid_request_error
408         | request_timeout | invalid_request_error | timeout | timeout_error
409         | reservation_already_confirmed reservation_cancelled amount_exceeds_reservation transaction_account_mismatch external_id_taken account_closed refund_exceeds_transaction payment_already_credited grant_spent email_taken last_admin | invalid_request_error | precondition_failed | invalid_request_error
410         | reservation_expired link_ended | invalid_request_error | precondition_failed | invalid_request_error
409         | idempotency_key_mismatch idempotency_in_progress generation_already_settled usage_already_recorded | invalid_request_error | precondition_failed | invalid_request_error
413         | payload_too_large | invalid_request_error | payload_too_large | request_too_large
415         | unsupported_media_type | invalid_request_error | invalid_request | invalid_request_error
422         | invalid_amount out_of_range invalid_usage transaction_required unpriced_model | invalid_request_error | unprocessable | invalid_request_error
429         | rate_limit_exceeded | rate_limit_error | rate_limit_exceeded | rate_limit_error
429         | budget_exceeded | insufficient_quota | budget_exceeded | rate_limit_error
500         | internal_error | api_error | server | api_error
502         | provider_error | api_error | provider_unavailable | api_error
503:503:529 | provider_overloaded service_unavailable | api_error | provider_overloaded | overloaded_error
504:524:504 | provider_timeout | api_error | timeout | timeout_error`

const promised = PROMISED.trim()
  .split('\n')
  .flatMap((line) => {
    const [statuses = '', codes = '', ...words] = line.split('|').map((cell) => cell.trim())
    const [status, openrouter = status, anthropic = status] = statuses.split(':').map(Number)
    return codes.split(' ').map((code) => ({ code, statuses: [status, openrouter, anthropic], words }))
  })

test('each code has its status and its words in all three dialects', () => {
  for (const { code, statuses, words } of promised) {
    const row = errorRow(code as ErrorCode)
    expect([code, row.status, row.openrouterStatus ?? row.status, row.anthropicStatus ?? row.status]).toEqual([
      code,
      ...statuses,
    ])
    expect([row.type, row.errorType, row.anthropicType]).toEqual(words)
  }
})

test('no code exists beside those', () => {
  expect(Object.keys(errors).sort()).toEqual(promised.map(({ code }) => code).sort())
})

test('a refusal carries its code and facts, and the code’s sentence where it has none of its own', () => {
  const refused = refuse('invalid_request', 'temperature is not a number', { param: 'temperature' })
  expect(refused).toBeInstanceOf(Refused)
  expect(refused).toMatchObject({
    code: 'invalid_request',
    stated: 'temperature is not a number',
    extras: { param: 'temperature' },
  })
  expect(refuse('provider_error')).toMatchObject({ message: 'Provider returned error', stated: undefined })
})
