/** LEDGER: no rule waits for a job. A call at the first instant of a plan's new interval is paid by its new grant. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { chat, createCustomer, eventually, MOUNTS } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const DAY = 86_400_000
let ahead = 0
let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
  const { store } = turnpike.server.gateway
  const { now } = store
  Object.assign(store, { now: () => now() + ahead })
})
afterAll(() => turnpike.close())

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
async function send(path: string, body: object): Promise<any> {
  const reply = await turnpike.request(path, { key: turnpike.operatorKey, body })
  expect(reply.ok).toBe(true)
  return reply.json()
}

test('what a plan has yet to grant pays for a call, by every mount, and for many at once', async () => {
  const { key } = await createCustomer(turnpike, 'planned', 0n)
  const call = async (path: string) =>
    (await turnpike.request(path, { key, body: chat('openai/gpt-4o-mini', { max_tokens: 20 }) })).status
  expect(await call('/v1/chat/completions')).toBe(402)
  const { plan } = await send('/v1/plans', { name: 'Daily', amount: 1, interval: '1d' })
  await send('/v1/accounts/plans/assign', { externalId: 'planned', planId: plan.id })
  for (const path of MOUNTS) {
    ahead += DAY
    expect(new Set(await Promise.all(Array.from({ length: 8 }, () => call(path))))).toEqual(new Set([200]))
  }
  const { store } = turnpike.server.gateway
  await eventually(async () => (await verifyLedger(store)).length === 0 || undefined)
})
