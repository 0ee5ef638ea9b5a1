/**
 * Writes what a batch came to and commits, in one round trip and one statement a table. The order of the statements and
 * of their rows is the same on every node; the roll-ups, which every node adds to, come last and are held the shortest.
 */
import type { ClientBase } from 'pg'
import { counterKey, type IdempotencyRow, idempotencyKey, type Rows } from '../core/ledger-rows.ts'
import type { Loaded } from './postgres-load.ts'
import { addTo, type Change, insert, prepared, remove, replace, update } from './postgres-statements.ts'
import * as tables from './tables.ts'

export async function writeAndCommit(client: ClientBase, { rows, known, opened }: Loaded): Promise<void> {
  const { written } = rows
  const ended = loaded(written.endedReservations, rows.reservations)
  const sent: Promise<unknown>[] = [
    updateAccounts(client, loaded(written.accounts, rows.accounts)),
    ...writeGrants(client, rows),
    insertReservations(
      client,
      loaded(written.newReservations.difference(written.endedReservations), rows.reservations),
    ),
    deleteReservations(
      client,
      ended.filter(({ id }) => !written.newReservations.has(id)),
    ),
    insertEnded(
      client,
      ended.filter(({ kind }) => kind === 'api'),
    ),
    deleteProgress(
      client,
      ended.filter(({ kind }) => kind === 'gateway').map(({ id }) => id),
    ),
    extendReservations(
      client,
      loaded(written.changedReservations.difference(written.newReservations), rows.reservations).filter(
        ({ status }) => status === 'pending',
      ),
    ),
    replaceCounters(client, loaded(written.counters, rows.counters)),
    updateKeyUsage(client, loaded(written.keyUsage, rows.keyUsage)),
    closeCounters(
      client,
      opened.counters.filter((row) => !written.counters.has(counterKey(row.budgetId, row.windowStart))),
    ),
    closeKeyUsage(
      client,
      opened.keyUsage.filter((row) => !written.keyUsage.has(row.apiKeyId)),
    ),
    ...writeIdempotency(client, written.idempotency, known),
    insertTransactions(client, written.transactions),
    insertUsageRecords(client, written.usageRecords),
    insertDetails(
      client,
      ordered([...written.details.values()], ({ organisationId, hash }) => `${organisationId}|${hash}`),
    ),
    addRollups(
      client,
      ordered([...written.rollups], ([key]) => key).map(([, rollup]) => rollup),
    ),
    client.query('COMMIT'),
  ]
  await Promise.all(sent)
}

const KEY = ['organisation_id', 'id']
const updateAccounts = update(
  tables.accounts,
  KEY,
  ['status', 'posted_nanos', 'reserved_nanos', 'last_at'],
  'update_accounts',
)
const updateGrants = update(tables.grants, KEY, ['remaining_nanos', 'reserved_nanos'], 'update_grants')
const insertGrants = insert(tables.grants, { name: 'insert_grants' })
const insertReservations = insert(tables.reservations, { name: 'insert_live' })
const deleteReservations = remove(tables.reservations, KEY, 'delete_live')
const insertEnded = replace(tables.reservations, KEY, { name: 'insert_ended', into: 'ended_reservations' })
const extendReservations = update(tables.reservations, KEY, ['expires_at', 'dead_at'], 'extend_live')
const replaceCounters = replace(tables.counters, ['budget_id', 'window_start'], { name: 'replace_counters' })
const updateKeyUsage = update(
  tables.keyUsage,
  ['api_key_id'],
  without(tables.keyUsage.columns, ['api_key_id', 'organisation_id']),
  'update_key_usage',
)
const closeCounters = remove(tables.counters, ['budget_id', 'window_start'], 'close_counters')
const closeKeyUsage = remove(tables.keyUsage, ['api_key_id'], 'close_key_usage')
const insertTransactions = insert(tables.transactions, { name: 'insert_transactions' })
const insertUsageRecords = insert(tables.usageRecords, { name: 'insert_usage_records' })
const insertDetails = insert(tables.callDetails, { name: 'insert_details', conflict: 'ON CONFLICT DO NOTHING' })
const addRollups = addTo(tables.rollups, tables.ROLLUP_KEY, { name: 'add_rollups' })

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
  'DELETE FROM reservation_progress WHERE reservation_id = ANY ($1::bigint[])',
)
const deleteProgress: Change<bigint> = async (client, ids) => {
  if (ids.length > 0) await progressOf(client, [`{${ids.join(',')}}`])
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
    if (!row) throw new Error(`a changed row is not loaded: ${key}`)
    return row
  })
}

const ordered = <T>(items: T[], key: (item: T) => bigint | string): T[] => {
  const keyed = items.map((item) => [key(item), item] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item)
}
