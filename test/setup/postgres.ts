/**
 * A real PostgreSQL for tests and benches: the server named by TEST_POSTGRES_URL, where each start gets a database of
 * its own, or one from npm, started here with a fresh data folder and its usual durability. It never outlives its starter.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { systemClock } from '../../src/lib/clock.ts'
import { postgresBinaries } from './postgres-binaries.ts'

export type Postgres = {
  /** A superuser's connection string (or what TEST_POSTGRES_URL's user may do). */
  url: string
  /** Ends the server, or drops what was made on a server of yours; resolves when nothing is left. */
  stop(): Promise<void>
}

export async function startPostgres(env: { TEST_POSTGRES_URL?: string } = process.env): Promise<Postgres> {
  if (env.TEST_POSTGRES_URL) return borrow(env.TEST_POSTGRES_URL)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch()
    } catch (failure) {
      // A port is free when it is picked and may be taken a moment later.
      if (attempt === 3 || !String(failure).includes('Address already in use')) throw failure
    }
  }
}

/** Makes an empty database (UTF-8, C locale) on the server behind `url` and gives the connection string to it. */
export async function createDatabase(url: string): Promise<string> {
  const made = new URL(url)
  const base = decodeURIComponent(made.pathname.slice(1)) || 'postgres'
  const name = `${base.startsWith(prefix) ? base : prefix}_${randomBytes(6).toString('hex')}`
  await query(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`)
  made.pathname = `/${name}`
  return made.href
}

const prefix = 'turnpike_test'
const startLimitMs = 30_000
const pollMs = 15

async function borrow(server: string): Promise<Postgres> {
  const url = await createDatabase(server)
  const name = new URL(url).pathname.slice(1)
  const stop = async () => {
    // Databases made from this one carry its name in front.
    const made = await query<{ datname: string }>(server, `SELECT datname FROM pg_database WHERE datname ^@ '${name}'`)
    for (const { datname } of made) await query(server, `DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`)
  }
  return { url, stop }
}

async function launch(): Promise<Postgres> {
  const binaries = await postgresBinaries()
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-postgres-data-'))
  const password = randomBytes(12).toString('hex')
  const port = await freePort()
  const identity = serverIdentity()
  await writeFile(join(folder, 'password'), password, { mode: 0o600 })
  if (identity) for (const path of [folder, join(folder, 'password')]) await chown(path, identity.uid, identity.gid)
  const child = supervise({ folder, identity, ...commands(binaries, folder, port) })
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  const ended = once(child, 'close').then(() => undefined)
  const stop = () => {
    child.stdin.end()
    return ended
  }
  try {
    await ready(url, child)
    return { url, stop }
  } catch (failure) {
    await stop()
    await rm(folder, { recursive: true, force: true })
    throw failure
  }
}

/** The server refuses to run as root; 65534 is nobody on every Linux. */
export const serverIdentity = () => (process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined)

/** fsync stays on: what is tested is money. Only the making of the empty cluster, which no test relies on, is not flushed. */
export function commands(
  { initdb, postgres }: Awaited<ReturnType<typeof postgresBinaries>>,
  folder: string,
  port: number,
) {
  const data = join(folder, 'data')
  const secret = ['--auth=scram-sha-256', `--pwfile=${join(folder, 'password')}`]
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '64MB',
    timezone: 'UTC',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return {
    initdb: [initdb, '-D', data, '-U', 'postgres', ...secret, '--encoding=UTF8', '--locale=C', '--no-sync'],
    postgres: [postgres, '-D', data, ...options],
  }
}

/** In a session of its own, so that a Ctrl-C or a kill of the whole test run leaves it the time to clean up. */
export function supervise(order: object): ChildProcessWithoutNullStreams {
  const script = fileURLToPath(new URL('./postgres-supervisor.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(order)], { detached: true, stdio: 'pipe' })
  child.stdin.on('error', () => {})
  return child
}

async function ready(url: string, child: ChildProcessWithoutNullStreams): Promise<void> {
  const failed = text(child.stderr).then((log) => {
    throw new Error(`PostgreSQL did not start: ${log}`)
  })
  const started = once(child.stdout, 'data')
  const giveUp = new AbortController()
  try {
    await Promise.race([failed, started.then(() => accepting(url, giveUp.signal))])
  } finally {
    giveUp.abort()
    for (const left of [failed, started]) left.catch(() => {})
  }
}

export async function accepting(url: string, giveUp: AbortSignal): Promise<void> {
  const start = systemClock.elapsed()
  while (!giveUp.aborted) {
    const refusal = await query(url, 'SELECT 1').then(
      () => undefined,
      (failure: unknown) => failure,
    )
    if (refusal === undefined) return
    if (systemClock.elapsed() - start > startLimitMs) throw refusal
    await systemClock.sleep(pollMs)
  }
}

async function query<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: startLimitMs })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
