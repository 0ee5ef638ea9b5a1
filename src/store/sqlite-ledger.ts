/** The ledger on SQLite: loads what a batch touches, lets `apply` decide, writes what changed, in one transaction. */
import type BetterSqlite3 from 'better-sqlite3'
import { counterKey } from '../core/budget-rows.ts'
import { apply } from '../core/ledger.ts'
import {
  emptyRows,
  emptyWritten,
  enlist,
  idempotencyKey,
  paymentKey,
  type Rows,
  remember,
  type Written,
} from '../core/ledger-batch.ts'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import { emptyKeyUsage, quartersOf } from '../core/usage-sums.ts'
import type { Ids } from '../lib/id.ts'
import { halving } from './halving.ts'
import { isDiskTrouble } from './sqlite-faults.ts'
import { StoreAway } from './store.ts'
import type { Cell, Table } from './table.ts'
import * as tables from './tables.ts'
import { namedBy, type Touched, touchedBy } from './touched.ts'

type Database = BetterSqlite3.Database

export type SqliteLedger = { post(commands: readonly Command[]): Outcome[] }

export function createSqliteLedger(db: Database, ids: Ids): SqliteLedger {
  const load = createLoader(db)
  const write = createWriter(db)
  const memory = createMemory(db)
  const transaction = (commands: readonly Command[]): Outcome[] => {
    // Reservations alone survive a crash of the process without a flush; a power cut ends the calls they stood for as well.
    db.pragma(`synchronous = ${commands.every(({ type }) => type === 'reserve') ? 'NORMAL' : 'FULL'}`)
    db.exec('BEGIN IMMEDIATE')
    try {
      const known = memory.recall(commands)
      const touched = load(known, commands)
      const outcomes = apply(known.rows, commands, ids)
      write(known.rows, touched)
      const keep = memory.retain(known, commands)
      db.exec('COMMIT')
      keep()
      return outcomes
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      throw isDiskTrouble(error)
        ? new StoreAway(error instanceof Error ? error.message : String(error), { cause: error, unsure: true })
        : error
    }
  }
  return { post: (commands) => halving(transaction, commands) }
}

/** Rows as the last batch left them. `deaths`: when the first reservation of an account dies, if no command ends it. */
type Known = { readonly rows: Rows; readonly deaths: Map<bigint, number> }

/** Beyond so many rows all are forgotten. */
const MOST_KNOWN = 50_000

/**
 * While only generations are reserved and settled, the rows of one batch serve the next: selecting them again was a
 * third of the work. Any other command, a batch that failed, and any change that was not the ledger's own (by this
 * connection or another) makes it forget them all, so that what is remembered is always what the database holds.
 */
function createMemory(db: Database) {
  const version = db.prepare('PRAGMA data_version').pluck(true)
  const changes = db.prepare('SELECT total_changes()').pluck(true)
  let last: { known: Known; version: unknown; changes: unknown } | undefined
  let versionNow: unknown
  return {
    /** Within the transaction: the write lock keeps others from changing anything between this look and the commit. */
    recall(commands: readonly Command[]): Known {
      versionNow = version.get()
      const found = last
      last = undefined
      const holds = found && isPlain(commands) && found.version === versionNow && found.changes === changes.get()
      return holds ? found.known : { rows: emptyRows(), deaths: new Map() }
    },
    /** Before the commit; what it returns is called after it. */
    retain(known: Known, commands: readonly Command[]): () => void {
      const { rows } = known
      if (!isPlain(commands) || rows.mortal.size > 0) return () => {}
      const kept = { known, version: versionNow, changes: changes.get() }
      return () => {
        forgetPassing(rows)
        if (rows.reservations.size + rows.accounts.size + rows.keyUsage.size + rows.counters.size < MOST_KNOWN)
          last = kept
      }
    },
  }
}

const isPlain = (commands: readonly Command[]): boolean =>
  commands.every(({ type }) => type === 'reserve' || type === 'settle')

/** What is of no use to the next batch: rows that are written, and those that only the commands of this one named. */
function forgetPassing(rows: Rows): void {
  for (const id of rows.written.endedReservations) rows.reservations.delete(id)
  for (const passing of [rows.idempotency, rows.transactions, rows.refunds, rows.payments, rows.recorded])
    passing.clear()
  rows.written = emptyWritten()
}

function createLoader(db: Database) {
  const select = <R extends object>(table: Table<R>, where: string, from = table.name) => {
    const statement = db.prepare(`SELECT ${table.columns.join(', ')} FROM ${from} WHERE ${where}`).raw(true)
    return (...cells: Cell[]): R[] => (statement.all(...cells) as Cell[][]).map((row) => table.row(row))
  }
  const account = select(tables.accounts, 'id = ?')
  const livingGrants = select(
    tables.grants,
    'account_id = ? AND (remaining_nanos > 0 OR reserved_nanos > 0) ORDER BY id',
  )
  const grant = select(tables.grants, 'id = ?')
  const payment = select(tables.grants, 'organisation_id = ? AND payment_id = ?')
  const live = select(tables.reservations, 'id = ?')
  const ended = select(tables.reservations, 'id = ?', 'ended_reservations')
  const firstDeath = db
    .prepare("SELECT MIN(dead_at) FROM reservations WHERE account_id = ? AND kind = 'api'")
    .pluck(true)
  const dead = select(tables.reservations, "account_id = ? AND kind = 'api' AND dead_at <= ?")
  const budget = select(tables.budgets, 'id = ? AND deleted_at IS NULL')
  const counter = select(tables.counters, 'budget_id = ? AND window_start = ?')
  const keyUsage = select(tables.keyUsage, 'api_key_id = ?')
  const idempotency = select(tables.idempotency, 'organisation_id = ? AND principal = ? AND operation = ? AND key = ?')
  const transaction = select(tables.transactions, 'id = ?')
  const refunds = select(tables.transactions, 'reverses_id = ? ORDER BY id')
  const toldKey = select(tables.usageRecords, 'organisation_id = ? AND dedupe_key = ?')
  const toldPayload = select(tables.usageRecords, 'transaction_id = ? AND payload_hash = ? ORDER BY id LIMIT 1')
  const recorded = db.prepare('SELECT 1 FROM usage_records WHERE id = ?').pluck(true)

  return ({ rows, deaths }: Known, commands: readonly Command[]): Touched => {
    const named = namedBy(commands)
    for (const id of named.reservations) {
      if (rows.reservations.has(id)) continue
      const [found] = live(id)
      for (const reservation of found ? [found] : ended(id)) enlist(rows, reservation)
    }
    for (const id of named.transactions) {
      for (const found of transaction(id)) rows.transactions.set(id, found)
      rows.refunds.set(id, refunds(id))
    }
    const touched = touchedBy(commands, rows)
    for (const id of touched.accounts) {
      if (!rows.accounts.has(id)) {
        for (const found of account(id)) rows.accounts.set(id, found)
        rows.grants.set(id, livingGrants(id))
        deaths.set(id, Number(firstDeath.get(id) ?? Number.POSITIVE_INFINITY))
      }
      if ((deaths.get(id) ?? 0) <= touched.at)
        for (const found of dead(id, BigInt(touched.at))) if (!rows.reservations.has(found.id)) enlist(rows, found)
    }
    for (const id of touched.grants)
      for (const found of grant(id)) {
        const known = rows.grants.get(found.accountId)
        if (known && !known.some((other) => other.id === id)) known.push(found)
      }
    const holdsOfDead = touched.accounts.flatMap((id) =>
      [...(rows.mortal.get(id) ?? [])].flatMap((dead) => rows.reservations.get(dead)?.holds ?? []),
    )
    for (const { budgetId, windowStart } of [...touched.holds, ...holdsOfDead]) {
      if (!rows.budgets.has(budgetId)) for (const found of budget(budgetId)) rows.budgets.set(budgetId, found)
      const key = counterKey(budgetId, windowStart)
      if (!rows.counters.has(key))
        for (const found of counter(budgetId, BigInt(windowStart))) rows.counters.set(key, found)
    }
    for (const { apiKeyId, organisationId } of touched.apiKeys)
      if (!rows.keyUsage.has(apiKeyId))
        rows.keyUsage.set(apiKeyId, keyUsage(apiKeyId)[0] ?? emptyKeyUsage(apiKeyId, organisationId))
    for (const name of touched.idempotency)
      for (const found of idempotency(name.organisationId, name.principal, name.operation, name.key))
        rows.idempotency.set(idempotencyKey(name), found)
    for (const { organisationId, paymentId } of touched.payments)
      for (const found of payment(organisationId, paymentId))
        rows.payments.set(paymentKey(organisationId, paymentId), found)
    for (const name of touched.told)
      for (const found of 'dedupeKey' in name
        ? toldKey(name.organisationId, name.dedupeKey)
        : toldPayload(name.transactionId, name.payloadHash))
        remember(rows, found)
    for (const id of touched.recorded) if (recorded.get(id) !== undefined) rows.recorded.add(id)
    return touched
  }
}

function createWriter(db: Database) {
  const insert = <R extends object>(table: Table<R>, { into = table.name, conflict = '' } = {}) => {
    const statement = db.prepare(
      `INSERT INTO ${into} (${table.columns.join(', ')}) VALUES (${table.columns.map(() => '?').join(', ')}) ${conflict}`,
    )
    return (row: R) => void statement.run(...table.plain(row))
  }
  const replacing = <R extends object>(table: Table<R>, key: readonly string[]) => {
    const others = table.columns.filter((column) => !key.includes(column))
    return insert(table, {
      conflict: `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    })
  }
  const account = db.prepare(
    'UPDATE accounts SET status = ?, posted_nanos = ?, reserved_nanos = ?, last_at = ?, credit_level = ? WHERE id = ?',
  )
  const grant = db.prepare('UPDATE grants SET remaining_nanos = ?, reserved_nanos = ?, expires_at = ? WHERE id = ?')
  const insertGrant = insert(tables.grants)
  const insertReservation = insert(tables.reservations)
  const insertEnded = replacing({ ...tables.reservations, name: 'ended_reservations' }, ['id'])
  const deleteReservations = db.prepare('DELETE FROM reservations WHERE id IN (SELECT value FROM json_each(?))')
  const deleteProgress = db.prepare(
    'DELETE FROM reservation_progress WHERE reservation_id IN (SELECT value FROM json_each(?))',
  )
  const extendReservation = db.prepare('UPDATE reservations SET expires_at = ?, dead_at = ? WHERE id = ?')
  const counter = replacing(tables.counters, ['budget_id', 'window_start'])
  const keyUsage = replacing(tables.keyUsage, ['api_key_id'])
  const idempotency = replacing(tables.idempotency, ['organisation_id', 'principal', 'operation', 'key'])
  const forget = db.prepare(
    'DELETE FROM idempotency WHERE organisation_id = ? AND principal = ? AND operation = ? AND key = ?',
  )
  const transaction = insert(tables.transactions)
  const usageRecord = insert(tables.usageRecords)
  const details = insert(tables.callDetails, { conflict: 'ON CONFLICT DO NOTHING' })
  const rollup = insert(tables.rollups, { conflict: addingUp(tables.rollups, tables.ROLLUP_KEY) })
  const quarter = insert(tables.quarters, { conflict: addingUp(tables.quarters, tables.QUARTER_KEY) })
  const firing = insert(tables.firings, { conflict: 'ON CONFLICT DO NOTHING' })
  const event = insert(tables.outbox, { conflict: 'ON CONFLICT DO NOTHING' })
  const audit = insert(tables.auditLog)

  const reservations = (rows: Rows, written: Written) => {
    for (const id of written.newReservations) {
      const reservation = rows.reservations.get(id)
      if (reservation && !written.endedReservations.has(id)) insertReservation(reservation)
    }
    const gone = [...written.endedReservations.difference(written.newReservations)]
    if (gone.length > 0) {
      const list = `[${gone.join(',')}]`
      deleteReservations.run(list)
      deleteProgress.run(list)
    }
    for (const id of written.endedReservations) {
      const reservation = rows.reservations.get(id)
      if (reservation?.kind === 'api') insertEnded(reservation)
    }
    for (const id of written.changedReservations) {
      const reservation = rows.reservations.get(id)
      if (reservation?.status === 'pending' && !written.newReservations.has(id))
        extendReservation.run(big(reservation.expiresAt), big(reservation.deadAt), id)
    }
  }

  return (rows: Rows, { accounts }: Touched): void => {
    const { written } = rows
    for (const id of written.accounts) {
      const { status, posted, reserved, lastAt, creditLevel } = must(rows.accounts.get(id))
      account.run(status, posted, reserved, BigInt(lastAt), BigInt(creditLevel), id)
    }
    for (const id of accounts)
      for (const row of rows.grants.get(id) ?? []) {
        if (written.newGrants.has(row.id)) insertGrant(row)
        else if (written.grants.has(row.id)) grant.run(row.remaining, row.reserved, big(row.expiresAt), row.id)
      }
    reservations(rows, written)
    for (const key of written.counters) counter(must(rows.counters.get(key)))
    for (const id of written.keyUsage) keyUsage(must(rows.keyUsage.get(id)))
    for (const [key, row] of written.idempotency)
      if (row) idempotency(row)
      else {
        const [organisationId, ...name] = JSON.parse(key) as [string, string, string, string]
        forget.run(BigInt(organisationId), ...name)
      }
    for (const row of written.transactions) transaction(row)
    for (const row of written.usageRecords) usageRecord(row)
    for (const row of written.details.values()) details(row)
    for (const row of written.rollups.values()) rollup(row)
    for (const row of quartersOf(written.usageRecords)) quarter(row)
    for (const row of written.firings) firing(row)
    for (const row of written.events) event(row)
    for (const row of written.audits) audit(row)
  }
}

function addingUp<R>({ columns }: Table<R>, key: readonly string[]): string {
  const sums = columns.filter((column) => !key.includes(column))
  return `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${sums.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`
}

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value))

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a changed row is not loaded')
  return value
}
