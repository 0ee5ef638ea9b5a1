/**
 * What one command sees and changes: copies of the batch's rows, taken on first touch. A refused or failing command's
 * draft is dropped, so that it leaves no trace; a finished one is kept whole.
 */
import { assert } from '../lib/assert.ts'
import { type Bound, type Counter, counterKey, emptyCounter, type Firing, type Link } from './budget-rows.ts'
import { enlist, type Rows, remember } from './ledger-batch.ts'
import type { Account, Grant, OutboxEvent, Reservation, Transaction } from './ledger-rows.ts'
import type { CallDetails, KeyUsage, Rollup, UsageRecord } from './usage-rows.ts'
import { foldRollup } from './usage-sums.ts'

export type Draft = {
  readonly rows: Rows
  account(id: bigint): Account | undefined
  /** Living grants of the account; change them in place. */
  grants(accountId: bigint): Grant[]
  grant(accountId: bigint, grantId: bigint): Grant
  addGrant(grant: Grant): void
  reservation(id: bigint): Reservation | undefined
  addReservation(reservation: Reservation): void
  endReservation(reservation: Reservation): void
  counter(link: Link, organisationId: bigint): Counter
  keyUsage(apiKeyId: bigint): KeyUsage | undefined
  post(transaction: Transaction): void
  record(record: UsageRecord, details: CallDetails | null): void
  rollUp(rollup: Rollup): void
  fire(firing: Firing): void
  /** What of the chain refused: to be told, although nothing else of the command is kept. */
  refusedBy(bounds: readonly Bound[]): void
  readonly refusing: readonly Bound[]
  emit(event: OutboxEvent): void
  keep(): void
}

/** `creditUsd`: the price of a credit that its transactions are written with. */
export function createDraft(rows: Rows, creditUsd: string | undefined): Draft {
  const accounts = new Map<bigint, Account>()
  const grants = new Map<bigint, Grant[]>()
  const newGrants = new Set<bigint>()
  const reservations = new Map<bigint, Reservation>()
  const added: Reservation[] = []
  const ended: Reservation[] = []
  const counters = new Map<string, Counter>()
  const keyUsage = new Map<bigint, KeyUsage>()
  const transactions: Transaction[] = []
  const records: UsageRecord[] = []
  const details: CallDetails[] = []
  const rollups: Rollup[] = []
  const firings: Firing[] = []
  const events: OutboxEvent[] = []
  const refusing: Bound[] = []

  const draft: Draft = {
    rows,
    account: (id) => copyOnce(accounts, rows.accounts, id),
    grants(accountId) {
      let copies = grants.get(accountId)
      if (!copies) {
        copies = (rows.grants.get(accountId) ?? []).map((grant) => ({ ...grant }))
        grants.set(accountId, copies)
      }
      return copies
    },
    grant(accountId, grantId) {
      const found = draft.grants(accountId).find((grant) => grant.id === grantId)
      assert(found, 'a reserved grant is a living grant')
      return found
    },
    addGrant(grant) {
      draft.grants(grant.accountId).push(grant)
      newGrants.add(grant.id)
    },
    reservation: (id) => copyOnce(reservations, rows.reservations, id),
    addReservation(reservation) {
      assert(!rows.reservations.has(reservation.id), 'the number of a reservation is used once')
      reservations.set(reservation.id, reservation)
      added.push(reservation)
    },
    endReservation: (reservation) => void ended.push(reservation),
    counter({ budgetId, windowStart, windowEnd }, organisationId) {
      const key = counterKey(budgetId, windowStart)
      const found = copyOnce(counters, rows.counters, key)
      if (found) return found
      const fresh = emptyCounter({ budgetId, windowStart, windowEnd }, organisationId)
      counters.set(key, fresh)
      return fresh
    },
    keyUsage: (apiKeyId) => copyOnce(keyUsage, rows.keyUsage, apiKeyId),
    post(transaction) {
      let sum = 0n
      for (const entry of transaction.entries) sum += entry.nanos
      assert(sum === 0n, 'the entries of a transaction sum to zero')
      transactions.push(creditUsd === undefined ? transaction : { ...transaction, creditUsd })
    },
    record(record, personal) {
      records.push(record)
      if (personal) details.push(personal)
    },
    rollUp: (rollup) => void rollups.push(rollup),
    refusing,
    refusedBy: (bounds) => void refusing.push(...bounds),
    fire: (firing) => void firings.push(firing),
    emit: (event) => void events.push(event),
    keep() {
      const { written } = rows
      keepChanged(accounts, rows.accounts, written.accounts)
      for (const [accountId, copies] of grants) {
        const before = rows.grants.get(accountId) ?? []
        for (const [index, grant] of copies.entries()) {
          if (newGrants.has(grant.id)) written.newGrants.add(grant.id)
          else if (!written.newGrants.has(grant.id) && differs(grant, before[index])) written.grants.add(grant.id)
        }
        rows.grants.set(accountId, copies)
      }
      for (const reservation of added) {
        enlist(rows, reservation)
        written.newReservations.add(reservation.id)
      }
      for (const reservation of ended) {
        rows.reservations.set(reservation.id, reservation)
        written.endedReservations.add(reservation.id)
      }
      for (const [id, reservation] of reservations) {
        const before = rows.reservations.get(id)
        if (before !== reservation && differs(reservation, before)) {
          rows.reservations.set(id, reservation)
          written.changedReservations.add(id)
        }
      }
      keepChanged(counters, rows.counters, written.counters)
      keepChanged(keyUsage, rows.keyUsage, written.keyUsage)
      for (const transaction of transactions) keepTransaction(rows, transaction)
      for (const record of records) {
        written.usageRecords.push(record)
        rows.recorded.add(record.id)
        remember(rows, record)
      }
      for (const personal of details) written.details.set(`${personal.organisationId}:${personal.hash}`, personal)
      for (const rollup of rollups) foldRollup(written.rollups, rollup)
      written.firings.push(...firings)
      written.events.push(...events)
    },
  }
  return draft
}

function copyOnce<K, V extends object>(copies: Map<K, V>, originals: Map<K, V>, key: K): V | undefined {
  const copy = copies.get(key)
  if (copy) return copy
  const original = originals.get(key)
  if (!original) return undefined
  const fresh = { ...original }
  copies.set(key, fresh)
  return fresh
}

function keepChanged<K, V extends object>(copies: Map<K, V>, originals: Map<K, V>, changed: Set<K>): void {
  for (const [key, copy] of copies) {
    if (!differs(copy, originals.get(key))) continue
    originals.set(key, copy)
    changed.add(key)
  }
}

function differs<V extends object>(a: V, b: V | undefined): boolean {
  if (!b) return true
  for (const key in a) if (a[key] !== b[key]) return true
  return false
}

function keepTransaction(rows: Rows, transaction: Transaction): void {
  rows.written.transactions.push(transaction)
  rows.transactions.set(transaction.id, transaction)
  if (transaction.type !== 'refund' || transaction.reversesId === null) return
  const refunds = rows.refunds.get(transaction.reversesId)
  if (refunds) refunds.push(transaction)
  else rows.refunds.set(transaction.reversesId, [transaction])
}
