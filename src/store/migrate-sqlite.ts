/** Brings a SQLite file to this version's schema, over a connection of its own: Kysely's migrator counts in numbers, the ledger in bigints. */
import BetterSqlite3 from 'better-sqlite3'
import { Kysely } from 'kysely'
import { migrate } from './migrate.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

export async function migrateSqlite(file: string): Promise<void> {
  const db = new Kysely<unknown>({ dialect: sqliteDialect(new BetterSqlite3(file)) })
  try {
    await migrate(db, 'sqlite')
  } finally {
    await db.destroy()
  }
}
