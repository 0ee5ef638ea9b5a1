/** The database goes away and comes back: what is refused, what is told, and that every call ends once and as it was. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { startSimulator } from '../src/simulator/simulator.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { chat, eventsOf, eventually, expectSettled, OPENAI, OPENROUTER } from './gateway-kit.ts'
import { type Cluster, createCluster } from './setup/postgres-cluster.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'
import { newHome, startProcess } from './turnpike-process.ts'

const MODEL = 'openai/gpt-4o-mini'
let cluster: Cluster
let turnpike: Turnpike
let isUp = true
beforeAll(async () => {
  cluster = await createCluster()
  await cluster.start()
})
afterAll(() => cluster?.remove())

beforeEach(async () => {
  turnpike = await startTurnpike({ env: { TURNPIKE_DATABASE_URL: await cluster.database() } })
})
afterEach(async () => {
  await comeBack()
  await turnpike.close()
})

const goAway = async (how: 'fast' | 'immediate' = 'fast') => {
  isUp = false
  await cluster.end(how)
}
const comeBack = async () => {
  if (!isUp) await cluster.start()
  isUp = true
}

const stream = (extra = {}) => turnpike.request(OPENROUTER, { body: chat(MODEL, { stream: true, ...extra }) })

test('without a database a call is refused in the words of its dialect before a provider hears of it', async () => {
  await stream().then((response) => response.text())
  const before = turnpike.simulator.requests.length
  await goAway()
  for (const path of [OPENAI, OPENROUTER, '/v1/messages']) {
    const refused = await turnpike.request(path, { body: chat(MODEL, { max_tokens: 20 }) })
    expect(refused.status).toBe(path === '/v1/messages' ? 529 : 503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('x-turnpike-cost')).toBe('0')
    expect(await refused.json()).toHaveProperty('error')
  }
  expect(turnpike.simulator.requests.length).toBe(before)
  const ready = await turnpike.request('/readyz')
  expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { store: 'away', journal: 0 } }])
  expect((await turnpike.request('/healthz')).status).toBe(200)
  await comeBack()
  expect((await stream()).status).toBe(200)
  expect((await turnpike.request('/readyz')).status).toBe(200)
})

test('a stream whose database restarts under it ends with its cost, which is the one that is charged', async () => {
  const held = turnpike.simulator.script('gpt-4o-mini', [{ text: 'one' }, 'gate', 'answer'], { times: 1 })
  const reply = await stream()
  await held.waiting(1)
  await goAway('immediate')
  const text = reply.text()
  held.release()
  await eventually(() => (turnpike.server.gateway.settlements.waiting > 0 ? true : undefined))
  await comeBack()
  const { json, data } = eventsOf(await text)
  expect(data.at(-1)).toBe('[DONE]')
  await eventually(() => (turnpike.server.gateway.settlements.waiting === 0 ? true : undefined))
  const [record] = await expectSettled(turnpike)
  expect(record?.status).toBe('ok')
  expect(Number(record?.charge_exact)).toBe(costIn(json))
  expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
})

const costIn = (events: readonly Record<string, unknown>[]) =>
  (events.at(-1)?.usage as { cost?: number } | undefined)?.cost

test('a process that is killed while the database is away finds its settles again, and one that cannot be read is in nobody’s way', async () => {
  const upstream = await startSimulator({
    clock: systemClock,
    countTokens: async () => 10,
    countPrompt: async () => 10,
  })
  const home = newHome(`nodes: { settleWaitSeconds: 0 }
providers:
  far: { type: openai, baseUrl: "${upstream.url}", apiKey: none }
models:
  - id: test/one
    endpoints: [{ provider: far, model: one, prices: { input: "0.20", output: "0.50" } }]
`)
  const url = await cluster.database()
  const env = { TURNPIKE_DATABASE_URL: url }
  const first = await startProcess({ home, env })
  const held = upstream.script('one', [{ text: 'one' }, 'gate', 'answer'])
  const call = () =>
    fetch(`${first.url}${OPENROUTER}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first.demoKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(chat('test/one', { stream: true })),
    })
  const replies = await Promise.all([call(), call(), call()])
  await held.waiting(3)
  await goAway('fast')
  held.release()
  for (const reply of replies) {
    const { data, json } = eventsOf(await reply.text())
    expect(data.at(-1)).toBe('[DONE]')
    expect(json.at(-1)?.usage).toMatchObject({
      completion_tokens: expect.any(Number),
      total_tokens: expect.any(Number),
    })
    expect(json.at(-1)?.usage).not.toHaveProperty('cost')
  }
  expect(await (await fetch(`${first.url}/readyz`)).json()).toMatchObject({ checks: { store: 'away', journal: 3 } })
  first.signal('SIGKILL')
  await first.ended
  spoil(join(home, 'data/settle-journal-1.db'))

  await comeBack()
  const second = await startProcess({ home, env })
  const store = await openPostgres({ url, clock: systemClock, random: systemRandom })
  const records = await store.rows(store.sql.selectFrom('usage_records').select(['status', 'source', 'output_tokens']))
  expect(records).toEqual([
    { status: 'ok', source: 'reported', output_tokens: 10n },
    { status: 'ok', source: 'reported', output_tokens: 10n },
  ])
  expect(await verifyLedger(store)).toEqual([])
  expect(await (await fetch(`${second.url}/readyz`)).json()).toMatchObject({ checks: { journal: 0 } })
  second.signal('SIGTERM')
  await second.ended
  await store.close()
  await upstream.close()
  rmSync(home, { recursive: true, force: true })
}, 90_000)

/** The first entry, as a bad disk might. */
function spoil(file: string): void {
  const db = new BetterSqlite3(file)
  db.exec(`UPDATE settles SET text = replace(text, '"type":"settle"', '"type":"settLe"') WHERE place = 1`)
  db.close()
}
