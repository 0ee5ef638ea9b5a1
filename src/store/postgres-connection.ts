/** Connections to PostgreSQL: how they are set, and what the database behind them must be before the store uses it. */
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Settings, SettingsFile } from '../contract/settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { migrate } from './migrate.ts'
import { isConflict, isHeld, readOnly, type Server, tooOld, wrongEncoding } from './postgres-faults.ts'
import { withoutTls } from './postgres-tls.ts'
import { StoreUnusable } from './store.ts'

type PoolOptions = { url: string; purpose: 'queries' | 'ledger'; limits: PostgresLimits; log: Log | undefined }

/** The part of the settings that is about connections. */
export type PostgresLimits = Settings['postgres']

export const defaultLimits: PostgresLimits = SettingsFile.shape.postgres.parse({})

/** The ledger waits no longer than this for an answer, also where the network has swallowed the question. */
const LEDGER_ANSWER_MS = 8_000
/** Longer than any statement: of reads the server is the first to give up. */
const ANSWER_MARGIN_MS = 2_000
/** A process that freezes within a transaction loses it, and with it the locks that others wait for. */
const IDLE_IN_TRANSACTION_MS = 10_000

export function createPool({ url, purpose, limits, log }: PoolOptions): pg.Pool {
  const ledger = purpose === 'ledger'
  const pool = new pg.Pool({
    ...connectionOptions(url, limits),
    max: ledger ? 1 : limits.connections,
    // The statements of a batch are sent without waiting for one another's answers.
    pipeline: ledger,
    statement_timeout: limits.statementSeconds * 1_000,
    query_timeout: ledger ? LEDGER_ANSWER_MS : limits.statementSeconds * 1_000 + ANSWER_MARGIN_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    onConnect: async (client) =>
      void (await client.query(ledger ? `${WATCHFUL}; ${DURABLE}; ${BY_INDEX}` : `${WATCHFUL}; ${DURABLE}`)),
  })
  // A connection that breaks fails the query under way and is replaced at the next use.
  const broke = (error: Error) => log?.warn({ error: error.message }, 'a connection to PostgreSQL broke')
  pool.on('connect', (client) => client.on('error', broke))
  pool.on('error', () => {})
  return pool
}

/** A server that works or waits for a process that has gone away notices, and lets go of its locks. */
const WATCHFUL = `
  DO $$ BEGIN SET client_connection_check_interval = '2s'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
  SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`
/** Where the server does not wait for its disk; a stricter setting (remote_apply) stays. */
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`
/**
 * The ledger's statements find each row by its key, and are planned once. Without this a plan made while a table was
 * small would go on to read the whole table when it is large.
 */
const BY_INDEX =
  'SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan'

/** Every connection of ours begins with these. */
export function connectionOptions(address: string, limits: PostgresLimits = defaultLimits): pg.ClientConfig {
  const { url, ssl } = withoutTls(address)
  return {
    connectionString: url,
    ssl,
    keepAlive: true,
    connectionTimeoutMillis: limits.connectSeconds * 1000,
    fallback_application_name: 'turnpike',
    types: { getTypeParser: parserOf },
  }
}

/** For libraries that count in numbers and dates. */
export function plainOptions(address: string): pg.ClientConfig {
  const { types: _ours, ...options } = connectionOptions(address)
  return options
}

/** As on SQLite: every whole number is a bigint, also one that PostgreSQL widened (a sum). All else stays text. */
function parserOf(type: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary' && INTEGERS.has(type)) return BigInt
  if (format !== 'binary' && type === pg.types.builtins.NUMERIC)
    return (value) => (/^-?[0-9]+$/.test(value) ? BigInt(value) : value)
  return (value) => value
}
const INTEGERS: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.INT4, pg.types.builtins.INT2])

/** Of a connection that only listens: it must notice by itself that nothing comes any more. */
export const listenerConfig = (url: string, limits: PostgresLimits): pg.ClientConfig => ({
  ...connectionOptions(url, limits),
  query_timeout: limits.connectSeconds * 1_000,
})

/** Where a connection string leads; throws {@link StoreUnusable} where it is none. */
export function serverOf(url: string): Server {
  try {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('another scheme')
    const { host, port, user = '', database = '' } = new pg.Client(connectionOptions(url))
    return { host, port, user, database }
  } catch (cause) {
    if (cause instanceof StoreUnusable) throw cause
    throw new StoreUnusable(
      'TURNPIKE_DATABASE_URL is no address of a PostgreSQL database; it looks like postgres://user:password@host:5432/database',
      { cause },
    )
  }
}

const OLDEST = 14
/** Any fixed number; advisory locks are known by it. */
const LOCK = 7_461_129_350_000n
/** Until the connection ends nobody else prepares this database. */
export const HOLD_MIGRATIONS = `SELECT pg_advisory_lock(${LOCK})`

/**
 * Others serve calls meanwhile: behind a lock that is waited for, every other one of the table waits too. Given up before
 * PostgreSQL looks for a deadlock (after a second, unless it was told otherwise) and fails somebody's query for it.
 */
const LOCK_WAIT_MS = 400
const LOCK_PAUSE_MS = 600
const LOCK_TRIES = 60

/** Checks that the database will do and brings its schema up to date, one process at a time. */
export async function prepareDatabase(
  url: string,
  server: Server,
  clock: Pick<Clock, 'sleep'>,
  bringUp: (db: Kysely<unknown>) => Promise<void> = (db) => migrate(db, 'postgres'),
): Promise<void> {
  const client = new pg.Client(connectionOptions(url))
  client.on('error', () => {}) // It shows in the query that was running.
  try {
    await client.connect()
    await check(client, server)
    await client.query(HOLD_MIGRATIONS)
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ ...plainOptions(url), max: 1, lock_timeout: LOCK_WAIT_MS }) }),
    })
    try {
      await patiently(clock, () => bringUp(db))
    } finally {
      await db.destroy()
    }
  } finally {
    await client.end() // The lock ends with it.
  }
}

/** A migration that met somebody's lock left nothing behind, and let those through that waited behind it. */
async function patiently(clock: Pick<Clock, 'sleep'>, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!isInTheWay(error) || tries === LOCK_TRIES) throw error
      await clock.sleep(LOCK_PAUSE_MS)
    }
}

const isInTheWay = (error: unknown): boolean =>
  error instanceof Error && (isHeld(error.cause) || isConflict(error.cause))

async function check(client: pg.Client, server: Server): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string; encoding: string; read_only: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
       current_setting('server_encoding') AS encoding, current_setting('transaction_read_only') AS read_only`,
  )
  const [found] = rows
  if (!found) throw new StoreUnusable('PostgreSQL answered nothing')
  if (Number(found.number) < OLDEST * 10_000) throw new StoreUnusable(tooOld(found.version, OLDEST, server))
  if (found.read_only === 'on') throw new StoreUnusable(readOnly(server))
  if (found.encoding !== 'UTF8') throw new StoreUnusable(wrongEncoding(found.encoding, server))
}
