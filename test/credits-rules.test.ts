/** What the credits API takes at its edges: lengths, bounds, dates, headers, and names that belong to somebody else. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi } from './api-kit.ts'
import { code, creditsHands, expectResult } from './credits-kit.ts'

const DAY = 86_400_000

let api: Api
beforeAll(async () => {
  api = await openApi(undefined, { still: true })
})
afterAll(async () => {
  expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  await api.close()
})
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const { get, post, patch, account, balance, reserve, confirm } = creditsHands(() => api)
const add = (id: string, more: object = {}, headers?: Record<string, string>) =>
  post(`/v1/accounts/${id}/credits`, { amount: 10, description: 'in', ...more }, headers)
const deduct = (id: string, amount: number, headers?: Record<string, string>) =>
  post(`/v1/accounts/${id}/debits`, { amount, description: 'out' }, headers)

describe('an externalId', () => {
  const create = (externalId: unknown) => post('/v1/accounts', { name: 'N', externalId })

  test.each(['tab\tbed', 'line\nbreak', 'nul\u0000', 'bell\u0007', 'delete\u007f', 'c1\u0085', 'half\ud800'])(
    'holds no control character and no half of one: %j',
    async (externalId) => {
      expect(code(await create(externalId))).toBe('400 invalid_request')
      expect(code(await post('/v1/reservations', { externalId, amount: 1 }))).toBe('400 invalid_request')
      const asked = externalId.isWellFormed() ? encodeURIComponent(externalId) : '%00'
      expect(code(await get(`/v1/accounts/balance?externalId=${asked}`))).toBe('400 invalid_request')
    },
  )

  test('is up to 255 bytes long, however many characters those are', async () => {
    for (const [name, expected] of [
      ['x'.repeat(255), '201 fine'],
      ['x'.repeat(256), '400 invalid_request'],
      [`${'é'.repeat(127)}x`, '201 fine'],
      ['é'.repeat(128), '400 invalid_request'],
      [`${'💸'.repeat(63)}xyz`, '201 fine'],
      ['💸'.repeat(64), '400 invalid_request'],
      ['', '400 invalid_request'],
      [5, '400 invalid_request'],
    ] as const)
      expect([name, code(await create(name))]).toEqual([name, expected])
    expect((await get(`/v1/accounts/balance?externalId=${'x'.repeat(255)}`)).body.externalId).toBe('x'.repeat(255))
  })

  test('is compared byte by byte: letter case, blanks and normal forms tell accounts apart', async () => {
    const names = ['Ann', 'ann', 'ANN', ' ann', 'ann ', 'Jose\u0301', 'Jos\u00e9', 'Jose']
    const ids = []
    for (const name of names) ids.push((await create(name)).body.account.id)
    expect(new Set(ids).size).toBe(names.length)
    for (const [index, name] of names.entries()) {
      const { body } = await get(`/v1/accounts/get?externalId=${encodeURIComponent(name)}`)
      expect([body.id, body.externalId]).toEqual([ids[index], name])
    }
    expect(code(await get('/v1/accounts/get?externalId=aNN'))).toBe('404 account_not_found')
  })
})

describe('the life of a reservation', () => {
  test('is 300 seconds if nothing is said, and 1 to 86400 if it is', async () => {
    const { id } = await account(100)
    const lifeOf = async (more: object) => {
      const reply = await post('/v1/reservations', { accountId: id, amount: 1, ...more })
      if (reply.status !== 201) return code(reply)
      const { createdAt, expiresAt } = reply.body.reservation
      return (Date.parse(expiresAt) - Date.parse(createdAt)) / 1000
    }
    expect(await lifeOf({})).toBe(300)
    for (const ttlSeconds of [1, 86_400]) expect(await lifeOf({ ttlSeconds })).toBe(ttlSeconds)
    for (const ttlSeconds of [0, -1, 86_401, 0.5, '60', null, true, 1e308])
      expect([ttlSeconds, await lifeOf({ ttlSeconds })]).toEqual([ttlSeconds, '400 invalid_request'])
    const open = await reserve(id, 1)
    for (const ttlSeconds of [0, 86_401, undefined])
      expect(code(await post(`/v1/reservations/${open}/extend`, { ttlSeconds }))).toBe('400 invalid_request')
  })

  test('ends at most a day after it began, however often it is extended', async () => {
    const { id } = await account(100)
    const open = await reserve(id, 1, { ttlSeconds: 86_400 })
    api.forward(3_600_000)
    const reply = await post(`/v1/reservations/${open}/extend`, { ttlSeconds: 86_400 })
    const { createdAt, expiresAt } = (await get(`/v1/reservations/${open}`)).body.reservation
    expect([reply.status, Date.parse(expiresAt) - Date.parse(createdAt)]).toEqual([200, DAY])
  })
})

describe('a payment', () => {
  test('is credited once: to this account, with this amount, and nowhere else', async () => {
    const [one, other] = [await account(), await account()]
    const paymentId = `pay-${one.id}`
    const first = await add(one.id, { paymentId })
    const again = await add(one.id, { paymentId })
    expect([first.status, again.status, again.headers['idempotent-replay']]).toEqual([200, 200, 'true'])
    expect(again.body).toEqual(first.body)
    for (const refused of [await add(other.id, { paymentId }), await add(one.id, { paymentId, amount: 11 })]) {
      expect(code(refused)).toBe('409 payment_already_credited')
      expect(refused.headers['x-should-retry']).toBe('false')
    }
    expect([await balance(one), await balance(other)]).toEqual([
      [10, 0, 10],
      [0, 0, 0],
    ])
    const many = await Promise.all(Array.from({ length: 20 }, () => add(other.id, { paymentId: `${paymentId}-20` })))
    expect(new Set(many.map(({ text }) => text)).size).toBe(1)
    expect(await balance(other)).toEqual([10, 0, 10])
  })

  test('says how it was made in up to 100 characters, and what it is called in up to 255', async () => {
    const { id } = await account()
    const cases = [
      [{ paymentMethod: 'x'.repeat(100) }, '200 fine'],
      [{ paymentMethod: 'x'.repeat(101) }, '400 invalid_request'],
      [{ paymentMethod: '' }, '400 invalid_request'],
      [{ paymentMethod: 'a\u0000' }, '400 invalid_request'],
      [{ paymentId: 'x'.repeat(255) }, '200 fine'],
      [{ paymentId: 'x'.repeat(256) }, '400 invalid_request'],
      [{ paymentId: '' }, '400 invalid_request'],
      [{ description: 'x'.repeat(1_000) }, '200 fine'],
      [{ description: 'x'.repeat(1_001) }, '400 invalid_request'],
    ] as const
    for (const [more, expected] of cases) expect([more, code(await add(id, more))]).toEqual([more, expected])
    await add(id, { paymentMethod: 'card', metadata: { order: 7 } })
    const { items } = (await get(`/v1/transactions?accountId=${id}&limit=1`)).body
    expect(items[0].metadata).toEqual({ order: 7, paymentMethod: 'card' })
  })
})

describe('a grant', () => {
  test('has a priority of 1 to 100, 50 if nothing is said', async () => {
    const { id } = await account()
    for (const priority of [0, 101, -1, 1.5, '5', null, 1e300])
      expect([priority, code(await add(id, { priority }))]).toEqual([priority, '400 invalid_request'])
    for (const priority of [1, undefined, 100]) await add(id, { priority })
    const { grants } = expectResult('listGrants', await get(`/v1/grants?accountId=${id}`))
    expect(grants.map((each: { priority: number }) => each.priority).sort()).toEqual([1, 100, 50])
    expect((await deduct(id, 12)).body.balance).toBe(18)
    const left = (await get(`/v1/grants?accountId=${id}`)).body.grants.map(
      (each: { priority: number; remaining: number }) => [each.priority, each.remaining],
    )
    expect(Object.fromEntries(left)).toEqual({ 1: 0, 50: 8, 100: 10 })
  })

  test.each(['2027-02-31T00:00:00Z', '2027-01-01T00:00:00', '2027-01-01', '0000-01-01T00:00:00Z', 'soon', 5, ''])(
    'does not end at %j',
    async (expiresAt) => {
      const { id } = await account()
      expect(code(await add(id, { expiresAt }))).toBe('400 invalid_request')
      expect((await get(`/v1/grants?accountId=${id}`)).body.grants).toEqual([])
    },
  )
})

describe('transactions', () => {
  test('are listed by whole days and by instants, in pages as in CSV', async () => {
    const { id } = await account()
    const midnight = Math.ceil(api.store.now() / DAY) * DAY
    api.forward(midnight - 1 - api.store.now())
    for (const [step, amount] of [1, 2, 3, 4].entries()) {
      await add(id, { amount })
      // The last millisecond of a day, the first of the next, its last, and the first of the one after.
      api.forward(step % 2 === 0 ? 1 : DAY - 1)
    }
    const text = (ms: number) => new Date(ms).toISOString()
    const day = (ms: number) => text(ms).slice(0, 10)
    const amounts = async (query: string) => {
      const url = `/v1/transactions?accountId=${id}&${query}`
      const { items, pagination } = expectResult('listTransactions', await get(url))
      const csv = (await get(url, api.operator, { accept: 'text/csv' })).text.trimEnd().split('\r\n')
      expect([pagination.totalCount, csv.length - 1]).toEqual([items.length, items.length])
      return items.map(({ amount }: { amount: number }) => amount)
    }
    const today = day(midnight)
    expect(await amounts(`startDate=${today}&endDate=${today}`)).toEqual([3, 2])
    expect(await amounts(`startDate=${today}`)).toEqual([4, 3, 2])
    expect(await amounts(`endDate=${today}`)).toEqual([3, 2, 1])
    expect(await amounts(`startDate=${day(midnight - 1)}&endDate=${day(midnight + DAY)}`)).toEqual([4, 3, 2, 1])
    expect(await amounts(`startDate=${text(midnight)}&endDate=${text(midnight + DAY)}`)).toEqual([3, 2])
    const reversed = await get(`/v1/transactions?startDate=${text(midnight + DAY)}&endDate=${text(midnight)}`)
    expect(code(reversed)).toBe('400 invalid_request')
  })
})

describe('a refusal', () => {
  test('of a conflict leaves balance, reservation and rows as they were', async () => {
    const { id } = await account(100)
    const reservation = await reserve(id, 60)
    const key = { 'idempotency-key': `once-${id}` }
    const { transactionId } = (await deduct(id, 5, key)).body
    const before = [await balance({ id }), (await get(`/v1/transactions?accountId=${id}`)).text]
    const refusals = [
      await deduct(id, 6, key),
      await confirm(reservation, { actualAmount: 70, onOverage: 'reject' }),
      await post(`/v1/transactions/${transactionId}/refund`, { amount: 6, reason: 'too much' }),
    ]
    expect(refusals.map(code)).toEqual([
      '409 idempotency_key_mismatch',
      '409 amount_exceeds_reservation',
      '409 refund_exceeds_transaction',
    ])
    expect([await balance({ id }), (await get(`/v1/transactions?accountId=${id}`)).text]).toEqual(before)
    await confirm(reservation, { actualAmount: 10 })
    expect(code(await confirm(reservation, { actualAmount: 11 }))).toBe('409 reservation_already_confirmed')
    expect(code(await post(`/v1/reservations/${reservation}/cancel`, {}))).toBe('409 reservation_already_confirmed')
    expect(await balance({ id })).toEqual([85, 0, 85])
  })

  test('meets every debit of a frozen account, whose credit and refunds still come', async () => {
    const { id } = await account(10)
    const { transactionId } = (await deduct(id, 1)).body
    await patch(id, { status: 'frozen' })
    const key = { 'idempotency-key': `frozen-${id}` }
    for (const reply of [
      await deduct(id, 1, key),
      await post('/v1/transactions', { accountId: id, amount: 1, type: 'debit', description: 'x' }),
      await post('/v1/reservations', { accountId: id, amount: 1 }),
    ]) {
      expect(code(reply)).toBe('403 account_frozen')
      expect(reply.headers['x-should-retry']).toBe('false')
    }
    expect((await add(id, { amount: 2 })).status).toBe(200)
    expect((await post(`/v1/transactions/${transactionId}/refund`, { reason: 'x' })).status).toBe(200)
    expect(await balance({ id })).toEqual([12, 0, 12])
    await patch(id, { status: 'open' })
    // It did not stick to the key.
    expect((await deduct(id, 1, key)).status).toBe(200)
  })
})

describe('headers', () => {
  test('name a key of 1 to 255 visible characters for what is done once', async () => {
    const { id } = await account(100)
    for (const bad of ['', ' ', 'a b', 'x'.repeat(256), 'é', '\u007f', 'a,b c']) {
      const reply = await deduct(id, 1, { 'idempotency-key': bad })
      expect([bad, code(reply), reply.body.error?.param]).toEqual([bad, '400 invalid_request', 'Idempotency-Key'])
    }
    expect(await balance({ id })).toEqual([100, 0, 100])
    for (const good of ['x', '!~', 'x'.repeat(255)])
      for (let turn = 0; turn < 2; turn++) expect((await deduct(id, 1, { 'idempotency-key': good })).status).toBe(200)
    expect(await balance({ id })).toEqual([97, 0, 97])
  })

  test('carry the key of a caller under any of its names, on every route of credits', async () => {
    const { id } = await account(10)
    const send = (method: string, url: string, headers: Record<string, string>, body?: object) =>
      api.request(method, url, undefined, body, headers)
    for (const name of ['x-api-key', 'X-API-Key', 'X-Api-Key']) {
      const own = { [name]: api.operator }
      for (const path of [
        'accounts',
        `accounts/${id}/balance`,
        'reservations',
        'transactions',
        'usage',
        'grants',
        'plans',
      ])
        expect([path, (await send('GET', `/v1/${path}`, own)).status]).toEqual([path, 200])
      expect((await send('POST', `/v1/accounts/${id}/debits`, own, { amount: 1, description: 'x' })).status).toBe(200)
      expect(code(await send('POST', '/v1/reservations', { [name]: api.turnpike.key }, { amount: 1 }))).toBe(
        '403 forbidden',
      )
      expect(code(await send('GET', '/v1/accounts', { [name]: 'nonsense' }))).toBe('401 invalid_api_key')
    }
    expect(await balance({ id })).toEqual([7, 0, 7])
  })
})
