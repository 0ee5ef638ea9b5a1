/**
 * The ledger's caches computed again from what they are caches of: feed every pending reservation, transaction and usage
 * record, then ask for each cached row what it should say. It holds a sum for each cached row, never the history; what
 * it holds it can give away, so that another proof goes on from there.
 */

import type { Budget, Counter } from './budget-rows.ts'
import type { CarriedSum, Dropped, Given } from './carried-sums.ts'
import type { Account, Grant, Reservation, Transaction } from './ledger-rows.ts'
import { createBalances } from './proof-balances.ts'
import { differing, type Finding } from './proof-findings.ts'
import { createKeySums } from './proof-keys.ts'
import { chargeOfRecord, sumsOfRecord } from './proof-records.ts'
import { createRollupSums } from './proof-rollups.ts'
import { createWindows, type Named, type Spending } from './proof-windows.ts'
import type { KeyUsage, Quarter, Rollup, UsageRecord } from './usage-rows.ts'

export type Proof = {
  /** Before anything else: which windows of which budgets are counted. */
  window(counter: Counter, budget: Budget | undefined): void
  /** After the windows: what was kept of rows that are gone. */
  take(row: CarriedSum): void
  /** After all that was kept: a month that is gone. */
  without(month: Dropped, name: string): void
  reservation(row: Reservation): Finding<Reservation>[]
  transaction(row: Transaction, isRecorded: boolean, spending?: Spending): Finding<Transaction>[]
  record(row: UsageRecord, transaction: Transaction | 'gone' | undefined, named: Named): Finding<UsageRecord>[]
  account(row: Account): Finding<Account>[]
  grant(row: Grant): Finding<Grant>[]
  keyUsage(row: KeyUsage): Finding<KeyUsage>[]
  rollup(row: Rollup): Finding<Rollup>[]
  quarter(row: Quarter): Finding<Quarter>[]
  /** At the end: all counters, and the sums that no row was shown for. */
  rest(): {
    counters: Finding<Counter>[]
    keyUsage: Finding<KeyUsage>[]
    rollups: Finding<Rollup>[]
    quarters: Finding<Quarter>[]
  }
  /** What transactions and records came to. Reservations are still there, and are no part of it. */
  give(month?: Dropped): Given[]
}

export function createProof(): Proof {
  const balances = createBalances()
  const windows = createWindows()
  const keys = createKeySums()
  const sums = createRollupSums()
  const parts = [balances, windows, keys, sums]
  return {
    window: windows.window,
    without: windows.without,
    take: (row) => void parts.some((part) => part.take(row)),
    reservation(row) {
      balances.hold(row)
      const homeless = row.holds.filter((hold) => !windows.hold(hold))
      const held = row.allocations.reduce((sum, { nanos }) => sum + nanos, 0n)
      const computed = { amount: row.accountId === null ? row.amount : held }
      return [
        ...differing<Reservation>('reservations', { id: row.id }, { amount: row.amount }, computed),
        ...homeless.map(({ budgetId }) => ({
          table: 'reservations',
          row: { id: row.id },
          field: 'holds' as const,
          stored: budgetId,
          computed: null,
        })),
      ]
    },
    transaction(row, isRecorded, spending) {
      if (spending) windows.spend(spending)
      if (spending && 'call' in spending && spending.call) keys.giveBack(spending.call, -spending.usd)
      for (const entry of row.entries) balances.move(row.organisationId, entry)
      return factsOfTransaction(row, isRecorded)
    },
    record(row, transaction, named) {
      sums.add(row)
      keys.charge(row)
      windows.record(row, named)
      return [...sumsOfRecord(row), ...chargeOfRecord(row, transaction)]
    },
    account: balances.account,
    grant: balances.grant,
    keyUsage: keys.keyUsage,
    rollup: sums.rollup,
    quarter: sums.quarter,
    rest: () => ({ counters: windows.rest(), keyUsage: keys.rest(), ...sums.rest() }),
    give: (month) => parts.flatMap((part) => part.give(month)),
  }
}

/** Its entries sum to zero, move what it says, and what it charged is recorded. */
function factsOfTransaction(row: Transaction, isRecorded: boolean): Finding<Transaction>[] {
  let [sum, moved] = [0n, 0n]
  for (const { account, nanos } of row.entries) {
    sum += nanos
    if (typeof account === 'bigint') moved += nanos
  }
  const named = { id: row.id }
  const amount = row.type === 'adjustment' ? row.amount : moved < 0n ? -moved : moved
  const usageRecordId = isRecorded ? row.usageRecordId : null
  const uneven = { table: 'transactions', row: named, field: 'entries' as const, stored: sum, computed: 0n }
  return [
    ...(sum === 0n ? [] : [uneven]),
    ...differing<Transaction>('transactions', named, { amount: row.amount }, { amount }),
    ...differing<Transaction>('transactions', named, { usageRecordId: row.usageRecordId }, { usageRecordId }),
  ]
}
