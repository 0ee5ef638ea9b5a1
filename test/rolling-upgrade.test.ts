/** One process after the other is exchanged: those of the old version go on while a newer one has migrated their database. */
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { migrateTo, migrations } from '../src/store/migrate.ts'
import { prepareDatabase, serverOf } from '../src/store/postgres-connection.ts'
import { chat, eventsOf, expectSettled, OPENROUTER } from './gateway-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const MODEL = 'openai/gpt-4o-mini'
let url: string
let old: Turnpike
let watching: pg.Client
beforeAll(async () => {
  url = await freshDatabase()
  old = await startTurnpike({ env: { TURNPIKE_DATABASE_URL: url } })
  watching = new pg.Client({ connectionString: url })
  await watching.connect()
})
afterAll(async () => {
  await watching?.end()
  await old?.close()
})

/** What a later release may add, to every table that there is: columns, an index, a table of its own. */
const expansion = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { rows } = await sql<{ name: string }>`SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname NOT LIKE 'kysely%'`.execute(db)
    for (const { name } of rows) {
      await sql.raw(`ALTER TABLE ${name} ADD COLUMN later_note TEXT`).execute(db)
      await sql.raw(`ALTER TABLE ${name} ADD COLUMN later_count BIGINT NOT NULL DEFAULT 0`).execute(db)
    }
    await sql.raw('CREATE INDEX accounts_by_later ON accounts (organisation_id, later_count)').execute(db)
    await sql.raw('CREATE TABLE later_things (id BIGINT PRIMARY KEY)').execute(db)
  },
}

const newerVersion = () =>
  prepareDatabase(url, serverOf(url), systemClock, (db) =>
    migrateTo({ ...migrations('postgres'), '9999-later': expansion }, db),
  )

const call = async (extra = {}) => {
  const reply = await old.request(OPENROUTER, { body: chat(MODEL, extra) })
  return { status: reply.status, text: await reply.text() }
}

test('a migration that would have to wait for a reader lets everybody else through, and comes in when the reader is gone', async () => {
  await watching.query('BEGIN')
  await watching.query('SELECT COUNT(*) FROM usage_records')
  let isThrough = false
  const migrating = newerVersion().then(() => {
    isThrough = true
  })
  const slowest = { ms: 0 }
  for (let calls = 0; calls < 4; calls++) {
    const began = systemClock.elapsed()
    expect((await call()).status).toBe(200)
    slowest.ms = Math.max(slowest.ms, systemClock.elapsed() - began)
  }
  expect(isThrough).toBe(false)
  // Less than an answer of the ledger may take: none of these calls was given up.
  expect(slowest.ms).toBeLessThan(8_000)
  await watching.query('ROLLBACK')
  await migrating
  await expectSettled(old)
})

test('a call that was reserved before the migration is settled after it, and everything else is served on', async () => {
  // The last test migrated; a stream over a migration needs a table of its own to come in.
  const held = old.simulator.script('gpt-4o-mini', [{ text: 'one' }, 'gate', 'answer'], { times: 1 })
  const reply = await old.request(OPENROUTER, { body: chat(MODEL, { stream: true }) })
  await held.waiting(1)
  await prepareDatabase(url, serverOf(url), systemClock, (db) =>
    migrateTo(
      {
        ...{ ...migrations('postgres'), '9999-later': expansion },
        '9999-still-later': {
          up: async (db: Kysely<unknown>) => {
            for (const table of ['usage_records', 'transactions', 'reservations', 'accounts'])
              await sql.raw(`ALTER TABLE ${table} ADD COLUMN even_later TEXT`).execute(db)
          },
        },
      },
      db,
    ),
  )
  held.release()
  const { data, json } = eventsOf(await reply.text())
  expect(data.at(-1)).toBe('[DONE]')
  expect(json.at(-1)?.usage).toHaveProperty('cost')
  const admin = { key: old.operatorKey }
  const credits = [
    ['/v1/accounts', { externalId: 'later', name: 'Later' }],
    ['/v1/accounts/credits/add', { externalId: 'later', amount: 5, description: 'start' }],
    ['/v1/accounts/credits/deduct', { externalId: 'later', amount: 2, description: 'use' }],
    ['/api/v1/keys', { name: 'later', external_user: 'later', limit: 3 }],
    ['/api/admin/budgets', { name: 'later', scope: 'organisation', metric: 'usd', limit: '100', window: 'day' }],
  ] as const
  for (const [path, body] of credits) {
    const made = await old.request(path, { ...admin, body })
    expect([path, made.status < 300]).toEqual([path, true])
  }
  expect((await call({ stream: true })).text).toContain('[DONE]')
  for (const path of ['/v1/transactions', '/v1/usage', '/api/v1/keys', '/api/admin/audit', '/readyz'])
    expect([path, (await old.request(path, admin)).status]).toEqual([path, 200])
  await expectSettled(old)
  expect(await verifyLedger(old.server.gateway.store)).toEqual([])
})

test('a process of the old version that is started now is refused in one sentence, and those that run are not disturbed', async () => {
  await expect(startTurnpike({ env: { TURNPIKE_DATABASE_URL: url } })).rejects.toThrow(
    /the database was migrated by a newer Turnpike \(9999-later, this one knows [\w-]+\)\. Start that version; nothing was changed/,
  )
  expect((await call()).status).toBe(200)
})
