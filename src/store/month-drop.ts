/** The rows of a month that go, and what is kept of them: statements of the transaction in which both happen. */
import type { CarriedSum, Given } from '../core/carried-sums.ts'
import type { Transaction } from '../core/ledger-rows.ts'
import { lockAll } from './month-tables.ts'
import { type ByMonth, idsOfMonth, type Month, partOf } from './months.ts'
import { arraysOf } from './postgres-statements.ts'
import type { Maintenance } from './store.ts'
import type { Cell } from './table.ts'
import { carriedSums, transactions } from './tables.ts'

/** Nobody adds to the month while it is added up; it is read as before. */
export async function holdMonth({ run }: Maintenance, tables: readonly ByMonth[], month: Month): Promise<void> {
  const parts = tables.map((table) => partOf(table, month))
  await lockAll(run, [`LOCK TABLE ${parts.join(', ')} IN SHARE ROW EXCLUSIVE MODE`])
}

/** Quarter hours that have records which no fold has seen. */
export async function unfolded({ run }: Maintenance): Promise<Set<string>> {
  const rows = await run('SELECT organisation_id, quarter FROM quarters WHERE records <> folded')
  return new Set(rows.map((row) => `${row.organisation_id} ${row.quarter}`))
}

/** Whether something of the month may still be settled or confirmed. What is dead waits only for its account to be touched. */
export async function hasPending({ run }: Maintenance, month: Month, at: number): Promise<boolean> {
  const [row] = await run(
    'SELECT 1 AS found FROM reservations WHERE id < $1::bigint AND (dead_at IS NULL OR dead_at > $2::bigint) LIMIT 1',
    [idsOfMonth(month).to, at],
  )
  return row !== undefined
}

/** Of transactions that stay, those that can be proved only by rows which go: refunds of what was charged before, found by an index. */
export const refundedLater = (session: Maintenance, month: Month): Promise<Transaction[]> =>
  reachingBack(session, month, 't.reverses_id < $1::bigint')

/** And confirmations of what was reserved before. */
export const confirmedLater = (session: Maintenance, month: Month): Promise<Transaction[]> =>
  reachingBack(session, month, "t.reservation_id < $1::bigint AND t.type = 'usage' AND t.usage_record_id IS NULL")

async function reachingBack({ run }: Maintenance, month: Month, back: string): Promise<Transaction[]> {
  const columns = transactions.columns.map((column) => `t.${column}`).join(', ')
  const rows = await run(
    `SELECT ${columns} FROM transactions t WHERE ${back} AND t.id >= $1::bigint
     AND NOT EXISTS (SELECT 1 FROM carried_sums c WHERE c.organisation_id = t.organisation_id
       AND c.kind = 'spending' AND c.subject = t.id::text)`,
    [idsOfMonth(month).to],
  )
  return rows.map((row) => transactions.row(transactions.columns.map((column) => (row[column] ?? null) as Cell)))
}

const PAGE = 5_000

export async function keep({ run }: Maintenance, { name }: Month, sums: readonly Given[]): Promise<void> {
  const text = `INSERT INTO carried_sums (${carriedSums.columns.join(', ')})
    SELECT * FROM unnest(${carriedSums.types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})`
  for (let from = 0; from < sums.length; from += PAGE) {
    const rows = sums.slice(from, from + PAGE).map((row): CarriedSum => ({ ...row, month: name }))
    await run(
      text,
      arraysOf(
        rows.map((row) => carriedSums.cells(row)),
        carriedSums.types,
      ),
    )
  }
}

/** What no proof asks for, and what is shown all the same: credit in all, how grants ended, what told usage came to. */
export async function keepFacts({ run }: Maintenance, month: Month): Promise<void> {
  const [gone, records] = [partOf('transactions', month), partOf('usage_records', month)]
  const into = 'INSERT INTO carried_sums (organisation_id, kind, subject, month, sums)'
  await run(
    `${into} SELECT organisation_id, 'credit', type, $1, SUM(amount_nanos)::text
     FROM ${gone} GROUP BY organisation_id, type`,
    [month.name],
  )
  await run(
    `${into} SELECT DISTINCT ON (organisation_id, grant_id) organisation_id, 'grant_end', grant_id::text, $1,
       json_build_object('type', type)::text
     FROM ${gone} WHERE grant_id IS NOT NULL AND type IN ('expiry', 'void') ORDER BY organisation_id, grant_id, id DESC`,
    [month.name],
  )
  // Of a charge that stays some of the usage goes: the two cannot be compared any more.
  await run(
    `${into} SELECT DISTINCT organisation_id, 'told', transaction_id::text, $1, '{}' FROM ${records}
     WHERE payload_hash IS NOT NULL AND transaction_id >= $2::bigint`,
    [month.name, idsOfMonth(month).to],
  )
}

/** What hangs on rows of this month and of those before: who called, normalised counts. */
export async function forgetDetails({ run }: Maintenance, month: Month): Promise<void> {
  await run('DELETE FROM token_counts WHERE usage_record_id < $1::bigint', [idsOfMonth(month).to])
  await run('DELETE FROM call_details WHERE created_at < $1::bigint', [month.end])
}

export async function forgetReservations({ run }: Maintenance, month: Month): Promise<void> {
  await run('DELETE FROM ended_reservations WHERE id < $1::bigint', [idsOfMonth(month).to])
}

export async function dropParts({ run }: Maintenance, tables: readonly ByMonth[], month: Month): Promise<void> {
  for (const table of tables) await run(`DROP TABLE ${partOf(table, month)}`)
}
