/** The thread that writes the SQLite file: batches of ledger commands, administration, progress. It never blocks the event loop that serves calls. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { systemClock } from '../lib/clock.ts'
import { createIds } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { packOutcome, unpackCommand } from './command-codec.ts'
import { MIGRATION_NAMES } from './migration-names.ts'
import { createSqliteLedger, type SqliteLedger } from './sqlite-ledger.ts'
import { openFile, type Request, serve } from './sqlite-serve.ts'
import { StoreUnusable, type StreamProgress } from './store.ts'

serve(async ({ file, node }) => {
  const lock = holdLock(file)
  const db = openFile(file)
  // Of the file, for good.
  db.pragma('journal_mode = WAL')
  db.pragma('wal_autocheckpoint = 0')
  // What migrates takes longer to load than to find out that it is not needed.
  if (!isMigrated(db)) await (await import('./migrate-sqlite.ts')).migrateSqlite(file)
  // Numbers of the writer's own, beside those that the main thread makes.
  const ledger = createSqliteLedger(db, createIds({ clock: systemClock, random: systemRandom, node: node * 2 + 1 }))
  return (request) => answer(db, ledger, request, lock)
})

/** Whether just the migrations of this version were run, as their list in the database says. */
function isMigrated(db: BetterSqlite3.Database): boolean {
  const list = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kysely_migration'").get()
  if (list === undefined) return false
  const run = db.prepare('SELECT name FROM kysely_migration ORDER BY name').pluck().all()
  return run.join() === MIGRATION_NAMES.join()
}

function answer(
  db: BetterSqlite3.Database,
  ledger: SqliteLedger,
  request: Request,
  lock: BetterSqlite3.Database | undefined,
): unknown {
  switch (request.kind) {
    case 'post':
      return ledger.post(request.commands.map(unpackCommand)).map(packOutcome)
    case 'write':
      db.pragma('synchronous = FULL')
      return db.transaction(() =>
        request.statements.map(({ sql, parameters }) => Number(db.prepare(sql).run(...parameters).changes)),
      )()
    case 'progress':
      db.pragma('synchronous = NORMAL')
      return saveProgress(db, request.rows)
    case 'checkpoint':
      return db.pragma('wal_checkpoint(TRUNCATE)')
    case 'close':
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
      lock?.close()
      return undefined
    case 'rows':
      throw new Error('the writer does not read')
  }
}

function saveProgress(db: BetterSqlite3.Database, rows: readonly StreamProgress[]): void {
  const statement = db.prepare(
    `INSERT INTO reservation_progress (organisation_id, reservation_id, output_tokens)
     SELECT organisation_id, id, ? FROM reservations WHERE id = ?
     ON CONFLICT (reservation_id) DO UPDATE SET output_tokens = excluded.output_tokens`,
  )
  db.transaction(() => {
    for (const { reservationId, outputTokens } of rows) statement.run(outputTokens, reservationId)
  })()
}

/** One process owns the folder: the lock is the operating system's, so that it dies with the process. */
function holdLock(file: string): BetterSqlite3.Database {
  const lock = new BetterSqlite3(`${file}.lock`, { timeout: 0 })
  const owner = `${file}.pid`
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    const pid = existsSync(owner) ? readFileSync(owner, 'utf8').trim() : 'unknown'
    throw new StoreUnusable(
      `${dirname(file)} is held by another Turnpike (process ${pid}). SQLite is for one process; for more set TURNPIKE_DATABASE_URL`,
    )
  }
  writeFileSync(owner, String(process.pid))
  return lock
}
