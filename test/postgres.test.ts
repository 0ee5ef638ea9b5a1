/** The PostgreSQL that the other suites rely on: real, durable, apart per test file, and gone afterwards. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { createDatabase, type Postgres, startPostgres } from './setup/postgres.ts'

let server: Postgres
beforeAll(async () => {
  server = await startPostgres({})
})
afterAll(() => server.stop())

test('it is PostgreSQL 18, in UTF-8 and the C locale, and it flushes what it commits', async () => {
  const [row] = await rows(
    await createDatabase(server.url),
    `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous, pg_encoding_to_char(encoding) AS encoding, datcollate AS collate
     FROM pg_database WHERE datname = current_database()`,
  )
  expect(row).toEqual({ version: 18, fsync: 'on', synchronous: 'on', encoding: 'UTF8', collate: 'C' })
})

test('what is written in one database is not seen in another', async () => {
  const [one, other] = await Promise.all([createDatabase(server.url), createDatabase(server.url)])
  await rows(one, 'CREATE TABLE kept (n int)')
  expect(await tables(one)).toEqual(['kept'])
  expect(await tables(other)).toEqual([])
})

test('a server of yours gets a database per start, and keeps none after the stop', async () => {
  const before = await databases()
  const borrowed = await startPostgres({ TEST_POSTGRES_URL: server.url })
  await createDatabase(borrowed.url)
  expect(await databases()).toHaveLength(before.length + 2)
  await borrowed.stop()
  expect(await databases()).toEqual(before)
})

test('a server that cannot be reached fails the start', async () => {
  await expect(startPostgres({ TEST_POSTGRES_URL: 'postgres://127.0.0.1:1/none' })).rejects.toThrow('ECONNREFUSED')
})

test('stop leaves neither a process nor a folder', async () => {
  const own = await startPostgres({})
  const left = await footprint(own.url)
  expect(left()).toEqual({ process: true, folder: true })
  await own.stop()
  expect(left()).toEqual({ process: false, folder: false })
})

test('a starter that is killed leaves neither a process nor a folder', async () => {
  const module = new URL('./setup/postgres.ts', import.meta.url).href
  const program = `import { startPostgres } from '${module}'; console.log((await startPostgres({})).url)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: here,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(starter.stdout, 'data')) as [Buffer]
  const left = await footprint(url.toString().trim())
  starter.kill('SIGKILL')
  for (let wait = 0; wait < 500 && (left().process || left().folder); wait += 1) await systemClock.sleep(20)
  expect(left()).toEqual({ process: false, folder: false })
})

const here = fileURLToPath(new URL('.', import.meta.url))

async function rows(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

const names = async (url: string, statement: string) =>
  ((await rows(url, statement)) as { name: string }[]).map((row) => row.name)
const tables = (url: string) => names(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`)
const databases = () => names(server.url, 'SELECT datname AS name FROM pg_database ORDER BY 1')

/** What a server has of the machine, to be asked again later: its first process, which ends last, and its data folder. */
async function footprint(url: string): Promise<() => { process: boolean; folder: boolean }> {
  const [folder = ''] = await names(url, `SELECT current_setting('data_directory') AS name`)
  const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])
  return () => ({ process: runs(pid), folder: existsSync(folder) })
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
