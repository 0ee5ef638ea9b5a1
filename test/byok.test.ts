/** Calls on customers' own credentials, over HTTP: the fee is charged, the provider's bill is told, nobody pays twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recover } from '../src/jobs/recover.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Byok, startByok, told, USAGE } from './byok-kit.ts'
import { chat, createCustomer, eventsOf, MOUNTS, OPENAI, OPENROUTER, recordsOf } from './gateway-kit.ts'

const MINE = 'mine-at-acme-0123456789'
const USD = 1_000_000_000n
let byok: Byok
beforeAll(async () => {
  byok = await startByok()
})
afterAll(() => byok.close())
beforeEach(() => {
  byok.upstream.usage = USAGE
  byok.upstream.calls.length = 0
})

let customers = 0
/** A customer with a credential of its own. */
async function customerWith(credential: object | undefined = {}, credit = 1000n * USD) {
  const name = `customer-${++customers}`
  const customer = await createCustomer(byok.turnpike, name, credit)
  const id = await byok.credential({ secret: MINE, externalId: name, ...credential })
  return { ...customer, name, id }
}

const call = async (
  key: string,
  model: string,
  { mount = OPENAI as string, ...extra }: { mount?: string; [field: string]: unknown } = {},
) => told(await byok.turnpike.request(mount, { key, body: chat(model, { max_tokens: 100, ...extra }) }))

const lastRecord = async () => (await recordsOf(byok.turnpike)).at(-1)

describe('what a call on the customer’s credential costs', () => {
  test('seed 002: 0.95 on 19, on /api/v1 word for word', async () => {
    const { key } = await customerWith()
    const { status, body } = await call(key, 'acme/seed', { mount: OPENROUTER })
    expect(status).toBe(200)
    expect(body.usage).toEqual({
      ...USAGE,
      cost: 0.95,
      is_byok: true,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0, video_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, image_tokens: 0, audio_tokens: 0 },
      cost_details: {
        upstream_inference_cost: 19,
        upstream_inference_prompt_cost: 9.7,
        upstream_inference_completions_cost: 9.3,
      },
    })
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual([MINE])
    const generation = await told(await byok.turnpike.request(`/api/v1/generation?id=${body.id}`, { key }))
    expect(generation.body.data).toMatchObject({
      is_byok: true,
      total_cost: 0.95,
      usage: 0.95,
      upstream_inference_cost: 19,
    })
    expect(generation.body.data.provider_responses).toMatchObject([{ status: 200, is_byok: true }])
  })

  test('seed 002 on /v1: the nine names hold the fee under generation_cost and nothing else', async () => {
    const { key } = await customerWith()
    const { body, headers } = await call(key, 'acme/seed', { usage: { include: true } })
    expect(body.cost).toBe(0.95)
    expect(body.usage.cost).toBe(0.95)
    expect(headers.get('x-turnpike-cost')).toBe('0.95')
    const { generation_cost, ...others } = body.cost_details
    expect(generation_cost).toBe(0.95)
    expect(Object.values(others)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(body.usage).not.toHaveProperty('is_byok')
  })

  test('vector 8, with cached tokens: upstream 0.0082244, fee 0.00041122', async () => {
    byok.upstream.usage = {
      ...{ prompt_tokens: 34089, completion_tokens: 1970, total_tokens: 36059 },
      prompt_tokens_details: { cached_tokens: 28544 },
    }
    const { key } = await customerWith()
    const { body } = await call(key, 'acme/mini', { mount: OPENROUTER, max_tokens: 7000 })
    expect(body.usage).toMatchObject({
      cost: 0.00041122,
      is_byok: true,
      cost_details: {
        upstream_inference_cost: 0.0082244,
        upstream_inference_prompt_cost: 0.0050724,
        upstream_inference_completions_cost: 0.003152,
      },
    })
  })

  test('vector 9, with image tokens: upstream 0.21976, fee 0.010988', async () => {
    byok.upstream.usage = {
      ...{ prompt_tokens: 3076, completion_tokens: 6375, total_tokens: 9451 },
      completion_tokens_details: { image_tokens: 4175 },
    }
    const { key } = await customerWith()
    const { body } = await call(key, 'acme/image', {
      mount: OPENROUTER,
      max_tokens: 7000,
      modalities: ['image', 'text'],
    })
    expect(body.usage).toMatchObject({
      cost: 0.010988,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.21976, upstream_inference_prompt_cost: 0.03076 },
    })
  })

  test.each(MOUNTS)('a stream on %s says the same at its end', async (mount) => {
    const { key } = await customerWith()
    const { text } = await call(key, 'acme/seed', { mount, stream: true, usage: { include: true } })
    const last = eventsOf(text).json.at(-1)
    expect(last).toMatchObject(
      mount === OPENROUTER
        ? { usage: { cost: 0.95, is_byok: true, cost_details: { upstream_inference_cost: 19 } } }
        : { cost: 0.95, cost_details: { generation_cost: 0.95 } },
    )
    expect(await lastRecord()).toMatchObject({
      ...{ is_byok: 1n, charge_nanos: 950_000_000n, cost_nanos: 19n * USD, limit_nanos: null },
      facts: { attempts: [{ byok: true, credential: { label: '...6789' } }] },
    })
  })

  test('Anthropic’s dialect tells the fee too', async () => {
    const { key } = await customerWith()
    const body = { model: 'acme/seed', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
    const reply = await told(await byok.turnpike.request('/v1/messages', { key, body }))
    expect(reply.body.usage).toMatchObject({ cost: 0.95, is_byok: true, cost_details: { upstream_inference_cost: 19 } })
  })

  test.each(['/v1/responses', '/api/v1/responses'])(
    '%s tells the fee too, whole and at the end of its stream',
    async (path) => {
      const { key } = await customerWith()
      for (const stream of [false, true]) {
        const body = { model: 'acme/seed', input: 'Hi', max_output_tokens: 100, stream, usage: { include: true } }
        const reply = await told(await byok.turnpike.request(path, { key, body }))
        expect(reply.status, reply.text).toBe(200)
        const last = eventsOf(reply.text).json.at(-1) as { response?: object } | undefined
        const response = stream ? last?.response : reply.body
        expect(response).toMatchObject({ usage: { input_tokens: 194, output_tokens: 25, cost: 0.95 } })
        expect(response).toMatchObject(
          path.startsWith('/api')
            ? {
                usage: {
                  is_byok: true,
                  cost_details: { upstream_inference_cost: 19, upstream_inference_input_cost: 9.7 },
                },
              }
            : { cost: 0.95, cost_details: { generation_cost: 0.95, input_prompt_cost: 0, output_prompt_cost: 0 } },
        )
        expect(await lastRecord()).toMatchObject({ is_byok: 1n, charge_nanos: 950_000_000n, cost_nanos: 19n * USD })
      }
      expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual([MINE, MINE])
    },
  )

  test('the key tells fee and bill apart; the account pays the fee', async () => {
    const { key, name } = await customerWith()
    await call(key, 'acme/seed')
    await call(key, 'acme/seed', { mount: OPENROUTER })
    const { body } = await told(await byok.turnpike.request('/api/v1/key', { key }))
    expect(body.data).toMatchObject({
      usage: 1.9,
      usage_daily: 1.9,
      byok_usage: 38,
      byok_usage_daily: 38,
      byok_usage_monthly: 38,
    })
    const account = await byok.admin('GET', `/v1/accounts/get?externalId=${name}`)
    expect(account.body.balance).toBe(998.1)
  })

  test('only the fee is reserved: a dollar of credit is enough for a bill of nineteen', async () => {
    const { key } = await customerWith({}, 2n * USD)
    expect((await call(key, 'acme/seed', { max_tokens: 25 })).status).toBe(200)
    const poor = await customerWith({}, USD / 100n)
    const refused = await call(poor.key, 'acme/seed', { max_tokens: 25 })
    expect(refused.status).toBe(402)
    expect(refused.body.error.details.needed).toBeLessThan(2)
  })

  test('a provider without a credential of theirs is ours, at the full price', async () => {
    const { key } = await customerWith()
    const { body } = await call(key, 'other/plain', { mount: OPENROUTER })
    expect(body.usage).toMatchObject({
      is_byok: false,
      cost: 0.000244,
      cost_details: { upstream_inference_cost: null },
    })
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual(['ours-at-other-0123456789'])
  })

  test('an answer that failed is insured: no fee', async () => {
    const { key } = await customerWith()
    byok.upstream.answer(MINE, {
      status: 200,
      body: {
        choices: [{ index: 0, message: { role: 'assistant', content: 'Pa' }, finish_reason: 'error' }],
        usage: USAGE,
      },
    })
    const { body } = await call(key, 'acme/seed', { mount: OPENROUTER })
    byok.upstream.answer(MINE, undefined)
    expect(body.usage).toMatchObject({ cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 19 } })
  })
})

describe('whose credential it is', () => {
  test('the key’s own comes before the account’s, and that before the organisation’s', async () => {
    const { key, name } = await customerWith({ secret: 'of-the-account-0123456789' })
    const organisations = await byok.credential({ provider: 'other', secret: 'of-the-organisation-0123456789' })
    await call(key, 'acme/seed')
    await call(key, 'other/plain')
    const hash = (await byok.admin('GET', '/api/v1/keys')).body.data.find(
      (each: { name: string }) => each.name === name,
    ).hash
    const keys = await byok.credential({ secret: 'of-the-key-0123456789', apiKeyHashes: [hash] })
    await call(key, 'acme/seed')
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual([
      'of-the-account-0123456789',
      'of-the-organisation-0123456789',
      'of-the-key-0123456789',
    ])
    for (const id of [organisations, keys]) await byok.admin('DELETE', `/api/admin/credentials/${id}`)
    await call(key, 'other/plain')
    expect(byok.upstream.calls.at(-1)?.secret).toBe('ours-at-other-0123456789')
  })

  test.each([
    ['claude', '/v1/chat/completions', '/v1/messages'],
    ['claude', '/v1/messages', '/v1/messages'],
    ['gem', '/v1/chat/completions', '/v1/models/small:generateContent'],
  ])('it travels on the wire of %s, from %s', async (provider, mount, path) => {
    const { key, id } = await customerWith({ provider, secret: `mine-at-${provider}-0123456789` })
    // This upstream speaks another wire: what came to it is what counts here.
    const body = { model: `${provider}/plain`, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
    await byok.turnpike.request(mount, { key, body })
    await byok.admin('POST', `/api/admin/credentials/${id}/check`)
    expect(new Set(byok.upstream.calls.map(({ secret }) => secret))).toEqual(
      new Set([`mine-at-${provider}-0123456789`]),
    )
    expect(byok.upstream.calls[0]?.path).toBe(path)
    expect(byok.upstream.calls.at(-1)?.path).toBe('/v1/models')
  })

  test('another account’s is never used', async () => {
    await customerWith({ secret: 'not-for-others-0123456789' })
    const { key } = await createCustomer(byok.turnpike, 'a stranger', USD * 100n)
    const { body } = await call(key, 'acme/seed', { mount: OPENROUTER })
    expect(body.usage.is_byok).toBe(false)
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual(['ours-at-acme-0123456789'])
  })

  test('a change holds for the next call: disabled, enabled, rotated, deleted', async () => {
    const { key, id } = await customerWith()
    const secrets: (string | undefined)[] = []
    const path = `/api/admin/credentials/${id}`
    for (const change of [{ disabled: true }, { disabled: false }, { secret: 'rotated-at-acme-0123456789' }]) {
      expect((await byok.admin('PATCH', path, change)).status).toBe(200)
      await call(key, 'acme/mini')
      secrets.push(byok.upstream.calls.at(-1)?.secret)
    }
    await byok.admin('DELETE', path)
    await call(key, 'acme/mini')
    expect([...secrets, byok.upstream.calls.at(-1)?.secret]).toEqual([
      'ours-at-acme-0123456789',
      MINE,
      'rotated-at-acme-0123456789',
      'ours-at-acme-0123456789',
    ])
  })
})

describe('a credential that fails', () => {
  const refusals = [
    [401, 'invalid_api_key', 'was refused by'],
    [402, 'billing', 'has no credit left at'],
    [403, 'forbidden', 'was refused by'],
    [429, 'insufficient_quota', 'has no credit left at'],
  ] as const

  test.each(refusals)(
    '%i %s is the caller’s to mend, on every mount, and ours is not asked',
    async (status, code, words) => {
      const secret = `bad-${status}-${code}-0123456789`
      const { key, id } = await customerWith({ secret })
      byok.upstream.answer(secret, { status, body: { error: { message: `No: ${secret}`, code } } })
      for (const mount of MOUNTS) {
        const { status: answered, body, headers, text } = await call(key, 'acme/either', { mount })
        expect(answered).toBe(403)
        expect(headers.get('x-should-retry')).toBe('false')
        expect(body.error.message).toContain(`Your own credential "mine" (...6789) ${words} Acme`)
        expect(mount === OPENAI ? body.error.code : body.error.metadata.error_type).toBe(
          mount === OPENAI ? 'credential_refused' : 'permission_denied',
        )
        const details = mount === OPENAI ? body.error.details : body.error.metadata.details
        expect(details).toEqual({ credentialId: id, provider: 'Acme', providerStatus: status })
        if (mount === OPENROUTER)
          expect(body.error.metadata).toMatchObject({ provider_name: 'Acme', raw: 'No: [removed]' })
        expect(text).not.toContain(secret)
      }
      expect(new Set(byok.upstream.calls.map((each) => each.secret))).toEqual(new Set([secret]))
      expect(await lastRecord()).toMatchObject({ charge_nanos: 0n, is_byok: 1n, status: 'error' })
    },
  )

  test('on /v1/messages it is a permission error', async () => {
    const { key } = await customerWith({ secret: 'bad-for-messages-0123456789' })
    byok.upstream.answer('bad-for-messages-0123456789', { status: 401, body: { error: { message: 'No' } } })
    const body = { model: 'acme/seed', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
    const reply = await told(await byok.turnpike.request('/v1/messages', { key, body }))
    expect(reply).toMatchObject({ status: 403, body: { error: { type: 'permission_error' } } })
    expect(reply.body.error.message).toContain('Acme')
  })

  test('a limit of speed is 429 with the provider’s hint', async () => {
    const { key } = await customerWith({ secret: 'fast-0123456789' })
    byok.upstream.answer('fast-0123456789', {
      status: 429,
      headers: { 'retry-after': '7' },
      body: { error: { message: 'slow' } },
    })
    const { status, body, headers } = await call(key, 'acme/either')
    expect(status).toBe(429)
    expect(body.error).toMatchObject({
      code: 'rate_limit_exceeded',
      message: 'Acme limits the rate of your own credential',
    })
    expect(headers.get('retry-after')).toBe('7')
    expect(byok.upstream.calls).toHaveLength(1)
  })

  test('with fallback the call goes on with ours, at our price, which was reserved', async () => {
    const { key } = await customerWith({ secret: 'bad-but-lenient-0123456789', fallback: true })
    byok.upstream.answer('bad-but-lenient-0123456789', { status: 401, body: { error: { message: 'No' } } })
    const { body } = await call(key, 'acme/seed', { mount: OPENROUTER })
    expect(body.usage).toMatchObject({ cost: 19, is_byok: false, cost_details: { upstream_inference_cost: null } })
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual([
      'bad-but-lenient-0123456789',
      'ours-at-acme-0123456789',
    ])
    const record = await lastRecord()
    expect(record).toMatchObject({ is_byok: 0n, charge_nanos: 19n * USD })
    expect(record?.flags).not.toContain('over_quote')
    expect(record?.facts.attempts).toMatchObject([
      { status: 401, byok: true },
      { status: 200, byok: false, credential: null },
    ])
    const poor = await customerWith({ secret: 'bad-but-lenient-0123456789', fallback: true }, 2n * USD)
    expect((await call(poor.key, 'acme/seed', { max_tokens: 25 })).status).toBe(402)
  })

  test('leaves the endpoint open for everybody else, and is not stopped by what ours met there', async () => {
    const bad = await customerWith({ secret: 'bad-for-circuits-0123456789' })
    byok.upstream.answer('bad-for-circuits-0123456789', { status: 401, body: { error: { message: 'No' } } })
    for (let calls = 0; calls < 8; calls++) expect((await call(bad.key, 'acme/mini')).status).toBe(403)
    const { key } = await createCustomer(byok.turnpike, 'beside the failing one', USD * 100n)
    expect((await call(key, 'acme/mini')).status).toBe(200)
    byok.upstream.answer('ours-at-acme-0123456789', { status: 401, body: { error: { message: 'No' } } })
    for (let calls = 0; calls < 8; calls++) expect((await call(key, 'acme/mini')).status).toBeGreaterThan(499)
    const good = await customerWith()
    expect((await call(good.key, 'acme/mini')).status).toBe(200)
    byok.upstream.answer('ours-at-acme-0123456789', undefined)
    byok.turnpike.server.gateway.health.forgive()
  })

  test('nor does a second choice of model go to ours', async () => {
    const { key } = await customerWith({ secret: 'bad-first-0123456789' })
    byok.upstream.answer('bad-first-0123456789', { status: 401, body: { error: { message: 'No' } } })
    expect((await call(key, 'acme/seed', { models: ['other/plain'] })).status).toBe(403)
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual(['bad-first-0123456789'])
  })

  test('the next of theirs is tried before anything else, and the failed one rests', async () => {
    const { key, name, id } = await customerWith({ secret: 'bad-of-two-0123456789', priority: 1 })
    const second = 'good-of-two-0123456789'
    await byok.credential({ secret: second, externalId: name, priority: 2 })
    byok.upstream.answer('bad-of-two-0123456789', { status: 401, body: { error: { message: 'No' } } })
    expect((await call(key, 'acme/either')).status).toBe(200)
    expect((await call(key, 'acme/either')).status).toBe(200)
    expect(byok.upstream.calls.map(({ secret }) => secret)).toEqual(['bad-of-two-0123456789', second, second])
    await byok.turnpike.server.gateway.credentials.flush()
    const { body } = await byok.admin('GET', `/api/admin/credentials/${id}`)
    expect(body.credential).toMatchObject({ status: 'cooling', coolingReason: 'refused' })
    // A new secret is a new beginning.
    await byok.admin('PATCH', `/api/admin/credentials/${id}`, { secret: MINE })
    await call(key, 'acme/either')
    expect(byok.upstream.calls.at(-1)?.secret).toBe(MINE)
  })

  test('an outage is no fault of the credential: the endpoint is left, and the caller told as ever', async () => {
    const { key, name } = await customerWith({ secret: 'down-one-0123456789' })
    await byok.credential({ secret: 'down-two-0123456789', externalId: name })
    for (const secret of ['down-one-0123456789', 'down-two-0123456789'])
      byok.upstream.answer(secret, { status: 500, body: { error: { message: 'Oops' } } })
    const { status } = await call(key, 'acme/either')
    expect(status).toBe(502)
    expect(new Set(byok.upstream.calls.map(({ secret }) => secret)).size).toBe(1)
  })
})

describe('limits and budgets', () => {
  const keyOf = async (name: string, more: object) => {
    const { body } = await byok.admin('POST', '/api/v1/keys', { name, external_user: name, limit: 30, ...more })
    return body.key as string
  }
  const look = async (key: string) => (await told(await byok.turnpike.request('/api/v1/key', { key }))).body.data

  test('a key’s limit counts the fee, or, where it says so, what ours would have cost', async () => {
    const { name } = await customerWith()
    const [plain, counting] = [await keyOf(name, {}), await keyOf(name, { include_byok_in_limit: true })]
    for (const key of [plain, counting]) expect((await call(key, 'acme/seed', { max_tokens: 25 })).status).toBe(200)
    expect(await look(plain)).toMatchObject({
      usage: 0.95,
      byok_usage: 19,
      limit_remaining: 29.05,
      include_byok_in_limit: false,
    })
    expect(await look(counting)).toMatchObject({
      usage: 0.95,
      byok_usage: 19,
      limit_remaining: 11,
      include_byok_in_limit: true,
    })
    expect((await call(plain, 'acme/seed', { max_tokens: 25 })).status).toBe(200)
    const refused = await call(counting, 'acme/seed', { max_tokens: 25 })
    expect(refused.status).toBe(429)
    expect(refused.body.error.details).toMatchObject({ available: 11 })
    expect(refused.body.error.details.needed).toBeGreaterThan(11)
    expect(await verifyLedger(byok.turnpike.server.gateway.store)).toEqual([])
  })

  test('another window of the limit begins with what counted in it', async () => {
    const { name } = await customerWith()
    const key = await keyOf(name, { include_byok_in_limit: true, limit_reset: 'daily' })
    await call(key, 'acme/seed', { max_tokens: 25 })
    const { body } = await byok.admin('GET', '/api/v1/keys')
    const { hash } = body.data.find(
      (each: { name: string; limit: number | null }) => each.name === name && each.limit === 30,
    )
    await byok.admin('PATCH', `/api/v1/keys/${hash}`, { limit_reset: 'monthly' })
    expect((await look(key)).limit_remaining).toBe(11)
    expect((await call(key, 'acme/seed', { max_tokens: 25 })).status).toBe(429)
  })
})

describe('our own credentials', () => {
  test('several share the calls by weight; a refused one rests and the next one serves', async () => {
    const { key } = await createCustomer(byok.turnpike, 'on ours', USD * 100n)
    for (let calls = 0; calls < 40; calls++) await call(key, 'shared/plain')
    const uses = (secret: string) => byok.upstream.calls.filter((each) => each.secret === secret).length
    expect(uses('ours-one-0123456789') + uses('ours-two-0123456789')).toBe(40)
    // 10 and 30 on average; a hundred million to one against this failing.
    expect(uses('ours-two-0123456789')).toBeGreaterThan(uses('ours-one-0123456789') - 8)
    byok.upstream.answer('ours-two-0123456789', {
      status: 429,
      headers: { 'retry-after': '60' },
      body: { error: { message: 'slow' } },
    })
    byok.upstream.calls.length = 0
    for (let calls = 0; calls < 8; calls++) expect((await call(key, 'shared/plain')).status).toBe(200)
    expect(uses('ours-two-0123456789')).toBeLessThan(2)
    expect(uses('ours-at-other-0123456789')).toBe(0)
    expect((await lastRecord())?.facts.attempts.at(-1)).toMatchObject({
      credential: { id: 'shared#one', label: '...' },
      byok: false,
    })
  })

  test('where all are refused the next provider is asked', async () => {
    const { key } = await createCustomer(byok.turnpike, 'on none of ours', USD * 100n)
    for (const secret of ['ours-one-0123456789', 'ours-two-0123456789'])
      byok.upstream.answer(secret, { status: 401, body: { error: { message: `who is ${secret}?` } } })
    const { status } = await call(key, 'shared/plain')
    expect(status).toBe(200)
    expect(byok.upstream.calls.at(-1)?.secret).toBe('ours-at-other-0123456789')
    const attempts = (await lastRecord())?.facts.attempts ?? []
    expect(attempts).toHaveLength(3)
    expect(JSON.stringify(attempts)).not.toContain('0123456789')
  })
})

describe('a call that was cut', () => {
  /** Its settle fails, as if the process had died there. */
  async function cut(key: string) {
    const { store } = byok.turnpike.server.gateway
    const { post } = store
    Object.assign(store, {
      post: (command: Parameters<typeof post>[0]) => {
        if (command.type !== 'settle') return post(command)
        Object.assign(store, { post })
        return Promise.reject(new Error('once'))
      },
    })
    expect((await call(key, 'acme/seed', { max_tokens: 25 })).status).toBe(500)
  }
  const recovered = async (starting: boolean) => {
    const { store, rateCards, terms, log, stranded } = byok.turnpike.server.gateway
    await recover({ store, rateCards, terms, log, stranded, starting })
    return lastRecord()
  }

  test('while its process lives costs nothing: its caller was told of an error', async () => {
    const { key, name } = await customerWith()
    await cut(key)
    expect(await recovered(false)).toMatchObject({ is_byok: 1n, status: 'interrupted', charge_nanos: 0n })
    expect((await byok.admin('GET', `/v1/accounts/get?externalId=${name}`)).body.balance).toBe(1000)
  })

  test('with its process is charged the fee of an estimate, and counted as the key’s limit says', async () => {
    const { name } = await customerWith()
    const made = await byok.admin('POST', '/api/v1/keys', {
      ...{ name, external_user: name, limit: 100, include_byok_in_limit: true },
    })
    await cut(made.body.key)
    byok.turnpike.server.gateway.stranded.clear()
    // Of no process that lives.
    const { store } = byok.turnpike.server.gateway
    await store.write([store.sql.updateTable('reservations').set({ owner: 511n })])
    const record = await recovered(true)
    const cost = record?.cost_nanos ?? 0n
    expect(cost).toBeGreaterThan(USD)
    expect(record).toMatchObject({ is_byok: 1n, charge_nanos: cost / 20n, limit_nanos: cost })
    expect(await verifyLedger(byok.turnpike.server.gateway.store)).toEqual([])
  })
})
