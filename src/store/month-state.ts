/** Whether the months of the tables are as they should be: asked for at a scrape. */
import { sql } from 'kysely'
import { keptFrom } from './carried-sums.ts'
import { BY_MONTH, idsOfMonth, monthAt, partOf, restOf } from './months.ts'
import type { Store } from './store.ts'

export type MonthState = {
  /** Of the table that has the fewest. */
  readonly ahead: number
  /** Rows that lie in no month of those that are kept, at most {@link MOST}. */
  readonly homeless: number
}

const MOST = 1_000

/** Undefined where no table is cut by month. Given up after so many milliseconds. */
export async function monthState(store: Store, withinMs: number): Promise<MonthState | undefined> {
  if (!store.maintain) return undefined
  const kept = idsOfMonth(monthAt((await keptFrom(store)) ?? 0)).from
  const current = monthAt(store.now())
  const { to } = idsOfMonth(current)
  const parts = BY_MONTH.map((table) => {
    const later = sql.lit(partOf(table, current))
    const rest = sql.lit(restOf(table))
    return sql`SELECT (SELECT COUNT(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = CAST(${sql.lit(table)} AS regclass) AND c.relname > ${later} AND c.relname <> ${rest}) AS ahead,
      (SELECT COUNT(*) FROM (SELECT 1 FROM ${sql.table(restOf(table))} WHERE id >= ${kept} AND id < ${to} LIMIT ${sql.lit(MOST)}) AS r) AS homeless`
  })
  const query = sql<{ ahead: bigint; homeless: bigint }>`${sql.join(parts, sql` UNION ALL `)}`
  const rows = await store.scan({ compile: () => query.compile(store.sql) }, withinMs)
  return {
    ahead: Math.min(...rows.map((row) => Number(row.ahead))),
    homeless: rows.reduce((sum, row) => sum + Number(row.homeless), 0),
  }
}
