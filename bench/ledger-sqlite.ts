/** The ledger on SQLite: a filled file, on which the store and the baseline take turns. */
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Place } from './ledger.ts'
import type { ByHandMessage, ByHandOptions } from './ledger-by-hand.ts'
import { fill } from './ledger-fill.ts'

/** Commands between two looks at the log, as the store has it. */
const checkpointEvery = 2_000

export async function fillSqlite(file: string, records: number): Promise<Place> {
  const open = () => openSqlite({ file, clock: systemClock, random: systemRandom })
  await (await open()).close()
  const db = new BetterSqlite3(file)
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -262144')
  await fill(async (sql, cells) => void db.prepare(sql).run(...cells), records, systemClock.now())
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  return {
    open,
    bytes: async () => statSync(file).size,
    byHand: (work) => byHand({ file, checkpointEvery, ...work }),
    tidy: () => emptyLog(file),
  }
}

function emptyLog(file: string): void {
  const db = new BetterSqlite3(file)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

/** The log is kept short from outside, as the store's second thread does it. */
async function byHand(workerData: ByHandOptions): Promise<number> {
  const log = new BetterSqlite3(workerData.file)
  const worker = new Worker(new URL('./ledger-by-hand.ts', import.meta.url), { workerData })
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: ByHandMessage) => {
        if (message === 'checkpoint') log.pragma('wal_checkpoint(PASSIVE)')
        else resolve(message.perSecond)
      })
      worker.on('error', reject)
    })
  } finally {
    await worker.terminate()
    log.close()
  }
}
