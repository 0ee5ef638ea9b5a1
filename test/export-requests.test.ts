/** How rows are asked for: by header, by query or by the ending of the path; what their file is called, and which ranges are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, openApi } from './api-kit.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
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
