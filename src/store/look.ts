/**
 * A look into the database that changes nothing of it: no migration, no node number, no lock, and on SQLite a file that
 * is opened for reading alone. For whoever wants to know how things are, whether a server runs or not.
 */
import BetterSqlite3 from 'better-sqlite3'
import { sql } from 'kysely'
import { createPool, defaultLimits, type PostgresLimits, serverOf } from './postgres-connection.ts'
import { unusable } from './postgres-faults.ts'
import { NOW } from './postgres-node.ts'
import { queryBuilder } from './query-builder.ts'
import type { Store } from './store.ts'

export type Look = Pick<Store, 'engine' | 'sql' | 'rows'> & {
  /** Milliseconds since the epoch by the database's own clock; undefined: it has none but ours. */
  clock(): Promise<number | undefined>
  close(): Promise<void>
}

export type LookPlace = {
  /** Where it is given, the store is PostgreSQL. */
  readonly databaseUrl: string | undefined
  readonly postgres?: PostgresLimits
  /** The SQLite file. */
  readonly database: string
}

/** Rejects with `StoreUnusable` where PostgreSQL does not let us in. */
export const openLook = ({ databaseUrl, postgres = defaultLimits, database }: LookPlace): Promise<Look> =>
  databaseUrl === undefined ? lookIntoFile(database) : lookIntoServer(databaseUrl, postgres)

async function lookIntoFile(file: string): Promise<Look> {
  const db = new BetterSqlite3(file, { readonly: true, fileMustExist: true, timeout: 2_000 })
  db.defaultSafeIntegers(true)
  return {
    engine: 'sqlite',
    sql: queryBuilder('sqlite'),
    async rows<Row>(query: { compile(): { sql: string; parameters: readonly unknown[] } }) {
      const { sql: text, parameters } = query.compile()
      return db.prepare(text).all(...parameters) as Row[]
    },
    clock: async () => undefined,
    close: async () => void db.close(),
  }
}

async function lookIntoServer(url: string, limits: PostgresLimits): Promise<Look> {
  const server = serverOf(url)
  const pool = createPool({ url, purpose: 'queries', limits: { ...limits, connections: 1 }, log: undefined })
  const rows: Look['rows'] = async (query) => {
    const { sql: text, parameters } = query.compile()
    return (await pool.query(text, [...parameters])).rows
  }
  try {
    await pool.query('SET default_transaction_read_only = on')
  } catch (error) {
    await pool.end()
    throw unusable(error, server)
  }
  const builder = queryBuilder('postgres')
  return {
    ...{ engine: 'postgres' as const, sql: builder, rows },
    async clock() {
      const [row] = await rows({ compile: () => sql<{ now: bigint }>`SELECT ${sql.raw(NOW)} AS now`.compile(builder) })
      return Number(row?.now)
    },
    close: () => pool.end(),
  }
}

export type Unpriced = { readonly model: string; readonly calls: number }

/** Models that were called since then and that no price explained, the most called first: by the folded sums of quarter hours. */
export async function unpricedModels({ sql: builder, rows }: Look, since: number): Promise<Unpriced[]> {
  const found = await rows(
    builder
      .selectFrom('organisations as o')
      .innerJoin('rollups as r', 'r.organisation_id', 'o.id')
      .where('r.quarter', '>=', BigInt(since))
      .where('r.unpriced', '>', 0n)
      .groupBy('r.model')
      .select(['r.model', (of) => of.fn.sum<bigint>('r.unpriced').as('calls')])
      .orderBy('calls', 'desc')
      .limit(20),
  )
  return found.map(({ model, calls }) => ({ model, calls: Number(calls) }))
}

/** Where webhooks of all organisations lead: addresses without what may be secret about them. */
export async function webhookAddresses({ sql: builder, rows }: Look, limit: number): Promise<string[]> {
  const found = await rows(
    builder
      .selectFrom('alert_channels')
      .where('deleted_at', 'is', null)
      .where('disabled', '=', 0n)
      .where('type', '<>', 'email')
      .select('target')
      .orderBy('id')
      .limit(limit),
  )
  const origins = found.flatMap(({ target }) => {
    const { url } = JSON.parse(target) as { url?: string }
    return URL.parse(url ?? '')?.origin ?? []
  })
  return [...new Set(origins)]
}
