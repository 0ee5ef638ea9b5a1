/** Reports, lists of calls and exports over random histories: whatever is asked, every way of asking comes to the same. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFolds } from '../src/jobs/fold.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi } from './api-kit.ts'
import {
  type Asked,
  addedUp,
  asking,
  dayAndModel,
  type Figures,
  figuresOf,
  figuresOfCall,
  hasKey,
  instant,
  matches,
  moneyOf,
  nanosOf,
  type Posted,
  queryOf,
  rowsOf,
  sumOf,
  unknownsIn,
  within,
} from './report-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { createOwners, type Happened, happened, type Owners, USERS, write } from './usage-history.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }
const DAY = 86_400_000

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
      const { quarters, spans } = await folds.run()
      if (quarters + spans === 0) return
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
      const rows = rowsOf(list.text, format)
      expect(addedUp(rows.map(figuresOfCall))).toMatchObject(moneyOf(headline))
      await ledgerAgrees(rows, headline)
    }
  }
  /** What was posted for each call of an account, and what the others would have been charged. */
  const ledgerAgrees = async (rows: readonly Readonly<Record<string, unknown>>[], headline: Figures) => {
    const posted = await postedById()
    let total = 0n
    for (const { accountId, transactionId, chargeUsd } of rows) {
      const charge = nanosOf(String(chargeUsd ?? ''))
      if (accountId) expect(posted.get(String(transactionId))?.nanos).toBe(charge)
      total += accountId ? (posted.get(String(transactionId))?.nanos ?? 0n) : charge
    }
    expect(total).toBe(headline.chargeUsd)
  }
  const postedById = async () => {
    const { text } = await api.request('GET', '/v1/transactions.csv', api.operator)
    const rows = rowsOf(text, 'csv').map(({ id, accountId, amountUsd }): [string, Posted] => [
      String(id),
      { accountId: String(accountId), nanos: nanosOf(String(amountUsd)) },
    ])
    return new Map(rows)
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

  test("an account's group, its filter and its balance are one sum", async () => {
    const range = `from=${instant(from)}&to=${instant(from + 60 * DAY)}`
    const { body } = await api.request('GET', `/api/admin/usage?${range}&groupBy=account`, api.operator)
    const posted = [...(await postedById()).values()]
    for (const { code } of owners.accounts) {
      const id = `acc_${code}`
      const sum = posted.filter(({ accountId }) => accountId === id).reduce((total, { nanos }) => total + nanos, 0n)
      const group = body.groups.find(({ key }: { key: { account: string | null } }) => key.account === id)
      expect(nanosOf(group.decimal.chargeUsd)).toBe(sum)
      const own = await api.request('GET', `/api/admin/usage?${range}&account=${id}`, api.operator)
      expect(own.body.totals).toEqual({ ...group, key: undefined })
      const { balance } = (await api.request('GET', `/v1/accounts/${id}/balance`, api.operator)).body.decimal
      expect(nanosOf(balance)).toBe(-sum)
    }
  })

  test("activity is the ledger's, by completed UTC day, model and provider, whole and of one key or user", async () => {
    const today = Math.floor(api.store.now() / DAY) * DAY
    const covered = calls.filter((call) => within(call, today - 30 * DAY, today))
    expect(covered.length).toBeGreaterThan(20)
    const filters: readonly (readonly [query: string, holds: (call: Happened) => boolean])[] = [
      ['', () => true],
      [`api_key_hash=${owners.keys[1]?.hash}`, ({ apiKey }) => apiKey === 1],
      [`user_id=${encodeURIComponent(USERS[1])}`, ({ endUser }) => endUser === USERS[1]],
    ]
    for (const [query, holds] of filters) {
      const { text } = await api.request('GET', `/api/v1/activity.ndjson?${query}`, api.operator)
      const found = rowsOf(text, 'ndjson').map((row) => [
        ...[`${row.date} ${row.model} ${row.provider_name}`, nanosOf(String(row.usage))],
        ...[row.requests, row.prompt_tokens, row.completion_tokens, row.reasoning_tokens],
      ])
      const days = Map.groupBy(covered.filter(holds), dayAndModel)
      const expected = [...days].map(([name, own]) => {
        const { chargeUsd, ...sums } = sumOf(own)
        const { requests, inputTokens, outputTokens, reasoningTokens } = sums
        return [name, chargeUsd, ...[requests, inputTokens, outputTokens, reasoningTokens].map(Number)]
      })
      expect(found.toSorted()).toEqual(expected.toSorted())
    }
  })

  test.each([
    ['America/New_York', 'day', '2026-03-08', '2026-03-08T05:00Z', '2026-03-09T04:00Z'],
    ['America/New_York', 'day', '2025-11-02', '2025-11-02T04:00Z', '2025-11-03T05:00Z'],
    ['Australia/Lord_Howe', 'day', '2026-04-05', '2026-04-04T13:00Z', '2026-04-05T13:30Z'],
    ['America/Santiago', 'day', '2025-09-07', '2025-09-07T04:00Z', '2025-09-08T03:00Z'],
    ['Asia/Kathmandu', 'day', '2026-05-01', '2026-04-30T18:15Z', '2026-05-01T18:15Z'],
    ['Europe/Berlin', 'month', '2026-03', '2026-02-28T23:00Z', '2026-03-31T22:00Z'],
    ['Europe/Berlin', 'week', '2025-10-20', '2025-10-19T22:00Z', '2025-10-26T23:00Z'],
  ])('a call belongs to the calendar of the zone: %s, %s %s', async (zone, bucket, first, startText, endText) => {
    const [start, end] = [Date.parse(startText), Date.parse(endText)]
    const model = `edge/${zone}-${first}`
    const [base] = fc.sample(happened(from), { numRuns: 1, ...seed })
    if (!base) throw new Error('a history has calls')
    const edges = [start - 1, start, end - 1, end].map((occurredAt) => ({ ...base, isTold: false, occurredAt, model }))
    await write(api, owners, edges)
    const of = `model=${model}&timeZone=${zone}`
    const ask = async (path: string, range: string) => api.request('GET', `${path}?${of}&${range}`, api.operator)
    const around = `bucket=${bucket}&from=${instant(start - DAY)}&to=${instant(end + DAY)}`
    for (const isFolded of [false, true]) {
      if (isFolded) await folded()
      const { body } = await ask('/api/admin/usage', around)
      const buckets = body.buckets.filter(({ requests }: { requests: number }) => requests > 0)
      expect(buckets.map(({ requests }: { requests: number }) => requests)).toEqual([1, 2, 1])
      expect(buckets[1]).toMatchObject({ start: instant(start), end: instant(end) })
    }
    const last = { day: first, week: '2025-10-26', month: '2026-03-31' }[bucket]
    const dates = `from=${bucket === 'month' ? `${first}-01` : first}&to=${last}`
    expect((await ask('/api/admin/usage', dates)).body.totals.requests).toBe(2)
    const list = await ask('/api/admin/generations.csv', dates)
    expect(rowsOf(list.text, 'csv').map(({ occurredAt }) => occurredAt)).toEqual([instant(end - 1), instant(start)])
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
