/** API keys over HTTP on both databases: made, restricted, rotated, ended; by the clients that people have. */
import { OpenRouter } from '@openrouter/sdk'
import OpenAI, { AuthenticationError, PermissionDeniedError } from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { chat, eventsOf, OPENAI, OPENROUTER, recordsOf } from './gateway-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'

const ADMIN = '/api/admin/keys'
const UNLIMITED = { requests: -1, interval: '10s', note: 'requests per interval; -1 means no limit' }

describe.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() })],
])('on %s', (_name, environment) => {
  let api: Api
  beforeAll(async () => {
    api = await openApi(undefined, { env: await environment() })
  })
  afterAll(() => api.close())
  afterEach(() => expect(api.faults.splice(0)).toEqual([]))

  const ask = (method: string, url: string, body?: unknown, key = api.operator) => api.request(method, url, key, body)

  /** The reply is what the table says that it is. */
  async function done(name: OperationName, reply: Promise<Reply>): Promise<Reply> {
    const operation = (operations as readonly Operation[]).find((each) => each.name === name)
    const { status, text, body, ...rest } = await reply
    expect({ status, text }).toMatchObject({ status: operation?.status ?? 200 })
    operation?.result.parse(body)
    return { status, text, body, ...rest }
  }

  const create = async (body: object = {}) => {
    const reply = await done('createApiKey', ask('POST', ADMIN, { name: 'a key', ...body }))
    return reply.body as { key: Record<string, unknown> & { id: string; hash: string }; secret: string }
  }
  const call = (key: string, model: string, mount = OPENAI, more: object = {}) =>
    api.turnpike.request(mount, { key, body: chat(model, { max_tokens: 20, ...more }) })

  test('a key is made with all that it may be told, read by id and hash, changed and deleted', async () => {
    const { key, secret } = await create({
      ...{ name: 'Ünïcode 🔑', externalId: 'demo', limit: '2.5', limitReset: 'weekly', includeByokInLimit: true },
      ...{
        expiresAt: '2150-01-01T00:00:00+02:00',
        allowedModels: ['gpt-4o-mini', 'anthropic/*', 'openai/gpt-4o-mini'],
      },
      ...{ includeUsage: true, user: 'ann', metadata: { team: 'search' } },
    })
    expect(secret).toMatch(/^sk-tp-[0-9a-f]{64}$/)
    expect(key).toMatchObject({
      ...{ name: 'Ünïcode 🔑', externalId: 'demo', disabled: false, limit: 2.5, limitRemaining: 2.5 },
      ...{ limitReset: 'weekly', includeByokInLimit: true, expiresAt: '2149-12-31T22:00:00.000Z' },
      ...{ allowedModels: ['openai/gpt-4o-mini', 'anthropic/*'], includeUsage: true, user: 'ann' },
      ...{ metadata: { team: 'search' }, usage: 0, byokUsageMonthly: 0, lastUsedAt: null, updatedAt: null },
      decimal: { limit: '2.5', limitRemaining: '2.5', usage: '0' },
    })
    expect(key.id).toMatch(/^key_[0-9A-Za-z]{20}$/)
    const byId = await done('getApiKey', ask('GET', `${ADMIN}/${key.id}`))
    expect(byId.body).toEqual({ key })
    expect(byId.text).not.toContain(secret)
    expect((await ask('GET', `${ADMIN}/${key.hash}`)).body).toEqual({ key })
    expect((await ask('GET', `/api/v1/keys/${key.id}`)).body.data).toMatchObject({ id: key.id, hash: key.hash })

    const patch = (body: object) => done('updateApiKey', ask('PATCH', `${ADMIN}/${key.id}`, body))
    expect((await patch({ name: 'other', limitReset: 'monthly', user: null })).body.key).toMatchObject({
      ...{ name: 'other', limit: 2.5, limitReset: 'monthly', user: null, metadata: { team: 'search' } },
      ...{ includeUsage: true, allowedModels: ['openai/gpt-4o-mini', 'anthropic/*'] },
    })
    const none = { limit: null, expiresAt: null, allowedModels: null, metadata: null, includeUsage: false }
    expect((await patch(none)).body.key).toMatchObject({ ...none, limitReset: null, limitRemaining: null })
    expect((await patch({ disabled: true })).body.key.disabled).toBe(true)
    expect((await call(secret, 'gpt-4o-mini')).status).toBe(401)
    expect((await patch({ disabled: false })).body.key.disabled).toBe(false)
    expect((await call(secret, 'gpt-4o-mini')).status).toBe(200)
    expect((await done('deleteApiKey', ask('DELETE', `${ADMIN}/${key.id}`))).body).toEqual({ deleted: true })
    expect((await call(secret, 'gpt-4o-mini')).status).toBe(401)
    expect((await ask('GET', `${ADMIN}/${key.id}`)).status).toBe(404)
    expect((await ask('POST', `${ADMIN}/${key.id}/rotate`)).status).toBe(404)
  })

  test('the account of a key is set when the key is made, and never again', async () => {
    const { key } = await create({ externalId: 'demo' })
    const account = (await ask('GET', '/v1/accounts/get?externalId=demo')).body.id
    expect(key.accountId).toBe(account)
    expect((await create({ accountId: account })).key.externalId).toBe('demo')
    for (const [url, body] of [
      [`${ADMIN}/${key.id}`, { accountId: account }],
      [`${ADMIN}/${key.id}`, { externalId: null }],
      [`/api/v1/keys/${key.hash}`, { external_user: 'demo' }],
    ] as const) {
      const { status, text } = await ask('PATCH', url, body)
      expect({ status, text }).toMatchObject({ status: 400, text: expect.stringContaining('make another key') })
    }
    expect((await ask('POST', ADMIN, { name: 'x', externalId: 'nobody' })).body.error.code).toBe('account_not_found')
  })

  test('a rotated key is the same key: what it spent, its limit and its id stay', async () => {
    const { key, secret } = await create({ limit: 1, limitReset: 'daily' })
    expect((await call(secret, 'gpt-4o-mini')).status).toBe(200)
    const spent = (await ask('GET', `${ADMIN}/${key.id}`)).body.key
    expect(spent.usage).toBeGreaterThan(0)
    const rotated = (await done('rotateApiKey', ask('POST', `${ADMIN}/${key.id}/rotate`, { graceSeconds: 3_600 }))).body
    expect(rotated.secret).not.toBe(secret)
    expect(rotated.key).toMatchObject({ id: key.id, usage: spent.usage, limitRemaining: spent.limitRemaining })
    expect(rotated.key.hash).not.toBe(key.hash)
    expect(Date.parse(rotated.key.previousSecretUntil)).toBeGreaterThan(api.store.now() + 3_500_000)
    for (const each of [secret, rotated.secret]) expect((await call(each, 'gpt-4o-mini')).status).toBe(200)
    expect((await ask('GET', '/api/v1/key', undefined, secret)).body.data).toEqual(
      (await ask('GET', '/api/v1/key', undefined, rotated.secret)).body.data,
    )
    const records = await recordsOf(api.turnpike)
    expect(new Set(records.slice(-3).map(({ api_key_id }) => api_key_id)).size).toBe(1)

    const last = await Promise.all([1, 2].map(() => ask('POST', `${ADMIN}/${key.id}/rotate`, { graceSeconds: 60 })))
    const raced = last.map(({ body }) => body.secret as string)
    for (const each of raced) expect((await call(each, 'gpt-4o-mini')).status).toBe(200)
    const again = (await done('rotateKey', ask('POST', `/api/v1/keys/${key.id}/rotate`, {}))).body
    expect(again.data).toMatchObject({ id: key.id, limit: 1, limit_reset: 'daily' })
    for (const each of [secret, rotated.secret, ...raced]) expect((await call(each, 'gpt-4o-mini')).status).toBe(401)
    expect((await call(again.key, 'gpt-4o-mini')).status).toBe(200)
    expect((await ask('GET', `/api/v1/keys/${key.hash}`)).status).toBe(404)
    for (const graceSeconds of [-1, 86_401, 1.5, '60'])
      expect((await ask('POST', `${ADMIN}/${key.id}/rotate`, { graceSeconds })).status).toBe(400)
  })

  test('a key calls the models that it may, by any name of theirs, and sees no others', async () => {
    const { key, secret } = await create({ allowedModels: ['gpt-4o-mini', 'anthropic/*'] })
    for (const mount of [OPENAI, OPENROUTER]) {
      for (const model of ['gpt-4o-mini', 'openai/gpt-4o-mini'])
        expect((await call(secret, model, mount)).status).toBe(200)
      const refused = await call(secret, 'gpt-4o', mount)
      const body = (await refused.json()) as { error: { code: unknown; message: string } }
      expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([403, 'false'])
      expect(body.error.code).toBe(mount === OPENAI ? 'forbidden' : 403)
      expect(body.error.message).toContain('gpt-4o')
      const fallback = { models: ['openai/gpt-4o'] }
      expect((await call(secret, 'gpt-4o-mini', mount, fallback)).status).toBe(403)
    }
    const get = async (url: string) => (await ask('GET', url, undefined, secret)).body
    const openrouter = (await get('/api/v1/models')).data.map(({ id }: { id: string }) => id) as string[]
    expect(openrouter).toContain('openai/gpt-4o-mini')
    expect(openrouter.filter((id) => id !== 'openai/gpt-4o-mini' && !id.startsWith('anthropic/'))).toEqual([])
    expect((await get('/api/v1/models/count')).data.count).toBe(openrouter.length)
    const { data, models } = await get('/v1/models')
    expect(data.some(({ id }: { id: string }) => id === 'gpt-4o')).toBe(false)
    expect(models).toHaveLength(openrouter.length)
    for (const url of ['/api/v1/model/openai/gpt-4o', '/api/v1/models/openai/gpt-4o/endpoints', '/v1/models/gpt-4o'])
      expect((await ask('GET', url, undefined, secret)).status).toBe(404)
    expect((await ask('GET', '/v1/models?modelId=gpt-4o', undefined, secret)).status).toBe(404)
    await ask('PATCH', `${ADMIN}/${key.id}`, { allowedModels: null })
    expect((await call(secret, 'gpt-4o')).status).toBe(200)
    expect((await get('/api/v1/models/count')).data.count).toBeGreaterThan(openrouter.length)
  })

  test('what a key says for its calls holds where they say nothing themselves', async () => {
    const { secret } = await create({ includeUsage: true, user: 'ann', metadata: { team: 'search', env: 'test' } })
    const whole = (await (await call(secret, 'gpt-4o-mini')).json()) as { cost: number; cost_details: object }
    expect(whole.cost).toBeGreaterThan(0)
    expect(Object.keys(whole.cost_details)).toHaveLength(9)
    const stream = await call(secret, 'gpt-4o-mini', OPENAI, { stream: true, user: 'bob', metadata: { env: 'live' } })
    expect(eventsOf(await stream.text()).json.at(-1)).toMatchObject({ cost: expect.any(Number) })
    const { store } = api.turnpike.server.gateway
    const [own, other] = await Promise.all(
      (await recordsOf(api.turnpike)).slice(-2).map(async ({ details_hash }) => {
        const [row] = await store.rows(
          store.sql
            .selectFrom('call_details')
            .selectAll()
            .where('hash', '=', details_hash ?? ''),
        )
        return { user: row?.end_user, metadata: JSON.parse(row?.metadata ?? 'null') }
      }),
    )
    expect(own).toEqual({ user: 'ann', metadata: { team: 'search', env: 'test' } })
    expect(other).toEqual({ user: 'bob', metadata: { team: 'search', env: 'live' } })
  })

  test('what is no key is refused with the field that is wrong, and nothing is made', async () => {
    const count = async () => (await ask('GET', `${ADMIN}?limit=1`)).body.pagination.totalCount
    const before = await count()
    const wide = 'ü'.repeat(255)
    for (const [body, param] of [
      [{}, 'name'],
      [{ name: '' }, 'name'],
      [{ name: '   ' }, 'name'],
      [{ name: `${wide}ü` }, 'name'],
      [{ name: 'a\u0000b' }, 'name'],
      [{ name: 'a\nb' }, 'name'],
      [{ name: 'a\u0085b' }, 'name'],
      [{ name: '\ud800' }, 'name'],
      [{ name: 'x', limit: -1 }, 'limit'],
      [{ name: 'x', limit: 0.0000000001 }, 'limit'],
      [{ name: 'x', limit: '1e3' }, 'limit'],
      [{ name: 'x', limit: 1_000_000_001 }, 'limit'],
      [{ name: 'x', limitReset: 'yearly' }, 'limitReset'],
      [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
      [{ name: 'x', expiresAt: 'tomorrow' }, 'expiresAt'],
      [{ name: 'x', allowedModels: [] }, 'allowedModels'],
      [{ name: 'x', allowedModels: ['gpt-4o', 'gpt-99'] }, 'allowedModels.1'],
      [{ name: 'x', allowedModels: ['nobody/*'] }, 'allowedModels.0'],
      [{ name: 'x', allowedModels: ['*'] }, 'allowedModels.0'],
      [{ name: 'x', allowedModels: ['openai/gpt*'] }, 'allowedModels.0'],
      [{ name: 'x', allowedModels: new Array(201).fill('gpt-4o') }, 'allowedModels'],
      [{ name: 'x', user: 'a\u0000' }, 'user'],
      [{ name: 'x', metadata: { a: 1 } }, 'metadata.a'],
      [{ name: 'x', metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) }, 'metadata'],
    ] as const) {
      const { status, body: reply } = await ask('POST', ADMIN, body)
      expect([JSON.stringify(body), status === 400 || status === 422, reply.error.param]).toEqual([
        JSON.stringify(body),
        true,
        param,
      ])
    }
    expect(await count()).toBe(before)
    expect((await create({ name: wide })).key.name).toBe(wide)
    expect((await create({ name: '🔑'.repeat(255), limit: 0 })).key.limit).toBe(0)
    for (const name of ["'; DROP TABLE api_keys; --", '__proto__', '=cmd|calc', '<script>alert(1)</script>'])
      expect((await create({ name })).key.name).toBe(name)
    for (const id of ['x', 'key_x', `key_${'0'.repeat(20)}`, 'a'.repeat(64), '..%2f..'])
      expect((await ask('GET', `${ADMIN}/${id}`)).status).toBe(404)
    for (const url of [`${ADMIN}/%00`, `${ADMIN}?name=%00`, '/api/v1/keys/a%00', '/api/admin/audit?actor=%00'])
      expect((await ask('GET', url)).status).toBe(400)
  })

  test('keys are found by name, account and state, and a walk by cursor shows each once', async () => {
    const { externalId } = (await ask('POST', '/v1/accounts', { name: 'A', externalId: 'walker' })).body.account
    const made: string[] = []
    for (let index = 0; index < 7; index++)
      made.unshift((await create({ name: `Walk_${index} 100%`, externalId })).key.id)
    await ask('PATCH', `${ADMIN}/${made[0]}`, { disabled: true })
    const ids = async (query: string) => {
      const { body } = await done('listApiKeys', ask('GET', `${ADMIN}?${query}`))
      expect(body.pagination.totalCount).toBeGreaterThanOrEqual(body.keys.length)
      return body.keys.map(({ id }: { id: string }) => id)
    }
    expect(await ids(`externalId=${externalId}`)).toEqual(made)
    expect(await ids('name=wALK_')).toEqual(made)
    expect(await ids(`name=${encodeURIComponent('0 100%')}`)).toEqual([made[6]])
    expect(await ids('name=Walk%5C')).toEqual([])
    expect(await ids(`externalId=${externalId}&disabled=true`)).toEqual([made[0]])
    expect(await ids(`externalId=${externalId}&disabled=false`)).toEqual(made.slice(1))
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Reply = await ask('GET', `${ADMIN}?externalId=${externalId}&limit=3${cursor && `&cursor=${cursor}`}`)
      seen.push(...page.body.keys.map(({ id }: { id: string }) => id))
      cursor = page.body.pagination.nextCursor
      await create({ name: 'newer', externalId })
    }
    expect(seen).toEqual(made)
    for (const bad of ['limit=0', 'limit=501', 'cursor=x', 'disabled=maybe', 'name='])
      expect((await ask('GET', `${ADMIN}?${bad}`)).status).toBe(400)
  })

  test('closing an account ends its keys, and says so', async () => {
    const account = (await ask('POST', '/v1/accounts', { name: 'A', externalId: 'leaver' })).body.account
    const { key, secret } = await create({ externalId: 'leaver' })
    const { secret: next } = (await ask('POST', `${ADMIN}/${key.id}/rotate`, { graceSeconds: 60 })).body
    expect((await ask('GET', '/api/v1/key', undefined, next)).status).toBe(200)
    await ask('PATCH', `/v1/accounts/${account.id}`, { status: 'closed' })
    for (const each of [secret, next]) expect((await ask('GET', '/api/v1/key', undefined, each)).status).toBe(401)
  })

  test('the openai client calls with a rotated key, and is told what a key may not', async () => {
    const { key, secret } = await create({ allowedModels: ['openai/gpt-4o-mini'] })
    const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${api.turnpike.url}/v1`, maxRetries: 0 })
    const ask4 = (apiKey: string, model: string) =>
      client(apiKey).chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 9 })
    expect((await ask4(secret, 'gpt-4o-mini')).usage?.total_tokens).toBeGreaterThan(0)
    await expect(ask4(secret, 'gpt-4o')).rejects.toThrow(PermissionDeniedError)
    const ids: string[] = []
    for await (const { id } of client(secret).models.list()) ids.push(id)
    expect(ids.sort()).toEqual(['gpt-4o-mini', 'openai/gpt-4o-mini'])
    const { secret: next } = (await ask('POST', `${ADMIN}/${key.id}/rotate`)).body
    await expect(ask4(secret, 'gpt-4o-mini')).rejects.toThrow(AuthenticationError)
    expect((await ask4(next, 'gpt-4o-mini')).choices).toHaveLength(1)
  })

  test("OpenRouter's own SDK administers the same keys", async () => {
    const client = (apiKey: string) => new OpenRouter({ apiKey, serverURL: `${api.url}/api/v1` })
    const admin = client(api.operator)
    const expiresAt = new Date('2150-01-01T00:00:00Z')
    const created = await admin.apiKeys.create({
      requestBody: { name: 'by sdk', limit: 3, limitReset: 'weekly', expiresAt },
    })
    const { hash } = created.data
    expect(created.data).toMatchObject({ name: 'by sdk', limit: 3, limitRemaining: 3, disabled: false })
    expect((await admin.apiKeys.get({ hash })).data.name).toBe('by sdk')
    expect((await admin.apiKeys.update({ hash, requestBody: { name: 'renamed', disabled: true } })).data.disabled).toBe(
      true,
    )
    const listed = await admin.apiKeys.list({ includeDisabled: true })
    expect(listed.data.find((key) => key.hash === hash)?.name).toBe('renamed')
    expect((await ask('GET', `${ADMIN}?name=renamed`)).body.keys).toMatchObject([{ hash, disabled: true }])
    await admin.apiKeys.update({ hash, requestBody: { disabled: false, limit: null } })
    const { data } = await client(created.key).apiKeys.getCurrentKeyMetadata()
    expect(data).toMatchObject({ limit: null, isManagementKey: false, rateLimit: UNLIMITED, expiresAt })
    expect(await admin.apiKeys.delete({ hash })).toMatchObject({ deleted: true })
    await expect(admin.apiKeys.get({ hash })).rejects.toMatchObject({ statusCode: 404 })
  })

  test('one key in both shapes: whatever is set in one is shown, changed and ended in the other', async () => {
    const open = '/api/v1/keys'
    const made = await done(
      'createKey',
      ask('POST', open, { name: 'two shapes', limit: 4, limit_reset: 'daily', external_user: 'demo' }),
    )
    const { hash, id } = made.body.data
    const admin = (await done('getApiKey', ask('GET', `${ADMIN}/${id}`))).body.key
    expect(admin).toMatchObject({ id, hash, name: 'two shapes', limit: 4, limitReset: 'daily', externalId: 'demo' })
    await done(
      'updateApiKey',
      ask('PATCH', `${ADMIN}/${hash}`, { limitReset: 'monthly', disabled: true, name: 'renamed' }),
    )
    expect((await done('getKey', ask('GET', `${open}/${id}`))).body.data).toMatchObject({
      ...{ hash, name: 'renamed', disabled: true, limit: 4, limit_reset: 'monthly', external_user: 'demo' },
    })
    const listed = async (query: string) =>
      (await done('listKeys', ask('GET', `${open}?${query}`))).body.data.some((key: { id: string }) => key.id === id)
    expect([await listed(''), await listed('include_disabled=true')]).toEqual([false, true])
    await done('updateKey', ask('PATCH', `${open}/${hash}`, { disabled: false, limit: null }))
    expect((await ask('GET', `${ADMIN}/${id}`)).body.key).toMatchObject({ disabled: false, limit: null })
    expect((await done('deleteKey', ask('DELETE', `${open}/${id}`))).body).toEqual({ deleted: true })
    for (const path of [`${ADMIN}/${id}`, `${open}/${hash}`]) expect((await ask('GET', path)).status).toBe(404)
  })

  test('the last use of a key is shown, in its record and in the list', async () => {
    const { key, secret } = await create({ name: 'seen' })
    // The clock of the store, which on PostgreSQL is not quite ours.
    const { store, lastUse } = api.turnpike.server.gateway
    const before = store.now()
    expect((await call(secret, 'openai/gpt-4o-mini')).status).toBe(200)
    await lastUse.flush()
    const { lastUsedAt } = (await done('getApiKey', ask('GET', `${ADMIN}/${key.id}`))).body.key
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(lastUsedAt)).toBeLessThanOrEqual(store.now())
    expect((await done('listApiKeys', ask('GET', `${ADMIN}?name=seen`))).body.keys).toMatchObject([{ lastUsedAt }])
  })

  test('ten thousand keys are listed as fast as ten', async () => {
    const { store } = api
    const organisation = { ...store.ids.next(), name: 'many', time_zone: 'UTC', created_at: 1n }
    const rows = Array.from({ length: 10_000 }, (_, index) => ({
      ...store.ids.next(),
      ...{
        organisation_id: organisation.id,
        hash: `many-${index}`,
        name: `key ${index}`,
        label: 'l',
        account_id: null,
      },
      ...{ disabled: 0n, deleted_at: null, expires_at: null, limit_budget_id: null, include_byok_in_limit: 0n },
      ...{ created_at: 1n, updated_at: null },
    }))
    const inserts = Array.from({ length: 20 }, (_, page) =>
      store.sql.insertInto('api_keys').values(rows.slice(page * 500, page * 500 + 500)),
    )
    await store.write([store.sql.insertInto('organisations').values(organisation), ...inserts])
    const { key } = (
      await ask('POST', '/api/admin/management-keys', { name: 'm', role: 'reader', organisationId: 'many' })
    ).body
    const started = performance.now()
    const last = await ask('GET', `${ADMIN}?limit=50&offset=9900`, undefined, key)
    const found = await ask('GET', `${ADMIN}?name=key%209999`, undefined, key)
    const openrouter = await ask('GET', '/api/v1/keys?offset=9950', undefined, key)
    // A bound that only a query a row would break, on the slowest machine.
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(last.body).toMatchObject({ pagination: { totalCount: 10_000, hasMore: true } })
    expect(found.body.keys).toMatchObject([{ name: 'key 9999' }])
    expect(openrouter.body.data).toHaveLength(50)
  })
})
