/**
 * The baseline on SQLite, in a thread of its own: the rows that the ledger would write, in the same transactions, with
 * the same flushes, by statements written for them. No rules, no loading, no messages; the rows lie ready as objects.
 */
import { parentPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { systemClock } from '../src/lib/clock.ts'
import type { Cell, Table } from '../src/store/table.ts'
import * as tables from '../src/store/tables.ts'
import type { Batch } from './ledger-loop.ts'
import type { Pair } from './ledger-pairs.ts'
import { type Owners, rowsOf } from './ledger-rows-of.ts'

export type ByHandOptions = {
  file: string
  pairs: readonly Pair[]
  batches: readonly Batch[]
  warmUp: number
  checkpointEvery: number
}
/** `checkpoint`: the log has grown; `perSecond`: over. */
export type ByHandMessage = 'checkpoint' | { perSecond: number }

type Step = () => void
type Turn = { steps: readonly Step[]; durable: boolean; commands: number; settles: number }

const { file, pairs, batches, warmUp, checkpointEvery } = workerData as ByHandOptions
const db = new BetterSqlite3(file)
db.defaultSafeIntegers(true)
for (const setting of ['journal_mode = WAL', 'foreign_keys = ON', 'cache_size = -65536', 'wal_autocheckpoint = 0'])
  db.pragma(setting)
const turns = prepare()
run(turns.slice(0, warmUp))
const start = systemClock.elapsed()
const settles = run(turns.slice(warmUp))
const perSecond = (settles / (systemClock.elapsed() - start)) * 1000
db.pragma('wal_checkpoint(TRUNCATE)')
db.close()
parentPort?.postMessage({ perSecond } satisfies ByHandMessage)

function run(some: readonly Turn[]): number {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  let done = 0
  let grown = 0
  for (const { steps, durable, commands, settles: ended } of some) {
    db.pragma(`synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
    begin.run()
    for (const step of steps) step()
    commit.run()
    done += ended
    grown += commands
    if (grown < checkpointEvery) continue
    grown = 0
    parentPort?.postMessage('checkpoint' satisfies ByHandMessage)
  }
  return done
}

function prepare(): Turn[] {
  const write = statements()
  return rowsOf(owners(), pairs, batches).map(({ written, ...rows }, n) => {
    const { newReservations, endedReservations } = written
    const grants = [...rows.grants.values()].flat().filter(({ id }) => written.grants.has(id))
    const fresh = [...rows.reservations.values()].filter(({ id }) => !endedReservations.has(id))
    const gone = [...endedReservations].filter((id) => !newReservations.has(id))
    const steps: Step[] = [
      ...[...rows.accounts.values()].map(
        (row): Step =>
          () =>
            write.account.run(row.posted, row.reserved, row.lastAt, row.id),
      ),
      ...grants.map(
        ({ id, remaining, reserved, expiresAt }): Step =>
          () =>
            write.grant.run(remaining, reserved, expiresAt, id),
      ),
      ...fresh.map(
        (row): Step =>
          () =>
            write.reservation.run(...tables.reservations.plain(row)),
      ),
      ...gone.map(
        (id): Step =>
          () =>
            write.end.run(id),
      ),
      ...[...rows.keyUsage.values()].map(
        (row): Step =>
          () =>
            write.keyUsage.run(...tables.keyUsage.plain(row)),
      ),
      ...written.transactions.map(
        (row): Step =>
          () =>
            write.transaction.run(...tables.transactions.plain(row)),
      ),
      ...written.usageRecords.map(
        (row): Step =>
          () =>
            write.usageRecord.run(...tables.usageRecords.plain(row)),
      ),
      ...[...written.details.values()].map(
        (row): Step =>
          () =>
            write.details.run(...tables.callDetails.plain(row)),
      ),
      ...[...written.rollups.values()].map(
        (row): Step =>
          () =>
            write.rollup.run(...tables.rollups.plain(row)),
      ),
    ]
    const settles = written.usageRecords.length
    return { steps, durable: settles > 0, commands: batches[n]?.length ?? 0, settles }
  })
}

function statements() {
  const insert = <R>({ name, columns }: Table<R>, conflict = '') =>
    db.prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ${conflict}`)
  const sums = tables.rollups.columns.slice(tables.ROLLUP_KEY.length)
  return {
    account: db.prepare('UPDATE accounts SET posted_nanos = ?, reserved_nanos = ?, last_at = ? WHERE id = ?'),
    grant: db.prepare('UPDATE grants SET remaining_nanos = ?, reserved_nanos = ?, expires_at = ? WHERE id = ?'),
    reservation: insert(tables.reservations),
    end: db.prepare('DELETE FROM reservations WHERE id = ?'),
    keyUsage: insert(
      tables.keyUsage,
      `ON CONFLICT DO UPDATE SET ${tables.keyUsage.columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    ),
    transaction: insert(tables.transactions),
    usageRecord: insert(tables.usageRecords),
    details: insert(tables.callDetails, 'ON CONFLICT DO NOTHING'),
    rollup: insert(
      tables.rollups,
      `ON CONFLICT DO UPDATE SET ${sums.map((sum) => `${sum} = ${sum} + excluded.${sum}`).join(', ')}`,
    ),
  }
}

function owners(): Owners {
  const ids = [...new Set(pairs.map(({ settle }) => settle.record.accountId))]
  const all = <R>(table: Table<R>, key: string): R[] =>
    ids.flatMap((id) =>
      (
        db
          .prepare(`SELECT ${table.columns.join(', ')} FROM ${table.name} WHERE ${key} = ?`)
          .raw(true)
          .all(id) as Cell[][]
      ).map((cells) => table.row(cells)),
    )
  return {
    accounts: all(tables.accounts, 'id'),
    grants: all(tables.grants, 'account_id'),
    keyUsage: all(tables.keyUsage, 'api_key_id'),
  }
}
