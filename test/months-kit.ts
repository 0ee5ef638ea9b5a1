/** A ledger on PostgreSQL that lives through months: what happens in it, and its tables as they are. */
import pg from 'pg'
import { refundedTo } from '../src/api/chains.ts'
import { chainFor, countingAt, indexBudgets, linksAt } from '../src/core/budget-chain.ts'
import type { Budget, Link } from '../src/core/budget-rows.ts'
import type { Command } from '../src/core/ledger-commands.ts'
import { utcRule } from '../src/core/window.ts'
import { createFolds } from '../src/jobs/fold.ts'
import { type MonthsRun, runMonths } from '../src/jobs/months.ts'
import type { Log } from '../src/lib/log.ts'
import { monthAt } from '../src/store/months.ts'
import { type Backend, ORGANISATION, openMovingBackend } from './backends.ts'
import type { Chance } from './chance.ts'
import { commandsAt, resultOf, usd } from './commands.ts'

export const hashDetails = (texts: readonly string[]) => `hash of ${texts.join(' ')}`

export type Living = Backend & {
  readonly make: ReturnType<typeof commandsAt>
  readonly said: unknown[]
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** All that is over. */
  fold(): Promise<void>
  see(keepMonths: number): Promise<MonthsRun>
  /** To the middle of the next month. */
  nextMonth(): void
  /** So many things that happen to accounts, keys and budgets. */
  live(chance: Chance, times: number): Promise<void>
  /** Numbers of transactions that can be given back, newest last; keys that usage was told under. */
  readonly charges: bigint[]
  readonly keys: Map<string, bigint>
}

export async function openLiving(place?: string): Promise<Living> {
  const backend = await openMovingBackend(place)
  const { store, clock } = backend
  const client = new pg.Client({ connectionString: backend.place })
  await client.connect()
  const said: unknown[] = []
  const note = (fields: unknown) => void said.push(fields)
  const log: Log = { readable: false, debug() {}, info() {}, warn: note, error: note }
  const make = commandsAt(() => store.now(), store.ids)
  const charges: bigint[] = []
  const keys = new Map<string, bigint>()
  const told = { times: 0 }
  const post = (command: Command) => store.post(command)

  let people: Awaited<ReturnType<typeof peopleOf>> | undefined
  const peopleOf = async () => {
    const accounts = [await backend.account({ overdraft: usd(50) }), await backend.account({ overage: 'reject' })]
    const apiKeys = [await backend.key({ accountId: accounts[0] ?? null }), await backend.key()]
    const budgets: Budget[] = []
    for (const window of ['day', 'month', 'total'] as const)
      budgets.push(await backend.budget({ limit: usd(1_000_000), ...utcRule(window) }))
    const scope = { source: 'key_limit', scope: 'api_key', scopeId: String(apiKeys[0]) } as const
    budgets.push(await backend.budget({ limit: usd(1_000_000), ...scope, ...utcRule('month') }))
    // It takes a while until everybody knows of a budget.
    clock.forward(60_000)
    return { accounts, apiKeys, index: indexBudgets(budgets) }
  }

  async function live(chance: Chance, times: number): Promise<void> {
    people ??= await peopleOf()
    const { accounts, apiKeys, index } = people
    const pick = <T>(of: readonly T[]): T => of[chance.below(of.length)] as T
    const nobody = {
      organisationId: ORGANISATION,
      accountId: null,
      apiKeyId: null,
      endUser: null,
      tags: [],
      models: [],
    }
    const links = (spender: object): Link[] =>
      linksAt(countingAt(chainFor(index, { ...nobody, ...spender }), store.now()), store.now())
    const amount = () => BigInt(1 + chance.below(3_000_000_000))
    const acts = [
      () =>
        post(
          make.grant(pick(accounts), amount() * 3n, { expiresAt: store.now() + (1 + chance.below(90)) * 86_400_000 }),
        ),
      () => post(make.grant(pick(accounts), amount() * 3n)),
      async () => {
        const [accountId, apiKeyId] = [pick([...accounts, null]), pick(apiKeys)]
        const chain = links({ accountId, apiKeyId, models: ['acme/small'] })
        const call = make.admit(accountId, 0n, { apiKeyId, chain })
        const outcome = await post(call)
        if (!outcome.ok) return
        const { holds } = resultOf(outcome, 'reserved')
        clock.forward(chance.below(100))
        const settled = await post(make.settle(call, amount() / 10n, { holds }))
        if (accountId !== null && settled.ok) charges.push(call.id)
      },
      async () => {
        const accountId = pick(accounts)
        const held = make.reserve(accountId, amount() / 4n, { chain: links({ accountId }) })
        if (!(await post(held)).ok) return
        const usage = make.usage(accountId, null, { payloadHash: `of ${held.id}`, chain: links({ accountId }) }).record
        const ended = await post(make.confirm(held, amount() / 8n, chance.below(2) === 0 ? {} : { usage: [usage] }))
        if (ended.ok && ended.result.kind === 'ended' && ended.result.transaction)
          charges.push(ended.result.transaction.id)
      },
      async () => {
        const accountId = pick(accounts)
        const done = await post(make.debit(accountId, amount() / 10n, { chain: links({ accountId }) }))
        if (done.ok) charges.push(resultOf(done, 'posted').transaction.id)
      },
      async () => {
        const of = pick(charges)
        if (of === undefined) return
        const budgets = { chainOf: async (spender: object) => chainFor(index, { ...nobody, ...spender }) } as never
        await post(make.refund(of, undefined, await refundedTo({ store, budgets }, ORGANISATION, of)))
      },
      async () => {
        const dedupeKey = `told ${told.times++}`
        const linked = pick([undefined, ...charges.slice(-5)])
        const [charge] =
          linked === undefined ? [] : await query('SELECT account_id FROM transactions WHERE id = $1', [linked])
        const accountId = charge ? BigInt(String(charge.account_id)) : null
        const usage = make.usage(accountId, charge ? (linked ?? null) : null, {
          dedupeKey,
          chain: links({ accountId }),
        })
        keys.set(dedupeKey, resultOf(await post(usage), 'recorded').record.id)
      },
    ]
    for (let time = 0; time < times; time++) {
      await pick(acts)()
      clock.forward(chance.below(3_600_000))
    }
  }

  const query = async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows
  return {
    ...backend,
    ...{ make, said, query, live, charges, keys },
    see: (keepMonths) => runMonths({ store, clock, log, keepMonths }),
    async fold() {
      const folds = createFolds({ store, hashDetails })
      for (;;) {
        const { quarters, spans } = await folds.run()
        if (quarters + spans === 0) return
      }
    },
    nextMonth() {
      clock.moveTo(monthAt(store.now(), 1).start + 14 * 86_400_000)
    },
    async close() {
      await client.end()
      await backend.close()
    },
  }
}
