/**
 * The commands of the ledger and what they answer. Each command carries its instant `at`; nothing in here reads a clock.
 * Ids are made at the edge where a caller needs them beforehand, and drawn from `Ids` where the ledger itself opens a row.
 */
import type { Id, Ids } from '../lib/id.ts'
import type { Ratio } from '../lib/ratio.ts'
import type { Hold, Link, ReserveMode } from './budget-rows.ts'
import type { Draft } from './ledger-draft.ts'
import type { AuditRow, GrantCategory, Overage } from './ledger-rows.ts'
import type { CallDetails, UNTOLD, UsageRecord } from './usage-rows.ts'

type Common = {
  readonly organisationId: bigint
  /** The store's clock; never behind the account's latest instant once applied. */
  readonly at: number
  /** As the clock said, where that is behind: what the windows of the command's chain were made for. Set by `apply` alone. */
  readonly saidAt?: number
  readonly idempotency?: Idempotency
  /** Dollars for one credit, kept with what the command posts. Undefined: 1. */
  readonly creditUsd?: string
  /** Written if the command has an effect, and only then. */
  readonly audit?: AuditRow
}

export type Idempotency = {
  readonly principal: string
  readonly operation: string
  readonly key: string
  readonly fingerprint: string
}

/** How much a call may come to, the dearest candidate's: `fixed` + `outputUnitPrice` × output limit, exact dollars. */
export type Demand = {
  readonly fixed: Ratio
  /** USD for one more token of the output limit, in all choices. */
  readonly outputUnitPrice: Ratio
  readonly inputTokens: number
  /** Of one choice: the limit sent, or the model's maximum. */
  readonly outputTokens: number
  readonly choices: number
  /** What counts against the limit of the key, where that is not what the call may be charged. */
  readonly keyLimit?: Prices
  /** The client sent no limit of its own, so one that the headroom pays for may be set. */
  readonly fit?: { readonly share: Ratio; readonly atLeast: number }
  /** What calls of its kind usually come to; never above the bounds. */
  readonly estimate?: Estimate
}

/** Exact dollars: what is owed whatever comes out, and what one more token of the output limit costs in all choices. */
export type Prices = { readonly fixed: Ratio; readonly outputUnitPrice: Ratio }
/** `outputTokens` of one choice. */
export type Estimate = { readonly fixed: Ratio; readonly inputTokens: number; readonly outputTokens: number }

export type ReserveGeneration = Common & {
  readonly type: 'reserve'
  readonly id: bigint
  readonly code: string
  readonly accountId: bigint | null
  readonly apiKeyId: bigint | null
  readonly owner: number
  readonly demand: Demand
  /** Where neither account nor budget says; the strictest of the chain decides. */
  readonly mode?: ReserveMode
  /** Windows of the budgets in the chain; the quantity is filled in by the ledger. */
  readonly chain: readonly Link[]
  readonly context: string
}

export type ReserveCredits = Common & {
  readonly type: 'reserve_credits'
  readonly id: bigint
  readonly code: string
  readonly accountId: bigint
  readonly amount: bigint
  readonly ttlMs: number
  readonly graceMs: number
  /** Windows of the budgets that it must pass. */
  readonly chain?: readonly Link[]
  readonly context: string
}

export type Settle = Common & {
  readonly type: 'settle'
  /** The reservation, its usage record and its transaction share one number and one code. */
  readonly record: Omit<UsageRecord, 'transactionId' | 'recordedAt' | keyof typeof UNTOLD>
  readonly quote: bigint
  /** What the reservation held of each budget: enough to charge even if the reservation itself was lost. */
  readonly holds: readonly Hold[]
  readonly upstreamNanos: bigint
  readonly details: CallDetails | null
  readonly actor: string
}

/** What the own settle of a call tells once others have settled it by an estimate: the difference, once. */
export type Adjust = Common & {
  readonly type: 'adjust'
  readonly accountId: bigint | null
  /** Of the estimate: what was too much goes back to where it was drawn from. Null: nobody paid. */
  readonly transactionId: bigint | null
  /** Differences, with their sign. */
  readonly record: Omit<UsageRecord, 'transactionId' | 'recordedAt'>
  /** Where the estimate was counted. */
  readonly holds: readonly Hold[]
  readonly actor: string
}

/** What a caller tells was used: priced beforehand, so that the ledger only keeps it. */
export type Told = Omit<UsageRecord, 'transactionId' | 'recordedAt'> & {
  /** Windows of the budgets that count it; it is too late to refuse. */
  readonly chain?: readonly Link[]
}

export type Confirm = Common & {
  readonly type: 'confirm'
  readonly reservationId: bigint
  readonly amount: bigint
  /** Recorded with the charge, or not at all. */
  readonly usage?: readonly Told[]
  readonly onOverage?: Overage
  readonly ifExpired?: 'charge'
  readonly fingerprint: string
  readonly actor: string
}

export type Cancel = Common & { readonly type: 'cancel'; readonly reservationId: bigint; readonly actor: string }
export type Extend = Common & {
  readonly type: 'extend'
  readonly reservationId: bigint
  readonly ttlMs: number
  readonly graceMs: number
}

export type AddGrant = Common & {
  readonly type: 'grant'
  readonly accountId: bigint
  readonly amount: bigint
  readonly category: GrantCategory
  readonly priority: number
  readonly expiresAt: number | null
  readonly paymentId: string | null
  readonly actor: string
  readonly description: string | null
  readonly metadata: string | null
}

export type VoidGrant = Common & {
  readonly type: 'void'
  readonly accountId: bigint
  readonly grantId: bigint
  readonly actor: string
}

export type Debit = Common & {
  readonly type: 'debit'
  readonly accountId: bigint
  readonly amount: bigint
  /** Windows of the budgets that it must pass. */
  readonly chain?: readonly Link[]
  readonly actor: string
  readonly description: string | null
  readonly metadata: string | null
}

export type Refund = Common & {
  readonly type: 'refund'
  readonly transactionId: bigint
  /** Undefined: what is left to refund. */
  readonly amount?: bigint
  /** Windows of the budgets that counted what is given back. */
  readonly chain?: readonly Link[]
  /** Whose call it was. */
  readonly call?: { readonly apiKeyId: bigint; readonly admittedAt: number }
  readonly actor: string
  readonly description: string | null
}

/** Moves no credit. Told once under its dedupe key, or, without one, once for each transaction and payload. */
export type RecordUsage = Common & {
  readonly type: 'record_usage'
  /** Both null in `system` context. */
  readonly accountId: bigint | null
  readonly transactionId: bigint | null
  readonly record: Told
}

export type SetStatus = Common & {
  readonly type: 'set_status'
  readonly accountId: bigint
  readonly status: 'open' | 'frozen' | 'closed'
  /** Grants end with it: what is not reserved of them at once, the rest when it is released. */
  readonly expire?: true
}

export type Command =
  | ReserveGeneration
  | ReserveCredits
  | Settle
  | Adjust
  | Confirm
  | Cancel
  | Extend
  | AddGrant
  | VoidGrant
  | Debit
  | Refund
  | RecordUsage
  | SetStatus

export type RefusalCode =
  | 'account_not_found'
  | 'account_frozen'
  | 'account_closed'
  | 'insufficient_credits'
  | 'budget_exceeded'
  | 'rate_limit_exceeded'
  | 'reservation_not_found'
  | 'reservation_already_confirmed'
  | 'reservation_cancelled'
  | 'reservation_expired'
  | 'amount_exceeds_reservation'
  | 'transaction_not_found'
  | 'transaction_account_mismatch'
  | 'refund_exceeds_transaction'
  | 'grant_not_found'
  | 'grant_spent'
  | 'payment_already_credited'
  | 'invalid_amount'
  | 'out_of_range'
  | 'idempotency_key_mismatch'
  | 'idempotency_in_progress'
  | 'generation_already_settled'

export type Refusal = { readonly code: RefusalCode; readonly details: Readonly<Record<string, unknown>> }

/** What is left of a limit of speed. */
export type Rate = {
  readonly metric: 'requests' | 'tokens'
  readonly limit: number
  readonly remaining: number
  /** Milliseconds since the epoch. */
  readonly resetAt: number
}

/** Balances of an account after a command; `available` is never below 0. */
export type Balance = { readonly posted: bigint; readonly reserved: bigint; readonly available: bigint }

export type Reserved = {
  readonly kind: 'reserved'
  /** Of the credits API: a repetition names the reservation of the first command. */
  readonly code?: string
  readonly amount: bigint
  /** The proven bound, where less than that was reserved. */
  readonly quote?: bigint
  readonly holds: readonly Hold[]
  /** What is left of limits per minute and hour, where there are any. */
  readonly rates?: readonly Rate[]
  /** Output limit per choice that was fitted to the headroom; undefined: the demand stands as it was. */
  readonly fittedOutput?: number
  readonly admittedAt: number
  readonly expiresAt: number | null
  readonly balance: Balance | null
}

export type Ended = {
  readonly kind: 'ended'
  readonly status: 'confirmed' | 'cancelled'
  readonly transaction: { readonly id: bigint; readonly code: string } | null
  readonly accountId: bigint | null
  readonly reserved: bigint
  readonly charged: bigint
  readonly released: bigint
  readonly overage: bigint
  readonly writtenOff: bigint
  readonly late: boolean
  readonly balance: Balance | null
  /** Of a confirmation that told its usage. */
  readonly usage?: readonly Id[]
}

type Recorded = { readonly kind: 'recorded'; readonly record: Id; readonly duplicate: boolean }

export type Settled = {
  readonly kind: 'settled'
  readonly state: 'settled' | 'settled_late' | 'already_settled'
  readonly overQuote: boolean
}
export type Posted = {
  readonly kind: 'posted'
  readonly transaction: { readonly id: bigint; readonly code: string }
  readonly grant: { readonly id: bigint; readonly code: string } | null
  readonly amount: bigint
  readonly balance: Balance
}
type Changed = { readonly kind: 'changed'; readonly expiresAt: number | null }

export type Done = Reserved | Ended | Settled | Posted | Recorded | Changed

/** What a command came to. `replay`: the stored outcome of an earlier command with the same idempotency key or content. */
export type Outcome =
  | { readonly ok: true; readonly result: Done; readonly replay?: true }
  | { readonly ok: false; readonly refusal: Refusal; readonly replay?: true }
  | { readonly ok: false; readonly failure: string }

/** A command's function: pure but for its draft, which is dropped when it refuses. */
export type Step<C> = (draft: Draft, command: C, ids: Ids) => Outcome

export const done = (result: Done): Outcome => ({ ok: true, result })
export const refuse = (code: RefusalCode, details: Readonly<Record<string, unknown>> = {}): Outcome => ({
  ok: false,
  refusal: { code, details },
})
