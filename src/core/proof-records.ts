/** Proves a usage record by itself, and by the transaction that charged it. */
import { roundToNanos } from '../lib/money.ts'
import { exactRatio } from '../lib/ratio.ts'
import type { Transaction } from './ledger-rows.ts'
import { differing, type Finding } from './proof-findings.ts'
import type { UsageRecord } from './usage-rows.ts'

/** The line items of a record sum to its totals, and the totals are the exact sums, rounded once. */
export function sumsOfRecord(row: UsageRecord): Finding<UsageRecord>[] {
  const lines = JSON.parse(row.items) as { costNanos?: string; chargeNanos?: string }[]
  const sum = (field: 'costNanos' | 'chargeNanos') =>
    lines.reduce((total, line) => total + BigInt(line[field] ?? line.costNanos ?? 0), 0n)
  const rounded = (exact: string | null, nanos: bigint | null) =>
    exact === null ? nanos : roundToNanos(exactRatio(exact))
  const totals = { costNanos: row.costNanos, chargeNanos: row.chargeNanos }
  const named = { id: row.id }
  return [
    ...differing<UsageRecord>('usage_records', named, totals, {
      costNanos: row.costNanos === null ? null : sum('costNanos'),
      chargeNanos: row.chargeNanos === null ? null : sum('chargeNanos'),
    }),
    ...differing<UsageRecord>('usage_records', named, totals, {
      costNanos: rounded(row.costExact, row.costNanos),
      chargeNanos: rounded(row.chargeExact, row.chargeNanos),
    }),
  ]
}

/**
 * A billed record and its transaction name each other, and what was charged and what was written off make its charge.
 * `gone`: the transaction went with its month.
 */
export function chargeOfRecord(
  row: UsageRecord,
  transaction: Transaction | 'gone' | undefined,
): Finding<UsageRecord>[] {
  if (row.transactionId === null || transaction === 'gone') return []
  const named = { id: row.id }
  // Told by a caller: what it was charged may be of several records, or said beside them.
  if (row.payloadHash !== null && transaction?.accountId === row.accountId) return []
  const own = transaction?.usageRecordId === row.id && transaction.accountId === row.accountId
  if (!transaction || !own)
    return [{ table: 'usage_records', row: named, field: 'transactionId', stored: row.transactionId, computed: null }]
  const given = transaction.type === 'adjustment' && transaction.reversesId !== null
  const taken = (given ? -transaction.amount : transaction.amount) + transaction.writtenOff
  return taken === (row.chargeNanos ?? 0n)
    ? []
    : [{ table: 'usage_records', row: named, field: 'chargeNanos', stored: row.chargeNanos, computed: taken }]
}
