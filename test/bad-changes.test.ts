/** What cannot be meant is refused on changes as it is on creation: which field and why, in the dialect's shape, and nothing written. */
import { globSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { operations } from '../src/contract/operations.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { startMailServer } from './receivers.ts'

const table = operations as readonly Operation[]

let api: Api
/** What there is to be changed, by the beginning of its path. */
let made: Readonly<Record<string, string>>
let accountId: string
const mail = startMailServer()
beforeAll(async () => {
  api = await openApi(`smtp: { url: "${(await mail).url}", from: "alerts@turnpike.test" }`)
  const create = async (path: string, body: object): Promise<Reply['body']> => {
    const reply = await ask('POST', path, body)
    expect({ status: reply.status, text: reply.text }).toMatchObject({ status: 201 })
    return reply.body
  }
  const budget = { name: 'b', scope: 'organisation', window: 'month' }
  const { hash, id } = (await create('/api/admin/keys', { name: 'k', limit: 5, limitReset: 'daily' })).key
  accountId = (await create('/v1/accounts', { name: 'A', externalId: 'a' })).account.id
  made = {
    dollars: `/api/admin/budgets/${(await create('/api/admin/budgets', { ...budget, metric: 'usd', limit: 5 })).budget.id}`,
    tokens: `/api/admin/budgets/${(await create('/api/admin/budgets', { ...budget, metric: 'tokens', limit: 500 })).budget.id}`,
    atOnce: `/api/admin/budgets/${(await create('/api/admin/budgets', { ...budget, metric: 'concurrency', limit: 5, window: 'total' })).budget.id}`,
    webhook: `/api/admin/alert-channels/${(await create('/api/admin/alert-channels', { type: 'webhook', url: 'https://1.1.1.1/hook' })).channel.id}`,
    mail: `/api/admin/alert-channels/${(await create('/api/admin/alert-channels', { type: 'email', to: ['a@example.test'] })).channel.id}`,
    defaults: '/api/admin/alert-defaults',
    key: `/api/admin/keys/${id}`,
    openrouterKey: `/api/v1/keys/${hash}`,
    account: `/v1/accounts/${accountId}`,
    organisation: '/api/admin/organisations/default',
  }
})
afterAll(async () => {
  await api.close()
  await (await mail).close()
})
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const ask = (method: string, path: string, body?: unknown) => api.request(method, path, api.operator, body)
const shown = async (path: string) => (await ask('GET', path)).text
const audited = async () => (await ask('GET', '/api/admin/audit?limit=1')).body.pagination.totalCount

/** The shape that a dialect gives its errors. */
function expectShape(path: string, { status, body }: Reply, param: string): void {
  if (path.startsWith('/api/v1/'))
    expect(body.error).toMatchObject({
      code: status,
      message: expect.stringContaining(param),
      metadata: { error_type: expect.any(String) },
    })
  else
    expect(body).toMatchObject({
      error: { type: 'invalid_request_error', param, code: expect.any(String) },
      request_id: expect.any(String),
    })
}

const WIDE = 'ü'.repeat(255)
const budgetCases: readonly [on: string, change: object, status: number, param: string][] = [
  ['dollars', { limit: -1 }, 422, 'limit'],
  ['dollars', { limit: '-0.5' }, 422, 'limit'],
  ['dollars', { limit: 0.0000000001 }, 422, 'limit'],
  ['dollars', { limit: '1e3' }, 422, 'limit'],
  ['dollars', { limit: null }, 422, 'limit'],
  ['dollars', { limit: 2e9 }, 422, 'limit'],
  ['tokens', { limit: 1.5 }, 422, 'limit'],
  ['tokens', { limit: '1.5' }, 422, 'limit'],
  ['tokens', { limit: -1 }, 422, 'limit'],
  ['tokens', { limit: 2e12 }, 422, 'limit'],
  ['atOnce', { limit: 0.5 }, 422, 'limit'],
  ['atOnce', { window: 'day' }, 400, 'window'],
  ['atOnce', { action: 'alert' }, 400, 'action'],
  ['atOnce', { thresholds: [80] }, 400, 'thresholds'],
  ['dollars', { window: 'fortnight' }, 400, 'window'],
  ['dollars', { window: 'request' }, 400, 'window'],
  ['dollars', { timeZone: 'Mars/Olympus' }, 400, 'timeZone'],
  ['dollars', { timeZone: '+02:00' }, 400, 'timeZone'],
  ['dollars', { timeZone: '' }, 400, 'timeZone'],
  ['dollars', { thresholds: [0] }, 400, 'thresholds.0'],
  ['dollars', { thresholds: [80, 1001] }, 400, 'thresholds.1'],
  ['dollars', { thresholds: [-5] }, 400, 'thresholds.0'],
  ['dollars', { thresholds: [99.5] }, 400, 'thresholds.0'],
  ['dollars', { thresholds: ['80'] }, 400, 'thresholds.0'],
  ['dollars', { thresholds: 80 }, 400, 'thresholds'],
  ['dollars', { weekStart: 0 }, 400, 'weekStart'],
  ['dollars', { anchorDay: 31.5 }, 400, 'anchorDay'],
  ['dollars', { action: 'warn' }, 400, 'action'],
  ['dollars', { reserveMode: 'loose' }, 400, 'reserveMode'],
  ['dollars', { metric: 'tokens' }, 400, 'metric'],
  ['dollars', { scope: 'account' }, 400, 'scope'],
  ['dollars', { scopeId: 'other' }, 400, 'scopeId'],
  ['dollars', { name: '' }, 400, 'name'],
  ['dollars', { name: `${WIDE}ü` }, 400, 'name'],
  ['dollars', { name: 'a\u0000b' }, 400, 'name'],
]
const channelCases: typeof budgetCases = [
  ['webhook', { url: 'http://1.1.1.1/hook' }, 400, 'url'],
  ['webhook', { url: 'https://10.0.0.1/' }, 400, 'url'],
  ['webhook', { url: 'https://127.0.0.1/' }, 400, 'url'],
  ['webhook', { url: 'https://[::1]/' }, 400, 'url'],
  ['webhook', { url: 'https://[::ffff:169.254.169.254]/' }, 400, 'url'],
  ['webhook', { url: 'https://0x7f.1/' }, 400, 'url'],
  ['webhook', { url: 'https://user:secret@1.1.1.1/' }, 400, 'url'],
  ['webhook', { url: 'ftp://1.1.1.1/' }, 400, 'url'],
  ['webhook', { url: 'hook' }, 400, 'url'],
  ['webhook', { url: '' }, 400, 'url'],
  ['webhook', { url: `https://1.1.1.1/${'a'.repeat(2_000)}` }, 400, 'url'],
  ['webhook', { to: ['a@example.test'] }, 400, 'url'],
  ['webhook', { type: 'slack' }, 400, 'type'],
  ['webhook', { events: ['made.up'] }, 400, 'events.0'],
  ['webhook', { events: [] }, 400, 'events'],
  ['webhook', { budgetId: 'bud_00000000000000000000' }, 404, 'budgetId'],
  ['webhook', { budgetId: 'x' }, 400, 'budgetId'],
  ['webhook', { disabled: 'yes' }, 400, 'disabled'],
  ['webhook', { name: `${WIDE}ü` }, 400, 'name'],
  ['mail', { to: [] }, 400, 'to'],
  ['mail', { to: ['nobody'] }, 400, 'to.0'],
  ['mail', { url: 'https://1.1.1.1/' }, 400, 'to'],
  ['defaults', { lowCreditThreshold: -1 }, 422, 'lowCreditThreshold'],
  ['defaults', { lowCreditThreshold: 'NaN' }, 422, 'lowCreditThreshold'],
]
const otherCases: typeof budgetCases = [
  ['key', { limit: -1 }, 422, 'limit'],
  ['key', { limit: '1e3' }, 422, 'limit'],
  ['key', { limit: 0.0000000001 }, 422, 'limit'],
  ['key', { limitReset: 'hourly' }, 400, 'limitReset'],
  ['key', { expiresAt: '2020-01-01T00:00:00Z' }, 400, 'expiresAt'],
  ['key', { expiresAt: 'soon' }, 400, 'expiresAt'],
  ['key', { allowedModels: ['gpt-99'] }, 400, 'allowedModels.0'],
  ['key', { accountId: 'acc_00000000000000000000' }, 400, 'accountId'],
  ['key', { name: `${WIDE}ü` }, 400, 'name'],
  ['openrouterKey', { limit: -1 }, 422, 'limit'],
  ['openrouterKey', { limit: 'NaN' }, 422, 'limit'],
  ['openrouterKey', { limit_reset: 'yearly' }, 400, 'limit_reset'],
  ['openrouterKey', { expires_at: '2020-01-01T00:00:00Z' }, 400, 'expires_at'],
  ['openrouterKey', { external_user: 'x' }, 400, 'external_user'],
  ['openrouterKey', { name: `${WIDE}ü` }, 400, 'name'],
  ['account', { lowCreditThreshold: -1 }, 422, 'lowCreditThreshold'],
  ['account', { overdraft: -1 }, 422, 'overdraft'],
  ['account', { name: `${WIDE}ü` }, 400, 'name'],
  ['organisation', { timeZone: 'Mars/Olympus' }, 400, 'timeZone'],
]

describe.each([
  ['a budget', budgetCases],
  ['an alert channel', channelCases],
  ['a key, an account or an organisation', otherCases],
])('a change of %s', (_name, cases) => {
  test.each(cases)(
    'of %s to %j is refused with %d, names %s, and writes nothing',
    async (on, change, status, param) => {
      const path = made[on] ?? ''
      const before = [await shown(path), await audited()]
      const reply = await ask('PATCH', path, change)
      expect({ status: reply.status, text: reply.text }).toMatchObject({ status })
      expectShape(path, reply, param)
      expect([await shown(path), await audited()]).toEqual(before)
    },
  )
})

test.each(['dollars', 'webhook', 'mail', 'key', 'openrouterKey', 'account'])(
  'the name of %s may have 255 characters of any script, and comes back as it was',
  async (on) => {
    for (const name of [WIDE, '🔑'.repeat(255), 'ب'.repeat(255)]) {
      const reply = await ask('PATCH', made[on] ?? '', { name })
      expect({ status: reply.status, text: reply.text }).toMatchObject({ status: 200 })
      expect(reply.text).toContain(name)
      expect(await shown(made[on] ?? '')).toContain(name)
    }
  },
)

describe('a cursor that was tampered with', () => {
  const cursorOf = (text: string) => Buffer.from(text).toString('base64url')
  /** What the lists call themselves in their cursors. */
  const lists = globSync('src/api/*.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/pageOf\('([a-z-]+)'/g)].map(([, name = '']) => name),
  )
  const withCursor = table.filter(({ query }) => query && 'cursor' in query.shape)

  test('there are lists to try it on', () => {
    expect(lists.length).toBeGreaterThan(10)
    expect(withCursor.length).toBeGreaterThanOrEqual(lists.length)
  })

  test.each(withCursor.map((operation) => [operation.name, operation] as const))(
    '%s refuses it, and that of another list',
    async (_name, { path }) => {
      const url = path.replace('{id}', accountId)
      const with_ = (cursor: string) => ask('GET', `${url}?cursor=${encodeURIComponent(cursor)}`)
      const refused = async (cursor: string) => {
        const reply = await with_(cursor)
        expect({ cursor, status: reply.status, text: reply.text }).toMatchObject({ status: 400 })
        expectShape(path, reply, 'cursor')
      }
      const names = [...lists, 'generations', '']
      for (const name of names)
        for (const rest of [
          '9999999999999999999',
          '9223372036854775808',
          '-1',
          '01',
          '1.5',
          '',
          'x',
          '1:9999999999999999999',
          '-1:1',
          '1:-1',
        ])
          await refused(cursorOf(`${name}:${rest}`))
      for (const text of ['', 'x', '%00', 'bnVsbA==', '🔑', cursorOf('{"id":1}')]) await refused(text)
      await refused('a'.repeat(201))
      const taken: string[] = []
      for (const cursor of [...lists.map((name) => `${name}:5`), 'generations:5:5'])
        if ((await with_(cursorOf(cursor))).status === 200) taken.push(cursor)
      expect(taken.length).toBeLessThanOrEqual(1)
    },
  )
})
