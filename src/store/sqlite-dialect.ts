/** SQLite rolls definitions back like anything else, which Kysely does not rely on by itself: with this a migration is there whole or not at all. */
import type BetterSqlite3 from 'better-sqlite3'
import { type Dialect, SqliteAdapter, SqliteDialect } from 'kysely'

export function sqliteDialect(database: BetterSqlite3.Database): Dialect {
  const dialect = new SqliteDialect({ database })
  return {
    createAdapter: () => Object.create(new SqliteAdapter(), { supportsTransactionalDdl: { value: true } }),
    createDriver: () => dialect.createDriver(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  }
}
