/**
 * Proves the ledger: every balance, counter and sum is computed again from entries, reservations and usage records, and
 * each cell that says something else is named. It reads pages by key; what it keeps is a sum for each cached row.
 */
import type { Counter, KeyUsage, Rollup, Transaction } from '../core/ledger-rows.ts'
import { createProof, type DatedBudget, type Finding, type Proof } from '../core/verify.ts'
import { budgetBeginnings, type Correction, chargedTwice, correct, eachPage, findAll, leases } from '../store/audit.ts'
import type { Store } from '../store/store.ts'
import * as tables from '../store/tables.ts'
import type { Cell, Table } from '../store/tables.ts'

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
export async function verifyLedger(store: Store, { repair = false }: { repair?: boolean } = {}): Promise<Difference[]> {
  const found = await look(store)
  if (found.length === 0) return []
  const again = new Set((await look(store)).map(nameOf))
  const findings = found.filter((finding) => again.has(nameOf(finding)))
  if (repair) await correct(store, correctionsOf(findings))
  return findings.map(({ table, row, column, stored, computed }) => ({
    table,
    key: rowName(row),
    column,
    stored: String(stored ?? 'none'),
    computed: String(computed ?? 'none'),
  }))
}

/** A finding in the words of the database. */
type CellFinding = Pick<Finding, 'table' | 'stored' | 'computed'> & { readonly row: Readonly<Record<string, Cell>>; readonly column: string }

async function look(store: Store): Promise<CellFinding[]> {
  const proof = createProof()
  const found: CellFinding[] = []
  const add = <R extends object>(table: Table<R>, findings: readonly Finding<R>[]) => {
    for (const finding of findings) found.push(inCells(table, finding))
  }
  await readWindows(store, proof)
  for await (const page of eachPage(store, tables.reservations)) for (const row of page) add(tables.reservations, proof.reservation(row))
  for await (const page of eachPage(store, tables.transactions)) {
    const recorded = await recordsOf(store, page)
    for (const row of page) add(tables.transactions, proof.transaction(row, row.usageRecordId !== null && recorded.has(row.usageRecordId)))
  }
  for await (const page of eachPage(store, tables.usageRecords)) {
    const transactions = await findAll(store, tables.transactions, page.flatMap(({ transactionId }) => transactionId ?? []))
    const byId = new Map(transactions.map((row) => [row.id, row]))
    for (const row of page) add(tables.usageRecords, proof.record(row, row.transactionId === null ? undefined : byId.get(row.transactionId)))
  }
  for await (const page of eachPage(store, tables.accounts)) for (const row of page) add(tables.accounts, proof.account(row))
  for await (const page of eachPage(store, tables.grants)) for (const row of page) add(tables.grants, proof.grant(row))
  for await (const page of eachPage(store, tables.keyUsage, KEYS.key_usage)) for (const row of page) add(tables.keyUsage, proof.keyUsage(row))
  for await (const page of eachPage(store, tables.rollups, KEYS.rollups)) for (const row of page) add(tables.rollups, proof.rollup(row))
  const rest = proof.rest()
  add<Counter>(tables.counters, rest.counters)
  add<KeyUsage>(tables.keyUsage, rest.keyUsage)
  add<Rollup>(tables.rollups, rest.rollups)
  return [...found, ...(await secondCharges(store)), ...(await orphans(store))]
}

const KEYS = { key_usage: ['api_key_id'], budget_counters: ['budget_id', 'window_start'], rollups: tables.ROLLUP_KEY } as const

async function readWindows(store: Store, proof: Proof): Promise<void> {
  const beginnings = await budgetBeginnings(store)
  const budgets = new Map<bigint, DatedBudget>()
  for await (const page of eachPage(store, tables.budgets))
    for (const budget of page) {
      const createdAt = beginnings.get(budget.id)
      if (createdAt !== undefined) budgets.set(budget.id, { ...budget, createdAt })
    }
  for await (const page of eachPage(store, tables.counters, KEYS.budget_counters))
    for (const counter of page) proof.window(counter, budgets.get(counter.budgetId))
}

async function recordsOf(store: Store, page: readonly Transaction[]): Promise<Set<bigint>> {
  const records = await findAll(store, tables.usageRecords, page.flatMap(({ usageRecordId }) => usageRecordId ?? []))
  return new Set(records.map(({ id }) => id))
}

const fact = (table: string, row: CellFinding['row'], column: string, stored: Cell, computed: Cell): CellFinding => ({ table, row, column, stored, computed })

async function secondCharges(store: Store): Promise<CellFinding[]> {
  const twice = await chargedTwice(store)
  return twice.map(({ reservationId, times }) => fact('transactions', { reservation_id: reservationId }, 'count', times, 1n))
}

/** A node that died this long ago has been seen by the others, who settle what it left. */
const ORPHANED_AFTER_MS = 600_000

/** Reservations of nodes that are long dead: nobody is ending them. */
async function orphans(store: Store): Promise<CellFinding[]> {
  const until = await leases(store)
  const dead = (owner: number) => owner !== store.node && (until.get(owner) ?? 0) + ORPHANED_AFTER_MS < store.now()
  const found: CellFinding[] = []
  for await (const page of eachPage(store, tables.reservations))
    for (const { id, owner } of page)
      if (owner !== null && dead(owner)) found.push(fact('reservations', { id }, 'owner', BigInt(owner), null))
  return found
}

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

const nameOf = ({ table, row, column, stored, computed }: CellFinding): string => JSON.stringify([table, rowName(row), column, String(stored), String(computed)])

/** Which cells are caches; of these two tables a whole row may be missing. */
const CACHED: Readonly<Record<string, readonly string[]>> = {
  accounts: ['posted_nanos', 'reserved_nanos'],
  grants: ['remaining_nanos', 'reserved_nanos'],
  budget_counters: ['spent', 'reserved'],
  key_usage: tables.keyUsage.columns.filter((column) => column !== 'api_key_id' && column !== 'organisation_id'),
  rollups: tables.rollups.columns.filter((column) => !(tables.ROLLUP_KEY as readonly string[]).includes(column)),
}
const MAY_BE_MISSING: ReadonlySet<string> = new Set(['key_usage', 'rollups'])

/** All cells of a row are corrected at once, since the database checks them together. */
function correctionsOf(findings: readonly CellFinding[]): Correction[] {
  const byRow = new Map<string, Correction & { off: Record<string, bigint> }>()
  for (const { table, row, column, stored, computed } of findings) {
    const cached = CACHED[table]
    if (!cached?.includes(column) || typeof stored !== 'bigint' || typeof computed !== 'bigint') continue
    const name = `${table} ${rowName(row)}`
    const correction = byRow.get(name) ?? { table, row, off: {}, ...(MAY_BE_MISSING.has(table) ? { zeros: cached } : {}) }
    correction.off[column] = computed - stored
    byRow.set(name, correction)
  }
  return [...byRow.values()]
}
