/**
 * Proves the ledger: every balance, counter and sum is computed again from entries, reservations and usage records, and
 * each cell that says something else is named. It reads pages by key; what it keeps is a sum for each cached row.
 */
import { tagsOf } from '../core/budget-chain.ts'
import { detailsTexts } from '../core/call-details.ts'
import type {
  Budget,
  CallDetails,
  Counter,
  KeyUsage,
  Quarter,
  Reservation,
  Rollup,
  Transaction,
  UsageRecord,
} from '../core/ledger-rows.ts'
import {
  createProof,
  type Finding,
  type Named,
  type Proof,
  type Spending,
  scopesOfAccount,
  scopesOfRecord,
} from '../core/verify.ts'
import { createDetailsHash } from '../lib/details-hash.ts'
import { settingNamed } from '../store/bootstrap.ts'
import { foldAnew, misfolded } from '../store/folded-proof.ts'
import type { Store } from '../store/store.ts'
import type { Cell, Table } from '../store/tables.ts'
import * as tables from '../store/tables.ts'
import {
  type Correction,
  chargedTwice,
  correct,
  eachPage,
  findAll,
  leases,
  livingBudgetIds,
  mischarged,
} from '../store/whole-tables.ts'

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

/** A finding in the words of the database. */
type CellFinding = Pick<Finding, 'table' | 'stored' | 'computed'> & {
  readonly row: Readonly<Record<string, Cell>>
  readonly column: string
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
  const isOrphan = orphanBy(await leases(store), store)
  await each(tables.reservations, (row) => [...proof.reservation(row), ...(isOrphan(row) ? [ownerless(row)] : [])])
  for await (const page of eachPage(store, tables.transactions)) {
    const recorded = await idsAmong(store, tables.usageRecords, page, 'usageRecordId')
    const spendings = await spendingsOf(store, page)
    for (const row of page)
      add(tables.transactions, proof.transaction(row, recorded.has(row.usageRecordId), spendings.get(row.id)))
  }
  for await (const page of eachPage(store, tables.usageRecords)) {
    const transactions = await idsAmong(store, tables.transactions, page, 'transactionId')
    const names = await namesOf(store, page)
    for (const row of page) add(tables.usageRecords, proof.record(row, transactions.get(row.transactionId), names(row)))
  }
  await each(tables.accounts, proof.account)
  await each(tables.grants, proof.grant)
  await each(tables.keyUsage, proof.keyUsage, KEYS.key_usage)
  await each(tables.rollups, proof.rollup, KEYS.rollups)
  await each(tables.quarters, proof.quarter, KEYS.quarters)
  const rest = proof.rest()
  add<Counter>(tables.counters, rest.counters)
  add<KeyUsage>(tables.keyUsage, rest.keyUsage)
  add<Rollup>(tables.rollups, rest.rollups)
  add<Quarter>(tables.quarters, rest.quarters)
  return [...found, ...(await secondCharges(store)), ...(await wrongCharges(store)), ...(await wrongFolds(store))]
}

const KEYS = {
  key_usage: ['api_key_id'],
  budget_counters: ['budget_id', 'window_start'],
  rollups: tables.ROLLUP_KEY,
  quarters: tables.QUARTER_KEY,
} as const

async function readWindows(store: Ledger, proof: Proof): Promise<void> {
  const living = await livingBudgetIds(store)
  const budgets = new Map<bigint, Budget>()
  for await (const page of eachPage(store, tables.budgets))
    for (const budget of page) if (living.has(budget.id)) budgets.set(budget.id, budget)
  for await (const page of eachPage(store, tables.counters, KEYS.budget_counters))
    for (const counter of page) proof.window(counter, budgets.get(counter.budgetId))
}

/**
 * Where money that moved beside model calls counts: a confirmation in the windows that its reservation held, a debit in
 * those of its instant; a refund in those of what it gives back.
 */
async function spendingsOf(store: Ledger, page: readonly Transaction[]): Promise<Map<bigint, Spending>> {
  const originals = await idsAmong(store, tables.transactions, page, 'reversesId')
  const charges = page.map((row) => ({ row, charge: originals.get(row.reversesId) ?? row }))
  const all = charges.map(({ charge }) => charge)
  const [records, reservations] = await Promise.all([
    idsAmong(store, tables.usageRecords, all, 'usageRecordId'),
    idsAmong(store, { ...tables.reservations, name: 'ended_reservations' }, all, 'reservationId'),
  ])
  const names = await namesOf(store, [...records.values()])
  const placeOf = (charge: Transaction) => {
    const record = records.get(charge.usageRecordId)
    if (record) return { scopes: scopesOfRecord(record, names(record)), at: record.admittedAt, call: record }
    if (charge.type === 'debit') return { scopes: scopesOfAccount(charge), at: charge.occurredAt }
    return { holds: reservations.get(charge.reservationId)?.holds ?? [] }
  }
  return new Map(
    charges.flatMap(({ row, charge }) => {
      // A model call counts by its record.
      if (row.type === 'refund') return [[row.id, { usd: -row.amount, ...placeOf(charge) }] as const]
      const isOwn = row.type === 'debit' || (row.type === 'usage' && row.usageRecordId === null)
      return isOwn ? [[row.id, { usd: row.amount + row.writtenOff, ...placeOf(charge) }] as const] : []
    }),
  )
}

/** For whom calls were, which lies apart from their records; what callers told lies in the record. */
async function namesOf(store: Ledger, records: readonly UsageRecord[]): Promise<(record: UsageRecord) => Named> {
  const keys = records.flatMap(({ organisationId, detailsHash: id }) => (id === null ? [] : [{ organisationId, id }]))
  const rows = await findAll(store, tables.callDetails, keys, 'hash')
  const isWhole = await wholeness(store)
  const byHash = new Map(rows.filter(isWhole).map((row) => [`${row.organisationId} ${row.hash}`, row]))
  return ({ organisationId, detailsHash, metadata, payloadHash, status }) => {
    // What another process settles for one that died lacks them.
    if (detailsHash === null && status === 'interrupted') return undefined
    if (payloadHash !== null || detailsHash === null) return { endUser: null, tags: taggedBy(metadata) }
    const details = byHash.get(`${organisationId} ${detailsHash}`)
    return details && { endUser: details.endUser, tags: taggedBy(details.metadata) }
  }
}

/** Whether a row still says what was hashed: who is forgotten is taken out of it. */
async function wholeness(store: Ledger): Promise<(row: CallDetails) => boolean> {
  const key = await settingNamed(store, 'details_key')
  if (key === undefined) return () => true
  const hash = createDetailsHash(key)
  return (row) => hash(detailsTexts(row.organisationId, row.createdAt, row)) === row.hash
}

const taggedBy = (metadata: string | null): string[] =>
  metadata === null ? [] : tagsOf(JSON.parse(metadata) as Record<string, unknown>)

/** The rows that a page points at, by their numbers. */
async function idsAmong<R extends { id: bigint }, P extends { organisationId: bigint }, F extends keyof P>(
  store: Ledger,
  table: Table<R>,
  page: readonly (P & Record<F, bigint | null>)[],
  field: F,
): Promise<Map<bigint | null, R>> {
  const keys = page.flatMap(({ organisationId, [field]: id }) => (id === null ? [] : [{ organisationId, id }]))
  const rows = await findAll(store, table, keys)
  return new Map(rows.map((row) => [row.id, row]))
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

function inCells<R extends object>(table: Table<R>, { row, field, stored, computed }: Finding<R>): CellFinding {
  const columnOf = (name: string) => table.columns[table.fields.indexOf(name)] ?? name
  const cells = Object.entries(row).map(([name, value]) => [columnOf(name), cellOf(value)] as const)
  return { table: table.name, row: Object.fromEntries(cells), column: columnOf(field), stored, computed }
}

const cellOf = (value: unknown): Cell => (typeof value === 'number' ? BigInt(value) : (value as Cell))

const rowName = (row: CellFinding['row']): string =>
  Object.entries(row)
    .map(([column, cell]) => `${column}=${cell}`)
    .join(' ')

const nameOf = ({ table, row, column, stored, computed }: CellFinding): string =>
  JSON.stringify([table, rowName(row), column, String(stored), String(computed)])

/** Which cells are caches; of these three tables a whole row may be missing. */
const CACHED: Readonly<Record<string, readonly string[]>> = {
  accounts: ['posted_nanos', 'reserved_nanos'],
  grants: ['remaining_nanos', 'reserved_nanos'],
  budget_counters: ['spent', 'reserved', 'overshoot'],
  key_usage: tables.keyUsage.columns.filter((column) => column !== 'api_key_id' && column !== 'organisation_id'),
  rollups: tables.rollups.columns.filter((column) => !(tables.ROLLUP_KEY as readonly string[]).includes(column)),
  quarters: ['records'],
}
const MAY_BE_MISSING: ReadonlySet<string> = new Set(['key_usage', 'rollups', 'quarters'])

/** All cells of a row are corrected at once, since the database checks them together. */
function correctionsOf(findings: readonly CellFinding[]): Correction[] {
  const byRow = new Map<string, Correction & { off: Record<string, bigint> }>()
  for (const { table, row, column, stored, computed } of findings) {
    const cached = CACHED[table]
    if (!cached?.includes(column) || typeof stored !== 'bigint' || typeof computed !== 'bigint') continue
    const name = `${table} ${rowName(row)}`
    const correction = byRow.get(name) ?? {
      table,
      row,
      off: {},
      ...(MAY_BE_MISSING.has(table) ? { zeros: cached } : {}),
    }
    correction.off[column] = computed - stored
    byRow.set(name, correction)
  }
  return [...byRow.values()]
}
