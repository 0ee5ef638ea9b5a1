import { rmSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { loadSettings } from '../src/cli/settings.ts'
import { createLog } from '../src/lib/log.ts'
import { type Server, startServer } from '../src/server.ts'
import { newHome, runTurnpike, startProcess, type TurnpikeProcess } from './turnpike-process.ts'

const SETTINGS = `providers:
  near: { type: simulator }
models:
  - id: test/slow
    endpoints: [{ provider: near, model: slow-15, prices: { input: "0.20", output: "0.50" } }]
  - id: test/late
    endpoints: [{ provider: near, model: slow-first-token-600, prices: { input: "0.20", output: "0.50" } }]
  - id: test/endless
    endpoints: [{ provider: near, model: endless, prices: { input: "0.20", output: "0.50" } }]
`

const homes: string[] = []
const running: TurnpikeProcess[] = []
afterEach(async () => {
  for (const turnpike of running.splice(0)) {
    turnpike.signal('SIGKILL')
    await turnpike.ended
  }
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

function newFolder(): string {
  const home = newHome(SETTINGS)
  homes.push(home)
  return home
}

const call = (url: string, key: string, model: string, stream = true) =>
  fetch(`${url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }], max_tokens: 2_000 }),
  })

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s lets open calls finish, takes no new ones, and ends with 0',
  async (signal) => {
    const home = newFolder()
    const turnpike = await startProcess({ home })
    running.push(turnpike)
    const { url, demoKey } = turnpike
    // The head of a stream means that it is under way.
    const streams = await Promise.all(Array.from({ length: 8 }, () => call(url, demoKey, 'test/slow')))
    const whole = call(url, demoKey, 'test/late', false)
    const other = await call(url, demoKey, 'test/late')
    turnpike.signal(signal)
    const texts = Promise.all([...streams, other].map((response) => response.text()))
    await refusedOf(url, demoKey)
    for (const text of await texts) {
      expect(text).toMatch(/"finish_reason":"stop"/)
      expect(text).toMatch(/"cost":0\.0/)
      expect(text).toMatch(/data: \[DONE\]\n\n$/)
    }
    expect(await (await whole).json()).toMatchObject({ usage: { cost: expect.any(Number) } })
    expect(await turnpike.ended).toMatchObject({ code: 0, signal: null })

    const again = await startProcess({ home })
    running.push(again)
    expect(again.stderr()).not.toContain('interrupted')
    expect(await runTurnpike({ home, args: ['verify'] })).toMatchObject({ code: 0 })
  },
  60_000,
)

/** Resolves once new calls are turned away: 503 where a connection is still open, else there is nobody to connect to. */
async function refusedOf(url: string, key: string): Promise<void> {
  for (;;) {
    const status = await call(url, key, 'test/slow').then(
      async (response) => {
        await response.body?.cancel()
        return response.status
      },
      () => 'refused',
    )
    if (status === 503 || status === 'refused') return
  }
}

async function startHere(home: string, drainMs: number): Promise<Server> {
  const env = { TURNPIKE_PORT: '0', TURNPIKE_DATA_DIR: `${home}/data` }
  const loaded = loadSettings({ env, args: {}, cwd: home, readFile: () => SETTINGS })
  if ('faults' in loaded) throw new Error(loaded.faults.map(({ message }) => message).join('\n'))
  return startServer({ ...loaded, log: createLog({ level: 'silent' }), drainMs })
}

test('a stream that outlasts the limit is cut with an error, and settled as far as it came', async () => {
  const home = newFolder()
  const server = await startHere(home, 300)
  const stream = await call(server.url, server.demoKey ?? '', 'test/endless')
  const text = stream.text()
  await server.close()
  expect(await text).toMatch(/"finish_reason":"error"/)

  const again = await startHere(home, 300)
  const { store } = again.gateway
  const [record] = await store.rows(store.sql.selectFrom('usage_records').select(['status', 'output_tokens']))
  const pending = await store.rows(store.sql.selectFrom('reservations').select('id'))
  expect(record?.status).toBe('error')
  expect(Number(record?.output_tokens)).toBeGreaterThan(0)
  expect(pending).toEqual([])
  expect(again.recovered.calls).toBe(0)
  await again.close()
})

test('a client that does not read its reply holds a stop up no longer than the limits', async () => {
  const home = newFolder()
  const server = await startHere(home, 100)
  const unread = await call(server.url, server.demoKey ?? '', 'test/endless')
  await server.close()
  await unread.body?.cancel().catch(() => {})
  expect(await runTurnpike({ home, args: ['verify'] })).toMatchObject({ code: 0 })
}, 60_000)

test('while it stops, a connection that is open is told so in the words of its dialect', async () => {
  const home = newFolder()
  const server = await startHere(home, 5_000)
  const stream = await call(server.url, server.demoKey ?? '', 'test/slow')
  server.gateway.draining = true
  const refused = await call(server.url, server.demoKey ?? '', 'test/slow')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ error: { code: 503 } })
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
  expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/)
  await server.close()
})
