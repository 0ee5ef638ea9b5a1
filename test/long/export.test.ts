/** A million calls as CSV: every one of them, in the memory of a page. */
import { once } from 'node:events'
import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, openApi } from '../api-kit.ts'
import { fillUsage } from '../usage-fill.ts'

const RECORDS = 1_000_000
const DAY = 86_400_000

let api: Api
let from: number
beforeAll(async () => {
  api = await openApi()
  from = Math.floor(api.store.now() / DAY) * DAY - 40 * DAY
  const organisationId = api.turnpike.server.organisation.id
  await fillUsage(api.store, { organisationId, from, records: RECORDS, spacing: 2_000 })
}, 300_000)
afterAll(() => api.close())

test('a million calls stream in constant memory, and come to the headline of the report', async () => {
  const range = `from=${new Date(from).toISOString()}&to=${new Date(from + 30 * DAY).toISOString()}`
  const { body } = await api.request('GET', `/api/admin/usage?${range}`, api.operator)
  expect(body.totals.requests).toBe(RECORDS)
  const headers = { authorization: `Bearer ${api.operator}` }
  const [reply] = await once(get(`${api.url}/api/admin/generations?${range}&format=csv`, { headers }), 'response')
  let lines = 0
  // The least that was in use tells what is held; what is above it waits to be collected.
  const held = { early: Number.POSITIVE_INFINITY, late: Number.POSITIVE_INFINITY }
  for await (const chunk of reply) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    const part = lines < RECORDS / 4 ? 'early' : 'late'
    if (part === 'early' || lines > RECORDS / 2) held[part] = Math.min(held[part], process.memoryUsage().heapUsed)
  }
  expect(lines - 1).toBe(RECORDS)
  expect((held.late - held.early) / 1e6).toBeLessThan(20)
}, 600_000)
