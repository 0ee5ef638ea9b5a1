/** Somebody sets the clock of the machine while calls are under way. */
import { expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { generationCode } from '../src/lib/id.ts'
import { chat, DEMO_NANOS, eventsOf, expectSettled, OPENROUTER } from './gateway-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike } from './turnpike.ts'

const HOUR_MS = 3_600_000

test.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() })],
])(
  'on %s, an hour forward, two back and one forward again: each call ends once, and no instant of an account runs backwards',
  async (_name, env) => {
    let ahead = 0
    const told = new Map<string, number>()
    const turnpike = await startTurnpike({
      env: await env(),
      clock: { ...systemClock, now: () => systemClock.now() + ahead },
    })
    const { operatorKey } = turnpike
    const limit = { name: 'day', scope: 'organisation', metric: 'usd', limit: '5', window: 'day' }
    await turnpike.request('/api/admin/budgets', { key: operatorKey, body: limit })
    for (const step of [1, -2, 1]) {
      const held = turnpike.simulator.script('gpt-4o-mini', [{ text: 'one' }, 'gate', 'answer'], { times: 3 })
      const body = chat('openai/gpt-4o-mini', { stream: true })
      const replies = await Promise.all([1, 2, 3].map(() => turnpike.request(OPENROUTER, { body })))
      const reserved = await turnpike.request('/v1/reservations', {
        key: operatorKey,
        body: { externalId: 'demo', amount: 1 },
      })
      const { reservation } = (await reserved.json()) as { reservation: { id: string } }
      await held.waiting(3)
      ahead += step * HOUR_MS
      held.release()
      for (const reply of replies) {
        const { data, json } = eventsOf(await reply.text())
        expect(data.at(-1)).toBe('[DONE]')
        const { id, usage } = json.at(-1) as { id: string; usage: { cost: number } }
        told.set(generationCode(id) ?? '', usage.cost)
      }
      const ended = await turnpike.request(`/v1/reservations/${reservation.id}/cancel`, { key: operatorKey, body: {} })
      const out = { externalId: 'demo', amount: 0.25, description: 'out' }
      await turnpike.request('/v1/accounts/credits/deduct', { key: operatorKey, body: out })
      // Its time is over where an hour has passed.
      expect([200, 410]).toContain(ended.status)
      expect((await turnpike.request(OPENROUTER, { body })).status).toBe(200)
    }
    const records = await expectSettled(turnpike, DEMO_NANOS - 750_000_000n)
    expect(records.map(({ status }) => status)).toEqual(Array(12).fill('ok'))
    const charged = new Map(records.map(({ code, charge_exact }) => [code, Number(charge_exact)]))
    expect(told.size).toBe(9)
    for (const [code, cost] of told) expect(charged.get(code)).toBe(cost)
    const { store } = turnpike.server.gateway
    const booked = await store.rows(store.sql.selectFrom('transactions').select(['id', 'occurred_at', 'booked_at']))
    for (const { occurred_at, booked_at } of booked) expect(booked_at).toBeGreaterThanOrEqual(occurred_at)
    expect(await verifyLedger(store)).toEqual([])
    await turnpike.close()
  },
  60_000,
)
