/** Transactions as replies and tables of rows show them, and whether their usage bears out what they charged. */
import type { Entry, Reconciliation, Transaction } from '../contract/credits.ts'
import { reconcile } from '../core/reconcile.ts'
import { instantText } from '../lib/clock.ts'
import type { Cell } from '../lib/csv.ts'
import { nanosText } from '../lib/money.ts'
import type { PageOf } from '../store/page-of.ts'
import { entriesOf, type StoredTransaction } from '../store/transactions.ts'
import type { StoredUsage } from '../store/usage.ts'
import { rateOf, withDecimal } from './money.ts'
import { pagesBy, type Rows } from './rows.ts'

/** In credits of the price that it was written with. */
export function shownTransaction(transaction: StoredTransaction): Transaction {
  const rate = rateOf(transaction.creditUsd)
  const { amount, amountUsd, balanceAfter, decimal } = withDecimal({
    amount: rate.text(transaction.amount),
    amountUsd: nanosText(transaction.amount),
    balanceAfter: rate.text(transaction.balanceAfter),
  })
  return {
    id: `txn_${transaction.code}`,
    accountId: `acc_${transaction.accountCode}`,
    externalId: transaction.externalId,
    type: transaction.direction,
    kind: transaction.type,
    amount,
    amountUsd,
    description: transaction.description,
    balanceAfter,
    reservationId: transaction.reservationCode === null ? null : `res_${transaction.reservationCode}`,
    metadata: transaction.metadata === null ? null : JSON.parse(transaction.metadata),
    createdAt: instantText(transaction.bookedAt),
    decimal,
  }
}

/** The lines that it wrote, each with its sign, in credits as the transaction itself. */
export function shownEntries(transaction: StoredTransaction, grantCodes: ReadonlyMap<bigint, string>): Entry[] {
  const rate = rateOf(transaction.creditUsd)
  return entriesOf(transaction).map(({ account, grantId, nanos }) => ({
    account: typeof account === 'bigint' ? `acc_${transaction.accountCode}` : account,
    grantId: grantId === null ? null : `grant_${grantCodes.get(grantId)}`,
    ...withDecimal({ amount: rate.text(nanos) }),
  }))
}

/** Undefined for what charges no usage: a debit without any, and everything that is neither. */
export function reconciliationOf(
  transaction: StoredTransaction,
  usage: readonly StoredUsage[],
  tolerancePercent: string,
): Reconciliation | undefined {
  const { type, amount, writtenOff } = transaction
  if (type !== 'usage' && (type !== 'debit' || usage.length === 0)) return undefined
  const { verdict, cost, difference } = reconcile(transaction, usage, tolerancePercent)
  const found = { verdict, records: usage.length }
  const charged = { chargedUsd: nanosText(amount), writtenOffUsd: nanosText(writtenOff) }
  if (cost === null || difference === null)
    return { ...found, costUsd: null, differenceUsd: null, ...withDecimal(charged) }
  return {
    ...found,
    ...withDecimal({ ...charged, costUsd: nanosText(cost), differenceUsd: nanosText(difference) }),
  }
}

const COLUMNS = [
  ...(['id', 'accountId', 'externalId', 'type', 'kind', 'amount', 'amountUsd', 'balanceAfter'] as const),
  ...(['reservationId', 'description', 'metadata', 'createdAt'] as const),
] as const
const RECONCILED = ['verdict', 'chargedUsd', 'writtenOffUsd', 'costUsd', 'differenceUsd', 'records'] as const

/** Every transaction that the filters match, newest first. */
export function transactionRows(
  pageAt: (page: PageOf) => Promise<StoredTransaction[]>,
  shownWith: (page: readonly StoredTransaction[]) => Promise<Transaction[]>,
  isReconciled: boolean,
): Omit<Rows, 'name'> {
  return {
    columns: [...COLUMNS, ...(isReconciled ? RECONCILED : [])],
    pages: pagesBy<StoredTransaction, bigint>(
      (before, limit) => pageAt({ limit, offset: 0, before }),
      ({ id }) => id,
      async (page) =>
        (await shownWith(page)).map((shown) => [...cellsOf(shown), ...reconciledCells(shown, isReconciled)]),
    ),
  }
}

/** Money is plain decimal text, which a sign makes no formula. */
const money = (text: string | undefined): Cell => (text === undefined ? null : { exact: text })

const cellsOf = (shown: Transaction): Cell[] =>
  COLUMNS.map((name) => {
    const value = shown[name]
    if (typeof value === 'number') return money(shown.decimal[name])
    return typeof value === 'object' && value !== null ? { json: JSON.stringify(value) } : value
  })

const reconciledCells = ({ reconciliation }: Transaction, isAsked: boolean): Cell[] =>
  isAsked
    ? RECONCILED.map((name) =>
        name === 'verdict' || name === 'records' ? reconciliation?.[name] : money(reconciliation?.decimal[name]),
      )
    : []
