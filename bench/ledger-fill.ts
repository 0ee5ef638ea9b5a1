/**
 * Years of records within seconds: the database multiplies one record, with its transaction and its details, by itself.
 * Constraints, indexes and triggers are in place as they always are; only the rules are not asked.
 */
import type { Transaction } from '../src/core/ledger-rows.ts'
import { emptyKeyUsage } from '../src/core/usage-sums.ts'
import { idRange } from '../src/lib/id.ts'
import type { Cell, Table } from '../src/store/table.ts'
import * as tables from '../src/store/tables.ts'
import { accountsInAll, chargeNanos, detailsOf, organisationId, recordAt } from './ledger-pairs.ts'

/** SQL with `?` for its cells; each call is a transaction. */
export type Run = (sql: string, cells: readonly Cell[]) => Promise<void>

const chunk = 100_000
const spacingMs = 2_000
/** Calls that share the row of their personal fields. */
const sharing = 10

export async function fill(run: Run, records: number, now: number): Promise<void> {
  await openAccounts(run, now)
  const firstMs = now - (records + 1) * spacingMs
  const { from, to } = idRange(firstMs, firstMs + spacingMs)
  const id = `${from} + i * ${to - from}`
  const at = `${firstMs} + i * ${spacingMs}`
  const owner = `1 + i % ${accountsInAll}`
  const code = `'History' || CAST(${1_000_000_000_000} + i AS TEXT)`
  const common = { id, code, account_id: owner, occurred_at: at }
  const hash = `CAST(10000000000 + (i / ${sharing} * 2654435761) % 4294967296 AS TEXT) || 'c0ffee5eedc0ffee5eed0'`
  const record = { ...recordAt(now), transactionId: 0n, recordedAt: now }
  for (let first = 0; first < records; first += chunk) {
    const range = [first, Math.min(records, first + chunk) - 1] as const
    await multiply(run, range, tables.transactions, transactionAt(now), {
      ...common,
      booked_at: at,
      reservation_id: id,
      usage_record_id: id,
    })
    const own = {
      ...common,
      transaction_id: id,
      api_key_id: owner,
      admitted_at: at,
      recorded_at: at,
      details_hash: hash,
    }
    await multiply(run, range, tables.usageRecords, record, own)
    await multiply(
      run,
      range,
      tables.callDetails,
      detailsOf('', now),
      { hash, created_at: at },
      `WHERE i % ${sharing} = 0`,
    )
  }
}

async function openAccounts(run: Run, now: number): Promise<void> {
  const all = [1, accountsInAll] as const
  const balance = 10n ** 15n
  const rest = {
    name: "'bench'",
    email: 'NULL',
    metadata: 'NULL',
    reserve_mode: 'NULL',
    created_at: `${now}`,
    updated_at: `${now}`,
  }
  const text = (before: string) => `'${before}' || CAST(i AS TEXT)`
  const account = {
    id: 0n,
    organisationId,
    code: '',
    externalId: '',
    status: 'open',
    overage: 'charge',
    reserveMode: null,
    overdraft: 0n,
    posted: balance,
    reserved: 0n,
    lastAt: 0,
    lowCredit: null,
    creditLevel: 0,
  } as const
  await multiply(run, all, tables.accounts, account, {
    id: 'i',
    code: text('account-'),
    external_id: text('customer-'),
    ...rest,
  })
  const left = {
    amount: balance,
    remaining: balance,
    reserved: 0n,
    priority: 50,
    effectiveAt: now,
    expiresAt: null,
    paymentId: null,
    createdAt: now,
  }
  const grant = { id: 0n, organisationId, code: '', accountId: 0n, category: 'paid', ...left } as const
  await multiply(run, all, tables.grants, grant, { id: 'i', code: text('grant-'), account_id: 'i' })
  await multiply(run, all, tables.keyUsage, emptyKeyUsage(0n, organisationId), { api_key_id: 'i' })
}

const transactionAt = (at: number): Transaction => ({
  id: 0n,
  organisationId,
  code: '',
  type: 'usage',
  accountId: 0n,
  amount: chargeNanos,
  reversesId: null,
  reservationId: 0n,
  usageRecordId: 0n,
  grantId: null,
  balanceAfter: 10n ** 15n,
  writtenOff: 0n,
  occurredAt: at,
  bookedAt: at,
  actor: 'gateway',
  description: null,
  metadata: null,
  creditUsd: null,
  entries: [
    { account: 1n, grantId: 1n, nanos: -chargeNanos },
    { account: 'revenue', grantId: null, nanos: chargeNanos },
  ],
})

/** One row for each `i` of the range: cells of `row`, but for the columns that are told by an expression over `i`. */
async function multiply<R extends object>(
  run: Run,
  [first, last]: readonly [number, number],
  table: Table<R>,
  row: R,
  told: Readonly<Record<string, string>>,
  where = '',
): Promise<void> {
  const cells = table.cells(row)
  const constant = table.columns.flatMap((column, n) =>
    column in told ? [] : [{ column, type: table.types[n], cell: cells[n] ?? null }],
  )
  const columns = [...constant.map(({ column }) => column), ...Object.keys(told)]
  const values = [...constant.map(({ type }) => `CAST(? AS ${type})`), ...Object.values(told)]
  const rows = `WITH RECURSIVE n(i) AS (SELECT CAST(${first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`
  const sql = `INSERT INTO ${table.name} (${columns.join(', ')}) ${rows} SELECT ${values.join(', ')} FROM n ${where}`
  await run(
    sql,
    constant.map(({ cell }) => cell),
  )
}
