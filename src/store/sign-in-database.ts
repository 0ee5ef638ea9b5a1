/**
 * Where people's passwords and sessions lie: a file of its own beside the ledger's, or the schema `auth` on PostgreSQL,
 * so that no report and no export of the ledger can reach them. It is opened when somebody first signs in.
 */
import { closeSync, openSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { migrateTo } from './migrate.ts'
import { plainOptions } from './postgres-connection.ts'
import { isAway } from './postgres-faults.ts'
import { usersMigration } from './sign-in-migrations/0001-users.ts'
import { oneAccountMigration } from './sign-in-migrations/0002-one-account.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { StoreAway } from './store.ts'

export type SignInDatabase = {
  readonly db: Kysely<Record<string, never>>
  readonly type: 'sqlite' | 'postgres'
  /** Throws {@link StoreAway} where it does not answer. */
  assertReachable(): Promise<void>
  close(): Promise<void>
}

export type SignInPlace = {
  readonly databaseUrl: string | undefined
  readonly file: string
  /** Sessions that are over by then are swept out. */
  readonly now: number
}

export const openSignInDatabase = ({ databaseUrl, file, now }: SignInPlace): Promise<SignInDatabase> =>
  databaseUrl === undefined ? openFile(file, now) : openSchema(databaseUrl, now)

const BUSY_MS = 5_000

async function openFile(file: string, now: number): Promise<SignInDatabase> {
  closeSync(openSync(file, 'a', 0o600)) // Readable by its owner alone, from the first byte on.
  const database = new BetterSqlite3(file, { timeout: BUSY_MS })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  const db = new Kysely<Record<string, never>>({ dialect: sqliteDialect(database) })
  return prepared(db, 'sqlite', now)
}

/** People sign in rarely; these are beside the connections of the ledger and the reports. */
const CONNECTIONS = 3
const STATEMENT_MS = 10_000

async function openSchema(databaseUrl: string, now: number): Promise<SignInDatabase> {
  const pool = new pg.Pool({
    ...plainOptions(databaseUrl),
    max: CONNECTIONS,
    statement_timeout: STATEMENT_MS,
    onConnect: async (client) => void (await client.query('SET search_path TO auth')),
  })
  pool.on('error', () => {}) // It shows in the next query.
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) })
  return prepared(db, 'postgres', now)
}

async function prepared(db: SignInDatabase['db'], type: SignInDatabase['type'], now: number): Promise<SignInDatabase> {
  const migrations = { '0001-users': usersMigration(type), '0002-one-account': oneAccountMigration(type) }
  try {
    await migrateTo(migrations, db as unknown as Kysely<unknown>, type === 'postgres' ? 'auth' : undefined)
    await sql`DELETE FROM "session" WHERE "expiresAt" < ${new Date(now).toISOString()}`.execute(db)
  } catch (error) {
    await db.destroy()
    throw isAway(error) || isAway(causeOf(error)) ? new StoreAway(OUT_OF_REACH, { cause: error }) : error
  }
  return { db, type, assertReachable: () => assertReachable(db), close: () => db.destroy() }
}

const OUT_OF_REACH = 'the database of sign-in is out of reach'

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

async function assertReachable(db: SignInDatabase['db']): Promise<void> {
  try {
    await sql.raw('SELECT 1').execute(db)
  } catch (error) {
    throw new StoreAway(OUT_OF_REACH, { cause: error })
  }
}
