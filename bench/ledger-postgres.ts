/** The ledger on PostgreSQL: as on SQLite, but for the baseline, which writes the rows by the store's own statements. */
import pg from 'pg'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { createPool, defaultLimits } from '../src/store/postgres-connection.ts'
import { selectBy } from '../src/store/postgres-statements.ts'
import { writeAndCommit } from '../src/store/postgres-write.ts'
import * as tables from '../src/store/tables.ts'
import type { Place, Work } from './ledger.ts'
import { fill } from './ledger-fill.ts'
import { rowsOf } from './ledger-rows-of.ts'

export async function fillPostgres(url: string, records: number): Promise<Place> {
  const open = () => openPostgres({ url, clock: systemClock, random: systemRandom })
  await (await open()).close()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const run = async (sql: string, cells: readonly unknown[]) => {
    let n = 0
    await client.query(
      sql.replaceAll('?', () => `$${++n}`),
      [...cells],
    )
  }
  await fill(run, records, systemClock.now())
  await client.query('VACUUM ANALYZE')
  const size = await client.query<{ size: string }>('SELECT pg_database_size(current_database()) AS size')
  await client.end()
  return { open, bytes: async () => Number(size.rows[0]?.size), byHand: (work) => byHand(url, work), tidy: () => {} }
}

const accounts = selectBy(tables.accounts, ['id'], { name: 'bench_accounts' })
const grants = selectBy(tables.grants, ['account_id'], { name: 'bench_grants' })
const keyUsage = selectBy(tables.keyUsage, ['api_key_id'], { name: 'bench_key_usage' })

async function byHand(url: string, { pairs, batches, warmUp }: Work): Promise<number> {
  const pool = createPool({ url, purpose: 'ledger', limits: defaultLimits, log: undefined })
  const client = await pool.connect()
  try {
    const ids = [...new Set(pairs.map(({ settle }) => settle.record.accountId))].map((id) => [id])
    const owners = {
      accounts: await accounts(client, ids),
      grants: await grants(client, ids),
      keyUsage: await keyUsage(client, ids),
    }
    const turns = rowsOf(owners, pairs, batches)
    let start = systemClock.elapsed()
    let settles = 0
    for (const [n, rows] of turns.entries()) {
      if (n === warmUp) {
        start = systemClock.elapsed()
        settles = 0
      }
      settles += rows.written.usageRecords.length
      const nothing = { known: new Set<string>(), opened: { counters: [], keyUsage: [] } }
      await Promise.all([client.query('BEGIN'), writeAndCommit(client, { rows, ...nothing })])
    }
    return (settles / (systemClock.elapsed() - start)) * 1000
  } finally {
    client.release()
    await pool.end()
  }
}
