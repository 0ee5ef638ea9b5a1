/** On PostgreSQL the organisation leads the key of every table whose rows belong to one, and the release before goes on beside the migration that made it so. */
import { readFileSync } from 'node:fs'
import { Kysely, PostgresDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { migrations } from '../src/store/migrate.ts'
import { prepareDatabase, serverOf } from '../src/store/postgres-connection.ts'
import { freshDatabase } from './setup/fresh-database.ts'

let place: string
let pool: pg.Pool
const ask = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await pool.query(text, values)).rows

beforeAll(async () => {
  place = await freshDatabase()
  pool = new pg.Pool({ connectionString: place, max: 1 })
  const before = Object.fromEntries(
    Object.entries(migrations('postgres')).filter(([name]) => name < '0012-organisation-first'),
  )
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: place, max: 1 }) }),
  })
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => before } }).migrateToLatest()
  await db.destroy()
  expect(error).toBeUndefined()
})
afterAll(async () => await pool.end())

/** As the release before writes them, on a connection that planned them before. */
const OLD = {
  reserve: `INSERT INTO reservations (id, organisation_id, code, kind, status, amount_nanos, quote_nanos, admitted_at, allocations, holds, context)
    VALUES ($1, $2, $1::bigint::text, 'gateway', 'pending', 0, 0, 1, '[]', '[]', '{}')`,
  progress: `INSERT INTO reservation_progress (reservation_id, output_tokens)
    SELECT r.id, k.output_tokens FROM reservations r JOIN unnest($1::bigint[], $2::bigint[]) AS k(id, output_tokens) ON r.id = k.id
    ORDER BY r.id FOR KEY SHARE OF r SKIP LOCKED
    ON CONFLICT (reservation_id) DO UPDATE SET output_tokens = excluded.output_tokens`,
  forget: 'DELETE FROM reservation_progress WHERE reservation_id = ANY ($1::bigint[])',
  openCounter: `INSERT INTO budget_counters (budget_id, window_start, organisation_id, spent, reserved)
    VALUES ($1, 0, $2, 0, 0) ON CONFLICT DO NOTHING RETURNING budget_id`,
  counter: `INSERT INTO budget_counters (budget_id, window_start, organisation_id, spent, reserved)
    VALUES ($1, 0, $2, $3, 0) ON CONFLICT (budget_id, window_start) DO UPDATE SET spent = excluded.spent`,
  openKey: `INSERT INTO key_usage (api_key_id, organisation_id, total_nanos, byok_total_nanos, day, day_nanos, byok_day_nanos,
    week, week_nanos, byok_week_nanos, month, month_nanos, byok_month_nanos)
    VALUES ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING RETURNING api_key_id`,
  key: `UPDATE key_usage t SET total_nanos = k.total_nanos FROM unnest($1::bigint[], $2::bigint[]) AS k(api_key_id, total_nanos)
    WHERE t.api_key_id = k.api_key_id`,
  count: `INSERT INTO token_counts (usage_record_id, organisation_id, prompt) VALUES ($1, $2, 3) ON CONFLICT DO NOTHING`,
  fire: `INSERT INTO alert_firings (budget_id, window_start, threshold, budget_version, organisation_id, value, at, event_id)
    VALUES ($1, 0, 50, 1, $2, 1, 1, 1) ON CONFLICT DO NOTHING`,
}
const old = (name: keyof typeof OLD, ...values: unknown[]) => pool.query({ name, text: OLD[name], values })

async function work(id: number, organisation: number, amount: number): Promise<void> {
  await old('reserve', id, organisation)
  for (const tokens of [amount, amount + 1]) await old('progress', [id], [tokens])
  await old('openCounter', id, organisation)
  await old('counter', id, organisation, amount)
  await old('openKey', id, organisation)
  await old('key', [id], [amount])
  for (let twice = 0; twice < 2; twice++) {
    await old('count', id, organisation)
    await old('fire', id, organisation)
  }
}

const LED = ['alert_firings', 'budget_counters', 'key_usage', 'reservation_progress', 'token_counts']
const rowsOf = async (table: string) =>
  (await ask(`SELECT to_jsonb(t) - 'organisation_id' AS row FROM ${table} t ORDER BY 1`)).map(({ row }) => row)

test('every row keeps what it says, gets its organisation, and the statements of the release before go on', async () => {
  await work(5, 1, 10)
  await work(6, 2, 20)
  // Of a reservation that is gone: nobody would ever ask for it.
  await ask('INSERT INTO reservation_progress (reservation_id, output_tokens) VALUES (4, 1)')
  const were = new Map<string, unknown[]>()
  for (const table of LED) were.set(table, await rowsOf(table))
  were.set('reservation_progress', were.get('reservation_progress')?.slice(1) ?? [])
  // Made by the operator before: one as it is to be, one that is not it.
  await ask(
    'CREATE UNIQUE INDEX CONCURRENTLY budget_counters_led ON budget_counters (organisation_id, budget_id, window_start)',
  )
  const [made] = await ask("SELECT 'budget_counters_led'::regclass::oid AS id")
  await ask('CREATE UNIQUE INDEX reservation_progress_before ON reservation_progress (reservation_id, output_tokens)')
  await prepareDatabase(place, serverOf(place), systemClock)
  for (const table of LED) {
    expect([table, await rowsOf(table)]).toEqual([table, were.get(table)])
    expect(were.get(table)).toHaveLength(2)
  }
  expect(await ask("SELECT 'budget_counters_pkey'::regclass::oid AS id")).toEqual([made])
  await old('counter', 5, 1, 11)
  await old('key', [5], [12])
  await old('progress', [5], [13])
  await old('count', 5, 1)
  await work(7, 2, 30)
  const progress = 'SELECT organisation_id, reservation_id, output_tokens FROM reservation_progress ORDER BY 2'
  expect((await ask(progress)).map((row) => Object.values(row).map(Number))).toEqual([
    [1, 5, 13],
    [2, 6, 21],
    [2, 7, 31],
  ])
  expect(await ask('SELECT spent FROM budget_counters WHERE organisation_id = 1')).toEqual([{ spent: '11' }])
  expect(await ask('SELECT total_nanos FROM key_usage WHERE organisation_id = 1')).toEqual([{ total_nanos: '12' }])
  for (const table of LED)
    expect([table, await ask(`SELECT COUNT(*)::int FROM ${table}`)]).toEqual([table, [{ count: 3 }]])
  await old('forget', [5, 6, 7])
  expect(await ask(progress)).toEqual([])
})

/** Tables of everybody, and rows that are looked up before the organisation is known. */
const EVERYBODYS = ['management_keys', 'nodes', 'organisations', 'rate_cards', 'settings']
const UNKNOWN_YET = [
  'api_keys.hash',
  'api_keys.previous_hash',
  'management_keys.previous_hash',
  'members.email',
  'members.link_hash',
  'members.user_id',
]
/** Dropped in the next release. */
const OF_BEFORE = ['budget_counters.budget_id', 'key_usage.api_key_id', 'reservation_progress.reservation_id']

const unique = (rows: Record<string, unknown>[]) => [...new Set(rows.map(({ name }) => String(name)))].sort()

const UNIQUE = `FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
  WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relname NOT LIKE 'kysely%'
  AND i.indisunique AND a.attname <> 'organisation_id'`

test('the organisation leads every primary key but those of tables that belong to nobody', async () => {
  expect(unique(await ask(`SELECT c.relname AS name ${UNIQUE} AND i.indisprimary`))).toEqual(EVERYBODYS)
  const without = await ask(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
     AND NOT c.relispartition AND c.relname NOT LIKE 'kysely%'
     AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
  )
  expect(without).toEqual([])
})

test('what else is unique over all organisations is what the documents name', async () => {
  const found = await ask(`SELECT c.relname || '.' || a.attname AS name ${UNIQUE} AND NOT i.indisprimary`)
  const own = unique(found).filter((name) => !EVERYBODYS.includes(name.split('.')[0] ?? '') || /hash/.test(name))
  expect(own).toEqual([...UNKNOWN_YET, ...OF_BEFORE].sort())
  const page = readFileSync('docs/operations/scaling.md', 'utf8')
  const tables = OF_BEFORE.map((name) => name.split('.')[0])
  for (const name of [...EVERYBODYS, ...UNKNOWN_YET, ...tables]) expect(page).toContain(`\`${name}\``)
})
