/** Budgets in the ledger on both stores: who is told, once; what windows count; what dead reservations hold. */
import { afterEach, describe, expect, test } from 'vitest'
import { linksAt } from '../src/core/budget-chain.ts'
import type { Budget } from '../src/core/budget-rows.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createBudgetDirectory } from '../src/store/budget-directory.ts'
import { openPostgres } from '../src/store/postgres.ts'
import type { Store } from '../src/store/store.ts'
import { type Backend, ORGANISATION, openPostgresBackend, openSqliteBackend, testClock } from './backends.ts'
import { type Commands, commandsAt, refusalOf, resultOf, usd } from './commands.ts'

const DAY = 86_400_000

for (const { name, open } of [
  { name: 'SQLite', open: openSqliteBackend },
  { name: 'PostgreSQL', open: openPostgresBackend },
])
  describe(`budgets on ${name}`, () => {
    const opened: Backend[] = []
    afterEach(async () => {
      for (const backend of opened.splice(0)) await backend.close()
    })

    async function begin(): Promise<{ backend: Backend; make: Commands }> {
      const backend = await open()
      opened.push(backend)
      return { backend, make: commandsAt(() => backend.clock.now(), backend.store.ids) }
    }

    const spendOn = async ({ store, clock }: Backend, make: Commands, budgets: readonly Budget[], amount: bigint) => {
      const admitted = make.admit(null, amount, { chain: linksAt(budgets, clock.now()) })
      const { holds } = resultOf(await store.post(admitted), 'reserved')
      await store.post(make.settle(admitted, amount, { holds }))
    }

    async function told({ store }: Pick<Backend, 'store'>) {
      const rows = await store.rows(store.sql.selectFrom('outbox').selectAll().orderBy('id'))
      return rows.map(({ type, data }) => ({ type, ...JSON.parse(data) }))
    }

    const firings = ({ store }: Backend) =>
      store.rows(store.sql.selectFrom('alert_firings').selectAll().orderBy('threshold'))

    test('50 parallel calls that cross 80 % together: one firing, one event', async () => {
      const { backend, make } = await begin()
      const budget = await backend.budget({ limit: usd(1), thresholds: [80] })
      await Promise.all(Array.from({ length: 50 }, () => spendOn(backend, make, [budget], usd(0.018))))
      expect(await told(backend)).toMatchObject([
        { type: 'budget.threshold_reached', thresholds: [80], limit: 1, decimal: { limit: '1', value: '0.81' } },
      ])
      expect(await firings(backend)).toMatchObject([{ threshold: 80n, budget_version: 1n, value: usd(0.81) }])
      expect(await verifyLedger(backend.store)).toEqual([])
    })

    test('spend that falls and rises again tells nothing new; a new window tells again', async () => {
      const { backend, make } = await begin()
      const account = await backend.account()
      const scope = { scope: 'account' as const, scopeId: String(account) }
      const budget = await backend.budget({ limit: usd(1), thresholds: [50], window: 'day', ...scope })
      const chain = () => linksAt([budget], backend.clock.now())
      await backend.store.post(make.grant(account, usd(100)))
      const debit = async () =>
        resultOf(await backend.store.post(make.debit(account, usd(0.6), { chain: chain() })), 'posted').transaction.id
      const first = await debit()
      resultOf(await backend.store.post(make.refund(first, usd(0.6), { chain: chain() })), 'posted')
      await debit()
      expect(await told(backend)).toHaveLength(1)
      backend.clock.forward(DAY)
      await debit()
      expect(await told(backend)).toMatchObject([{ value: 0.6 }, { value: 0.6 }])
      backend.clock.forward(10_000)
      expect(await verifyLedger(backend.store)).toEqual([])
    })

    test('a changed limit marks what is passed without a word, and re-arms the rest', async () => {
      const { backend, make } = await begin()
      const budget = await backend.budget({ limit: usd(10), thresholds: [50, 80], action: 'alert' })
      await spendOn(backend, make, [budget], usd(6))
      const change = (limit: bigint, version: bigint) =>
        backend.store.write([
          backend.store.sql.updateTable('budgets').set({ limit_quantity: limit, version }).where('id', '=', budget.id),
        ])
      await change(usd(7.4), 2n)
      await spendOn(backend, make, [budget], usd(0.1))
      await change(usd(100), 3n)
      await spendOn(backend, make, [budget], usd(1))
      await spendOn(backend, make, [budget], usd(50))
      expect(await told(backend)).toMatchObject([
        { thresholds: [50], limit: 10, value: 6, version: 1 },
        { thresholds: [50], limit: 100, value: 57.1, version: 3 },
      ])
    })

    test('a late settle counts in the window of its admission, and says that it is late', async () => {
      const { backend, make } = await begin()
      const budget = await backend.budget({ limit: usd(1), thresholds: [100], window: 'hour' })
      const admitted = make.admit(null, usd(1), { chain: linksAt([budget], backend.clock.now()) })
      const { holds } = resultOf(await backend.store.post(admitted), 'reserved')
      backend.clock.forward(2 * 3_600_000)
      await backend.store.post(make.settle(admitted, usd(1), { holds }))
      expect(await told(backend)).toMatchObject([
        { windowStart: '2026-03-02T12:00:00Z', windowEnd: '2026-03-02T13:00:00Z', late: true },
      ])
      expect(
        resultOf(
          await backend.store.post(make.admit(null, usd(1), { chain: linksAt([budget], backend.clock.now()) })),
          'reserved',
        ).holds,
      ).toHaveLength(1)
    })

    test('the first refusal in a window is told once, and disturbs no neighbour in its batch', async () => {
      const { backend, make } = await begin()
      const budget = await backend.budget({ limit: usd(1), window: 'day' })
      const chain = () => linksAt([budget], backend.clock.now())
      const outcomes = await Promise.all([
        ...Array.from({ length: 10 }, () => backend.store.post(make.admit(null, usd(0.3), { chain: chain() }))),
        backend.store.post(make.admit(null, usd(0.3))),
      ])
      expect(outcomes.map(refusalOf).filter((each) => each === 'done')).toHaveLength(4)
      expect(await told(backend)).toMatchObject([{ type: 'budget.blocked', value: 0, decimal: { limit: '1' } }])
      backend.clock.forward(DAY)
      expect(refusalOf(await backend.store.post(make.admit(null, usd(2), { chain: chain() })))).toBe('budget_exceeded')
      expect((await told(backend)).map(({ windowStart }) => windowStart)).toEqual([
        '2026-03-02T00:00:00Z',
        '2026-03-03T00:00:00Z',
      ])
      expect(await verifyLedger(backend.store)).toEqual([])
    })

    test('what a dead reservation held of a budget is free for other accounts, with no job running', async () => {
      const { backend, make } = await begin()
      const { store, clock } = backend
      const [gone, other] = [await backend.account(), await backend.account()]
      const budget = await backend.budget({ limit: usd(10) })
      for (const account of [gone, other]) await store.post(make.grant(account, usd(100)))
      const chain = linksAt([budget], clock.now())
      resultOf(await store.post(make.reserve(gone, usd(8), { chain })), 'reserved')
      expect(refusalOf(await store.post(make.reserve(other, usd(5), { chain })))).toBe('budget_exceeded')
      const directory = createBudgetDirectory({ store, clock: systemClock })
      expect(await directory.endDead(ORGANISATION, clock.now())).toBe(false)
      clock.forward(3_600_000)
      const later = createBudgetDirectory({ store, clock: systemClock })
      expect(await later.endDead(ORGANISATION, clock.now())).toBe(true)
      expect(refusalOf(await store.post(make.reserve(other, usd(5), { chain })))).toBe('done')
      expect(await verifyLedger(store)).toEqual([])
    })

    test('a dead reservation gives back what it held when its own account is touched', async () => {
      const { backend, make } = await begin()
      const { store, clock } = backend
      const account = await backend.account()
      const budget = await backend.budget({ limit: usd(10) })
      await store.post(make.grant(account, usd(100)))
      const chain = linksAt([budget], clock.now())
      await store.post(make.reserve(account, usd(8), { chain }))
      clock.forward(3_600_000)
      expect(refusalOf(await store.post(make.reserve(account, usd(9), { chain })))).toBe('done')
      await store.post(make.debit(account, usd(1), { chain }))
      const counters = await store.rows(store.sql.selectFrom('budget_counters').selectAll())
      expect(counters).toMatchObject([{ spent: usd(1), reserved: usd(9) }])
      expect(await verifyLedger(store)).toEqual([])
    })

    test('what was told cannot be changed', async () => {
      const { backend, make } = await begin()
      const budget = await backend.budget({ limit: usd(1), thresholds: [1] })
      await spendOn(backend, make, [budget], usd(1))
      const { store } = backend
      await expect(store.write([store.sql.updateTable('alert_firings').set({ value: 0n })])).rejects.toThrow(
        'append-only',
      )
    })

    test('verify names a counter that says something else, and repairs it', async () => {
      const { backend, make } = await begin()
      const { store, clock } = backend
      const account = await backend.account()
      const scope = { scope: 'account' as const, scopeId: String(account) }
      const budget = await backend.budget({ limit: usd(10), createdAt: clock.now() - DAY, ...scope })
      await store.post(make.grant(account, usd(100)))
      const chain = linksAt([budget], clock.now())
      const reserved = make.reserve(account, usd(3), { chain })
      await store.post(reserved)
      await store.post(make.confirm(reserved, usd(2)))
      await store.post(make.debit(account, usd(1), { chain }))
      expect(await verifyLedger(store)).toEqual([])
      await store.write([store.sql.updateTable('budget_counters').set({ spent: usd(7), overshoot: 5n })])
      expect(await verifyLedger(store, { repair: true })).toMatchObject([
        { column: 'spent', stored: String(usd(7)), computed: String(usd(3)) },
        { column: 'overshoot', computed: '0' },
      ])
      expect(await verifyLedger(store)).toEqual([])
    })
  })

test('two processes that cross a threshold together tell it once', async () => {
  const backend = await openPostgresBackend()
  const second = await openPostgres({ url: backend.place, clock: testClock(), random: systemRandom })
  try {
    const budget = await backend.budget({ limit: usd(1), thresholds: [50, 80, 100] })
    const makers = [backend.store, second].map((store) => ({ store, make: commandsAt(() => store.now(), store.ids) }))
    const calls = makers.flatMap((maker) => Array.from({ length: 40 }, () => maker))
    await Promise.all(
      calls.map(async ({ store, make }) => {
        const admitted = make.admit(null, usd(0.01), { chain: linksAt([budget], store.now()) })
        const { holds } = resultOf(await store.post(admitted), 'reserved')
        await store.post(make.settle(admitted, usd(0.01), { holds }))
      }),
    )
    const rows = await second.rows(second.sql.selectFrom('outbox').select('data').orderBy('id'))
    expect(rows.flatMap(({ data }) => JSON.parse(data).thresholds).sort()).toEqual([50, 80])
    expect(await second.rows(second.sql.selectFrom('alert_firings').select('threshold'))).toHaveLength(2)
  } finally {
    await second.close()
    await backend.close()
  }
})

describe('the directory of budgets', () => {
  const spender = { organisationId: ORGANISATION, accountId: null, apiKeyId: null, endUser: null, tags: [], models: [] }
  const counting = (store: Store) => {
    const asked = { times: 0 }
    const rows: Store['rows'] = (query) => {
      asked.times++
      return store.rows(query)
    }
    return { asked, store: { ...store, rows } }
  }

  test('asks the database nothing while nothing changes, and knows a change of its own at once', async () => {
    const backend = await openSqliteBackend()
    const { asked, store } = counting(backend.store)
    const directory = createBudgetDirectory({ store, clock: systemClock })
    expect(await directory.chainOf(spender)).toEqual([])
    for (let calls = 0; calls < 100; calls++) expect(directory.chainOf(spender)).toEqual([])
    expect(asked.times).toBe(1)
    await backend.budget({ limit: 1n })
    directory.forget(ORGANISATION)
    expect(await directory.chainOf(spender)).toHaveLength(1)
    await backend.close()
  })

  test('learns of a change by another process within a second, and keeps nobody waiting while calls go on', async () => {
    const backend = await openPostgresBackend()
    const { asked, store } = counting(backend.store)
    let elapsed = 0
    const directory = createBudgetDirectory({ store, clock: { elapsed: () => elapsed } })
    expect(await directory.chainOf(spender)).toEqual([])
    await backend.budget({ limit: 1n })
    elapsed = 600
    expect(directory.chainOf(spender)).toEqual([])
    expect(asked.times).toBe(2)
    elapsed = 1_700
    expect(await directory.chainOf(spender)).toHaveLength(1)
    await backend.close()
  })

  test('a flood of end users that somebody makes up shares one budget once there are many', async () => {
    const backend = await openSqliteBackend()
    const { store } = backend
    const template = await backend.budget({ limit: 1n, scope: 'end_user', scopeId: '*' })
    const directory = createBudgetDirectory({ store, clock: systemClock })
    const own = async (endUser: string) => (await directory.chainOf({ ...spender, endUser })).map(({ id }) => id)
    const [first] = await own('first')
    expect(first).not.toBe(template.id)
    expect(await own('first')).toEqual([first])
    const [row] = await store.rows(
      store.sql
        .selectFrom('budgets')
        .selectAll()
        .where('id', '=', first ?? 0n),
    )
    if (!row) throw new Error('the budget of the first is there')
    for (let from = 0; from < 10_000; from += 500)
      await store.write(
        Array.from({ length: 500 }, (_, index) =>
          store.sql
            .insertInto('budgets')
            .values({ ...row, ...store.ids.next(), scope_id: `made up ${from + index}` } as never),
        ),
      )
    expect(await own('one more')).toEqual([template.id])
    expect(await own('first')).toEqual([first])
    await backend.close()
  })

  test('two processes that meet an end user at once make one budget', async () => {
    const backend = await openPostgresBackend()
    await backend.budget({ limit: 1n, scope: 'end_user', scopeId: '*' })
    const second = await openPostgres({ url: backend.place, clock: testClock(), random: systemRandom })
    const directories = [backend.store, second].map((store) => createBudgetDirectory({ store, clock: systemClock }))
    const chains = await Promise.all(directories.map((directory) => directory.chainOf({ ...spender, endUser: 'anna' })))
    expect(new Set(chains.flat().map(({ id }) => id)).size).toBe(1)
    await second.close()
    await backend.close()
  })
})
