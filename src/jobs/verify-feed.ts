/** Reads the ledger page by page into a proof: windows, transactions, records, and what was kept of months that are gone. */
import { tagsOf } from '../core/budget-chain.ts'
import type { Budget } from '../core/budget-rows.ts'
import { detailsTexts } from '../core/call-details.ts'
import { readSpending } from '../core/carried-spending.ts'
import type { Dropped } from '../core/carried-sums.ts'
import type { Transaction } from '../core/ledger-rows.ts'
import type { Finding } from '../core/proof-findings.ts'
import { type Named, type Spending, scopesOfAccount, scopesOfRecord } from '../core/proof-windows.ts'
import type { CallDetails, UsageRecord } from '../core/usage-rows.ts'
import type { Proof } from '../core/verify.ts'
import { createDetailsHash } from '../lib/details-hash.ts'
import { idRange } from '../lib/id.ts'
import { settingNamed } from '../store/bootstrap.ts'
import { eachCarried } from '../store/carried-sums.ts'
import { ledBy } from '../store/engine.ts'
import type { Store } from '../store/store.ts'
import type { Table } from '../store/table.ts'
import * as tables from '../store/tables.ts'
import { eachPage, findAll, livingBudgetIds } from '../store/whole-tables.ts'

/** A store, or a reader of one of its snapshots. */
type Ledger = Pick<Store, 'engine' | 'sql' | 'rows'>

export async function readWindows(store: Ledger, proof: Proof): Promise<void> {
  const living = await livingBudgetIds(store)
  const budgets = new Map<bigint, Budget>()
  for await (const page of eachPage(store, tables.budgets))
    for (const budget of page) if (living.has(budget.id)) budgets.set(budget.id, budget)
  for await (const page of eachPage(store, tables.counters, ledBy(store.engine, ['budget_id', 'window_start'])))
    for (const counter of page) proof.window(counter, budgets.get(counter.budgetId))
}

/** What is gone: rows whose numbers are below, but for those that came later than their month went. */
export type Gone = { readonly before: bigint; readonly spendings: ReadonlyMap<string, Spending> }

/** What is gone, for a proof of rows that are there alone. */
export const goneOf = (store: Ledger): Promise<Gone> => takeCarried(store, undefined)

/** Begins a proof with what was kept of the months that are gone. */
export async function takeCarried(store: Ledger, proof: Proof | undefined): Promise<Gone> {
  const spendings = new Map<string, Spending>()
  const months: (Dropped & { name: string })[] = []
  for await (const page of eachCarried(store))
    for (const row of page) {
      if (row.kind === 'spending') spendings.set(row.subject, readSpending(row))
      else if (row.kind === 'month') months.push({ ...(JSON.parse(row.sums) as Dropped), name: row.month })
      else proof?.take(row)
    }
  for (const { name, ...month } of months) proof?.without(month, name)
  const until = Math.max(0, ...months.map(({ end }) => end))
  return { before: until === 0 ? 0n : idRange(until, until).from, spendings }
}

type Tell<R extends object> = (findings: readonly Finding<R>[]) => void

/** Of the whole table, or of the part that `from` names. */
export async function feedTransactions(
  store: Ledger,
  proof: Proof,
  { gone, from = 'transactions' }: { gone: Gone; from?: string },
  tell: Tell<Transaction>,
): Promise<void> {
  for await (const page of eachPage(store, { ...tables.transactions, name: from })) {
    const recorded = await idsAmong(store, tables.usageRecords, page, 'usageRecordId')
    const spendings = await spendingsOf(store, page)
    const isRecorded = (id: bigint | null) => recorded.has(id) || isGone(gone, id)
    for (const row of page) {
      const spending = gone.spendings.get(String(row.id)) ?? spendings.get(row.id)
      tell(proof.transaction(row, isRecorded(row.usageRecordId), spending))
    }
  }
}

export async function feedRecords(
  store: Ledger,
  proof: Proof,
  { gone, from = 'usage_records' }: { gone: Gone; from?: string },
  tell: Tell<UsageRecord>,
): Promise<void> {
  for await (const page of eachPage(store, { ...tables.usageRecords, name: from })) {
    const transactions = await idsAmong(store, tables.transactions, page, 'transactionId')
    const names = await namesOf(store, page)
    for (const row of page) {
      const { transactionId } = row
      const transaction = transactions.get(transactionId) ?? (isGone(gone, transactionId) ? 'gone' : undefined)
      tell(proof.record(row, transaction, names(row)))
    }
  }
}

const isGone = ({ before }: Gone, id: bigint | null): boolean => id !== null && id < before

/**
 * Where money that moved beside model calls counts: a confirmation in the windows that its reservation held, a debit in
 * those of its instant; a refund in those of what it gives back.
 */
export async function spendingsOf(store: Ledger, page: readonly Transaction[]): Promise<Map<bigint, Spending>> {
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
