/** What the errors of SQLite mean. */
import BetterSqlite3 from 'better-sqlite3'

/** Nothing is wrong with the command: the disk is full, or cannot be read or written. */
export const isDiskTrouble = (error: unknown): boolean =>
  error instanceof BetterSqlite3.SqliteError && /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|NOLFS)/.test(error.code)
