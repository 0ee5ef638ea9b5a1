/**
 * Why money or a model was refused, as facts. The dialects word them: the same refusal is another sentence, and in
 * places another status, for another client.
 */
import type { Nanos } from '../lib/money.ts'

export type Reason =
  | { readonly kind: 'unknown_model'; readonly model: string }
  /** Prepaid credit below the quote. */
  | ({ readonly kind: 'credits' } & Shortfall)
  /** The API key's own limit has room left, but less than the quote. */
  | ({ readonly kind: 'key_limit' } & Shortfall)
  | { readonly kind: 'key_limit_used_up'; readonly reset: 'daily' | 'weekly' | 'monthly' | 'total' }
  | BudgetReason

export type Shortfall = {
  readonly needed: Nanos
  readonly available: Nanos
  readonly reserved: Nanos
  /** The output limit of the request, else the output that the reservation counted. */
  readonly requestedTokens: number
  readonly affordableTokens: number
}

export type BudgetReason = {
  readonly kind: 'budget'
  readonly budgetId: string
  readonly name: string
  readonly scope: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'
  readonly scopeId: string
  readonly metric: 'usd' | 'tokens' | 'requests' | 'concurrency'
  /** `request`: each call by itself. */
  readonly window: 'request' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
  /** Milliseconds since the epoch; no end: `total`. */
  readonly windowStart: number
  readonly windowEnd: number | undefined
  readonly timeZone: string
  /** In the budget's metric, dollars as nano-dollars. Undefined: the deployment hides amounts. */
  readonly amounts:
    | { readonly limit: bigint; readonly spent: bigint; readonly reserved: bigint; readonly requested: bigint }
    | undefined
}
