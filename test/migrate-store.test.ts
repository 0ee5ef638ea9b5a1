/** What `turnpike migrate-store` moves is all there on PostgreSQL and goes on there; what cannot be moved whole is not moved at all. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { migrateStore } from '../src/migrate-store-command.ts'
import { openStore } from '../src/open-store.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }
const PASSWORD = 'correct horse battery'
const OWN = { 'sec-fetch-site': 'same-origin' }

/** A ledger with something of each kind, and a server that was stopped behind it. */
let source: Turnpike
let ann: string
let reservation: string
let moved: string
let before: Awaited<ReturnType<typeof reading>>
beforeAll(async () => {
  source = await startTurnpike()
  const post = async (path: string, body: object, key = source.operatorKey) => {
    const reply = await source.request(path, { key, body, headers: OWN })
    expect(reply.ok, `${path} answered ${reply.status}`).toBe(true)
    return (await reply.text()) as never
  }
  const token = source.server.setupPath?.split('#token=')[1]
  await post('/api/auth/setup', { token, email: 'olga@example.com', name: 'Olga Ünï', password: PASSWORD })
  ann = JSON.parse(await post('/v1/accounts', { name: 'Ann "x", ünï', externalId: 'ann' })).account.id
  await post(`/v1/accounts/${ann}/credits`, { amount: 12.5, description: 'invoice 1042' })
  const month = { name: 'month', limit: 5, scope: 'organisation', metric: 'usd', window: 'month', thresholds: [50] }
  await post('/api/admin/budgets', month)
  for (const body of [CALL, { ...CALL, stream: true }, { ...CALL, user: 'end-user', metadata: { team: 'red' } }])
    await post('/api/v1/chat/completions', body, source.key)
  reservation = JSON.parse(await post('/v1/reservations', { accountId: ann, amount: 3 })).reservation.id
  // Normalised counts are written beside the calls, a moment later.
  await vi.waitFor(async () => {
    before = await reading(source)
    expect(JSON.stringify(before.generations)).not.toContain('"tokens_prompt":null')
  }, 20_000)
  await source.stop()
})
afterAll(() => rmSync(source.folder, { recursive: true, force: true }))

/** What people read of it. */
async function reading({ request, operatorKey: key }: Turnpike, demoKey = source.key) {
  const json = async (path: string, as = key) => (await request(path, { key: as })).json()
  return {
    ann: await json(`/v1/accounts/${ann}/balance`),
    transactions: await json('/v1/transactions'),
    usage: await json('/v1/usage'),
    generations: await json('/api/admin/generations'),
    budgets: await json('/api/admin/budgets'),
    key: await json('/api/v1/key', demoKey),
    audit: await json('/api/admin/audit'),
  }
}

async function run(to: string, options: { from?: string; env?: Record<string, string>; dataDir?: string } = {}) {
  const said = { stdout: '', stderr: '' }
  const { from = 'sqlite', env = {}, dataDir = source.folder } = options
  const code = await migrateStore({
    ...{ env, cwd: tmpdir(), options: { from, to, dataDir } },
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    stdout: (text) => {
      said.stdout += text
    },
    stderr: (text) => {
      said.stderr += text
    },
  })
  return { code, ...said }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

test('a server on the new database shows the same balances, goes on charging, and its ledger adds up', async () => {
  moved = await freshDatabase()
  const { code, stdout, stderr } = await run('postgres', { env: { TURNPIKE_DATABASE_URL: moved } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^usage_records +3$/m)
  expect(stdout).toMatch(/^auth\.user +1$/m)
  expect(stderr).toMatch(/\d+ rows moved, each read back and found equal; every balance and sum is proved/)
  expect(stderr).toContain(`${join(source.folder, 'secret-key')} as TURNPIKE_SECRET_KEY`)

  const target = await startTurnpike({ folder: source.folder, env: { TURNPIKE_DATABASE_URL: moved } })
  expect(target.server.demoKey).toBeUndefined()
  expect(await reading(target)).toEqual(before)
  const { request } = target
  expect((await request('/api/v1/chat/completions', { key: source.key, body: CALL })).status).toBe(200)
  const confirmed = await request('/v1/reservations/confirm', {
    key: source.operatorKey,
    body: { reservationId: reservation, actualAmount: 2 },
  })
  expect(confirmed.status).toBe(200)
  expect(before.ann).toMatchObject({ balance: 12.5, available: 9.5 })
  expect((await reading(target)).ann).toMatchObject({ balance: 10.5, available: 10.5 })
  const signedIn = await request('/api/auth/sign-in/email', {
    body: { email: 'olga@example.com', password: PASSWORD },
    headers: OWN,
  })
  expect(signedIn.status).toBe(200)
  expect(await verifyLedger(target.server.gateway.store)).toEqual([])
  await target.stop()
})

test('a database that holds something is left as it is', async () => {
  const count = 'SELECT count(*)::int AS count FROM transactions'
  const [kept] = await query(moved, count)
  await expect(run(moved)).rejects.toThrow(
    /is in use: "\w+" has rows. What is moved goes to an empty database; nothing was changed/,
  )
  expect(await query(moved, count)).toEqual([kept])
})

test('what breaks on the way or arrives changed leaves the database empty, and the next try fills it', async () => {
  const url = await freshDatabase()
  await (await openStore({ databaseUrl: url, database: '' })).close() // The tables are there, and no row.
  await query(url, "DELETE FROM nodes; ALTER TABLE usage_records ADD CONSTRAINT none CHECK (model = '')")
  await expect(run(url)).rejects.toThrow(/usage_records.*none/)
  const left = 'SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM nodes) AS count'
  expect(await query(url, left)).toEqual([{ count: '0' }])

  await query(url, 'ALTER TABLE usage_records DROP CONSTRAINT none')
  await query(
    url,
    `CREATE FUNCTION shave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name || ' '; RETURN NEW; END $$;
     CREATE TRIGGER shave BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION shave()`,
  )
  await expect(run(url)).rejects.toThrow(
    '"accounts" is not the same on PostgreSQL: 2 rows were sent, 2 are there, and their cells differ. Nothing was kept of it',
  )
  expect(await query(url, left)).toEqual([{ count: '0' }])

  await query(url, 'DROP FUNCTION shave CASCADE')
  expect((await run(url)).code).toBe(0)
})

test('a folder that a server holds is not moved, nor a ledger that does not add up', async () => {
  const url = await freshDatabase()
  const running = await startTurnpike()
  await expect(run(url, { dataDir: running.folder })).rejects.toThrow('is held by another Turnpike')
  const { store } = running.server.gateway
  await store.write([store.sql.updateTable('accounts').set({ posted_nanos: 1n })])
  await running.stop()
  await expect(run(url, { dataDir: running.folder })).rejects.toThrow('the ledger to be moved has 1 differences')
  rmSync(running.folder, { recursive: true })
})

test.each([
  ['sqlite:/nowhere/x.db', 'postgres', '/nowhere/x.db, which --from names, does not exist'],
  ['postgres', 'sqlite', '--from: expected sqlite or sqlite:FILE; found "postgres"'],
  ['sqlite', 'mysql://x', '--to: expected postgres, or an address that begins with postgres://'],
  ['sqlite', 'postgres', 'set TURNPIKE_DATABASE_URL to the empty database that is to be filled'],
  ['sqlite', 'postgres://u:p@127.0.0.1:1/x', 'nothing listens at 127.0.0.1:1'],
])('--from %s --to %s is refused', async (from, to, sentence) => {
  await expect(run(to, { from })).rejects.toThrow(sentence)
})
