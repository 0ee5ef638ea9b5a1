/**
 * Locks and loads what a batch touches. Locks are taken in one order on every node: missing counters and key sums are
 * inserted, then accounts (which guard their grants and reservations), reservations without an account, counters, key
 * sums. Each is sorted by its number, whichever organisation it belongs to: no number is in two of them, and the release
 * before locks in that order, too. What a lock guards is read by a later statement, so it is what the last holder
 * committed.
 */
import type { ClientBase } from 'pg'
import { type Counter, counterKey, emptyCounter } from '../core/budget-rows.ts'
import { emptyRows, enlist, idempotencyKey, paymentKey, type Rows, remember } from '../core/ledger-batch.ts'
import type { Command } from '../core/ledger-commands.ts'
import type { Reservation } from '../core/ledger-rows.ts'
import type { KeyUsage } from '../core/usage-rows.ts'
import { emptyKeyUsage } from '../core/usage-sums.ts'
import { idSpan } from '../lib/id.ts'
import { arraysOf, insertMissing, prepared, selectBy } from './postgres-statements.ts'
import type { Cell } from './table.ts'
import * as tables from './tables.ts'
import { type Named, namedBy, type Touched, touchedBy } from './touched.ts'

export type Loaded = {
  readonly rows: Rows
  /** The idempotency keys that the database has: another one that turns up meanwhile is a conflict. */
  readonly known: ReadonlySet<string>
  /** Sums that were not there before; those that nothing was added to are not to stay. */
  readonly opened: { readonly counters: readonly Counter[]; readonly keyUsage: readonly KeyUsage[] }
}

/**
 * Begins a transaction and fills the rows: one round trip, or two where commands name reservations or transactions
 * whose account must be known first. A settle tells its account and holds itself. Undefined: a reservation holds more
 * than its settle told, or one that is dead by now holds something; then the batch is to be loaded `carefully`, which
 * looks at all of them first.
 */
export async function lockAndLoad(
  client: ClientBase,
  commands: readonly Command[],
  carefully: boolean,
): Promise<Loaded | undefined> {
  const organisations = [...Map.groupBy(commands, ({ organisationId }) => organisationId)]
  const seen = emptyRows()
  const asked = organisations.map(
    ([id, own]) => [id, namedBy(carefully ? own : own.filter(({ type }) => type !== 'settle'))] as const,
  )
  const begun = Promise.all([
    client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE'),
    look(client, asked, seen),
  ])
  if (asked.some(([, { reservations, transactions }]) => reservations.length + transactions.length > 0)) await begun
  if (carefully) {
    await begun
    await loadDead(
      client,
      organisations.map(([id, own]) => [id, touchedBy(own, seen)] as const),
      seen,
    )
  }
  const named = organisations.map(([id, own]) => [id, namedBy(own)] as const)
  const touched = organisations.map(([id, own]) => [id, touchedBy(own, seen)] as const)
  const rows = { ...emptyRows(), transactions: seen.transactions }
  const [, opened] = await Promise.all([
    begun,
    openSums(client, touched),
    lockCredits(client, commands, touched, rows),
    loadReservations(client, idsOf(named, 'reservations'), rows),
    loadCredits(client, touched, rows),
    loadNames(client, named, touched, rows),
    loadTold(client, touched, rows),
    lockSums(client, touched, rows),
  ])
  return isWhole(rows, touched) ? { rows, known: new Set(rows.idempotency.keys()), opened } : undefined
}

type Owned<T> = readonly (readonly [organisationId: bigint, wanted: T])[]

/** Keys of rows: ids with their organisation. */
const idsOf = <F extends string>(owned: Owned<{ readonly [K in F]: readonly bigint[] }>, field: F): Cell[][] =>
  owned.flatMap(([organisationId, wanted]) => wanted[field].map((id) => [organisationId, id]))

const KEY = ['organisation_id', 'id']
const liveReservations = selectBy(tables.reservations, KEY, { name: 'live' })
const endedReservations = selectBy(tables.reservations, KEY, { name: 'ended', from: 'ended_reservations' })
const transactions = selectBy(tables.transactions, KEY, { name: 'transactions' })

/** Neither the account of a reservation nor a transaction ever changes, so they may be read before a lock. */
async function look(client: ClientBase, named: Owned<Named>, seen: Rows): Promise<void> {
  const [found] = await Promise.all([
    transactions(client, idsOf(named, 'transactions')),
    loadReservations(client, idsOf(named, 'reservations'), seen),
  ])
  for (const transaction of found) seen.transactions.set(transaction.id, transaction)
}

async function loadReservations(client: ClientBase, keys: Cell[][], rows: Rows): Promise<void> {
  const found = await Promise.all([liveReservations(client, keys), endedReservations(client, keys)])
  for (const reservation of found.flat()) if (!rows.reservations.has(reservation.id)) enlist(rows, reservation)
}

const openCounters = insertMissing(tables.counters, 'open_counters')
const openKeyUsage = insertMissing(tables.keyUsage, 'open_key_usage')

/** A missing row is not a lock. */
async function openSums(client: ClientBase, touched: Owned<Touched>): Promise<Loaded['opened']> {
  const counters: Counter[] = touched.flatMap(([organisationId, { holds }]) =>
    holds.map((link) => emptyCounter(link, organisationId)),
  )
  const keys = touched.flatMap(([, { apiKeys }]) => apiKeys)
  const ascending = (a: bigint, b: bigint) => (a < b ? -1 : 1)
  const [opened, keyUsage] = await Promise.all([
    openCounters(
      client,
      counters.sort((a, b) =>
        a.budgetId === b.budgetId ? a.windowStart - b.windowStart : ascending(a.budgetId, b.budgetId),
      ),
    ),
    openKeyUsage(
      client,
      keys
        .sort((a, b) => ascending(a.apiKeyId, b.apiKeyId))
        .map((key) => emptyKeyUsage(key.apiKeyId, key.organisationId)),
    ),
  ])
  return { counters: opened, keyUsage }
}

const lockAccounts = selectBy(tables.accounts, KEY, { name: 'lock_accounts', order: 't.id', lock: true })
const lockReservations = selectBy(tables.reservations, KEY, {
  name: 'lock_live',
  where: 't.account_id IS NULL',
  order: 't.id',
  lock: true,
})

const ACCOUNT = ['organisation_id', 'account_id']
const livingGrants = selectBy(tables.grants, ACCOUNT, {
  name: 'grants',
  where: '(t.remaining_nanos > 0 OR t.reserved_nanos > 0)',
  order: 't.id',
})
const grantsById = selectBy(tables.grants, KEY, { name: 'grants_by_id', order: 't.id' })
const deadReservations = selectBy(tables.reservations, ACCOUNT, {
  name: 'dead',
  where: "t.kind = 'api' AND t.dead_at <= $3::bigint",
})

async function lockCredits(
  client: ClientBase,
  commands: readonly Command[],
  touched: Owned<Touched>,
  rows: Rows,
): Promise<void> {
  const unowned = commands.flatMap((command) =>
    command.type === 'settle' && command.record.accountId === null ? [[command.organisationId, command.record.id]] : [],
  )
  const [found] = await Promise.all([
    lockAccounts(client, idsOf(touched, 'accounts')),
    lockReservations(client, unowned),
  ])
  for (const account of found) rows.accounts.set(account.id, account)
}

/** What the accounts' locks guard. */
async function loadCredits(client: ClientBase, touched: Owned<Touched>, rows: Rows): Promise<void> {
  const accounts = idsOf(touched, 'accounts')
  for (const [, id] of accounts) rows.grants.set(id as bigint, [])
  const [living, named] = await Promise.all([
    livingGrants(client, accounts),
    grantsById(client, idsOf(touched, 'grants')),
    loadDead(client, touched, rows),
  ])
  for (const grant of living) rows.grants.get(grant.accountId)?.push(grant)
  for (const grant of named) {
    const known = rows.grants.get(grant.accountId)
    if (known && !known.some(({ id }) => id === grant.id)) known.push(grant)
  }
}

/** Those that the commands end before they do anything else. */
async function loadDead(client: ClientBase, touched: Owned<Touched>, rows: Rows): Promise<void> {
  const at = Math.max(...touched.map(([, wanted]) => wanted.at))
  const dead = await deadReservations(client, idsOf(touched, 'accounts'), BigInt(at))
  for (const reservation of dead) if (!rows.reservations.has(reservation.id)) enlist(rows, reservation)
}

const idempotency = selectBy(tables.idempotency, ['organisation_id', 'principal', 'operation', 'key'], {
  name: 'idempotency',
})
const payments = selectBy(tables.grants, ['organisation_id', 'payment_id'], { name: 'payments' })
/** What names a row is younger than it, but for clocks that are set: the months before are not looked into. */
const before = (id: string) => `t.id > k.${id} - ${idSpan(86_400_000)}`
const refunds = selectBy(tables.transactions, ['organisation_id', 'reverses_id'], {
  name: 'refunds',
  where: before('reverses_id'),
  order: 't.id',
})
const recorded = prepared(
  'recorded',
  // What was settled so long ago that its month is gone was settled.
  `SELECT k.id FROM unnest($1::bigint[], $2::bigint[]) AS k(organisation_id, id)
   WHERE EXISTS (SELECT 1 FROM usage_records t WHERE t.organisation_id = k.organisation_id AND t.id = k.id)
   OR k.id < (SELECT sums::json ->> 'before' FROM carried_sums WHERE organisation_id = 0 AND kind = 'month'
     ORDER BY month DESC LIMIT 1)::bigint`,
)

/** A key outlives the month of its record. */
const toldByKey = selectBy(tables.usageKeys, ['organisation_id', 'dedupe_key'], { name: 'told_by_key' })
const toldByPayload = selectBy(tables.usageRecords, ['organisation_id', 'transaction_id', 'payload_hash'], {
  name: 'told_by_payload',
  where: before('transaction_id'),
  order: 't.id',
})

async function loadTold(client: ClientBase, touched: Owned<Touched>, rows: Rows): Promise<void> {
  const names = touched.flatMap(([, { told }]) => told)
  const keys = names.flatMap((name) => ('dedupeKey' in name ? [[name.organisationId, name.dedupeKey]] : []))
  const payloads = names.flatMap((name) =>
    'payloadHash' in name ? [[name.organisationId, name.transactionId, name.payloadHash]] : [],
  )
  const found = await Promise.all([toldByKey(client, keys), toldByPayload(client, payloads)])
  for (const record of found.flat()) remember(rows, record)
}

/** What was done before under the same name: idempotency key, payment, generation, refunded transaction. */
async function loadNames(client: ClientBase, named: Owned<Named>, touched: Owned<Touched>, rows: Rows): Promise<void> {
  for (const [, { transactions }] of named) for (const id of transactions) rows.refunds.set(id, [])
  const generations = idsOf(touched, 'recorded')
  const [keys, paid, reversing, records] = await Promise.all([
    idempotency(
      client,
      touched.flatMap(([, wanted]) =>
        wanted.idempotency.map((name) => [name.organisationId, name.principal, name.operation, name.key]),
      ),
    ),
    payments(
      client,
      touched.flatMap(([, wanted]) =>
        wanted.payments.map(({ organisationId, paymentId }) => [organisationId, paymentId]),
      ),
    ),
    refunds(client, idsOf(named, 'transactions')),
    generations.length === 0 ? [] : recorded(client, arraysOf(generations, ['bigint', 'bigint'])),
  ])
  for (const row of keys) rows.idempotency.set(idempotencyKey(row), row)
  for (const grant of paid)
    if (grant.paymentId !== null) rows.payments.set(paymentKey(grant.organisationId, grant.paymentId), grant)
  for (const transaction of reversing)
    if (transaction.reversesId !== null) rows.refunds.get(transaction.reversesId)?.push(transaction)
  for (const [id] of records) rows.recorded.add(id as bigint)
}

const budgets = selectBy(tables.budgets, KEY, { name: 'budgets', where: 't.deleted_at IS NULL' })
const lockCounters = selectBy(tables.counters, tables.COUNTER_KEY, {
  name: 'lock_counters',
  order: 't.budget_id, t.window_start',
  lock: true,
})
const lockKeyUsage = selectBy(tables.keyUsage, tables.KEY_USAGE_KEY, {
  name: 'lock_key_usage',
  order: 't.api_key_id',
  lock: true,
})

async function lockSums(client: ClientBase, touched: Owned<Touched>, rows: Rows): Promise<void> {
  const [limits, counters, usage] = await Promise.all([
    budgets(
      client,
      touched.flatMap(([organisationId, wanted]) =>
        [...new Set(wanted.holds.map(({ budgetId }) => budgetId))].map((id) => [organisationId, id]),
      ),
    ),
    lockCounters(
      client,
      touched.flatMap(([organisationId, { holds }]) =>
        holds.map(({ budgetId, windowStart }) => [organisationId, budgetId, BigInt(windowStart)]),
      ),
    ),
    lockKeyUsage(
      client,
      touched.flatMap(([, { apiKeys }]) => apiKeys.map(({ apiKeyId, organisationId }) => [organisationId, apiKeyId])),
    ),
  ])
  for (const budget of limits) rows.budgets.set(budget.id, budget)
  for (const counter of counters) rows.counters.set(counterKey(counter.budgetId, counter.windowStart), counter)
  for (const row of usage) rows.keyUsage.set(row.apiKeyId, row)
}

/** Every counter that a loaded reservation holds something of is locked. */
function isWhole(rows: Rows, touched: Owned<Touched>): boolean {
  const asked = new Set(
    touched.flatMap(([, { holds }]) => holds.map(({ budgetId, windowStart }) => counterKey(budgetId, windowStart))),
  )
  const isAsked = ({ status, holds }: Reservation) =>
    status !== 'pending' || holds.every(({ budgetId, windowStart }) => asked.has(counterKey(budgetId, windowStart)))
  return rows.reservations.values().every(isAsked)
}
