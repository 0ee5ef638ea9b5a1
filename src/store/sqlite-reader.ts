/** A thread that reads the SQLite file beside the writer; the first of them keeps the write-ahead log short. */
import type BetterSqlite3 from 'better-sqlite3'
import { openFile, type Request, serve } from './sqlite-serve.ts'

/** Above this many pages (256 MiB) the writer waits once to empty the log, so that a long reader cannot make it grow for ever. */
const LOG_CEILING = 65_536

serve(async ({ file }) => {
  const db = openFile(file)
  // Opened for writing since only such a connection may checkpoint; queries are read-only all the same.
  db.pragma('query_only = ON')
  return (request) => read(db, request)
})

function read(db: BetterSqlite3.Database, request: Request): unknown {
  switch (request.kind) {
    case 'rows': {
      const statement = db.prepare(request.statement.sql)
      return statement.all(...request.statement.parameters)
    }
    case 'checkpoint': {
      db.pragma('query_only = OFF')
      const [{ log } = { log: 0n }] = db.pragma('wal_checkpoint(PASSIVE)') as { log: bigint }[]
      db.pragma('query_only = ON')
      return Number(log) > LOG_CEILING
    }
    case 'close':
      db.close()
      return undefined
    default:
      throw new Error(`the reader does not ${request.kind}`)
  }
}
