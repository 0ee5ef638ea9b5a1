/** The audit log: each administrative change leaves its row, in its transaction, without secrets; nobody edits it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import { auditQuery } from '../src/store/audit-log.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'

const LOG = '/api/admin/audit'

/** Operations that write and leave no row, each with its reason. */
const EXCEPTIONS: Partial<Record<OperationName, string>> = {
  addCredits: 'money: the transaction holds its actor',
  deductCredits: 'money: the transaction holds its actor',
  createTransaction: 'money: the transaction holds its actor',
  refundTransaction: 'money: the transaction holds its actor',
  createReservation: 'money of a running call, by whoever may use the account',
  confirmReservation: 'money of a running call: the transaction holds its actor',
  cancelReservation: 'money of a running call, by whoever may use the account',
  extendReservation: 'money of a running call, by whoever may use the account',
  recordUsage: 'a fact that is never changed',
  calculateCost: 'writes nothing',
  checkCredential: 'asks a provider, changes nothing',
}

const CARD = { endpoint: 'simulator/openai/gpt-4o-mini', lines: [{ meter: 'input', priceUsd: '1' }] }

const writing = (operations as readonly Operation[]).filter(({ method }) => method !== 'GET')

describe.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() })],
])('on %s', (_name, environment) => {
  let api: Api
  let admin: string
  const secrets: string[] = []
  beforeAll(async () => {
    api = await openApi('webhooks: { allow: [127.0.0.1] }', { env: await environment() })
    admin = (await ask('POST', '/api/admin/management-keys', { name: 'Ops, "prod"', role: 'admin' }, api.operator)).body
      .key
    secrets.push(admin)
  })
  afterAll(() => api.close())
  afterEach(() => expect(api.faults.splice(0)).toEqual([]))

  async function ask(method: string, url: string, body?: unknown, key = admin): Promise<Reply> {
    const reply = await api.request(method, url, key, body)
    const token = /#token=(.+)/.exec(reply.body?.link)?.[1]
    for (const secret of [reply.body?.key, reply.body?.secret, token])
      if (typeof secret === 'string') secrets.push(secret)
    return reply
  }
  const logged = async (query = '', key = admin) =>
    (await ask('GET', `${LOG}?limit=500&${query}`, undefined, key)).body.entries
  let made = 0
  const account = async () =>
    (await ask('POST', '/v1/accounts', { name: 'A', externalId: `user_${++made}` })).body.account.id as string
  const key = async () => (await ask('POST', '/api/admin/keys', { name: 'k' })).body.key as { id: string; hash: string }
  const plan = async () =>
    (await ask('POST', '/v1/plans', { name: 'p', amount: 5, interval: '1d', occurrences: 2 })).body.plan.id as string
  const managementKey = async () =>
    (await ask('POST', '/api/admin/management-keys', { name: 'm', role: 'reader' })).body.managementKey.id as string

  const invited = async () => (await ask('POST', '/api/admin/members', { role: 'reader' })).body.member.id as string
  const theirs = { provider: 'simulator', name: 'c', secret: 'sk-of-a-customer-0123456789' }
  const credential = async () => (await ask('POST', '/api/admin/credentials', theirs)).body.credential.id as string
  const monthly = { name: 'b', scope: 'organisation', metric: 'usd', limit: 5, window: 'month' }
  const budget = async () => (await ask('POST', '/api/admin/budgets', monthly)).body.budget.id as string

  const webhook = { type: 'webhook', url: 'http://127.0.0.1:9/hook', name: 'w' }
  const channel = async () => (await ask('POST', '/api/admin/alert-channels', webhook)).body.channel.id as string

  type Case = {
    action: string
    before?: object | null
    after?: object | null
    by?: 'operator'
    org?: string
    run(): Promise<Reply>
  }
  const cases: Partial<Record<OperationName, () => Promise<Case> | Case>> = {
    createKey: () => ({
      action: 'key.create',
      before: null,
      after: { name: 'x', limit: '5', limitReset: 'monthly' },
      run: () => ask('POST', '/api/v1/keys', { name: 'x', limit: 5, limit_reset: 'monthly' }),
    }),
    updateKey: async () => {
      const { hash } = await key()
      const run = () => ask('PATCH', `/api/v1/keys/${hash}`, { disabled: true, limit: '1.5' })
      const after = { disabled: true, limit: '1.5' }
      return { action: 'key.update', before: { disabled: false, limit: null }, after, run }
    },
    deleteKey: async () => {
      const { hash } = await key()
      const run = () => ask('DELETE', `/api/v1/keys/${hash}`)
      return { action: 'key.delete', before: { name: 'k' }, after: null, run }
    },
    rotateKey: async () => {
      const { hash } = await key()
      return { action: 'key.rotate', run: () => ask('POST', `/api/v1/keys/${hash}/rotate`, { grace_seconds: 60 }) }
    },
    createApiKey: () => ({
      action: 'key.create',
      after: { allowedModels: ['openai/gpt-4o'] },
      run: () => ask('POST', '/api/admin/keys', { name: 'x', allowedModels: ['gpt-4o'] }),
    }),
    updateApiKey: async () => {
      const { id } = await key()
      const run = () => ask('PATCH', `/api/admin/keys/${id}`, { user: 'ann', includeUsage: true })
      return { action: 'key.update', after: { user: 'ann', includeUsage: true }, run }
    },
    deleteApiKey: async () => {
      const { id } = await key()
      return { action: 'key.delete', after: null, run: () => ask('DELETE', `/api/admin/keys/${id}`) }
    },
    rotateApiKey: async () => {
      const { id } = await key()
      return { action: 'key.rotate', run: () => ask('POST', `/api/admin/keys/${id}/rotate`) }
    },
    createAccount: () => ({
      action: 'account.create',
      before: null,
      after: { externalId: 'audited', name: 'Audited' },
      run: () => ask('POST', '/v1/accounts', { name: 'Audited', externalId: 'audited' }),
    }),
    updateAccount: async () => {
      const id = await account()
      const run = () => ask('PATCH', `/v1/accounts/${id}`, { overdraft: 3 })
      return { action: 'account.update', before: { overdraftUsd: '0' }, after: { overdraftUsd: '3' }, run }
    },
    voidGrant: async () => {
      const id = await account()
      const grant = (await ask('POST', `/v1/accounts/${id}/credits`, { amount: 2, description: 'gift' })).body.grantId
      const run = () => ask('POST', `/v1/grants/${grant}/void`)
      return { action: 'grant.void', before: { status: 'active', remainingUsd: '2' }, after: { status: 'void' }, run }
    },
    createPlan: () => ({
      action: 'plan.create',
      after: { name: 'gold', amountUsd: '5' },
      run: () => ask('POST', '/v1/plans', { name: 'gold', amount: 5, interval: 'month', occurrences: null }),
    }),
    archivePlan: async () => {
      const id = await plan()
      const run = () => ask('POST', `/v1/plans/${id}/archive`)
      return { action: 'plan.archive', before: { isActive: true }, after: { isActive: false }, run }
    },
    assignPlan: async () => {
      const [id, planId] = [await account(), await plan()]
      const run = () => ask('POST', `/v1/accounts/${id}/plan`, { planId, startMode: 'now' })
      return { action: 'account.assign_plan', after: { planId }, run }
    },
    createCredential: () => {
      secrets.push(theirs.secret)
      const run = () => ask('POST', '/api/admin/credentials', theirs)
      return { action: 'credential.create', before: null, after: { name: 'c', label: '...6789' }, run }
    },
    updateCredential: async () => {
      const id = await credential()
      const run = () => ask('PATCH', `/api/admin/credentials/${id}`, { secret: 'sk-another-secret-abcdef' })
      return { action: 'credential.update', before: { label: '...6789' }, after: { secret: 'rotated' }, run }
    },
    deleteCredential: async () => {
      const id = await credential()
      return { action: 'credential.delete', after: null, run: () => ask('DELETE', `/api/admin/credentials/${id}`) }
    },
    createBudget: () => ({
      action: 'budget.create',
      before: null,
      after: { name: 'b', limit: '5', window: 'month' },
      run: () => ask('POST', '/api/admin/budgets', monthly),
    }),
    updateBudget: async () => {
      const id = await budget()
      const run = () => ask('PATCH', `/api/admin/budgets/${id}`, { limit: '7.5', window: 'week' })
      return {
        action: 'budget.update',
        before: { limit: '5' },
        after: { limit: '7.5', coming: { window: 'week' } },
        run,
      }
    },
    deleteBudget: async () => {
      const id = await budget()
      return { action: 'budget.delete', after: null, run: () => ask('DELETE', `/api/admin/budgets/${id}`) }
    },
    createAlertChannel: () => ({
      action: 'alert_channel.create',
      before: null,
      after: { name: 'w', type: 'webhook' },
      run: () => ask('POST', '/api/admin/alert-channels', webhook),
    }),
    updateAlertChannel: async () => {
      const id = await channel()
      const run = () => ask('PATCH', `/api/admin/alert-channels/${id}`, { disabled: true })
      return { action: 'alert_channel.update', before: { disabled: false }, after: { disabled: true }, run }
    },
    deleteAlertChannel: async () => {
      const id = await channel()
      const run = () => ask('DELETE', `/api/admin/alert-channels/${id}`)
      return { action: 'alert_channel.delete', before: { name: 'w' }, after: null, run }
    },
    testAlertChannel: async () => {
      const id = await channel()
      const run = () => ask('POST', `/api/admin/alert-channels/${id}/test`)
      return { action: 'alert_channel.test', after: { event: 'budget.threshold_reached' }, run }
    },
    rotateAlertChannelSecret: async () => {
      const id = await channel()
      return {
        action: 'alert_channel.rotate_secret',
        run: () => ask('POST', `/api/admin/alert-channels/${id}/rotate-secret`),
      }
    },
    updateAlertDefaults: () => ({
      action: 'alert_defaults.update',
      before: { lowCreditThreshold: null },
      after: { lowCreditThreshold: 2 },
      run: () => ask('PATCH', '/api/admin/alert-defaults', { lowCreditThreshold: 2 }),
    }),
    resendDelivery: async () => {
      const { delivery } = (await ask('POST', `/api/admin/alert-channels/${await channel()}/test`)).body
      return { action: 'delivery.resend', run: () => ask('POST', `/api/admin/deliveries/${delivery.id}/resend`) }
    },
    createOrganisation: () => ({
      action: 'organisation.create',
      by: 'operator',
      org: 'made',
      after: { name: 'made', timeZone: 'Europe/Berlin' },
      run: () => ask('POST', '/api/admin/organisations', { name: 'made', timeZone: 'Europe/Berlin' }, api.operator),
    }),
    updateOrganisation: async () => {
      await ask('POST', '/api/admin/organisations', { name: 'old' }, api.operator)
      const run = () => ask('PATCH', '/api/admin/organisations/old', { name: 'new', timeZone: 'UTC' }, api.operator)
      return {
        action: 'organisation.update',
        by: 'operator',
        org: 'new',
        before: { name: 'old' },
        after: { name: 'new' },
        run,
      }
    },
    createManagementKey: () => ({
      action: 'management_key.create',
      after: { name: 'x', role: 'reader' },
      run: () => ask('POST', '/api/admin/management-keys', { name: 'x', role: 'reader' }),
    }),
    updateManagementKey: async () => {
      const id = await managementKey()
      const run = () => ask('PATCH', `/api/admin/management-keys/${id}`, { disabled: true })
      return { action: 'management_key.update', before: { disabled: false }, after: { disabled: true }, run }
    },
    deleteManagementKey: async () => {
      const id = await managementKey()
      return {
        action: 'management_key.delete',
        after: null,
        run: () => ask('DELETE', `/api/admin/management-keys/${id}`),
      }
    },
    rotateManagementKey: async () => {
      const id = await managementKey()
      return { action: 'management_key.rotate', run: () => ask('POST', `/api/admin/management-keys/${id}/rotate`) }
    },
    inviteMember: () => ({
      action: 'member.invite',
      before: null,
      after: { email: 'eve@example.com', role: 'reader' },
      run: () => ask('POST', '/api/admin/members', { email: 'Eve@example.com', role: 'reader' }),
    }),
    updateMember: async () => {
      const id = await invited()
      const run = () => ask('PATCH', `/api/admin/members/${id}`, { role: 'admin' })
      return { action: 'member.update', before: { role: 'reader' }, after: { role: 'admin' }, run }
    },
    removeMember: async () => {
      const id = await invited()
      const run = () => ask('DELETE', `/api/admin/members/${id}`)
      return { action: 'member.remove', before: { role: 'reader' }, after: null, run }
    },
    createRateCard: () => ({
      action: 'rate_card.create',
      by: 'operator',
      org: 'default',
      after: { endpoint: 'simulator/openai/gpt-4o-mini', status: 'current' },
      run: () => ask('POST', '/api/admin/rate-cards', CARD, api.operator),
    }),
    withdrawRateCard: async () => {
      const { id } = (await ask('POST', '/api/admin/rate-cards', CARD, api.operator)).body.rateCard
      const run = () => ask('DELETE', `/api/admin/rate-cards/${id}`, undefined, api.operator)
      return { action: 'rate_card.withdraw', by: 'operator', org: 'default', before: { id }, after: null, run }
    },
    createSetupLink: () => ({
      action: 'member.setup_link',
      by: 'operator',
      org: 'default',
      after: { role: 'admin' },
      run: () => ask('POST', '/api/admin/setup-link', {}, api.operator),
    }),
  }

  test.each(writing.map(({ name }) => name as OperationName))('%s leaves its row, or says why not', async (name) => {
    const prepare = cases[name]
    if (!prepare) return expect([name, EXCEPTIONS[name]]).toEqual([name, expect.any(String)])
    expect(EXCEPTIONS[name]).toBeUndefined()
    const { action, before, after, by, org, run } = await prepare()
    const reply = await run()
    expect({ status: reply.status, text: reply.text }).toMatchObject({ status: expect.toSatisfy((s) => s < 300) })
    const rows =
      org === undefined
        ? await logged(`action=${action}`)
        : await logged(`action=${action}&organisationId=${org}`, api.operator)
    expect(rows[0]).toMatchObject({
      ...{ action, actor: by ?? 'management:Ops, "prod"', requestId: reply.headers['x-request-id'] },
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })
    expect(rows[0].id).toMatch(/^aud_[0-9A-Za-z]{20}$/)
  })

  test('a change of status is written by the ledger, with what it was', async () => {
    const id = await account()
    await ask('POST', '/api/admin/keys', { name: 'k', accountId: id })
    for (const status of ['frozen', 'closed']) await ask('PATCH', `/v1/accounts/${id}`, { status })
    expect(
      (await logged(`target=${id}`)).map(({ action, before, after }: Reply['body']) => [action, before, after]),
    ).toEqual([
      ['account.revoke_keys', null, { revoked: 1, keys: [expect.stringMatching(/^key_/)] }],
      ['account.status', { status: 'frozen' }, { status: 'closed' }],
      ['account.status', { status: 'open' }, { status: 'frozen' }],
      ['account.create', null, expect.anything()],
    ])
  })

  test('what was refused, or done before, leaves no row', async () => {
    await ask('POST', '/v1/accounts', { name: 'A', externalId: 'once' })
    const id = await account()
    const { grantId } = (await ask('POST', `/v1/accounts/${id}/credits`, { amount: 2, description: 'gift' })).body
    const voided = { 'idempotency-key': 'v' }
    await api.request('POST', `/v1/grants/${grantId}/void`, admin, undefined, voided)
    const count = async () => (await ask('GET', LOG)).body.pagination.totalCount
    const before = await count()
    const refused = [
      await ask('POST', '/v1/accounts', { name: 'A', externalId: 'once' }),
      await ask('POST', '/api/admin/keys', { name: 'x', limit: -1 }),
      await ask('POST', `/v1/grants/${grantId}/void`),
      await ask('POST', '/api/admin/organisations', { name: 'default' }, api.operator),
      await ask('PATCH', '/api/admin/organisations/default', { name: 'taken' }, api.operator).then(async (reply) => {
        expect(reply.status).toBe(200)
        await ask('PATCH', '/api/admin/organisations/taken', { name: 'default' }, api.operator)
        await ask('POST', '/api/admin/organisations', { name: 'third' }, api.operator)
        return ask('PATCH', '/api/admin/organisations/third', { name: 'default' }, api.operator)
      }),
    ]
    for (const { status } of refused) expect(status).toBeGreaterThanOrEqual(400)
    const again = await api.request('POST', `/v1/grants/${grantId}/void`, admin, undefined, voided)
    expect([again.status, again.headers['idempotent-replay']]).toEqual([200, 'true'])
    // The two changes of name and back.
    expect(await count()).toBe(before + 2)
  })

  test('it is read by actor, action, target and time, in pages, and whole as CSV and NDJSON', async () => {
    const { id } = await key()
    for (const name of ['=1+1', 'b', 'c']) await ask('PATCH', `/api/admin/keys/${id}`, { name })
    const own = await logged(`target=${id}`)
    expect(own.map(({ action }: Reply['body']) => action)).toEqual([...new Array(3).fill('key.update'), 'key.create'])
    expect(await logged(`target=${id}&action=key`)).toEqual(own)
    expect(await logged(`target=${id}&action=key.create`)).toEqual(own.slice(3))
    expect(await logged(`target=${id}&action=ke`)).toEqual([])
    expect(await logged(`target=${id}&actor=operator`)).toEqual([])
    const today = new Date(api.store.now()).toISOString().slice(0, 10)
    expect(await logged(`target=${id}&from=${today}&to=${today}`)).toEqual(own)
    expect(await logged(`target=${id}&from=2150-01-01`)).toEqual([])
    expect((await ask('GET', `${LOG}?from=yesterday`)).body.error).toMatchObject({ param: 'from' })
    const first = (await ask('GET', `${LOG}?target=${id}&limit=3`)).body
    expect(first.pagination).toMatchObject({ totalCount: 4, hasMore: true })
    const rest = (await ask('GET', `${LOG}?target=${id}&limit=3&cursor=${first.pagination.nextCursor}`)).body
    expect([...first.entries, ...rest.entries]).toEqual(own)

    const csv = await ask('GET', `${LOG}?target=${id}&format=csv`)
    expect(csv.headers['content-type']).toMatch(/^text\/csv/)
    const [head, ...lines] = csv.text.trimEnd().split('\r\n')
    expect([head, lines.length]).toEqual(['id,createdAt,actor,action,target,before,after,requestId', 4])
    expect(lines[3]).toContain('"management:Ops, ""prod"""')
    const byHeader = await api.request('GET', `${LOG}?target=${id}`, admin, undefined, {
      accept: 'application/x-ndjson',
    })
    expect(byHeader.headers['content-type']).toMatch(/^application\/x-ndjson/)
    expect(
      byHeader.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(own)
    expect((await ask('GET', `${LOG}?target=${id}&format=ndjson`)).text).toBe(byHeader.text)
  })

  test('more rows than a page are streamed whole', async () => {
    const { store } = api
    const entry = { organisationId: 1n, actor: 'bulk', action: 'test.bulk', target: 't', before: null, after: { n: 1 } }
    const rows = Array.from({ length: 1_203 }, () => auditQuery(store, { ...entry, requestId: null, at: store.now() }))
    await store.write(rows)
    const lines = (await ask('GET', `${LOG}?actor=bulk&format=ndjson`)).text.trimEnd().split('\n')
    expect(new Set(lines.map((line) => JSON.parse(line).id)).size).toBe(1_203)
  })

  test('nothing of it can be changed or taken away', async () => {
    const { store } = api
    await expect(store.write([store.sql.updateTable('audit_log').set({ actor: 'me' })])).rejects.toThrow(/append-only/)
    await expect(store.write([store.sql.deleteFrom('audit_log')])).rejects.toThrow(/append-only/)
  })

  test('it holds no secret and no hash of one', async () => {
    const text = (await ask('GET', `${LOG}?format=ndjson`)).text
    expect(secrets.length).toBeGreaterThan(10)
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/[0-9a-f]{64}/)
    expect(text).not.toMatch(/[sm]k-tp-[0-9a-f]{8}/)
  })

  test("another organisation's log is for the operator", async () => {
    expect((await ask('GET', `${LOG}?organisationId=made`)).status).toBe(404)
    expect(await logged('organisationId=made', api.operator)).toMatchObject([{ action: 'organisation.create' }])
    const reader = (await ask('POST', '/api/admin/management-keys', { name: 'r', role: 'reader' })).body.key
    expect((await ask('GET', LOG, undefined, reader)).status).toBe(200)
  })
})
