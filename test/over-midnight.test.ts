/** Whole servers on a clock that the test moves: which day a call belongs to, and what of a key begins anew with a day. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { secondText } from '../src/lib/clock.ts'
import { nanosText } from '../src/lib/money.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { testClock } from './backends.ts'
import { type Byok, startByok } from './byok-kit.ts'
import { type Customer, chat, createCustomer, OPENAI } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
type Json = any

describe('a call that is admitted on one day and settled on the next', () => {
  /** Five seconds before midnight in Chicago, where the day ends at 05:00 UTC. */
  const clock = testClock(Date.parse('2027-03-29T04:59:55Z'))
  const FIRST = { windowStart: '2027-03-28T05:00:00Z', windowEnd: '2027-03-29T05:00:00Z' }
  let turnpike: Turnpike
  let caller: Customer
  beforeAll(async () => {
    turnpike = await startTurnpike({ clock })
    caller = await createCustomer(turnpike, 'over-midnight', 10_000_000_000n)
  })
  afterAll(() => turnpike.close())

  async function admin(path: string, body?: object): Promise<Json> {
    const reply = await turnpike.request(path, { key: turnpike.operatorKey, ...(body ? { body } : {}) })
    return reply.json()
  }
  const call = () => turnpike.request(OPENAI, { key: caller.key, body: chat('openai/gpt-4o-mini', { max_tokens: 9 }) })

  test('counts wholly in the day of its admission: in its budgets, in reports and in the sums of its key', async () => {
    const common = { scope: 'api_key', scopeId: hashSecret(caller.key), timeZone: 'America/Chicago', window: 'day' }
    const set = async (more: object) => (await admin('/api/admin/budgets', { ...common, ...more })).budget
    const once = await set({ name: 'once a day', metric: 'requests', limit: 1 })
    const money = await set({ name: 'a dollar a day', metric: 'usd', limit: 1 })
    expect(once).toMatchObject(FIRST)

    const script = turnpike.simulator.script('gpt-4o-mini', ['gate', 'answer'])
    const running = call()
    await script.waiting(1)
    const refused = await call()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5'])

    clock.forward(15_000)
    const next = call()
    await script.waiting(2)
    script.release()
    const [yesterdays, todays] = [await running, await next]
    script.stop()
    expect([yesterdays.status, todays.status]).toEqual([200, 200])

    const counters = await countersOf(once.id)
    expect(counters).toEqual([
      { start: FIRST.windowStart, spent: 1n, reserved: 0n },
      { start: FIRST.windowEnd, spent: 1n, reserved: 0n },
    ])
    const { budget } = await admin(`/api/admin/budgets/${once.id}`)
    expect(budget).toMatchObject({ windowStart: FIRST.windowEnd, spent: 1, remaining: 0 })
    const spent = await countersOf(money.id)
    expect(spent.map(({ start }) => start)).toEqual([FIRST.windowStart, FIRST.windowEnd])
    const days = await admin('/api/admin/usage?from=2027-03-28&to=2027-03-29&timeZone=America/Chicago&bucket=day')
    expect(
      days.buckets.map(({ start, requests, decimal }: Json) => [
        secondText(Date.parse(start)),
        requests,
        decimal.chargeUsd,
      ]),
    ).toEqual(spent.map(({ start, spent }) => [start, 1, nanosText(spent)]))
    const again = await call()
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, String(86_400 - 10)])
    expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
  })

  async function countersOf(budgetId: string) {
    const { store } = turnpike.server.gateway
    const rows = await store.rows(
      store.sql
        .selectFrom('budget_counters')
        .innerJoin('budgets', 'budgets.id', 'budget_counters.budget_id')
        .select(['window_start', 'spent', 'reserved'])
        .where('code', '=', budgetId.slice(4))
        .orderBy('window_start'),
    )
    return rows.map(({ window_start, spent, reserved }) => ({
      start: secondText(Number(window_start)),
      spent,
      reserved,
    }))
  }
})

describe('what a key spent', () => {
  /** A Monday. */
  const clock = testClock(Date.parse('2027-03-29T12:00:00Z'))
  let byok: Byok
  beforeAll(async () => {
    byok = await startByok({ clock })
  })
  afterAll(() => byok.close())

  test('this day, week and month begins anew with each, on our credentials and on its own, and the limit with them', async () => {
    const { turnpike } = byok
    const { key } = await createCustomer(turnpike, 'calendar', 1_000_000_000_000n)
    await byok.credential({ secret: 'mine-at-acme-0123456789', externalId: 'calendar' })
    await byok.admin('PATCH', `/api/v1/keys/${hashSecret(key)}`, { limit: 10, limit_reset: 'weekly' })
    const call = async (model: string) =>
      expect((await turnpike.request(OPENAI, { key, body: chat(model, { max_tokens: 100 }) })).status).toBe(200)
    /** 0.95 is the fee of a bill of 19; what is ours costs a fraction of a cent. */
    const OURS = 0.000244
    const look = async () => {
      const { data } = (await (await turnpike.request('/api/v1/key', { key })).json()) as Json
      const sums = (name: string) => ['daily', 'weekly', 'monthly'].map((window) => data[`${name}_${window}`])
      return {
        ever: data.usage,
        sums: sums('usage'),
        byokEver: data.byok_usage,
        byok: sums('byok_usage'),
        left: data.limit_remaining,
      }
    }
    await call('other/plain')
    await call('acme/seed')
    const [ours, both] = [OURS, 0.95 + OURS]
    const whole = { ever: both, byokEver: 19 }
    const at = async (instant: string) => {
      clock.moveTo(Date.parse(instant))
      return look()
    }
    expect(await look()).toEqual({ ...whole, sums: [both, both, both], byok: [19, 19, 19], left: 10 - both })
    expect((await at('2027-03-29T23:59:59.999Z')).sums).toEqual([both, both, both])
    expect(await at('2027-03-30T00:00:00Z')).toEqual({
      ...{ ...whole, sums: [0, both, both], byok: [0, 19, 19], left: 10 - both },
    })
    await call('other/plain')
    const more = { ever: both + ours, byokEver: 19 }
    expect(await at('2027-03-31T23:59:59.999Z')).toMatchObject({ ...more, sums: [0, both + ours, both + ours] })
    // A Thursday: the month is new, the week is not.
    expect(await at('2027-04-01T00:00:00Z')).toMatchObject({ ...more, sums: [0, both + ours, 0], byok: [0, 19, 0] })
    expect((await at('2027-04-04T23:59:59.999Z')).left).toBe(10 - both - ours)
    expect(await at('2027-04-05T00:00:00Z')).toEqual({ ...more, sums: [0, 0, 0], byok: [0, 0, 0], left: 10 })
    await call('acme/seed')
    expect(await look()).toMatchObject({ sums: [0.95, 0.95, 0.95], byok: [19, 19, 19], byokEver: 38, left: 9.05 })
    const listed = await byok.admin('GET', `/api/v1/keys/${hashSecret(key)}`)
    expect(listed.body.data).toMatchObject({ usage_daily: 0.95, byok_usage_weekly: 19, limit_remaining: 9.05 })
    expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
  })
})
