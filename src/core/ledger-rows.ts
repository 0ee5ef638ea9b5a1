/**
 * The rows of the ledger, as the state machine sees them: plain objects, money in nano-dollars, instants in milliseconds.
 * A batch works on a `Rows`; each command works on a `Draft` above it, which is kept whole or thrown away whole.
 */
import type { EventType } from '../contract/events.ts'
import type { WindowRule } from './window.ts'

/** How much of a call is set aside: its proven bound, or what calls of its kind usually come to. */
export type ReserveMode = 'strict' | 'estimate'

export type Overage = 'charge' | 'cap' | 'reject'

export type Account = {
  id: bigint
  organisationId: bigint
  code: string
  externalId: string
  status: 'open' | 'frozen' | 'closed'
  overage: Overage
  /** Null: as the organisation has it. */
  reserveMode: ReserveMode | null
  /** How far below zero reservations may take the balance. */
  overdraft: bigint
  posted: bigint
  reserved: bigint
  /** The latest instant a command was applied at; time never runs backwards for an account. */
  lastAt: number
  /** A balance up to here is told as low; null: none is. */
  lowCredit: bigint | null
  /** What was told last, see `credit-events.ts`. */
  creditLevel: number
}

export type GrantCategory = 'paid' | 'promotional' | 'plan' | 'adjustment'

export type Grant = {
  id: bigint
  organisationId: bigint
  code: string
  accountId: bigint
  category: GrantCategory
  amount: bigint
  remaining: bigint
  reserved: bigint
  /** 1 (first) to 100. */
  priority: number
  effectiveAt: number
  expiresAt: number | null
  paymentId: string | null
  createdAt: number
}

/** What a reservation holds of a grant, or of the overdraft where the grant is null. */
export type Allocation = { grantId: bigint | null; nanos: bigint }

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

export type Reservation = {
  id: bigint
  organisationId: bigint
  code: string
  /** Null in `system` context. */
  accountId: bigint | null
  apiKeyId: bigint | null
  kind: 'api' | 'gateway'
  /** The node that ends a gateway's reservation; null for the credits API. */
  owner: number | null
  status: 'pending' | 'confirmed' | 'cancelled' | 'expired'
  amount: bigint
  quote: bigint
  admittedAt: number
  expiresAt: number | null
  deadAt: number | null
  allocations: readonly Allocation[]
  holds: readonly Hold[]
  /** JSON: what settles an interrupted generation, or what the caller of the credits API attached. */
  context: string
  /** Of an ended reservation: the content that ended it and what came out, so that a repetition gets the same answer. */
  fingerprint: string | null
  result: string | null
}

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

export type SystemAccount = 'funding' | 'promotion' | 'revenue' | 'expired' | 'writeoff' | 'adjustment'

/** One signed line; the lines of a transaction sum to 0. `grantId` null on a customer's line is the debt. */
export type Entry = { account: bigint | SystemAccount; grantId: bigint | null; nanos: bigint }

export type TransactionType = 'grant' | 'usage' | 'debit' | 'refund' | 'adjustment' | 'expiry' | 'void' | 'clawback'

export type Transaction = {
  id: bigint
  organisationId: bigint
  code: string
  type: TransactionType
  accountId: bigint
  amount: bigint
  reversesId: bigint | null
  reservationId: bigint | null
  /** The usage record that the same number belongs to, where the gateway wrote it. */
  usageRecordId: bigint | null
  grantId: bigint | null
  balanceAfter: bigint
  writtenOff: bigint
  occurredAt: number
  bookedAt: number
  actor: string
  description: string | null
  metadata: string | null
  entries: readonly Entry[]
  /** Dollars for one credit when it was written, in which its amount is shown. Null: 1. */
  creditUsd: string | null
}

export type UsageSource = 'reported' | 'estimated' | 'unknown'
export type GenerationStatus = 'ok' | 'error' | 'cancelled' | 'interrupted'
export type UsageType = 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'

/** The immutable fact of what was used. Null money is unknown, never 0. */
export type UsageRecord = {
  id: bigint
  organisationId: bigint
  code: string
  kind: 'original' | 'adjustment'
  context: 'customer' | 'system'
  accountId: bigint | null
  transactionId: bigint | null
  apiKeyId: bigint | null
  model: string
  provider: string
  status: GenerationStatus
  source: UsageSource
  inputTokens: number
  cachedTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
  /** JSON object: meter → count as decimal text. */
  counts: string
  flags: readonly string[]
  rateCardId: string | null
  costNanos: bigint | null
  chargeNanos: bigint | null
  costExact: string | null
  chargeExact: string | null
  /** What the cached tokens would have cost as plain input, less what they cost; negative where writing cost more. */
  cacheSavingNanos: bigint
  /** JSON: the line items, enough to compute the charge again from the record alone. */
  items: string
  isByok: boolean
  admittedAt: number
  occurredAt: number
  recordedAt: number
  latencyMs: number | null
  firstTokenMs: number | null
  /** Hex of the keyed hash under which end user, session, user agent, referer and metadata are kept apart. */
  detailsHash: string | null
  /** JSON: ids, finish reasons, attempts; what `GET /generation` tells beside the columns. */
  generation: string
  usageType: UsageType
  description: string | null
  /** JSON object. */
  metadata: string | null
  /** Tells two identical usages of one transaction apart. */
  sequence: number | null
  /** The name under which a caller told it once; unique in the organisation. */
  dedupeKey: string | null
  /** Of what a caller told. Null: the gateway's own record. */
  payloadHash: string | null
  /** What counts against the limit of the key, where that is not the charge: a BYOK call at the price of our credential. */
  limitNanos: bigint | null
}

/** What a record of the gateway's own says of its being told by a caller. */
export const UNTOLD = {
  description: null,
  metadata: null,
  sequence: null,
  dedupeKey: null,
  payloadHash: null,
} as const satisfies Partial<UsageRecord>

/** A usage that a caller told before: enough to know it again. */
export type ToldUsage = Pick<UsageRecord, 'id' | 'code' | 'transactionId' | 'payloadHash'>

/** Personal fields of calls, kept apart from the records so that a person can be forgotten without breaking a proof. */
export type CallDetails = {
  /** Keyed hash of the month and the values: calls that share them share the row. */
  hash: string
  organisationId: bigint
  endUser: string | null
  sessionId: string | null
  userAgent: string | null
  referer: string | null
  title: string | null
  /** JSON object. */
  metadata: string | null
  createdAt: number
}

export type IdempotencyRow = {
  organisationId: bigint
  principal: string
  operation: string
  key: string
  fingerprint: string
  state: 'in_progress' | 'done'
  /** Encoded result or refusal of a finished command; the generation id of a model call. */
  outcome: string
  createdAt: number
}

/**
 * Something that happened and that somebody may want to be told of. It is written in the transaction of its cause, so
 * that it is told if and only if the cause is there.
 */
export type OutboxEvent = {
  id: bigint
  organisationId: bigint
  code: string
  type: EventType
  /** JSON object: what is told, apart from the event's own id. */
  data: string
  createdAt: number
  /** An event of the same organisation with the same key is written once, whoever writes it. */
  onceKey?: string | undefined
}

/** Who changed what. It lies in the same transaction as the change, so that neither is there without the other. */
export type AuditRow = {
  id: bigint
  organisationId: bigint
  code: string
  /** Who did it, as it is shown to people: never a secret. */
  actor: string
  /** Noun and verb, e.g. `account.update`. */
  action: string
  /** The public id of what was changed. */
  target: string
  /** JSON objects without secrets; null where there was or is nothing. */
  before: string | null
  after: string | null
  requestId: string | null
  createdAt: number
}

/** The sums of one quarter hour by model, provider, context and status. */
export type Rollup = {
  organisationId: bigint
  quarter: number
  model: string
  provider: string
  context: string
  status: string
  requests: bigint
  inputTokens: bigint
  cachedTokens: bigint
  outputTokens: bigint
  reasoningTokens: bigint
  costNanos: bigint
  chargeNanos: bigint
  cacheSavingNanos: bigint
  /** What calls on a customer's own credential cost upstream. */
  byokCostNanos: bigint
  unpriced: bigint
  estimated: bigint
  /** Of the estimated ones: those of which nobody knows the usage. */
  noUsage: bigint
}

/** How many records a quarter hour has: what tells whether the sums that were folded of it are still whole. */
export type Quarter = { organisationId: bigint; quarter: number; records: bigint }

/** What one API key was charged: this day, week, month (UTC) and ever. A window that is over counts as 0. */
export type KeyUsage = {
  apiKeyId: bigint
  organisationId: bigint
  total: bigint
  byokTotal: bigint
  day: number
  dayNanos: bigint
  byokDayNanos: bigint
  week: number
  weekNanos: bigint
  byokWeekNanos: bigint
  month: number
  monthNanos: bigint
  byokMonthNanos: bigint
  /** What of it all counts against the limit of the key. */
  counted: bigint
  dayCounted: bigint
  weekCounted: bigint
  monthCounted: bigint
}

export type Rows = {
  accounts: Map<bigint, Account>
  /** Living grants of every loaded account. */
  grants: Map<bigint, Grant[]>
  reservations: Map<bigint, Reservation>
  /** Pending reservations of the credits API by account: those that the clock may end. */
  mortal: Map<bigint, Set<bigint>>
  budgets: Map<bigint, Budget>
  counters: Map<string, Counter>
  keyUsage: Map<bigint, KeyUsage>
  idempotency: Map<string, IdempotencyRow>
  /** Transactions that commands refer to, with what was refunded of them so far. */
  transactions: Map<bigint, Transaction>
  refunds: Map<bigint, Transaction[]>
  /** Grants by payment id, as `account:payment`. */
  payments: Map<string, Grant>
  /** Generations among those asked for that have their usage record. */
  recorded: Set<bigint>
  /** By {@link toldKey} and by {@link toldPayload}; the first one of a payload. */
  told: Map<string, ToldUsage>
  written: Written
}

/** What the batch changed, for the store to write. */
export type Written = {
  accounts: Set<bigint>
  grants: Set<bigint>
  newGrants: Set<bigint>
  newReservations: Set<bigint>
  /** Pending before the batch, ended within it. */
  endedReservations: Set<bigint>
  changedReservations: Set<bigint>
  counters: Set<string>
  keyUsage: Set<bigint>
  idempotency: Map<string, IdempotencyRow | undefined>
  transactions: Transaction[]
  usageRecords: UsageRecord[]
  details: Map<string, CallDetails>
  rollups: Map<string, Rollup>
  firings: Firing[]
  events: OutboxEvent[]
  audits: AuditRow[]
}

export const emptyCounter = ({ budgetId, windowStart, windowEnd }: Link, organisationId: bigint): Counter => ({
  ...{ budgetId, organisationId, windowStart, windowEnd },
  ...{ spent: 0n, reserved: 0n, overshoot: 0n, version: 0, fired: '', blockedAt: null },
})

export const counterKey = (budgetId: bigint, windowStart: number): string => `${budgetId}:${windowStart}`
export const paymentKey = (organisationId: bigint, paymentId: string): string => `${organisationId}:${paymentId}`
export const toldKey = (organisationId: bigint, dedupeKey: string): string => `key:${organisationId}:${dedupeKey}`
export const toldPayload = (transactionId: bigint, payloadHash: string): string =>
  `payload:${transactionId}:${payloadHash}`
export const idempotencyKey = (
  row: Pick<IdempotencyRow, 'organisationId' | 'principal' | 'operation' | 'key'>,
): string => JSON.stringify([String(row.organisationId), row.principal, row.operation, row.key])

export const emptyRows = (): Rows => ({
  accounts: new Map(),
  grants: new Map(),
  reservations: new Map(),
  mortal: new Map(),
  budgets: new Map(),
  counters: new Map(),
  keyUsage: new Map(),
  idempotency: new Map(),
  transactions: new Map(),
  refunds: new Map(),
  payments: new Map(),
  recorded: new Set(),
  told: new Map(),
  written: emptyWritten(),
})

export const emptyWritten = (): Written => ({
  accounts: new Set(),
  grants: new Set(),
  newGrants: new Set(),
  newReservations: new Set(),
  endedReservations: new Set(),
  changedReservations: new Set(),
  counters: new Set(),
  keyUsage: new Set(),
  idempotency: new Map(),
  transactions: [],
  usageRecords: [],
  details: new Map(),
  rollups: new Map(),
  firings: [],
  events: [],
  audits: [],
})

/** Makes a loaded or new usage that a caller told known to the batch. */
export function remember(
  rows: Rows,
  { organisationId, ...record }: ToldUsage & Pick<UsageRecord, 'organisationId' | 'dedupeKey'>,
): void {
  const { dedupeKey, transactionId, payloadHash } = record
  if (dedupeKey !== null) rows.told.set(toldKey(organisationId, dedupeKey), record)
  if (transactionId === null || payloadHash === null) return
  const name = toldPayload(transactionId, payloadHash)
  if (!rows.told.has(name)) rows.told.set(name, record)
}

/** Makes a loaded or new reservation known to the batch. */
export function enlist(rows: Rows, reservation: Reservation): void {
  rows.reservations.set(reservation.id, reservation)
  if (reservation.kind !== 'api' || reservation.accountId === null || reservation.status !== 'pending') return
  const ids = rows.mortal.get(reservation.accountId)
  if (ids) ids.add(reservation.id)
  else rows.mortal.set(reservation.accountId, new Set([reservation.id]))
}
