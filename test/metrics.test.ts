/** What Prometheus reads over HTTP: what happened, under few labels, for those who may. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './documents.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: 'metrics:\n  port: 0\nunpriced: allow\n' })
})
afterAll(() => turnpike.close())

const call = async (body: object, path = '/v1/chat/completions') => {
  const reply = await turnpike.request(path, { body })
  await reply.text()
  return reply.status
}

/** Values by `name{labels}`, without comments. */
async function scrape(): Promise<Map<string, number>> {
  const reply = await fetch(turnpike.server.metricsUrl ?? '')
  expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await reply.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]))
}

test('calls, tokens, money, tries and refusals are counted under the names of the guide', async () => {
  expect(await call(CALL)).toBe(200)
  expect(await call({ ...CALL, stream: true }, '/api/v1/chat/completions')).toBe(200)
  expect(await call({ ...CALL, model: 'simulator/server-error' })).toBeGreaterThanOrEqual(500)
  expect(await call({ ...CALL, model: 'nobody/knows' })).toBe(404)
  const seen = await scrape()
  const { engine } = turnpike.server.gateway.store
  const on = 'model="openai/gpt-4o-mini",provider="simulator"'
  expect(seen.get(`turnpike_requests_total{dialect="openai",${on},status="ok"}`)).toBe(1)
  expect(seen.get(`turnpike_requests_total{dialect="openrouter",${on},status="ok"}`)).toBe(1)
  expect(seen.get('turnpike_refusals_total{dialect="openai",code="model_not_found"}')).toBe(1)
  expect(seen.get('turnpike_usage_records_total{source="reported"}')).toBeGreaterThanOrEqual(2)
  expect(seen.get('turnpike_upstream_attempts_total{provider="simulator",outcome="ok"}')).toBe(2)
  expect(seen.get('turnpike_upstream_attempts_total{provider="simulator",outcome="status"}')).toBeGreaterThanOrEqual(1)
  expect(seen.get('turnpike_request_duration_seconds_count')).toBe(3)
  expect(seen.get('turnpike_first_token_seconds_count')).toBe(2)
  expect(seen.get('turnpike_overhead_seconds_count')).toBe(2)
  expect(seen.get('turnpike_store_commit_seconds_count')).toBeGreaterThanOrEqual(6)
  expect(seen.get('turnpike_store_batch_size_count')).toBeGreaterThanOrEqual(6)
  expect(seen.get('turnpike_store_batch_size_sum')).toBe(seen.get('turnpike_store_commit_seconds_count'))
  expect(seen.get('turnpike_streams_open')).toBe(0)
  expect(seen.get('turnpike_reservations_open')).toBe(0)
  expect(seen.get('turnpike_outbox_pending')).toBe(0)
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      expect.stringMatching(new RegExp(`^turnpike_build_info\\{version="\\d+\\.\\d+\\.\\d+",engine="${engine}"\\}$`)),
    ]),
  )
  expect(seen.get('process_cpu_seconds_total')).toBeGreaterThan(0)
})

test('tokens and dollars are those of the records', async () => {
  const { store } = turnpike.server.gateway
  const records = await store.rows(store.sql.selectFrom('usage_records').selectAll())
  const sum = (of: (record: (typeof records)[number]) => bigint | null) =>
    Number(records.reduce((total, record) => total + (of(record) ?? 0n), 0n))
  const seen = await scrape()
  const tokens = (meter: string) =>
    seen.get(`turnpike_tokens_total{model="openai/gpt-4o-mini",provider="simulator",meter="${meter}"}`)
  expect(tokens('input')).toBe(sum((record) => record.input_tokens))
  expect(tokens('output')).toBe(sum((record) => record.output_tokens))
  expect(seen.get('turnpike_charge_usd_total')).toBeCloseTo(sum((record) => record.charge_nanos) / 1e9, 12)
  expect(seen.get('turnpike_cost_usd_total')).toBeCloseTo(sum((record) => record.cost_nanos) / 1e9, 12)
})

test('a stream is open while it runs, and its reservation with it', async () => {
  const gate = turnpike.simulator.script('gpt-4o-mini', ['gate'], { times: 1 })
  const running = call({ ...CALL, stream: true })
  await gate.waiting(1)
  const during = await scrape()
  gate.release()
  await running
  expect(during.get('turnpike_streams_open')).toBe(1)
  expect(during.get('turnpike_reservations_open')).toBe(1)
  expect((await scrape()).get('turnpike_streams_open')).toBe(0)
})

test('no label names a key, an account or a person, whatever callers call themselves', async () => {
  const strange = (index: number) => [
    call({ ...CALL, user: `person-${index}`, model: `made/up-${index}` }),
    call({ ...CALL, user: `person-${index}`, metadata: { team: `team-${index}` } }),
  ]
  const ours = async () => [...(await scrape()).keys()].filter((name) => name.startsWith('turnpike_'))
  await Promise.all(strange(0))
  const before = await ours()
  await Promise.all(Array.from({ length: 10 }, (_, index) => strange(index)).flat())
  const after = await ours()
  expect(after).toEqual(before)
  expect(after.join('\n')).not.toMatch(/person|team|made\/up|demo|acc_|sk-tp/)
})

test('on the main port a management key of the first organisation is asked for', async () => {
  const ask = (key: string) => turnpike.request('/metrics', { key })
  expect((await ask(turnpike.operatorKey)).status).toBe(200)
  expect((await ask(turnpike.key)).status).toBe(403)
  expect((await ask('sk-tp-nobody')).status).toBe(401)
  expect((await fetch(`${turnpike.url}/metrics`)).status).toBe(401)
  const create = async (path: string, body: object) =>
    (await turnpike.request(`/api/admin/${path}`, { key: turnpike.operatorKey, body })).json() as Promise<{
      key: string
    }>
  expect((await ask((await create('management-keys', { name: 'prometheus', role: 'reader' })).key)).status).toBe(200)
  await create('organisations', { name: 'elsewhere' })
  const theirs = await create('management-keys', { name: 'x', role: 'admin', organisationId: 'elsewhere' })
  expect((await ask(theirs.key)).status).toBe(403)
})

test('the port of its own serves nothing else, and one that is taken stops the start', async () => {
  const url = turnpike.server.metricsUrl ?? ''
  expect((await fetch(url.replace('/metrics', '/v1/models'))).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(404)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await expect(startTurnpike({ yaml: `metrics:\n  port: ${port}\n` })).rejects.toThrow(
    `metrics.port ${port} of turnpike.yaml cannot be listened on: listen EADDRINUSE`,
  )
  taken.close()
})

test('every metric that the guide, the dashboard and the alert rules name is there', async () => {
  const text = await (await fetch(turnpike.server.metricsUrl ?? '')).text()
  const there = new Set([...text.matchAll(/^# TYPE (turnpike_\w+)/gm)].map(([, name]) => name))
  const named = ['docs/operations/metrics.md', 'deploy/grafana-dashboard.json', 'deploy/prometheus-rules.yaml'].map(
    (path) => readFileSync(join(ROOT, path), 'utf8').match(/\bturnpike_[a-z_]*[a-z]/g) ?? [],
  )
  const base = (name: string) => name.replace(/_bucket$/, '')
  expect(
    named
      .flat()
      .map(base)
      .filter((name) => !there.has(name)),
  ).toEqual([])
  expect(new Set(named[0])).toEqual(there)
})

test('calls under way are counted while they are, for their own organisation alone', async () => {
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
  const ask = async (path: string, body?: unknown, key = turnpike.operatorKey): Promise<any> =>
    (await turnpike.request(`/api/admin/${path}`, { key, ...(body === undefined ? {} : { body }) })).json()
  const inFlight = async (key?: string) => (await ask('calls-in-flight', undefined, key)).callsInFlight.calls
  await ask('organisations', { name: 'onlookers' })
  const onlooker = { name: 'looks', role: 'reader', organisationId: 'onlookers' }
  const { key: stranger } = await ask('management-keys', onlooker)
  const held = turnpike.simulator.script('gpt-4o-mini', ['gate', 'answer'], { times: 2 })
  const calls = [CALL, { ...CALL, stream: true }].map((body) => call(body))
  await held.waiting(2)
  expect([await inFlight(), await inFlight(stranger)]).toEqual([2, 0])
  held.release()
  expect(await Promise.all(calls)).toEqual([200, 200])
  await expect.poll(() => inFlight()).toBe(0)
})
