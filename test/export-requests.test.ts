/** How rows are asked for: by header, by query or by the ending of the path; what their file is called, and which ranges are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, openApi } from './api-kit.ts'

let api: Api
let yesterday: string
beforeAll(async () => {
  api = await openApi()
  yesterday = new Date(api.store.now() - 86_400_000).toISOString().slice(0, 10)
  const usage = { context: 'system', usageType: 'text', occurredAt: `${yesterday}T12:00:00Z`, description: '=1+1' }
  for (const [modelId, inputTokens] of [
    ['openai/gpt-4o-mini', 1_234],
    ['openai/gpt-4o', 567],
  ])
    await api.request('POST', '/v1/usage', api.operator, { ...usage, modelId, inputTokens, outputTokens: 89 })
})
afterAll(() => api.close())

const ask = (path: string, headers: Record<string, string> = {}) =>
  api.request('GET', path, api.operator, undefined, headers)

describe('the name of the file says table, filters and range, in characters that every system takes', () => {
  const RANGE = 'from=2026-11-01&to=2026-11-20'
  test.each([
    [`/api/admin/usage?${RANGE}&timeZone=UTC`, 'usage_2026-11-01_2026-11-20_UTC'],
    [
      `/api/admin/usage?${RANGE}&timeZone=Europe/Berlin&groupBy=model,tag&status=error&model=openai/gpt-4o&model=a/b`,
      'usage_by-model-tag_model-openai-gpt-4o-and-1-more_status-error_2026-11-01_2026-11-20_Europe-Berlin',
    ],
    [`/api/admin/usage?${RANGE}&columns=focus&account=`, 'usage_account-none_2026-11-01_2026-11-20_UTC_focus'],
    [
      `/api/admin/generations?${RANGE}&api_key=${'a'.repeat(64)}&minLatencyMs=900`,
      `generations_api-key-${'a'.repeat(40)}_minLatencyMs-900_2026-11-01_2026-11-20_UTC`,
    ],
    [
      `/api/admin/generations?${RANGE}&api_key=${'a'.repeat(64)}&end_user=${'b'.repeat(64)}&tag=c:d&usageSource=estimated`,
      `generations_api-key-${'a'.repeat(40)}_and-3-more_2026-11-01_2026-11-20_UTC`,
    ],
    [
      '/v1/usage?modelId=gpt-4o&context=system&startDate=2026-11-01&endDate=2026-11-20',
      'usage-records_modelId-gpt-4o_context-system_2026-11-01_2026-11-20',
    ],
    ['/v1/usage?startDate=2026-11-01', 'usage-records_from-2026-11-01'],
    ['/v1/transactions?type=debit&usage=missing', 'transactions_type-debit_usage-missing_all-time'],
    ['/v1/transactions?endDate=2026-11-20T09:00:00Z', 'transactions_to-2026-11-20T09-00-00Z'],
    [
      '/api/admin/audit?actor=management:"x";%0D%0Ay&action=key&from=2026-11-01&to=2026-11-02',
      'audit_actor-management-x-y_action-key_2026-11-01_2026-11-02',
    ],
  ])('%s', async (path, name) => {
    const { status, headers } = await ask(path, { accept: 'text/csv' })
    expect([status, headers['content-disposition']]).toEqual([200, `attachment; filename="${name}.csv"`])
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
  })
})

describe('a range that ends before it begins is refused, and says which', () => {
  test.each([
    ['/v1/usage', 'startDate', 'endDate'],
    ['/v1/usage?summary=true', 'startDate', 'endDate'],
    ['/v1/usage/summary', 'startDate', 'endDate'],
    ['/v1/transactions', 'startDate', 'endDate'],
    ['/api/admin/audit', 'from', 'to'],
  ])('%s', async (path, from, to) => {
    const of = (begin: string, end: string) =>
      ask(`${path}${path.includes('?') ? '&' : '?'}${from}=${begin}&${to}=${end}`)
    for (const [begin, end] of [
      ['2026-11-02', '2026-11-01'],
      ['2026-11-02T00:00:00Z', '2026-11-01T23:59:59Z'],
      ['2026-11-03T00:00:01Z', '2026-11-02'],
    ] as const) {
      const { status, body } = await of(begin, end)
      expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', to])
      expect(body.error.message).toBe(`${to}: ${end} lies before ${from}, ${begin}`)
    }
    expect((await of('2026-11-02', '2026-11-02')).status).toBe(200)
    expect((await of('2026-11-02T00:00:00Z', '2026-11-02T00:00:00Z')).status).toBe(200)
  })
})

describe('rows come by `Accept`, by `format` and by the ending of the path, all the same', () => {
  test.each([
    '/api/admin/usage',
    '/api/admin/generations',
    '/v1/usage',
    '/v1/transactions',
    '/api/admin/audit',
    '/api/v1/activity',
  ])('%s', async (path) => {
    const lines: Record<string, number> = {}
    for (const [format, type, accepted, endings] of [
      ['csv', 'text/csv; charset=utf-8', ['text/csv'], ['.csv']],
      ['ndjson', 'application/x-ndjson', ['application/x-ndjson', 'application/jsonl'], ['.ndjson', '.jsonl']],
    ] as const) {
      const replies = await Promise.all([
        ask(`${path}?format=${format}`),
        ...accepted.map((accept) => ask(path, { accept })),
        ...endings.map((ending) => ask(`${path}${ending}`)),
      ])
      for (const { status, headers, text } of replies) {
        expect([status, headers['content-type']]).toEqual([200, type])
        expect(text).toBe(replies[0]?.text)
      }
      lines[format] = replies[0]?.text.split('\n').length ?? 0
    }
    expect(lines.csv).toBe((lines.ndjson ?? 0) + 1)
    expect((await api.request('GET', `${path}.csv`)).status).toBe(401)
    expect((await api.request('DELETE', `${path}.csv`, api.operator)).headers.allow).toBe('GET')
  })

  test('a path of one thing has no such ending', async () => {
    expect((await ask('/api/admin/keys.csv')).status).toBe(404)
    expect((await ask('/api/admin/budgets.csv')).status).toBe(404)
  })
})

test("activity's rows are those of its JSON, with exact amounts, one day or thirty", async () => {
  const { body } = await ask('/api/v1/activity')
  expect(body.data).toHaveLength(2)
  for (const query of ['', `?date=${yesterday}`]) {
    const { text, headers } = await ask(`/api/v1/activity.ndjson${query}`)
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(
      rows.map(({ usage, byok_usage_inference, ...rest }) => ({
        ...rest,
        usage: Number(usage),
        byok_usage_inference: Number(byok_usage_inference),
      })),
    ).toEqual(body.data)
    expect(rows.every(({ usage }) => typeof usage === 'string')).toBe(true)
    const from = query === '' ? new Date(Date.parse(yesterday) - 29 * 86_400_000).toISOString().slice(0, 10) : yesterday
    expect(headers['content-disposition']).toContain(`"activity_${from}_${yesterday}.ndjson"`)
  }
})

test('FOCUS columns on the list of calls: one row a call, in the columns of the specification, by every way of asking', async () => {
  const range = `from=${yesterday}&to=${yesterday}`
  const { text } = await ask(`/api/admin/generations.csv?${range}&columns=focus`)
  const [columns = '', ...rows] = text
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
  expect(columns).toEqual(
    'BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeDescription,ServiceCategory,ServiceName,ProviderName,ResourceId,ConsumedQuantity,ConsumedUnit,SubAccountId,SubAccountName,Tags'.split(
      ',',
    ),
  )
  expect(rows.map((row) => row[columns.indexOf('ConsumedQuantity')]).sort()).toEqual(['1323', '656'])
  const lines = (await ask(`/api/admin/generations.jsonl?${range}&columns=focus`)).text.trim().split('\n')
  const report = await ask(`/api/admin/usage?${range}`)
  const cost = lines.reduce((sum, line) => sum + Math.round(Number(JSON.parse(line).ListCost) * 1e9), 0)
  expect(cost).toBe(Math.round(report.body.totals.costUsd * 1e9))
  expect(cost).toBeGreaterThan(0)
})
