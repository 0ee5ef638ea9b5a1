/** Keys that were made before keys had ids keep working, and are found by the ids that they are given. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { expect, test } from 'vitest'
import { systemRandom } from '../src/lib/random.ts'
import { findApiKey, listApiKeys } from '../src/store/api-keys.ts'
import type { Engine } from '../src/store/engine.ts'
import { findKey } from '../src/store/keys.ts'
import { findManagementKey, listManagementKeys } from '../src/store/management-keys.ts'
import { ledgerMigration } from '../src/store/migrations/0001-ledger.ts'
import { eventsMigration } from '../src/store/migrations/0002-events.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { testClock } from './backends.ts'
import { freshDatabase } from './setup/fresh-database.ts'

const clock = testClock()
const WHOLE = { limit: 50, offset: 0, before: undefined }
const IDS = ['326417514496000001', '326417514496000002'] as const

async function fill(db: Kysely<unknown>, engine: Engine): Promise<void> {
  const known = { '0001-ledger': ledgerMigration(engine), '0002-events': eventsMigration(engine) }
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => known } }).migrateToLatest()
  if (error) throw error
  await sql`INSERT INTO organisations (id, code, name, time_zone, created_at) VALUES (1, 'o', 'default', 'UTC', 1)`.execute(
    db,
  )
  for (const [index, id] of IDS.entries()) {
    const name = sql`${`old-${index}`}`
    await sql`INSERT INTO api_keys (id, organisation_id, hash, name, label, disabled, include_byok_in_limit, created_at)
      VALUES (CAST(${id} AS BIGINT), 1, ${name}, ${name}, 'l', 0, 0, 1)`.execute(db)
    await sql`INSERT INTO management_keys (hash, organisation_id, name, role, disabled, created_at)
      VALUES (${`m-${index}`}, 1, ${name}, 'admin', 0, 1772452800000)`.execute(db)
  }
  await db.destroy()
}

async function expectNamed(store: Store): Promise<void> {
  const keys = await listApiKeys(store, 1n, {}, WHOLE)
  expect(keys.map(({ id, hash }) => [id, hash])).toEqual([
    [BigInt(IDS[1]), 'old-1'],
    [BigInt(IDS[0]), 'old-0'],
  ])
  for (const key of keys) {
    expect(await findApiKey(store, 1n, { code: key.code })).toEqual(key)
    expect(await findKey(store, key.hash)).toMatchObject({ id: key.id, allowedModels: null })
  }
  const { keys: managers } = await listManagementKeys(store, 1n, WHOLE)
  expect(new Set(managers.map(({ id }) => id)).size).toBe(2)
  for (const key of managers) {
    expect(await findManagementKey(store, key.code)).toEqual(key)
    expect(await findKey(store, key.hash)).toMatchObject({ kind: 'management_key', id: key.id })
  }
  await store.close()
}

test('on SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-keys-'))
  const file = join(folder, 'turnpike.db')
  await fill(new Kysely({ dialect: new SqliteDialect({ database: new BetterSqlite3(file) }) }), 'sqlite')
  await expectNamed(await openSqlite({ file, clock, random: systemRandom }))
  await rm(folder, { recursive: true })
})

test('on PostgreSQL', async () => {
  const url = await freshDatabase()
  const pool = new pg.Pool({ connectionString: url })
  await fill(new Kysely({ dialect: new PostgresDialect({ pool }) }), 'postgres')
  await expectNamed(await openPostgres({ url, clock, random: systemRandom }))
})
