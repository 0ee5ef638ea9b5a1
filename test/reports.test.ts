/** Reports, lists of calls and exports over one random history: whatever is asked, every way of asking comes to the same. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApi, type Api } from './api-kit.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

test('smoke', async () => {
  const r = await api.request('GET', '/api/admin/usage?bucket=day', api.operator)
  expect(r.status).toBe(200)
  expect(r.body.buckets).toHaveLength(30)
  const g = await api.request('GET', '/api/admin/usage?groupBy=api_key&groupBy=model', api.operator)
  expect([g.status, g.body]).toMatchObject([200, { buckets: [] }])
  const l = await api.request('GET', '/api/admin/generations?tag=a:b', api.operator)
  expect([l.status, l.body]).toMatchObject([200, { generations: [] }])
  const a = await api.request('GET', '/api/v1/activity', api.operator)
  expect([a.status, a.body]).toEqual([200, { data: [] }])
  expect(api.faults).toEqual([])
})
