/** What was used, as it is recorded for good, and the sums of it. */

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
