/**
 * Work on the tables themselves, on a connection of its own: in one transaction, by one process at a time, and never
 * long in anybody's way.
 */
import pg from 'pg'
import { connectionOptions, type PostgresLimits } from './postgres-connection.ts'
import { queryBuilder } from './query-builder.ts'
import type { Maintenance, Query, Store } from './store.ts'

/** Any fixed number; advisory locks are known by it. */
const LOCK = 7_461_129_350_003n

type Maintaining = {
  readonly maintain: NonNullable<Store['maintain']>
  /** Cuts what is under way off: nothing of it is kept. */
  close(): Promise<void>
}

export function createMaintenance(url: string, limits: PostgresLimits): Maintaining {
  const open = new Set<pg.Client>()
  return {
    async maintain(work) {
      const client = new pg.Client(connectionOptions(url, limits))
      client.on('error', () => {}) // It shows in the query under way.
      open.add(client)
      try {
        await client.connect()
        await client.query('BEGIN')
        const { rows } = await client.query<{ mine: string }>('SELECT pg_try_advisory_xact_lock($1)::text AS mine', [
          LOCK,
        ])
        if (rows[0]?.mine !== 'true') return undefined
        const result = await work(sessionOf(client))
        await client.query('COMMIT')
        return result
      } finally {
        open.delete(client)
        await client.end() // What is open is rolled back, and the lock given back.
      }
    },
    close: async () => void (await Promise.all([...open].map((client) => client.end()))),
  }
}

const sessionOf = (client: pg.Client): Maintenance => ({
  engine: 'postgres',
  sql: queryBuilder('postgres'),
  run: async (text, values = []) => (await client.query(text, [...values])).rows,
  async rows<Row>(query: Query<Row>) {
    const { sql, parameters } = query.compile()
    return (await client.query(sql, [...parameters])).rows as Row[]
  },
})
