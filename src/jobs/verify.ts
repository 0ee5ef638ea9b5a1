/**
 * Proves the ledger: every balance, counter and sum is computed again from entries, reservations and usage records, and
 * each cell that says something else is named. It reads pages by key; what it keeps is a sum for each cached row.
 */
import type { Counter } from '../core/budget-rows.ts'
import type { Reservation } from '../core/ledger-rows.ts'
import type { Finding } from '../core/proof-findings.ts'
import type { KeyUsage, Quarter, Rollup } from '../core/usage-rows.ts'
import { createProof } from '../core/verify.ts'
import { keptFrom } from '../store/carried-sums.ts'
import { ledBy } from '../store/engine.ts'
import { foldAnew, misfolded } from '../store/folded-proof.ts'
import type { Store } from '../store/store.ts'
import type { Table } from '../store/table.ts'
import * as tables from '../store/tables.ts'
import { chargedTwice, correct, eachPage, leases, mischarged } from '../store/whole-tables.ts'
import { type CellFinding, inCells, nameOf, rowName } from './verify-cells.ts'
import { feedRecords, feedTransactions, readWindows, takeCarried } from './verify-feed.ts'
import { correctionsOf } from './verify-repair.ts'

/** The store, or a reader of one of its snapshots. */
export type Ledger = Pick<Store, 'engine' | 'node' | 'sql' | 'now' | 'rows' | 'write'>

export type Difference = {
  readonly table: string
  /** What names the row, as `id=5`. */
  readonly key: string
  readonly column: string
  readonly stored: string
  readonly computed: string
}

/**
 * All differences, none in a sound ledger. With `repair` those in caches are corrected; facts are never changed. Beside a
 * live server rows move between pages, so a difference only counts if a second look finds the same one.
 */
export async function verifyLedger(
  store: Ledger,
  { repair = false }: { repair?: boolean } = {},
): Promise<Difference[]> {
  const found = await look(store)
  if (found.length === 0) return []
  const again = new Set((await look(store)).map(nameOf))
  const findings = found.filter((finding) => again.has(nameOf(finding)))
  if (repair) {
    await correct(store, correctionsOf(findings))
    await foldAnew(
      store,
      findings.flatMap(({ table, row }) => (table === FOLDED ? [row] : [])),
      BigInt((await keptFrom(store)) ?? 0),
    )
  }
  return findings.map(({ table, row, column, stored, computed }) => ({
    table,
    key: rowName(row),
    column,
    stored: String(stored ?? 'none'),
    computed: String(computed ?? 'none'),
  }))
}

async function look(store: Ledger): Promise<CellFinding[]> {
  const proof = createProof()
  const found: CellFinding[] = []
  const add = <R extends object>(table: Table<R>, findings: readonly Finding<R>[]) => {
    for (const finding of findings) found.push(inCells(table, finding))
  }
  const each = async <R extends object>(table: Table<R>, check: (row: R) => Finding<R>[], key?: readonly string[]) => {
    for await (const page of eachPage(store, table, key)) for (const row of page) add(table, check(row))
  }
  await readWindows(store, proof)
  const gone = await takeCarried(store, proof)
  const isOrphan = orphanBy(await leases(store), store)
  await each(tables.reservations, (row) => [...proof.reservation(row), ...(isOrphan(row) ? [ownerless(row)] : [])])
  await feedTransactions(store, proof, { gone }, (findings) => add(tables.transactions, findings))
  await feedRecords(store, proof, { gone }, (findings) => add(tables.usageRecords, findings))
  await each(tables.accounts, proof.account)
  await each(tables.grants, proof.grant)
  await each(tables.keyUsage, proof.keyUsage, ledBy(store.engine, ['api_key_id']))
  await each(tables.rollups, proof.rollup, tables.ROLLUP_KEY)
  await each(tables.quarters, proof.quarter, tables.QUARTER_KEY)
  const rest = proof.rest()
  add<Counter>(tables.counters, rest.counters)
  add<KeyUsage>(tables.keyUsage, rest.keyUsage)
  add<Rollup>(tables.rollups, rest.rollups)
  add<Quarter>(tables.quarters, rest.quarters)
  return [...found, ...(await secondCharges(store)), ...(await wrongCharges(store)), ...(await wrongFolds(store))]
}

async function secondCharges(store: Ledger): Promise<CellFinding[]> {
  const twice = await chargedTwice(store)
  return twice.map(({ reservationId, times }) => ({
    table: 'transactions',
    row: { reservation_id: reservationId },
    column: 'count',
    stored: times,
    computed: 1n,
  }))
}

async function wrongCharges(store: Ledger): Promise<CellFinding[]> {
  return (await mischarged(store)).map(({ transactionId, charged, told }) => ({
    table: 'transactions',
    row: { id: transactionId },
    column: 'amount_nanos',
    stored: charged,
    computed: told,
  }))
}

const FOLDED = 'folded_rollups'

/** Folded sums that do not come to those of the ledger. A repair has them folded anew. */
const wrongFolds = async (store: Ledger): Promise<CellFinding[]> =>
  (await misfolded(store)).map((finding) => ({ table: FOLDED, ...finding }))

/** A node that died this long ago has been seen by the others, who settle what it left. */
const ORPHANED_AFTER_MS = 600_000

/** A reservation of a node that is long dead: nobody is ending it. */
function orphanBy(until: ReadonlyMap<number, number>, store: Ledger) {
  const latest = store.now() - ORPHANED_AFTER_MS
  return ({ owner }: Reservation): boolean => owner !== null && owner !== store.node && (until.get(owner) ?? 0) < latest
}

const ownerless = ({ id, owner }: Reservation): Finding<Reservation> => ({
  table: 'reservations',
  row: { id },
  field: 'owner',
  stored: BigInt(owner ?? 0),
  computed: null,
})
