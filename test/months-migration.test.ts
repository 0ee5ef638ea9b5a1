/** What comes from elsewhere is cut by month, too. A database of the version before keeps every row and every sum when its tables are cut by month, also beside a process of that version. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { runMonths } from '../src/jobs/months.ts'
import { type Ledger, verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { migrations } from '../src/store/migrate.ts'
import { BY_MONTH, monthAt, partOf } from '../src/store/months.ts'
import { moveToPostgres } from '../src/store/move-to-postgres.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqliteBackend } from './backends.ts'
import { chanceFrom, seedOfRun } from './chance.ts'
import { commandsAt } from './commands.ts'
import { hashDetails, openLiving } from './months-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'

type Ask = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>

const rowsOf = async (ask: Ask, table: string): Promise<string[]> =>
  (await ask(`SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`)).map(({ row }) => String(row))

const asBefore = Object.fromEntries(Object.entries(migrations('postgres')).filter(([name]) => name < '0010'))

/** What happens in three months, two of which are to come by the clock of the database. */
async function lived() {
  const living = await openLiving()
  const chance = chanceFrom(seedOfRun())
  for (const months of [2, 8, 0]) {
    await living.live(chance, 25)
    for (let n = 0; n < months; n++) living.nextMonth()
  }
  return living
}

test('rows, sums and names are those of before, and a key that was told stays told to both versions', async () => {
  const place = await freshDatabase()
  const pool = new pg.Pool({ connectionString: place, max: 1 })
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const ask: Ask = async (text, values = []) => (await pool.query(text, values)).rows
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => asBefore } }).migrateToLatest()
  expect(error).toBeUndefined()

  const living = await lived()
  const own =
    "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
  const now = new Set((await living.query(own)).map(({ name }) => name))
  const names = (await ask(own)).map(({ name }) => String(name)).filter((name) => now.has(name))
  for (const name of names.filter((name) => !/^(organisations|settings|kysely.*)$/.test(name)))
    for (const row of await rowsOf(living.query, name))
      await sql`INSERT INTO ${sql.table(name)} SELECT * FROM jsonb_populate_record(NULL::${sql.table(name)}, CAST(${row} AS jsonb))`.execute(
        db,
      )
  const kept = new Map<string, string[]>()
  for (const table of BY_MONTH) kept.set(table, await rowsOf(ask, table))
  const told = await rowsOf(living.query, 'usage_keys')
  await living.close()
  const indexes = () =>
    ask('SELECT indexname AS name FROM pg_indexes WHERE tablename = ANY ($1) ORDER BY 1', [[...BY_MONTH]])
  const were = await indexes()

  // Starting is what migrates.
  const store = await openPostgres({ url: place, clock: systemClock, random: systemRandom })
  try {
    expect(await indexes()).toEqual(were.filter(({ name }) => name !== 'usage_records_by_key'))
    for (const table of BY_MONTH) {
      expect(await rowsOf(ask, table)).toEqual(kept.get(table))
      const inParts = await ask(`SELECT DISTINCT tableoid::regclass::text AS part FROM ${table} ORDER BY 1`)
      expect(inParts.map(({ part }) => part)).toEqual([
        partOf(table, monthAt(systemClock.now())),
        partOf(table, monthAt(systemClock.now(), 2)),
        `${table}_rest`,
      ])
    }
    expect(await rowsOf(ask, 'usage_keys')).toEqual(told)
    expect(told.length).toBeGreaterThan(0)
    expect(await verifyLedger(store)).toEqual([])
    // As the version before inserts it: it looks for the key among the records, and may find none.
    const row = kept.get('usage_records')?.find((text) => JSON.parse(text).dedupe_key !== null) ?? '{}'
    const again = JSON.stringify({ ...JSON.parse(row), id: '1' })
    await expect(
      ask('INSERT INTO usage_records SELECT * FROM jsonb_populate_record(NULL::usage_records, $1::jsonb)', [again]),
    ).rejects.toMatchObject({ code: '23505' })
  } finally {
    await store.close()
    await db.destroy()
  }
})

test('a ledger moved from SQLite lies by month from its first one on, and its old months go as others do', async () => {
  const source = await openSqliteBackend()
  const make = commandsAt(() => source.clock.now(), source.store.ids)
  const first = monthAt(source.clock.now())
  for (let n = 0; n < 3; n++) {
    const call = make.admit(null, 0n)
    await source.store.post(call)
    await source.store.post(make.settle(call, 1_000n))
    await source.store.post(make.grant(await source.account(), 5_000n))
    await source.store.post(make.usage(null, null, { dedupeKey: `told ${n}` }))
    source.clock.moveTo(monthAt(source.clock.now(), 1).start + 86_400_000)
  }
  const now = source.clock.now()
  const url = await freshDatabase()
  const prove = async (ledger: Ledger) => expect(await verifyLedger(ledger)).toEqual([])
  await moveToPostgres({ file: source.place, signInFile: undefined, url, now, onProgress() {}, prove })

  const store = await openPostgres({ url, clock: systemClock, random: systemRandom })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      'SELECT DISTINCT tableoid::regclass::text AS part FROM usage_records ORDER BY 1',
    )
    const months = [0, 1, 2].map((later) => monthAt(first.start, later))
    expect(rows.map(({ part }) => part)).toEqual(months.map((month) => partOf('usage_records', month)))
    expect((await client.query('SELECT dedupe_key FROM usage_keys')).rows).toHaveLength(3)
    await createFolds({ store, hashDetails }).run()
    const log = { readable: false, debug() {}, info() {}, warn() {}, error() {} }
    const { dropped } = await runMonths({ store, clock: systemClock, log, keepMonths: 3 })
    expect(dropped[0]).toBe(first.name)
    expect(await verifyLedger(store)).toEqual([])
  } finally {
    await client.end()
    await store.close()
    await source.close()
  }
})
