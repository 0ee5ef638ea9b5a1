/** What callers and people see once a month is gone: balances, limits and reports as before, and a true sentence for the rest. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { runMonths } from '../src/jobs/months.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { monthAt } from '../src/store/months.ts'
import { hashDetails } from './months-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }], user: 'ann' }
const TOLD = { context: 'system', modelId: 'gpt-4o-mini', usageType: 'text', inputTokens: 10, outputTokens: 5 }
const NAMED = { 'idempotency-key': 'told-once' }

let turnpike: Turnpike
let account: string
let generation: string
let charge: string
let reservation: string
let before: Awaited<ReturnType<typeof seen>>
beforeAll(async () => {
  const env = { TURNPIKE_DATABASE_URL: await freshDatabase() }
  turnpike = await startTurnpike({ env, yaml: 'retention: { months: 3 }\n' })
  const { server } = turnpike
  account = (await post('/v1/accounts', { name: 'Ann', externalId: 'ann' })).account.id
  await post(`/v1/accounts/${account}/credits`, { amount: 10 })
  const { grantId } = await post(`/v1/accounts/${account}/credits`, { amount: 3, description: 'a mistake' })
  await post(`/v1/grants/${grantId}/void`, {})
  generation = (await post('/api/v1/chat/completions', CALL, turnpike.key)).id
  reservation = (await post('/v1/reservations', { accountId: account, amount: 2 })).reservation.id
  charge = (await post(`/v1/reservations/${reservation}/confirm`, { actualAmount: 1.5 })).transactionId
  await post('/v1/usage', TOLD, turnpike.operatorKey, NAMED)
  // Half a year later, as far as the months are concerned.
  const { store } = server.gateway
  const later = { ...store, now: () => monthAt(systemClock.now(), 6).start }
  await createFolds({ store: later, hashDetails }).run()
  before = await seen()
  const log = { readable: false, debug() {}, info() {}, warn() {}, error() {} }
  const run = { store: later, log, keepMonths: 3 }
  expect(await runMonths({ ...run, clock: systemClock }), 'by one clock alone').toMatchObject({ dropped: [] })
  const { dropped } = await runMonths({ ...run, clock: { ...systemClock, now: later.now } })
  expect(dropped).toContain(monthAt(systemClock.now()).name)
}, 60_000)
afterAll(() => turnpike.close())

async function post(path: string, body: object, key = turnpike.operatorKey, headers: Record<string, string> = {}) {
  const reply = await turnpike.request(path, { key, body, headers })
  expect(reply.ok, `${path} answered ${reply.status}`).toBe(true)
  return JSON.parse(await reply.text())
}

const get = async (path: string, key = turnpike.operatorKey) =>
  JSON.parse(await (await turnpike.request(path, { key })).text())

/** What a month takes nothing of. */
const seen = async () => ({
  balance: await get(`/v1/accounts/${account}/balance`),
  credits: await get('/api/v1/credits'),
  grants: await get(`/v1/grants?accountId=${account}`),
  key: await get('/api/v1/key', turnpike.key),
  report: await get('/api/admin/usage?groupBy=model'),
  byUser: await get('/api/admin/usage?groupBy=end_user'),
})

test('balances, credits, grants, limits and reports are those of before, and the ledger is proved', async () => {
  expect(await seen()).toEqual(before)
  expect(before.grants.grants.map(({ status }: { status: string }) => status)).toContain('void')
  expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
  expect(await get('/v1/transactions')).toMatchObject({ items: [], pagination: { totalCount: 0 } })
  expect(await get('/api/admin/generations')).toMatchObject({ generations: [], pagination: { totalCount: 0 } })
})

test('what is gone is said to be gone, and what to do instead', async () => {
  const from = new Date(monthAt(systemClock.now(), 3).start).toISOString()
  const sentence = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const reply = await turnpike.request(path, { key: turnpike.operatorKey, headers, ...(body ? { body } : {}) })
    const { error } = JSON.parse(await reply.text())
    return `${reply.status} ${error.message}`
  }
  const gone = new RegExp(`^404 Nothing from before ${from.slice(0, 10)}.*is kept`)
  expect(await sentence(`/api/v1/generation?id=${generation}`)).toMatch(gone)
  expect(await sentence(`/api/admin/generations/${generation}`)).toMatch(gone)
  expect(await sentence(`/v1/transactions/${charge}`)).toMatch(gone)
  expect(await sentence(`/v1/reservations/${reservation}`)).toMatch(gone)
  const refund = await sentence(`/v1/transactions/${charge}/refund`, { reason: 'sorry' })
  expect(refund).toMatch(gone)
  expect(refund).toContain('add them to the account as a grant')
  expect(await sentence('/v1/usage', TOLD, NAMED)).toBe(
    '409 This usage was recorded before; its record is kept no more',
  )
  expect(await sentence('/v1/usage/summary?startDate=2026-01-01')).toMatch(
    /^400 startDate: calls from before .* not kept/,
  )
  expect(await sentence('/api/admin/usage?groupBy=end_user,api_key')).toMatch(
    /^400 from: calls from before .* not kept/,
  )
})

test('months are for PostgreSQL: on SQLite a start that asks for them is refused', async () => {
  await expect(startTurnpike({ env: {}, yaml: 'retention: { months: 3 }\n' })).rejects.toThrow(
    'months are dropped on PostgreSQL alone',
  )
  for (const months of [1, 2, -1, 2.5])
    await expect(startTurnpike({ env: {}, yaml: `retention: { months: ${months} }\n` })).rejects.toThrow(
      '0, or a whole number of months from 3',
    )
})

test('a scrape says how many months are ahead', async () => {
  const text = await (await turnpike.request('/metrics', { key: turnpike.operatorKey })).text()
  expect(text).toMatch(/^turnpike_months_ahead [0-9]+$/m)
  expect(text).toMatch(/^turnpike_rows_without_month 0$/m)
})
