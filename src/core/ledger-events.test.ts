import { describe, expect, test } from 'vitest'
import { ORGANISATION, testClock } from '../../test/backends.ts'
import { commandsAt, GRACE, TTL, usd } from '../../test/commands.ts'
import { createIds } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { apply } from './ledger.ts'
import { emptyRows } from './ledger-batch.ts'
import type { Command } from './ledger-commands.ts'

/** One account that is told of at 10 dollars, and the events of what it goes through. */
function ledger(lowCredit: bigint | null = usd(10)) {
  const clock = testClock()
  const ids = createIds({ clock, random: systemRandom })
  const account = ids.next().id
  const rows = emptyRows()
  rows.accounts.set(account, {
    ...{ id: account, organisationId: ORGANISATION, code: 'a', externalId: 'ann', status: 'open', overage: 'charge' },
    ...{ reserveMode: null, overdraft: 0n, posted: 0n, reserved: 0n, lastAt: 0, lowCredit, creditLevel: 2 },
  })
  return {
    ...{ account, clock, make: commandsAt(clock.now, ids) },
    run: (...commands: Command[]) => apply(rows, commands, ids),
    /** Those since the last look. */
    events: () =>
      rows.written.events.splice(0).map(({ type, data, onceKey }) => ({ type, onceKey, ...JSON.parse(data) })),
  }
}

const typesOf = (events: readonly { type: string }[]) => events.map(({ type }) => type)

describe('credit that runs out', () => {
  test('is told once for each level, and again only after it has risen above it', () => {
    const { account, make, run, events } = ledger()
    run(make.grant(account, usd(20)))
    expect(events()).toEqual([])
    run(make.debit(account, usd(10)))
    expect(events()).toMatchObject([
      {
        type: 'credits.low',
        accountId: 'acc_a',
        externalId: 'ann',
        balanceUsd: 10,
        thresholdUsd: 10,
        decimal: { balanceUsd: '10', reservedUsd: '0', availableUsd: '10', thresholdUsd: '10' },
      },
    ])
    run(make.debit(account, usd(1)), make.debit(account, usd(9)))
    expect(typesOf(events())).toEqual(['credits.depleted'])
    run(make.grant(account, usd(11)), make.debit(account, usd(5)))
    expect(typesOf(events())).toEqual(['credits.low'])
  })

  test('a charge that takes all at once tells every level that it passes', () => {
    const { account, make, run, events } = ledger()
    const reservation = make.reserve(account, usd(20))
    run(make.grant(account, usd(20)), reservation, make.confirm(reservation, usd(21)))
    expect(typesOf(events())).toEqual(['credits.low', 'credits.depleted', 'credits.negative'])
    run(make.grant(account, usd(1)))
    const again = make.reserve(account, usd(1))
    run(make.grant(account, usd(1)), again, make.confirm(again, usd(2)))
    expect(typesOf(events())).toEqual(['credits.depleted', 'credits.negative'])
  })

  test('what is reserved is not spent, and a refused or repeated command tells nothing', () => {
    const { account, make, run, events } = ledger()
    run(make.grant(account, usd(20)), make.reserve(account, usd(15)), make.debit(account, usd(15)))
    expect(events()).toEqual([])
    const idempotency = { principal: 'p', operation: 'debit', key: 'k', fingerprint: 'f' }
    for (let times = 0; times < 3; times++) run(make.debit(account, usd(5), { idempotency }))
    run(make.debit(account, usd(5), { idempotency: { ...idempotency, key: 'other' } }))
    expect(typesOf(events())).toEqual([])
  })

  test('without a threshold nothing is low', () => {
    const { account, make, run, events } = ledger(null)
    run(make.grant(account, usd(20)), make.debit(account, usd(20)))
    expect(events()).toMatchObject([{ type: 'credits.depleted', thresholdUsd: null }])
  })
})

describe('what time ends by itself is told', () => {
  test('a grant with what was lost of it, a reservation with what was released', () => {
    const { account, clock, make, run, events } = ledger(null)
    run(make.grant(account, usd(10), { expiresAt: clock.now() + 1_000 }), make.reserve(account, usd(4)))
    clock.forward(TTL + GRACE)
    run(make.grant(account, usd(1)))
    expect(events()).toMatchObject([
      { type: 'grant.expired', lostUsd: 6, amountUsd: 10, decimal: { lostUsd: '6' } },
      { type: 'reservation.expired', releasedUsd: 4 },
      { type: 'grant.expired', lostUsd: 4 },
      { type: 'credits.depleted' },
    ])
  })
})

describe('a call is told of', () => {
  test('where it was interrupted, came above its quote, or has no price', () => {
    const { account, make, run, events } = ledger(null)
    const calls = [1, 2, 3, 4].map(() => make.admit(account, usd(1)))
    const [cut, dear, free, freeToo] = calls
    if (!cut || !dear || !free || !freeToo) throw new Error('four calls')
    run(make.grant(account, usd(10)), ...calls)
    run(make.settle(cut, usd(1), { record: { status: 'interrupted' } }))
    run(make.settle(dear, usd(1), { quote: usd(0.5) }))
    run(make.settle(free, null), make.settle(freeToo, null))
    expect(events()).toMatchObject([
      { type: 'generation.interrupted', generationId: expect.stringMatching(/^gen-/), chargeUsd: 1 },
      { type: 'quote.exceeded', chargeUsd: 1, quoteUsd: 0.5, decimal: { quoteUsd: '0.5' } },
      { type: 'usage.unpriced', model: 'acme/small', onceKey: 'usage.unpriced 2026-03-02 acme/small' },
      { type: 'usage.unpriced', onceKey: 'usage.unpriced 2026-03-02 acme/small' },
    ])
  })
})
