/** The credits API from outside: accounts, reservations, usage and transactions, over HTTP, on a real store. */
import { Temporal } from 'temporal-polyfill'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { grantPlans } from '../src/store/plans.ts'
import { type Api, openApi, type Reply } from './api-kit.ts'
import { code, creditsHands, customer, expectResult, TEXT } from './credits-kit.ts'

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

const { get, post, patch, account, balance, reserve, confirm, charged, tell, summary } = creditsHands(() => api)

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

describe('usage', () => {
  test('is recorded with the cost of its model, and moves no credit', async () => {
    const owner = await charged()
    const before = await balance(owner)
    const told = await tell(customer(owner, { description: 'Chat completion' }))
    expect(told.status).toBe(201)
    const { usageRecord, duplicate } = expectResult('recordUsage', told)
    expect(duplicate).toBe(false)
    expect(usageRecord).toMatchObject({
      context: 'customer',
      accountId: owner.id,
      externalId: owner.externalId,
      transactionId: owner.transactionId,
      modelId: 'gpt-4o',
      usageType: 'text',
      inputTokens: 1200,
      outputTokens: 380,
      cachedTokens: 0,
      estimatedCostUsd: 0.0068,
      usageSource: 'reported',
      decimal: { estimatedCostUsd: '0.0068' },
      description: 'Chat completion',
    })
    expect(usageRecord).not.toHaveProperty('chargeUsd')
    const speech = await tell({
      ...{ context: 'customer', transactionId: owner.transactionId, externalId: owner.externalId },
      ...{ modelId: 'whisper-1', usageType: 'audio_stt', audioDurationSeconds: 120, description: 'Transcription' },
    })
    expect(speech.body.usageRecord).toMatchObject({
      estimatedCostUsd: 0.012,
      audioDurationSeconds: 120,
      inputTokens: 0,
    })
    expect(await balance(owner)).toEqual(before)
    expect(await summary(`accountId=${owner.id}`)).toMatchObject({
      totalCostUsd: 0.0188,
      totalInputTokens: 1200,
      totalOutputTokens: 380,
      byContext: { customer: { costUsd: 0.0188, count: 2 }, system: { costUsd: 0, count: 0 } },
      byModel: { 'gpt-4o': { costUsd: 0.0068, count: 1 }, 'whisper-1': { costUsd: 0.012, count: 1 } },
    })
  })

  test('counts cached tokens within the input, to the exact cent', async () => {
    const owner = await charged()
    const told = await tell(customer(owner, { inputTokens: 5000, cachedTokens: 2000, outputTokens: 1000 }))
    expect(told.body.usageRecord.decimal).toEqual({ estimatedCostUsd: '0.02' })
    expect(code(await tell(customer(owner, { inputTokens: 1, cachedTokens: 2 })))).toBe('422 invalid_usage')
  })

  test('told twice is one record: under one key, without a key, and 50 times at once', async () => {
    const owner = await charged()
    const key = { 'idempotency-key': `usage ${owner.id}`.replace(' ', '-') }
    const first = await tell(customer(owner), key)
    const again = await tell(customer(owner), key)
    expect([again.status, again.body.duplicate, again.headers['idempotent-replay']]).toEqual([200, true, 'true'])
    expect(again.body.usageRecord).toEqual(first.body.usageRecord)
    expect((await tell(customer(owner))).body).toEqual(again.body)
    expect(code(await tell(customer(owner, { inputTokens: 1 }), key))).toBe('409 idempotency_key_mismatch')
    const many = await Promise.all(Array.from({ length: 50 }, () => tell(customer(owner, { outputTokens: 7 }))))
    expect(new Set(many.map(({ body }) => body.usageRecord.id)).size).toBe(1)
    expect(many.filter(({ status }) => status === 201)).toHaveLength(1)
    expect((await tell(customer(owner, { outputTokens: 7, sequence: 1 }))).status).toBe(201)
    expect((await summary(`accountId=${owner.id}`)).totalRecords).toBe(3)
  })

  test('of nobody changes no balance and is in no total of customers', async () => {
    const before = await summary('')
    const told = await tell({ context: 'system', ...TEXT })
    expect(told.status).toBe(201)
    expect(told.body.usageRecord).toMatchObject({ accountId: null, externalId: null, transactionId: null })
    const after = await summary('')
    expect(after.byContext.customer).toEqual(before.byContext.customer)
    expect(after.byContext.system.count).toBe(before.byContext.system.count + 1)
    const { id, transactionId } = await charged()
    for (const more of [{ accountId: id }, { transactionId }])
      expect(code(await tell({ context: 'system', ...TEXT, ...more }))).toBe('422 invalid_usage')
  })

  test('that is wrong in any way is refused, and nothing is written', async () => {
    const owner = await charged()
    const other = await charged()
    const elsewhere = (await api.request('POST', '/v1/accounts', stranger, { name: 'x', externalId: 'x' })).body
    const refusals: [object, string][] = [
      [{ transactionId: undefined }, '422 transaction_required'],
      [{ accountId: undefined }, '422 transaction_required'],
      [{ transactionId: 'txn_nonsense' }, '404 transaction_not_found'],
      [{ accountId: elsewhere.account.id }, '404 account_not_found'],
      [{ accountId: other.id }, '409 transaction_account_mismatch'],
      [{ externalId: other.externalId }, '400 account_mismatch'],
      [{ modelId: 'gpt-99' }, '422 unknown_model'],
      [{ modelId: undefined }, '400 invalid_request'],
      [{ context: undefined }, '400 invalid_request'],
      [{ usageType: 'video' }, '400 invalid_request'],
      [{ inputTokens: undefined }, '422 invalid_usage'],
      [{ outputTokens: undefined }, '422 invalid_usage'],
      [{ inputTokens: -1 }, '422 invalid_usage'],
      [{ inputTokens: 1.5 }, '422 invalid_usage'],
      [{ inputTokens: '5' }, '422 invalid_usage'],
      [{ inputTokens: 1e12 + 1 }, '422 invalid_usage'],
      [{ inputTokens: null }, '422 invalid_usage'],
      [{ reasoningTokens: 381 }, '422 invalid_usage'],
      [{ audioDurationSeconds: 1 }, '422 invalid_usage'],
      [{ usageType: 'embedding' }, '422 invalid_usage'],
      [{ usageType: 'audio_stt' }, '422 invalid_usage'],
      [{ usageType: 'audio_stt', audioDurationSeconds: 5 }, '422 invalid_usage'],
      [{ occurredAt: '2020-01-01T00:00:00Z' }, '422 invalid_usage'],
      [{ occurredAt: '2099-01-01T00:00:00Z' }, '422 invalid_usage'],
      [{ occurredAt: 'yesterday' }, '400 invalid_request'],
      [
        {
          modelId: 'dall-e-3',
          usageType: 'image',
          inputTokens: undefined,
          outputTokens: undefined,
          cachedTokens: undefined,
          images: -1,
        },
        '422 invalid_usage',
      ],
    ]
    for (const [more, expected] of refusals)
      expect([more, code(await tell(customer(owner, more)))]).toEqual([more, expected])
    const audio = {
      context: 'customer',
      transactionId: owner.transactionId,
      accountId: owner.id,
      usageType: 'audio_stt',
      modelId: 'whisper-1',
    }
    for (const audioDurationSeconds of [-1, '5', 1.1234567, null, undefined])
      expect(code(await tell({ ...audio, audioDurationSeconds }))).toBe('422 invalid_usage')
    expect(code(await tell({ ...audio, characters: 5 }))).toBe('422 invalid_usage')
    const grant = await post(`/v1/accounts/${owner.id}/credits`, { amount: 1, description: 'no charge' })
    expect(code(await tell(customer(owner, { transactionId: grant.body.transactionId })))).toBe(
      '404 transaction_not_found',
    )
    const denied = await api.request('POST', '/v1/usage', stranger, customer(owner))
    expect(code(denied)).toBe('404 account_not_found')
    expect((await summary(`accountId=${owner.id}`)).totalRecords).toBe(0)
  })

  test('with the confirmation is one step: all of it, or nothing', async () => {
    const { id } = await account(100)
    const reservation = await reserve(id, 50)
    const wrong = await confirm(reservation, { actualAmount: 5, usage: [TEXT, { ...TEXT, modelId: 'gpt-99' }] })
    expect(code(wrong)).toBe('422 unknown_model')
    expect(code(await confirm(reservation, { usage: [TEXT, TEXT] }))).toBe('422 invalid_usage')
    expect(code(await confirm(reservation, { usage: { ...TEXT, inputTokens: -1 } }))).toBe('422 invalid_usage')
    expect(code(await confirm(reservation, { usage: { ...TEXT, context: 'system' } }))).toBe('422 invalid_usage')
    expect(code(await confirm(reservation, { usage: [] }))).toBe('400 invalid_request')
    expect((await get(`/v1/reservations/${reservation}`)).body.reservation.status).toBe('pending')
    expect((await summary(`accountId=${id}`)).totalRecords).toBe(0)

    const usage = [TEXT, { ...TEXT, inputTokens: 5000, cachedTokens: 2000, outputTokens: 1000 }]
    const [done, again] = await Promise.all([confirm(reservation, { usage }), confirm(reservation, { usage })])
    expect(again.text).toBe(done.text)
    const body = expectResult('confirmReservation', done)
    expect(body).toMatchObject({ charged: 0.0268, released: 49.9732, balance: { balance: 99.9732 } })
    expect(body.usageRecords).toMatchObject([
      { estimatedCostUsd: 0.0068, chargeUsd: 0.0068, transactionId: body.transactionId },
      { estimatedCostUsd: 0.02, chargeUsd: 0.02 },
    ])
    expect(code(await confirm(reservation, { usage: TEXT }))).toBe('409 reservation_already_confirmed')
    const later = await tell(customer({ id, transactionId: body.transactionId }))
    expect([later.status, later.body.usageRecord]).toEqual([200, body.usageRecords[0]])
  })

  test('with an amount beside it is recorded without a charge of its own', async () => {
    const { id } = await account(100)
    const { body } = await confirm(await reserve(id, 50), { actualAmount: 3, usage: TEXT })
    expect(body).toMatchObject({ charged: 3, usageRecords: [{ estimatedCostUsd: 0.0068 }] })
    expect(body.usageRecords[0]).not.toHaveProperty('chargeUsd')
  })

  test('is listed by every filter, with the gateway’s own calls', async () => {
    const owner = await charged()
    const old = new Date(api.store.now() - 3 * 86_400_000).toISOString()
    await tell(customer(owner, { occurredAt: old }))
    await tell(customer(owner, { modelId: 'gpt-4o-mini', sequence: 1 }))
    const count = async (query: string) => {
      const { usageRecords, pagination } = expectResult(
        'listUsage',
        await get(`/v1/usage?accountId=${owner.id}&${query}`),
      )
      expect(pagination.totalCount).toBe(usageRecords.length)
      return usageRecords.length
    }
    expect(await count('')).toBe(2)
    expect(await count('modelId=openai/gpt-4o&context=customer')).toBe(1)
    expect(await count('modelId=gpt-99')).toBe(0)
    expect(await count('context=system')).toBe(0)
    expect(await count('usageType=text')).toBe(2)
    expect(await count('usageType=image')).toBe(0)
    expect(await count(`startDate=${old.slice(0, 10)}&endDate=${old.slice(0, 10)}`)).toBe(1)
    expect(await count(`endDate=${old}`)).toBe(0)
    expect(await count(`startDate=${old}`)).toBe(2)
    expect(code(await get('/v1/usage?startDate=soon'))).toBe('400 invalid_request')
    expect(code(await get(`/v1/usage?accountId=${owner.id}`, stranger))).toBe('404 account_not_found')

    const before = await summary('', api.turnpike.key)
    const reply = await api.turnpike.request('/v1/chat/completions', {
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 },
    })
    const generation = (await reply.json()) as { usage: { prompt_tokens: number } }
    const { usageRecords } = expectResult('listUsage', await get('/v1/usage?limit=1', api.turnpike.key))
    expect(usageRecords[0]).toMatchObject({
      context: 'customer',
      externalId: 'demo',
      modelId: 'gpt-4o-mini',
      inputTokens: generation.usage.prompt_tokens,
      chargeUsd: usageRecords[0].estimatedCostUsd,
    })
    expect((await summary('', api.turnpike.key)).totalRecords).toBe(before.totalRecords + 1)
    expect(await summary(`accountId=${owner.id}`)).not.toMatchObject({ totalRecords: 0 })
    expect(code(await get(`/v1/usage?accountId=${owner.id}`, api.turnpike.key))).toBe('404 account_not_found')
  })

  test('of a day is of the whole day, by the clock of the organisation', async () => {
    const day = new Date(api.store.now() - 5 * 86_400_000).toISOString().slice(0, 10)
    const start = Temporal.PlainDate.from(day).toZonedDateTime('Europe/Berlin').startOfDay()
    const end = start.add({ days: 1 }).epochMilliseconds
    for (const [index, instant] of [start.epochMilliseconds - 1, start.epochMilliseconds, end - 1, end].entries()) {
      const occurredAt = new Date(instant).toISOString()
      const told = { context: 'system', ...TEXT, inputTokens: index, occurredAt }
      expect((await api.request('POST', '/v1/usage', stranger, told)).status).toBe(201)
    }
    const { usageRecords } = (await get(`/v1/usage?startDate=${day}&endDate=${day}`, stranger)).body
    expect(usageRecords.map((each: { inputTokens: number }) => each.inputTokens)).toEqual([2, 1])
    expect((await summary(`startDate=${day}&endDate=${day}`, stranger)).totalInputTokens).toBe(3)
  })

  test('comes to the same in the summary, in pages, in CSV and in the ledger', async () => {
    const owner = await charged()
    for (let i = 0; i < 9; i++)
      await tell(
        customer(owner, {
          inputTokens: 1 + 7 * i,
          outputTokens: 3,
          sequence: i,
          ...(i === 0 ? { description: '=1+1, "x"' } : {}),
        }),
      )
    const total = await summary(`accountId=${owner.id}`)
    expect((await get(`/v1/usage?accountId=${owner.id}&summary=true`)).body.summary).toEqual(total)
    const nanos = (text: string) => BigInt(Math.round(Number(text) * 1e9))
    let [sum, next, rows] = [0n, '', 0]
    do {
      const { usageRecords, pagination } = (await get(`/v1/usage?accountId=${owner.id}&limit=4${next}`)).body
      for (const { decimal } of usageRecords) sum += nanos(decimal.estimatedCostUsd)
      rows += usageRecords.length
      next = pagination.nextCursor === null ? '' : `&cursor=${pagination.nextCursor}`
    } while (next !== '')
    expect([sum, rows]).toEqual([nanos(total.decimal.totalCostUsd), 9])
    const csv = await get(`/v1/usage?accountId=${owner.id}&limit=1`, api.operator, { accept: 'text/csv' })
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(csv.text).toContain('"\'=1+1, ""x"""')
    const [head = '', ...lines] = csv.text.trimEnd().split('\r\n')
    const column = head.split(',').indexOf('estimatedCostUsd')
    expect(lines).toHaveLength(9)
    expect(lines.reduce((all, line) => all + nanos(line.split(',')[column] ?? ''), 0n)).toBe(sum)
    const { store } = api.turnpike.server.gateway
    const stored = await store.rows(
      store.sql
        .selectFrom('usage_records as u')
        .innerJoin('accounts as a', 'a.id', 'u.account_id')
        .where('a.external_id', '=', owner.externalId)
        .select('u.cost_nanos'),
    )
    expect(stored.reduce((all, row) => all + (row.cost_nanos ?? 0n), 0n)).toBe(sum)
  })
})

describe('transactions', () => {
  const post1 = (body: object, headers?: Record<string, string>) => post('/v1/transactions', body, headers)

  test('are posted one by one, as credit or as debit', async () => {
    const { id } = await account()
    const credit = await post1({ accountId: id, amount: 10, type: 'credit', description: 'in', metadata: { a: 1 } })
    expect(expectResult('createTransaction', credit).transaction).toMatchObject({
      ...{ accountId: id, type: 'credit', kind: 'grant', amount: 10, balanceAfter: 10, description: 'in' },
      metadata: { a: 1 },
    })
    const send = () =>
      post(
        '/v1/transactions/create',
        { accountId: id, amount: 4, type: 'debit', description: 'out' },
        { 'idempotency-key': `d-${id}` },
      )
    const replies = await Promise.all(Array.from({ length: 50 }, send))
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(replies[0]?.body.transaction).toMatchObject({ type: 'debit', kind: 'debit', amount: 4, balanceAfter: 6 })
    expect(code(await post1({ accountId: id, amount: 7, type: 'debit', description: 'too much' }))).toBe(
      '402 insufficient_credits',
    )
    expect(code(await post1({ accountId: id, amount: 0, type: 'debit', description: 'x' }))).toBe('422 invalid_amount')
    expect(code(await post1({ accountId: id, amount: 1, type: 'x', description: 'x' }))).toBe('400 invalid_request')
    expect(await balance({ id })).toEqual([6, 0, 6])
  })

  test('show the reservation and the usage behind them', async () => {
    const owner = await charged(5)
    const url = `/v1/transactions/${owner.transactionId}`
    expect((await get(`${url}?include=reservation,usage`)).body.transaction).toMatchObject({
      reservation: { status: 'confirmed', amount: 50 },
      usageRecords: [],
    })
    await tell(customer(owner))
    const { body } = await get(`/v1/transactions?accountId=${owner.id}&include=usage`)
    expectResult('listTransactions', await get(`/v1/transactions?accountId=${owner.id}&include=usage,reservation`))
    expect(body.items.map(({ usageRecords }: { usageRecords: unknown[] }) => usageRecords.length)).toEqual([1, 0])
    expect(body.items[0]).not.toHaveProperty('reservation')
    expect((await get(url)).body.transaction).not.toHaveProperty('usageRecords')
    expect(code(await get(`${url}?include=all`))).toBe('400 invalid_request')
  })

  test('show their entries: which grants paid how much, and what stands against it', async () => {
    const { id } = await account()
    const first = (await post(`/v1/accounts/${id}/credits`, { amount: 20, description: 'a', priority: 1 })).body.grantId
    const second = (await post(`/v1/accounts/${id}/credits`, { amount: 50, description: 'b', priority: 2 })).body
      .grantId
    const { transactionId } = (await post(`/v1/accounts/${id}/debits`, { amount: '60.5', description: 'c' })).body
    const { body } = await get(`/v1/transactions/${transactionId}?include=entries`)
    expectResult('getTransaction', { status: 200, body } as Reply)
    expect(body.transaction.entries).toEqual([
      { account: id, grantId: first, amount: -20, decimal: { amount: '-20' } },
      { account: id, grantId: second, amount: -40.5, decimal: { amount: '-40.5' } },
      { account: 'revenue', grantId: null, amount: 60.5, decimal: { amount: '60.5' } },
    ])
    const { items } = (await get(`/v1/transactions?accountId=${id}&include=entries,usage`)).body
    for (const { entries } of items)
      expect(entries.reduce((sum: number, { amount }: { amount: number }) => sum + amount, 0)).toBe(0)
  })

  test('of a call show the record that the gateway wrote', async () => {
    await api.turnpike.request('/v1/chat/completions', {
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 },
    })
    const { items } = (await get('/v1/transactions?externalId=demo&limit=1&include=usage,reservation')).body
    expect(items[0]).toMatchObject({
      kind: 'usage',
      reservation: null,
      usageRecords: [{ chargeUsd: items[0].amountUsd }],
    })
    const { generationId } = items[0].usageRecords[0]
    const generation = await api.turnpike.request(`/api/v1/generation?id=${generationId}`)
    expect(await generation.json()).toMatchObject({ data: { id: generationId } })
    const missing = (await get('/v1/transactions?externalId=demo&usage=missing')).body
    expect(missing.items).toEqual([])
  })

  test('without their usage are listed as missing it, until it is told', async () => {
    const owner = await charged(5)
    const free = await confirm(await reserve(owner.id, 1), { actualAmount: 0 })
    expect(free.status).toBe(200)
    const missing = async () =>
      (await get(`/v1/transactions?accountId=${owner.id}&usage=missing`)).body.items.map(
        (each: { id: string }) => each.id,
      )
    expect(await missing()).toEqual([owner.transactionId])
    await tell(customer(owner))
    expect(await missing()).toEqual([])
    expect(code(await get('/v1/transactions?usage=there'))).toBe('400 invalid_request')
  })

  test('are held against the cost of their usage, in pages and in rows', async () => {
    const owner = await account(100)
    const confirmed = async (body: object) =>
      (await confirm(await reserve(owner.id, 10), body)).body.transactionId as string
    // One usage costs 0.0068 USD; a charge may be one percent below.
    const expected = [
      [await confirmed({ actualAmount: 0 }), 'matched', 0, null],
      [await confirmed({ actualAmount: 5 }), 'missing', 5, null],
      [await confirmed({ actualAmount: '0.006732', usage: TEXT }), 'matched', 0.006732, -0.000068],
      [await confirmed({ actualAmount: '0.006731999', usage: TEXT }), 'below_cost', 0.006731999, -0.000068001],
      [await confirmed({ usage: [TEXT, { ...TEXT, sequence: 1 }] }), 'matched', 0.0136, 0],
    ].reverse()
    const { items } = (await get(`/v1/transactions?accountId=${owner.id}&include=usage`)).body
    type Item = { id: string; reconciliation?: { verdict: string; chargedUsd: number; differenceUsd: number | null } }
    const shown = (items as Item[]).map(({ id, reconciliation: found }) =>
      found ? [id, found.verdict, found.chargedUsd, found.differenceUsd] : [id],
    )
    expect(shown).toEqual([...expected, [items.at(-1).id]])
    expect(items[1].reconciliation).toEqual({
      ...{ verdict: 'below_cost', records: 1, chargedUsd: 0.006731999, writtenOffUsd: 0, costUsd: 0.0068 },
      differenceUsd: -0.000068001,
      decimal: { chargedUsd: '0.006731999', writtenOffUsd: '0', costUsd: '0.0068', differenceUsd: '-0.000068001' },
    })
    const csv = async (query: string) =>
      (await get(`/v1/transactions?accountId=${owner.id}&limit=2${query}`, api.operator, { accept: 'text/csv' })).text
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','))
    const [head = [], ...lines] = await csv('&include=usage')
    const column = (name: string) => lines.map((line) => line[head.indexOf(name)])
    expect(column('id')).toEqual(items.map(({ id }: Item) => id))
    expect(column('verdict')).toEqual([...expected.map(([, verdict]) => verdict), ''])
    expect(column('differenceUsd')).toEqual(['0', '-0.000068001', '-0.000068', '', '', ''])
    expect((await csv(''))[0]).not.toContain('verdict')
  })

  test('of what the gateway charged come to the charge of its record, to the nano', async () => {
    const { items } = (await get('/v1/transactions?externalId=demo&type=debit&include=usage')).body
    expect(items.length).toBeGreaterThan(0)
    for (const { reconciliation } of items) expect(reconciliation).toMatchObject({ verdict: 'matched', records: 1 })
  })

  test('are refunded up to what they took, to where it came from', async () => {
    const owner = await account(100)
    const { transactionId } = (await post(`/v1/accounts/${owner.id}/debits`, { amount: 100, description: 'all of it' }))
      .body
    const refund = (body: object) => post(`/v1/transactions/${transactionId}/refund`, body)
    const first = expectResult('refundTransaction', await refund({ amount: 70, reason: 'sorry' })).transaction
    expect(first).toMatchObject({ type: 'credit', kind: 'refund', amount: 70, balanceAfter: 70, description: 'sorry' })
    const second = await refund({ amount: 40, reason: 'more' })
    expect(code(second)).toBe('409 refund_exceeds_transaction')
    expect(second.body.error.details).toEqual({ refundable: 30 })
    expect((await refund({ reason: 'the rest' })).body.transaction.amount).toBe(30)
    expect(code(await refund({ reason: 'again' }))).toBe('409 refund_exceeds_transaction')
    expect(code(await refund({ amount: 1 }))).toBe('400 invalid_request')
    expect(code(await refund({ amount: -1, reason: 'x' }))).toBe('422 invalid_amount')
    const { grants } = (await get(`/v1/grants?accountId=${owner.id}`)).body
    expect(grants).toMatchObject([{ amount: 100, remaining: 100, status: 'active' }])
    const foreign = await api.request('POST', `/v1/transactions/${transactionId}/refund`, stranger, { reason: 'x' })
    expect(code(foreign)).toBe('404 transaction_not_found')
  })
})

describe('grants', () => {
  const grant = async (id: string, amount: number, more: object = {}): Promise<string> =>
    (await post(`/v1/accounts/${id}/credits`, { amount, description: 'grant', ...more })).body.grantId
  const inDays = (days: number) => new Date(api.store.now() + days * 86_400_000).toISOString()

  test('are used up by priority, then by their end, then promotional ones first', async () => {
    const { id, externalId } = await account()
    const later = { expiresAt: inDays(60) }
    const a = await grant(id, 50, { priority: 1, ...later })
    const b = await grant(id, 20, { priority: 1, category: 'promotional', ...later })
    const c = await grant(id, 100, { priority: 2, expiresAt: inDays(30) })
    await post(`/v1/accounts/${id}/debits`, { amount: 60, description: 'burn' })
    const list = expectResult('listGrants', await get(`/v1/grants?externalId=${externalId}`))
    expect(
      list.grants.map((each: { id: string; remaining: number; status: string }) => [
        each.id,
        each.remaining,
        each.status,
      ]),
    ).toEqual([
      [c, 100, 'active'],
      [b, 0, 'spent'],
      [a, 10, 'active'],
    ])
  })

  test('are voided as far as they are neither spent nor reserved', async () => {
    const { id } = await account()
    const granted = await grant(id, 10)
    const reservation = await reserve(id, 4)
    const url = `/v1/grants/${granted}/void`
    const voided = await post(url, {}, { 'idempotency-key': 'void' })
    expect(expectResult('voidGrant', voided)).toMatchObject({ grantId: granted, voided: 6, balance: 4 })
    expect((await post(url, {}, { 'idempotency-key': 'void' })).text).toBe(voided.text)
    expect(code(await post(url, {}))).toBe('409 grant_spent')
    expect((await confirm(reservation, { actualAmount: 4 })).body.balance.balance).toBe(0)
    expect((await get(`/v1/grants?accountId=${id}`)).body.grants).toMatchObject([{ remaining: 0, status: 'void' }])
    expect(code(await post('/v1/grants/grant_nonsense/void', {}))).toBe('404 grant_not_found')
    expect(code(await api.request('POST', url, stranger, {}))).toBe('404 grant_not_found')
  })

  test('that are over count no more, but for what is reserved of them', async () => {
    const { id } = await account()
    await grant(id, 10, { expiresAt: new Date(api.store.now() + 60_000).toISOString() })
    await reserve(id, 4, { ttlSeconds: 600 })
    api.forward(61_000)
    expect((await get(`/v1/grants?accountId=${id}`)).body.grants).toMatchObject([
      { amount: 10, remaining: 4, reserved: 4, status: 'expired' },
    ])
    expect(await balance({ id })).toEqual([4, 4, 0])
  })
})

describe('grants of an account that owes', () => {
  test('repay it before they expire, whether or not that was booked yet', async () => {
    const { id } = await account()
    await api.request('PATCH', `/v1/accounts/${id}`, api.operator, { overdraft: 5 })
    const expiresAt = new Date(api.store.now() + 60_000).toISOString()
    await post(`/v1/accounts/${id}/credits`, { amount: 10, description: 'grant', expiresAt })
    const [held, owed] = [await reserve(id, 10), await reserve(id, 5)]
    await confirm(owed, { actualAmount: 5 })
    await post(`/v1/reservations/${held}/cancel`, {})
    expect(await balance({ id })).toEqual([5, 0, 10])
    api.forward(61_000)
    expect(await balance({ id })).toEqual([0, 0, 5])
    await reserve(id, 1)
    expect(await balance({ id })).toEqual([0, 1, 4])
  })
})

describe('accounts', () => {
  test('are changed in what is named alone', async () => {
    const { id } = await account(10)
    const before = (await get(`/v1/accounts/${id}`)).body
    const changed = await patch(id, {
      name: 'B',
      email: 'b@example.com',
      metadata: { tier: 'gold' },
      overdraft: 5,
      overage: 'cap',
      reserveMode: 'estimate',
    })
    expect(expectResult('updateAccount', changed)).toMatchObject({
      ...{ name: 'B', email: 'b@example.com', metadata: { tier: 'gold' }, overdraft: 5, overage: 'cap' },
      ...{ reserveMode: 'estimate', status: 'open', balance: 10, externalId: before.externalId },
    })
    expect(await balance({ id })).toEqual([10, 0, 15])
    expect((await confirm(await reserve(id, 15), { actualAmount: 20 })).body).toMatchObject({
      ...{ charged: 15, writtenOff: 5, balance: { balance: -5 } },
    })
    expect((await patch(id, { email: null })).body).toMatchObject({ email: null, name: 'B' })
    for (const body of [{ name: '' }, { email: 'nobody' }, { status: 'gone' }, { overage: 'x' }, { metadata: 5 }])
      expect(code(await patch(id, body))).toBe('400 invalid_request')
    expect(code(await patch(id, { overdraft: -1 }))).toBe('422 invalid_amount')
    expect(code(await patch(id, { name: 'x' }, stranger))).toBe('404 account_not_found')
    expect(code(await patch(id, { name: 'x' }, api.turnpike.key))).toBe('403 forbidden')
  })

  test('that are frozen refuse what is new and let what is pending end', async () => {
    const { id } = await account(10)
    const reservation = await reserve(id, 5)
    await patch(id, { status: 'frozen' })
    expect(code(await post('/v1/reservations', { accountId: id, amount: 1 }))).toBe('403 account_frozen')
    expect((await confirm(reservation, { actualAmount: 2 })).status).toBe(200)
    await patch(id, { status: 'open' })
    await reserve(id, 5)
  })

  test('that are closed keep their history and their name, and lose their keys', async () => {
    const { id, externalId } = await account(10)
    const { body } = await post('/api/v1/keys', { name: 'theirs', external_user: externalId })
    expect((await get('/v1/accounts', body.key)).body.accounts).toHaveLength(1)
    expect((await patch(id, { status: 'closed' })).body.status).toBe('closed')
    expect(code(await get('/v1/accounts', body.key))).toBe('401 invalid_api_key')
    expect(code(await post('/v1/reservations', { accountId: id, amount: 1 }))).toBe('409 account_closed')
    expect(code(await post('/v1/accounts', { name: 'x', externalId }))).toBe('409 external_id_taken')
    expect((await get(`/v1/transactions?accountId=${id}`)).body.items).toHaveLength(1)
  })

  test('that are closed keep what is left, let what is pending end, and can be opened again', async () => {
    const { id } = await account(100)
    const { transactionId } = (await post(`/v1/accounts/${id}/debits`, { amount: 20, description: 'out' })).body
    const [taken, given] = [await reserve(id, 30), await reserve(id, 10)]
    await patch(id, { status: 'closed' })
    expect(await balance({ id })).toEqual([80, 40, 40])
    expect(code(await post(`/v1/accounts/${id}/credits`, { amount: 1, description: 'x' }))).toBe('409 account_closed')
    expect(code(await post(`/v1/accounts/${id}/debits`, { amount: 1, description: 'x' }))).toBe('409 account_closed')
    expect((await confirm(taken, { actualAmount: 25 })).body.charged).toBe(25)
    expect((await post(`/v1/reservations/${given}/cancel`, {})).body.released).toBe(10)
    // Whoever is paid back is paid back, wherever the account stands.
    expect((await post(`/v1/transactions/${transactionId}/refund`, { reason: 'sorry' })).body.transaction.amount).toBe(
      20,
    )
    expect(await balance({ id })).toEqual([75, 0, 75])
    expect((await patch(id, { status: 'open' })).body).toMatchObject({ status: 'open', balance: 75 })
    await reserve(id, 75)
  })

  test('that are closed may lose what is left: at once, or as soon as it is released', async () => {
    const { id } = await account(100)
    const { transactionId } = (await post(`/v1/accounts/${id}/debits`, { amount: 100, description: 'out' })).body
    await post(`/v1/accounts/${id}/credits`, { amount: 50, description: 'more' })
    const reservation = await reserve(id, 30)
    expect(code(await patch(id, { expire: true }))).toBe('400 invalid_request')
    expect(code(await patch(id, { status: 'frozen', expire: true }))).toBe('400 invalid_request')
    expect((await patch(id, { status: 'closed', expire: true })).body.balance).toBe(30)
    expect((await confirm(reservation, { actualAmount: 12 })).body.balance).toMatchObject({ balance: 0, available: 0 })
    const kinds = (await get(`/v1/transactions?accountId=${id}`)).body.items.map(
      (each: { kind: string; amount: number }) => [each.kind, each.amount],
    )
    expect(kinds.slice(0, 3)).toEqual([
      ['expiry', 18],
      ['usage', 12],
      ['expiry', 20],
    ])
    await post(`/v1/transactions/${transactionId}/refund`, { amount: 5, reason: 'sorry' })
    expect((await patch(id, { status: 'open' })).body.balance).toBe(5)
  })
})

describe('plans', () => {
  const plan = async (more: object = {}): Promise<string> =>
    expectResult('createPlan', await post('/v1/plans', { name: 'Monthly', amount: 10, interval: '1d', ...more })).plan
      .id
  const assign = (id: string, planId: string, more: object = {}) => post(`/v1/accounts/${id}/plan`, { planId, ...more })
  /** The store that goes by the clock that the test moves. */
  const tick = () => grantPlans(api.store, api.store.now())

  test('grant each occurrence once, however often the job runs', async () => {
    const { id } = await account()
    const planId = await plan({ occurrences: 3 })
    expectResult('assignPlan', await assign(id, planId))
    expect(await balance({ id })).toEqual([10, 0, 10])
    await assign(id, planId)
    await Promise.all([tick(), tick()])
    expect(await balance({ id })).toEqual([10, 0, 10])
    api.forward(86_400_000)
    await Promise.all([tick(), tick(), tick()])
    // What was left of the first day ended with it.
    expect(await balance({ id })).toEqual([10, 0, 10])
    const kinds = (await get(`/v1/grants?accountId=${id}`)).body.grants
    expect(kinds).toMatchObject([
      { category: 'plan', status: 'active' },
      { category: 'plan', status: 'expired' },
    ])
    api.forward(5 * 86_400_000)
    await tick()
    expect((await get(`/v1/grants?accountId=${id}`)).body.grants).toHaveLength(2)
  })

  test('accumulate where they say so, and catch up', async () => {
    const { id } = await account()
    const planId = await plan({ accumulate: true, occurrences: 3 })
    await assign(id, planId)
    api.forward(10 * 86_400_000)
    await tick()
    expect(await balance({ id })).toEqual([30, 0, 30])
  })

  test('wait for no job: what is due counts for the balance, for a list and for a reservation', async () => {
    const { id } = await account()
    await assign(id, await plan({ accumulate: true }))
    api.forward(86_400_000)
    expect((await post('/v1/reservations', { accountId: id, amount: 15 })).status).toBe(201)
    api.forward(86_400_000)
    // The reservation ended meanwhile by its time to live.
    expect(await balance({ id })).toEqual([30, 0, 30])
    api.forward(86_400_000)
    const { accounts } = (await get('/v1/accounts')).body
    expect(accounts).toContainEqual(expect.objectContaining({ id, balance: 40 }))
  })

  test('start with the next interval, and end with the assignment of another', async () => {
    const { id } = await account()
    const first = await plan({ accumulate: true, interval: 'month' })
    const { startsAt } = expectResult(
      'assignPlan',
      await post('/v1/accounts/plans/assign', { accountId: id, planId: first, startMode: 'next_interval' }),
    )
    expect(startsAt).toMatch(/-01T00:00:00\.000Z$/)
    expect(await balance({ id })).toEqual([0, 0, 0])
    await assign(id, await plan({ amount: 1, accumulate: true, interval: 'month' }))
    api.forward(40 * 86_400_000)
    await tick()
    expect(await balance({ id })).toEqual([2, 0, 2])
  })

  test('are made, assigned and archived once under a key, whatever came between', async () => {
    const { id } = await account()
    const key = (name: string) => ({ 'idempotency-key': `${name}-${id}` })
    const same = (replies: Reply[]) => new Set(replies.map(({ status, text }) => `${status} ${text}`)).size
    const body = { name: 'Once', amount: 10, interval: '1d' }
    const made = await Promise.all(Array.from({ length: 20 }, () => post('/v1/plans', body, key('make'))))
    expect(same(made)).toBe(1)
    expect(made.filter(({ headers }) => headers['idempotent-replay'] === 'true')).toHaveLength(19)
    expect(code(await post('/v1/plans', { ...body, amount: 11 }, key('make')))).toBe('409 idempotency_key_mismatch')
    const planId = made[0]?.body.plan.id
    const other = await plan({ amount: 1 })
    const send = () => post(`/v1/accounts/${id}/plan`, { planId }, key('assign'))
    expect(same(await Promise.all(Array.from({ length: 20 }, send)))).toBe(1)
    await assign(id, other)
    // The lost answer to the first assignment is asked for again: the plan that was assigned since stays.
    expect((await send()).headers['idempotent-replay']).toBe('true')
    expect(await balance({ id })).toEqual([11, 0, 11])
    expect(code(await post('/v1/accounts/plans/assign', { accountId: id, planId: other }, key('assign')))).toBe(
      '409 idempotency_key_mismatch',
    )
    const archive = (which: string) => post(`/v1/plans/${which}/archive`, {}, key('archive'))
    expect(same([await archive(planId), await archive(planId)])).toBe(1)
    expect(code(await archive(other))).toBe('409 idempotency_key_mismatch')
    expect(code(await post('/v1/plans', { ...body, amount: 0 }, key('wrong')))).toBe('422 invalid_amount')
    expect((await post('/v1/plans', body, key('wrong'))).status).toBe(201)
  })

  test('are archived, never deleted, and nobody else’s', async () => {
    const { id } = await account()
    const planId = await plan()
    expect((await post(`/v1/plans/${planId}/archive`, {})).body.plan.isActive).toBe(false)
    expect(code(await assign(id, planId))).toBe('404 plan_not_found')
    expect(code(await assign(id, 'plan_nonsense'))).toBe('404 plan_not_found')
    const { plans } = expectResult('listPlans', await get('/v1/plans?limit=1'))
    expect(plans).toMatchObject([{ id: planId, isActive: false, credits: 10 }])
    expect((await get('/v1/plans', stranger)).body.plans).toEqual([])
    for (const more of [{ interval: 'year' }, { interval: '0d' }, { occurrences: 0 }, { name: '' }])
      expect(code(await post('/v1/plans', { name: 'x', amount: 1, interval: '1d', ...more }))).toBe(
        '400 invalid_request',
      )
    expect(code(await post('/v1/plans', { name: 'x', amount: 0, interval: '1d' }))).toBe('422 invalid_amount')
  })
})
