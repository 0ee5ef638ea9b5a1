import { OpenRouter } from '@openrouter/sdk'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { chat, OPENAI, OPENROUTER } from './gateway-kit.ts'

let api: Api
/** A management key of an organisation that owns nothing the tests make. */
let stranger: string
let reader: string

beforeAll(async () => {
  api = await openApi()
  await api.request('POST', '/api/admin/organisations', api.operator, { name: 'elsewhere', timeZone: 'Europe/Berlin' })
  stranger = await managementKey('admin', 'elsewhere')
  reader = await managementKey('reader')
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

async function managementKey(role: string, organisationId?: string): Promise<string> {
  const { status, body } = await api.request('POST', '/api/admin/management-keys', api.operator, {
    name: role,
    role,
    organisationId,
  })
  expect(status).toBe(201)
  return body.key
}

const get = (url: string, key = api.operator) => api.request('GET', url, key)
const post = (url: string, body: unknown, headers?: Record<string, string>) =>
  api.request('POST', url, api.operator, body, headers)
const named = (name: OperationName): Operation =>
  (operations as readonly Operation[]).find((each) => each.name === name) as Operation

/** The reply is what the table says that it is. */
function expectResult(name: OperationName, reply: Reply): Reply {
  const operation = named(name)
  expect({ status: reply.status, text: reply.text }).toMatchObject({ status: operation.status ?? 200 })
  operation.result.parse(reply.body)
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  return reply
}

let made = 0
async function newAccount(credits?: number): Promise<{ id: string; externalId: string }> {
  const externalId = `user_${++made}`
  const { body } = expectResult('createAccount', await post('/v1/accounts', { name: 'A user', externalId }))
  if (credits !== undefined)
    expectResult(
      'addCredits',
      await post(`/v1/accounts/${body.account.id}/credits`, { amount: credits, description: 'start' }),
    )
  return { id: body.account.id, externalId }
}

const newKey = async (body: object = {}): Promise<{ secret: string; hash: string; data: Reply['body'] }> => {
  const reply = expectResult('createKey', await post('/api/v1/keys', { name: 'a key', ...body }))
  return { secret: reply.body.key, hash: reply.body.data.hash, data: reply.body.data }
}

async function call(key: string, mount = OPENAI): Promise<{ id: string; cost: number }> {
  const reply = await api.turnpike.request(mount, {
    key,
    body: chat('gpt-4o-mini', { max_tokens: 50, user: 'end-user', usage: { include: true } }),
    headers: { 'http-referer': 'https://app.example/' },
  })
  const body = (await reply.json()) as { id: string; usage: { cost: number } }
  expect(reply.status).toBe(200)
  return { id: body.id, cost: body.usage.cost }
}

describe('a generation', () => {
  const KEYS =
    'id created_at model origin data_region is_byok total_cost usage api_type external_user finish_reason native_finish_reason http_referer user_agent preset_id provider_name router service_tier upstream_id web_search_engine workspace_id request_id session_id response_cache_source_id app_id native_tokens_prompt native_tokens_completion native_tokens_reasoning native_tokens_cached native_tokens_completion_images tokens_prompt tokens_completion num_fetches num_input_audio_prompt num_media_prompt num_media_completion num_search_results cache_discount upstream_inference_cost latency generation_time moderation_latency cancelled streamed provider_responses'.split(
      ' ',
    )

  test.each([OPENAI, OPENROUTER])(
    'is there at the first try after a call of %s, with every key and the cost of the reply',
    async (mount) => {
      const { id, cost } = await call(api.turnpike.key, mount)
      const { body } = expectResult('getGeneration', await get(`/api/v1/generation?id=${id}`, api.turnpike.key))
      expect(Object.keys(body.data).sort()).toEqual([...KEYS].sort())
      expect(body.data).toMatchObject({
        id,
        total_cost: cost,
        usage: cost,
        model: 'openai/gpt-4o-mini',
        external_user: 'end-user',
        origin: 'https://app.example/',
        cancelled: false,
      })
      expect(body.data.native_tokens_prompt).toBeGreaterThan(0)
      expect(body.data.generation_time).toBeLessThanOrEqual(body.data.latency)
      expect(body.data.provider_responses).toHaveLength(1)
    },
  )

  test('is seen by the key that made it and by a management key of its organisation alone', async () => {
    const { id } = await call(api.turnpike.key)
    const other = await newKey({ external_user: 'demo' })
    expect((await get(`/api/v1/generation?id=${id}`)).status).toBe(200)
    expect((await get(`/api/v1/generation?id=${id}`, reader)).status).toBe(200)
    for (const key of [other.secret, stranger])
      expect((await get(`/api/v1/generation?id=${id}`, key)).body.error).toMatchObject({ code: 404 })
  })

  test('without an id is a bad request, with an unknown one not found', async () => {
    expect((await get('/api/v1/generation')).body).toMatchObject({
      error: { code: 400, metadata: { error_type: 'invalid_request' } },
    })
    for (const id of ['gen-1-x', 'nonsense', 'gen-1763949831-7hT2kQ9wXz4LmB6vN1cR'])
      expect((await get(`/api/v1/generation?id=${id}`)).body).toMatchObject({ error: { code: 404 } })
  })
})

describe('API keys', () => {
  test('are shown with their secret once, limited, disabled and deleted, and each change holds at once', async () => {
    await newAccount()
    const { secret, hash, data } = await newKey({
      name: 'team',
      limit: 5,
      limit_reset: 'monthly',
      external_user: 'demo',
    })
    expect(data).toMatchObject({
      name: 'team',
      limit: 5,
      limit_remaining: 5,
      limit_reset: 'monthly',
      external_user: 'demo',
      disabled: false,
      workspace_id: 'default',
    })
    expect(data.label).toMatch(/^sk-tp-.{3}\.\.\..{3}$/)

    const { cost } = await call(secret)
    const own = expectResult('getCurrentKey', await get('/api/v1/key', secret)).body.data
    expect(own).toMatchObject({
      usage: rounded(cost),
      usage_daily: rounded(cost),
      usage_monthly: rounded(cost),
      limit: 5,
      is_management_key: false,
    })
    expect(own.limit_remaining).toBe(Number((5 - rounded(cost)).toFixed(9)))
    expect((await get('/api/v1/auth/key', secret)).body).toEqual((await get('/api/v1/key', secret)).body)

    const listed = expectResult('listKeys', await get('/api/v1/keys'))
    expect(listed.text).not.toContain(secret)
    expect(listed.body.data.find((key: { hash: string }) => key.hash === hash)).toMatchObject({ usage: rounded(cost) })

    const patch = (body: object) => api.request('PATCH', `/api/v1/keys/${hash}`, api.operator, body)
    expect(expectResult('updateKey', await patch({ limit: '0.000000001' })).body.data).toMatchObject({
      limit: 1e-9,
      limit_remaining: 0,
      limit_reset: 'monthly',
    })
    expect((await api.turnpike.request(OPENROUTER, { key: secret, body: chat('gpt-4o-mini') })).status).toBe(403)
    expect((await patch({ limit_reset: 'daily' })).body.data).toMatchObject({ limit: 1e-9, limit_reset: 'daily' })
    expect((await api.turnpike.request(OPENROUTER, { key: secret, body: chat('gpt-4o-mini') })).status).toBe(403)
    expect((await patch({ limit: null, name: 'free' })).body.data).toMatchObject({
      limit: null,
      limit_remaining: null,
      limit_reset: null,
      name: 'free',
    })
    expect((await api.turnpike.request(OPENROUTER, { key: secret, body: chat('gpt-4o-mini') })).status).toBe(200)

    expect((await patch({ disabled: true })).body.data.disabled).toBe(true)
    expect((await get('/api/v1/key', secret)).status).toBe(401)
    expect((await get('/api/v1/keys')).body.data.some((key: { hash: string }) => key.hash === hash)).toBe(false)
    expect(
      (await get('/api/v1/keys?include_disabled=true')).body.data.some((key: { hash: string }) => key.hash === hash),
    ).toBe(true)
    expect((await patch({ disabled: false })).status).toBe(200)
    expect((await get('/api/v1/key', secret)).status).toBe(200)

    expect(expectResult('deleteKey', await api.request('DELETE', `/api/v1/keys/${hash}`, api.operator)).body).toEqual({
      deleted: true,
    })
    expect((await get('/api/v1/key', secret)).status).toBe(401)
    expect((await get(`/api/v1/keys/${hash}`)).body).toMatchObject({ error: { code: 404 } })
  })

  test('a limit set later counts what the key has spent in its window', async () => {
    const { secret, hash } = await newKey({ external_user: 'demo' })
    const { cost } = await call(secret)
    await api.request('PATCH', `/api/v1/keys/${hash}`, api.operator, { limit: cost, limit_reset: 'weekly' })
    expect((await get(`/api/v1/keys/${hash}`)).body.data).toMatchObject({ limit_remaining: 0, limit_reset: 'weekly' })
    expect((await api.turnpike.request(OPENROUTER, { key: secret, body: chat('gpt-4o-mini') })).status).toBe(403)
  })

  test('a key whose time is over is none', async () => {
    expect(
      (await post('/api/v1/keys', { name: 'x', expires_at: '2020-01-01T00:00:00Z' })).body.error.message,
    ).toContain('expires_at')
    const { secret, hash, data } = await newKey({ expires_at: '2150-01-01T00:00:00Z' })
    expect(data.expires_at).toBe('2150-01-01T00:00:00.000Z')
    expect((await get('/api/v1/key', secret)).body.data.expires_at).toBe('2150-01-01T00:00:00.000Z')
    const { store, keys } = api.turnpike.server.gateway
    await store.write([store.sql.updateTable('api_keys').set({ expires_at: 1n }).where('hash', '=', hash)])
    keys.forget(hash)
    expect((await get('/api/v1/key', secret)).status).toBe(401)
  })

  test('a key for an account that does not exist is refused', async () => {
    expect((await post('/api/v1/keys', { name: 'x', external_user: 'nobody' })).status).toBe(404)
    expect((await post('/api/v1/keys', {})).body.error.metadata.error_type).toBe('invalid_request')
    expect((await post('/api/v1/keys', { name: 'x', limit: -1 })).status).toBe(422)
  })
})

/** As the ledger posts it. */
const rounded = (cost: number): number => Number(cost.toFixed(9))

describe('amounts', () => {
  const GOOD = ['1', '0.5', 5e-7, '0.000000001', 12.5, '1000000000', 1000000000]
  const BAD = [
    '-1',
    -1,
    0,
    '0',
    '0.0000000001',
    0.30000000000000004,
    '',
    ' 1',
    '1 ',
    '+1',
    '1e3',
    'NaN',
    'Infinity',
    '01',
    '.5',
    '1.',
    '1,5',
    true,
    null,
    [],
    {},
    1e10,
    '1000000000.000000001',
  ]

  test.each(GOOD)('%j is taken exactly', async (amount) => {
    const { id } = await newAccount()
    const { body } = expectResult('addCredits', await post(`/v1/accounts/${id}/credits`, { amount }))
    expect(Number(body.decimal.added)).toBe(Number(amount))
    expect(body).toMatchObject({ added: Number(amount), balance: Number(amount) })
  })

  test('what is none is answered 422, writes nothing and never rounds', async () => {
    const { id } = await newAccount(1)
    for (const amount of BAD)
      for (const path of ['credits', 'debits']) {
        const reply = await post(`/v1/accounts/${id}/${path}`, { amount })
        expect([amount, reply.status, reply.body.error.code, reply.body.error.param]).toEqual([
          amount,
          422,
          'invalid_amount',
          'amount',
        ])
      }
    expect((await post(`/v1/accounts/${id}/credits`, '{"amount":1e400}')).body.error.code).toBe('invalid_amount')
    expect((await post(`/v1/accounts/${id}/credits`, {})).body.error).toMatchObject({
      code: 'invalid_request',
      param: 'amount',
    })
    expect((await get(`/v1/transactions?accountId=${id}`)).body.pagination.totalCount).toBe(1)
  })

  test('a sum beyond 64 bits is out of range', async () => {
    const { id } = await newAccount()
    const most = { amount: 1_000_000_000 }
    for (let i = 0; i < 9; i++) expect((await post(`/v1/accounts/${id}/credits`, most)).status).toBe(200)
    expect((await post(`/v1/accounts/${id}/credits`, most)).body.error).toMatchObject({ code: 'out_of_range' })
  })
})

describe('credits', () => {
  test('come and go under either name of the account, and leave a transaction each', async () => {
    const { id, externalId } = await newAccount()
    const added = expectResult(
      'addCredits',
      await post('/v1/accounts/credits/add', {
        externalId,
        amount: 1000,
        description: 'bought',
        category: 'promotional',
        metadata: { order: 7 },
      }),
    ).body
    expect(added).toMatchObject({
      accountId: id,
      externalId,
      balance: 1000,
      added: 1000,
      decimal: { balance: '1000', added: '1000' },
    })
    const deducted = expectResult(
      'deductCredits',
      await post(`/v1/accounts/${id}/debits`, { amount: '85.5', description: 'used' }),
    ).body
    expect(deducted).toMatchObject({ accountId: id, deducted: 85.5, balance: 914.5 })
    expect(expectResult('getBalance', await get(`/v1/accounts/balance?externalId=${externalId}`)).body).toEqual({
      accountId: id,
      externalId,
      balance: 914.5,
      reserved: 0,
      available: 914.5,
      decimal: { balance: '914.5', reserved: '0', available: '914.5' },
    })
    const { items } = expectResult('listTransactions', await get(`/v1/transactions?externalId=${externalId}`)).body
    expect(items).toMatchObject([
      {
        id: deducted.transactionId,
        type: 'debit',
        kind: 'debit',
        amount: 85.5,
        amountUsd: 85.5,
        balanceAfter: 914.5,
        description: 'used',
      },
      {
        id: added.transactionId,
        type: 'credit',
        kind: 'grant',
        amount: 1000,
        metadata: { order: 7 },
        reservationId: null,
      },
    ])
    const one = expectResult('getTransaction', await get(`/v1/transactions/${added.transactionId}`)).body
    expect(one.transaction).toEqual(items[1])
    expect((await get(`/v1/transactions?accountId=${id}&type=credit`)).body.items).toHaveLength(1)
  })

  test('a debit never goes below what is available', async () => {
    const { id } = await newAccount(1)
    const reply = await post(`/v1/accounts/${id}/debits`, { amount: 1.5 })
    expect(reply.status).toBe(402)
    expect(reply.headers['x-should-retry']).toBe('false')
    expect(reply.body.error).toMatchObject({
      code: 'insufficient_credits',
      details: { needed: 1.5, available: 1, shortfall: 0.5 },
    })
  })

  test('a grant cannot end before it begins', async () => {
    const { id } = await newAccount(1)
    const over = await post(`/v1/accounts/${id}/credits`, { amount: 1, expiresAt: '2020-01-01T00:00:00Z' })
    expect(over.body.error).toMatchObject({ code: 'invalid_request', param: 'expiresAt' })
  })

  test('a payment gives one grant', async () => {
    const { id } = await newAccount()
    const paymentId = `pay_${id}`
    const first = await post(`/v1/accounts/${id}/credits`, { amount: 10, paymentId })
    const second = await post(`/v1/accounts/${id}/credits`, { amount: 10, paymentId })
    expect([second.status, second.body.grantId, second.body.balance]).toEqual([200, first.body.grantId, 10])
    expect((await post(`/v1/accounts/${id}/credits`, { amount: 11, paymentId })).body.error).toMatchObject({
      code: 'payment_already_credited',
      details: { grantId: first.body.grantId },
    })
  })

  test('an idempotency key has one effect under every path and name of its operation', async () => {
    const { id, externalId } = await newAccount()
    const header = { 'idempotency-key': `once-${id}` }
    const first = await post(`/v1/accounts/${id}/credits`, { amount: 10, description: 'x' }, header)
    const again = await post('/v1/accounts/credits/add', { description: 'x', externalId, amount: 10 }, header)
    expect([again.status, again.text]).toEqual([200, first.text])
    expect([first.headers['idempotent-replay'], again.headers['idempotent-replay']]).toEqual([undefined, 'true'])
    expect((await post(`/v1/accounts/${id}/credits`, { amount: 11, description: 'x' }, header)).body.error.code).toBe(
      'idempotency_key_mismatch',
    )
    const refused = { 'idempotency-key': `refused-${id}` }
    const [one, two] = [
      await post(`/v1/accounts/${id}/debits`, { amount: 99 }, refused),
      await post(`/v1/accounts/${id}/debits`, { amount: 99 }, refused),
    ]
    expect([one.status, two.status, two.body.error.details]).toEqual([402, 402, one.body.error.details])
    expect(two.headers['idempotent-replay']).toBe('true')
    expect(
      (await post(`/v1/accounts/${id}/credits`, { amount: 1 }, { 'idempotency-key': 'a b' })).body.error.param,
    ).toBe('Idempotency-Key')
  })

  test('the sums of an organisation are what it granted and what it charged', async () => {
    const elsewhere = (url: string, body: unknown) => api.request('POST', url, stranger, body)
    const { body } = await elsewhere('/v1/accounts', { name: 'A', externalId: 'sums' })
    await elsewhere(`/v1/accounts/${body.account.id}/credits`, { amount: 10 })
    await elsewhere(`/v1/accounts/${body.account.id}/debits`, { amount: 0.25 })
    expect(expectResult('getCredits', await get('/api/v1/credits', stranger)).body).toEqual({
      data: { total_credits: 10, total_usage: 0.25 },
    })
  })
})

describe('accounts', () => {
  test('have a name of their own that is taken for ever', async () => {
    const { externalId } = await newAccount()
    expect((await post('/v1/accounts/create', { name: 'B', externalId })).body.error).toMatchObject({
      code: 'external_id_taken',
      param: 'externalId',
    })
    expect((await api.request('POST', '/v1/accounts', stranger, { name: 'B', externalId })).status).toBe(201)
    for (const other of ['a\u0000b', '\ud800', '', 'x'.repeat(256), 'é'.repeat(128)])
      expect((await post('/v1/accounts', { name: 'B', externalId: other })).status).toBe(400)
    // One name in two normal forms is two names.
    for (const form of ['NFC', 'NFD'])
      expect((await post('/v1/accounts', { name: 'B', externalId: 'é'.normalize(form) })).status).toBe(201)
  })

  test('are created once under an idempotency key', async () => {
    const body = { name: 'Once', externalId: 'once-only', email: 'a@example.com' }
    const header = { 'idempotency-key': 'create-1' }
    const first = await post('/v1/accounts', body, header)
    const again = await post('/v1/accounts/create', body, header)
    expect([again.status, again.text, again.headers['idempotent-replay']]).toEqual([201, first.text, 'true'])
    expect((await post('/v1/accounts', { ...body, name: 'Other' }, header)).body.error.code).toBe(
      'idempotency_key_mismatch',
    )
  })

  test('two names that disagree are refused', async () => {
    const [a, b] = [await newAccount(), await newAccount()]
    expect((await get(`/v1/accounts/get?accountId=${a.id}&externalId=${b.externalId}`)).body.error.code).toBe(
      'account_mismatch',
    )
    expect((await post(`/v1/accounts/${a.id}/credits`, { amount: 1, accountId: b.id })).body.error.code).toBe(
      'account_mismatch',
    )
    expect(
      expectResult('getAccount', await get(`/v1/accounts/get?accountId=${a.id}&externalId=${a.externalId}`)).body.id,
    ).toBe(a.id)
    expect((await get('/v1/accounts/get')).body.error).toMatchObject({ code: 'invalid_request', param: 'accountId' })
  })

  test('a walk by cursor shows each once, although others are added meanwhile', async () => {
    const before = (await get('/v1/accounts?limit=1')).body.pagination.totalCount
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const reply = expectResult(
        'listAccounts',
        await get(`/v1/accounts?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`),
      )
      seen.push(...reply.body.accounts.map(({ id }: { id: string }) => id))
      cursor = reply.body.pagination.nextCursor
      if (seen.length < 5) await newAccount()
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toHaveLength(before)
    expect((await get('/v1/accounts?offset=1&limit=2')).body.pagination).toMatchObject({
      limit: 2,
      offset: 1,
      hasMore: true,
    })
    for (const bad of [
      'cursor=x',
      `cursor=${Buffer.from('transactions:1').toString('base64url')}`,
      'limit=0',
      'limit=501',
      'limit=x',
      'offset=-1',
    ])
      expect((await get(`/v1/accounts?${bad}`)).status).toBe(400)
  })
})

describe('isolation', () => {
  test('an API key reads its own account and no other', async () => {
    const [mine, other] = [await newAccount(5), await newAccount(5)]
    const { secret } = await newKey({ external_user: mine.externalId })
    expect((await get('/v1/accounts/balance', secret)).body.accountId).toBe(mine.id)
    expect((await get(`/v1/accounts/${mine.id}`, secret)).status).toBe(200)
    expect((await get('/v1/accounts', secret)).body.accounts.map(({ id }: { id: string }) => id)).toEqual([mine.id])
    expect((await get('/v1/transactions', secret)).body.items).toHaveLength(1)
    for (const url of [
      `/v1/accounts/${other.id}`,
      `/v1/accounts/get?externalId=${other.externalId}`,
      `/v1/transactions?accountId=${other.id}`,
    ])
      expect((await get(url, secret)).body.error.code).toBe('account_not_found')
  })

  test('every operation asks for a key, and for one that may', async () => {
    const { secret } = await newKey()
    for (const { name, method, path, aliases = [], key, dialect } of operations as readonly Operation[]) {
      for (const each of [path, ...aliases]) {
        const url = each.replace(/\{\w+\*?\}/g, 'x')
        const body = method === 'GET' || method === 'DELETE' ? undefined : {}
        for (const unknown of [undefined, 'sk-tp-unknown', '']) {
          const reply = await api.request(method, url, unknown, body)
          expect([name, reply.status]).toEqual([name, 401])
          expect(reply.body.error.code).toBe(dialect === 'openai' ? 'invalid_api_key' : 401)
        }
        if (key !== 'any') expect([name, (await api.request(method, url, secret, body)).status]).toEqual([name, 403])
        if (key === 'operator')
          expect([name, (await api.request(method, url, stranger, body)).status]).toEqual([name, 403])
        if (key !== 'any' && method !== 'GET')
          expect([name, (await api.request(method, url, reader, body)).status]).toEqual([name, 403])
      }
    }
  })
})

describe('errors', () => {
  test.each([
    ['/v1/accounts', 'openai'],
    ['/api/v1/keys', 'openrouter'],
  ])('of a body sent to %s are in the shape of %s', async (path, dialect) => {
    const expectError = (reply: Reply, status: number, code: string, type: string) => {
      expect(reply.status).toBe(status)
      expect(reply.body.error).toMatchObject(
        dialect === 'openai'
          ? { code, type: 'invalid_request_error' }
          : { code: status, metadata: { error_type: type } },
      )
      if (dialect === 'openai') expect(reply.body.request_id).toBe(reply.headers['x-request-id'])
      expect(reply.headers['content-type']).toContain('application/json')
    }
    expectError(await post(path, '{"name":'), 400, 'invalid_json', 'invalid_request')
    expectError(await post(path, '', { 'content-type': 'application/json' }), 400, 'invalid_json', 'invalid_request')
    expectError(await post(path, '[]'), 400, 'invalid_request', 'invalid_request')
    expectError(await post(path, { name: 7 }), 400, 'invalid_request', 'invalid_request')
    expectError(await post(path, '{"name":"a","name":"b","externalId":"c"}'), 400, 'invalid_request', 'invalid_request')
    expectError(
      await post(path, `{"name":${'['.repeat(100)}${']'.repeat(100)}}`),
      400,
      'invalid_request',
      'invalid_request',
    )
    expectError(
      await post(path, 'name=a', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
      'invalid_request',
    )
    expectError(await post(path, { name: 'x'.repeat(1_100_000) }), 413, 'payload_too_large', 'payload_too_large')
    expectError(await api.request('PUT', path, api.operator), 405, 'method_not_allowed', 'invalid_request')
    expectError(await get(`${path}/nothing/like/this/here`), 404, 'not_found', 'not_found')
  })

  test('an unknown path names the base URL that was meant, key or not', async () => {
    expect((await api.request('GET', '/v1/nothing')).body.error).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('base URL /v1'),
    })
    expect((await api.request('GET', '/api/v1/nothing')).body.error).toMatchObject({
      code: 404,
      message: expect.stringContaining('base URL /api/v1'),
    })
    expect((await api.request('POST', '/nothing', undefined, {})).body.error.code).toBe('not_found')
  })

  test('a path tells which methods it has', async () => {
    const reply = await api.request('DELETE', '/v1/accounts/create', api.operator)
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST'])
  })
})

describe('models', () => {
  test('are one body for three kinds of clients', async () => {
    const { body } = expectResult('listAllModels', await get('/v1/models', api.turnpike.key))
    expect(body).toMatchObject({ object: 'list', has_more: false, success: true })
    const ids = body.data.map(({ id }: { id: string }) => id)
    expect(ids).toContain('openai/gpt-4o')
    expect(ids.some((id: string) => id.startsWith('claude'))).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
    expect(body.models.find(({ modelId }: { modelId: string }) => modelId === 'gpt-4o')).toMatchObject({
      displayName: expect.any(String),
      modelType: 'text',
      pricing: {
        text: { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 },
        contextWindow: 128_000,
      },
    })
    expect((await get('/v1/models?modelId=gpt-4o')).body).toMatchObject({ success: true, model: { modelId: 'gpt-4o' } })
    expect((await get('/v1/models?provider=openai')).body.models.length).toBeLessThan(body.models.length)
    expect((await get('/v1/models?tier=none')).body).toMatchObject({
      data: [],
      models: [],
      first_id: null,
      last_id: null,
    })
  })

  test('one is found by its name, slashes and all', async () => {
    expect(expectResult('getOneModel', await get('/v1/models/openai/gpt-4o')).body).toMatchObject({
      id: 'openai/gpt-4o',
      object: 'model',
    })
    expect((await get('/v1/models/openai%2Fgpt-4o')).body).toMatchObject({ id: 'openai/gpt-4o' })
    expect((await get('/v1/models/gpt-99')).body.error).toMatchObject({
      code: 'model_not_found',
      message: 'The model `gpt-99` does not exist',
    })
  })

  test("are listed for OpenRouter's clients in pages, with prices as decimal text", async () => {
    const { body } = expectResult('listModels', await get('/api/v1/models?limit=2&offset=0'))
    expect(body.data).toHaveLength(2)
    expect(body.links.next).toBe('/api/v1/models?limit=2&offset=2')
    expect(expectResult('countModels', await get('/api/v1/models/count')).body.data.count).toBe(body.total_count)
    expect((await get(`/api/v1/models?offset=${body.total_count - 1}`)).body).toMatchObject({
      data: [expect.anything()],
      links: { next: null },
    })
    const { data } = expectResult('getModel', await get('/api/v1/model/openai/gpt-4o')).body
    expect(data.pricing).toMatchObject({ prompt: '0.0000025', completion: '0.00001', input_cache_read: '0.00000125' })
    const endpoints = expectResult('listEndpoints', await get(data.links.details)).body.data
    expect(endpoints.endpoints[0]).toMatchObject({ model_id: 'openai/gpt-4o', pricing: data.pricing })
    expect((await get('/api/v1/models/no/such/endpoints')).status).toBe(404)
    expectResult('listProviders', await get('/api/v1/providers'))
  })

  test('a cost is calculated exactly and moves nothing', async () => {
    const calculate = (body: object) => post('/v1/models/calculate', body)
    const { body } = expectResult(
      'calculateCost',
      await calculate({ modelId: 'gpt-4o', inputTokens: 1000, outputTokens: 500 }),
    )
    expect(body).toEqual({
      success: true,
      modelId: 'gpt-4o',
      modelName: expect.any(String),
      estimatedCostUsd: 0.0075,
      pricing: { inputPerMillion: 2.5, outputPerMillion: 10, cachedInputPerMillion: 1.25 },
      decimal: { estimatedCostUsd: '0.0075' },
    })
    expect(
      (await calculate({ modelId: 'openai/gpt-4o', inputTokens: 5000, cachedTokens: 2000, outputTokens: 1000 })).body
        .estimatedCostUsd,
    ).toBe(0.02)
    expect((await calculate({ modelId: 'gpt-99' })).body.error).toMatchObject({
      code: 'unknown_model',
      param: 'modelId',
    })
    expect((await calculate({ modelId: 'gpt-99' })).status).toBe(422)
    const wrong = [
      { inputTokens: -1 },
      { inputTokens: 1.5 },
      { inputTokens: '5' },
      { inputTokens: 1e13 },
      { inputTokens: 1, cachedTokens: 2 },
      { outputTokens: 1, reasoningTokens: 2 },
      { audioDurationSeconds: -1 },
      { usageType: 'text' },
    ]
    for (const counts of wrong)
      expect([counts, (await calculate({ modelId: 'gpt-4o', ...counts })).body.error.code]).toEqual([
        counts,
        'invalid_usage',
      ])
  })
})

test('every schema of the table can be written as JSON Schema', () => {
  for (const operation of operations as readonly Operation[])
    for (const schema of [operation.params, operation.query, operation.body, operation.result])
      if (schema) expect(z.toJSONSchema(schema)).toBeTypeOf('object')
  expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length)
})

test("OpenRouter's own SDK reads the accounting API", async () => {
  const client = (apiKey: string) => new OpenRouter({ apiKey, serverURL: `${api.url}/api/v1` })
  const admin = client(api.operator)
  const created = await admin.apiKeys.create({ requestBody: { name: 'by sdk', limit: 3, limitReset: 'weekly' } })
  expect(created.data).toMatchObject({ name: 'by sdk', limit: 3, limitReset: 'weekly' })
  expect((await admin.apiKeys.list()).data.map(({ hash }) => hash)).toContain(created.data.hash)
  const updated = await admin.apiKeys.update({ hash: created.data.hash, requestBody: { limit: 4 } })
  expect(updated.data.limit).toBe(4)
  expect((await client(created.key).apiKeys.getCurrentKeyMetadata()).data).toMatchObject({
    limit: 4,
    isManagementKey: false,
  })
  expect((await admin.credits.getCredits()).data.totalCredits).toBeGreaterThan(0)
  const { id, cost } = await call(api.turnpike.key)
  expect((await admin.generations.getGeneration({ id })).data).toMatchObject({ id, totalCost: cost })
  expect((await admin.models.count()).data.count).toBeGreaterThan(10)
  expect((await admin.endpoints.list({ author: 'openai', slug: 'gpt-4o' })).data.endpoints).toHaveLength(1)
  expect((await admin.providers.list()).data).toBeInstanceOf(Array)
  for await (const page of await admin.models.list({ limit: 500 })) expect(page.result.data.length).toBeGreaterThan(0)
  expect(await admin.apiKeys.delete({ hash: created.data.hash })).toMatchObject({ deleted: true })
  await expect(client(created.key).apiKeys.getCurrentKeyMetadata()).rejects.toMatchObject({ statusCode: 401 })
})
