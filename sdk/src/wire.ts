/**
 * Shapes of the credits API that the server's document does not describe yet: reservations, usage records, plans, grants.
 * Where it describes an operation, that description wins (see `calls.ts`). Amounts are credits.
 */
import type { Account, Transaction } from './schema.gen.ts'

/** Whose: either name will do; where both are given they must agree. An API key that names nobody means its own account. */
type Who = { accountId?: string | undefined; externalId?: string | undefined }

/** A JSON number with at most 9 decimals, or decimal text. */
type Amount = number | string

export type Pagination = {
  limit: number
  offset: number
  totalCount: number
  hasMore: boolean
  nextCursor: string | null
}

/** `limit` is 1 to 500, 50 by default; a `cursor` takes the place of `offset`. */
type PageQuery = { limit?: number | undefined; offset?: number | undefined; cursor?: string | undefined }

type Decimal = Record<string, string>
type Metadata = Record<string, unknown>

/** Credits: posted, set aside, and the difference. */
type BalanceFigures = { balance: number; reserved: number; available: number; decimal?: Decimal | undefined }

type Reservation = {
  id: string
  accountId: string
  externalId: string
  /** Set aside, in credits. */
  amount: number
  status: 'pending' | 'confirmed' | 'cancelled' | 'expired'
  createdAt: string
  expiresAt: string
  transactionId: string | null
  metadata?: Metadata | null | undefined
  decimal?: Decimal | undefined
}

type UsageType = 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'

/** How much of a model was used. Counts are whole numbers. */
type UsageCounts = {
  usageType: UsageType
  modelId: string
  inputTokens?: number | undefined
  outputTokens?: number | undefined
  /** Part of `inputTokens`. */
  cachedTokens?: number | undefined
  /** Part of `inputTokens`. */
  cacheWriteTokens?: number | undefined
  /** Part of `outputTokens`. */
  reasoningTokens?: number | undefined
  /** Seconds, with at most 6 decimals. */
  audioDurationSeconds?: number | undefined
  characters?: number | undefined
  images?: number | undefined
  /** Tells records apart that are equal otherwise. */
  sequence?: number | undefined
  /** At most 5 minutes ahead and 35 days back. */
  occurredAt?: string | undefined
  description?: string | undefined
  metadata?: Metadata | undefined
}

/** `customer` needs `transactionId` and the account; `system` takes neither. */
type UsageRequest = UsageCounts & Who & { context: 'customer' | 'system'; transactionId?: string | undefined }

type UsageRecord = {
  id: string
  context: 'customer' | 'system'
  accountId?: string | null | undefined
  externalId?: string | null | undefined
  transactionId?: string | null | undefined
  modelId: string
  usageType: UsageType
  inputTokens?: number | null | undefined
  outputTokens?: number | null | undefined
  cachedTokens?: number | null | undefined
  audioDurationSeconds?: number | null | undefined
  /** USD at the model's own prices; null: the model has no price. */
  estimatedCostUsd: number | null
  /** USD; where the record has a charge of its own. */
  chargeUsd?: number | null | undefined
  usageSource: string
  description?: string | null | undefined
  occurredAt: string
  createdAt: string
  decimal?: Decimal | undefined
}

type UsageFilters = Who & {
  modelId?: string | undefined
  context?: 'customer' | 'system' | undefined
  usageType?: UsageType | undefined
  /** A date is a whole day in the organisation's time zone, inclusive; a time is an instant. */
  startDate?: string | undefined
  endDate?: string | undefined
}

type UsageFigures = { costUsd: number; count: number }

type UsageSummary = {
  totalCostUsd: number
  totalInputTokens: number
  totalOutputTokens: number
  byContext: Record<'customer' | 'system', UsageFigures>
  byModel: Record<string, UsageFigures>
  decimal?: Decimal | undefined
}

/** One of `actualAmount` and `usage` at least. */
type ConfirmRequest = {
  /** Credits to charge. Without it the usage is charged. */
  actualAmount?: Amount | undefined
  /** Recorded in the same step. */
  usage?: ConfirmedUsage[] | undefined
  /** When more is charged than was reserved. Default: what the account says. */
  onOverage?: 'charge' | 'cap' | 'reject' | undefined
  /** `charge` debits an expired reservation directly, once. */
  ifExpired?: 'charge' | undefined
}
type ConfirmedUsage = UsageCounts & Who & { context?: 'customer' | 'system' | undefined }

type Confirmation = {
  success: true
  reservationId: string
  transactionId: string
  accountId: string
  externalId: string
  status: 'confirmed'
  reserved: number
  charged: number
  released: number
  overage: number
  writtenOff: number
  /** Confirmed within the grace after its end. */
  late: boolean
  balance: BalanceFigures
  usageRecords: UsageRecord[]
  decimal?: Decimal | undefined
}

type Grant = {
  id: string
  accountId: string
  externalId: string
  category: 'paid' | 'promotional' | 'adjustment'
  amount: number
  /** What is reserved included. */
  remaining: number
  reserved: number
  priority: number
  effectiveAt: string
  expiresAt: string | null
  status: 'active' | 'spent' | 'expired' | 'void'
  createdAt: string
  decimal?: Decimal | undefined
}

type Plan = {
  id: string
  name: string
  /** Granted each time. */
  credits: number
  interval: string
  occurrences: number | null
  accumulate: boolean
  isActive: boolean
  decimal?: Decimal | undefined
}

type AccountPatch = {
  name?: string | undefined
  email?: string | null | undefined
  metadata?: Metadata | null | undefined
  status?: Account['status'] | undefined
  overage?: 'charge' | 'cap' | 'reject' | undefined
  /** Credits the balance may go below 0 by. */
  overdraft?: Amount | undefined
  reserveMode?: string | undefined
}

/** As {@link Operations} of the schema, for what is not in it. */
export type WireOperations = {
  updateAccount: { body: AccountPatch; result: Account }
  listGrants: { query: Who & PageQuery; result: { success: true; grants: Grant[]; pagination: Pagination } }
  voidGrant: { result: { success: true } & Record<string, unknown> }
  createReservation: {
    body: Who & {
      amount: Amount
      ttlSeconds?: number | undefined
      operation?: string | undefined
      model?: string | undefined
      metadata?: Metadata | undefined
    }
    result: { success: true; reservation: Reservation; balance: BalanceFigures }
  }
  listReservations: {
    query: Who & PageQuery & { activeOnly?: boolean | undefined; status?: Reservation['status'] | undefined }
    result: { success: true; reservations: Reservation[]; pagination: Pagination }
  }
  getReservation: { result: { success: true; reservation: Reservation } }
  confirmReservation: { body: ConfirmRequest; result: Confirmation }
  cancelReservation: {
    result: { success: true; reservationId: string; status: 'cancelled'; released: number; balance: BalanceFigures }
  }
  extendReservation: {
    body: { ttlSeconds: number }
    result: { success: true; reservationId: string; expiresAt: string }
  }
  createTransaction: {
    body: Who & { amount: Amount; type: 'credit' | 'debit'; description: string; metadata?: Metadata | undefined }
    result: { success: true; transaction: Transaction }
  }
  refundTransaction: {
    body: { amount?: Amount | undefined; reason: string }
    result: { success: true; transaction: Transaction }
  }
  recordUsage: { body: UsageRequest; result: { success: true; usageRecord: UsageRecord; duplicate: boolean } }
  listUsage: {
    query: UsageFilters & PageQuery
    result: { success: true; usageRecords: UsageRecord[]; pagination: Pagination }
  }
  summariseUsage: { query: UsageFilters; result: { success: true; summary: UsageSummary } }
  createPlan: {
    body: {
      name: string
      amount: Amount
      interval: string
      occurrences?: number | null | undefined
      accumulate?: boolean | undefined
      markAsActive?: boolean | undefined
    }
    result: { success: true; plan: Plan }
  }
  listPlans: { query: PageQuery; result: { success: true; plans: Plan[]; pagination: Pagination } }
  archivePlan: { result: { success: true } & Record<string, unknown> }
  assignPlan: {
    body: Who & { planId: string; startMode?: 'now' | 'next_interval' | undefined }
    result: { success: true; accountId: string; planId: string; startsAt: string }
  }
}

export const wireEndpoints = {
  updateAccount: { method: 'PATCH', path: '/v1/accounts/{id}' },
  listGrants: { method: 'GET', path: '/v1/grants' },
  voidGrant: { method: 'POST', path: '/v1/grants/{id}/void', once: true },
  createReservation: { method: 'POST', path: '/v1/reservations', once: true },
  listReservations: { method: 'GET', path: '/v1/reservations' },
  getReservation: { method: 'GET', path: '/v1/reservations/{id}' },
  confirmReservation: { method: 'POST', path: '/v1/reservations/{id}/confirm', once: true },
  cancelReservation: { method: 'POST', path: '/v1/reservations/{id}/cancel', once: true },
  extendReservation: { method: 'POST', path: '/v1/reservations/{id}/extend', once: true },
  createTransaction: { method: 'POST', path: '/v1/transactions', once: true },
  refundTransaction: { method: 'POST', path: '/v1/transactions/{id}/refund', once: true },
  recordUsage: { method: 'POST', path: '/v1/usage', once: true },
  listUsage: { method: 'GET', path: '/v1/usage' },
  summariseUsage: { method: 'GET', path: '/v1/usage/summary' },
  createPlan: { method: 'POST', path: '/v1/plans', once: true },
  listPlans: { method: 'GET', path: '/v1/plans' },
  archivePlan: { method: 'POST', path: '/v1/plans/{id}/archive', once: true },
  assignPlan: { method: 'POST', path: '/v1/accounts/{id}/plan', alias: '/v1/accounts/plans/assign', once: true },
} as const
