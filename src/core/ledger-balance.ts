/** What every command of the ledger does to balances: draw, release, post, expire. */
import { assert } from '../lib/assert.ts'
import type { Ids } from '../lib/id.ts'
import { fitsInt64, min } from '../lib/money.ts'
import type { Hold } from './budget-rows.ts'
import { allocate } from './burn-down.ts'
import type { Balance } from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import { grantExpired } from './ledger-events.ts'
import type {
  Account,
  Allocation,
  Entry,
  Grant,
  Overage,
  Reservation,
  SystemAccount,
  Transaction,
} from './ledger-rows.ts'

export const balanceOf = ({ posted, reserved, overdraft }: Account): Balance => {
  const free = posted + overdraft - reserved
  return { posted, reserved, available: free > 0n ? free : 0n }
}

/** Signed: negative where the account owes. */
export const headroomOf = ({ posted, reserved, overdraft }: Account): bigint => posted + overdraft - reserved

export type Drawn = { readonly charged: bigint; readonly writtenOff: bigint; readonly entries: Entry[] }

/**
 * Takes an amount: first from what was allocated, then from what is free, then by the overage policy into debt
 * (`charge`) or written off (`cap`). The allocation itself must have been released before.
 */
export function draw(
  draft: Draft,
  account: Account,
  allocations: readonly Allocation[],
  amount: bigint,
  overage: Overage,
  at: number,
): Drawn {
  assert(amount >= 0n, 'an amount is never negative')
  const lines = new Map<bigint | null, bigint>()
  const take = (grantId: bigint | null, nanos: bigint) => {
    if (nanos === 0n) return
    if (grantId !== null) draft.grant(account.id, grantId).remaining -= nanos
    lines.set(grantId, (lines.get(grantId) ?? 0n) + nanos)
  }
  let left = amount
  let room = headroomOf(account)
  for (const { grantId, nanos } of allocations) {
    const part = nanos < left ? nanos : left
    take(grantId, part)
    left -= part
    room -= part
  }
  const extra = overage === 'charge' ? left : min(left, room > 0n ? room : 0n)
  const living = draft.grants(account.id).filter(({ expiresAt }) => expiresAt === null || expiresAt > at)
  for (const { grantId, nanos } of allocate(living, extra)) take(grantId, nanos)
  const writtenOff = left - extra
  const charged = amount - writtenOff
  account.posted -= charged
  assert(fitsInt64(account.posted), 'a balance fits 64 bits')
  // The debt is the last line, whenever it was drawn: a refund begins with it.
  const drawn = [...lines].sort(([a], [b]) => Number(a === null) - Number(b === null))
  const entries: Entry[] = drawn.map(([grantId, nanos]) => ({ account: account.id, grantId, nanos: -nanos }))
  if (amount > 0n) entries.push({ account: 'revenue', grantId: null, nanos: amount })
  if (writtenOff > 0n) entries.push({ account: 'writeoff', grantId: null, nanos: -writtenOff })
  return { charged, writtenOff, entries }
}

/** Gives back all that a reservation holds, of the account, its grants and its budgets' counters. */
export function release(draft: Draft, reservation: Reservation): void {
  if (reservation.accountId !== null) {
    const account = draft.account(reservation.accountId)
    assert(account, "a reservation's account is loaded")
    account.reserved -= reservation.amount
    for (const { grantId, nanos } of reservation.allocations)
      if (grantId !== null) draft.grant(account.id, grantId).reserved -= nanos
  }
  for (const hold of reservation.holds) {
    const counter = draft.counter(hold, reservation.organisationId)
    counter.reserved -= hold.quantity
    counter.overshoot -= unproven(hold)
    assert(counter.reserved >= 0n, 'a counter never holds less than nothing')
  }
}

/** By how much a hold may turn out to be too small. */
export const unproven = ({ quantity, quote = quantity }: Hold): bigint => quote - quantity

/** Grants that are over by `at` lose what is not reserved; each loss is a posting at the instant of the expiry or release. */
export function expireGrants(
  draft: Draft,
  account: Account,
  { at, bookedAt, ids }: { at: number; bookedAt: number; ids: Ids },
): void {
  for (const grant of draft.grants(account.id)) {
    if (grant.expiresAt === null || grant.expiresAt > at) continue
    const free = grant.remaining - grant.reserved
    if (free <= 0n) continue
    const { amount } = takeBack(draft, account, grant, free, {
      type: 'expiry',
      against: 'expired',
      occurredAt: Math.max(at, grant.createdAt),
      at: bookedAt,
      actor: 'system',
      ids,
    })
    draft.emit(grantExpired(account, grant, amount, bookedAt, ids))
  }
}

type TakeBack = {
  type: 'expiry' | 'void'
  against: SystemAccount
  occurredAt: number
  at: number
  actor: string
  ids: Ids
}

/**
 * Takes what is left of a grant off the account. What the account owes is repaid from it first: neither expiry nor void
 * ever makes a balance negative or a negative one deeper. The amount is what was lost.
 */
export function takeBack(draft: Draft, account: Account, grant: Grant, nanos: bigint, how: TakeBack): Transaction {
  const repaid = min(nanos, debtOf(draft, account))
  const lost = nanos - repaid
  grant.remaining -= nanos
  account.posted -= lost
  const entries: Entry[] = [{ account: account.id, grantId: grant.id, nanos: -nanos }]
  if (repaid > 0n) entries.push({ account: account.id, grantId: null, nanos: repaid })
  if (lost > 0n) entries.push({ account: how.against, grantId: null, nanos: lost })
  const transaction = postingOf(account, how.ids, {
    type: how.type,
    amount: lost,
    grantId: grant.id,
    occurredAt: how.occurredAt,
    bookedAt: how.at,
    actor: how.actor,
    entries,
  })
  draft.post(transaction)
  return transaction
}

/** What the account owes: what its grants have left beyond its balance. */
export function debtOf(draft: Draft, account: Account): bigint {
  const remaining = draft.grants(account.id).reduce((sum, grant) => sum + grant.remaining, 0n)
  return remaining - account.posted
}

type Posting = Pick<Transaction, 'type' | 'amount' | 'occurredAt' | 'bookedAt' | 'actor' | 'entries'> &
  Partial<Transaction>

/** A transaction of the account with the balance it leaves; what is not said is null. */
export function postingOf(account: Account, ids: Ids, posting: Posting): Transaction {
  const { id, code } =
    posting.id !== undefined && posting.code !== undefined ? { id: posting.id, code: posting.code } : ids.next()
  return {
    organisationId: account.organisationId,
    accountId: account.id,
    reversesId: null,
    reservationId: null,
    usageRecordId: null,
    grantId: null,
    writtenOff: 0n,
    description: null,
    metadata: null,
    creditUsd: null,
    ...posting,
    id,
    code,
    balanceAfter: account.posted,
  }
}
