/** The queries of the control plane on both databases. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { createAccount, findAccount, listAccounts } from '../src/store/accounts.ts'
import { createApiKey, deleteApiKey, findApiKey, listApiKeys, updateApiKey } from '../src/store/api-keys.ts'
import { auditQuery } from '../src/store/audit-log.ts'
import { creditSums, hasPaidGrant } from '../src/store/credits.ts'
import { findGeneration } from '../src/store/generations.ts'
import { listGrants } from '../src/store/grants.ts'
import { findKey } from '../src/store/keys.ts'
import { createManagementKey } from '../src/store/management-keys.ts'
import { createOrganisation, findOrganisation } from '../src/store/organisations.ts'
import { activePlan, archivePlan, assignPlan, createPlan, findPlan, grantPlans, listPlans } from '../src/store/plans.ts'
import { rememberedAnswer } from '../src/store/remembered.ts'
import { findReservation, listReservations, reservationsById } from '../src/store/reservations.ts'
import { findTransaction, listTransactions } from '../src/store/transactions.ts'
import { usageBy, usageCount, usagePage, usageSums } from '../src/store/usage.ts'
import { type Backend, openPostgresBackend, openSqliteBackend } from './backends.ts'
import { type Commands, commandsAt, resultOf, usd } from './commands.ts'

const DAY = 86_400_000
const NO_DEFAULTS = { includeUsage: false, user: null, metadata: null }
const WHOLE = { limit: 50, offset: 0, before: undefined }

describe.each([
  ['SQLite', openSqliteBackend],
  ['PostgreSQL', openPostgresBackend],
])('on %s', (_name, open) => {
  let backend: Backend
  let commands: Commands
  let organisationId: bigint
  beforeAll(async () => {
    backend = await open()
    commands = commandsAt(() => backend.store.now(), backend.store.ids)
    organisationId = await backend.organisation()
  })
  afterAll(() => backend.close())

  const post = (command: Parameters<Backend['store']['post']>[0]) => backend.store.post({ ...command, organisationId })
  const audit = () =>
    auditQuery(backend.store, {
      ...{ organisationId, actor: 'test', action: 'test.change', target: 'it', before: null, after: null },
      ...{ requestId: null, at: backend.store.now() },
    })
  const account = (more: { externalId?: string } = {}) => backend.account({ organisationId, ...more })

  test('what is over by now counts no more, whether or not it was booked', async () => {
    const { store } = backend
    const id = await account()
    const now = store.now()
    await post(commands.grant(id, usd(10), { expiresAt: now + 1_000 }))
    await post(commands.grant(id, usd(5)))
    await post(commands.reserve(id, usd(12), { ttlMs: 2_000, graceMs: 500 }))
    const at = async (instant: number) => {
      const found = await findAccount(store, organisationId, { id }, instant)
      return found && { posted: found.posted, reserved: found.reserved }
    }
    expect(await at(now)).toEqual({ posted: usd(15), reserved: usd(12) })
    expect(await at(now + 1_000)).toEqual({ posted: usd(15), reserved: usd(12) })
    const dead = { posted: usd(5), reserved: 0n }
    const over = now + 60_000
    expect(await at(over)).toEqual(dead)
    // The ledger says the same, once it is asked to move anything.
    await post({ ...commands.status(id, 'open'), at: over })
    expect(await at(over)).toEqual(dead)
  })

  test('an account is created once for its name, and its answer is kept only with it', async () => {
    const { store } = backend
    const name = { principal: 'management', operation: 'createAccount', key: 'k', fingerprint: 'f' }
    const make = (key: string) =>
      createAccount(
        store,
        {
          ...store.ids.next(),
          organisationId,
          externalId: 'ä',
          name: 'A',
          email: null,
          metadata: null,
          at: store.now(),
        },
        audit(),
        { name: { ...name, key }, answer: key },
      )
    expect([await make('one'), await make('two')]).toEqual([true, false])
    expect(await rememberedAnswer(store, organisationId, { ...name, key: 'one' })).toEqual({
      fingerprint: 'f',
      answer: 'one',
    })
    expect(await rememberedAnswer(store, organisationId, { ...name, key: 'two' })).toBeUndefined()
    const found = await findAccount(store, organisationId, { externalId: 'ä' }, store.now())
    expect(await findAccount(store, organisationId, { code: found?.code ?? '' }, store.now())).toEqual(found)
    expect(await findAccount(store, 1n, { code: found?.code ?? '' }, store.now())).toBeUndefined()
    const { accounts, total } = await listAccounts(store, organisationId, {
      page: WHOLE,
      only: undefined,
      at: store.now(),
    })
    expect([accounts.length, accounts[0]?.externalId]).toEqual([total, 'ä'])
  })

  test('a limit begins with what was spent in its window, changes with it and ends with it', async () => {
    const { store } = backend
    const id = await account()
    await post(commands.grant(id, usd(100)))
    const hash = hashSecret(`secret of ${id}`)
    const base = {
      organisationId,
      hash,
      name: 'n',
      label: 'l',
      accountId: id,
      includeByokInLimit: false,
      expiresAt: null,
      allowedModels: null,
      defaults: NO_DEFAULTS,
    }
    await createApiKey(store, { ...store.ids.next(), ...base, limit: null, at: store.now() }, audit())
    const by = () => ({ organisationId, at: store.now(), audit: audit() })
    const key = async () => {
      const found = await findApiKey(store, organisationId, { hash })
      if (!found) throw new Error('the key is there')
      return found
    }
    const spend = async (amount: bigint, admittedAt: number) => {
      const admitted = commands.admit(id, amount, { apiKeyId: (await key()).id })
      await post(admitted)
      await post(commands.settle({ ...admitted, organisationId }, amount, { record: { admittedAt } }))
    }
    await spend(usd(3), store.now() - DAY)
    await spend(usd(2), store.now())
    const spent = async () => {
      const rows = await store.rows(
        store.sql
          .selectFrom('budget_counters')
          .select(['spent', 'window_start'])
          .where('organisation_id', '=', organisationId),
      )
      return rows.map((row) => row.spent).sort()
    }
    const change = async (nanos: bigint, window: 'day' | 'total') =>
      updateApiKey(store, await key(), { limit: { nanos, window } }, by())
    await change(usd(10), 'day')
    expect(await spent()).toEqual([usd(2)])
    await change(usd(9), 'total')
    expect(await spent()).toEqual([usd(2), usd(5)])
    const scopeId = (await key()).id.toString()
    expect(await findKey(store, hash)).toMatchObject({
      limit: { limit: usd(9), window: 'total', source: 'key_limit', scopeId, version: 1 },
    })
    await change(usd(8), 'total')
    expect(await findKey(store, hash)).toMatchObject({ limit: { limit: usd(8), version: 2 } })
    expect(await verifyLedger(store)).toEqual([])
    await updateApiKey(store, await key(), { limit: null, name: 'other', disabled: true }, by())
    expect(await key()).toMatchObject({
      limit: null,
      name: 'other',
      disabled: true,
      usage: { total: usd(5), dayNanos: usd(2) },
    })
    const list = (disabled: boolean | undefined) => listApiKeys(store, organisationId, { disabled }, WHOLE)
    expect([(await list(undefined)).length, (await list(false)).length]).toEqual([1, 0])
    await deleteApiKey(store, await key(), by())
    expect(await findApiKey(store, organisationId, { hash })).toBeUndefined()
    expect(await creditSums(store, organisationId)).toMatchObject({ charged: usd(5) })
    expect(await hasPaidGrant(store, organisationId, id)).toBe(true)
  })

  test('transactions and generations are found by code, each in its organisation alone', async () => {
    const { store } = backend
    const id = await account()
    const { transaction } = resultOf(await post(commands.grant(id, usd(7))), 'posted')
    const found = await findTransaction(store, organisationId, transaction.code)
    expect(found).toMatchObject({
      id: transaction.id,
      type: 'grant',
      amount: usd(7),
      balanceAfter: usd(7),
      reservationCode: null,
    })
    expect(await findTransaction(store, 1n, transaction.code)).toBeUndefined()
    expect(await findTransaction(store, organisationId, transaction.code, id + 1n)).toBeUndefined()
    const all = await listTransactions(
      store,
      organisationId,
      { accountId: id, direction: 'credit', from: found?.bookedAt, to: (found?.bookedAt ?? 0) + 1 },
      WHOLE,
    )
    expect(all).toEqual({ transactions: [found], total: 1 })
    expect(
      (await listTransactions(store, organisationId, { accountId: id, from: (found?.bookedAt ?? 0) + 1 }, WHOLE)).total,
    ).toBe(0)

    const admitted = commands.admit(id, usd(1))
    await post(admitted)
    await post(commands.settle({ ...admitted, organisationId }, usd(1)))
    expect(await findGeneration(store, organisationId, admitted.code)).toMatchObject({
      code: admitted.code,
      inputTokens: 100,
      promptTokens: null,
    })
    expect(await findGeneration(store, organisationId, admitted.code, 5n)).toBeUndefined()
    expect(await findGeneration(store, 1n, admitted.code)).toBeUndefined()
  })

  test('reservations are one list, whether they are under way or have ended', async () => {
    const { store } = backend
    const id = await account()
    await post(commands.grant(id, usd(100)))
    const made = [1, 2, 3, 4].map((dollars) =>
      commands.reserve(id, usd(dollars), { ttlMs: 10_000, graceMs: 0, context: `{"${dollars}":1}` }),
    )
    for (const each of made) await post(each)
    const [first, second, third, fourth] = made
    if (!first || !second || !third || !fourth) throw new Error('four were made')
    await post(commands.cancel(first))
    const { transaction } = resultOf(await post(commands.confirm(second, usd(1))), 'ended')
    await post(commands.extend(fourth, { ttlMs: 60_000 }))
    const at = store.now() + 10_000
    const codes = async (filter: Parameters<typeof listReservations>[2]) => {
      const { reservations, total } = await listReservations(store, organisationId, filter)
      expect(total).toBe(reservations.length)
      return reservations.map(({ code, status }) => [code, status])
    }
    const whole = { page: WHOLE, at, accountId: id }
    expect(await codes(whole)).toEqual([
      [fourth.code, 'pending'],
      [third.code, 'expired'],
      [second.code, 'confirmed'],
      [first.code, 'cancelled'],
    ])
    expect(await codes({ ...whole, status: 'pending' })).toEqual([[fourth.code, 'pending']])
    expect(await codes({ ...whole, status: 'expired' })).toEqual([[third.code, 'expired']])
    expect(await codes({ ...whole, status: 'confirmed' })).toEqual([[second.code, 'confirmed']])
    expect(await codes({ ...whole, accountId: id + 1n })).toEqual([])
    const found = await findReservation(store, organisationId, second.code, { at })
    expect(found).toMatchObject({ transactionCode: transaction?.code, amount: usd(2), context: '{"2":1}' })
    expect(await findReservation(store, 1n, second.code, { at })).toBeUndefined()
    expect(await reservationsById(store, organisationId, [second.id], at)).toEqual([found])
  })

  test('usage is told once, listed with its transaction, and summed by model and context', async () => {
    const { store } = backend
    const id = await account()
    await post(commands.grant(id, usd(100)))
    const { transaction } = resultOf(await post(commands.debit(id, usd(1))), 'posted')
    const own = { organisationId }
    const tell = async (link: bigint | null, more: object) => {
      const command = commands.usage(link === null ? null : id, link)
      return resultOf(await post({ ...command, record: { ...command.record, ...own, ...more } }), 'recorded')
    }
    const missing = async () =>
      (await listTransactions(store, organisationId, { accountId: id, usageMissing: true }, WHOLE)).transactions
    const admitted = commands.reserve(id, usd(5))
    await post(admitted)
    const confirmed = resultOf(await post(commands.confirm(admitted, usd(2))), 'ended').transaction?.id ?? 0n
    expect((await missing()).map((each) => each.id)).toEqual([confirmed])
    const first = await tell(confirmed, { payloadHash: 'a' })
    expect(await missing()).toEqual([])
    const [again, ...keyed] = [
      await tell(confirmed, { payloadHash: 'a' }),
      await tell(confirmed, { payloadHash: 'a', dedupeKey: 'k' }),
      await tell(confirmed, { payloadHash: 'a', dedupeKey: 'k' }),
    ]
    expect(again).toMatchObject({ record: first.record, duplicate: true })
    expect(keyed.map(({ duplicate }) => duplicate)).toEqual([false, true])
    await tell(transaction.id, { model: 'acme/large', costNanos: null, costExact: null, items: '[]' })
    await tell(null, {})
    const shown = await usagePage(store, organisationId, { accountId: id }, WHOLE)
    expect(shown).toMatchObject([
      { model: 'acme/large', costNanos: null, transactionCode: transaction.code },
      { model: 'acme/small', costNanos: usd(0.1), sequence: null },
      { model: 'acme/small', code: first.record.code },
    ])
    expect(await usageBy(store, organisationId, { field: 'transaction_id', ids: [confirmed] })).toHaveLength(2)
    expect(await usageCount(store, organisationId, { model: 'acme/small', context: 'customer', accountId: id })).toBe(2)
    expect(await usageCount(store, organisationId, { from: store.now() + 1 })).toBe(0)
    const sums = await usageSums(store, organisationId, { accountId: id })
    expect(sums).toMatchObject([
      { model: 'acme/large', records: 1n, costNanos: 0n, unpriced: 1n },
      { model: 'acme/small', context: 'customer', records: 2n, costNanos: usd(0.2), inputTokens: 200n, unknown: 0n },
    ])
  })

  test('grants say what is left of them, and how those ended of which nothing is', async () => {
    const { store } = backend
    const id = await account()
    const give = async (dollars: number, more: object = {}) =>
      resultOf(await post(commands.grant(id, usd(dollars), more)), 'posted').grant?.id ?? 0n
    const ends = store.now() + 60_000
    const spent = await give(1, { priority: 1 })
    const voided = await give(2)
    const over = await give(3, { priority: 2, expiresAt: ends })
    await post(commands.debit(id, usd(1)))
    await post(commands.void(id, voided))
    await post(commands.reserve(id, usd(1), { ttlMs: 10_000, graceMs: 0 }))
    const list = async (at: number) =>
      (await listGrants(store, organisationId, { accountId: id, at, page: WHOLE })).grants.map((grant) => [
        grant.id,
        grant.status,
        grant.remaining,
        grant.reserved,
      ])
    const rest = [
      [voided, 'void', 0n, 0n],
      [spent, 'spent', 0n, 0n],
    ]
    expect(await list(store.now())).toEqual([[over, 'active', usd(3), usd(1)], ...rest])
    expect(await list(store.now() + 10_000)).toEqual([[over, 'active', usd(3), 0n], ...rest])
    expect(await list(ends)).toEqual([[over, 'expired', 0n, 0n], ...rest])
    await post({ ...commands.status(id, 'open'), at: ends })
    expect(await list(ends)).toEqual([[over, 'expired', 0n, 0n], ...rest])
  })

  test('a plan is assigned once to an account, and each of its occurrences is granted once', async () => {
    const { store } = backend
    const id = await account()
    const start = store.now()
    const plan = async (dollars: number) => {
      const made = { ...store.ids.next(), name: 'p', amount: usd(dollars), interval: '1d', occurrences: 2 }
      const plan = { ...made, accumulate: true, isActive: true, createdAt: store.now() }
      await createPlan(store, organisationId, plan, [audit()])
      return made
    }
    const [first, second] = [await plan(1), await plan(5)]
    const assign = (planId: bigint) =>
      assignPlan(store, { organisationId, accountId: id, planId, startsAt: start, at: start }, [audit()])
    await assign(first.id)
    const begun = await activePlan(store, organisationId, id)
    expect(begun).toEqual({ planId: first.id, startsAt: start })
    await assign(first.id)
    expect(await activePlan(store, organisationId, id)).toEqual(begun)
    const runs = await Promise.all(Array.from({ length: 5 }, () => grantPlans(store, start)))
    expect(runs).toContain(true)
    await Promise.all([assign(second.id), assign(second.id)])
    await grantPlans(store, start + 3 * DAY)
    expect(await findAccount(store, organisationId, { id }, start + 3 * DAY)).toMatchObject({ posted: usd(11) })
    await archivePlan(store, organisationId, first.id, [audit()])
    expect(await findPlan(store, organisationId, first.code)).toMatchObject({ isActive: false, amount: usd(1) })
    expect(await findPlan(store, 1n, first.code)).toBeUndefined()
    expect((await listPlans(store, organisationId, WHOLE)).plans.map(({ id }) => id)).toEqual([second.id, first.id])
  })

  test('an organisation has a name of its own', async () => {
    const { store } = backend
    const make = () => {
      const made = { ...store.ids.next(), name: 'acme', timeZone: 'Europe/Berlin', createdAt: store.now() }
      return createOrganisation(store, made, audit())
    }
    expect([await make(), await make()]).toEqual([true, false])
    const acme = await findOrganisation(store, { name: 'acme' })
    expect(acme).toMatchObject({ timeZone: 'Europe/Berlin' })
    const managing = { hash: 'h', organisationId: acme?.id ?? 0n, name: 'n', label: 'l', role: 'reader' } as const
    await createManagementKey(store, { ...store.ids.next(), ...managing, at: store.now() }, audit())
    expect(await findKey(store, 'h')).toMatchObject({ kind: 'management_key', organisation: 'acme', role: 'reader' })
  })
})
