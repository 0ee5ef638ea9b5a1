/**
 * Writes what a batch came to and commits, in one round trip and one statement a table. The order of the statements and
 * of their rows is the same on every node; the roll-ups, which every node adds to, come last and are held the shortest.
 */
import type { ClientBase } from 'pg'
import { counterKey } from '../core/budget-rows.ts'
import { idempotencyKey, type Rows } from '../core/ledger-batch.ts'
import type { IdempotencyRow, Reservation } from '../core/ledger-rows.ts'
import { quartersOf } from '../core/usage-sums.ts'
import { assert } from '../lib/assert.ts'
import type { Loaded } from './postgres-load.ts'
import { addTo, arraysOf, type Change, insert, prepared, remove, replace, update } from './postgres-statements.ts'
import * as tables from './tables.ts'

export async function writeAndCommit(client: ClientBase, { rows, known, opened }: Loaded): Promise<void> {
  const { written } = rows
  await Promise.all([
    updateAccounts(client, loaded(written.accounts, rows.accounts)),
    ...writeGrants(client, rows),
    ...writeReservations(client, rows),
    replaceCounters(client, loaded(written.counters, rows.counters)),
    updateKeyUsage(client, loaded(written.keyUsage, rows.keyUsage)),
    ...closeUnused(client, rows, opened),
    ...writeIdempotency(client, written.idempotency, known),
    insertTransactions(client, written.transactions),
    insertUsageRecords(client, written.usageRecords),
    insertDetails(client, sorted(written.details)),
    insertFirings(client, written.firings),
    insertEvents(
      client,
      ordered(written.events, ({ onceKey }) => onceKey ?? ''),
    ),
    insertAudits(client, written.audits),
    addRollups(client, sorted(written.rollups)),
    addQuarters(client, quartersOf(written.usageRecords)),
    client.query('COMMIT'),
  ])
}

const KEY = ['organisation_id', 'id']
const updateAccounts = update(
  tables.accounts,
  KEY,
  ['status', 'posted_nanos', 'reserved_nanos', 'last_at', 'credit_level'],
  'update_accounts',
)
const updateGrants = update(tables.grants, KEY, ['remaining_nanos', 'reserved_nanos', 'expires_at'], 'update_grants')
const insertGrants = insert(tables.grants, { name: 'insert_grants' })
const insertReservations = insert(tables.reservations, { name: 'insert_live' })
const deleteReservations = remove(tables.reservations, KEY, 'delete_live')
const insertEnded = replace(tables.reservations, KEY, { name: 'insert_ended', into: 'ended_reservations' })
const extendReservations = update(tables.reservations, KEY, ['expires_at', 'dead_at'], 'extend_live')
const replaceCounters = replace(tables.counters, tables.COUNTER_KEY, { name: 'replace_counters' })
const updateKeyUsage = update(
  tables.keyUsage,
  tables.KEY_USAGE_KEY,
  without(tables.keyUsage.columns, tables.KEY_USAGE_KEY),
  'update_key_usage',
)
const closeCounters = remove(tables.counters, tables.COUNTER_KEY, 'close_counters')
const closeKeyUsage = remove(tables.keyUsage, tables.KEY_USAGE_KEY, 'close_key_usage')
const insertTransactions = insert(tables.transactions, { name: 'insert_transactions' })
const insertUsageRecords = insert(tables.usageRecords, { name: 'insert_usage_records' })
const insertDetails = insert(tables.callDetails, { name: 'insert_details', conflict: 'ON CONFLICT DO NOTHING' })
const insertFirings = insert(tables.firings, { name: 'insert_firings', conflict: 'ON CONFLICT DO NOTHING' })
const insertEvents = insert(tables.outbox, { name: 'insert_events', conflict: 'ON CONFLICT DO NOTHING' })
const insertAudits = insert(tables.auditLog, { name: 'insert_audits' })
const addRollups = addTo(tables.rollups, tables.ROLLUP_KEY, { name: 'add_rollups' })
const addQuarters = addTo(tables.quarters, tables.QUARTER_KEY, { name: 'add_quarters' })

function writeGrants(client: ClientBase, { grants, written }: Rows): Promise<void>[] {
  const all = [...grants.values()].flat()
  // Payments are unique over all accounts, so two nodes must meet them in one order.
  const fresh = ordered(
    all.filter(({ id }) => written.newGrants.has(id)),
    ({ paymentId }) => paymentId ?? '',
  )
  return [
    insertGrants(client, fresh),
    updateGrants(
      client,
      all.filter(({ id }) => written.grants.has(id) && !written.newGrants.has(id)),
    ),
  ]
}

const progressOf = prepared(
  'delete_progress',
  `DELETE FROM reservation_progress p USING unnest($1::bigint[], $2::bigint[]) AS k(organisation_id, id)
   WHERE p.organisation_id = k.organisation_id AND p.reservation_id = k.id`,
)
const deleteProgress: Change<Reservation> = async (client, reservations) => {
  const keys = reservations.map(({ organisationId, id }) => [organisationId, id])
  if (keys.length > 0) await progressOf(client, arraysOf(keys, ['bigint', 'bigint']))
}

function writeReservations(client: ClientBase, { reservations, written }: Rows): Promise<void>[] {
  const { newReservations, endedReservations, changedReservations } = written
  const ended = loaded(endedReservations, reservations)
  const changed = loaded(changedReservations.difference(newReservations), reservations)
  const gone = ended.filter(({ id }) => !newReservations.has(id))
  const kept = ended.filter(({ kind }) => kind === 'api')
  const living = changed.filter(({ status }) => status === 'pending')
  return [
    insertReservations(client, loaded(newReservations.difference(endedReservations), reservations)),
    deleteReservations(client, gone),
    deleteProgress(client, gone),
    insertEnded(client, kept),
    extendReservations(client, living),
  ]
}

function closeUnused(client: ClientBase, { written, reservations }: Rows, opened: Loaded['opened']): Promise<void>[] {
  const { counters, keyUsage } = written
  // A call at no cost holds nothing of its counter, and refers to it all the same.
  const named = [...written.newReservations].flatMap((id) => reservations.get(id)?.holds ?? [])
  const used = new Set([...counters, ...named.map(({ budgetId, windowStart }) => counterKey(budgetId, windowStart))])
  const unused = opened.counters.filter((row) => !used.has(counterKey(row.budgetId, row.windowStart)))
  const idle = opened.keyUsage.filter(({ apiKeyId }) => !keyUsage.has(apiKeyId))
  return [closeCounters(client, unused), closeKeyUsage(client, idle)]
}

const NAME = ['organisation_id', 'principal', 'operation', 'key']
const insertIdempotency = insert(tables.idempotency, { name: 'insert_idempotency' })
const replaceIdempotency = replace(tables.idempotency, NAME, { name: 'replace_idempotency' })
const deleteIdempotency = remove(tables.idempotency, NAME, 'delete_idempotency')

function writeIdempotency(
  client: ClientBase,
  changed: ReadonlyMap<string, IdempotencyRow | undefined>,
  known: ReadonlySet<string>,
): Promise<void>[] {
  const rows = ordered([...changed], ([key]) => key)
  const kept = rows.flatMap(([, row]) => row ?? [])
  return [
    deleteIdempotency(
      client,
      rows.flatMap(([key, row]) => (row || !known.has(key) ? [] : namedBy(key))),
    ),
    insertIdempotency(
      client,
      kept.filter((row) => !known.has(idempotencyKey(row))),
    ),
    replaceIdempotency(
      client,
      kept.filter((row) => known.has(idempotencyKey(row))),
    ),
  ]
}

/** A row that is gone is known by its key alone. */
function namedBy(text: string): IdempotencyRow {
  const [organisationId, principal, operation, key] = JSON.parse(text) as [string, string, string, string]
  return {
    organisationId: BigInt(organisationId),
    principal,
    operation,
    key,
    fingerprint: '',
    state: 'done',
    outcome: '',
    createdAt: 0,
  }
}

function without(columns: readonly string[], left: readonly string[]): string[] {
  return columns.filter((column) => !left.includes(column))
}

/** The changed rows by their key, which is the order of the locks. */
function loaded<K extends bigint | string, V>(changed: ReadonlySet<K>, rows: ReadonlyMap<K, V>): V[] {
  return ordered([...changed], (key) => key).map((key) => {
    const row = rows.get(key)
    assert(row, `a changed row is loaded: ${key}`)
    return row
  })
}

const sorted = <V>(rows: ReadonlyMap<string, V>): V[] => ordered([...rows], ([key]) => key).map(([, row]) => row)

const ordered = <T>(items: T[], key: (item: T) => bigint | string): T[] =>
  items
    .map((item) => [key(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item)
