/**
 * What every store promises: one suite, run on each database. Commands of the ledger against a real one, alone and
 * at once; what is refused leaves nothing, what fails fails alone, what was read was written.
 */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Backend, ORGANISATION, START } from './backends.ts'
import { type Commands, commandsAt, GRACE, refusalOf, resultOf, TTL, usd } from './commands.ts'

export type Door = {
  open(): Promise<Backend>
  /** Tests that this database can't pass, each with its reason, which is printed. */
  without: readonly { test: string; because: string }[]
}

export function storeContract({ open, without }: Door): void {
  let backend: Backend
  let make: Commands
  beforeAll(async () => {
    backend = await open()
    make = commandsAt(() => backend.clock.now(), backend.store.ids)
  })
  afterAll(() => backend?.close())
  const skipped = new Map(without.map((skip) => [skip.test, skip.because]))
  const promise: Promised = (name, check) => {
    const because = skipped.get(name)
    skipped.delete(name)
    if (because === undefined) test(name, () => check({ ...backend, make, ...shorthand(backend, make) }))
    else test.skip(`${name} (${because})`, () => {})
  }

  for (const group of [reservations, endings, credits, usage, generations, idempotency, concurrency, faults, reading])
    group(promise)

  test('every balance, counter and sum of this suite is proved by its entries', async () => {
    expect(await verifyLedger(backend.store)).toEqual([])
  })
  if (skipped.size > 0) throw new Error(`no such test: ${[...skipped.keys()].join(', ')}`)
}

type Hands = Backend & { make: Commands } & ReturnType<typeof shorthand>
type Promised = (name: string, check: (hands: Hands) => Promise<void>) => void

function shorthand({ store, account }: Backend, make: Commands) {
  const post = store.post
  return {
    post,
    /** An account with that much paid credit. */
    async funded(amount: bigint, more: Parameters<Backend['account']>[0] = {}) {
      const id = await account(more)
      await post(make.grant(id, amount))
      return id
    },
    async balance(accountId: bigint) {
      const [row] = await store.rows(
        store.sql.selectFrom('accounts').select(['posted_nanos', 'reserved_nanos']).where('id', '=', accountId),
      )
      return { posted: row?.posted_nanos, reserved: row?.reserved_nanos }
    },
    transactions: (accountId: bigint) =>
      store.rows(store.sql.selectFrom('transactions').selectAll().where('account_id', '=', accountId).orderBy('id')),
    grantsOf: (accountId: bigint) =>
      store.rows(store.sql.selectFrom('grants').selectAll().where('account_id', '=', accountId).orderBy('id')),
    counters: (budgetId: bigint) =>
      store.rows(
        store.sql.selectFrom('budget_counters').selectAll().where('budget_id', '=', budgetId).orderBy('window_start'),
      ),
    usageRecords: (id: bigint) => store.rows(store.sql.selectFrom('usage_records').selectAll().where('id', '=', id)),
  }
}

function reservations(promise: Promised): void {
  promise('a reservation sets credit aside and leaves it posted', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(1000))
    const reserved = resultOf(await post(make.reserve(account, usd(150))), 'reserved')
    expect(reserved.balance).toEqual({ posted: usd(1000), reserved: usd(150), available: usd(850) })
    expect(reserved.expiresAt).toBe(reserved.admittedAt + TTL)
    expect(await balance(account)).toEqual({ posted: usd(1000), reserved: usd(150) })
  })

  promise(
    'a reservation above what is available is refused with the shortfall',
    async ({ funded, post, make, balance }) => {
      const account = await funded(usd(10))
      const outcome = await post(make.reserve(account, usd(11)))
      expect(outcome).toMatchObject({
        refusal: { code: 'insufficient_credits', details: { needed: usd(11), available: usd(10), shortfall: usd(1) } },
      })
      expect(await balance(account)).toEqual({ posted: usd(10), reserved: 0n })
    },
  )

  promise('an overdraft widens what may be reserved and no more', async ({ funded, post, make }) => {
    const account = await funded(usd(10), { overdraft: usd(5) })
    expect(refusalOf(await post(make.reserve(account, usd(15) + 1n)))).toBe('insufficient_credits')
    expect(refusalOf(await post(make.reserve(account, usd(15))))).toBe('done')
  })

  promise('an extension moves the end, at most to a day after the beginning', async ({ funded, post, make, clock }) => {
    const reservation = make.reserve(await funded(usd(1)), usd(1))
    const { admittedAt } = resultOf(await post(reservation), 'reserved')
    clock.forward(TTL - 1)
    expect(resultOf(await post(make.extend(reservation)), 'changed').expiresAt).toBe(admittedAt + 2 * TTL - 1)
    expect(resultOf(await post(make.extend(reservation, { ttlMs: 86_400_000 })), 'changed').expiresAt).toBe(
      admittedAt + 86_400_000,
    )
    clock.forward(86_400_000)
    expect(refusalOf(await post(make.extend(reservation)))).toBe('reservation_expired')
  })

  promise('at its instant of death a reservation is free, though no job ran', async ({ funded, post, make, clock }) => {
    const account = await funded(usd(100))
    const dead = make.reserve(account, usd(100))
    await post(dead)
    clock.forward(TTL + GRACE - 1)
    expect(refusalOf(await post(make.reserve(account, usd(1))))).toBe('insufficient_credits')
    clock.forward(1)
    expect(refusalOf(await post(make.reserve(account, usd(100))))).toBe('done')
    expect(refusalOf(await post(make.confirm(dead, usd(1))))).toBe('reservation_expired')
    expect(refusalOf(await post(make.cancel(dead)))).toBe('reservation_expired')
    expect(refusalOf(await post(make.extend(dead)))).toBe('reservation_expired')
  })

  promise('a frozen or closed account refuses new reservations and ends old ones', async ({ funded, post, make }) => {
    const account = await funded(usd(10))
    const old = make.reserve(account, usd(1))
    await post(old)
    await post(make.status(account, 'frozen'))
    expect(refusalOf(await post(make.reserve(account, 1n)))).toBe('account_frozen')
    expect(refusalOf(await post(make.debit(account, 1n)))).toBe('account_frozen')
    expect(refusalOf(await post(make.grant(account, 1n)))).toBe('done')
    await post(make.status(account, 'closed'))
    expect(refusalOf(await post(make.admit(account, 1n)))).toBe('account_closed')
    expect(refusalOf(await post(make.grant(account, 1n)))).toBe('account_closed')
    expect(refusalOf(await post(make.confirm(old, usd(1))))).toBe('done')
    await post(make.status(account, 'open'))
    expect(refusalOf(await post(make.reserve(account, 1n)))).toBe('done')
  })
}

function endings(promise: Promised): void {
  promise('a confirm below the reservation gives the rest back', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(100))
    const reservation = make.reserve(account, usd(50))
    await post(reservation)
    const ended = resultOf(await post(make.confirm(reservation, usd(30))), 'ended')
    expect(ended).toMatchObject({
      reserved: usd(50),
      charged: usd(30),
      released: usd(20),
      overage: 0n,
      writtenOff: 0n,
      late: false,
    })
    expect(await balance(account)).toEqual({ posted: usd(70), reserved: 0n })
  })

  promise('a confirm above takes what is available first: 120 on 100 of 150', async ({ funded, post, make }) => {
    const reservation = make.reserve(await funded(usd(150)), usd(100))
    await post(reservation)
    const ended = resultOf(await post(make.confirm(reservation, usd(120))), 'ended')
    expect(ended).toMatchObject({
      charged: usd(120),
      overage: usd(20),
      released: 0n,
      balance: { posted: usd(30), reserved: 0n },
    })
  })

  const overages = [
    { overage: 'charge', charged: usd(120), writtenOff: 0n, posted: usd(-20) },
    { overage: 'cap', charged: usd(100), writtenOff: usd(20), posted: 0n },
  ] as const
  for (const { overage, charged, writtenOff, posted } of overages)
    promise(
      `a confirm of 120 on all of 100 comes to ${posted} by the policy \`${overage}\``,
      async ({ funded, post, make, balance }) => {
        const account = await funded(usd(100), { overage })
        const reservation = make.reserve(account, usd(100))
        await post(reservation)
        expect(resultOf(await post(make.confirm(reservation, usd(120))), 'ended')).toMatchObject({
          charged,
          writtenOff,
          overage: usd(20),
        })
        expect(await balance(account)).toEqual({ posted, reserved: 0n })
        expect(refusalOf(await post(make.reserve(account, 1n)))).toBe('insufficient_credits')
      },
    )

  promise(
    'a confirm above is refused by the policy `reject`, and the reservation stays pending',
    async ({ funded, post, make, balance }) => {
      const account = await funded(usd(100), { overage: 'reject' })
      const reservation = make.reserve(account, usd(100))
      await post(reservation)
      expect(refusalOf(await post(make.confirm(reservation, usd(120))))).toBe('amount_exceeds_reservation')
      expect(await balance(account)).toEqual({ posted: usd(100), reserved: usd(100) })
      expect(refusalOf(await post(make.confirm(reservation, usd(100))))).toBe('done')
    },
  )

  promise(
    'a confirm of 0 is a transaction without entries and releases everything',
    async ({ funded, post, make, balance, transactions }) => {
      const account = await funded(usd(10))
      const reservation = make.reserve(account, usd(10))
      await post(reservation)
      expect(resultOf(await post(make.confirm(reservation, 0n)), 'ended')).toMatchObject({
        charged: 0n,
        released: usd(10),
      })
      expect(await balance(account)).toEqual({ posted: usd(10), reserved: 0n })
      expect((await transactions(account)).at(-1)).toMatchObject({
        type: 'usage',
        amount_nanos: 0n,
        entries: '[]',
        reservation_id: reservation.id,
      })
    },
  )

  promise('a confirm in grace goes through and says that it is late', async ({ funded, post, make, clock }) => {
    const reservation = make.reserve(await funded(usd(10)), usd(10))
    await post(reservation)
    clock.forward(TTL)
    expect(resultOf(await post(make.confirm(reservation, usd(1))), 'ended').late).toBe(true)
  })

  promise(
    'a confirm after death charges directly, once, where the caller asked for it',
    async ({ funded, post, make, clock, balance }) => {
      const account = await funded(usd(10))
      const reservation = make.reserve(account, usd(10))
      await post(reservation)
      clock.forward(TTL + GRACE)
      const late = resultOf(await post(make.confirm(reservation, usd(4), { ifExpired: 'charge' })), 'ended')
      expect(late).toMatchObject({ late: true, charged: usd(4), overage: usd(4) })
      expect(await post(make.confirm(reservation, usd(4), { ifExpired: 'charge' }))).toMatchObject({
        replay: true,
        result: late,
      })
      expect(refusalOf(await post(make.confirm(reservation, usd(5), { ifExpired: 'charge' })))).toBe(
        'reservation_already_confirmed',
      )
      expect(await balance(account)).toEqual({ posted: usd(6), reserved: 0n })
    },
  )

  promise('a second end gets the first answer, or is told what it meets', async ({ funded, post, make }) => {
    const account = await funded(usd(100))
    const [confirmed, cancelled] = [make.reserve(account, usd(10)), make.reserve(account, usd(10))]
    await Promise.all([post(confirmed), post(cancelled)])
    const first = resultOf(await post(make.confirm(confirmed, usd(5))), 'ended')
    expect(await post(make.confirm(confirmed, usd(5)))).toEqual({ ok: true, result: first, replay: true })
    expect(await post(make.confirm(confirmed, usd(6)))).toMatchObject({
      refusal: { code: 'reservation_already_confirmed', details: { transactionId: first.transaction?.code } },
    })
    expect(refusalOf(await post(make.cancel(confirmed)))).toBe('reservation_already_confirmed')
    const gone = resultOf(await post(make.cancel(cancelled)), 'ended')
    expect(gone).toMatchObject({ status: 'cancelled', released: usd(10) })
    expect(await post(make.cancel(cancelled))).toEqual({ ok: true, result: gone, replay: true })
    expect(refusalOf(await post(make.confirm(cancelled, usd(5))))).toBe('reservation_cancelled')
  })

  promise(
    "an unknown reservation and another organisation's are refused alike",
    async ({ funded, post, make, store }) => {
      const reservation = make.reserve(await funded(usd(1)), usd(1))
      await post(reservation)
      const stranger = { organisationId: 99n }
      const answers = [
        await post(make.confirm(store.ids.next(), 1n)),
        await post(make.confirm(reservation, 1n, stranger)),
        await post(make.cancel(reservation, stranger)),
        await post(make.extend(reservation, stranger)),
      ]
      for (const answer of answers)
        expect(answer).toEqual({ ok: false, refusal: { code: 'reservation_not_found', details: {} } })
    },
  )
}

function credits(promise: Promised): void {
  promise(
    'a debit burns the grant that expires first among equals, and the entries show it',
    async ({ account, post, make, grantsOf, transactions }) => {
      const owner = await account()
      const [august, september] = [Date.UTC(2026, 7, 31), Date.UTC(2026, 8, 30)]
      await post(make.grant(owner, usd(50), { priority: 1, expiresAt: september, category: 'paid' }))
      await post(make.grant(owner, usd(20), { priority: 1, expiresAt: september, category: 'promotional' }))
      await post(make.grant(owner, usd(100), { priority: 2, expiresAt: august }))
      await post(make.debit(owner, usd(60)))
      const grants = await grantsOf(owner)
      expect(grants.map(({ remaining_nanos }) => remaining_nanos)).toEqual([usd(10), 0n, usd(100)])
      const [a, b] = grants
      const entries = JSON.parse((await transactions(owner)).at(-1)?.entries ?? '[]')
      expect(entries).toEqual([
        [String(owner), String(b?.id), String(-usd(20))],
        [String(owner), String(a?.id), String(-usd(40))],
        ['revenue', null, String(usd(60))],
      ])
    },
  )

  promise('a debit never takes what is reserved', async ({ funded, post, make }) => {
    const account = await funded(usd(10))
    await post(make.reserve(account, usd(6)))
    expect(refusalOf(await post(make.debit(account, usd(4) + 1n)))).toBe('insufficient_credits')
    expect(refusalOf(await post(make.debit(account, usd(4))))).toBe('done')
  })

  promise(
    'refunds of 70 and 40 of a charge of 100: the second is told that 30 are left',
    async ({ account, post, make, grantsOf, balance }) => {
      const owner = await account()
      await post(make.grant(owner, usd(60), { priority: 1 }))
      await post(make.grant(owner, usd(60)))
      const charge = resultOf(await post(make.debit(owner, usd(100))), 'posted').transaction.id
      expect(refusalOf(await post(make.refund(charge, usd(70))))).toBe('done')
      expect((await grantsOf(owner)).map(({ remaining_nanos }) => remaining_nanos)).toEqual([usd(30), usd(60)])
      expect(await post(make.refund(charge, usd(40)))).toMatchObject({
        refusal: { code: 'refund_exceeds_transaction', details: { refundable: usd(30) } },
      })
      await post(make.refund(charge))
      expect((await grantsOf(owner)).map(({ remaining_nanos }) => remaining_nanos)).toEqual([usd(60), usd(60)])
      expect(await balance(owner)).toEqual({ posted: usd(120), reserved: 0n })
      expect(refusalOf(await post(make.refund(charge)))).toBe('refund_exceeds_transaction')
    },
  )

  promise(
    'a refund of a grant that is over becomes a new grant of thirty days',
    async ({ account, post, make, clock, grantsOf }) => {
      const owner = await account()
      await post(make.grant(owner, usd(10), { expiresAt: clock.now() + 1000 }))
      const charge = resultOf(await post(make.debit(owner, usd(10))), 'posted').transaction.id
      clock.forward(1000)
      const { balance } = resultOf(await post(make.refund(charge, usd(3))), 'posted')
      expect(balance.posted).toBe(usd(3))
      expect((await grantsOf(owner)).at(-1)).toMatchObject({
        category: 'adjustment',
        remaining_nanos: usd(3),
        expires_at: BigInt(clock.now() + 30 * 86_400_000),
      })
    },
  )

  promise(
    'a void takes what is free and leaves what is reserved; a second one finds the grant spent',
    async ({ account, post, make, balance }) => {
      const owner = await account()
      const { grant } = resultOf(await post(make.grant(owner, usd(10))), 'posted')
      const reservation = make.reserve(owner, usd(4))
      await post(reservation)
      expect(resultOf(await post(make.void(owner, grant?.id ?? 0n)), 'posted').amount).toBe(usd(6))
      expect(await balance(owner)).toEqual({ posted: usd(4), reserved: usd(4) })
      await post(make.confirm(reservation, usd(4)))
      expect(refusalOf(await post(make.void(owner, grant?.id ?? 0n)))).toBe('grant_spent')
      expect(refusalOf(await post(make.void(owner, 12345n)))).toBe('grant_not_found')
    },
  )

  promise('a grant repays the debt first', async ({ funded, post, make, grantsOf }) => {
    const account = await funded(usd(10))
    const reservation = make.reserve(account, usd(10))
    await post(reservation)
    await post(make.confirm(reservation, usd(30)))
    const { balance } = resultOf(await post(make.grant(account, usd(50))), 'posted')
    expect(balance).toEqual({ posted: usd(30), reserved: 0n, available: usd(30) })
    expect((await grantsOf(account)).map(({ remaining_nanos }) => remaining_nanos)).toEqual([0n, usd(30)])
  })

  promise('one payment is one grant, however often it is told', async ({ account, post, make, balance }) => {
    const owner = await account()
    const told = () => post(make.grant(owner, usd(5), { paymentId: 'pay_1' }))
    const answers = await Promise.all([told(), told(), told()])
    expect(new Set(answers.map((answer) => resultOf(answer, 'posted').grant?.id)).size).toBe(1)
    expect(await told()).toMatchObject({ ok: true, replay: true })
    expect(refusalOf(await post(make.grant(owner, usd(6), { paymentId: 'pay_1' })))).toBe('payment_already_credited')
    expect(await balance(owner)).toEqual({ posted: usd(5), reserved: 0n })
  })

  promise(
    'what a reservation held of an expired grant stays usable; what it releases expires at once',
    async ({ account, post, make, clock, balance, transactions }) => {
      const owner = await account()
      const over = clock.now() + 10_000
      await post(make.grant(owner, usd(10), { expiresAt: over }))
      const reservation = make.reserve(owner, usd(6))
      await post(reservation)
      clock.forward(20_000)
      const ended = resultOf(await post(make.confirm(reservation, usd(5))), 'ended')
      expect(ended).toMatchObject({ charged: usd(5), balance: { posted: 0n, reserved: 0n } })
      expect(await balance(owner)).toEqual({ posted: 0n, reserved: 0n })
      const lost = (await transactions(owner)).filter(({ type }) => type === 'expiry')
      expect(lost.map(({ amount_nanos, occurred_at }) => [amount_nanos, occurred_at])).toEqual([
        [usd(4), BigInt(over)],
        [usd(1), BigInt(clock.now())],
      ])
    },
  )
}

function usage(promise: Promised): void {
  const times = <T>(count: number, run: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => run(index)))

  promise(
    'usage moves no credit and is in the sums at once',
    async ({ funded, post, make, balance, store, usageRecords }) => {
      const account = await funded(usd(10))
      const { transaction } = resultOf(await post(make.debit(account, usd(3))), 'posted')
      const model = 'acme/told'
      const told = make.usage(account, transaction.id, { model, metadata: '{"a":1}', sequence: 5 })
      expect(resultOf(await post(told), 'recorded').duplicate).toBe(false)
      expect(await balance(account)).toEqual({ posted: usd(7), reserved: 0n })
      expect(await usageRecords(told.record.id)).toMatchObject([
        { transaction_id: transaction.id, cost_nanos: usd(0.1), charge_nanos: null, metadata: '{"a":1}', sequence: 5n },
      ])
      const sums = await store.rows(store.sql.selectFrom('rollups').selectAll().where('model', '=', model))
      expect(sums).toMatchObject([{ requests: 1n, cost_nanos: usd(0.1), charge_nanos: 0n, unpriced: 0n }])
    },
  )

  promise(
    'usage told many times at once is one record, by its key or by what it says',
    async ({ funded, post, make }) => {
      const account = await funded(usd(10))
      const { transaction } = resultOf(await post(make.debit(account, usd(3))), 'posted')
      const tellings = [
        () => make.usage(account, transaction.id, { payloadHash: 'twice' }),
        () => make.usage(account, transaction.id, { dedupeKey: 'told by a customer' }),
        () => make.usage(null, null, { dedupeKey: 'told by nobody' }),
      ]
      for (const telling of tellings) {
        const outcomes = await times(40, () => post(telling()))
        const results = outcomes.map((outcome) => resultOf(outcome, 'recorded'))
        expect(new Set(results.map(({ record }) => record.code)).size).toBe(1)
        expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
      }
      const other = make.usage(account, transaction.id, { dedupeKey: 'told by a customer', payloadHash: 'other' })
      expect(refusalOf(await post(other))).toBe('idempotency_key_mismatch')
      // Nobody's usage without a key is never the same as another.
      const unnamed = await times(2, () => post(make.usage(null, null)))
      expect(unnamed.map((outcome) => resultOf(outcome, 'recorded').duplicate)).toEqual([false, false])
    },
  )

  promise(
    'usage is linked to a charge of its own account alone',
    async ({ funded, post, make, transactions, usageRecords }) => {
      const [account, other] = [await funded(usd(10)), await funded(usd(10))]
      const { transaction } = resultOf(await post(make.debit(account, usd(3))), 'posted')
      const [grant] = await transactions(account)
      const foreign = make.usage(other, transaction.id)
      expect(refusalOf(await post(foreign))).toBe('transaction_account_mismatch')
      expect(await usageRecords(foreign.record.id)).toEqual([])
      for (const id of [grant?.id ?? 0n, 1n])
        expect(refusalOf(await post(make.usage(account, id)))).toBe('transaction_not_found')
      const elsewhere = { ...make.usage(account, transaction.id), organisationId: 2n }
      expect(refusalOf(await post(elsewhere))).toBe('transaction_not_found')
    },
  )

  promise('a confirmation and its usage are one step', async ({ funded, post, make, usageRecords, balance }) => {
    const account = await funded(usd(10))
    const reservation = make.reserve(account, usd(5))
    await post(reservation)
    const { record } = make.usage(account, null, { chargeNanos: usd(2), payloadHash: 'inline', items: ITEMS })
    const refused = make.confirm(reservation, usd(6), { usage: [record], onOverage: 'reject' })
    expect(refusalOf(await post(refused))).toBe('amount_exceeds_reservation')
    expect(await usageRecords(record.id)).toEqual([])
    const confirming = make.confirm(reservation, usd(2), { usage: [record] })
    const outcomes = await times(5, () => post(confirming))
    const [first, ...others] = outcomes.map((outcome) => resultOf(outcome, 'ended'))
    for (const each of others) expect(each).toEqual(first)
    expect(first?.usage).toEqual([{ id: record.id, code: record.code }])
    expect(await usageRecords(record.id)).toMatchObject([{ transaction_id: first?.transaction?.id }])
    expect(await balance(account)).toEqual({ posted: usd(8), reserved: 0n })
    const again = await post(make.usage(account, first?.transaction?.id ?? 0n, { payloadHash: 'inline' }))
    expect(resultOf(again, 'recorded')).toMatchObject({ duplicate: true, record: { id: record.id } })
  })
}

const ITEMS = JSON.stringify([{ meter: 'input', costNanos: String(usd(0.1)), chargeNanos: String(usd(2)) }])

function generations(promise: Promised): void {
  promise(
    'a settle charges, records, counts and sums in one step',
    async ({ funded, key, budget, post, make, counters, usageRecords, store, transactions }) => {
      const account = await funded(usd(10))
      const apiKeyId = await key({ accountId: account })
      const limits = await Promise.all(
        (['usd', 'tokens', 'requests'] as const).map((metric) =>
          budget({ limit: usd(100), source: 'key_limit', scope: 'api_key', scopeId: String(apiKeyId), metric }),
        ),
      )
      const chain = limits.map(({ id }) => ({ budgetId: id, windowStart: 0, windowEnd: null }))
      const admitted = make.admit(account, usd(3), { apiKeyId, chain })
      const { holds } = resultOf(await post(admitted), 'reserved')
      expect(holds.map(({ quantity }) => quantity)).toEqual([usd(3), 150n, 1n])
      expect(resultOf(await post(make.settle(admitted, usd(2), { holds })), 'settled')).toMatchObject({
        state: 'settled',
        overQuote: false,
      })
      const spent = await Promise.all(limits.map(({ id }) => counters(id)))
      expect(spent.flat().map((row) => [row.spent, row.reserved])).toEqual([
        [usd(2), 0n],
        [120n, 0n],
        [1n, 0n],
      ])
      expect(await usageRecords(admitted.id)).toMatchObject([{ transaction_id: admitted.id, charge_nanos: usd(2) }])
      expect((await transactions(account)).find(({ type }) => type === 'usage')).toMatchObject({
        id: admitted.id,
        usage_record_id: admitted.id,
        amount_nanos: usd(2),
      })
      const [usage] = await store.rows(store.sql.selectFrom('key_usage').selectAll().where('api_key_id', '=', apiKeyId))
      expect(usage).toMatchObject({
        total_nanos: usd(2),
        day_nanos: usd(2),
        week_nanos: usd(2),
        month_nanos: usd(2),
        byok_total_nanos: 0n,
      })
      expect(await store.rows(store.sql.selectFrom('reservations').select('id').where('id', '=', admitted.id))).toEqual(
        [],
      )
    },
  )

  promise(
    'a settle whose reservation was lost charges directly, and a second one finds it done',
    async ({ funded, post, make, balance }) => {
      const account = await funded(usd(10))
      const lost = make.admit(account, usd(3))
      expect(resultOf(await post(make.settle(lost, usd(2))), 'settled').state).toBe('settled_late')
      expect(resultOf(await post(make.settle(lost, usd(2))), 'settled').state).toBe('already_settled')
      expect(await balance(account)).toEqual({ posted: usd(8), reserved: 0n })
    },
  )

  promise(
    'a settle is never refused: `reject` writes off what is not there, and the counters take the full charge',
    async ({ funded, budget, post, make, balance, counters, transactions }) => {
      const account = await funded(usd(1), { overage: 'reject' })
      const { id } = await budget({ limit: usd(100), scope: 'account', scopeId: String(account) })
      const admitted = make.admit(account, usd(1), { chain: [{ budgetId: id, windowStart: 0, windowEnd: null }] })
      const { holds } = resultOf(await post(admitted), 'reserved')
      expect(resultOf(await post(make.settle(admitted, usd(3), { holds, quote: usd(1) })), 'settled').overQuote).toBe(
        true,
      )
      expect(await balance(account)).toEqual({ posted: 0n, reserved: 0n })
      expect((await transactions(account)).find(({ id }) => id === admitted.id)).toMatchObject({
        amount_nanos: usd(1),
        written_off_nanos: usd(2),
      })
      expect(await counters(id)).toMatchObject([{ spent: usd(3), reserved: 0n }])
    },
  )

  promise('a call at no cost refers to a counter that is there', async ({ budget, post, make, counters }) => {
    const { id } = await budget({ limit: usd(1), scope: 'model', scopeId: 'nobody/free' })
    const chain = [{ budgetId: id, windowStart: 0, windowEnd: null }]
    await post(make.admit(null, 0n, { chain }))
    expect(await counters(id)).toMatchObject([{ spent: 0n, reserved: 0n }])
  })

  promise(
    'a key limit of 1 lets 20 calls of 0.05 through, whatever comes at once',
    async ({ key, budget, post, make, counters }) => {
      const apiKeyId = await key()
      const { id } = await budget({ limit: usd(1), source: 'key_limit', scope: 'api_key', scopeId: String(apiKeyId) })
      const chain = [{ budgetId: id, windowStart: 0, windowEnd: null }]
      const calls = Array.from({ length: 100 }, () => make.admit(null, usd(0.05), { apiKeyId, chain }))
      const outcomes = await Promise.all(calls.map(post))
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(20)
      expect(new Set(outcomes.map(refusalOf))).toEqual(new Set(['done', 'budget_exceeded']))
      expect(await counters(id)).toMatchObject([{ spent: 0n, reserved: usd(1) }])
    },
  )

  promise(
    'a budget of 0 refuses everything, and every refusing budget is named',
    async ({ funded, budget, post, make, clock }) => {
      const account = await funded(usd(1))
      const [none, tight] = [await budget({ limit: 0n, metric: 'requests' }), await budget({ limit: usd(1) })]
      const chain = [
        { budgetId: tight.id, windowStart: clock.now(), windowEnd: clock.now() + 1000 },
        { budgetId: none.id, windowStart: 0, windowEnd: null },
      ]
      const outcome = await post(make.admit(account, usd(2), { chain }))
      expect(refusalOf(outcome)).toBe('insufficient_credits')
      expect(outcome).toMatchObject({
        refusal: {
          details: {
            refused: [
              { code: 'insufficient_credits' },
              { details: { budgetId: none.code } },
              { details: { budgetId: tight.code } },
            ],
          },
        },
      })
    },
  )

  promise(
    'an unknown charge is recorded as unknown and summed as unpriced',
    async ({ post, make, usageRecords, store }) => {
      const admitted = make.admit(null, 0n)
      await post(admitted)
      await post(make.settle(admitted, null, { record: { model: 'acme/unpriced' } }))
      expect(await usageRecords(admitted.id)).toMatchObject([
        { charge_nanos: null, cost_nanos: null, transaction_id: null },
      ])
      const sums = await store.rows(store.sql.selectFrom('rollups').selectAll().where('model', '=', 'acme/unpriced'))
      expect(sums).toMatchObject([{ requests: 1n, unpriced: 1n, charge_nanos: 0n }])
    },
  )

  promise('roll-ups fold what one batch and many brought', async ({ post, make, store }) => {
    const model = 'acme/summed'
    const settled = () => post(make.settle(make.admit(null, 0n), 7n, { record: { model } }))
    await Promise.all(Array.from({ length: 40 }, settled))
    await settled()
    const sums = await store.rows(store.sql.selectFrom('rollups').selectAll().where('model', '=', model))
    expect(sums).toMatchObject([{ requests: 41n, charge_nanos: 287n, input_tokens: 4100n, output_tokens: 820n }])
  })

  promise('personal fields that two organisations share are kept for each', async ({ post, make, store }) => {
    const details = {
      hash: 'shared',
      endUser: 'ada',
      sessionId: null,
      userAgent: null,
      referer: null,
      title: null,
      metadata: null,
      createdAt: START,
    }
    await Promise.all(
      [ORGANISATION, 2n].map((organisationId) =>
        post(
          make.settle(make.admit(null, 0n, { organisationId }), 0n, {
            organisationId,
            details: { ...details, organisationId },
          }),
        ),
      ),
    )
    expect(
      await store.rows(store.sql.selectFrom('call_details').select('organisation_id').where('hash', '=', 'shared')),
    ).toHaveLength(2)
  })
}

function idempotency(promise: Promised): void {
  const keyed = (key: string, fingerprint = 'same', operation = 'debit') => ({
    idempotency: { principal: 'test', operation, key, fingerprint },
  })

  promise('one key 50 times at once has one effect and equal bodies', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(100))
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => post(make.debit(account, usd(2), keyed('once')))),
    )
    const bodies = outcomes.map((outcome) => resultOf(outcome, 'posted'))
    for (const body of bodies) expect(body).toEqual(bodies[0])
    expect(outcomes.filter((outcome) => 'replay' in outcome)).toHaveLength(49)
    expect(await balance(account)).toEqual({ posted: usd(98), reserved: 0n })
    expect(await post(make.debit(account, usd(2), keyed('once')))).toEqual({
      ok: true,
      result: bodies[0],
      replay: true,
    })
  })

  promise('the same key with another body is a conflict', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(100))
    await post(make.debit(account, usd(2), keyed('body')))
    expect(refusalOf(await post(make.debit(account, usd(3), keyed('body', 'other'))))).toBe('idempotency_key_mismatch')
    expect(await balance(account)).toEqual({ posted: usd(98), reserved: 0n })
  })

  promise(
    'a refusal for want of credit sticks to its key; one for a frozen account does not',
    async ({ funded, post, make }) => {
      const account = await funded(usd(1))
      expect(refusalOf(await post(make.debit(account, usd(2), keyed('poor'))))).toBe('insufficient_credits')
      await post(make.grant(account, usd(5)))
      expect(await post(make.debit(account, usd(2), keyed('poor')))).toMatchObject({ ok: false, replay: true })
      await post(make.status(account, 'frozen'))
      expect(refusalOf(await post(make.debit(account, usd(2), keyed('cold'))))).toBe('account_frozen')
      await post(make.status(account, 'open'))
      expect(refusalOf(await post(make.debit(account, usd(2), keyed('cold'))))).toBe('done')
    },
  )

  promise(
    'the key of a generation is taken while it runs, and for good once it was charged',
    async ({ funded, post, make }) => {
      const account = await funded(usd(10))
      const first = make.admit(account, usd(1), keyed('gen', 'same', 'generation'))
      await post(first)
      const again = () => post(make.admit(account, usd(1), keyed('gen', 'same', 'generation')))
      expect(refusalOf(await again())).toBe('idempotency_in_progress')
      await post(make.settle(first, usd(1), keyed('gen', 'same', 'generation')))
      expect(await again()).toMatchObject({
        refusal: { code: 'generation_already_settled', details: { generationId: first.code } },
      })
    },
  )

  promise(
    'the key of a generation that cost nothing is free again, and its late settle leaves the next one alone',
    async ({ funded, post, make }) => {
      const account = await funded(usd(10))
      const key = keyed('free', 'same', 'generation')
      const [first, second] = [make.admit(account, usd(1), key), make.admit(account, usd(1), key)]
      await post(first)
      await post(make.settle(first, 0n, key))
      expect(refusalOf(await post(second))).toBe('done')
      expect(resultOf(await post(make.settle(first, 0n, key)), 'settled').state).toBe('already_settled')
      expect(refusalOf(await post(make.admit(account, usd(1), key)))).toBe('idempotency_in_progress')
    },
  )
}

function concurrency(promise: Promised): void {
  promise('20 reservations of 75 at once on 500: exactly 6', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(500))
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => post(make.reserve(account, usd(75)))))
    expect(outcomes.map(refusalOf)).toEqual([...Array(6).fill('done'), ...Array(14).fill('insufficient_credits')])
    expect(await balance(account)).toEqual({ posted: usd(500), reserved: usd(450) })
  })

  promise(
    '1,000 reservations at once never pass the balance, and answers come to whom they belong',
    async ({ funded, post, make, balance }) => {
      const accounts = await Promise.all(Array.from({ length: 10 }, () => funded(usd(40))))
      const asked = Array.from({ length: 1000 }, (_, index) =>
        make.reserve(accounts[index % 10] ?? 0n, usd(1) + BigInt(index)),
      )
      const outcomes = await Promise.all(asked.map(post))
      const granted = outcomes.flatMap((outcome, index) =>
        outcome.ok ? [resultOf(outcome, 'reserved').amount === asked[index]?.amount] : [],
      )
      expect(granted).toEqual(Array(390).fill(true))
      for (const account of accounts) expect((await balance(account)).reserved).toBeLessThanOrEqual(usd(40))
    },
  )

  promise(
    'a reservation that is confirmed twice at the same moment has one transaction',
    async ({ funded, post, make, balance }) => {
      const account = await funded(usd(10))
      const reservation = make.reserve(account, usd(5))
      await post(reservation)
      const ends = await Promise.all([post(make.confirm(reservation, usd(5))), post(make.confirm(reservation, usd(5)))])
      const [one, other] = ends.map((end) => resultOf(end, 'ended'))
      expect(one).toEqual(other)
      expect(await balance(account)).toEqual({ posted: usd(5), reserved: 0n })
    },
  )

  promise('confirm and cancel at the same moment: one end', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(10))
    const reservation = make.reserve(account, usd(5))
    await post(reservation)
    const ends = await Promise.all([post(make.cancel(reservation)), post(make.confirm(reservation, usd(5)))])
    expect(ends.map(refusalOf)).toEqual(['done', 'reservation_cancelled'])
    expect(await balance(account)).toEqual({ posted: usd(10), reserved: 0n })
  })

  promise(
    'a life from grant to refund within one batch comes to what it comes to in many',
    async ({ account, post, make, balance }) => {
      const owner = await account()
      const admitted = make.admit(owner, usd(4))
      const outcomes = await Promise.all(
        [
          make.grant(owner, usd(10)),
          admitted,
          make.settle(admitted, usd(3)),
          make.refund(admitted.id, usd(1)),
          make.debit(owner, usd(8)),
        ].map(post),
      )
      expect(outcomes.map(refusalOf)).toEqual(Array(5).fill('done'))
      expect(await balance(owner)).toEqual({ posted: 0n, reserved: 0n })
    },
  )
}

function faults(promise: Promised): void {
  promise('a refused command leaves no row', async ({ funded, budget, post, make, store, counters }) => {
    const account = await funded(usd(1))
    const { id } = await budget({ limit: usd(100) })
    const refused = make.admit(account, usd(2), { chain: [{ budgetId: id, windowStart: 0, windowEnd: null }] })
    expect(refusalOf(await post(refused))).toBe('insufficient_credits')
    expect(await counters(id)).toEqual([])
    expect(await store.rows(store.sql.selectFrom('reservations').select('id').where('id', '=', refused.id))).toEqual([])
  })

  promise(
    'a command that the database refuses fails alone, its neighbours go through',
    async ({ funded, post, make, balance }) => {
      const account = await funded(usd(100))
      const taken = make.reserve(account, usd(1))
      await post(taken)
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 5 }, () => post(make.debit(account, usd(1)))),
        post({ ...make.reserve(account, usd(1)), id: taken.id }),
        ...Array.from({ length: 5 }, () => post(make.debit(account, usd(1)))),
      ])
      expect(outcomes.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1)
      expect(outcomes[5]).toMatchObject({ status: 'rejected', reason: { name: 'StoreFailed' } })
      expect(await balance(account)).toEqual({ posted: usd(90), reserved: usd(1) })
    },
  )

  promise(
    'a command that breaks a rule fails alone, its neighbours go through',
    async ({ funded, post, make, store, balance }) => {
      const account = await funded(usd(100))
      const twice = store.ids.next()
      const outcomes = await Promise.allSettled([
        post(make.debit(account, usd(1))),
        post(make.settle(make.admit(account, 0n), -usd(5))),
        post(make.reserve(account, usd(1), twice)),
        post(make.reserve(account, usd(1), twice)),
        post(make.debit(account, usd(1))),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ])
      expect(await balance(account)).toEqual({ posted: usd(98), reserved: usd(1) })
    },
  )

  promise('history refuses to be changed or deleted', async ({ funded, post, make, store }) => {
    const account = await funded(usd(1))
    const admitted = make.admit(account, usd(1))
    await post(admitted)
    await post(make.settle(admitted, usd(1)))
    const attempts = [
      store.sql.updateTable('transactions').set({ amount_nanos: 0n }).where('id', '=', admitted.id),
      store.sql.deleteFrom('transactions').where('id', '=', admitted.id),
      store.sql.updateTable('usage_records').set({ charge_nanos: 0n }).where('id', '=', admitted.id),
      store.sql.deleteFrom('usage_records').where('id', '=', admitted.id),
    ]
    for (const attempt of attempts) await expect(store.write([attempt])).rejects.toThrow('append-only')
    const emptying = { compile: () => sql`TRUNCATE transactions`.compile(store.sql) }
    if (store.engine === 'postgres') await expect(store.write([emptying])).rejects.toThrow('append-only')
  })

  promise(
    'an amount that would leave 64 bits is refused, never wrapped',
    async ({ account, post, make, balance, store }) => {
      const owner = await account()
      const most = 2n ** 63n - 1n
      await store.write([
        store.sql
          .updateTable('accounts')
          .set({ posted_nanos: most - 10n })
          .where('id', '=', owner),
      ])
      expect(refusalOf(await post(make.grant(owner, 11n)))).toBe('out_of_range')
      expect(await balance(owner)).toEqual({ posted: most - 10n, reserved: 0n })
      await store.write([store.sql.updateTable('accounts').set({ posted_nanos: 0n }).where('id', '=', owner)])
      expect(refusalOf(await post(make.grant(owner, usd(1e9))))).toBe('done')
      expect(refusalOf(await post(make.grant(owner, usd(1e9) + 1n)))).toBe('invalid_amount')
      expect(await balance(owner)).toEqual({ posted: usd(1e9), reserved: 0n })
    },
  )

  promise('time never runs backwards for an account', async ({ funded, post, make, clock }) => {
    const account = await funded(usd(10))
    const now = clock.now()
    await post(make.debit(account, 1n))
    const early = resultOf(await post(make.reserve(account, 1n, { at: now - 3_600_000 })), 'reserved')
    expect(early.admittedAt).toBe(now)
  })
}

function reading(promise: Promised): void {
  promise('a read sees every write that finished before it', async ({ funded, post, make, balance }) => {
    const account = await funded(usd(100))
    for (let spent = 1; spent <= 20; spent++) {
      await post(make.debit(account, usd(1)))
      expect((await balance(account)).posted).toBe(usd(100 - spent))
    }
  })

  promise('names come back byte for byte, and case tells them apart', async ({ account, store }) => {
    const names = ['Ünïcödé-客户-🦊', 'e\u0301', '\u00e9', 'Case', 'case', ' blank ', 'quo\'te"; --', '\u200b']
    const ids = await Promise.all(names.map((externalId) => account({ externalId })))
    const rows = await store.rows(store.sql.selectFrom('accounts').select(['id', 'external_id']).where('id', 'in', ids))
    const found = new Map(rows.map((row) => [row.id, row.external_id]))
    expect(ids.map((id) => found.get(id))).toEqual(names)
    await expect(account({ externalId: 'Case' })).rejects.toThrow()
  })

  promise('administration writes are whole or not at all', async ({ account, store, balance }) => {
    const owner = await account()
    const change = store.sql.updateTable('accounts').set({ posted_nanos: 5n }).where('id', '=', owner)
    const breaking = store.sql.updateTable('accounts').set({ reserved_nanos: -1n }).where('id', '=', owner)
    await expect(store.write([change, breaking])).rejects.toThrow()
    expect(await balance(owner)).toEqual({ posted: 0n, reserved: 0n })
    expect(
      await store.write([store.sql.updateTable('accounts').set({ posted_nanos: 0n }).where('id', '=', owner)]),
    ).toEqual([1])
  })
}
