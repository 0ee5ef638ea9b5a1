import { expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike } from './turnpike.ts'

const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }

test('a whole server on PostgreSQL answers, accounts for each token, keeps a limit, and is the same after a restart', async () => {
  const env = { TURNPIKE_DATABASE_URL: await freshDatabase() }
  const first = await startTurnpike({ env })
  const { key, operatorKey } = first
  const whole = (await (await first.request('/api/v1/chat/completions', { body: CALL })).json()) as {
    id: string
    usage: { cost: number }
  }
  const streamed = await (await first.request('/api/v1/chat/completions', { body: { ...CALL, stream: true } })).text()
  expect(streamed).toContain('data: [DONE]')
  const found = await (await first.request(`/api/v1/generation?id=${whole.id}`)).json()
  expect(found).toMatchObject({ data: { id: whole.id, total_cost: whole.usage.cost, cancelled: false } })
  const limited = (await (
    await first.request('/api/v1/keys', { key: operatorKey, body: { name: 'small', limit: 0.000001 } })
  ).json()) as { key: string }
  const refused = await first.request('/api/v1/chat/completions', { key: limited.key, body: CALL })
  expect(refused.status).toBe(402)
  await first.stop()

  const second = await startTurnpike({ env, folder: first.folder })
  expect(second.server.demoKey).toBeUndefined()
  const usage = (await (await second.request('/api/v1/key', { key })).json()) as { data: { usage: number } }
  expect(usage.data.usage).toBeGreaterThan(whole.usage.cost)
  expect((await second.request('/api/v1/chat/completions', { key, body: CALL })).status).toBe(200)
  expect(await verifyLedger(second.server.gateway.store)).toEqual([])
  await second.close()
})

test('each node tells of all that live and counts the calls of all of them', async () => {
  const env = { TURNPIKE_DATABASE_URL: await freshDatabase() }
  const first = await startTurnpike({ env })
  const other = await startTurnpike({ env })
  const told = async (path: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
    (await (await other.request(`/api/admin/${path}`, { key: other.operatorKey })).json()) as any
  const held = first.simulator.script('gpt-4o-mini', ['gate'], { times: 1 })
  const call = first.request('/v1/chat/completions', { body: CALL })
  await held.waiting(1)
  expect((await told('calls-in-flight')).callsInFlight).toMatchObject({ calls: 1 })
  const { server } = (await told('system')).system
  const numbers = [first, other].map((each) => each.server.gateway.store.node)
  expect(server.nodes).toEqual(
    numbers.map((node, index) => ({ node, isThis: index === 1, leaseUntil: expect.stringMatching(/Z$/) })),
  )
  expect(server.queues).toMatchObject({ reservations: 1, commands: 0, journal: { settles: 0 } })
  expect(server.queues.journal.bytes).toBeLessThan(server.queues.journal.mostBytes)
  expect(server.migrations).toMatchObject({ open: 0, unknown: 0 })
  expect(server.storage.databaseBytes).toBeGreaterThan(1_000_000)
  // A node that is dead serves nobody.
  const { write, sql, node } = first.server.gateway.store
  await write([sql.updateTable('nodes').set({ lease_until: 0n }).where('id', '=', BigInt(node))])
  expect((await told('calls-in-flight')).callsInFlight).toMatchObject({ calls: 0 })
  expect((await told('system')).system.server.nodes).toHaveLength(1)
  held.release()
  await (await call).text()
  await other.close()
  await first.close()
})

test('a call that a dead node left is settled by the next one once its lease is over', async () => {
  const env = { TURNPIKE_DATABASE_URL: await freshDatabase() }
  const first = await startTurnpike({ env })
  const { store } = first.server.gateway
  const held = first.simulator.script('gpt-4o-mini', ['gate'], { times: 1 })
  const leaving = new AbortController()
  const call = first.request('/v1/chat/completions', { body: CALL, signal: leaving.signal }).catch(() => undefined)
  await held.waiting(1)
  // As if the node had died: nobody settles, and its lease runs out.
  const { rows, write, sql } = store
  const [reservation] = await rows(sql.selectFrom('reservations').selectAll())
  expect(reservation?.status).toBe('pending')
  const other = await startTurnpike({ env })
  await write([sql.updateTable('nodes').set({ lease_until: 0n }).where('id', '=', BigInt(store.node))])
  const { recover } = await import('../src/jobs/recover.ts')
  const { gateway } = other.server
  const recovered = await recover({ ...gateway, starting: false })
  expect(recovered.calls).toBe(1)
  expect(await rows(sql.selectFrom('reservations').select('id'))).toEqual([])
  const [record] = await rows(sql.selectFrom('usage_records').selectAll())
  expect(record).toMatchObject({ status: 'interrupted', source: 'estimated' })
  // The node lives after all: its own settle finds the call settled, and charges nothing twice.
  held.release()
  leaving.abort()
  await call
  await first.close()
  expect(await verifyLedger(gateway.store)).toEqual([])
  await other.close()
})
