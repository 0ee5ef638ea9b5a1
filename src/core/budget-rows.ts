/** Budgets, what is counted in each of their windows, and what is held of it. */
import type { WindowRule } from './window.ts'

/** How much of a call is set aside: its proven bound, or what calls of its kind usually come to. */
export type ReserveMode = 'strict' | 'estimate'

/** What a reservation holds of one window of a budget, in the budget's own metric. */
export type Hold = {
  budgetId: bigint
  windowStart: number
  windowEnd: number | null
  quantity: bigint
  /** The proven bound, where less than that is held. */
  quote?: bigint
}

/** One window of a budget, before it is known how much is held of it. */
export type Link = Omit<Hold, 'quantity' | 'quote'>

export type Scope = 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'

/** `concurrency` counts calls that are under way: held, never spent. */
export type Metric = 'usd' | 'tokens' | 'requests' | 'concurrency'

/** `request` limits each call by itself: it has no windows, no counters, and holds nothing. */
export type BudgetRule = Omit<WindowRule, 'window'> & { readonly window: WindowRule['window'] | 'request' }

export type Budget = BudgetRule & {
  id: bigint
  organisationId: bigint
  code: string
  /** A key's own limit is a budget too, with the same counters; it is worded differently when it refuses. */
  source: 'budget' | 'key_limit'
  name: string
  scope: Scope
  /** As the ledger's rows know it: a number for organisation, account and key, else the text itself. */
  scopeId: string
  /** As it is called outside: the organisation's name, `acc_…`, the hash of a key. Null: as `scopeId`. */
  scopeName: string | null
  metric: Metric
  /** Nano-dollars, tokens, requests or calls. */
  limit: bigint
  /** Percent of the limit at which people are told, ascending. */
  thresholds: readonly number[]
  action: 'block' | 'alert'
  /** Null: as the organisation has it. */
  reserveMode: ReserveMode | null
  /** Raised by each change of limit or thresholds. */
  version: number
  /** The template that made it, for one end user. */
  templateId: bigint | null
  /** The instant from which the rule holds; windows before it were those of another one. */
  since: number
  /** The rule that takes its place at the end of a window. */
  coming: (WindowRule & { readonly from: number }) | null
  createdAt: number
}

/** A budget of a chain with the window that is asked of it, as it stands. */
export type Bound = {
  readonly budget: Budget
  readonly link: Link
  readonly spent: bigint
  readonly reserved: bigint
  readonly room: bigint
}

export type Counter = {
  budgetId: bigint
  organisationId: bigint
  windowStart: number
  windowEnd: number | null
  spent: bigint
  reserved: bigint
  /** How much more than `reserved` the calls under way could come to. */
  overshoot: bigint
  /** Of the budget that `fired` belongs to; 0: none yet. */
  version: number
  /** Thresholds that were told or were passed before they were set: `50,80`. */
  fired: string
  /** The first refusal in this window. */
  blockedAt: number | null
}

/** That a threshold was passed: once per window and version. */
export type Firing = {
  budgetId: bigint
  windowStart: number
  threshold: number
  version: number
  organisationId: bigint
  value: bigint
  at: number
  eventId: bigint
}

export const emptyCounter = ({ budgetId, windowStart, windowEnd }: Link, organisationId: bigint): Counter => ({
  ...{ budgetId, organisationId, windowStart, windowEnd },
  ...{ spent: 0n, reserved: 0n, overshoot: 0n, version: 0, fired: '', blockedAt: null },
})

export const counterKey = (budgetId: bigint, windowStart: number): string => `${budgetId}:${windowStart}`
