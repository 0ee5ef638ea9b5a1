/** Writes into the SQLite file of a server that may be running: SQLite itself lets one of them wait for the other. */
import BetterSqlite3 from 'better-sqlite3'
import type { Store } from './store.ts'

const BUSY_MS = 5_000

/** For a few rows now and then: everything that moves money goes through the one writer of the server. */
export const writeBeside =
  (file: string): Store['write'] =>
  async (queries) => {
    const db = new BetterSqlite3(file, { timeout: BUSY_MS, fileMustExist: true })
    try {
      db.pragma('synchronous = FULL')
      const write = db.transaction(() =>
        queries.map((query) => {
          const { sql, parameters } = query.compile()
          return db.prepare(sql).run(...parameters).changes
        }),
      )
      return write.immediate()
    } finally {
      db.close()
    }
  }
