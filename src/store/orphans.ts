/** Generations whose process died before it settled them. */
import type { Reservation } from '../core/ledger-rows.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './table.ts'
import * as tables from './tables.ts'

export type Orphan = {
  readonly reservation: Reservation /** Output tokens that its stream had come to. */
  readonly progress: number
}

type Stranding = {
  /** By the store's clock. */
  readonly since: number
  /**
   * `failed`: the caller was told of an error, and so of no charge. `served`: it was answered. `unsent`: nothing went
   * upstream, because nobody knows whether the reservation was made.
   */
  readonly how: 'failed' | 'served' | 'unsent'
}

/** Generations of this process that nobody else will end, by their numbers. */
export type Stranded = Map<bigint, Stranding>

export type OrphanSearch = {
  readonly limit: number
  /** Before this process admits any call. */
  readonly starting: boolean
  readonly stranded: ReadonlyMap<bigint, Stranding>
  /** Those of other processes, too. */
  readonly others: boolean
}

/**
 * Pending reservations of the gateway that no living node will end. On SQLite this process alone holds the folder, so that
 * all it finds at its start are orphans and none come later; on PostgreSQL a node lives as long as its lease.
 */
export async function findOrphans(
  store: Store,
  { limit, starting, stranded, others }: OrphanSearch,
): Promise<Orphan[]> {
  const alone = store.engine === 'sqlite'
  const ownAlone = alone ? !starting : !others
  if (ownAlone && stranded.size === 0) return []
  const columns = tables.reservations.columns.map((column) => `r.${column}` as const)
  const pending = store.sql
    .selectFrom('reservations as r')
    .leftJoin('reservation_progress as p', (join) =>
      join.onRef('p.reservation_id', '=', 'r.id').onRef('p.organisation_id', '=', 'r.organisation_id'),
    )
    .select(columns as 'r.id'[])
    .select('p.output_tokens')
    .where('r.kind', '=', 'gateway')
    .orderBy('r.id')
    .limit(limit)
  const own = [...stranded.keys()].slice(0, limit)
  const query =
    alone && starting
      ? pending
      : pending.where((of) => {
          const isOwn = own.length > 0 ? of('r.id', 'in', own) : of.lit(false)
          if (ownAlone) return isOwn
          const living = of
            .selectFrom('nodes as n')
            .select('n.id')
            .whereRef('n.id', '=', 'r.owner')
            .where('n.lease_until', '>', BigInt(store.now()))
          return of.or([isOwn, of.and([of('r.owner', '!=', BigInt(store.node)), of.not(of.exists(living))])])
        })
  const rows = await store.rows(query as Query<Record<string, Cell>>)
  return rows.map((row) => ({
    reservation: tables.reservations.row(tables.reservations.columns.map((column) => row[column] ?? null)),
    progress: Number(row.output_tokens ?? 0n),
  }))
}
