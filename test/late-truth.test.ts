/** A call that others settled by an estimate, and whose own settle comes after all: what it really came to is what it costs, to the nano. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Settle } from '../src/core/ledger-commands.ts'
import type { Overage } from '../src/core/ledger-rows.ts'
import { createFolds } from '../src/jobs/fold.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { createDetailsHash } from '../src/lib/details-hash.ts'
import { generationCode } from '../src/lib/id.ts'
import { nanosText } from '../src/lib/money.ts'
import { createSettlements } from '../src/store/settlements.ts'
import { listTransactions } from '../src/store/transactions.ts'
import { type Backend, ORGANISATION, openPostgresBackend, openSqliteBackend } from './backends.ts'
import { commandsAt, resultOf, usd } from './commands.ts'
import { openFleet } from './fleet-kit.ts'
import { chat, eventsOf, eventually, OPENROUTER } from './gateway-kit.ts'
import { ledgerOf } from './load-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { openWay } from './way.ts'

const { FC_SEED } = process.env
const silent = { readable: false, debug() {}, info() {}, warn() {}, error() {} }

describe.each([
  ['SQLite', openSqliteBackend],
  ['PostgreSQL', openPostgresBackend],
])('on %s', (_name, openBackend) => {
  let backend: Backend
  let make: ReturnType<typeof commandsAt>
  let settlements: ReturnType<typeof createSettlements>
  beforeAll(async () => {
    backend = await openBackend()
    const { store, clock } = backend
    make = commandsAt(() => clock.now(), store.ids)
    settlements = createSettlements({ store, journal: undefined, clock, log: silent, waitMs: 0 })
  })
  afterAll(() => backend?.close())

  type Case = {
    estimate: bigint
    truth: bigint | null
    credit: bigint
    overage: Overage
    refund: bigint
    spent: bigint
  }

  async function customerOf({ credit, overage }: Pick<Case, 'credit' | 'overage'>) {
    const accountId = await backend.account({ overage })
    const apiKeyId = await backend.key({ accountId })
    const limits = ['usd', 'tokens', 'requests'] as const
    const budgets = await Promise.all(
      limits.map((metric) =>
        backend.budget({ metric, limit: usd(1_000_000), scope: 'api_key', scopeId: String(apiKeyId) }),
      ),
    )
    const chain = budgets.map(({ id }) => ({ budgetId: id, windowStart: 0, windowEnd: null }))
    if (credit > 0n) await backend.store.post(make.grant(accountId, credit))
    const call = make.admit(accountId, credit < 5n ? credit : 5n, { chain, apiKeyId })
    const { holds } = resultOf(await backend.store.post(call), 'reserved')
    /** The lines of a real record come to its sums. */
    const settle = (charge: bigint | null, more: Partial<Settle['record']> = {}): Settle => {
      const nanos = String(charge ?? 0n)
      const line = { meter: 'output', pricedBy: 'output', quantity: nanos, price: '0.001', per: 1_000_000 }
      const items = charge === null ? '[]' : JSON.stringify([{ ...line, costNanos: nanos, chargeNanos: nanos }])
      const exact = charge === null ? null : nanosText(charge)
      const sums = { items, costNanos: charge, chargeNanos: charge, costExact: exact, chargeExact: exact }
      return make.settle(call, charge, { holds, record: { ...sums, counts: '{}', ...more } })
    }
    return { accountId, apiKeyId, budgets, chain, settle, id: call.id, code: call.code }
  }

  const standing = async ({ accountId, apiKeyId, budgets }: Awaited<ReturnType<typeof customerOf>>) => {
    const { rows, sql } = backend.store
    const [account] = await rows(
      sql.selectFrom('accounts').select(['posted_nanos', 'reserved_nanos']).where('id', '=', accountId),
    )
    const [key] = await rows(
      sql.selectFrom('key_usage').select(['total_nanos', 'total_counted_nanos']).where('api_key_id', '=', apiKeyId),
    )
    const counters = await rows(
      sql
        .selectFrom('budget_counters')
        .select(['spent', 'reserved'])
        .where(
          'budget_id',
          'in',
          budgets.map(({ id }) => id),
        )
        .orderBy('budget_id'),
    )
    return { account, key, counters }
  }

  const guess = (tokens: number) => ({ status: 'interrupted', source: 'estimated', outputTokens: tokens }) as const

  test('whatever the estimate was, the books stand as if the truth alone had been told', async () => {
    const nanos = fc.bigInt({ min: 0n, max: 12n })
    const cases = fc.record({
      estimate: nanos,
      truth: fc.option(nanos),
      credit: fc.bigInt({ min: 0n, max: 10n }),
      overage: fc.constantFrom('charge', 'cap'),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ estimate, truth, credit, overage }) => {
        const [told, twin] = [await customerOf({ credit, overage }), await customerOf({ credit, overage })]
        await backend.store.post(told.settle(estimate, guess(3)))
        expect(await settlements.post(told.settle(truth, { outputTokens: 7 }))).toBe('settled')
        await backend.store.post(twin.settle(truth, { outputTokens: 7 }))
        const [found, wanted] = [await standing(told), await standing(twin)]
        expect(found).toEqual(wanted)
        // However often it is told, by whom ever.
        await Promise.all([1, 2].map(() => settlements.post(told.settle(truth, { outputTokens: 7 }))))
        expect(await standing(told)).toEqual(wanted)
      }),
      { numRuns: 12, ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }) },
    )
    backend.clock.forward(3_600_000)
    const folds = createFolds({ store: backend.store, hashDetails: createDetailsHash('test') })
    expect((await folds.run()).quarters).toBeGreaterThan(0)
    expect(await verifyLedger(backend.store)).toEqual([])
  })

  test('the difference is one record and one transaction that name each other; nothing that was written is changed', async () => {
    const { store } = backend
    const customer = await customerOf({ credit: 100n, overage: 'charge' })
    await store.post(customer.settle(9n, guess(3)))
    const records = () =>
      store.rows(
        store.sql.selectFrom('usage_records').selectAll().where('account_id', '=', customer.accountId).orderBy('id'),
      )
    const [estimate] = await records()
    await settlements.post(customer.settle(4n, { outputTokens: 1 }))
    const [before, adjustment, ...more] = await records()
    expect([before, more]).toEqual([estimate, []])
    expect(adjustment).toMatchObject({
      ...{ kind: 'adjustment', status: 'interrupted', source: 'reported' },
      ...{ charge_nanos: -5n, charge_exact: '-0.000000005', output_tokens: -2n, dedupe_key: `late:${customer.code}` },
    })
    const [transaction] = await store.rows(
      store.sql
        .selectFrom('transactions')
        .selectAll()
        .where('id', '=', adjustment?.id ?? 0n),
    )
    expect(transaction).toMatchObject({
      ...{ type: 'adjustment', amount_nanos: 5n, reverses_id: customer.id, usage_record_id: adjustment?.id },
      balance_after_nanos: 96n,
    })
    const listed = async (direction: 'credit' | 'debit') => {
      const filter = { accountId: customer.accountId, direction }
      const { transactions } = await listTransactions(store, ORGANISATION, filter, {
        limit: 9,
        offset: 0,
        before: undefined,
      })
      return transactions.map(({ type }) => type).sort()
    }
    expect([await listed('credit'), await listed('debit')]).toEqual([['adjustment', 'grant'], ['usage']])
    const [sum] = await store.rows(
      store.sql
        .selectFrom('usage_records')
        .select(({ fn }) => [fn.sum<bigint>('charge_nanos').as('charge')])
        .where('account_id', '=', customer.accountId),
    )
    expect(BigInt(sum?.charge ?? 0)).toBe(4n)
  })

  test('what was refunded meanwhile is not given back a second time', async () => {
    const customer = await customerOf({ credit: 100n, overage: 'charge' })
    await backend.store.post(customer.settle(10n, guess(3)))
    const call = { apiKeyId: customer.apiKeyId, admittedAt: backend.clock.now() }
    await backend.store.post(make.refund(customer.id, 8n, { chain: customer.chain, call }))
    await settlements.post(customer.settle(6n, {}))
    expect((await standing(customer)).account).toEqual({ posted_nanos: 100n, reserved_nanos: 0n })
    expect(await verifyLedger(backend.store)).toEqual([])
  })

  test('what somebody was told stands: an error that was not charged stays one', async () => {
    const customer = await customerOf({ credit: 100n, overage: 'charge' })
    await backend.store.post(customer.settle(0n, { status: 'error' }))
    expect(await settlements.post(customer.settle(6n, {}))).toBe('otherwise')
    expect((await standing(customer)).account).toEqual({ posted_nanos: 100n, reserved_nanos: 0n })
  })
})

test('a process that was cut off for longer than its lease brings its journal back: the call costs what it used', async () => {
  const url = await freshDatabase()
  const way = await openWay(Number(new URL(url).port))
  const along = Object.assign(new URL(url), { port: String(way.port) }).href
  const fleet = await openFleet({
    ...{ url, size: 2, urlOf: (node) => (node === 0 ? along : url) },
    yaml: 'nodes: { leaseSeconds: 2, settleWaitSeconds: 0 }\n',
  })
  try {
    const held = fleet.upstream.script('exact', [{ text: 'some words' }, 'gate', 'answer'], { times: 1 })
    const reply = await fleet.request(0, OPENROUTER, { key: fleet.key, body: chat('far/exact', { stream: true }) })
    await held.waiting(1)
    way.cut()
    held.release()
    const { json, data } = eventsOf(await reply.text())
    expect(data.at(-1)).toBe('[DONE]')
    const usage = json.at(-1)?.usage as Record<'prompt_tokens' | 'completion_tokens', number> & {
      prompt_tokens_details: { cached_tokens: number }
    }
    expect(usage, 'an unknown cost is not told').not.toHaveProperty('cost')
    const records = () =>
      fleet.look((store) => store.rows(store.sql.selectFrom('usage_records').selectAll().orderBy('id')))
    const waitFor = async (count: number) => {
      for (let tries = 0; tries < 8; tries++)
        try {
          return await eventually(async () => {
            const found = await records()
            return found.length === count ? found : undefined
          })
        } catch {}
      throw new Error(`there are no ${count} records`)
    }
    const [estimate] = await waitFor(1)
    expect(estimate).toMatchObject({ status: 'interrupted', source: 'estimated' })
    way.open()
    const [, adjustment] = await waitFor(2)
    expect(adjustment).toMatchObject({ kind: 'adjustment', source: 'reported' })
    // At 0.20, 0.05 and 0.50 USD for a million tokens.
    const { cached_tokens: cached } = usage.prompt_tokens_details
    const nanos = BigInt((usage.prompt_tokens - cached) * 200 + cached * 50 + usage.completion_tokens * 500)
    const found = await fleet.look(ledgerOf)
    expect(found.chargedNanos).toBe(nanos)
    expect(found.postedNanos).toBe(25_000_000_000n - nanos)
    expect(found.pending).toEqual([])
    const shown = await fleet.request(1, `/api/v1/generation?id=${json[0]?.id}`, { key: fleet.key })
    expect(generationCode(String(json[0]?.id))).toBe(estimate?.code)
    expect(((await shown.json()) as { data: object }).data).toMatchObject({
      total_cost: Number(nanos) / 1e9,
      native_tokens_completion: usage.completion_tokens,
    })
    expect(await fleet.look((store) => verifyLedger(store))).toEqual([])
  } finally {
    await fleet.close()
    await way.close()
  }
}, 90_000)
