/** `turnpike doctor`: beside a server and without one it changes nothing, names what is wrong in a line, and says what to do. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finding } from '../src/cli/doctor-output.ts'
import { doctor } from '../src/doctor-command.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { tellOutcome } from '../src/verify-outcome.ts'
import { type MailServer, type Receiver, startMailServer, startReceiver } from './receivers.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const SECRET = 'sk-of-acme-0123456789abcdef'

let turnpike: Turnpike
let acme: Receiver
let mail: MailServer
let folder: string
/** What the provider answers with. */
const upstream = { status: 200 }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-doctor-'))
  acme = await startReceiver((response) =>
    response
      .writeHead(upstream.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(upstream.status === 200 ? { data: [] } : { error: { message: `no such key ${SECRET}` } })),
  )
  mail = await startMailServer()
  turnpike = await startTurnpike({ yaml: `webhooks: { allow: [127.0.0.1] }\nunpriced: allow\n` })
})
afterAll(async () => {
  await Promise.all([turnpike.close(), acme.close(), mail.close()])
  rmSync(folder, { recursive: true, force: true })
})

type Asked = { readonly yaml?: string; readonly env?: Record<string, string>; readonly dataDir?: string }

async function run({ yaml, env = {}, dataDir = turnpike.folder }: Asked = {}, json = true) {
  const said = { stdout: '', stderr: '' }
  const code = await doctor({
    env: { TURNPIKE_PORT: new URL(turnpike.url).port, ...env },
    cwd: folder,
    readFile: () => {
      if (yaml !== undefined) return yaml
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    options: { json, dataDir },
    stdout: (text) => {
      said.stdout += text
    },
    stderr: (text) => {
      said.stderr += text
    },
  })
  const findings = json ? (JSON.parse(said.stdout) as { findings: Finding[] }).findings : []
  return { code, ...said, findings, of: (check: string) => findings.find((each) => each.check === check) }
}

const settings = () => `webhooks: { allow: [127.0.0.1] }
smtp: { url: '${mail.url}', from: turnpike@example.com }
providers: { acme: { preset: openai, baseUrl: '${acme.url.replace('/hook', '/v1')}', apiKey: ${SECRET} } }
`

test('beside a live server all is looked at, nothing is sent, nothing of the folder changes, and no secret is shown', async () => {
  const hook = { type: 'webhook', url: `${acme.url}/secret-path` }
  await turnpike.request('/api/admin/alert-channels', { key: turnpike.operatorKey, body: hook })
  const { store } = turnpike.server.gateway
  await tellOutcome(store, { differences: 0, tables: [], repaired: 0, rows: 7, tookMs: 1 })
  const before = readdirSync(turnpike.folder).sort()
  const { code, findings, of, stdout, stderr } = await run({ yaml: settings() })
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(code).toBe(0)
  expect(of('port')?.says).toMatch(/^a Turnpike answers on 127\.0\.0\.1:\d+, and is ready$/)
  expect(of('migrations')?.says).toMatch(/^\d+ applied, the last one \d{4}-/)
  expect(of('provider acme')?.says).toMatch(/^key .* is taken \(200, \d+ ms\)$/)
  expect(of('clock')?.says).toMatch(/^0\.\d seconds (before|behind) acme$/)
  expect(of('mail')?.says).toMatch(/greets, and was sent nothing/)
  expect(of('last verify')?.says).toMatch(/no difference in 7 rows$/)
  expect(mail.mails).toEqual([])
  // Asked for its models and its clock; the webhook's own path was not asked for.
  expect(acme.received.map(({ path }) => path).sort()).toEqual(['/v1', '/v1/models'])
  expect(acme.received.find(({ path }) => path === '/v1')?.headers.authorization).toBeUndefined()
  expect(`${stdout}${stderr}`).not.toContain(SECRET)
  expect(`${stdout}${stderr}`).not.toContain('secret-path')
  expect(readdirSync(turnpike.folder).sort()).toEqual(before)
})

test('what is wrong is a line each with its cure, and the exit code says so', async () => {
  upstream.status = 401
  const { store } = turnpike.server.gateway
  await tellOutcome(store, { differences: 1, tables: ['accounts'], repaired: 0, rows: 7, tookMs: 1 })
  await store.write([store.sql.updateTable('alert_channels').set({ target: '{"url":"http://10.1.2.3/x"}' })])
  const closed = mail.url.replace(/:\d+/, ':9')
  const yaml = settings().replace(mail.url, closed)
  const { code, of, stdout } = await run({ yaml })
  expect(code).toBe(1)
  expect(of('provider acme')).toMatchObject({
    state: 'failed',
    says: expect.stringMatching(/401 no such key \[removed\]/),
  })
  expect(of('mail')).toMatchObject({ state: 'failed', cure: expect.stringContaining('smtp.url') })
  expect(of('webhooks')).toMatchObject({ state: 'failed', says: expect.stringContaining('webhooks.allow') })
  expect(of('last verify')).toMatchObject({
    state: 'failed',
    cure: expect.stringContaining('turnpike verify --repair'),
  })
  expect(stdout).not.toContain(SECRET)
  const shown = await run({ yaml }, false)
  expect(shown.stdout).toMatch(/^FAILED {2}provider acme {2}key .*: 401 .*\. Cure: put a key/m)
  expect(shown.stdout.trimEnd().split('\n')).toHaveLength(13)
  expect(shown.stderr).toMatch(/turnpike: 13 looked at, 4 failed, 0 to look after\n$/)
  upstream.status = 200
})

test('without a server: an empty folder is made at the start, and a port that another program holds is named', async () => {
  const dataDir = join(folder, 'nothing-yet')
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  const { code, of } = await run({ dataDir, env: { TURNPIKE_PORT: String(port) } })
  expect(code).toBe(1)
  expect(of('port')).toMatchObject({ state: 'failed', says: expect.stringContaining('(TURNPIKE_PORT) and is taken') })
  expect(of('database')).toMatchObject({ state: 'ok', says: expect.stringContaining('is made at the first start') })
  expect(of('last verify')).toBeUndefined()
  expect(existsSync(dataDir)).toBe(false)
  await new Promise((resolve) => other.close(resolve))
  expect((await run({ dataDir, env: { TURNPIKE_PORT: String(port) } })).of('port')?.state).toBe('ok')
})

test('a database that a newer version migrated, one that is damaged, and rights that are too wide', async () => {
  const dataDir = join(folder, 'old')
  mkdirSync(dataDir, { mode: 0o755 })
  const file = join(dataDir, 'turnpike.db')
  const store = await openSqlite({ file, clock: systemClock, random: systemRandom })
  await store.close()
  writeFileSync(join(dataDir, 'secret-key'), 'x', { mode: 0o644 })
  const { of } = await run({ dataDir })
  expect(of('data folder')).toMatchObject({ state: 'warning', cure: expect.stringContaining('chmod 600') })
  expect(of('last verify')).toMatchObject({ state: 'warning', says: 'the ledger was never proved' })
  expect(statSync(file).size).toBeGreaterThan(0)
  const { default: BetterSqlite3 } = await import('better-sqlite3')
  const db = new BetterSqlite3(file)
  db.prepare("INSERT INTO kysely_migration VALUES ('9999-later', '2030')").run()
  db.close()
  expect((await run({ dataDir })).of('migrations')).toMatchObject({
    state: 'failed',
    says: expect.stringContaining('migrated by a newer Turnpike (9999-later'),
  })
  writeFileSync(file, 'this is no database, and longer than a header of one would have to be '.repeat(20))
  expect(await run({ dataDir })).toMatchObject({ code: 1 })
})

test('on PostgreSQL the clocks are compared, nothing is migrated, and one that is away is named', async () => {
  const databaseUrl = await freshDatabase()
  const env = { TURNPIKE_DATABASE_URL: databaseUrl }
  const empty = await run({ env })
  expect(empty.of('migrations')).toMatchObject({
    state: 'warning',
    cure: expect.stringContaining('start this version'),
  })
  expect(empty.of('clock')).toMatchObject({ state: 'ok', says: expect.stringContaining('PostgreSQL') })
  expect((await run({ env })).of('migrations')?.state).toBe('warning')
  const away = await run({ env: { TURNPIKE_DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:9/x' } })
  expect(away.of('database')).toMatchObject({ state: 'failed', says: expect.stringContaining('nothing listens') })
  expect(away.stdout).not.toContain('hunter2')
})

test('faults of the settings are told, each in a line, and end in 2', async () => {
  const { code, findings } = await run({ yaml: 'limits: { attempts: none }\nunknown: true\n' })
  expect(code).toBe(2)
  expect(findings.filter(({ check }) => check === 'settings').map(({ says }) => says)).toEqual([
    expect.stringContaining('turnpike.yaml:1:'),
    expect.stringContaining('turnpike.yaml:2:'),
  ])
})
