/** Accounts and what moves their money, as the state machine sees them: plain objects, money in nano-dollars, instants in milliseconds. */
import type { EventType } from '../contract/events.ts'
import type { Hold, ReserveMode } from './budget-rows.ts'

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
