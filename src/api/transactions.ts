/** What was posted: the list of an organisation's transactions, and each by its id. */
import type { Transaction } from '../contract/credits.ts'
import type { Caller } from '../core/caller.ts'
import type { Posted } from '../core/ledger-commands.ts'
import type { PageOf } from '../store/page-of.ts'
import { reservationsById } from '../store/reservations.ts'
import { codesOf } from '../store/row-by-code.ts'
import {
  entriesOf,
  findTransaction,
  listTransactions,
  type StoredTransaction,
  type TransactionFilter,
  transactionPage,
} from '../store/transactions.ts'
import { usageBy } from '../store/usage.ts'
import { accountChain, refundedTo } from './chains.ts'
import { USUAL_PRIORITY } from './credits.ts'
import { rangeOf } from './date-range.ts'
import { exportName } from './export-name.ts'
import { missingOf } from './kept.ts'
import { modelNames } from './models.ts'
import { creditRate, rateOf } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { commandFor, contentOf, post } from './post.ts'
import { shownReservation } from './shown-reservation.ts'
import { reconciliationOf, shownEntries, shownTransaction, transactionRows } from './shown-transaction.ts'
import { usageRecord } from './shown-usage.ts'
import { accountFor, ownAccount } from './who.ts'

type Names = 'listTransactions' | 'getTransaction' | 'createTransaction' | 'refundTransaction'

export const transactionHandlers: Handlers<Names> = {
  async listTransactions(parts, call) {
    const filter = await filterOf(parts, call)
    if (call.rows) {
      const { caller, query, at } = call
      const pageAt = (page: PageOf) =>
        transactionPage(parts.store, caller.organisationId, { ...filter, bookedBy: at }, page)
      const isReconciled = query.include?.includes('usage') ?? false
      const rows = transactionRows(pageAt, (page) => shownWith(parts, call, page), isReconciled)
      const { accountId, externalId, type, usage, startDate: from, endDate: to } = query
      const name = exportName({ table: 'transactions', filters: { accountId, externalId, type, usage }, from, to })
      return { rows: { ...rows, name } }
    }
    const page = pageOf('transactions', call.query)
    const { transactions, total } = await listTransactions(parts.store, call.caller.organisationId, filter, page)
    const { shown, pagination } = paged('transactions', page, transactions, total)
    return { body: { items: await shownWith(parts, call, shown), pagination } }
  },

  async getTransaction(parts, call) {
    const found = await transactionFor(parts, call.caller, call.params.id)
    const [transaction = shownTransaction(found)] = await shownWith(parts, call, [found])
    return { body: { success: true, transaction } }
  },

  async createTransaction(parts, { caller, body, at, idempotency }) {
    const rate = creditRate(parts)
    const account = await accountFor(parts, caller, body, at)
    const what = {
      ...commandFor(caller, account, at, idempotency(contentOf(body, account))),
      amount: rate.nanos(body.amount),
      description: body.description ?? null,
      metadata: body.metadata ? JSON.stringify(body.metadata) : null,
    }
    const grant = {
      type: 'grant',
      category: 'paid',
      priority: USUAL_PRIORITY,
      expiresAt: null,
      paymentId: null,
    } as const
    const chain = body.type === 'credit' ? [] : await accountChain(parts, caller.organisationId, account.id, at)
    const command = body.type === 'credit' ? { ...grant, ...what } : { type: 'debit' as const, ...what, chain }
    return made(parts, caller, await post(parts, rate, command, 'posted'))
  },

  async refundTransaction(parts, { caller, params, body, at, idempotency }) {
    const { id, creditUsd } = await transactionFor(parts, caller, params.id)
    const rate = rateOf(creditUsd)
    const name = idempotency({ ...body, id: params.id })
    const command = {
      ...{ type: 'refund' as const, organisationId: caller.organisationId, at, transactionId: id, creditUsd },
      ...(body.amount === undefined ? {} : { amount: rate.nanos(body.amount) }),
      ...{ actor: caller.principal, description: body.reason },
      ...(await refundedTo(parts, caller.organisationId, id)),
      ...(name ? { idempotency: name } : {}),
    }
    return made(parts, caller, await post(parts, rate, command, 'posted'))
  },
}

/** What goes for a refund of what is gone. */
const GIVE_BACK = '. To give credits back all the same, add them to the account as a grant'

async function transactionFor(parts: ApiParts, caller: Caller, id: string): Promise<StoredTransaction> {
  const code = /^txn_(.+)$/.exec(id)?.[1] ?? ''
  const found = await findTransaction(parts.store, caller.organisationId, code, ownAccount(caller))
  if (!found) throw await missingOf(parts, 'transaction_not_found', code, GIVE_BACK)
  return found
}

async function made(
  parts: ApiParts,
  caller: Caller,
  { result, replayed }: { result: Posted; replayed: boolean },
): Promise<{ body: { success: true; transaction: Transaction }; replayed: boolean }> {
  const stored = await transactionFor(parts, caller, `txn_${result.transaction.code}`)
  return { body: { success: true, transaction: shownTransaction(stored) }, replayed }
}

/** With the reservations and the usage behind them and the entries in them, where those were asked for. */
async function shownWith(
  parts: ApiParts,
  { caller: { organisationId }, query, at }: Pick<Call<'getTransaction'>, 'caller' | 'query' | 'at'>,
  stored: readonly StoredTransaction[],
): Promise<Transaction[]> {
  const include = new Set(query.include?.split(','))
  const ids = stored.map(({ id }) => id)
  const reserved = stored.flatMap(({ reservationId }) => reservationId ?? [])
  const [reservations, usage, codes] = await Promise.all([
    include.has('reservation') ? reservationsById(parts.store, organisationId, reserved, at) : [],
    include.has('usage') ? usageBy(parts.store, organisationId, { field: 'transaction_id', ids }) : [],
    codesOf(parts.store, 'grants', organisationId, include.has('entries') ? stored.flatMap(grantsOf) : []),
  ])
  const byId = new Map(reservations.map((each) => [each.id, shownReservation(each)]))
  const byTransaction = Map.groupBy(usage, ({ transactionId }) => transactionId)
  const names = modelNames(parts.routes)
  const usedBy = (transaction: StoredTransaction) => {
    const own = byTransaction.get(transaction.id) ?? []
    const reconciliation = reconciliationOf(transaction, own, parts.settings.billing.tolerancePercent)
    return { usageRecords: own.map((each) => usageRecord(each, names)), ...(reconciliation ? { reconciliation } : {}) }
  }
  return stored.map((transaction) => ({
    ...shownTransaction(transaction),
    ...(include.has('reservation') ? { reservation: byId.get(transaction.reservationId ?? 0n) ?? null } : {}),
    ...(include.has('usage') ? usedBy(transaction) : {}),
    ...(include.has('entries') ? { entries: shownEntries(transaction, codes) } : {}),
  }))
}

const grantsOf = (transaction: StoredTransaction): bigint[] =>
  entriesOf(transaction).flatMap(({ grantId }) => grantId ?? [])

async function filterOf(parts: ApiParts, { caller, query, at }: Call<'listTransactions'>): Promise<TransactionFilter> {
  const named = query.accountId !== undefined || query.externalId !== undefined
  return {
    accountId: named ? (await accountFor(parts, caller, query, at)).id : ownAccount(caller),
    usageMissing: query.usage === 'missing',
    direction: query.type,
    ...(await rangeOf(parts, caller.organisationId, query)),
  }
}
