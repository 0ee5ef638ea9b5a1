/** The credits API from outside: accounts, reservations, usage and transactions, over HTTP, on a real store. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Operation, type OperationName, operations } from '../src/contract/operations.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'

let api: Api
/** A management key of an organisation that owns nothing the tests make. */
let stranger: string

beforeAll(async () => {
  api = await openApi()
  await post('/api/admin/organisations', { name: 'elsewhere', timeZone: 'Europe/Berlin' })
  const made = await post('/api/admin/management-keys', { name: 'n', role: 'admin', organisationId: 'elsewhere' })
  stranger = made.body.key
})
afterAll(async () => {
  expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  await api.close()
})
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const get = (url: string, key = api.operator, headers?: Record<string, string>) =>
  api.request('GET', url, key, undefined, headers)
const post = (url: string, body: unknown, headers?: Record<string, string>) =>
  api.request('POST', url, api.operator, body, headers)
const code = ({ status, body }: Reply) => `${status} ${body?.error?.code ?? 'fine'}`

/** The reply is what the table says that it is. */
function expectResult(name: OperationName, reply: Reply): Reply['body'] {
  const operation = (operations as readonly Operation[]).find((each) => each.name === name) as Operation
  expect([200, operation.status ?? 200], reply.text).toContain(reply.status)
  operation.result.parse(reply.body)
  return reply.body
}

let made = 0
async function account(credits = 0): Promise<{ id: string; externalId: string }> {
  const externalId = `customer_${++made}`
  const { body } = await post('/v1/accounts', { name: 'A customer', externalId })
  if (credits > 0) await post(`/v1/accounts/${body.account.id}/credits`, { amount: credits, description: 'start' })
  return { id: body.account.id, externalId }
}
const balance = async ({ id }: { id: string }) => {
  const { body } = await get(`/v1/accounts/${id}/balance`)
  return [body.balance, body.reserved, body.available]
}
const reserve = async (accountId: string, amount: number, more: object = {}): Promise<string> =>
  expectResult('createReservation', await post('/v1/reservations', { accountId, amount, ...more })).reservation.id
const confirm = (id: string, body: object, headers?: Record<string, string>) =>
  post(`/v1/reservations/${id}/confirm`, body, headers)

describe('reservations', () => {
  test('set credits aside, and give back what the work did not take', async () => {
    const { id, externalId } = await account(1000)
    const created = expectResult(
      'createReservation',
      await post('/v1/reservations/create', {
        externalId,
        amount: 150,
        ttlSeconds: 60,
        operation: 'chat',
        model: 'gpt-4o',
        metadata: { a: 1 },
      }),
    )
    expect(created.reservation).toMatchObject({
      accountId: id,
      externalId,
      amount: 150,
      status: 'pending',
      transactionId: null,
      metadata: { a: 1, operation: 'chat', model: 'gpt-4o' },
      decimal: { amount: '150' },
    })
    const { createdAt, expiresAt } = created.reservation
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(60_000)
    expect(created.balance).toMatchObject({ balance: 1000, reserved: 150, available: 850 })
    const confirmed = expectResult(
      'confirmReservation',
      await post('/v1/reservations/confirm', { reservationId: created.reservation.id, actualAmount: '85.5' }),
    )
    expect(confirmed).toMatchObject({
      reservationId: created.reservation.id,
      accountId: id,
      externalId,
      status: 'confirmed',
      reserved: 150,
      charged: 85.5,
      released: 64.5,
      overage: 0,
      writtenOff: 0,
      late: false,
      balance: { balance: 914.5, reserved: 0, available: 914.5 },
      decimal: { charged: '85.5' },
    })
    const read = expectResult('getReservation', await get(`/v1/reservations/${created.reservation.id}`))
    expect(read.reservation).toEqual({
      ...created.reservation,
      status: 'confirmed',
      transactionId: confirmed.transactionId,
    })
    expect((await get(`/v1/transactions/${confirmed.transactionId}`)).body.transaction).toMatchObject({
      kind: 'usage',
      amount: 85.5,
      reservationId: created.reservation.id,
    })
  })

  test('of 20 at once for 75 each on a balance of 500, exactly 6 are granted', async () => {
    const { id } = await account(500)
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => post('/v1/reservations', { accountId: id, amount: 75 })),
    )
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(6)
    const refused = replies.filter(({ status }) => status === 402)
    expect(refused).toHaveLength(14)
    expect(refused[0]?.body.error.details).toMatchObject({ needed: 75, available: 50, shortfall: 25 })
    expect(refused[0]?.headers['x-should-retry']).toBe('false')
    expect(await balance({ id })).toEqual([500, 450, 50])
  })

  test('confirmed twice at the same moment are charged once, and both callers get the same answer', async () => {
    const { id } = await account(100)
    const reservation = await reserve(id, 60)
    const [one, two] = await Promise.all([
      confirm(reservation, { actualAmount: 40 }, { 'idempotency-key': 'a' }),
      confirm(reservation, { actualAmount: '40', onOverage: 'cap' }, { 'idempotency-key': 'b' }),
    ])
    expect([one.status, two.status, two.text]).toEqual([200, 200, one.text])
    expect([one, two].filter(({ headers }) => headers['idempotent-replay'] === 'true')).toHaveLength(1)
    expect(await balance({ id })).toEqual([60, 0, 60])
    const other = await confirm(reservation, { actualAmount: 41 })
    expect(code(other)).toBe('409 reservation_already_confirmed')
    expect(other.body.error.details.transactionId).toBe(one.body.transactionId)
    expect(code(await post(`/v1/reservations/${reservation}/cancel`, {}))).toBe('409 reservation_already_confirmed')
  })

  test('live until their grace is over; then they are expired and their credits free, whether or not a job ran', async () => {
    const { id } = await account(100)
    const [late, dead, charged] = [
      await reserve(id, 30, { ttlSeconds: 10 }),
      await reserve(id, 30, { ttlSeconds: 10 }),
      await reserve(id, 30, { ttlSeconds: 10 }),
    ]
    api.forward(10_000)
    expect((await confirm(late, { actualAmount: 30 })).body).toMatchObject({ late: true, charged: 30 })
    expect((await get(`/v1/reservations/${dead}`)).body.reservation.status).toBe('pending')
    expect(code(await post(`/v1/reservations/${dead}/extend`, { ttlSeconds: 60 }))).toBe('410 reservation_expired')
    api.forward(60_000)
    expect((await get(`/v1/reservations/${dead}`)).body.reservation.status).toBe('expired')
    expect(await balance({ id })).toEqual([70, 0, 70])
    expect(code(await confirm(dead, { actualAmount: 1 }))).toBe('410 reservation_expired')
    expect(code(await post(`/v1/reservations/${dead}/cancel`, {}))).toBe('410 reservation_expired')
    const direct = await confirm(charged, { actualAmount: 5, ifExpired: 'charge' })
    expect(direct.body).toMatchObject({ late: true, reserved: 0, charged: 5, balance: { balance: 65 } })
    expect((await confirm(charged, { actualAmount: 5, ifExpired: 'charge' })).text).toBe(direct.text)
    expect((await get(`/v1/reservations/${charged}`)).body.reservation).toMatchObject({
      status: 'expired',
      transactionId: direct.body.transactionId,
    })
    expect(await balance({ id })).toEqual([65, 0, 65])
  })

  test('are cancelled once, and the same answer is given again', async () => {
    const { id } = await account(100)
    const reservation = await reserve(id, 30)
    const first = await post('/v1/reservations/cancel', { reservationId: reservation })
    expect(expectResult('cancelReservation', first)).toMatchObject({
      status: 'cancelled',
      released: 30,
      balance: { available: 100 },
    })
    const again = await post(`/v1/reservations/${reservation}/cancel`, {})
    expect([again.text, again.headers['idempotent-replay']]).toEqual([first.text, 'true'])
    expect(code(await confirm(reservation, { actualAmount: 1 }))).toBe('409 reservation_cancelled')
  })

  test('are extended from now while they are pending', async () => {
    const { id } = await account(100)
    const reservation = await reserve(id, 30, { ttlSeconds: 10 })
    api.forward(5_000)
    const { expiresAt } = expectResult(
      'extendReservation',
      await post('/v1/reservations/extend', { reservationId: reservation, ttlSeconds: 100 }),
    )
    expect((await get(`/v1/reservations/${reservation}`)).body.reservation.expiresAt).toBe(expiresAt)
    api.forward(90_000)
    expect((await confirm(reservation, { actualAmount: 0 })).body).toMatchObject({
      late: false,
      charged: 0,
      released: 30,
    })
  })

  test('confirmed above what is reserved: available first, then by the policy of overage', async () => {
    const covered = await account(150)
    expect((await confirm(await reserve(covered.id, 100), { actualAmount: 120 })).body).toMatchObject({
      charged: 120,
      overage: 20,
      released: 0,
      balance: { balance: 30 },
    })
    const charge = await account(100)
    expect((await confirm(await reserve(charge.id, 100), { actualAmount: 120 })).body.balance).toMatchObject({
      balance: -20,
      available: 0,
    })
    expect(code(await post('/v1/reservations', { accountId: charge.id, amount: 1 }))).toBe('402 insufficient_credits')
    const strict = await account(100)
    const reservation = await reserve(strict.id, 100)
    const refused = await confirm(reservation, { actualAmount: 120, onOverage: 'reject' })
    expect(code(refused)).toBe('409 amount_exceeds_reservation')
    expect(refused.headers['x-should-retry']).toBe('false')
    expect((await get(`/v1/reservations/${reservation}`)).body.reservation.status).toBe('pending')
    expect((await confirm(reservation, { actualAmount: 120, onOverage: 'cap' })).body).toMatchObject({
      charged: 100,
      overage: 20,
      writtenOff: 20,
      balance: { balance: 0 },
    })
  })

  test('under one key sent 50 times at once are one, with equal bodies', async () => {
    const { id } = await account(100)
    const body = { accountId: id, amount: 10 }
    const send = () => post('/v1/reservations', body, { 'idempotency-key': 'fifty' })
    const replies = await Promise.all(Array.from({ length: 50 }, send))
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(replies.filter(({ headers }) => headers['idempotent-replay'] === 'true')).toHaveLength(49)
    expect(await balance({ id })).toEqual([100, 10, 90])
    expect(code(await post('/v1/reservations', { ...body, amount: 11 }, { 'idempotency-key': 'fifty' }))).toBe(
      '409 idempotency_key_mismatch',
    )
  })

  test('are listed whole, newest first, page by page, pending and ended alike', async () => {
    const { id, externalId } = await account(1000)
    const all: string[] = []
    for (let i = 0; i < 7; i++) all.unshift(await reserve(id, 10, { ttlSeconds: i === 0 ? 1 : 300 }))
    const [, cancelled = '', confirmed = ''] = all
    await post(`/v1/reservations/${cancelled}/cancel`, {})
    await confirm(confirmed, { actualAmount: 1 })
    api.forward(61_000)
    const seen: string[] = []
    let next = ''
    do {
      const page = expectResult('listReservations', await get(`/v1/reservations?accountId=${id}&limit=3${next}`))
      expect(page.pagination.totalCount).toBe(7)
      seen.push(...page.reservations.map((each: { id: string }) => each.id))
      next = page.pagination.nextCursor === null ? '' : `&cursor=${page.pagination.nextCursor}`
    } while (next !== '')
    expect(seen).toEqual(all)
    const ids = async (query: string) =>
      (await get(`/v1/reservations?externalId=${externalId}&${query}`)).body.reservations.map(
        (each: { id: string }) => each.id,
      )
    expect(await ids('status=cancelled')).toEqual([cancelled])
    expect(await ids('status=confirmed')).toEqual([confirmed])
    expect(await ids('status=expired')).toEqual([all.at(-1)])
    expect(await ids('activeOnly=true')).toEqual(await ids('status=pending'))
    expect(await ids('activeOnly=true')).toHaveLength(4)
    expect(code(await get('/v1/reservations?status=gone'))).toBe('400 invalid_request')
    expect(code(await get('/v1/reservations?activeOnly=true&status=expired'))).toBe('400 invalid_request')
  })

  test.each([-1, 0, 'NaN', null, '1e3', true, [], '', 0.1 + 0.2, 2e9])(
    'of %j credits are refused, and nothing is written',
    async (amount) => {
      const { id } = await account(10)
      expect(code(await post('/v1/reservations', { accountId: id, amount }))).toBe('422 invalid_amount')
      expect(code(await post('/v1/reservations', `{"accountId":"${id}","amount":1e400}`))).toBe('422 invalid_amount')
      expect((await get(`/v1/reservations?accountId=${id}`)).body.pagination.totalCount).toBe(0)
      const reservation = await reserve(id, 5)
      if (amount !== 0 && amount !== 2e9)
        expect(code(await confirm(reservation, { actualAmount: amount }))).toBe('422 invalid_amount')
      expect((await get(`/v1/reservations/${reservation}`)).body.reservation.status).toBe('pending')
    },
  )

  test('with anything else wrong are bad requests', async () => {
    const { id } = await account(10)
    const reservation = await reserve(id, 5)
    for (const more of [{ ttlSeconds: 0 }, { ttlSeconds: 86_401 }, { ttlSeconds: 1.5 }, { externalId: 'a\u0000b' }])
      expect(code(await post('/v1/reservations', { accountId: id, amount: 1, ...more }))).toBe('400 invalid_request')
    expect(code(await confirm(reservation, {}))).toBe('400 invalid_request')
    expect(code(await confirm(reservation, { actualAmount: 1, onOverage: 'x' }))).toBe('400 invalid_request')
    expect(code(await confirm(reservation, { actualAmount: 1, ifExpired: 'x' }))).toBe('400 invalid_request')
    expect(code(await confirm(reservation, { actualAmount: 1, reservationId: 'res_other' }))).toBe(
      '400 invalid_request',
    )
    expect(code(await post('/v1/reservations/cancel', {}))).toBe('400 invalid_request')
  })

  test('are nobody else’s', async () => {
    const { id } = await account(10)
    const reservation = await reserve(id, 5)
    expect(code(await get(`/v1/reservations/${reservation}`, stranger))).toBe('404 reservation_not_found')
    expect(code(await get('/v1/reservations/res_nonsense'))).toBe('404 reservation_not_found')
    const foreign = await api.request('POST', `/v1/reservations/${reservation}/confirm`, stranger, { actualAmount: 1 })
    expect(code(foreign)).toBe('404 reservation_not_found')
    expect((await get('/v1/reservations', stranger)).body.pagination.totalCount).toBe(0)
    expect(code(await get(`/v1/reservations/${reservation}`, api.turnpike.key))).toBe('404 reservation_not_found')
    const denied = await api.request('POST', '/v1/reservations', api.turnpike.key, { accountId: id, amount: 1 })
    expect(code(denied)).toBe('403 forbidden')
  })
})
