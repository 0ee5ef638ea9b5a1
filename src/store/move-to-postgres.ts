/**
 * Moves all that a SQLite store holds to an empty PostgreSQL database: in one transaction, so that it is there whole or
 * not at all, and so that what is there is compared with what was sent before it counts.
 */
import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'
import { systemClock } from '../lib/clock.ts'
import { idTime } from '../lib/id.ts'
import { cutFrom } from './month-tables.ts'
import { BY_MONTH, monthOf } from './months.ts'
import { connectionOptions, HOLD_MIGRATIONS, prepareDatabase, serverOf } from './postgres-connection.ts'
import { isAway, type Server, unusable } from './postgres-faults.ts'
import { NOW } from './postgres-node.ts'
import { queryBuilder } from './query-builder.ts'
import { createRowDigest, type RowDigest } from './row-digest.ts'
import { openSignInDatabase } from './sign-in-database.ts'
import { type Query, type Store, StoreFailed, StoreUnusable } from './store.ts'

export type MovedTable = { readonly name: string; readonly rows: number }
export type MoveProgress = { readonly done: number; readonly total: number; readonly doing: 'moving' | 'comparing' }

/** What a proof of the ledger needs of a store. */
export type LedgerReader = Pick<Store, 'engine' | 'node' | 'sql' | 'now' | 'rows' | 'write'>

type Move = {
  /** The ledger's file, which nobody writes to meanwhile. */
  readonly file: string
  /** That of sign-in, where there is one. */
  readonly signInFile: string | undefined
  readonly url: string
  readonly now: number
  readonly onProgress: (progress: MoveProgress) => void
  /** Looks at what the new database would hold; what it throws leaves it empty. */
  readonly prove: (ledger: LedgerReader) => Promise<void>
}

const ROWS_AT_ONCE = 1_000

export async function moveToPostgres({ file, signInFile, url, now, onProgress, prove }: Move): Promise<MovedTable[]> {
  const server = serverOf(url)
  const sources = [{ db: openSource(file), schema: 'public' }]
  if (signInFile !== undefined) sources.push({ db: openSource(signInFile), schema: 'auth' })
  const client = new pg.Client(connectionOptions(url))
  client.on('error', () => {}) // It shows in the query under way.
  try {
    await prepareDatabase(url, server, systemClock)
    if (signInFile !== undefined) await (await openSignInDatabase({ databaseUrl: url, file: signInFile, now })).close()
    await client.connect()
    // A server that starts meanwhile waits, and finds either nothing or everything.
    await client.query(HOLD_MIGRATIONS)
    await client.query("SET datestyle = 'ISO'; SET timezone = 'UTC'")
    await client.query('BEGIN')
    const tables = (await Promise.all(sources.map(({ db, schema }) => tablesOf(client, db, schema)))).flat()
    await assertEmpty(client, tables, server)
    await makePastMonths(client, tables)
    await moveTables(client, tables, onProgress)
    await leaveNumber(client, tables, now)
    await prove(readerOf(client, now))
    await client.query('COMMIT')
    return tables.map(({ name, digest }) => ({ name, rows: digest.rows() }))
  } catch (error) {
    throw error instanceof pg.DatabaseError || isAway(error) ? unusable(error, server) : error
  } finally {
    await client.end() // What is open is rolled back, and the lock given back.
    for (const { db } of sources) db.close()
  }
}

function openSource(file: string): BetterSqlite3.Database {
  const db = new BetterSqlite3(file, { fileMustExist: true })
  db.defaultSafeIntegers(true)
  db.pragma('query_only = ON')
  return db
}

/** So that what is old can go month by month there, too. */
async function makePastMonths(client: pg.Client, tables: readonly Moving[]): Promise<void> {
  const run = async (text: string) => (await client.query(text)).rows
  const first = BY_MONTH.flatMap((table) => {
    const { db } = tables.find(({ from }) => from === table) ?? {}
    return (db?.prepare(`SELECT MIN(id) FROM ${table}`).pluck().get() as bigint | null | undefined) ?? []
  }).sort((a, b) => (a < b ? -1 : 1))[0]
  if (first === undefined) return
  for (const table of BY_MONTH) await cutFrom(run, table, monthOf(first))
}

type Moving = {
  readonly db: BetterSqlite3.Database
  /** As it is asked for: with its schema, where that is not the usual one. */
  readonly name: string
  readonly from: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly total: number
  readonly digest: RowDigest
}

/** Who runs which database, and what was migrated, is each database's own. */
const OWN = /^(kysely_|sqlite_|nodes$)/

/** Both schemas are made by the same migrations; that they are the same is checked all the same. */
async function tablesOf(client: pg.Client, db: BetterSqlite3.Database, schema: string): Promise<Moving[]> {
  const found = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[]
  // What others refer to comes first.
  const references = (name: string) => (db.pragma(`foreign_key_list("${name}")`) as unknown[]).length
  const names = found.filter((name) => !OWN.test(name)).sort((a, b) => references(a) - references(b))
  const { rows } = await client.query<{ table: string; name: string; type: string }>(
    `SELECT table_name AS table, column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = $1 ORDER BY table_name, ordinal_position`,
    [schema === 'public' ? await currentSchema(client) : schema],
  )
  const known = Map.groupBy(rows, ({ table }) => table)
  return names.map((from) => {
    const columns = (known.get(from) ?? []).map(({ name, type }) => ({ name, type }))
    const own = db.pragma(`table_info("${from}")`) as { name: string }[]
    const listed = (list: readonly { name: string }[]) =>
      list
        .map(({ name }) => name)
        .sort()
        .join(', ')
    if (listed(own) !== listed(columns))
      throw new StoreFailed(`table ${from} has other columns on PostgreSQL: ${listed(own)} became ${listed(columns)}`)
    return {
      ...{ db, from, columns, digest: createRowDigest() },
      name: schema === 'public' ? quoted(from) : `${schema}.${quoted(from)}`,
      total: Number(
        db
          .prepare(`SELECT COUNT(*) FROM ${quoted(from)}`)
          .pluck()
          .get(),
      ),
    }
  })
}

async function currentSchema(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema')
  return rows[0]?.schema ?? 'public'
}

const quoted = (name: string): string => `"${name}"`

async function assertEmpty(
  client: pg.Client,
  tables: readonly Moving[],
  { host, port, database }: Server,
): Promise<void> {
  for (const { name } of tables) {
    const { rowCount } = await client.query(`SELECT 1 FROM ${name} LIMIT 1`)
    if (rowCount)
      throw new StoreUnusable(
        `the database ${database} of PostgreSQL at ${host}:${port} is in use: ${name} has rows. What is moved goes to an empty database; nothing was changed. Run: CREATE DATABASE ${database}_new ENCODING 'UTF8' TEMPLATE template0, and name that one`,
      )
  }
}

async function moveTables(client: pg.Client, tables: readonly Moving[], onProgress: Move['onProgress']): Promise<void> {
  const total = tables.reduce((sum, table) => sum + table.total, 0)
  let done = 0
  const told = (doing: MoveProgress['doing']) => (rows: number) => {
    done += rows
    onProgress({ done, total, doing })
  }
  for (const table of tables) await fill(client, table, told('moving'))
  done = 0
  for (const table of tables) await compare(client, table, told('comparing'))
}

async function fill(client: pg.Client, table: Moving, moved: (rows: number) => void): Promise<void> {
  const { db, name, from, columns, digest } = table
  const list = columns.map((column) => quoted(column.name)).join(', ')
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
  const text = `INSERT INTO ${name} (${list}) SELECT * FROM unnest(${arrays})`
  const send = async (rows: readonly (readonly (string | null)[])[]) => {
    if (rows.length === 0) return
    await client.query({ name: `move ${name}`, text, values: columns.map((_, index) => rows.map((row) => row[index])) })
    moved(rows.length)
  }
  let waiting: (string | null)[][] = []
  const found = db
    .prepare(`SELECT ${list} FROM ${quoted(from)}`)
    .raw()
    .iterate() as Iterable<unknown[]>
  for (const cells of found) {
    const row = canonical(cells, columns)
    digest.add(row)
    waiting.push(row)
    if (waiting.length < ROWS_AT_ONCE) continue
    await send(waiting)
    waiting = []
  }
  await send(waiting)
}

/** Every cell of every row is read back. */
async function compare(
  client: pg.Client,
  { name, columns, digest }: Moving,
  seen: (rows: number) => void,
): Promise<void> {
  const found = createRowDigest()
  const list = columns.map((column) => quoted(column.name)).join(', ')
  await client.query(`DECLARE moved NO SCROLL CURSOR FOR SELECT ${list} FROM ${name}`)
  for (;;) {
    const { rows } = await client.query<unknown[]>({ text: `FETCH ${ROWS_AT_ONCE} FROM moved`, rowMode: 'array' })
    for (const cells of rows) found.add(canonical(cells, columns))
    seen(rows.length)
    if (rows.length < ROWS_AT_ONCE) break
  }
  await client.query('CLOSE moved')
  if (found.rows() !== digest.rows() || found.value() !== digest.value())
    throw new StoreFailed(
      `${name} is not the same on PostgreSQL: ${digest.rows()} rows were sent, ${found.rows()} are there, and their cells differ`,
    )
}

/** The same text for the same value, whichever database it came from. */
const canonical = (cells: readonly unknown[], columns: Moving['columns']): (string | null)[] =>
  cells.map((cell, index) => {
    if (cell === null || cell === undefined) return null
    const type = columns[index]?.type
    if (type === 'boolean') return cell === 1n || cell === 't' || cell === true ? 'true' : 'false'
    if (type === 'timestamp with time zone') return new Date(String(cell)).toISOString()
    return String(cell)
  })

/**
 * The number 0, which made all ids on SQLite, rests until its last id is past by the clock of the database. What it left
 * open is settled by the first server that starts, as after any crash.
 */
async function leaveNumber(client: pg.Client, tables: readonly Moving[], now: number): Promise<void> {
  const latest = Math.max(
    now,
    ...tables
      .filter(({ columns }) => columns.some(({ name, type }) => name === 'id' && type === 'bigint'))
      .map(latestOf),
  )
  await client.query(
    `INSERT INTO nodes (id, name, lease_until) VALUES (0, 'moved from SQLite', GREATEST($1::bigint, ${NOW}) + 2000)`,
    [latest],
  )
}

function latestOf({ db, from }: Moving): number {
  const id = db
    .prepare(`SELECT MAX(id) FROM ${quoted(from)}`)
    .pluck()
    .get() as bigint | null
  return id === null ? 0 : idTime(id)
}

/** Sees the rows before they are there for anybody else. */
const readerOf = (client: pg.Client, now: number): LedgerReader => ({
  engine: 'postgres',
  node: 0,
  sql: queryBuilder('postgres'),
  now: () => now,
  async rows<Row>(query: Query<Row>) {
    const { sql, parameters } = query.compile()
    return (await client.query(sql, [...parameters])).rows as Row[]
  },
  write: () => Promise.reject(new StoreFailed('what is moved is not corrected on the way')),
})
