/** How the client speaks HTTP: what it repeats and what never, which errors it throws, that it stops when it is told to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AbortError,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  type ClientOptions,
  ConflictError,
  ConnectionError,
  InsufficientCreditsError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  TurnpikeClient,
  TurnpikeError,
} from '../src/index.ts'
import { retryAfterMs } from '../src/retry.ts'
import { refusal, type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
beforeAll(async () => {
  server = await startScriptedServer()
})
afterAll(() => server.close())

const client = (options: ClientOptions = {}) =>
  new TurnpikeClient({ apiKey: 'mk-tp-1', baseUrl: server.url, ...options })
const debit = { accountId: 'acc_1', amount: 1, description: 'work' }
const done = { body: { success: true } }
const keys = () => server.asked.map(({ headers }) => headers['idempotency-key'])
const failed = (promise: Promise<unknown>): Promise<TurnpikeError> =>
  promise.then(
    () => Promise.reject(new Error('it went well')),
    (error: unknown) => error as TurnpikeError,
  )

describe('a request', () => {
  test('carries the key, JSON, the headers of the client and those of the call', async () => {
    server.play(done)
    await client({ defaultHeaders: { 'x-team': 'a', 'x-of': 'client' } }).deductCredits(debit, {
      headers: { 'x-of': 'call' },
    })
    expect(server.asked[0]).toMatchObject({
      method: 'POST',
      url: '/v1/accounts/credits/deduct',
      headers: { authorization: 'Bearer mk-tp-1', 'content-type': 'application/json', 'x-team': 'a', 'x-of': 'call' },
      body: JSON.stringify(debit),
    })
  })

  test('goes to the host, whichever base URL people paste', async () => {
    server.play({ body: {} })
    for (const suffix of ['', '/', '/v1', '/v1/', '/api/v1'])
      await client({ baseUrl: `${server.url}${suffix}` }).getBalance('acc_1')
    expect(new Set(server.asked.map(({ url }) => url))).toEqual(new Set(['/v1/accounts/balance?accountId=acc_1']))
  })

  test('never leaves its place, whatever an id holds', async () => {
    server.play({ body: {} })
    await client().getTransaction('a/../b?c#d')
    expect(server.asked[0]?.url).toBe('/v1/transactions/a%2F..%2Fb%3Fc%23d')
    for (const id of ['', '.', '..'])
      expect(await failed(client().getTransaction(id))).toMatchObject({ code: 'invalid_request', param: 'id' })
  })

  test('goes through the fetch that it is given', async () => {
    const urls: string[] = []
    const own: typeof fetch = async (url) => {
      urls.push(String(url))
      return new Response('{"accountId":"acc_1"}', { headers: { 'x-request-id': 'r1' } })
    }
    const { data, requestId, response } = await client({ fetch: own }).getBalance('acc_1').withResponse()
    expect({ data, requestId, status: response.status, urls: urls.length }).toEqual({
      data: { accountId: 'acc_1' },
      requestId: 'r1',
      status: 200,
      urls: 1,
    })
  })

  test('sends no key where none is to be sent, whatever the environment holds', async () => {
    process.env.TURNPIKE_API_KEY = 'mk-tp-environment'
    try {
      server.play(done)
      await client({ apiKey: null }).admin.getSession()
      expect(server.asked[0]?.headers.authorization).toBeUndefined()
    } finally {
      delete process.env.TURNPIKE_API_KEY
    }
  })

  test('needs a key and an address', () => {
    expect(() => new TurnpikeClient({ baseUrl: 'http://x', apiKey: '' })).toThrow(/TURNPIKE_API_KEY/)
    expect(() => new TurnpikeClient({ baseUrl: '', apiKey: 'x' })).toThrow(/TURNPIKE_BASE_URL/)
  })
})

describe('a failure is tried again', () => {
  test.each([
    ['a cut connection', 'cut'],
    ['408', refusal(408, 'request_timeout')],
    ['409 of a request in progress', refusal(409, 'idempotency_in_progress')],
    ['429', refusal(429, 'rate_limit_exceeded')],
    ['500', refusal(500, 'internal_error')],
    ['503', refusal(503, 'service_unavailable')],
    ['whatever says x-should-retry: true', refusal(400, 'odd', { 'x-should-retry': 'true' })],
  ] as const)('after %s, twice, under one idempotency key', async (_what, step) => {
    server.play(step, step, done)
    expect(await client().deductCredits(debit)).toEqual({ success: true })
    expect(keys()).toHaveLength(3)
    expect(new Set(keys()).size).toBe(1)
    expect(keys()[0]).toMatch(/^sdk-[0-9a-f-]{36}$/)
  })

  test('as often as it is said, and no more', async () => {
    server.play(refusal(500, 'internal_error'))
    await failed(client().deductCredits(debit))
    expect(server.asked).toHaveLength(3)
    server.play(refusal(500, 'internal_error'))
    await failed(client({ maxRetries: 5 }).deductCredits(debit, { maxRetries: 1 }))
    expect(server.asked).toHaveLength(2)
  })

  test('two calls have two keys; a key of the caller stays as it is', async () => {
    server.play(done)
    await client().deductCredits(debit)
    await client().deductCredits(debit)
    await client().deductCredits(debit, { idempotencyKey: 'order-1' })
    const [first, second, third] = keys()
    expect(first).not.toBe(second)
    expect(third).toBe('order-1')
  })

  test('and told to the logger', async () => {
    const lines: string[] = []
    server.play(refusal(503, 'service_unavailable'), done)
    await client({ logger: { debug: (line) => lines.push(line) } }).deductCredits(debit)
    expect(lines).toEqual([expect.stringMatching(/^POST \/v1\/accounts\/credits\/deduct: refused .* Again in 1 ms\.$/)])
  })
})

describe('a failure is not tried again', () => {
  test.each([
    ['a refused budget, even without the header', refusal(429, 'budget_exceeded')],
    ['x-should-retry: false', refusal(503, 'service_unavailable', { 'x-should-retry': 'false' })],
    ['402', refusal(402, 'insufficient_credits')],
    ['other conflicts', refusal(409, 'idempotency_key_mismatch')],
    ['a wait of more than a minute', refusal(429, 'rate_limit_exceeded', { 'retry-after-ms': '60001' })],
  ] as const)('after %s', async (_what, step) => {
    server.play(step)
    await failed(client().deductCredits(debit))
    expect(server.asked).toHaveLength(1)
  })

  test('where the server knows no idempotency key and may have done it', async () => {
    for (const step of ['cut', refusal(500, 'internal_error')] as const) {
      server.play(step)
      await failed(client().createKey({ name: 'a' }))
      expect(server.asked).toHaveLength(1)
    }
    server.play(refusal(503, 'service_unavailable'), { body: { key: 'sk-tp-1' } })
    expect(await client().createKey({ name: 'a' })).toEqual({ key: 'sk-tp-1' })
  })
})

describe('the wait', () => {
  const at = Date.parse('2026-11-20T09:00:00Z')
  const waitOf = (headers: Record<string, string>, retries = 0, random = 0) =>
    retryAfterMs(new RateLimitError('x', { status: 429, headers: new Headers(headers) }), {
      retries,
      repeatable: true,
      platform: { now: () => at, random: () => random },
    })

  test.each([
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 08:00:00 GMT' }, 0],
    [{ 'retry-after': '61' }, undefined],
    [{ 'retry-after': 'soon' }, 500],
  ])('of %j is %s ms', (headers, ms) => expect(waitOf(headers as Record<string, string>)).toBe(ms))

  test('doubles up to 8 s, less up to a quarter by chance', () => {
    expect([0, 1, 2, 3, 4, 5].map((retries) => waitOf({}, retries))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000])
    expect(waitOf({}, 0, 0.999)).toBeCloseTo(375, 0)
  })
})

describe('an error', () => {
  test.each([
    [400, 'invalid_request', BadRequestError],
    [401, 'invalid_api_key', AuthenticationError],
    [402, 'insufficient_credits', InsufficientCreditsError],
    [403, 'forbidden', PermissionError],
    [404, 'account_not_found', NotFoundError],
    [409, 'reservation_already_confirmed', ConflictError],
    [410, 'reservation_expired', ConflictError],
    [413, 'payload_too_large', BadRequestError],
    [422, 'invalid_amount', BadRequestError],
    [429, 'rate_limit_exceeded', RateLimitError],
    [429, 'budget_exceeded', BudgetExceededError],
    [402, 'budget_exceeded', BudgetExceededError],
    [502, 'provider_error', ServerError],
  ] as const)('of status %i and code %s has its class, and says what is known', async (status, code, Kind) => {
    server.play(refusal(status, code, { 'x-request-id': 'e'.repeat(32) }, { needed: 5 }))
    const error = await failed(client({ maxRetries: 0 }).deductCredits(debit))
    expect(error).toBeInstanceOf(Kind)
    expect(error).toBeInstanceOf(TurnpikeError)
    expect(error).toMatchObject({ name: Kind.name, status, code, requestId: 'e'.repeat(32), details: { needed: 5 } })
    expect(error.headers.get('retry-after-ms')).toBe('1')
    expect(error.message).toContain(`refused with ${code}.`)
  })

  test("in OpenRouter's shape has the type of the error as its code", async () => {
    server.play({
      status: 404,
      body: { error: { code: 404, message: 'Resource not found', metadata: { error_type: 'not_found' } } },
    })
    expect(await failed(client().getKey('x'))).toMatchObject({ name: 'NotFoundError', code: 'not_found' })
  })

  test.each(['', '<html>Bad gateway</html>', '[]', '{"error":"text"}'])(
    'without a shape, %j, is one all the same',
    async (body) => {
      server.play({ status: 502, body })
      const error = await failed(client({ maxRetries: 0 }).getBalance('acc_1'))
      expect(error).toMatchObject({ name: 'ServerError', status: 502, code: undefined, details: {} })
    },
  )

  test('a good status without JSON is an error', async () => {
    server.play({ body: '<html>hello</html>' })
    expect(await failed(client().getBalance('acc_1'))).toMatchObject({
      name: 'TurnpikeError',
      code: 'invalid_response',
      status: 200,
    })
  })

  test('of a connection has its cause', async () => {
    const error = await failed(client({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 }).getBalance('acc_1'))
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ status: undefined, cause: expect.any(Error) })
  })

  test('is told once where the response is asked for, and at the promise where it is not', async () => {
    server.play(refusal(404, 'account_not_found'))
    expect(await failed(client().getBalance('acc_1').withResponse())).toMatchObject({ code: 'account_not_found' })
    expect(await failed(client().getBalance('acc_1'))).toMatchObject({ code: 'account_not_found' })
  })
})

describe('a call ends', () => {
  test('when its time is over, after its retries', async () => {
    server.play('silent')
    const error = await failed(client().getBalance('acc_1', { timeout: 30, maxRetries: 0 }))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toContain('30 ms')
  })

  test('never by a time-out that no timer can count', async () => {
    server.play({ body: {} })
    expect(await client({ timeout: Number.POSITIVE_INFINITY }).getBalance('acc_1')).toEqual({})
  })

  test('when its signal is aborted, before, while it waits for an answer, and while it waits to try again', async () => {
    const reason = new Error('enough')
    server.play('silent')
    expect(await failed(client().getBalance('acc_1', { signal: AbortSignal.abort(reason) }))).toMatchObject({
      name: 'AbortError',
      cause: reason,
    })
    expect(server.asked).toHaveLength(0)
    for (const step of ['silent', refusal(503, 'service_unavailable', { 'retry-after-ms': '50000' })] as const) {
      server.play(step)
      const controller = new AbortController()
      const failing = failed(client().getBalance('acc_1', { signal: controller.signal }))
      await expect.poll(() => server.asked.length).toBe(1)
      controller.abort(reason)
      const error = await failing
      expect(error).toBeInstanceOf(AbortError)
      expect(error.cause).toBe(reason)
    }
  })
})

describe('a list', () => {
  const page = (ids: string[], nextCursor: string | null) => ({
    body: {
      items: ids.map((id) => ({ id })),
      pagination: { limit: 2, offset: 0, totalCount: 3, hasMore: nextCursor !== null, nextCursor },
    },
  })

  test('is a promise of its first page and walks all of them', async () => {
    server.play(page(['a', 'b'], 'c1'), page(['c'], null))
    const ids: string[] = []
    for await (const { id } of client().listTransactions({ type: 'debit', offset: 0 })) ids.push(id)
    expect(ids).toEqual(['a', 'b', 'c'])
    expect(server.asked.map(({ url }) => url)).toEqual([
      '/v1/transactions?type=debit&offset=0',
      '/v1/transactions?type=debit&cursor=c1',
    ])
    server.play(page(['a', 'b'], 'c1'))
    expect((await client().listTransactions()).items).toHaveLength(2)
  })

  test('is walked a second time from its beginning, by offsets too', async () => {
    const keyPage = (length: number) => ({
      body: { data: Array.from({ length }, (_, index) => ({ hash: String(index) })) },
    })
    server.play(keyPage(100), keyPage(3), keyPage(3))
    const keys = client().listKeys({ offset: 7 })
    for (let walk = 0; walk < 2; walk++) {
      let count = 0
      for await (const _ of keys) count++
      expect(count).toBe(103)
    }
    expect(server.asked.map(({ url }) => url)).toEqual([7, 107, 107].map((offset) => `/api/v1/keys?offset=${offset}`))
  })

  test('does not go round in circles', async () => {
    server.play(page(['a'], 'c1'))
    const walk = async () => {
      for await (const _ of client().listTransactions()) expect(server.asked.length).toBeLessThan(5)
    }
    await expect(walk()).rejects.toThrow(/same page twice/)
  })

  test('tells a failure to whoever walks it', async () => {
    server.play(page(['a'], 'c1'), refusal(404, 'account_not_found'))
    const seen: string[] = []
    const walk = async () => {
      for await (const { id } of client().listTransactions()) seen.push(id)
    }
    await expect(walk()).rejects.toMatchObject({ code: 'account_not_found' })
    expect(seen).toEqual(['a'])
  })
})

describe('the methods of credits go where they should', () => {
  const answer = (body: object) => server.play({ body: { success: true, ...body } })
  const asked = () => server.asked.map(({ method, url, body }) => `${method} ${url}${body === '' ? '' : ` ${body}`}`)

  test('reservations are made, confirmed, cancelled and extended', async () => {
    answer({ reservation: { id: 'res_1' } })
    const own = client()
    const { reservation } = await own.createReservation({ externalId: 'user_456', amount: 500 })
    await own.confirmReservation(reservation.id, 85)
    await own.confirmReservation('res_2', {
      usage: { modelId: 'gpt-4o', usageType: 'text', inputTokens: 1, outputTokens: 2 },
      onOverage: 'cap',
    })
    await own.cancelReservation('res_3')
    await own.extendReservation('res_4', 60)
    await own.extendReservation('res_5', { ttlSeconds: 90 })
    await own.getReservation('res_6')
    expect(asked()).toEqual([
      'POST /v1/reservations {"externalId":"user_456","amount":500}',
      'POST /v1/reservations/res_1/confirm {"actualAmount":85}',
      'POST /v1/reservations/res_2/confirm {"onOverage":"cap","usage":[{"modelId":"gpt-4o","usageType":"text","inputTokens":1,"outputTokens":2}]}',
      'POST /v1/reservations/res_3/cancel {}',
      'POST /v1/reservations/res_4/extend {"ttlSeconds":60}',
      'POST /v1/reservations/res_5/extend {"ttlSeconds":90}',
      'GET /v1/reservations/res_6',
    ])
    expect(new Set(keys().slice(0, 6)).size).toBe(6)
  })

  test('usage is recorded, listed and summed', async () => {
    answer({ summary: { totalCostUsd: 0.02 }, usageRecords: [{ id: 'usage_1' }] })
    const own = client()
    await own.recordUsage({
      context: 'system',
      modelId: 'whisper-1',
      usageType: 'audio_stt',
      audioDurationSeconds: 120,
    })
    const filters = {
      externalId: 'user 456',
      modelId: 'gpt-4o',
      startDate: '2024-01-01',
      endDate: '2024-01-31',
    } as const
    const result = await own.getUsage({ ...filters, context: 'customer' })
    if ('usageRecords' in result) expect(result.usageRecords).toHaveLength(1)
    else expect.unreachable()
    expect((await own.getUsage({ summary: true })).summary.totalCostUsd).toBe(0.02)
    expect(await own.getUsageSummary('customer')).toEqual({ totalCostUsd: 0.02 })
    expect(await own.getUsageSummary({ modelId: 'gpt-4o' })).toEqual({ totalCostUsd: 0.02 })
    expect(asked()).toEqual([
      'POST /v1/usage {"context":"system","modelId":"whisper-1","usageType":"audio_stt","audioDurationSeconds":120}',
      'GET /v1/usage?externalId=user+456&modelId=gpt-4o&startDate=2024-01-01&endDate=2024-01-31&context=customer',
      'GET /v1/usage/summary',
      'GET /v1/usage/summary?context=customer',
      'GET /v1/usage/summary?modelId=gpt-4o',
    ])
  })

  test('grants, transactions, plans and changes of an account', async () => {
    answer({})
    const own = client()
    await own.listGrants({ accountId: 'acc_1', limit: 5 })
    await own.voidGrant('grant_1')
    await own.createTransaction({ accountId: 'acc_1', amount: '1.5', type: 'credit', description: 'gift' })
    await own.refundTransaction('txn_1', { reason: 'sorry' })
    await own.createPlan({ name: 'Pro', amount: 100, interval: 'month' })
    await own.listPlans()
    await own.archivePlan('plan_1')
    await own.assignPlan({ externalId: 'user_456', planId: 'plan_1', startMode: 'now' })
    await own.updateAccount('acc_1', { status: 'frozen' })
    await own.listReservations({ activeOnly: true })
    expect(asked()).toEqual([
      'GET /v1/grants?accountId=acc_1&limit=5',
      'POST /v1/grants/grant_1/void {}',
      'POST /v1/transactions {"accountId":"acc_1","amount":"1.5","type":"credit","description":"gift"}',
      'POST /v1/transactions/txn_1/refund {"reason":"sorry"}',
      'POST /v1/plans {"name":"Pro","amount":100,"interval":"month"}',
      'GET /v1/plans',
      'POST /v1/plans/plan_1/archive {}',
      'POST /v1/accounts/plans/assign {"externalId":"user_456","planId":"plan_1","startMode":"now"}',
      'PATCH /v1/accounts/acc_1 {"status":"frozen"}',
      'GET /v1/reservations?activeOnly=true',
    ])
  })
})
