/** How much of a call is held of its chain, in both modes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { budgetOf, ORGANISATION, START, testClock } from '../../test/backends.ts'
import { commandsAt, refusalOf, resultOf } from '../../test/commands.ts'
import { createIds } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { linksAt } from './budget-chain.ts'
import type { Budget, ReserveMode } from './budget-rows.ts'
import { apply } from './ledger.ts'
import { emptyRows, emptyWritten } from './ledger-batch.ts'
import type { Demand } from './ledger-commands.ts'
import { utcRule, type WindowKind } from './window.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }

/** A nano-dollar a token, in and out. */
const NANO = { n: 1n, d: 1_000_000_000n }
const nanos = (count: number) => ({ n: BigInt(count), d: 1_000_000_000n })

const demandOf = (input: number, output: number, likelyInput: number, likelyOutput: number): Demand => ({
  ...{ fixed: nanos(input), outputUnitPrice: NANO, inputTokens: input, outputTokens: output, choices: 1 },
  estimate: { fixed: nanos(likelyInput), inputTokens: likelyInput, outputTokens: likelyOutput },
})

type Kept = { limit: number; metric?: Budget['metric']; window?: WindowKind; reserveMode?: ReserveMode | null }

function ledgerWith(all: readonly Kept[]) {
  const clock = testClock()
  const ids = createIds({ clock, random: systemRandom })
  const rows = emptyRows()
  const budgets = all.map(({ limit, window = 'day', ...more }) =>
    budgetOf({ ...ids.next(), ...utcRule(window), limit: BigInt(limit), ...more }),
  )
  for (const budget of budgets) rows.budgets.set(budget.id, budget)
  const make = commandsAt(() => clock.now(), ids)
  const run = (command: Parameters<typeof apply>[1][number]) => {
    const [outcome] = apply(rows, [command], ids)
    if (!outcome) throw new Error('a command has an outcome')
    rows.written = emptyWritten()
    return outcome
  }
  const admit = (demand: Demand, mode: ReserveMode) =>
    make.admit(null, 0n, { demand, mode, chain: linksAt(budgets, START) })
  const counters = () => [...rows.counters.values()]
  return { make, run, admit, counters, budgets }
}

describe('how much is held', () => {
  const call = demandOf(100, 1000, 40, 300)

  test('strict holds the bound, estimate what is likely, and tells how far that may be exceeded', () => {
    const strict = ledgerWith([{ limit: 5_000 }])
    expect(resultOf(strict.run(strict.admit(call, 'strict')), 'reserved')).toMatchObject({ amount: 1_100n })
    expect(strict.counters()).toMatchObject([{ reserved: 1_100n, overshoot: 0n }])
    const likely = ledgerWith([{ limit: 5_000 }])
    const reserved = resultOf(likely.run(likely.admit(call, 'estimate')), 'reserved')
    expect(reserved).toMatchObject({ amount: 340n, quote: 1_100n, holds: [{ quantity: 340n, quote: 1_100n }] })
    expect(likely.counters()).toMatchObject([{ reserved: 340n, overshoot: 760n }])
  })

  test('the strictest of the chain decides; who says nothing has the word of the organisation', () => {
    const amountOf = (budgets: readonly (ReserveMode | null)[], mode: ReserveMode) => {
      const ledger = ledgerWith(budgets.map((reserveMode) => ({ limit: 5_000, reserveMode })))
      return resultOf(ledger.run(ledger.admit(call, mode)), 'reserved').amount
    }
    expect(amountOf(['estimate'], 'strict')).toBe(340n)
    expect(amountOf([null], 'estimate')).toBe(340n)
    expect(amountOf(['estimate', null], 'strict')).toBe(1_100n)
    expect(amountOf(['estimate', 'strict'], 'estimate')).toBe(1_100n)
  })

  test('tokens of a minute or an hour are held as is likely, whatever the mode', () => {
    for (const window of ['minute', 'hour'] as const) {
      const ledger = ledgerWith([{ limit: 500, metric: 'tokens', window }, { limit: 5_000 }])
      const { amount, holds } = resultOf(ledger.run(ledger.admit(call, 'strict')), 'reserved')
      expect([amount, holds[0]?.quantity]).toEqual([1_100n, 340n])
    }
    const day = ledgerWith([{ limit: 500, metric: 'tokens' }])
    expect(refusalOf(day.run(day.admit(call, 'strict')))).toBe('budget_exceeded')
  })

  test('an estimate above the bound is the bound', () => {
    const ledger = ledgerWith([{ limit: 5_000 }])
    const huge = demandOf(100, 50, 400, 300)
    expect(resultOf(ledger.run(ledger.admit(huge, 'estimate')), 'reserved').amount).toBe(150n)
  })
})

test('settled + reserved + new ≤ limit at each admission in both modes, in strict also after each settle', () => {
  const step = fc.record({
    input: fc.nat(200),
    output: fc.nat(400),
    /** Percent of the bound. */
    likely: fc.integer({ min: 1, max: 100 }),
    used: fc.integer({ min: 0, max: 100 }),
    ends: fc.nat(3),
  })
  fc.assert(
    fc.property(
      fc.constantFrom<ReserveMode>('strict', 'estimate'),
      fc.array(step, { minLength: 1, maxLength: 40 }),
      (mode, steps) => {
        const ledger = ledgerWith([
          { limit: 2_000 },
          { limit: 3_000, metric: 'tokens' },
          { limit: 9, metric: 'requests' },
        ])
        const open: ReturnType<typeof ledger.admit>[] = []
        const within = (isSettled: boolean) => {
          for (const { budgetId, spent, reserved, overshoot } of ledger.counters()) {
            const limit = ledger.budgets.find(({ id }) => id === budgetId)?.limit ?? 0n
            expect(reserved >= 0n && overshoot >= 0n).toBe(true)
            if (mode === 'strict') expect(overshoot).toBe(0n)
            if (mode === 'strict' || !isSettled) expect(spent + reserved <= limit).toBe(true)
          }
        }
        for (const { input, output, likely, used, ends } of steps) {
          const share = (count: number, percent: number) => Math.floor((count * percent) / 100)
          const command = ledger.admit(demandOf(input, output, share(input, likely), share(output, likely)), mode)
          if (ledger.run(command).ok) {
            within(false)
            open.push(command)
          }
          const ending = open[ends]
          if (!ending) continue
          open.splice(ends, 1)
          const { demand } = ending
          const [inputTokens, outputTokens] = [share(demand.inputTokens, used), share(demand.outputTokens, used)]
          const charge = BigInt(inputTokens + outputTokens)
          ledger.run(
            ledger.make.settle(ending, charge, {
              organisationId: ORGANISATION,
              holds: ending.chain.map((link) => ({ ...link, quantity: 0n })),
              record: { inputTokens, outputTokens },
            }),
          )
          within(true)
        }
      },
    ),
    { numRuns: 300, ...seed },
  )
})
