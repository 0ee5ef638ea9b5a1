/** A million calls as CSV: every one of them, in the memory of a page. */
import { once } from 'node:events'
import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, openApi } from '../api-kit.ts'
import { heldBytes } from '../held-memory.ts'
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
  const looks = [50_000, 100_000, 150_000, 700_000, 800_000, 900_000]
  const held: number[] = []
  for await (const chunk of reply) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    if (lines >= (looks[held.length] ?? RECORDS * 2)) held.push(heldBytes())
  }
  expect(lines - 1).toBe(RECORDS)
  expect(held).toHaveLength(looks.length)
  // The least of three looks each: what a page needs for a moment is not held.
  expect((Math.min(...held.slice(3)) - Math.min(...held.slice(0, 3))) / 1e6).toBeLessThan(20)
}, 600_000)
