/** What may be asked of reports and exports, what is refused, and what many records do to the memory and to the clients. */
import { once } from 'node:events'
import { get } from 'node:http'
import { OpenRouter } from '@openrouter/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import type { Store } from '../src/store/store.ts'
import { type Api, openApi } from './api-kit.ts'
import { heldBytes } from './held-memory.ts'
import { fillUsage } from './usage-fill.ts'
import { createOwners, type Owners } from './usage-history.ts'

const DAY = 86_400_000
const RECORDS = 50_000

let api: Api
let owners: Owners
let from: number
let range: string
beforeAll(async () => {
  api = await openApi()
  owners = await createOwners(api)
  from = Math.floor(api.store.now() / DAY) * DAY - 20 * DAY
  range = `from=${new Date(from).toISOString().slice(0, 10)}&to=${new Date(from + 9 * DAY).toISOString().slice(0, 10)}`
  const keys = owners.keys.map(({ id }) => id)
  const organisationId = api.turnpike.server.organisation.id
  await fillUsage(api.store, { organisationId, from, records: RECORDS, spacing: 4_000, keys })
})
afterAll(() => api.close())

const ask = (path: string, headers: Record<string, string> = {}) =>
  api.request('GET', path, api.operator, undefined, headers)
const report = (query: string) => ask(`/api/admin/usage?${query}`)
const calls = (query: string) => ask(`/api/admin/generations?${query}`)

describe('a report refuses, and says what is wrong', () => {
  test.each([
    ['timeZone=Mars/Olympus', 'timeZone', 'is no time zone'],
    ['timeZone=%2B05:45', 'timeZone', 'expected the IANA name of one, e.g. Europe/Berlin'],
    ['from=2026-05-02&to=2026-05-01', 'to', 'does not lie behind from'],
    ['from=2026-05-01T00:10:00Z&to=2026-05-02', 'from', 'quarter hour'],
    ['from=yesterday', 'from', 'expected a date'],
    ['from=2020-01-01&to=2026-01-01&bucket=hour', 'bucket', 'has about 52632 buckets of one hour; at most 1000'],
    ['groupBy=model,tag,status', 'groupBy', 'at most two'],
    ['groupBy=colour', 'groupBy', 'expected one of'],
    ['status=fine', 'status', 'expected one of'],
    ['format=xml', 'format', 'expected one of'],
    ['columns=all', 'columns', 'expected focus'],
  ])('%s', async (query, param, text) => {
    const { status, body } = await report(query)
    expect([status, body.error.code]).toEqual([400, 'invalid_request'])
    expect(body.error.param).toContain(param)
    expect(body.error.message).toContain(text)
  })

  test('two dimensions of many values at once over more calls than are added up one by one, and says what to narrow', async () => {
    const store: Store = api.store
    await store.write([
      store.sql.insertInto('quarters').values({
        organisation_id: api.turnpike.server.organisation.id,
        quarter: BigInt(from - 30 * DAY),
        records: 300_000n,
        folded: 300_000n,
      }),
    ])
    const wide = `from=${new Date(from - 31 * DAY).toISOString()}&to=${new Date(from).toISOString()}`
    const { status, body } = await report(`groupBy=api_key,end_user&${wide}`)
    expect([status, body.error.details]).toEqual([400, { records: 300_000, most: 250_000 }])
    expect(body.error.message).toMatch(
      /holds 300000 calls, at most 250000. Shorten from…to, or group and filter by one/,
    )
    expect((await report(`groupBy=api_key,model&${wide}`)).status).toBe(200)
    await store.write([store.sql.deleteFrom('quarters').where('records', '=', 300_000n)])
  })

  test('an API key has no report, and no list of calls', async () => {
    for (const path of ['/api/admin/usage', '/api/admin/generations', '/api/v1/activity'])
      expect((await api.request('GET', path, api.turnpike.key)).status).toBe(403)
  })
})

test('without a group every bucket of the range is there, and an empty one is a true zero', async () => {
  const { body } = await report(`${range}&timeZone=Asia/Kathmandu`)
  expect(body.buckets).toHaveLength(10)
  expect(body.buckets[0].start).toMatch(/T18:15:00.000Z$/)
  expect(body.buckets[9]).toMatchObject({ requests: 0, costUsd: 0, decimal: { costUsd: '0' } })
})

test('a report is read from its folds once they are there, and from the records where there are none', async () => {
  const { store } = api
  const before = await report(`${range}&groupBy=api_key`)
  const folds = createFolds({ store, hashDetails: api.turnpike.server.gateway.hashDetails })
  for (let more = 1; more > 0; ) {
    const { quarters, spans } = await folds.run()
    more = quarters + spans
  }
  expect((await report(`${range}&groupBy=api_key`)).body).toEqual(before.body)
  await store.write([
    store.sql.updateTable('folded_rollups').set({ requests: 7n }).where('dimension', '=', 'api_key alone'),
  ])
  expect((await report(`${range}&groupBy=api_key`)).body.totals.requests).toBeLessThan(1_000)
  await store.write([store.sql.deleteFrom('folded_spans')])
  expect((await report(`${range}&groupBy=api_key`)).body).toEqual(before.body)
})

describe('exports', () => {
  test('`Accept` and `format` ask for the same rows; `format` comes first', async () => {
    const byFormat = await report(`${range}&format=ndjson`)
    const byHeader = await ask(`/api/admin/usage?${range}`, { accept: 'application/x-ndjson' })
    expect(byHeader.text).toBe(byFormat.text)
    expect((await ask(`/api/admin/usage?${range}&format=json`, { accept: 'text/csv' })).body.totals.requests).toBe(
      RECORDS,
    )
  })

  test('FOCUS: the columns of the specification, whose costs come to the charge', async () => {
    const { text } = await report(`${range}&groupBy=model,provider&columns=focus&format=ndjson`)
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows[0]).toMatchObject({
      ChargeCategory: 'Usage',
      BillingCurrency: 'USD',
      ConsumedUnit: 'Tokens',
      ProviderName: 'acme',
    })
    const nanos = rows.reduce((sum, { BilledCost }) => sum + Math.round(Number(BilledCost) * 1e9), 0)
    expect(nanos).toBe(RECORDS * 1_001)
  })

  /**
   * How much more is held late in an export than early in it, each the least of three looks: what a page needs for a
   * moment is not held. And how many lines came.
   */
  const heldWhileExporting = async (format: string) => {
    const { request, bytes } = await open(`/api/admin/generations?${range}&format=${format}`)
    const looks = [5_000, 9_000, 13_000, 37_000, 41_000, 45_000]
    const held: number[] = []
    let lines = 0
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
      if (lines >= (looks[held.length] ?? RECORDS * 2)) held.push(heldBytes())
    }
    request.destroy()
    expect(held).toHaveLength(looks.length)
    return { lines, megabytes: (Math.min(...held.slice(3)) - Math.min(...held.slice(0, 3))) / 1e6 }
  }
  /** Half of what the rows between the looks come to, were they kept. */
  const MOST_MEGABYTES = 10

  test.each([
    ['csv', 1],
    ['ndjson', 0],
  ])(
    'fifty thousand calls as %s take no more memory than a page, and come to the headline',
    async (format, heading) => {
      const { body } = await report(range)
      const { lines, megabytes } = await heldWhileExporting(format)
      expect([lines - heading, body.totals.requests]).toEqual([RECORDS, RECORDS])
      expect(megabytes).toBeLessThan(MOST_MEGABYTES)
    },
  )

  test('an export that kept its rows would be found out', async () => {
    const { scan } = api.store
    const kept: unknown[] = []
    const keeping = async (...of: Parameters<Store['scan']>) => {
      const rows = await scan(...of)
      kept.push(rows)
      return rows
    }
    Object.assign(api.store, { scan: keeping })
    const { megabytes } = await heldWhileExporting('csv')
    Object.assign(api.store, { scan })
    expect(kept.length).toBeGreaterThan(0)
    expect(megabytes).toBeGreaterThan(MOST_MEGABYTES)
  })

  test('a client that leaves ends the reading', async () => {
    const { store } = api.turnpike.server.gateway
    let reads = 0
    const scan = api.store.scan
    const counting = (...of: Parameters<Store['scan']>) => {
      reads++
      return scan(...of)
    }
    Object.assign(api.store, { scan: counting })
    const { request, bytes } = await open(`/api/admin/generations?${range}&format=csv`)
    await once(bytes, 'data')
    request.destroy()
    const counted = async () => {
      const now = reads
      await store.rows(store.sql.selectFrom('settings').selectAll())
      await new Promise((resolve) => setImmediate(resolve))
      return now
    }
    for (let last = -1; last !== reads; ) last = await counted()
    Object.assign(api.store, { scan })
    expect(reads).toBeLessThan(RECORDS / 1_000)
  })

  const open = async (path: string) => {
    const request = get(`${api.url}${path}`, { headers: { authorization: `Bearer ${api.operator}` } })
    const [bytes] = await once(request, 'response')
    return { request, bytes }
  }
})

describe('the list of calls', () => {
  test('refuses cursors that it never gave', async () => {
    const { body } = await calls(`${range}&limit=2`)
    const { nextCursor } = body.pagination
    expect((await calls(`${range}&limit=2&cursor=${nextCursor}`)).body.generations).toHaveLength(2)
    const other = Buffer.from('generations:1:99999999999999999999').toString('base64url')
    for (const cursor of ['x', `${nextCursor}A`, other, Buffer.from('usage:1').toString('base64url')]) {
      const refused = await calls(`${range}&cursor=${cursor}`)
      expect([refused.status, refused.body.error.param]).toEqual([400, 'cursor'])
    }
  })

  test('narrows by cost, by latency and by who counted', async () => {
    const total = async (query: string) => (await calls(`${range}&limit=1&${query}`)).body.pagination.totalCount
    expect(await total('minCostUsd=0.000001001')).toBe(RECORDS)
    expect(await total('minCostUsd=0.000001002')).toBe(0)
    expect(await total('minLatencyMs=901')).toBe(0)
    expect(await total('usageSource=estimated&usageSource=unknown')).toBe(0)
    expect((await calls('minCostUsd=-1')).body.error.code).toBe('invalid_amount')
  })

  test('a call has its lines, its attempts and what it was made from', async () => {
    const reply = await api.turnpike.request('/api/v1/chat/completions', {
      body: { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], metadata: { team: 'red' } },
    })
    const { id, usage } = (await reply.json()) as { id: string; usage: { cost: number } }
    const { status, body } = await ask(`/api/admin/generations/${id}`)
    expect(status).toBe(200)
    const { generation } = body
    expect(generation).toMatchObject({
      id,
      total_cost: usage.cost,
      status: 'ok',
      tags: { team: 'red' },
      context: 'customer',
      requestedModel: 'openai/gpt-4o-mini',
      firstTokenMs: expect.any(Number),
    })
    expect(generation.firstTokenMs).toBeLessThanOrEqual(generation.latency)
    expect(generation.attempts).toHaveLength(1)
    expect(generation.rawUsage).toMatchObject({ prompt_tokens: expect.any(Number) })
    expect(generation.transactionId).toMatch(/^txn_/)
    expect(generation.reservationId).toMatch(/^res_/)
    const nanos = (text: string) => Math.round(Number(text) * 1e9)
    const lines = generation.lineItems.reduce(
      (sum: number, { decimal }: { decimal: { amountUsd: string } }) => sum + nanos(decimal.amountUsd),
      0,
    )
    expect(lines).toBe(nanos(generation.decimal.chargeUsd))
    expect((await ask('/api/admin/generations/gen-1-x')).body.error.code).toBe('generation_not_found')
  })
})

describe("OpenRouter's activity", () => {
  test('parses in its own SDK, and comes to the report', async () => {
    const client = new OpenRouter({ apiKey: api.operator, serverURL: `${api.url}/api/v1` })
    const activity = await client.analytics.getUserActivity({})
    const sum = activity.data.reduce((total, { requests }) => total + requests, 0)
    expect(sum).toBe(RECORDS)
    const [day] = activity.data
    const one = await client.analytics.getUserActivity({ date: day?.date ?? '' })
    expect(one.data).toEqual(activity.data.filter(({ date }) => date === day?.date))
    const own = await ask(`/api/v1/activity?api_key_hash=${owners.keys[0]?.hash}`)
    expect(own.body.data.reduce((total: number, { requests }: { requests: number }) => total + requests, 0)).toBe(
      16_667,
    )
  })

  test('has the last 30 completed days, and refuses others', async () => {
    const today = new Date(api.store.now()).toISOString().slice(0, 10)
    const { status, body } = await ask(`/api/v1/activity?date=${today}`)
    expect([status, body.error.code]).toEqual([400, 400])
    expect(body.error.message).toContain('last 30 completed UTC days')
  })
})
