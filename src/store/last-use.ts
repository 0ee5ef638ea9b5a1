/** When keys were last used, written down in batches: of two nodes that saw a key the later sight stays. */
import { sql } from 'kysely'
import type { Store } from './store.ts'

export type Used = { readonly id: bigint; readonly at: number }

/** At most so many rows a statement, so that no batch holds up what waits behind it. */
const ROWS = 500

export async function saveLastUse(
  store: Store,
  table: 'api_keys' | 'management_keys',
  used: readonly Used[],
): Promise<void> {
  // In the order of the rows: two nodes that write the same keys do not wait for each other in a circle.
  const sorted = used.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  for (let from = 0; from < sorted.length; from += ROWS) {
    const rows = sorted.slice(from, from + ROWS)
    const values = sql.join(rows.map(({ id, at }) => sql`(CAST(${id} AS BIGINT), CAST(${BigInt(at)} AS BIGINT))`))
    const later = sql`SELECT used.at FROM used WHERE used.id = ${sql.table(table)}.id AND used.at > COALESCE(last_used_at, 0)`
    const query = sql`WITH used(id, at) AS (VALUES ${values}) UPDATE ${sql.table(table)} SET last_used_at = COALESCE((${later}), last_used_at) WHERE id IN (SELECT used.id FROM used)`
    await store.write([{ compile: () => query.compile(store.sql) }])
  }
}
