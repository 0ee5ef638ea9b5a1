import { expect, test } from 'vitest'
import { startTurnpike } from '../../test/turnpike.ts'
import { recover } from './recover.ts'

test('a call whose settle failed is recorded while the server runs, at no charge, and its key runs again', async () => {
  const turnpike = await startTurnpike()
  const { gateway } = turnpike.server
  const { store, rateCards, terms, log, stranded } = gateway
  const post = store.post
  let failing = true
  Object.assign(store, {
    post: (command: { type: string }) =>
      failing && command.type === 'settle' ? Promise.reject(new Error('a defect')) : post(command as never),
  })
  const call = () =>
    turnpike.request('/v1/chat/completions', {
      headers: { 'idempotency-key': 'once' },
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] },
    })
  expect((await call()).status).toBe(500)
  expect(stranded.size).toBe(1)
  failing = false
  const { calls, chargeNanos } = await recover({ store, rateCards, terms, log, stranded, starting: false })
  expect(calls).toBe(1)
  expect(chargeNanos).toBe(0n)
  expect(stranded.size).toBe(0)
  expect(await store.rows(store.sql.selectFrom('reservations').select('id'))).toEqual([])
  const [record] = await store.rows(store.sql.selectFrom('usage_records').selectAll())
  expect(record).toMatchObject({ status: 'interrupted', source: 'estimated', charge_nanos: 0n })
  expect(record?.cost_nanos).toBeGreaterThan(0n)
  expect((await call()).status).toBe(200)
  await turnpike.close()
})
