/** Reports, lists of calls and exports over random histories: whatever is asked, every way of asking comes to the same. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { parseAmount } from '../src/lib/money.ts'
import { type Api, openApi } from './api-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { createOwners, type Happened, happened, MODELS, type Owners, USERS, write } from './usage-history.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }
const DAY = 86_400_000
const QUARTER = 900_000

const STORES: readonly (readonly [string, () => Promise<Api>])[] = [
  ['SQLite', () => openApi()],
  ['PostgreSQL', async () => openApi(undefined, { env: { TURNPIKE_DATABASE_URL: await freshDatabase() } })],
]

describe.each(STORES)('reports on %s', (_name, open) => {
  let api: Api
  let owners: Owners
  let from: number
  const calls: Happened[] = []
  beforeAll(async () => {
    api = await open()
    owners = await createOwners(api)
    from = Math.floor(api.store.now() / DAY) * DAY - 60 * DAY
  })
  afterAll(() => api.close())

  const add = async (number: number) => {
    const more = fc.sample(happened(from), { numRuns: number, ...seed })
    await write(api, owners, more)
    calls.push(...more)
  }
  const folded = async () => {
    const { gateway } = api.turnpike.server
    const folds = createFolds({ store: api.store, hashDetails: gateway.hashDetails })
    for (;;) {
      const { quarters, days } = await folds.run()
      if (quarters + days === 0) return
    }
  }
  const agrees = async (asked: Asked) => {
    const found = calls.filter((call) => matches(call, asked, owners))
    const headline = sumOf(found)
    const { body, status, text } = await api.request('GET', `/api/admin/usage?${queryOf(asked, owners)}`, api.operator)
    expect([status, status === 200 ? '' : text]).toEqual([200, ''])
    expect(figuresOf(body.totals)).toEqual(headline)
    expect(addedUp(body.buckets.map(figuresOf))).toEqual(headline)
    if (asked.groupBy.length > 0) expect(addedUp(body.groups.map(figuresOf))).toEqual(headline)
    expect(body.unknown).toEqual({ unpriced: Number(headline.unpricedRequests), noUsage: unknownsIn(found) })
    for (const { start, end, key, ...figures } of body.buckets) {
      const own = found.filter((call) => within(call, Date.parse(start), Date.parse(end)) && hasKey(call, key, owners))
      expect(figuresOf(figures)).toEqual(sumOf(own))
    }
    for (const { key, ...figures } of body.groups)
      expect(figuresOf(figures)).toEqual(sumOf(found.filter((call) => hasKey(call, key, owners))))
    await exportsAgree(asked, headline)
    await listAgrees(asked, headline, found.length)
    expect(api.faults).toEqual([])
  }
  const exportsAgree = async (asked: Asked, headline: Figures) => {
    for (const format of ['csv', 'ndjson']) {
      const query = queryOf(asked, owners)
      const report = await api.request('GET', `/api/admin/usage?${query}&format=${format}`, api.operator)
      expect(addedUp(rowsOf(report.text, format).map(figuresOf))).toEqual(headline)
      const list = await api.request('GET', `/api/admin/generations?${query}&format=${format}`, api.operator)
      expect(addedUp(rowsOf(list.text, format).map(figuresOfCall))).toMatchObject(moneyOf(headline))
    }
  }
  const listAgrees = async (asked: Asked, headline: Figures, number: number) => {
    const seen = new Set<string>()
    let sums = addedUp([])
    for (let cursor = ''; ; ) {
      const url = `/api/admin/generations?limit=70&${queryOf(asked, owners)}${cursor && `&cursor=${cursor}`}`
      const { body } = await api.request('GET', url, api.operator)
      expect(body.pagination.totalCount).toBe(number)
      for (const each of body.generations) {
        expect(seen.has(each.id)).toBe(false)
        seen.add(each.id)
        sums = addedUp([sums, figuresOfCall({ ...each, ...each.decimal })])
      }
      if (body.pagination.nextCursor === null) break
      cursor = body.pagination.nextCursor
    }
    expect(seen.size).toBe(number)
    expect(sums).toMatchObject(moneyOf(headline))
  }

  test('headline, buckets, groups, pages, CSV and NDJSON agree with the records to the nano-dollar: unfolded, folded, and with records that came late', async () => {
    await add(150)
    const ask = (numRuns: number) => fc.assert(fc.asyncProperty(asking(from), agrees), { numRuns, ...seed })
    await ask(12)
    await folded()
    await ask(12)
    await add(60)
    await ask(12)
    await folded()
    await ask(8)
    expect(await verifyLedger(api.store)).toEqual([])
  }, 120_000)

  test('a call belongs to the calendar of the zone: month ends, and days of 23 and 25 hours', async () => {
    const { body } = await api.request(
      'GET',
      '/api/admin/usage?from=2026-03-28&to=2026-03-30&timeZone=Europe/Berlin',
      api.operator,
    )
    const hours = body.buckets.map(
      (each: { start: string; end: string }) => (Date.parse(each.end) - Date.parse(each.start)) / 3_600_000,
    )
    expect(hours).toEqual([24, 23, 24])
    expect(body.range).toMatchObject({
      from: '2026-03-27T23:00:00.000Z',
      to: '2026-03-30T22:00:00.000Z',
      bucket: 'day',
    })
  })

  test('a person that is forgotten is named no more, and every sum stays', async () => {
    const url = `/api/admin/usage?groupBy=end_user&from=${instant(from)}&to=${instant(from + 60 * DAY)}`
    await folded()
    const before = await api.request('GET', url, api.operator)
    const named = (body: { groups: { key: { end_user: string | null } }[] }) =>
      body.groups.map(({ key }) => key.end_user)
    expect(named(before.body)).toContain('alice')
    await api.store.write([
      api.store.sql.deleteFrom('dimension_values').where('value', '=', 'alice'),
      api.store.sql.updateTable('call_details').set({ end_user: null }).where('end_user', '=', 'alice'),
    ])
    const after = await api.request('GET', url, api.operator)
    expect(named(after.body)).not.toContain('alice')
    expect(after.body.totals).toEqual(before.body.totals)
    const asked = await api.request('GET', `${url}&end_user=alice`, api.operator)
    expect(asked.body.totals.requests).toBe(0)
  })
})

type Group = 'api_key' | 'account' | 'model' | 'provider' | 'context' | 'end_user' | 'tag' | 'status'
const GROUPS: readonly Group[] = ['api_key', 'account', 'model', 'provider', 'context', 'end_user', 'tag', 'status']

type Asked = {
  readonly start: number
  readonly end: number
  readonly zone: string
  readonly bucket: string
  readonly groupBy: readonly Group[]
  readonly filters: Readonly<Partial<Record<Group, number>>>
}

const asking = (from: number): fc.Arbitrary<Asked> =>
  fc
    .record({
      first: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 * 96 })),
      length: fc.oneof(fc.constant(60 * 96), fc.integer({ min: 1, max: 20 * 96 })),
      zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York', 'Europe/Berlin'),
      bucket: fc.constantFrom('hour', 'day', 'day', 'week', 'month'),
      groupBy: fc.uniqueArray(fc.constantFrom(...GROUPS), { maxLength: 2 }),
      filters: fc.dictionary(fc.constantFrom(...GROUPS), fc.integer({ min: 0, max: 3 }), { maxKeys: 2 }),
    })
    .map(({ first, length, bucket, ...rest }) => ({
      ...{ ...rest, start: from + first * QUARTER, end: from + (first + length) * QUARTER },
      bucket: length > 40 * 24 && bucket === 'hour' ? 'day' : bucket,
    }))

/** What the number of a filter stands for: one of the values, or none. */
const FILTERS: Readonly<Record<Group, (n: number, owners: Owners) => string>> = {
  api_key: (n, { keys }) => keys[n]?.hash ?? '',
  account: (n, { accounts }) => (accounts[n] ? `acc_${accounts[n].code}` : ''),
  model: (n) => MODELS[n] ?? 'nobody/nothing',
  provider: (n) => ['acme', 'other'][n] ?? 'nobody',
  context: (n) => ['customer', 'system'][n % 2] ?? '',
  end_user: (n) => ['', ...USERS][n] ?? '',
  tag: (n) => ['', 'team:red', 'env:prod', 'a:b:c","team":"red'][n] ?? '',
  status: (n) => ['ok', 'error', 'cancelled', 'interrupted'][n] ?? '',
}

function queryOf({ start, end, zone, bucket, groupBy, filters }: Asked, owners: Owners): string {
  const query = new URLSearchParams({ from: instant(start), to: instant(end), timeZone: zone, bucket })
  for (const group of groupBy) query.append('groupBy', group)
  for (const [group, n] of Object.entries(filters)) query.append(group, FILTERS[group as Group](n, owners))
  return String(query)
}

const instant = (ms: number) => new Date(ms).toISOString()
const within = ({ occurredAt }: Happened, start: number, end: number) => occurredAt >= start && occurredAt < end

/** What a call says of a group, as a report shows it. */
function keyOf(call: Happened, group: Group, { keys, accounts }: Owners): unknown {
  switch (group) {
    case 'api_key':
      return call.apiKey === null ? null : keys[call.apiKey]?.hash
    case 'account':
      return call.account === null ? null : `acc_${accounts[call.account]?.code}`
    case 'context':
      return call.account === null ? 'system' : 'customer'
    case 'end_user':
      return call.endUser
    case 'tag':
      return call.tags && Object.fromEntries(Object.entries(call.tags).sort(([a], [b]) => (a < b ? -1 : 1)))
    default:
      return call[group]
  }
}

const hasKey = (call: Happened, key: Readonly<Record<string, unknown>>, owners: Owners): boolean =>
  Object.entries(key).every(
    ([group, value]) => JSON.stringify(keyOf(call, group as Group, owners)) === JSON.stringify(value),
  )

const matches = (call: Happened, { start, end, filters }: Asked, owners: Owners): boolean =>
  within(call, start, end) &&
  Object.entries(filters).every(([name, n]) => {
    const [group, wanted] = [name as Group, FILTERS[name as Group](n, owners)]
    if (group !== 'tag') return (keyOf(call, group, owners) ?? '') === wanted
    if (wanted === '') return call.tags === null
    return Object.entries(call.tags ?? {}).some(([key, value]) => `${key}:${value}` === wanted)
  })

type Figures = Readonly<Record<(typeof NAMES)[number], bigint>>
const COUNTS = [
  ...(['requests', 'errors', 'inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens', 'totalTokens'] as const),
  ...(['unpricedRequests', 'estimatedRequests'] as const),
]
const MONEY = ['costUsd', 'chargeUsd', 'cacheSavingUsd'] as const
const NAMES = [...COUNTS, ...MONEY] as const

const figures = (of: (name: (typeof NAMES)[number]) => bigint): Figures =>
  Object.fromEntries(NAMES.map((name) => [name, of(name)])) as Figures

const nanosOf = (text: string | undefined): bigint =>
  text === undefined || text === ''
    ? 0n
    : text.startsWith('-')
      ? -(parseAmount(text.slice(1)) ?? 0n)
      : BigInt(parseAmount(text) ?? 0n)

/** Of a row of a report, JSON or CSV: amounts by their exact text. */
const figuresOf = (row: Readonly<Record<string, unknown>>): Figures => {
  const exact = (row.decimal ?? row) as Readonly<Record<string, string>>
  return figures((name) =>
    (MONEY as readonly string[]).includes(name) ? nanosOf(exact[name]) : BigInt(row[name] as number | string),
  )
}

/** Of one call in a list; tokens that nobody knows are none. */
function figuresOfCall(row: Readonly<Record<string, unknown>>): Figures {
  return figures((name) => {
    if (name === 'requests') return 1n
    if ((MONEY as readonly string[]).includes(name)) return nanosOf(String(row[name] ?? ''))
    return 0n
  })
}

const moneyOf = ({ requests, costUsd, chargeUsd, cacheSavingUsd }: Figures) => ({
  requests,
  costUsd,
  chargeUsd,
  cacheSavingUsd,
})

const addedUp = (all: readonly Figures[]): Figures => figures((name) => all.reduce((sum, each) => sum + each[name], 0n))

const sumOf = (calls: readonly Happened[]): Figures => addedUp(calls.map(countedAs))

const countedAs = (call: Happened): Figures => ({
  requests: 1n,
  errors: call.status === 'error' ? 1n : 0n,
  inputTokens: BigInt(call.input),
  cachedTokens: BigInt(call.cached),
  outputTokens: BigInt(call.output),
  reasoningTokens: BigInt(call.reasoning),
  totalTokens: BigInt(call.input + call.output),
  unpricedRequests: call.cost === null ? 1n : 0n,
  estimatedRequests: call.source === 'estimated' ? 1n : 0n,
  costUsd: call.cost ?? 0n,
  chargeUsd: call.charge ?? 0n,
  cacheSavingUsd: call.saving,
})

const unknownsIn = (calls: readonly Happened[]): number => calls.filter(({ source }) => source === 'unknown').length

function rowsOf(text: string, format: string): Record<string, unknown>[] {
  if (format === 'ndjson')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  const [columns = [], ...rows] = csvCells(text)
  return rows.map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])))
}

/** RFC 4180, read by hand. */
function csvCells(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
