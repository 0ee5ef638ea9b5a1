/**
 * Every error the product answers with, by code: its status and what each dialect calls it. A refusal is an expected
 * answer; the steps of the gateway and of the API throw it as `Refused`, and the caller's dialect makes it a reply.
 */
import type { Allowances } from './allowances.ts'
import type { Reason } from './refusal-reasons.ts'

type ErrorRow = {
  readonly status: number
  readonly openrouterStatus?: number
  readonly anthropicStatus?: number
  /** `error.type` on `/v1`. */
  readonly type: string
  /** `error.metadata.error_type` on `/api/v1`, `error.error_type` in Anthropic's shape. */
  readonly errorType: string
  /** `error.type` in Anthropic's shape. */
  readonly anthropicType: string
  /** Repeating the request cannot help, although its status would make clients try. */
  readonly shouldRetry?: false
  readonly message: string
  readonly openrouterMessage?: string
}

const invalid = {
  type: 'invalid_request_error',
  errorType: 'invalid_request',
  anthropicType: 'invalid_request_error',
} as const
const denied = {
  status: 403,
  type: 'permission_error',
  errorType: 'permission_denied',
  anthropicType: 'permission_error',
} as const
const missing = { ...invalid, status: 404, errorType: 'not_found', anthropicType: 'not_found_error' } as const
const conflict = { ...invalid, status: 409, errorType: 'precondition_failed', shouldRetry: false } as const
const unprocessable = { ...invalid, status: 422, errorType: 'unprocessable' } as const
const overloaded = {
  status: 503,
  anthropicStatus: 529,
  type: 'api_error',
  errorType: 'provider_overloaded',
  anthropicType: 'overloaded_error',
} as const

export const errors = {
  invalid_json: { ...invalid, status: 400, message: 'The body is not valid JSON' },
  invalid_request: { ...invalid, status: 400, message: 'The request is not valid' },
  account_mismatch: { ...invalid, status: 400, message: 'accountId and externalId name different accounts' },
  context_length_exceeded: {
    ...invalid,
    status: 400,
    errorType: 'context_length_exceeded',
    message: 'The request is longer than the context of the model',
  },
  max_tokens_exceeded: {
    ...invalid,
    status: 400,
    errorType: 'max_tokens_exceeded',
    message: 'The output limit is above the greatest the model offers',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    errorType: 'authentication',
    anthropicType: 'authentication_error',
    message: 'No valid API key was provided',
    openrouterMessage: 'Missing Authentication header',
  },
  wrong_credentials: {
    status: 401,
    type: 'authentication_error',
    errorType: 'authentication',
    anthropicType: 'authentication_error',
    message: 'E-mail or password is wrong',
  },
  insufficient_credits: {
    status: 402,
    type: 'insufficient_quota',
    errorType: 'payment_required',
    anthropicType: 'billing_error',
    message: 'The available credits do not cover this request',
  },
  budget_exceeded: {
    status: 429,
    type: 'insufficient_quota',
    errorType: 'budget_exceeded',
    anthropicType: 'rate_limit_error',
    shouldRetry: false,
    message: 'Budget exceeded',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    errorType: 'rate_limit_exceeded',
    anthropicType: 'rate_limit_error',
    message: 'Rate limit exceeded',
  },
  forbidden: { ...denied, message: 'This key does not have the right to do that' },
  credential_refused: { ...denied, message: 'Your own credential was refused by the provider' },
  account_frozen: { ...denied, message: 'The account is frozen' },
  content_policy_violation: {
    ...invalid,
    status: 403,
    errorType: 'content_policy_violation',
    message: 'The request was refused by the content policy',
  },
  model_not_found: {
    ...missing,
    openrouterStatus: 400,
    errorType: 'invalid_request',
    message: 'The model does not exist',
  },
  unknown_model: { ...missing, status: 422, errorType: 'invalid_request', message: 'The model does not exist' },
  no_endpoints: { ...missing, message: 'No endpoint fits the provider preferences of this request' },
  not_found: { ...missing, message: 'Resource not found' },
  generation_not_found: { ...missing, message: 'Generation not found', openrouterMessage: 'Resource not found' },
  account_not_found: { ...missing, message: 'Account not found' },
  reservation_not_found: { ...missing, message: 'Reservation not found' },
  transaction_not_found: { ...missing, message: 'Transaction not found' },
  plan_not_found: { ...missing, message: 'Plan not found' },
  budget_not_found: { ...missing, message: 'Budget not found' },
  grant_not_found: { ...missing, message: 'Grant not found' },
  method_not_allowed: { ...invalid, status: 405, message: 'This path does not offer the method' },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    errorType: 'timeout',
    anthropicType: 'timeout_error',
    message: 'The body did not arrive in time',
    openrouterMessage: 'Operation timed out. Please try again later.',
  },
  reservation_already_confirmed: { ...conflict, message: 'The reservation was confirmed before' },
  reservation_cancelled: { ...conflict, message: 'The reservation was cancelled before' },
  amount_exceeds_reservation: { ...conflict, message: 'The amount is above what was reserved' },
  transaction_account_mismatch: { ...conflict, message: 'The transaction belongs to another account' },
  external_id_taken: { ...conflict, message: 'Another account has this externalId' },
  account_closed: { ...conflict, message: 'The account is closed' },
  refund_exceeds_transaction: { ...conflict, message: 'More would be refunded than the transaction took' },
  payment_already_credited: {
    ...conflict,
    message: 'This payment was credited with another amount or to another account',
  },
  grant_spent: { ...conflict, message: 'The grant has nothing left to void' },
  email_taken: { ...conflict, message: 'Somebody signs in with this e-mail address' },
  last_admin: { ...conflict, message: 'This is the last admin of the organisation; make another one first' },
  link_ended: {
    ...invalid,
    status: 410,
    errorType: 'precondition_failed',
    message: 'The link was used, has expired or was replaced by another one',
  },
  reservation_expired: {
    ...invalid,
    status: 410,
    errorType: 'precondition_failed',
    message: 'The reservation has expired',
  },
  idempotency_key_mismatch: { ...conflict, message: 'The idempotency key was used before with other content' },
  idempotency_in_progress: {
    ...invalid,
    status: 409,
    errorType: 'precondition_failed',
    message: 'A request with this idempotency key is still in progress',
  },
  usage_already_recorded: { ...conflict, message: 'This usage was recorded before; its record is kept no more' },
  generation_already_settled: {
    ...conflict,
    message: 'The generation of this idempotency key has already been settled',
  },
  payload_too_large: {
    ...invalid,
    status: 413,
    errorType: 'payload_too_large',
    anthropicType: 'request_too_large',
    message: 'Request payload too large',
  },
  unsupported_media_type: { ...invalid, status: 415, message: 'The media type of the body is not supported' },
  invalid_amount: { ...unprocessable, message: 'The amount is not valid' },
  out_of_range: { ...unprocessable, message: 'The result would be out of range' },
  invalid_usage: { ...unprocessable, message: 'The usage is not valid' },
  transaction_required: { ...unprocessable, message: 'A customer usage record needs its account and its transaction' },
  unpriced_model: { ...unprocessable, message: 'The model has no price' },
  internal_error: {
    status: 500,
    type: 'api_error',
    errorType: 'server',
    anthropicType: 'api_error',
    message: 'Internal Server Error',
  },
  provider_error: {
    status: 502,
    type: 'api_error',
    errorType: 'provider_unavailable',
    anthropicType: 'api_error',
    message: 'Provider returned error',
  },
  provider_overloaded: { ...overloaded, message: 'Service temporarily unavailable' },
  service_unavailable: { ...overloaded, message: 'Service temporarily unavailable' },
  provider_timeout: {
    status: 504,
    openrouterStatus: 524,
    type: 'api_error',
    errorType: 'timeout',
    anthropicType: 'timeout_error',
    message: 'Request timed out. Please try again later.',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errors

export const errorRow = (code: ErrorCode): ErrorRow => errors[code]

/** What a refusal may say beside its code and message. */
export type RefusalExtras = {
  /** The request field at fault. */
  readonly param?: string
  readonly details?: Readonly<Record<string, unknown>>
  /** In place of the code's own status, on every dialect (`limits.budgetStatus`, an upstream's 4xx). */
  readonly status?: number
  readonly retryAfterMs?: number
  readonly headers?: Readonly<Record<string, string>>
  /** What is left of limits per time, for the headers that the dialect has for it. */
  readonly allowances?: Allowances
  /** Where the sentence, the status or the details differ by dialect. */
  readonly reason?: Reason
  readonly providerName?: string
  readonly providerCode?: string | number
  /** The provider's own words; sent with a 4xx only. */
  readonly raw?: string
  readonly previousErrors?: readonly { readonly code: number; readonly message: string }[]
  /** Why the moderation refused, and what. */
  readonly reasons?: readonly string[]
  readonly flaggedInput?: string
}

/** An expected answer, thrown by the step that decides it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: ErrorCode
  /** The sentence the thrower chose; undefined: the dialect's own for this code or reason. */
  readonly stated: string | undefined
  readonly extras: RefusalExtras

  constructor(code: ErrorCode, message: string | undefined, extras: RefusalExtras) {
    super(message ?? errors[code].message)
    this.code = code
    this.stated = message
    this.extras = extras
  }
}

export const refuse = (code: ErrorCode, message?: string, extras: RefusalExtras = {}): Refused =>
  new Refused(code, message, extras)
