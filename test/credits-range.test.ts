/** Sums at the end of what 64 bits hold, over HTTP on both stores: refused with a code, and nothing is written. */
import { describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi } from './api-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'

/** 64 bits of nano-dollars end at 9.2 billion dollars. */
const MOST = 1_000_000_000
const TIMES = 12

/** The same step over and over, one after the other: how often it went through before it was refused, and with what. */
async function untilRefused(step: (n: number) => Promise<{ status: number; body: { error?: { code: string } } }>) {
  let through = 0
  const refusals = new Set<string>()
  for (let n = 0; n < 2 * TIMES; n++) {
    const { status, body } = await step(n)
    if (status < 300) through++
    else refusals.add(`${status} ${body.error?.code}`)
  }
  return { through, refusals: [...refusals] }
}

function requests(api: Api) {
  const post = (path: string, body: object) => api.request('POST', path, api.operator, body)
  const balance = async (externalId: string): Promise<number> =>
    (await api.request('GET', `/v1/accounts/balance?externalId=${externalId}`, api.operator)).body.balance
  return {
    post,
    balance,
    records: async () => (await api.request('GET', '/v1/usage/summary', api.operator)).body.summary,
  }
}

async function addsUp(api: Api): Promise<void> {
  const { post, balance } = requests(api)
  await post('/v1/accounts', { name: 'C', externalId: 'rich' })
  const body = { externalId: 'rich', amount: MOST, description: 'more' }
  const granted = await untilRefused(() => post('/v1/accounts/credits/add', body))
  expect(granted).toEqual({ through: 9, refusals: ['422 out_of_range'] })
  expect(await balance('rich')).toBe(9 * MOST)
}

/** What was reserved is charged far above it, so that the debt grows with each. */
async function owes(api: Api): Promise<void> {
  const { post, balance } = requests(api)
  await post('/v1/accounts', { name: 'C', externalId: 'poor' })
  await post('/v1/accounts/credits/add', { externalId: 'poor', amount: 2 * TIMES, description: 'a little' })
  const open: string[] = []
  for (let n = 0; n < 2 * TIMES; n++)
    open.push((await post('/v1/reservations', { externalId: 'poor', amount: 1 })).body.reservation.id)
  const charged = await untilRefused((n) => post(`/v1/reservations/${open[n]}/confirm`, { actualAmount: MOST }))
  expect(charged).toEqual({ through: 9, refusals: ['422 out_of_range'] })
  expect(await balance('poor')).toBe(2 * TIMES - 9 * MOST)
}

/** Each costs 750 million dollars; all of them lie in one quarter of an hour. */
async function tells(api: Api): Promise<void> {
  const { post, records } = requests(api)
  const occurredAt = new Date(api.store.now() - 3_600_000).toISOString()
  const usage = { modelId: 'o1-pro', usageType: 'text', inputTokens: 1e12, outputTokens: 1e12, occurredAt }
  const told = await untilRefused(() => post('/v1/usage', { context: 'system', ...usage }))
  expect(told).toEqual({ through: 12, refusals: ['422 out_of_range'] })
  expect(await records()).toMatchObject({ totalRecords: 12, totalCostUsd: 12 * 750_000_000 })
}

describe.each([
  { name: 'SQLite', env: async () => ({}) },
  { name: 'PostgreSQL', env: async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() }) },
])('on $name', ({ env }) => {
  test('sums of credit and of usage never pass 64 bits', async () => {
    const api = await openApi(undefined, { env: await env() })
    try {
      await addsUp(api)
      await owes(api)
      await tells(api)
      expect(api.faults).toEqual([])
      expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
    } finally {
      await api.close()
    }
  })
})
