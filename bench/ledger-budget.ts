/** What one reservation and one settle write: rows as SQLite counts them, bytes as its pages hold them. */
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { Command } from '../src/core/ledger-commands.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createIds } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import { migrate } from '../src/store/migrate.ts'
import { createSqliteLedger } from '../src/store/sqlite-ledger.ts'
import type { Cell } from '../src/store/table.ts'
import { fill } from './ledger-fill.ts'
import { makePairs } from './ledger-pairs.ts'

export type Budget = { reserve: Written; settle: Written }
export type Written = { rows: number; bytes: number }

/** Rows and their index entries, each with its header. */
const reserved = ['reservations', 'accounts', 'grants']
const settled = [
  'transactions',
  'transactions_by_account',
  'usage_records',
  'usage_records_by_account',
  'call_details',
  'sqlite_autoindex_call_details_1',
  'accounts',
  'grants',
  'key_usage',
  'rollups',
]

/** Posted one at a time into an empty ledger, so that nothing is shared with another command. */
export async function writeBudget(): Promise<Budget> {
  const db = new BetterSqlite3(':memory:')
  await migrate(new Kysely({ dialect: new SqliteDialect({ database: db }) }), 'sqlite')
  db.defaultSafeIntegers(true)
  await fill(async (sql, cells: readonly Cell[]) => void db.prepare(sql).run(...cells), 0, systemClock.now())
  const ids = createIds({ clock: systemClock, random: systemRandom })
  const ledger = createSqliteLedger(db, ids)
  const total = db.prepare('SELECT total_changes()').pluck(true)
  const rowsFor = (command: Command): number => {
    const before = Number(total.get())
    const [outcome] = ledger.post([command])
    if (!outcome?.ok) throw new Error('the ledger refused')
    return Number(total.get()) - before
  }
  const pairs = makePairs(64, { ids, random: systemRandom, now: systemClock.now(), accounts: 64 })
  const reserveRows = Math.max(...pairs.map(({ reserve }) => rowsFor(reserve)))
  const reserveBytes = bytesOf(db, reserved)
  const settleRows = Math.max(...pairs.map(({ settle }) => rowsFor(settle)))
  const settleBytes = bytesOf(db, settled)
  db.close()
  return { reserve: { rows: reserveRows, bytes: reserveBytes }, settle: { rows: settleRows, bytes: settleBytes } }
}

/** The mean entry of each tree, added up. */
function bytesOf(db: BetterSqlite3.Database, trees: readonly string[]): number {
  const mean = db
    .prepare("SELECT 1.0 * sum(payload) / sum(ncell) FROM dbstat WHERE name = ? AND pagetype = 'leaf'")
    .pluck(true)
  return Math.round(trees.reduce((sum, tree) => sum + Number(mean.get(tree) ?? 0), 0))
}
