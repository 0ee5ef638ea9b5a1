/** Money in and out beside usage: grants, voids, debits, refunds, and the status of an account. */
import { fitsInt64, MAX_AMOUNT, min } from '../lib/money.ts'
import { balanceOf, debtOf, draw, expireGrants, postingOf, takeBack } from './ledger-balance.ts'
import { paymentKey } from './ledger-batch.ts'
import { boundsOf, budgetRefusals, firstOf, inDollars, spendAll } from './ledger-budgets.ts'
import {
  type AddGrant,
  type Debit,
  done,
  type Refund,
  refuse,
  type SetStatus,
  type Step,
  type VoidGrant,
} from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import type { Account, Entry, Grant, GrantCategory, SystemAccount, Transaction } from './ledger-rows.ts'
import { giveBackToKey } from './usage-sums.ts'

const SOURCE: Readonly<Record<GrantCategory, SystemAccount>> = {
  paid: 'funding',
  promotional: 'promotion',
  plan: 'promotion',
  adjustment: 'adjustment',
}

/** Credit added. The grant and its transaction share one number and code; a debt is repaid at once, from the new grant. */
export const addGrant: Step<AddGrant> = (draft, command, ids) => {
  const account = draft.account(command.accountId)
  if (!account) return refuse('account_not_found')
  if (account.status === 'closed') return refuse('account_closed')
  if (command.amount <= 0n || command.amount > MAX_AMOUNT) return refuse('invalid_amount')
  if (!fitsInt64(account.posted + command.amount)) return refuse('out_of_range')
  const paid =
    command.paymentId === null
      ? undefined
      : draft.rows.payments.get(paymentKey(command.organisationId, command.paymentId))
  if (paid) return creditedBefore(draft, paid, command)
  const debt = debtOf(draft, account)
  const { id, code } = ids.next()
  const grant: Grant = {
    id,
    code,
    organisationId: command.organisationId,
    accountId: account.id,
    category: command.category,
    amount: command.amount,
    remaining: command.amount,
    reserved: 0n,
    priority: command.priority,
    effectiveAt: command.at,
    expiresAt: command.expiresAt,
    paymentId: command.paymentId,
    createdAt: command.at,
  }
  const repaid = debt < command.amount ? debt : command.amount
  grant.remaining -= repaid
  draft.addGrant(grant)
  if (command.paymentId !== null) draft.rows.payments.set(paymentKey(command.organisationId, command.paymentId), grant)
  account.posted += command.amount
  const entries: Entry[] = [{ account: account.id, grantId: grant.id, nanos: command.amount }]
  if (repaid > 0n)
    entries.push(
      { account: account.id, grantId: grant.id, nanos: -repaid },
      { account: account.id, grantId: null, nanos: repaid },
    )
  entries.push({ account: SOURCE[command.category], grantId: null, nanos: -command.amount })
  const transaction = postingOf(account, ids, {
    ...described(command),
    id,
    code,
    type: 'grant',
    amount: command.amount,
    grantId: grant.id,
    entries,
  })
  draft.post(transaction)
  return done({
    kind: 'posted',
    transaction: named(transaction),
    grant: { id, code },
    amount: command.amount,
    balance: balanceOf(account),
  })
}

/** The same payment is one grant for ever; told again with another amount or account it is a conflict. */
function creditedBefore(draft: Draft, grant: Grant, { amount, accountId }: AddGrant) {
  const account = draft.account(accountId)
  if (grant.amount !== amount || grant.accountId !== accountId || !account)
    return refuse('payment_already_credited', { grantId: grant.code })
  return {
    ok: true,
    replay: true,
    result: { kind: 'posted', transaction: named(grant), grant: named(grant), amount, balance: balanceOf(account) },
  } as const
}

export const voidGrant: Step<VoidGrant> = (draft, command, ids) => {
  const account = draft.account(command.accountId)
  const grant = draft.grants(command.accountId).find(({ id }) => id === command.grantId)
  if (!account || !grant) return refuse('grant_not_found')
  const rest = grant.remaining - grant.reserved
  if (rest <= 0n) return refuse('grant_spent', { grantId: grant.code })
  const transaction = takeBack(draft, account, grant, rest, {
    type: 'void',
    against: SOURCE[grant.category],
    occurredAt: command.at,
    at: command.at,
    actor: command.actor,
    ids,
  })
  return done({
    kind: 'posted',
    transaction: named(transaction),
    grant: named(grant),
    amount: transaction.amount,
    balance: balanceOf(account),
  })
}

export const debit: Step<Debit> = (draft, command, ids) => {
  const account = draft.account(command.accountId)
  if (!account) return refuse('account_not_found')
  if (account.status === 'frozen') return refuse('account_frozen')
  if (account.status === 'closed') return refuse('account_closed')
  if (command.amount <= 0n) return refuse('invalid_amount')
  const { available, reserved } = balanceOf(account)
  const shortfall = command.amount - available
  const short = { needed: command.amount, available, reserved, shortfall }
  const bounds = inDollars(boundsOf(draft, command.chain ?? [], command.organisationId))
  const over = budgetRefusals(
    bounds,
    bounds.map(() => command.amount),
  )
  if (shortfall > 0n)
    over.push({ refusal: { code: 'insufficient_credits', details: short }, rank: Number.POSITIVE_INFINITY })
  if (over.length > 0) return firstOf(draft, over)
  const { entries } = draw(draft, account, [], command.amount, 'charge', command.at)
  const transaction = postingOf(account, ids, {
    ...described(command),
    occurredAt: command.saidAt ?? command.at,
    ...{ type: 'debit', amount: command.amount, entries },
  })
  draft.post(transaction)
  spendAll(draft, command.chain ?? [], { usd: command.amount, tokens: 0n, requests: 0n }, command, ids)
  return done({
    kind: 'posted',
    transaction: named(transaction),
    grant: null,
    amount: command.amount,
    balance: balanceOf(account),
  })
}

const REFUND_GRANT_MS = 30 * 86_400_000

/** Back to the lines it was drawn from, last drawn first; into a new grant where the old one is over or the debt repaid. */
export const refund: Step<Refund> = (draft, command, ids) => {
  const original = draft.rows.transactions.get(command.transactionId)
  if (
    !original ||
    original.organisationId !== command.organisationId ||
    (original.type !== 'usage' && original.type !== 'debit')
  )
    return refuse('transaction_not_found')
  const account = draft.account(original.accountId)
  if (!account) return refuse('account_not_found')
  const before = draft.rows.refunds.get(original.id) ?? []
  const refundable = before.reduce((rest, { amount }) => rest - amount, original.amount)
  const amount = command.amount ?? refundable
  if (amount <= 0n || amount > refundable) return refuse('refund_exceeds_transaction', { refundable })
  if (!fitsInt64(account.posted + amount)) return refuse('out_of_range')
  const entries = refundLines(draft, account, original, {
    skip: original.amount - refundable,
    amount,
    at: command.at,
    ids,
  })
  account.posted += amount
  entries.push({ account: 'revenue', grantId: null, nanos: -amount })
  const transaction = postingOf(account, ids, {
    ...described({ ...command, metadata: null }),
    type: 'refund',
    amount,
    reversesId: original.id,
    entries,
  })
  draft.post(transaction)
  spendAll(draft, command.chain ?? [], { usd: -amount, tokens: 0n, requests: 0n }, command, ids)
  const usage = command.call && draft.keyUsage(command.call.apiKeyId)
  if (command.call && usage) giveBackToKey(usage, command.call.admittedAt, amount)
  return done({ kind: 'posted', transaction: named(transaction), grant: null, amount, balance: balanceOf(account) })
}

type RefundSlice = { skip: bigint; amount: bigint; at: number; ids: Parameters<Step<Refund>>[2] }

export function refundLines(
  draft: Draft,
  account: Account,
  original: Transaction,
  { skip, amount, at, ids }: RefundSlice,
): Entry[] {
  const entries: Entry[] = []
  let [toSkip, left, orphaned] = [skip, amount, 0n]
  let debt = debtOf(draft, account)
  for (const line of original.entries.filter((entry) => entry.account === account.id).reverse()) {
    const skipped = min(toSkip, -line.nanos)
    toSkip -= skipped
    const part = min(left, -line.nanos - skipped)
    if (part === 0n) continue
    left -= part
    const grant = line.grantId === null ? undefined : draft.grants(account.id).find(({ id }) => id === line.grantId)
    if (grant && (grant.expiresAt === null || grant.expiresAt > at)) {
      grant.remaining += part
      entries.push({ account: account.id, grantId: grant.id, nanos: part })
    } else if (line.grantId === null) {
      const owed = min(part, debt)
      debt -= owed
      orphaned += part - owed
      if (owed > 0n) entries.push({ account: account.id, grantId: null, nanos: owed })
    } else orphaned += part
  }
  if (orphaned > 0n) {
    const grant = refundGrant(account, orphaned, at, ids)
    // A debt is repaid first, as by any other grant.
    const repaid = min(debt, orphaned)
    grant.remaining -= repaid
    draft.addGrant(grant)
    entries.push({ account: account.id, grantId: grant.id, nanos: orphaned })
    if (repaid > 0n)
      entries.push(
        { account: account.id, grantId: grant.id, nanos: -repaid },
        { account: account.id, grantId: null, nanos: repaid },
      )
  }
  return entries
}

function refundGrant(account: Account, amount: bigint, at: number, ids: RefundSlice['ids']): Grant {
  return {
    ...ids.next(),
    organisationId: account.organisationId,
    accountId: account.id,
    category: 'adjustment',
    amount,
    remaining: amount,
    reserved: 0n,
    priority: 50,
    effectiveAt: at,
    expiresAt: at + REFUND_GRANT_MS,
    paymentId: null,
    createdAt: at,
  }
}

export const setStatus: Step<SetStatus> = (draft, { accountId, status, expire, at }, ids) => {
  const account = draft.account(accountId)
  if (!account) return refuse('account_not_found')
  account.status = status
  if (expire) {
    for (const grant of draft.grants(accountId))
      if (grant.remaining > 0n) grant.expiresAt = Math.min(grant.expiresAt ?? at, at)
    expireGrants(draft, account, { at, bookedAt: at, ids })
  }
  return done({ kind: 'changed', expiresAt: null })
}

const described = (command: AddGrant | Debit | (Refund & { metadata: null })) => ({
  occurredAt: command.at,
  bookedAt: command.at,
  actor: command.actor,
  description: command.description,
  metadata: command.metadata,
})

const named = ({ id, code }: { id: bigint; code: string }) => ({ id, code })
