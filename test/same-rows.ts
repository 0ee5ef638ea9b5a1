/** Outcomes and rows of different stores, made comparable: what a store names itself (ids, codes) is told by where it first appeared. */
import { sql } from 'kysely'
import type { Store } from '../src/store/store.ts'

/** The same answers in the same order become the same text, whatever things are called. */
export function createRenaming(): (value: unknown) => string {
  const names = new Map<string, string>()
  const nameOf = (word: string) => {
    const known = names.get(word) ?? `#${names.size}`
    names.set(word, known)
    return known
  }
  return (value) => wordsOf(value).replace(NAME, nameOf)
}

/** Every row of every table, each as text without names, sorted: two stores with the same rows have the same list. */
export async function allRows(store: Store): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const table of TABLES) {
    const query = sql<object>`SELECT * FROM ${sql.table(table)}`
    const rows = await store.rows({ compile: () => query.compile(store.sql) })
    found[table] = rows
      .filter(isMoved)
      .map((row) => wordsOf(Object.entries(row).sort()).replace(NAME, '#'))
      .sort()
  }
  return found
}

/** A counter that nothing was added to may be there or not: that follows from what was one batch. */
const isMoved = (row: object): boolean =>
  !('spent' in row && 'reserved' in row && 'fired' in row && 'blocked_at' in row) ||
  row.spent !== 0n ||
  row.reserved !== 0n ||
  row.fired !== '' ||
  row.blocked_at !== null

/** What the ledger's commands write. */
const TABLES = [
  ...['accounts', 'grants', 'transactions', 'reservations', 'ended_reservations', 'usage_records', 'budget_counters'],
  ...['key_usage', 'rollups', 'quarters', 'idempotency', 'alert_firings', 'outbox'],
]

const wordsOf = (value: unknown): string =>
  JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))

/** Numbers of rows have 18 digits, codes 20 characters; amounts and instants of tests are shorter. */
const NAME = /\b(?:\d{16,19}|(?:gen-\d+-|[a-z]+_)?[0-9A-Za-z]{20})\b/g
