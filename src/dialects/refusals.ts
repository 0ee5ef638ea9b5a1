/**
 * What the dialects' errors have in common: the sentence of a refusal, its details, and the headers that tell a client
 * whether and when to try again.
 */
import { errorRow, type Refused } from '../contract/errors.ts'
import type { BudgetReason, Reason, Shortfall } from '../contract/refusal-reasons.ts'
import { secondText } from '../lib/clock.ts'
import { nanosNumber, nanosText } from '../lib/money.ts'

/** The stated sentence, else the one of the reason, else the code's default. */
export function sentenceOf({ code, stated, extras: { reason } }: Refused): string {
  if (stated !== undefined) return stated
  return reason === undefined ? errorRow(code).message : reasonSentence(reason)
}

/** The facts of the reason, then those that were stated; undefined where there are none. */
export function detailsOf({ extras: { reason, details } }: Refused): Record<string, unknown> | undefined {
  const all = { ...(reason === undefined ? {} : reasonDetails(reason)), ...details }
  return Object.keys(all).length > 0 ? all : undefined
}

/** `status` is the one that is sent: dialects differ in it. */
export function refusalHeaders({ code, extras }: Refused, status: number): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (status === 402 || status === 403 || errorRow(code).shouldRetry === false) headers['x-should-retry'] = 'false'
  const waitMs = extras.retryAfterMs ?? (code === 'idempotency_in_progress' ? 1000 : undefined)
  if (waitMs !== undefined && (WAITING_STATUSES.has(status) || code === 'idempotency_in_progress')) {
    headers['Retry-After'] = String(Math.max(1, Math.ceil(waitMs / 1000)))
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(waitMs)))
  }
  return { ...headers, ...extras.headers }
}

/** Elsewhere a time to wait would promise that waiting helps. 529 is 503 by Anthropic's name. */
const WAITING_STATUSES: ReadonlySet<number> = new Set([429, 503, 529])

function reasonSentence(reason: Reason): string {
  switch (reason.kind) {
    case 'unknown_model':
      return `The model \`${reason.model}\` does not exist`
    case 'credits':
      return `${shortfallSentence(reason)} To increase, add credits.`
    case 'key_limit':
      return `${shortfallSentence(reason)} To increase, raise the limit of this key.`
    case 'key_limit_used_up':
      return `Key limit exceeded (${reason.reset} limit). Manage it on the keys page of the dashboard.`
    case 'budget':
      return budgetSentence(reason)
  }
}

const shortfallSentence = ({ requestedTokens, affordableTokens }: Shortfall): string =>
  `This request requires more credits, or fewer max_tokens. You requested up to ${requestedTokens} tokens, but can only afford ${affordableTokens}.`

function budgetSentence(budget: BudgetReason): string {
  const { name, scope, scopeId, window, windowEnd } = budget
  if (window === 'request') return requestSentence(budget)
  const resets = windowEnd === undefined ? '' : ` Resets ${secondText(windowEnd)}.`
  return `Budget '${name}' of ${SCOPE_NAMES[scope]} ${scopeId}: ${usedSentence(budget)}.${resets}`
}

function requestSentence({ name, scope, scopeId, amounts }: BudgetReason): string {
  const needed = amounts
    ? `this request may use ${amounts.requested} tokens, ${amounts.limit} are`
    : 'too large a request'
  return `Budget '${name}' of ${SCOPE_NAMES[scope]} ${scopeId}: ${needed}${amounts ? ' allowed for one' : ''}. Send a shorter prompt or a smaller max_tokens.`
}

const SCOPE_NAMES = {
  organisation: 'organisation',
  account: 'account',
  api_key: 'API key',
  end_user: 'end user',
  tag: 'tag',
  model: 'model',
} as const satisfies Record<BudgetReason['scope'], string>

/** Where the limit is not reached yet, only what is reserved and asked for tells why there is no room. */
function usedSentence({ metric, amounts }: BudgetReason): string {
  if (amounts === undefined) return 'no room left for this request'
  const text = (amount: bigint) => (metric === 'usd' ? nanosText(amount) : String(amount))
  const { limit, spent, reserved, requested } = amounts
  if (metric === 'concurrency') return `${text(reserved)} of ${text(limit)} calls are under way`
  const used = `${text(spent)} of ${text(limit)} ${metric === 'usd' ? 'USD' : metric} used`
  return spent >= limit ? used : `${used}, ${text(reserved)} reserved, ${text(requested)} requested`
}

function reasonDetails(reason: Reason): Record<string, unknown> {
  switch (reason.kind) {
    case 'unknown_model':
    case 'key_limit_used_up':
      return {}
    case 'credits':
    case 'key_limit':
      return {
        needed: nanosNumber(reason.needed),
        available: nanosNumber(reason.available),
        reserved: nanosNumber(reason.reserved),
        requestedTokens: reason.requestedTokens,
        affordableTokens: reason.affordableTokens,
      }
    case 'budget':
      return budgetDetails(reason)
  }
}

function budgetDetails({
  budgetId,
  name,
  scope,
  scopeId,
  metric,
  amounts,
  ...window
}: BudgetReason): Record<string, unknown> {
  const number = (amount: bigint) => (metric === 'usd' ? nanosNumber(amount) : Number(amount))
  return {
    budgetId,
    name,
    scope,
    scopeId,
    metric,
    ...(amounts && {
      limit: number(amounts.limit),
      spent: number(amounts.spent),
      reserved: number(amounts.reserved),
      requested: number(amounts.requested),
    }),
    window: window.window,
    windowStart: secondText(window.windowStart),
    windowEnd: window.windowEnd === undefined ? null : secondText(window.windowEnd),
    timeZone: window.timeZone,
  }
}
