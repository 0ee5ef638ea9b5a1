/** Four processes on one PostgreSQL: limits hold across all of them, and what one is told the others know. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Fleet, openFleet } from './fleet-kit.ts'
import { eventually } from './gateway-kit.ts'
import { ledgerOf } from './load-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'

let fleet: Fleet
beforeAll(async () => {
  fleet = await openFleet({ url: await freshDatabase(), size: 4 })
}, 120_000)
afterAll(() => fleet?.close())

/** 0.00002 USD, whatever comes of it. */
const CALL = { model: 'far/flat', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }

test('1,000 parallel calls over four processes: the limit of one budget holds to the nano', async () => {
  const made = await fleet.request(0, '/api/admin/budgets', {
    body: { name: 'all', scope: 'organisation', metric: 'usd', limit: '0.005', window: 'total' },
  })
  expect(made.status).toBe(201)
  const statuses = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const reply = await fleet.request(index % 4, '/v1/chat/completions', { key: fleet.key, body: CALL })
      await reply.text()
      return reply.status
    }),
  )
  const counts = Map.groupBy(statuses, (status) => status)
  expect([...counts.keys()].sort()).toEqual([200, 429])
  const { ledger, counter, differences } = await fleet.look(async (store) => ({
    ledger: await ledgerOf(store),
    counter: await store.rows(store.sql.selectFrom('budget_counters').select(['spent', 'reserved'])),
    differences: await verifyLedger(store),
  }))
  expect(counter).toEqual([{ spent: 5_000_000n, reserved: 0n }])
  expect(ledger.chargedNanos).toBe(5_000_000n)
  expect([ledger.recordCount, counts.get(200)?.length]).toEqual([250, 250])
  expect(ledger.pending).toEqual([])
  expect(differences).toEqual([])
}, 120_000)

test('a key that is disabled on one process is refused by all of them', async () => {
  const { data, key } = (await (await fleet.request(0, '/api/v1/keys', { body: { name: 'short' } })).json()) as {
    data: { hash: string }
    key: string
  }
  const asked = (node: number) => fleet.request(node, '/api/v1/key', { key }).then(({ status }) => status)
  for (const node of [0, 1, 2, 3]) expect(await asked(node)).toBe(200)
  await fleet.request(1, `/api/v1/keys/${data.hash}`, { method: 'PATCH', body: { disabled: true } })
  for (const node of [0, 1, 2, 3]) await eventually(async () => ((await asked(node)) === 401 ? true : undefined))
})
