/** Generations whose process died before it settled them. */
import type { Reservation } from '../core/ledger-rows.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './tables.ts'
import * as tables from './tables.ts'

export type Orphan = {
  readonly reservation: Reservation /** Output tokens that its stream had come to. */
  readonly progress: number
}

/**
 * At most `limit` pending reservations of the gateway that no living node owns. On SQLite this process alone holds the
 * folder, so that all it finds at its start are orphans and none come later; on PostgreSQL a node lives as long as its lease.
 */
export async function findOrphans(store: Store, limit: number, { starting }: { starting: boolean }): Promise<Orphan[]> {
  if (store.engine === 'sqlite' && !starting) return []
  const columns = tables.reservations.columns.map((column) => `r.${column}` as const)
  const pending = store.sql
    .selectFrom('reservations as r')
    .leftJoin('reservation_progress as p', 'p.reservation_id', 'r.id')
    .select(columns as 'r.id'[])
    .select('p.output_tokens')
    .where('r.kind', '=', 'gateway')
    .orderBy('r.id')
    .limit(limit)
  const query =
    store.engine === 'sqlite'
      ? pending
      : pending.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('nodes as n')
                .select('n.id')
                .whereRef('n.id', '=', 'r.owner')
                .where('n.lease_until', '>', BigInt(store.now())),
            ),
          ),
        )
  const rows = await store.rows(query as Query<Record<string, Cell>>)
  return rows.map((row) => ({
    reservation: tables.reservations.row(tables.reservations.columns.map((column) => row[column] ?? null)),
    progress: Number(row.output_tokens ?? 0n),
  }))
}
