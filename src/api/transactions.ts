/** What was posted: the list of an organisation's transactions, and each by its id. */
import type { Transaction } from '../contract/credits.ts'
import { refuse } from '../contract/errors.ts'
import type { TransactionType } from '../core/ledger-rows.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import {
  findTransaction,
  listTransactions,
  type StoredTransaction,
  type TransactionFilter,
} from '../store/transactions.ts'
import { rangeOf } from './date-range.ts'
import { creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { accountFor } from './who.ts'

export const transactionHandlers: Handlers<'listTransactions' | 'getTransaction'> = {
  async listTransactions(parts, call) {
    const page = pageOf('transactions', call.query)
    const { transactions, total } = await listTransactions(
      parts.store,
      call.caller.organisationId,
      await filterOf(parts, call),
      page,
    )
    const { shown, pagination } = paged('transactions', page, transactions, total)
    return { body: { items: shown.map((transaction) => transactionOf(parts, transaction)), pagination } }
  },

  async getTransaction(parts, { caller, params }) {
    const code = /^txn_(.+)$/.exec(params.id)?.[1] ?? ''
    const own = caller.kind === 'management_key' ? undefined : (caller.accountId ?? 0n)
    const transaction = await findTransaction(parts.store, caller.organisationId, code, own)
    if (!transaction) throw refuse('transaction_not_found')
    return { body: { success: true, transaction: transactionOf(parts, transaction) } }
  },
}

const DIRECTIONS: Readonly<Record<TransactionType, 'credit' | 'debit'>> = {
  grant: 'credit',
  refund: 'credit',
  adjustment: 'credit',
  usage: 'debit',
  debit: 'debit',
  expiry: 'debit',
  void: 'debit',
  clawback: 'debit',
}

async function filterOf(parts: ApiParts, { caller, query, at }: Call<'listTransactions'>): Promise<TransactionFilter> {
  const named = query.accountId !== undefined || query.externalId !== undefined
  const own = caller.kind === 'management_key' ? undefined : (caller.accountId ?? 0n)
  const types = Object.keys(DIRECTIONS) as TransactionType[]
  return {
    accountId: named ? (await accountFor(parts, caller, query, at)).id : own,
    types: query.type === undefined ? undefined : types.filter((type) => DIRECTIONS[type] === query.type),
    ...(await rangeOf(parts, caller.organisationId, query)),
  }
}

function transactionOf(parts: ApiParts, transaction: StoredTransaction): Transaction {
  const rate = creditRate(parts)
  const { amount, amountUsd, balanceAfter, decimal } = withDecimal({
    amount: rate.text(transaction.amount),
    amountUsd: nanosText(transaction.amount),
    balanceAfter: rate.text(transaction.balanceAfter),
  })
  return {
    id: `txn_${transaction.code}`,
    accountId: `acc_${transaction.accountCode}`,
    externalId: transaction.externalId,
    type: DIRECTIONS[transaction.type],
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
