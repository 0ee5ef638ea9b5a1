/** The tables of the ledger as data. Both stores load and write by these lists, so a field is added in one place. */

import type { Budget, Counter, Firing, Hold } from '../core/budget-rows.ts'
import type { CarriedSum } from '../core/carried-sums.ts'
import type {
  Account,
  Allocation,
  AuditRow,
  Entry,
  Grant,
  IdempotencyRow,
  OutboxEvent,
  Reservation,
  SystemAccount,
  Transaction,
} from '../core/ledger-rows.ts'
import type { CallDetails, KeyUsage, Quarter, Rollup, ToldUsage, UsageRecord } from '../core/usage-rows.ts'
import {
  big,
  bigOrNull,
  bool,
  type Form,
  int,
  intOrNull,
  json,
  optional,
  percents,
  table,
  text,
  textIfAny,
  textOrNull,
  words,
} from './table.ts'

const idText = (id: bigint | null): string | null => (id === null ? null : id.toString())

const idOf = (value: string | null): bigint | null => (value === null ? null : BigInt(value))

const allocations = json<readonly Allocation[]>(
  (value) => value.map(({ grantId, nanos }) => [idText(grantId), nanos.toString()]),
  (value: [string | null, string][]) =>
    value.map(([grantId, nanos]) => ({ grantId: idOf(grantId), nanos: BigInt(nanos) })),
)

export const holds = json<readonly Hold[]>(
  (value) =>
    value.map(({ budgetId, windowStart, windowEnd, quantity, quote }) => [
      budgetId.toString(),
      windowStart,
      windowEnd,
      quantity.toString(),
      ...(quote === undefined ? [] : [quote.toString()]),
    ]),
  (value: [string, number, number | null, string, string?][]) =>
    value.map(([budgetId, windowStart, windowEnd, quantity, quote]) => ({
      budgetId: BigInt(budgetId),
      windowStart,
      windowEnd,
      quantity: BigInt(quantity),
      ...(quote === undefined ? {} : { quote: BigInt(quote) }),
    })),
)

/** Entries lie in their transaction's row: they are written and read with it, and a row of their own would double the writes of a settle. */
export const entries = json<readonly Entry[]>(
  (value) => value.map(({ account, grantId, nanos }) => [account.toString(), idText(grantId), nanos.toString()]),
  (value: [string, string | null, string][]) =>
    value.map(([account, grantId, nanos]) => ({
      account: /^[0-9]+$/.test(account) ? BigInt(account) : (account as SystemAccount),
      grantId: idOf(grantId),
      nanos: BigInt(nanos),
    })),
)

export const accounts = table<Account>('accounts', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  externalId: ['external_id', text()],
  status: ['status', text()],
  overage: ['overage', text()],
  reserveMode: ['reserve_mode', optional()],
  overdraft: ['overdraft_nanos', big],
  posted: ['posted_nanos', big],
  reserved: ['reserved_nanos', big],
  lastAt: ['last_at', int],
  lowCredit: ['low_credit_nanos', bigOrNull],
  creditLevel: ['credit_level', int],
})

export const grants = table<Grant>('grants', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  accountId: ['account_id', big],
  category: ['category', text()],
  amount: ['amount_nanos', big],
  remaining: ['remaining_nanos', big],
  reserved: ['reserved_nanos', big],
  priority: ['priority', int],
  effectiveAt: ['effective_at', int],
  expiresAt: ['expires_at', intOrNull],
  paymentId: ['payment_id', textOrNull],
  createdAt: ['created_at', int],
})

export const reservations = table<Reservation>('reservations', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  accountId: ['account_id', bigOrNull],
  apiKeyId: ['api_key_id', bigOrNull],
  kind: ['kind', text()],
  owner: ['owner', intOrNull],
  status: ['status', text()],
  amount: ['amount_nanos', big],
  quote: ['quote_nanos', big],
  admittedAt: ['admitted_at', int],
  expiresAt: ['expires_at', intOrNull],
  deadAt: ['dead_at', intOrNull],
  allocations: ['allocations', allocations],
  holds: ['holds', holds],
  context: ['context', text()],
  fingerprint: ['fingerprint', textOrNull],
  result: ['result', textOrNull],
})

export const transactions = table<Transaction>('transactions', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  type: ['type', text()],
  accountId: ['account_id', big],
  amount: ['amount_nanos', big],
  reversesId: ['reverses_id', bigOrNull],
  reservationId: ['reservation_id', bigOrNull],
  usageRecordId: ['usage_record_id', bigOrNull],
  grantId: ['grant_id', bigOrNull],
  balanceAfter: ['balance_after_nanos', big],
  writtenOff: ['written_off_nanos', big],
  occurredAt: ['occurred_at', int],
  bookedAt: ['booked_at', int],
  actor: ['actor', text()],
  description: ['description', textOrNull],
  metadata: ['metadata', textOrNull],
  entries: ['entries', entries],
  creditUsd: ['credit_usd', textOrNull],
})

export const usageRecords = table<UsageRecord>('usage_records', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  kind: ['kind', text()],
  context: ['context', text()],
  accountId: ['account_id', bigOrNull],
  transactionId: ['transaction_id', bigOrNull],
  apiKeyId: ['api_key_id', bigOrNull],
  model: ['model', text()],
  provider: ['provider', text()],
  status: ['status', text()],
  source: ['source', text()],
  inputTokens: ['input_tokens', int],
  cachedTokens: ['cached_tokens', int],
  cacheWriteTokens: ['cache_write_tokens', int],
  outputTokens: ['output_tokens', int],
  reasoningTokens: ['reasoning_tokens', int],
  counts: ['counts', text()],
  flags: ['flags', words],
  rateCardId: ['rate_card_id', textOrNull],
  costNanos: ['cost_nanos', bigOrNull],
  chargeNanos: ['charge_nanos', bigOrNull],
  costExact: ['cost_exact', textOrNull],
  chargeExact: ['charge_exact', textOrNull],
  cacheSavingNanos: ['cache_saving_nanos', big],
  items: ['items', text()],
  isByok: ['is_byok', bool],
  admittedAt: ['admitted_at', int],
  occurredAt: ['occurred_at', int],
  recordedAt: ['recorded_at', int],
  latencyMs: ['latency_ms', intOrNull],
  firstTokenMs: ['first_token_ms', intOrNull],
  detailsHash: ['details_hash', textOrNull],
  generation: ['generation', text()],
  usageType: ['usage_type', text()],
  description: ['description', textOrNull],
  metadata: ['metadata', textOrNull],
  sequence: ['sequence', intOrNull],
  dedupeKey: ['dedupe_key', textOrNull],
  payloadHash: ['payload_hash', textOrNull],
  limitNanos: ['limit_nanos', bigOrNull],
})

/** What a record was told as, for ever: PostgreSQL keeps it apart from the months of the records. */
export const usageKeys = table<ToldUsage & Pick<UsageRecord, 'organisationId' | 'dedupeKey'>>('usage_keys', {
  organisationId: ['organisation_id', big],
  dedupeKey: ['dedupe_key', textOrNull],
  id: ['usage_record_id', big],
  code: ['code', text()],
  transactionId: ['transaction_id', bigOrNull],
  payloadHash: ['payload_hash', textOrNull],
})

export const carriedSums = table<CarriedSum>('carried_sums', {
  organisationId: ['organisation_id', big],
  kind: ['kind', text()],
  subject: ['subject', text()],
  month: ['month', text()],
  sums: ['sums', text()],
})

export const callDetails = table<CallDetails>('call_details', {
  hash: ['hash', text()],
  organisationId: ['organisation_id', big],
  endUser: ['end_user', textOrNull],
  sessionId: ['session_id', textOrNull],
  userAgent: ['user_agent', textOrNull],
  referer: ['referer', textOrNull],
  title: ['title', textOrNull],
  metadata: ['metadata', textOrNull],
  createdAt: ['created_at', int],
})

export const idempotency = table<IdempotencyRow>('idempotency', {
  organisationId: ['organisation_id', big],
  principal: ['principal', text()],
  operation: ['operation', text()],
  key: ['key', text()],
  fingerprint: ['fingerprint', text()],
  state: ['state', text()],
  outcome: ['outcome', text()],
  createdAt: ['created_at', int],
})

const coming: Form<Budget['coming']> = {
  type: 'text',
  write: (value) => (value === null ? null : JSON.stringify(value)),
  read: (cell) => (cell === null ? null : (JSON.parse(String(cell)) as NonNullable<Budget['coming']>)),
}

export const budgets = table<Budget>('budgets', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  source: ['source', text()],
  name: ['name', text()],
  scope: ['scope', text()],
  scopeId: ['scope_id', text()],
  scopeName: ['scope_name', textOrNull],
  metric: ['metric', text()],
  limit: ['limit_quantity', big],
  window: ['window_kind', text()],
  timeZone: ['time_zone', text()],
  weekStart: ['week_start', int],
  anchorDay: ['anchor_day', int],
  action: ['action', text()],
  version: ['version', int],
  thresholds: ['thresholds', percents],
  reserveMode: ['reserve_mode', optional()],
  templateId: ['template_id', bigOrNull],
  since: ['since', int],
  coming: ['coming', coming],
  createdAt: ['created_at', int],
})

export const counters = table<Counter>('budget_counters', {
  budgetId: ['budget_id', big],
  windowStart: ['window_start', int],
  windowEnd: ['window_end', intOrNull],
  organisationId: ['organisation_id', big],
  spent: ['spent', big],
  reserved: ['reserved', big],
  overshoot: ['overshoot', big],
  version: ['version', int],
  fired: ['fired', text()],
  blockedAt: ['blocked_at', intOrNull],
})

/** How a counter is named where the organisation leads. */
export const COUNTER_KEY = ['organisation_id', 'budget_id', 'window_start'] as const

export const firings = table<Firing>('alert_firings', {
  budgetId: ['budget_id', big],
  windowStart: ['window_start', int],
  threshold: ['threshold', int],
  version: ['budget_version', int],
  organisationId: ['organisation_id', big],
  value: ['value', big],
  at: ['at', int],
  eventId: ['event_id', big],
})

export const keyUsage = table<KeyUsage>('key_usage', {
  apiKeyId: ['api_key_id', big],
  organisationId: ['organisation_id', big],
  total: ['total_nanos', big],
  byokTotal: ['byok_total_nanos', big],
  day: ['day', int],
  dayNanos: ['day_nanos', big],
  byokDayNanos: ['byok_day_nanos', big],
  week: ['week', int],
  weekNanos: ['week_nanos', big],
  byokWeekNanos: ['byok_week_nanos', big],
  month: ['month', int],
  monthNanos: ['month_nanos', big],
  byokMonthNanos: ['byok_month_nanos', big],
  counted: ['total_counted_nanos', big],
  dayCounted: ['day_counted_nanos', big],
  weekCounted: ['week_counted_nanos', big],
  monthCounted: ['month_counted_nanos', big],
})

export const KEY_USAGE_KEY = ['organisation_id', 'api_key_id'] as const

export const outbox = table<OutboxEvent>('outbox', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  type: ['type', text()],
  data: ['data', text()],
  createdAt: ['created_at', int],
  onceKey: ['once_key', textIfAny],
})

export const auditLog = table<AuditRow>('audit_log', {
  id: ['id', big],
  organisationId: ['organisation_id', big],
  code: ['code', text()],
  actor: ['actor', text()],
  action: ['action', text()],
  target: ['target', text()],
  before: ['before', textOrNull],
  after: ['after', textOrNull],
  requestId: ['request_id', textOrNull],
  createdAt: ['created_at', int],
})

export const rollups = table<Rollup>('rollups', {
  organisationId: ['organisation_id', big],
  quarter: ['quarter', int],
  model: ['model', text()],
  provider: ['provider', text()],
  context: ['context', text()],
  status: ['status', text()],
  requests: ['requests', big],
  inputTokens: ['input_tokens', big],
  cachedTokens: ['cached_tokens', big],
  outputTokens: ['output_tokens', big],
  reasoningTokens: ['reasoning_tokens', big],
  costNanos: ['cost_nanos', big],
  chargeNanos: ['charge_nanos', big],
  cacheSavingNanos: ['cache_saving_nanos', big],
  byokCostNanos: ['byok_cost_nanos', big],
  unpriced: ['unpriced', big],
  estimated: ['estimated', big],
  noUsage: ['no_usage', big],
})

export const quarters = table<Quarter>('quarters', {
  organisationId: ['organisation_id', big],
  quarter: ['quarter', int],
  records: ['records', big],
})

export const QUARTER_KEY = ['organisation_id', 'quarter'] as const

export const ROLLUP_KEY = ['organisation_id', 'quarter', 'model', 'provider', 'context', 'status'] as const
