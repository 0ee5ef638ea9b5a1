/** Transactions as the API shows them, newest first. */
import type { ExpressionBuilder } from 'kysely'
import type { Entry, TransactionType } from '../core/ledger-rows.ts'
import type { PageOf } from './page-of.ts'
import { codeRange } from './row-by-code.ts'
import type { Schema } from './schema.ts'
import type { Store } from './store.ts'
import { entries } from './tables.ts'

type Direction = 'credit' | 'debit'

const DIRECTIONS: Readonly<Record<Exclude<TransactionType, 'adjustment'>, Direction>> = {
  grant: 'credit',
  refund: 'credit',
  usage: 'debit',
  debit: 'debit',
  expiry: 'debit',
  void: 'debit',
  clawback: 'debit',
}

/** An adjustment that gives back names what it gives back of. */
const directionOf = ({ type, reverses_id }: { type: string; reverses_id: bigint | null }): Direction =>
  type === 'adjustment' ? (reverses_id === null ? 'debit' : 'credit') : DIRECTIONS[type as keyof typeof DIRECTIONS]

export type StoredTransaction = {
  readonly id: bigint
  readonly code: string
  readonly type: TransactionType
  readonly direction: Direction
  readonly accountCode: string
  readonly externalId: string
  readonly amount: bigint
  readonly writtenOff: bigint
  readonly balanceAfter: bigint
  /** Of the credits API; a gateway's own reservation is its generation. */
  readonly reservationCode: string | null
  readonly reservationId: bigint | null
  readonly bookedAt: number
  readonly description: string | null
  readonly metadata: string | null
  /** Dollars for one credit when it was written. */
  readonly creditUsd: string
  /** As they are stored: {@link entriesOf} reads them. */
  readonly entries: string
}

export type TransactionFilter = {
  readonly accountId?: bigint | undefined
  readonly direction?: Direction | undefined
  /** `[from, to)`, milliseconds. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Booked by then: what comes later is left out. */
  readonly bookedBy?: number | undefined
  /** Charges above 0 that no usage record explains. */
  readonly usageMissing?: boolean | undefined
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listTransactions(
  store: Store,
  organisationId: bigint,
  filter: TransactionFilter,
  page: PageOf,
): Promise<{ transactions: StoredTransaction[]; total: number }> {
  const matching = transactionsOf(store, organisationId, filter)
  const [transactions, [count]] = await Promise.all([
    transactionPage(store, organisationId, filter, { ...page, limit: page.limit + 1 }),
    store.rows(matching.select((of) => of.fn.countAll<bigint>().as('total'))),
  ])
  return { transactions, total: Number(count?.total ?? 0) }
}

/** A page of them, without their number. */
export async function transactionPage(
  store: Store,
  organisationId: bigint,
  filter: TransactionFilter,
  { limit, offset, before }: PageOf,
): Promise<StoredTransaction[]> {
  const matching = transactionsOf(store, organisationId, filter)
  const older = before === undefined ? matching : matching.where('t.id', '<', before)
  return (await store.rows(columnsOf(older).orderBy('t.id', 'desc').limit(limit).offset(offset))).map(transactionOf)
}

export async function findTransaction(
  store: Store,
  organisationId: bigint,
  code: string,
  accountId?: bigint,
): Promise<StoredTransaction | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const matching = transactionsOf(store, organisationId, { accountId })
  const [row] = await store.rows(
    columnsOf(matching.where('t.id', '>=', range.from).where('t.id', '<', range.to).where('t.code', '=', code)),
  )
  return row && transactionOf(row)
}

function transactionsOf(
  store: Store,
  organisationId: bigint,
  { accountId, direction, from, to, bookedBy, usageMissing }: TransactionFilter,
) {
  let query = store.sql
    .selectFrom('transactions as t')
    .innerJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 't.account_id').onRef('a.organisation_id', '=', 't.organisation_id'),
    )
    .leftJoin('ended_reservations as r', (join) =>
      join
        .onRef('r.id', '=', 't.reservation_id')
        .onRef('r.organisation_id', '=', 't.organisation_id')
        .on('r.kind', '=', 'api'),
    )
    .where('t.organisation_id', '=', organisationId)
  if (accountId !== undefined) query = query.where('t.account_id', '=', accountId)
  if (direction !== undefined) query = query.where((of) => isDirected(of, direction))
  if (from !== undefined) query = query.where('t.booked_at', '>=', BigInt(from))
  if (to !== undefined) query = query.where('t.booked_at', '<', BigInt(to))
  if (bookedBy !== undefined) query = query.where('t.booked_at', '<=', BigInt(bookedBy))
  if (usageMissing) query = query.where(isUnexplained)
  return query
}

const isDirected = ({ and, eb, or }: OfTransactions, direction: Direction) =>
  or([
    eb(
      't.type',
      'in',
      Object.entries(DIRECTIONS).flatMap(([type, of]) => (of === direction ? type : [])),
    ),
    and([eb('t.type', '=', 'adjustment'), eb('t.reverses_id', direction === 'debit' ? 'is' : 'is not', null)]),
  ])

type OfTransactions = ExpressionBuilder<Schema & { t: Schema['transactions'] }, 't'>

/** A charge above 0 that no usage record explains. */
export const isUnexplained = ({ and, eb, not, exists, selectFrom }: OfTransactions) =>
  and([
    eb('t.type', '=', 'usage'),
    eb('t.amount_nanos', '>', 0n),
    eb('t.usage_record_id', 'is', null),
    not(
      exists(
        selectFrom('usage_records as u')
          .select('u.id')
          .whereRef('u.transaction_id', '=', 't.id')
          .whereRef('u.organisation_id', '=', 't.organisation_id')
          .where('u.payload_hash', 'is not', null),
      ),
    ),
  ])

export const entriesOf = (transaction: StoredTransaction): readonly Entry[] => entries.read(transaction.entries)

const columnsOf = (query: ReturnType<typeof transactionsOf>) =>
  query
    .select([
      't.id',
      't.code',
      't.type',
      't.reverses_id',
      't.amount_nanos',
      't.written_off_nanos',
      't.balance_after_nanos',
      't.booked_at',
      't.description',
      't.metadata',
      't.credit_usd',
      't.entries',
    ])
    .select(['a.code as account_code', 'a.external_id', 'r.code as reservation_code', 'r.id as reservation_id'])

type TransactionRow = {
  id: bigint
  code: string
  type: string
  reverses_id: bigint | null
  amount_nanos: bigint
  written_off_nanos: bigint
  balance_after_nanos: bigint
  booked_at: bigint
  description: string | null
  metadata: string | null
  account_code: string
  external_id: string
  reservation_code: string | null
  reservation_id: bigint | null
  credit_usd: string | null
  entries: string
}

const transactionOf = (row: TransactionRow): StoredTransaction => ({
  id: row.id,
  code: row.code,
  type: row.type as TransactionType,
  direction: directionOf(row),
  accountCode: row.account_code,
  externalId: row.external_id,
  amount: row.amount_nanos,
  writtenOff: row.written_off_nanos,
  balanceAfter: row.balance_after_nanos,
  reservationCode: row.reservation_code,
  reservationId: row.reservation_id,
  bookedAt: Number(row.booked_at),
  description: row.description,
  metadata: row.metadata,
  creditUsd: row.credit_usd ?? '1',
  entries: row.entries,
})
