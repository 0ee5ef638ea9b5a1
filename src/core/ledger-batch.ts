/** What a batch works on: a `Rows`. Each command works on a `Draft` above it, which is kept whole or thrown away whole. */
import type { Budget, Counter, Firing } from './budget-rows.ts'
import type { Account, AuditRow, Grant, IdempotencyRow, OutboxEvent, Reservation, Transaction } from './ledger-rows.ts'
import type { CallDetails, KeyUsage, Rollup, ToldUsage, UsageRecord } from './usage-rows.ts'

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
