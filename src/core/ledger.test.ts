import { describe, expect, test } from 'vitest'
import { budgetOf, ORGANISATION, START, testClock } from '../../test/backends.ts'
import { commandsAt, GRACE, refusalOf, resultOf, TTL, usd } from '../../test/commands.ts'
import { createIds } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { ratio, ZERO } from '../lib/ratio.ts'
import type { Budget } from './budget-rows.ts'
import { apply } from './ledger.ts'
import { emptyRows } from './ledger-batch.ts'
import type { Command } from './ledger-commands.ts'
import type { Account, Transaction } from './ledger-rows.ts'

/** One account and what the ledger needs beside it, all in memory. */
function ledger(more: Partial<Account> = {}, budgets: readonly Budget[] = []) {
  const clock = testClock()
  const ids = createIds({ clock, random: systemRandom })
  const account = ids.next().id
  const rows = emptyRows()
  const fresh = {
    status: 'open' as const,
    overage: 'charge' as const,
    reserveMode: null,
    overdraft: 0n,
    posted: 0n,
    reserved: 0n,
    lastAt: 0,
    lowCredit: null,
    creditLevel: 2,
  }
  rows.accounts.set(account, {
    id: account,
    organisationId: ORGANISATION,
    code: 'a',
    externalId: 'a',
    ...fresh,
    ...more,
  })
  for (const budget of budgets) rows.budgets.set(budget.id, budget)
  const run = (command: Command) => {
    const [outcome] = apply(rows, [command], ids)
    if (!outcome) throw new Error('no outcome')
    return outcome
  }
  return {
    ...{ clock, rows, account, run },
    make: commandsAt(() => clock.now(), ids),
    posted: () => rows.accounts.get(account)?.posted,
    of: (type: Transaction['type']) => rows.written.transactions.filter((transaction) => transaction.type === type),
  }
}

const grantOf = (outcome: Parameters<typeof resultOf>[0]) => resultOf(outcome, 'posted').grant?.id ?? 0n
const call = { fixed: ZERO, outputUnitPrice: ratio('0.001'), inputTokens: 100, outputTokens: 8_000, choices: 1 }
const fit = { share: ratio('0.25'), atLeast: 1_024 }

describe('what time ends by itself', () => {
  test('a grant that is over loses what is free at its end, and what a dead reservation held of it at the death', () => {
    const { account, make, run, clock, of, posted } = ledger()
    run(make.grant(account, usd(10), { expiresAt: START + 1_000 }))
    run(make.reserve(account, usd(4)))
    clock.forward(86_400_000)
    expect(refusalOf(run(make.reserve(account, 1n)))).toBe('insufficient_credits')
    expect(of('expiry').map(({ amount, occurredAt, bookedAt }) => [amount, occurredAt, bookedAt])).toEqual([
      [usd(6), START + 1_000, clock.now()],
      [usd(4), START + TTL + GRACE, clock.now()],
    ])
    expect(posted()).toBe(0n)
  })

  test('a grant whose reservation died before it was over is lost whole when it is', () => {
    const { account, make, run, clock, of } = ledger()
    run(make.grant(account, usd(10), { expiresAt: START + TTL + GRACE + 5 }))
    run(make.reserve(account, usd(10)))
    clock.forward(86_400_000)
    run(make.grant(account, usd(1)))
    expect(of('expiry').map(({ amount, occurredAt }) => [amount, occurredAt])).toEqual([
      [usd(10), START + TTL + GRACE + 5],
    ])
  })

  for (const end of ['expiry', 'void'] as const)
    test(`${end} of a grant repays what is owed first and never deepens a debt`, () => {
      const { account, make, run, clock, of, posted } = ledger()
      const grant = grantOf(run(make.grant(account, usd(100), { expiresAt: START + 1_000 })))
      const [spent, freed] = [make.reserve(account, usd(60)), make.reserve(account, usd(40))]
      for (const command of [spent, freed, make.confirm(spent, usd(90)), make.cancel(freed)]) run(command)
      expect(posted()).toBe(usd(10))
      if (end === 'void') run(make.void(account, grant))
      clock.forward(1_000)
      expect(refusalOf(run(make.reserve(account, 1n)))).toBe('insufficient_credits')
      expect(posted()).toBe(0n)
      expect(of(end).map(({ amount, entries }) => [amount, entries.map(({ nanos }) => nanos)])).toEqual([
        [usd(10), [usd(-40), usd(30), usd(10)]],
      ])
    })

  test('the clock of an account never runs backwards', () => {
    const { account, make, run, clock } = ledger()
    run(make.grant(account, usd(1)))
    clock.forward(-5_000)
    expect(resultOf(run(make.reserve(account, 1n)), 'reserved').admittedAt).toBe(START)
  })
})

test('the debt is the last line of a charge, and the first that a refund repays', () => {
  const { account, make, run, of } = ledger({ overdraft: usd(10) })
  run(make.grant(account, usd(5)))
  const reservation = make.reserve(account, usd(8))
  run(reservation)
  const late = grantOf(run(make.grant(account, usd(1))))
  const ended = resultOf(run(make.confirm(reservation, usd(9))), 'ended')
  expect(
    of('usage')
      .at(-1)
      ?.entries.map(({ grantId, nanos }) => [grantId === late, grantId === null, nanos]),
  ).toEqual([
    [false, false, usd(-5)],
    [true, false, usd(-1)],
    [false, true, usd(-3)],
    [false, true, usd(9)],
  ])
  run(make.refund(ended.transaction?.id ?? 0n, usd(2)))
  expect(
    of('refund')
      .at(-1)
      ?.entries.map(({ grantId, nanos }) => [grantId, nanos]),
  ).toEqual([
    [null, usd(2)],
    [null, usd(-2)],
  ])
})

describe('an output limit that the client left open', () => {
  const fitted = (credit: bigint, more: Partial<typeof call> = {}) => {
    const { account, make, run } = ledger()
    run(make.grant(account, credit))
    return run(make.admit(account, 0n, { demand: { ...call, fit, ...more } }))
  }

  test('stands where the headroom pays for it', () => {
    expect(resultOf(fitted(usd(8)), 'reserved')).toMatchObject({ amount: usd(8) })
    expect(resultOf(fitted(usd(8)), 'reserved').fittedOutput).toBeUndefined()
  })

  test('becomes what a quarter of the headroom pays for', () => {
    expect(resultOf(fitted(usd(7)), 'reserved')).toMatchObject({ fittedOutput: 1_750, amount: usd(1.75) })
  })

  test('is never below 1,024 tokens, and refused where those are not paid for', () => {
    expect(resultOf(fitted(usd(2)), 'reserved')).toMatchObject({ fittedOutput: 1_024, amount: usd(1.024) })
    expect(refusalOf(fitted(usd(1.02)))).toBe('insufficient_credits')
  })

  test('is never raised above the maximum of a small model', () => {
    expect(resultOf(fitted(usd(0.4), { outputTokens: 300 }), 'reserved')).toMatchObject({ amount: usd(0.3) })
  })

  test('a limit that was sent is never changed', () => {
    const { account, make, run } = ledger()
    run(make.grant(account, usd(7)))
    expect(refusalOf(run(make.admit(account, 0n, { demand: call })))).toBe('insufficient_credits')
  })

  test('is fitted to a token budget too', () => {
    const budget = budgetOf({ id: 5n, code: 'b', metric: 'tokens', limit: 8_000n })
    const { make, run } = ledger({}, [budget])
    const chain = [{ budgetId: 5n, windowStart: 0, windowEnd: null }]
    const { fittedOutput, holds } = resultOf(run(make.admit(null, 0n, { chain, demand: { ...call, fit } })), 'reserved')
    expect([fittedOutput, holds[0]?.quantity]).toEqual([1_900, 2_000n])
  })
})

describe('a refused or failing command', () => {
  test('changes nothing of what it touched, but for the mark that a budget refused', () => {
    const budgets = [
      budgetOf({ id: 5n, code: 'wide', limit: usd(100) }),
      budgetOf({ id: 6n, code: 'narrow', limit: usd(1) }),
    ]
    const { account, make, run, rows } = ledger({}, budgets)
    run(make.grant(account, usd(10)))
    const before = structuredClone({ ...rows, written: null })
    const chain = budgets.map(({ id }) => ({ budgetId: id, windowStart: 0, windowEnd: null }))
    expect(refusalOf(run(make.admit(account, usd(2), { chain })))).toBe('budget_exceeded')
    expect(refusalOf(run(make.settle(make.admit(account, usd(2)), usd(-1))))).toContain('never negative')
    const [mark] = rows.counters.values()
    expect(mark).toMatchObject({ budgetId: 6n, spent: 0n, reserved: 0n, blockedAt: expect.any(Number) })
    expect({ ...rows, written: null, counters: new Map() }).toEqual(before)
  })

  test('an alert lets through what a block would refuse', () => {
    const { make, run } = ledger({}, [budgetOf({ id: 5n, code: 'b', limit: 0n, action: 'alert' })])
    expect(
      refusalOf(run(make.admit(null, usd(2), { chain: [{ budgetId: 5n, windowStart: 0, windowEnd: null }] }))),
    ).toBe('done')
  })

  test('an amount above a billion dollars is out of range, with or without an account', () => {
    const { account, make, run } = ledger({ posted: 2n ** 62n, overdraft: 2n ** 62n })
    const tooMuch = usd(1e9) + 1n
    expect(refusalOf(run(make.reserve(account, tooMuch)))).toBe('out_of_range')
    expect(refusalOf(run(make.admit(null, tooMuch)))).toBe('out_of_range')
  })

  test('a refund that the balance cannot hold is out of range', () => {
    const { account, make, run, rows } = ledger()
    run(make.grant(account, usd(1)))
    const { transaction } = resultOf(run(make.debit(account, usd(1))), 'posted')
    const row = rows.accounts.get(account)
    if (row) rows.accounts.set(account, { ...row, posted: 2n ** 63n - 1n })
    expect(refusalOf(run(make.refund(transaction.id)))).toBe('out_of_range')
  })
})
