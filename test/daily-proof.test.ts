/** The server proves its ledger by itself: once a day, in a thread beside the calls, and what it finds is told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Settings } from '../src/contract/settings.ts'
import { createDailyProof } from '../src/daily-proof.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createLog } from '../src/lib/log.ts'
import { lastVerified } from '../src/store/last-verify.ts'
import type { Store } from '../src/store/store.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const HOUR_MS = 3_600_000
const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }

const opened: Turnpike[] = []
let env: Record<string, string>
beforeAll(async () => {
  env = { TURNPIKE_DATABASE_URL: await freshDatabase() }
})
afterAll(() => Promise.all(opened.map((turnpike) => turnpike.close())))

/** A server whose store is some hours ahead, for the job alone. */
async function provingOn(own: Record<string, string>, verify: Settings['verify'] = { everyHours: 24 }) {
  const turnpike = await startTurnpike({ env: own })
  opened.push(turnpike)
  const { gateway, folder } = turnpike.server
  const ahead = { hours: 0, leads: true }
  const store: Store = {
    ...gateway.store,
    now: () => gateway.store.now() + ahead.hours * HOUR_MS,
    leads: () => ahead.leads,
  }
  const said: string[] = []
  const log = { ...createLog({ level: 'silent' }), error: (_fields: object, text: string) => void said.push(text) }
  const settings = { ...gateway.settings, verify }
  const proof = createDailyProof({ store, settings, database: folder.database, log, clock: systemClock })
  return { turnpike, store, ahead, said, proof, kept: () => lastVerified(store) }
}

const events = async ({ url, operatorKey }: Turnpike) => {
  const headers = { authorization: `Bearer ${operatorKey}` }
  const reply = await fetch(`${url}/api/admin/events?type=ledger.integrity_failed`, { headers })
  return ((await reply.json()) as { events: { data: object }[] }).events
}

test.each(['SQLite', 'PostgreSQL'])(
  'on %s it is done when it is due, by whoever leads, and a difference is told',
  async (engine) => {
    const { turnpike, store, ahead, said, proof, kept } = await provingOn(engine === 'SQLite' ? {} : env)
    expect((await turnpike.request('/v1/chat/completions', { body: CALL })).status).toBe(200)
    await proof.run()
    expect(await kept()).toBeUndefined()
    ahead.hours = 25
    ahead.leads = false
    await proof.run()
    expect(await kept()).toBeUndefined()
    ahead.leads = true
    await proof.run()
    const first = await kept()
    expect(first).toMatchObject({ differences: 0, repaired: 0, rows: expect.toSatisfy((rows: number) => rows > 0) })
    await store.write([
      store.sql.updateTable('accounts').set((row) => ({ posted_nanos: row('posted_nanos', '+', 7n) })),
    ])
    await proof.run()
    expect(await kept()).toEqual(first)
    ahead.hours = 50
    await proof.run()
    expect(await kept()).toMatchObject({ differences: 1, repaired: 0 })
    expect(said).toEqual(['the ledger has differences: run turnpike verify'])
    expect(await events(turnpike)).toMatchObject([{ data: { differences: 1, tables: ['accounts'] } }])
    // It took no number among the nodes, and wrote nothing but what it found.
    if (engine === 'PostgreSQL') expect(await store.rows(store.sql.selectFrom('nodes').select('id'))).toHaveLength(1)
  },
)

test('one that is switched off is never done, and one that is stopped leaves nothing', async () => {
  const off = await provingOn({}, { everyHours: 0 })
  off.ahead.hours = 10_000
  await off.proof.run()
  expect(await off.kept()).toBeUndefined()
  const stopped = await provingOn({})
  stopped.ahead.hours = 25
  const running = stopped.proof.run()
  await stopped.proof.stop()
  await running
  await stopped.proof.run()
  expect(await stopped.kept()).toBeUndefined()
})
