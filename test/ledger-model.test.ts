/** Random commands against the real ledger and the naive one of model.ts, and on both stores at once: every answer and every balance must agree. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainFor, countingAt, indexBudgets, linksAt } from '../src/core/budget-chain.ts'
import type { Budget, Link, Scope } from '../src/core/budget-rows.ts'
import { apply } from '../src/core/ledger.ts'
import { emptyRows, emptyWritten } from '../src/core/ledger-batch.ts'
import type { Command, Outcome, Refund } from '../src/core/ledger-commands.ts'
import type { OutboxEvent, Overage, Transaction } from '../src/core/ledger-rows.ts'
import { type Spending, scopesOfAccount, scopesOfRecord } from '../src/core/proof-windows.ts'
import type { UsageRecord } from '../src/core/usage-rows.ts'
import { emptyKeyUsage } from '../src/core/usage-sums.ts'
import { createProof } from '../src/core/verify.ts'
import { utcRule, type WindowKind } from '../src/core/window.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { createIds } from '../src/lib/id.ts'
import { systemRandom } from '../src/lib/random.ts'
import {
  type Backend,
  budgetOf,
  ORGANISATION,
  openPostgresBackend,
  openSqliteBackend,
  START,
  type TestClock,
  testClock,
} from './backends.ts'
import { type Commands, commandsAt } from './commands.ts'
import { type Answer, createModel, isMoved, type ModelAccount, type Names } from './model.ts'
import { allRows, createRenaming } from './same-rows.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

const ACCOUNTS: readonly { overage: Overage; overdraft: bigint }[] = [
  { overage: 'charge', overdraft: 0n },
  { overage: 'cap', overdraft: 40n },
  { overage: 'reject', overdraft: 0n },
]
/** `of` none: asked by some calls as the dice have it. The others are asked by whatever matches them. */
type Ceiling = Pick<Budget, 'limit' | 'metric' | 'action'> & { window: WindowKind; thresholds?: number[]; of?: Scope }
const BUDGETS: readonly Ceiling[] = [
  { limit: 400n, metric: 'usd', window: 'day', action: 'block', thresholds: [50, 100] },
  { limit: 900n, metric: 'tokens', window: 'hour', action: 'block' },
  { limit: 5n, metric: 'requests', window: 'minute', action: 'block' },
  { limit: 500n, metric: 'usd', window: 'month', action: 'block', thresholds: [20, 80, 95], of: 'account' },
  { limit: 300n, metric: 'tokens', window: 'day', action: 'alert', thresholds: [100, 300], of: 'account' },
  { limit: 150n, metric: 'usd', window: 'week', action: 'alert', thresholds: [1, 100, 1000], of: 'account' },
  { limit: 3n, metric: 'concurrency', window: 'total', action: 'block', of: 'api_key' },
  { limit: 30n, metric: 'requests', window: 'total', action: 'block', thresholds: [10, 50], of: 'api_key' },
]
const DICED = BUDGETS.filter(({ of }) => of === undefined).length

/** A command before its ids are known: small numbers that pick from what there is. */
type Plan = { do: string; who: number; which: number; amount: number; life: number; key: number }

const plan = fc.record<Plan>({
  do: fc.constantFrom(
    ...[
      'grant',
      'grant',
      'grant',
      'reserve',
      'reserve',
      'reserve',
      'confirm',
      'confirm',
      'confirm',
      'cancel',
      'extend',
    ],
    ...[
      'admit',
      'admit',
      'admit',
      'system',
      'settle',
      'settle',
      'settle',
      'lost',
      'debit',
      'debit',
      'refund',
      'refund',
      'void',
      'usage',
      'status',
    ],
  ),
  who: fc.nat(ACCOUNTS.length - 1),
  which: fc.nat(11),
  amount: fc.integer({ min: 0, max: 120 }),
  life: fc.nat(5),
  key: fc.nat(7),
})
type Step = { plans: readonly Plan[]; forward: number }
/** Commands that arrive together, and by how much the clock is moved before them; a step back is a clock that was set. */
const step = fc.record({
  plans: fc.array(plan, { minLength: 1, maxLength: 6 }),
  forward: fc.constantFrom(0, 0, 1, 999, 30_000, 60_000, 300_000, 3_600_000, 90_000_000, -45_000),
})
const history = fc.array(step, { minLength: 1, maxLength: 14 })

type World = { accounts: readonly ModelAccount[]; budgets: readonly Budget[]; apiKeyId: bigint; run: number }
type Subject = {
  post(commands: readonly Command[]): Promise<Outcome[]>
  state(): Promise<unknown>
  check(): Promise<void>
}

async function agree(
  steps: readonly Step[],
  world: World,
  make: Commands,
  clock: { now(): number; forward(ms: number): void },
  subject: Subject,
) {
  const model = createModel(world.accounts, world.budgets)
  const planner = createPlanner(world, make, clock)
  for (const { plans, forward } of steps) {
    clock.forward(forward)
    const commands = plans.map((each) => planner.command(each))
    const outcomes = await subject.post(commands)
    for (const [index, outcome] of outcomes.entries()) {
      const command = commands[index]
      if (!command) throw new Error('more outcomes than commands')
      expect(answerOf(outcome), JSON.stringify(plans[index])).toEqual(model.run(command, namesOf(outcome)))
      holds(world, command, outcome)
      planner.learn(command, outcome)
    }
    expect(await subject.state()).toEqual(model.state())
    await subject.check()
  }
}

/** What must hold for each answer by itself. */
function holds({ accounts }: World, command: Command, outcome: Outcome): void {
  if (!outcome.ok || outcome.replay) return
  const { result } = outcome
  if (result.kind === 'reserved' && result.balance && 'accountId' in command) {
    const overdraft = accounts.find(({ id }) => id === command.accountId)?.overdraft ?? 0n
    expect(result.balance.posted - result.balance.reserved + overdraft).toBeGreaterThanOrEqual(0n)
  }
  if (result.kind !== 'ended') return
  expect(result.charged + result.writtenOff + result.released).toBe(result.reserved + result.overage)
  if (result.overage > 0n) expect(result.released).toBe(0n)
}

function createPlanner({ accounts, budgets, apiKeyId, run }: World, make: Commands, clock: { now(): number }) {
  const credits: Extract<Command, { type: 'reserve_credits' }>[] = []
  const calls: Extract<Command, { type: 'reserve' }>[] = []
  const charges: { id: bigint; chain: readonly Link[]; call?: NonNullable<Refund['call']> }[] = []
  const grants: { owner: bigint; id: bigint }[] = []
  const pick = <T>(pool: readonly T[], which: number): T | undefined =>
    pool[pool.length - 1 - (which % Math.max(1, pool.length))]
  const keyed = (key: number, operation: string, fingerprint: unknown) =>
    key > 2
      ? {}
      : { idempotency: { principal: `run ${run}`, operation, key: String(key), fingerprint: String(fingerprint) } }
  const index = indexBudgets(budgets)
  const matching = (accountId: bigint | null, key: bigint | null, at: number) => {
    const nobody = { endUser: null, tags: [], models: [] }
    const found = chainFor(index, { organisationId: ORGANISATION, accountId, apiKeyId: key, ...nobody })
    return linksAt(countingAt(found, at), at)
  }
  const chainOf = (which: number) =>
    budgets.slice(0, DICED).flatMap((budget, index) => {
      if (((which + 1) & (1 << index)) === 0) return []
      return linksAt([budget], clock.now())
    })

  function command({ do: what, who, which, amount: size, life, key }: Plan): Command {
    const owner = accounts[who]?.id ?? 0n
    const amount = BigInt(size)
    const most = amount + 1n
    const credit = pick(credits, which) ?? { id: 1n, amount: 1n }
    switch (what) {
      case 'grant': {
        const category = (['paid', 'promotional', 'plan', 'adjustment'] as const)[which % 4] ?? 'paid'
        const lasting = [null, 1, 60_000, 400_000, 7_200_000, 200_000_000][life] ?? null
        const expiresAt = lasting === null ? null : clock.now() + lasting
        const paymentId = key === 7 ? `${run}:${life % 2}` : null
        return make.grant(owner, most, {
          category,
          priority: 1 + (which % 3),
          expiresAt,
          paymentId,
          ...keyed(key, 'grant', `${owner} ${most}`),
        })
      }
      case 'reserve': {
        const made = make.reserve(owner, most, {
          ttlMs: life * 60_000 + 1000,
          graceMs: (which % 3) * 30_000,
          chain: matching(owner, null, clock.now()),
          ...keyed(key, 'reserve', `${owner} ${most}`),
        })
        credits.push(made)
        return made
      }
      case 'confirm': {
        const asked = [credit.amount, credit.amount + amount, 0n, amount][life % 4] ?? 0n
        const onOverage = ([undefined, undefined, 'charge', 'cap', 'reject'] as const)[size % 5]
        const inline = which % 2 === 0 && 'accountId' in credit
        return make.confirm(credit, asked, {
          ...(inline ? { usage: [toldWith(credit)] } : {}),
          ...(life > 3 ? { ifExpired: 'charge' } : {}),
          ...(onOverage ? { onOverage } : {}),
          ...keyed(key, 'confirm', `${credit.id} ${asked}`),
        })
      }
      case 'cancel':
        return make.cancel(credit, keyed(key, 'cancel', credit.id))
      case 'extend':
        return make.extend(credit, { ttlMs: 1 + life * 40_000, graceMs: 10_000 })
      case 'admit':
      case 'system': {
        const payer = what === 'system' ? null : owner
        const made = make.admit(payer, amount, {
          chain: [...chainOf(which), ...matching(payer, apiKeyId, clock.now())],
          apiKeyId,
          ...keyed(key, 'generation', owner),
        })
        calls.push(made)
        return made
      }
      case 'settle':
      case 'lost': {
        const call =
          what === 'lost'
            ? make.admit(owner, amount, {
                chain: [...chainOf(which), ...matching(owner, apiKeyId, clock.now())],
                apiKeyId,
              })
            : pick(calls, which)
        if (!call) return make.debit(owner, most, { chain: matching(owner, null, clock.now()) })
        const charge = [amount, 0n, amount * 2n, null, amount, amount][life] ?? null
        const more = call.idempotency ? { idempotency: call.idempotency } : {}
        return make.settle(call, charge, {
          quote: amount,
          record: { isByok: which === 0, status: life === 1 ? 'error' : 'ok' },
          ...more,
        })
      }
      case 'debit':
        return make.debit(owner, most, {
          chain: matching(owner, null, clock.now()),
          ...keyed(key, 'debit', `${owner} ${most}`),
        })
      case 'refund': {
        const charge = pick(charges, which)
        return make.refund(charge?.id ?? 1n, life === 0 ? undefined : most, {
          ...(charge ? { chain: charge.chain } : {}),
          ...(charge?.call ? { call: charge.call } : {}),
          ...keyed(key, 'refund', `${which} ${most}`),
        })
      }
      case 'usage': {
        const linked = life === 0 ? null : (pick(charges, which)?.id ?? 1n)
        const teller = linked === null ? null : owner
        return make.usage(teller, linked, {
          chain: matching(teller, null, clock.now()),
          payloadHash: String(which % 3),
          dedupeKey: key > 2 ? null : `run ${run}:${key}`,
        })
      }
      case 'void': {
        const grant = pick(grants, which)
        return make.void(grant?.owner ?? owner, grant?.id ?? 1n)
      }
      default:
        return make.status(
          owner,
          (['open', 'open', 'open', 'frozen', 'closed', 'open'] as const)[life] ?? 'open',
          life === 4 && which % 2 === 0 ? { expire: true } : {},
        )
    }
  }

  /** Counted where its reservation was admitted. */
  const toldWith = (credit: { accountId: bigint; at: number }) =>
    make.usage(credit.accountId, null, {
      admittedAt: credit.at,
      occurredAt: credit.at,
      chain: matching(credit.accountId, null, credit.at),
    }).record

  function learn(done: Command, outcome: Outcome): void {
    if (!outcome.ok) return
    const { transaction, grant } = namesOf(outcome)
    if (outcome.replay) return
    if (done.type === 'settle' && done.record.accountId !== null) {
      const { id, apiKeyId, admittedAt } = done.record
      charges.push({ id, chain: done.holds, ...(apiKeyId === null ? {} : { call: { apiKeyId, admittedAt } }) })
    }
    if (transaction === undefined) return
    if (done.type === 'debit') charges.push({ id: transaction, chain: done.chain ?? [] })
    const reserved = done.type === 'confirm' && credits.find(({ id }) => id === done.reservationId)
    if (reserved) charges.push({ id: transaction, chain: reserved.chain ?? [] })
    if (done.type === 'grant' && grant !== undefined) grants.push({ owner: done.accountId, id: grant })
  }
  return { command, learn }
}

function namesOf(outcome: Outcome): Names {
  if (!outcome.ok) return {}
  const { result } = outcome
  return {
    transaction: 'transaction' in result ? result.transaction?.id : undefined,
    grant: 'grant' in result ? result.grant?.id : undefined,
  }
}

/** The outcome in the model's words: numbers alone. */
function answerOf(outcome: Outcome): Answer {
  if (!outcome.ok) {
    if ('failure' in outcome) throw new Error(outcome.failure)
    return { refused: outcome.refusal.code, ...(outcome.replay ? { replay: true } : {}) }
  }
  const {
    kind: _kind,
    code: _code,
    transaction: _transaction,
    grant: _grant,
    record: _record,
    usage: _usage,
    accountId: _account,
    holds: _holds,
    rates: _rates,
    ...numbers
  } = outcome.result as unknown as Record<string, unknown>
  return { ...numbers, ...(outcome.replay ? { replay: true } : {}) }
}

let runs = 0

describe('the ledger agrees with its model', () => {
  test('in memory', async () => {
    const random = { ...systemRandom, fraction: () => 0 }
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const clock = testClock()
        const ids = createIds({ clock, random })
        const make = commandsAt(() => clock.now(), ids)
        const world = worldOf(ids, ++runs)
        await agree(steps, world, make, clock, inMemory(world, ids))
      }),
      { numRuns: 800, ...seed },
    )
  })

  for (const { name, open } of [
    { name: 'SQLite', open: openSqliteBackend },
    { name: 'PostgreSQL', open: openPostgresBackend },
  ])
    test(`on ${name}, and everything is proved by its entries`, async () => {
      const backend = await open()
      try {
        const make = commandsAt(() => backend.clock.now(), backend.store.ids)
        await fc.assert(
          fc.asyncProperty(history, async (steps) => {
            backend.clock.moveTo(START)
            const world = await stored(backend, ++runs)
            await agree(steps, world, make, backend.clock, onStore(backend, world))
          }),
          { numRuns: 30, ...seed },
        )
        expect(await verifyLedger(backend.store)).toEqual([])
      } finally {
        await backend.close()
      }
    })
})

describe('the same commands in the same batches', () => {
  test('end on SQLite, on PostgreSQL and in memory in the same answers, in the same order, and on both stores in the same rows', async () => {
    const backends = [await openSqliteBackend(), await openPostgresBackend()] as const
    const clock = testClock()
    const ids = createIds({ clock, random: { ...systemRandom, fraction: () => 0 } })
    try {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          runs++
          for (const each of [clock, ...backends.map((backend) => backend.clock)]) each.moveTo(START)
          const inside = worldOf(ids, runs)
          const players = [
            player(inside, inMemory(inside, ids), clock, ids),
            ...(await Promise.all(
              backends.map(async (backend) => {
                const world = await stored(backend, runs)
                return player(world, onStore(backend, world), backend.clock, backend.store.ids)
              }),
            )),
          ]
          for (const step of steps) {
            const [memory, ...stores] = await Promise.all(players.map((play) => play(step)))
            for (const answers of stores) expect(answers).toEqual(memory)
          }
        }),
        { numRuns: 10, ...seed },
      )
      const [sqlite, postgres] = await Promise.all(backends.map(({ store }) => allRows(store)))
      expect(sqlite).toEqual(postgres)
      expect(Object.values(sqlite ?? {}).filter((rows) => rows.length > 0).length).toBeGreaterThan(8)
    } finally {
      for (const backend of backends) await backend.close()
    }
  })
})

/** Plays one history step by step; its answers name nothing by what only this store calls it. */
function player(world: World, subject: Subject, clock: TestClock, ids: { next(): { id: bigint; code: string } }) {
  const planner = createPlanner(
    world,
    commandsAt(() => clock.now(), ids),
    clock,
  )
  const renamed = createRenaming()
  return async ({ plans, forward }: Step): Promise<string[]> => {
    clock.forward(forward)
    const commands = plans.map((each) => planner.command(each))
    const outcomes = await subject.post(commands)
    for (const [index, outcome] of outcomes.entries()) planner.learn(commands[index] as Command, outcome)
    return outcomes.map((outcome, index) => `${plans[index]?.do} ${renamed(outcome)}`)
  }
}

function worldOf(ids: { next(): { id: bigint; code: string } }, run: number): World {
  const apiKeyId = ids.next().id
  const accounts = ACCOUNTS.map((account) => ({ ...account, id: ids.next().id }))
  const budgets = ceilings(accounts[0]?.id, apiKeyId).map((budget) =>
    budgetOf({ ...budget, ...ids.next(), createdAt: START }),
  )
  return { run, apiKeyId, accounts, budgets }
}

/** Of the first account, of the key, or of end users beyond the most, whom nobody can find in records. */
const ceilings = (accountId: bigint | undefined, apiKeyId: bigint) =>
  BUDGETS.map(({ of, ...budget }) => ({
    ...utcRule(budget.window),
    ...budget,
    scope: of ?? ('end_user' as const),
    scopeId: String(of === 'account' ? accountId : of === 'api_key' ? apiKeyId : '*'),
  }))

function inMemory(world: World, ids: Parameters<typeof apply>[2]): Subject {
  const rows = emptyRows()
  const transactions: Transaction[] = []
  const events: OutboxEvent[] = []
  const records: UsageRecord[] = []
  for (const { id, overage, overdraft } of world.accounts) {
    const fresh = { status: 'open' as const, posted: 0n, reserved: 0n, lastAt: 0, lowCredit: null, creditLevel: 2 }
    rows.accounts.set(id, {
      id,
      organisationId: ORGANISATION,
      code: String(id),
      externalId: String(id),
      overage,
      reserveMode: null,
      overdraft,
      ...fresh,
    })
    rows.grants.set(id, [])
  }
  for (const budget of world.budgets) rows.budgets.set(budget.id, budget)
  rows.keyUsage.set(world.apiKeyId, emptyKeyUsage(world.apiKeyId, ORGANISATION))
  return {
    async post(commands) {
      const outcomes = apply(rows, commands, ids)
      transactions.push(...rows.written.transactions)
      records.push(...rows.written.usageRecords)
      events.push(...rows.written.events)
      rows.written = emptyWritten()
      return outcomes
    },
    state: async () => ({
      accounts: world.accounts.map(({ id }) => ({
        posted: rows.accounts.get(id)?.posted,
        reserved: rows.accounts.get(id)?.reserved,
      })),
      grants: world.accounts.map(({ id }) =>
        (rows.grants.get(id) ?? []).map(({ remaining, reserved, expiresAt }) => ({ remaining, reserved, expiresAt })),
      ),
      transactions: world.accounts.map(({ id }) =>
        transactions
          .filter(({ accountId }) => accountId === id)
          .map(summary)
          .sort(),
      ),
      events: tellings(world, events),
      counters: world.budgets.map(({ id }) =>
        [...rows.counters.values()]
          .filter(({ budgetId }) => budgetId === id)
          .sort((a, b) => a.windowStart - b.windowStart)
          .map(({ windowStart: window, spent, reserved, fired, blockedAt }) => ({
            ...{ window, spent, reserved, fired, blocked: blockedAt !== null },
          }))
          .filter(isMoved),
      ),
    }),
    async check() {
      const proof = createProof()
      const byId = new Map(transactions.map((transaction) => [transaction.id, transaction]))
      for (const counter of rows.counters.values())
        proof.window(
          counter,
          world.budgets.find(({ id }) => id === counter.budgetId),
        )
      const findings: unknown[] = []
      const recordsById = new Map(records.map((record) => [record.id, record]))
      const placeOf = (charge: Transaction) => {
        const record = recordsById.get(charge.usageRecordId ?? 0n)
        if (record) return { scopes: scopesOfRecord(record), at: record.admittedAt, call: record }
        if (charge.type === 'debit') return { scopes: scopesOfAccount(charge), at: charge.occurredAt }
        return { holds: rows.reservations.get(charge.reservationId ?? 0n)?.holds ?? [] }
      }
      const spendingOf = (row: Transaction): Spending | undefined => {
        const original = byId.get(row.reversesId ?? 0n)
        if (row.type === 'refund' && original) return { usd: -row.amount, ...placeOf(original) }
        const isOwn = row.type === 'debit' || (row.type === 'usage' && row.usageRecordId === null)
        return isOwn ? { usd: row.amount + row.writtenOff, ...placeOf(row) } : undefined
      }
      for (const row of rows.reservations.values())
        if (row.status === 'pending') findings.push(...proof.reservation(row))
      for (const row of transactions) findings.push(...proof.transaction(row, true, spendingOf(row)))
      for (const row of records)
        findings.push(...proof.record(row, byId.get(row.transactionId ?? 0n), { endUser: null, tags: [] }))
      for (const row of rows.accounts.values()) findings.push(...proof.account(row))
      for (const row of [...rows.grants.values()].flat()) findings.push(...proof.grant(row))
      for (const row of rows.keyUsage.values()) findings.push(...proof.keyUsage(row))
      const rest = proof.rest()
      expect([...findings, ...rest.counters, ...rest.keyUsage]).toEqual([])
    },
  }
}

/** What the budgets of this world told: the thresholds of each, and whom they refused. */
const tellings = ({ budgets }: World, events: readonly { type: string; data: string }[]): string[] =>
  events
    .flatMap(({ type, data }) => {
      const { budgetId, thresholds = [] } = JSON.parse(data) as { budgetId: string; thresholds?: number[] }
      const budget = budgets.find(({ code }) => budgetId === `bud_${code}`)
      return budget ? [`${type} ${budget.code} ${thresholds.join(',')}`] : []
    })
    .sort()

const summary = ({
  type,
  amount,
  writtenOff,
  occurredAt,
}: Pick<Transaction, 'type' | 'amount' | 'writtenOff' | 'occurredAt'>): string =>
  `${type} ${amount} ${writtenOff} ${occurredAt}`

async function stored(backend: Backend, run: number): Promise<World> {
  const accounts = await Promise.all(
    ACCOUNTS.map(async (account) => ({ ...account, id: await backend.account(account) })),
  )
  const apiKeyId = await backend.key()
  const budgets = await Promise.all(ceilings(accounts[0]?.id, apiKeyId).map((budget) => backend.budget(budget)))
  return { run, accounts, budgets, apiKeyId }
}

function onStore({ store }: Backend, world: World): Subject {
  const number = (value: bigint | null) => (value === null ? null : Number(value))
  return {
    // All at once: the store makes what batches it likes of them, in this order.
    post: (commands) => Promise.all(commands.map((command) => store.post(command))),
    async state() {
      const owners = world.accounts.map(({ id }) => id)
      const [accounts, grants, transactions, events, counters] = await Promise.all([
        store.rows(store.sql.selectFrom('accounts').selectAll().where('id', 'in', owners)),
        store.rows(store.sql.selectFrom('grants').selectAll().where('account_id', 'in', owners).orderBy('id')),
        store.rows(store.sql.selectFrom('transactions').selectAll().where('account_id', 'in', owners)),
        store.rows(store.sql.selectFrom('outbox').selectAll().where('type', 'like', 'budget.%')),
        store.rows(
          store.sql
            .selectFrom('budget_counters')
            .selectAll()
            .where(
              'budget_id',
              'in',
              world.budgets.map(({ id }) => id),
            )
            .orderBy('window_start'),
        ),
      ])
      const of = <T extends { account_id: bigint }>(rows: readonly T[], id: bigint) =>
        rows.filter(({ account_id }) => account_id === id)
      return {
        accounts: owners.map(
          (owner) =>
            accounts
              .filter(({ id }) => id === owner)
              .map((row) => ({ posted: row.posted_nanos, reserved: row.reserved_nanos }))[0],
        ),
        grants: owners.map((id) =>
          of(grants, id).map((row) => ({
            remaining: row.remaining_nanos,
            reserved: row.reserved_nanos,
            expiresAt: number(row.expires_at),
          })),
        ),
        transactions: owners.map((id) =>
          of(transactions, id)
            .map((row) => `${row.type} ${row.amount_nanos} ${row.written_off_nanos} ${row.occurred_at}`)
            .sort(),
        ),
        events: tellings(world, events),
        counters: world.budgets.map(({ id }) =>
          counters
            .filter(({ budget_id }) => budget_id === id)
            .map(({ window_start, spent, reserved, fired, blocked_at }) => ({
              ...{ window: Number(window_start), spent, reserved, fired, blocked: blocked_at !== null },
            }))
            .filter(isMoved),
        ),
      }
    },
    check: async () => {},
  }
}
