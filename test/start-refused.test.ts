/** A start on a database that will not do says why in one sentence, ends in 2, and leaves the database as it was. */
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT } from '../src/cli/exit-code.ts'
import { runProgram } from '../src/cli/program.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { start } from '../src/start.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { defaultLimits } from '../src/store/postgres-connection.ts'
import { StoreAway } from '../src/store/store.ts'
import { createDatabase, type Postgres, startPostgres } from './setup/postgres.ts'
import { newHome, runTurnpike } from './turnpike-process.ts'

/** Of its own: roles are made in it, and its settings are changed. */
let server: Postgres
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-refused-'))
  server = await startPostgres({})
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

/** Ends at once where the start goes well. */
async function startOn(url: string) {
  const said = { stdout: '', stderr: '' }
  const surroundings = {
    env: { TURNPIKE_DATABASE_URL: url, TURNPIKE_PORT: '0', TURNPIKE_SIMULATOR: 'on', TURNPIKE_LOG_LEVEL: 'silent' },
    cwd: folder,
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    stdout: (text: string) => {
      said.stdout += text
    },
    stderr: (text: string) => {
      said.stderr += text
    },
  }
  const not = async () => EXIT.failed
  const code = await runProgram(['start', '--data-dir', folder], {
    ...{ ...surroundings, version: '1', terminal: { stdout: false, stderr: false } },
    ...{ doctor: not, verify: not, backup: not, migrateStore: not, call: not },
    start: (options) =>
      start({
        ...{ ...surroundings, options, version: '1', onReload: () => {}, readable: false },
        stopped: Promise.resolve(),
      }),
  })
  return { code, ...said }
}

/** What there is but the list of what was migrated, which is made first. */
const LISTED = `SELECT string_agg(n.nspname || '.' || c.relname, ' ' ORDER BY 1) AS list FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND c.relname NOT LIKE 'kysely\\_%'`

type Place = { href: string; name: string; at: string }
type Case = {
  readonly name: string
  /** What is wrong: gives the address to start on. */
  readonly given: (place: Place) => Promise<string> | string
  readonly sentence: (place: Place) => string | RegExp
}

const changed = (href: string, change: (url: URL) => void): string => {
  const url = new URL(href)
  change(url)
  return url.href
}

const CASES: readonly Case[] = [
  {
    name: 'another scheme',
    given: () => 'mysql://user@host/db',
    sentence: () =>
      'TURNPIKE_DATABASE_URL: expected an address that begins with postgres://; found another kind of address',
  },
  {
    name: 'no address at all',
    given: () => 'postgres://user@:x/',
    sentence: () =>
      'TURNPIKE_DATABASE_URL is no address of a PostgreSQL database; it looks like postgres://user:password@host:5432/database',
  },
  {
    name: 'a host that nobody knows',
    given: () => 'postgres://user@host.invalid/db',
    sentence: () =>
      "the host host.invalid of TURNPIKE_DATABASE_URL is not known here. Correct the name, or start the database's container first",
  },
  {
    name: 'a port where nothing listens',
    given: () => 'postgres://user@127.0.0.1:1/db',
    sentence: () =>
      'nothing listens at 127.0.0.1:1, where TURNPIKE_DATABASE_URL says PostgreSQL is. Start it, or correct the address',
  },
  {
    name: 'a wrong password',
    given: ({ href }) =>
      changed(href, (url) => {
        url.password = 'wrong'
      }),
    sentence: ({ at }) =>
      `${at} refused the password of user postgres (a container's POSTGRES_PASSWORD counts only when its volume is new)`,
  },
  {
    name: 'a database that is not there',
    given: ({ href }) =>
      changed(href, (url) => {
        url.pathname = '/nowhere'
      }),
    sentence: ({ at }) =>
      `${at} has no database nowhere. Run: CREATE DATABASE nowhere ENCODING 'UTF8' TEMPLATE template0, or correct TURNPIKE_DATABASE_URL`,
  },
  {
    name: 'a user who may make no tables',
    given: ({ href, name }) => userOf(href, name, 'weak'),
    sentence: ({ at, name }) =>
      `user weak_${name} lacks rights in database ${name} of ${at} (permission denied for schema public). Run: GRANT CREATE ON DATABASE ${name} TO weak_${name}; GRANT USAGE, CREATE ON SCHEMA public TO weak_${name}`,
  },
  {
    name: 'a user who may not enter',
    given: async ({ href, name }) => {
      await query(href, `REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`)
      return userOf(href, name, 'outside')
    },
    sentence: ({ name }) => `user outside_${name} lacks rights in database ${name}`,
  },
  {
    name: 'another encoding',
    given: async ({ href, name }) => {
      await query(
        href,
        `CREATE DATABASE ${name}_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
      )
      return changed(href, (url) => {
        url.pathname = `/${name}_latin`
      })
    },
    sentence: ({ name }) =>
      `the database ${name}_latin is encoded in LATIN1, and names in other scripts would be lost. Run: CREATE DATABASE`,
  },
  {
    name: 'a database that takes no writes',
    given: async ({ href, name }) => {
      await query(href, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
      return href
    },
    sentence: ({ at }) =>
      `${at} is read-only (a replica, or default_transaction_read_only). Point TURNPIKE_DATABASE_URL at the primary`,
  },
  {
    name: 'a database of a newer version',
    given: async ({ href }) => {
      await query(
        href,
        'CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL)',
        `INSERT INTO kysely_migration VALUES ('9999-later', '2030-01-01')`,
      )
      return href
    },
    sentence: () =>
      /^the database was migrated by a newer Turnpike \(9999-later, this one knows \d{4}-[\w-]+\)\. Start that version; nothing was changed$/,
  },
  {
    name: 'a table of another program in the way of the last migration',
    given: async ({ href }) => {
      await query(href, 'CREATE TABLE members (name TEXT)')
      return href
    },
    sentence: () => 'migration 0009-members failed: relation "members" already exists',
  },
  {
    name: 'a way of TLS that is none',
    given: ({ href }) => `${href}?sslmode=maybe`,
    sentence: () =>
      'sslmode of TURNPIKE_DATABASE_URL: expected disable, require, verify-ca, verify-full, no-verify; found "maybe"',
  },
  {
    name: 'TLS where the server speaks none',
    given: ({ href }) => `${href}?sslmode=require`,
    sentence: ({ at }) =>
      `${at} speaks no TLS. Leave sslmode out of TURNPIKE_DATABASE_URL, or switch ssl on in postgresql.conf`,
  },
]

async function userOf(href: string, name: string, role: string): Promise<string> {
  const user = `${role}_${name}`
  await query(href, `CREATE ROLE ${user} LOGIN PASSWORD 'weak'`)
  return changed(href, (url) => {
    url.username = user
    url.password = 'weak'
  })
}

test.each(CASES)('$name: one sentence, exit 2, nothing half-migrated', async ({ given, sentence }) => {
  const href = await createDatabase(server.url)
  const { hostname, port, pathname } = new URL(href)
  const place = { href, name: pathname.slice(1), at: `PostgreSQL at ${hostname}:${port}` }
  const url = await given(place)
  const listed = () => query(href, LISTED)
  const before = await listed()
  const { code, stdout, stderr } = await startOn(url)
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' })
  const said = sentence(place)
  const line = stderr.replace(/^turnpike: (.*)\n$/, '$1')
  expect(line).not.toContain('\n')
  if (typeof said === 'string') expect(line.slice(0, said.length)).toBe(said)
  else expect(line).toMatch(said)
  expect(await listed()).toEqual(before)
})

test('the process itself ends in 2 with that line alone', async () => {
  const home = newHome()
  const ended = await runTurnpike({
    home,
    args: ['start'],
    env: { TURNPIKE_DATABASE_URL: 'postgres://u@127.0.0.1:1/db' },
  })
  expect(ended).toMatchObject({ code: EXIT.usage, stdout: '' })
  expect(ended.stderr).toMatch(/^turnpike: nothing listens at 127\.0\.0\.1:1, .*\n$/)
  rmSync(home, { recursive: true })
})

test('on SQLite too a migration that fails leaves none of its kind behind', async () => {
  const own = mkdtempSync(join(tmpdir(), 'turnpike-half-'))
  const db = new BetterSqlite3(join(own, 'turnpike.db'))
  db.exec('CREATE TABLE members (name TEXT)')
  const { openStore } = await import('../src/open-store.ts')
  const opening = openStore({ databaseUrl: undefined, database: join(own, 'turnpike.db') })
  await expect(opening).rejects.toThrow('migration 0009-members failed: table members already exists')
  expect(
    db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'kysely%'").pluck().all(),
  ).toEqual(['members'])
  db.close()
  rmSync(own, { recursive: true })
})

describe('TLS', () => {
  let port: string
  let password: string
  const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/tls/${name}`, import.meta.url))
  const address = (host: string, query: string) => `postgres://postgres:${password}@${host}:${port}/postgres?${query}`

  beforeAll(async () => {
    ;({ port, password } = new URL(server.url))
    const [{ directory } = {}] = await query(server.url, "SELECT current_setting('data_directory') AS directory")
    for (const name of ['server.pem', 'server-key.pem']) {
      const copy = join(String(directory), name)
      cpSync(fixture(name), copy)
      chmodSync(copy, 0o600) // PostgreSQL refuses a key that others may read.
      // The server runs as nobody where the tests run as root.
      if (process.getuid?.() === 0) chownSync(copy, 65534, 65534)
    }
    await query(
      server.url,
      "ALTER SYSTEM SET ssl_cert_file = 'server.pem'",
      "ALTER SYSTEM SET ssl_key_file = 'server-key.pem'",
      'ALTER SYSTEM SET ssl = on',
      'SELECT pg_reload_conf()',
    )
    while ((await query(server.url, 'SHOW ssl'))[0]?.ssl !== 'on') await systemClock.sleep(10)
  })

  const isEncrypted = async (url: string) => {
    const store = await openPostgres({ url, clock: systemClock, random: systemRandom })
    try {
      const asked = { sql: 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', parameters: [] }
      return await store.rows<{ ssl: string }>({ compile: () => asked as never })
    } finally {
      await store.close()
    }
  }

  test('a certificate of the named authority, for the named host, is trusted by every mode', async () => {
    const ca = fixture('ca.pem')
    expect(await isEncrypted(address('localhost', `sslmode=verify-full&sslrootcert=${ca}`))).toEqual([{ ssl: 't' }])
    expect(await isEncrypted(address('127.0.0.1', `sslmode=verify-ca&sslrootcert=${ca}`))).toEqual([{ ssl: 't' }])
    expect(await isEncrypted(address('127.0.0.1', 'sslmode=no-verify'))).toEqual([{ ssl: 't' }])
    expect(await isEncrypted(address('127.0.0.1', 'sslmode=disable'))).toEqual([{ ssl: 'f' }])
  })

  test.each([
    [
      'an authority that nobody named',
      'localhost',
      'sslmode=require',
      /shows a certificate that is not trusted here \(.*\)\. Name who signed it/,
    ],
    [
      'another host name',
      '127.0.0.1',
      'sslmode=verify-full&sslrootcert=CA',
      /shows a certificate that is not trusted here \(.*127\.0\.0\.1/,
    ],
    [
      'a file that is not there',
      'localhost',
      'sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      /sslrootcert of TURNPIKE_DATABASE_URL names \/nowhere\/ca\.pem, which cannot be read \(ENOENT\)/,
    ],
  ])('%s stops the start', async (_name, host, query, sentence) => {
    const { code, stderr } = await startOn(address(host, query.replace('CA', fixture('ca.pem'))))
    expect(code).toBe(EXIT.usage)
    expect(stderr).toMatch(sentence)
    expect(stderr.trimEnd()).not.toContain('\n')
  })
})

describe('limits of the settings', () => {
  test('so many connections and no more, each wait bounded, a slow statement given up', async () => {
    const url = await createDatabase(server.url)
    const limits = { ...defaultLimits, connections: 2, connectSeconds: 1, statementSeconds: 1 }
    const store = await openPostgres({ url, clock: systemClock, random: systemRandom, limits })
    const compiled = (sql: string) => ({ compile: () => ({ sql, parameters: [] }) as never })
    const short = Array.from({ length: 8 }, () => store.rows(compiled('SELECT pg_sleep(0.05)')))
    await Promise.all(short)
    const open = `SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'turnpike' AND datname = current_database()`
    expect(Number((await query(url, open))[0]?.open)).toBeLessThanOrEqual(3)
    const startedAt = systemClock.elapsed()
    await expect(store.rows(compiled('SELECT pg_sleep(30)'))).rejects.toThrow(StoreAway)
    expect(systemClock.elapsed() - startedAt).toBeLessThan(15_000)
    await store.close()
  })
})
