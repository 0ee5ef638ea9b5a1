/** What can go wrong, as errors with a class for each kind. The message says what happened and what to do next. */

type ErrorFacts = {
  readonly status?: number | undefined
  readonly code?: string | undefined
  readonly param?: string | undefined
  readonly requestId?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly headers?: Headers | undefined
  readonly cause?: unknown
}

/** Every failure of this package. */
export class TurnpikeError extends Error {
  /** The name of its class. */
  override readonly name: string = 'TurnpikeError'
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined
  /** The code of the error, e.g. `insufficient_credits`. On `/api/v1` (keys, generations) it is the `error_type`. */
  readonly code: string | undefined
  /** The member of the request at fault. */
  readonly param: string | undefined
  /** `x-request-id` of the answer: name it when you ask the server's operator. */
  readonly requestId: string | undefined
  /** Figures that belong to the code, e.g. `{ needed, available, shortfall }` in credits. */
  readonly details: Readonly<Record<string, unknown>>
  /** Of the answer; empty where none came. */
  readonly headers: Headers

  constructor(message: string, { status, code, param, requestId, details, headers, cause }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = code
    this.param = param
    this.requestId = requestId
    this.details = details ?? {}
    this.headers = headers ?? new Headers()
  }
}

/** 400, 405, 413, 415, 422: the request is wrong as it stands (`invalid_request`, `invalid_amount`, `invalid_usage`, `unknown_model`, …). */
export class BadRequestError extends TurnpikeError {
  override readonly name = 'BadRequestError'
}
/** 401 `invalid_api_key`. */
export class AuthenticationError extends TurnpikeError {
  override readonly name = 'AuthenticationError'
}
/** 402 `insufficient_credits`; `details` say how much is missing, in credits. */
export class InsufficientCreditsError extends TurnpikeError {
  override readonly name = 'InsufficientCreditsError'
}
/** 403 `forbidden`, `account_frozen`. */
export class PermissionError extends TurnpikeError {
  override readonly name = 'PermissionError'
}
/** 404, e.g. `account_not_found`, `reservation_not_found`. What belongs to others is not found either. */
export class NotFoundError extends TurnpikeError {
  override readonly name = 'NotFoundError'
}
/** 409 and 410: the state does not allow it, e.g. `reservation_already_confirmed`, `reservation_expired`, `idempotency_key_mismatch`. */
export class ConflictError extends TurnpikeError {
  override readonly name = 'ConflictError'
}
/** `budget_exceeded`, with whichever status: a budget or the limit of a key is used up. Never retried. */
export class BudgetExceededError extends TurnpikeError {
  override readonly name = 'BudgetExceededError'
}
/** 429 `rate_limit_exceeded`, after the retries. */
export class RateLimitError extends TurnpikeError {
  override readonly name = 'RateLimitError'
}
/** 5xx, after the retries. Nothing was charged. */
export class ServerError extends TurnpikeError {
  override readonly name = 'ServerError'
}
/** No answer came: the connection failed. `cause` is what `fetch` threw. */
export class ConnectionError extends TurnpikeError {
  override readonly name = 'ConnectionError'
}
/** No answer came within `timeout`. */
export class TimeoutError extends TurnpikeError {
  override readonly name = 'TimeoutError'
}
/** Your `signal` was aborted. `cause` is its reason. */
export class AbortError extends TurnpikeError {
  override readonly name = 'AbortError'
}
/** A webhook that Turnpike did not sign, or signed too long ago. */
export class WebhookVerificationError extends TurnpikeError {
  override readonly name = 'WebhookVerificationError'
}

/** The answer of a server that refuses, in either of its shapes, or of something in between that speaks neither. */
export function errorOf(response: Pick<Response, 'status' | 'headers'>, text: string): TurnpikeError {
  const { status, headers } = response
  const body = objectIn(text)
  const error = recordOf(body.error)
  const metadata = recordOf(error.metadata)
  const code = textOf(error.code) ?? textOf(metadata.error_type)
  const sentence = textOf(error.message) ?? `The server answered ${status} without saying why`
  const Kind = code === 'budget_exceeded' ? BudgetExceededError : kindOf(status)
  const next = ADVICE[code ?? ''] ?? ADVICE[Kind.name]
  return new Kind(`${sentence}${/[.!?]$/.test(sentence) ? '' : '.'}${next === undefined ? '' : ` ${next}`}`, {
    status,
    code,
    param: textOf(error.param),
    requestId: headers.get('x-request-id') ?? textOf(body.request_id),
    details: recordOf(error.details ?? metadata.details),
    headers,
  })
}

const KINDS: Readonly<Record<number, typeof TurnpikeError>> = {
  401: AuthenticationError,
  402: InsufficientCreditsError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  410: ConflictError,
  429: RateLimitError,
}

const kindOf = (status: number): typeof TurnpikeError =>
  KINDS[status] ?? (status >= 500 ? ServerError : status >= 400 ? BadRequestError : TurnpikeError)

/** By code, else by class. */
const ADVICE: Readonly<Record<string, string>> = {
  AuthenticationError: 'Check `apiKey`, or the variable TURNPIKE_API_KEY.',
  InsufficientCreditsError: 'Add credits with addCredits(), or ask for less.',
  BudgetExceededError: 'Raise the limit, or wait for its window to end.',
  idempotency_key_mismatch: 'Use a new idempotency key for new content.',
  reservation_expired: 'Make a new reservation, or confirm with { ifExpired: "charge" }.',
  amount_exceeds_reservation: 'Confirm at most what is reserved, or choose another `onOverage`.',
  transaction_required: 'Pass `transactionId` and `accountId` or `externalId` of the confirmation.',
  unknown_model: 'listModels() names the models.',
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text))
  } catch {
    return {}
  }
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
