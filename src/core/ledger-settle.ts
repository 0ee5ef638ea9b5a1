/** Ending a reservation: the gateway's settle, and confirm, cancel, extend and expiry of the credits API. */
import { assert } from '../lib/assert.ts'
import type { Ids } from '../lib/id.ts'
import { fitsInt64 } from '../lib/money.ts'
import { balanceOf, draw, expireGrants, headroomOf, postingOf, release } from './ledger-balance.ts'
import { spendAll } from './ledger-budgets.ts'
import {
  type Cancel,
  type Confirm,
  done,
  type Ended,
  type Extend,
  refuse,
  type Settle,
  type Step,
} from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import { reservationExpired, tellCall } from './ledger-events.ts'
import type { Account, Overage, Reservation } from './ledger-rows.ts'
import { tell } from './ledger-usage.ts'
import { UNTOLD, type UsageRecord } from './usage-rows.ts'
import { addToKeyUsage, countedNanos, rollupOf } from './usage-sums.ts'

/**
 * The one atomic step that ends a generation. Never refused: the provider is paid already. A reservation that is gone
 * was either settled before (its record is there) or lost with a power cut (charged directly, under the same number).
 */
export const settle: Step<Settle> = (draft, command, ids) => {
  const { id, accountId } = command.record
  if (draft.rows.recorded.has(id)) return done({ kind: 'settled', state: 'already_settled', overQuote: false })
  const reservation = draft.reservation(id)
  if (reservation) release(draft, reservation)
  const charge = command.record.chargeNanos ?? 0n
  const overQuote = charge > command.quote
  const record: UsageRecord = {
    ...command.record,
    ...UNTOLD,
    flags: overQuote ? [...command.record.flags, 'over_quote'] : command.record.flags,
    transactionId: accountId === null ? null : id,
    recordedAt: command.at,
  }
  const account = accountId === null ? undefined : draft.account(accountId)
  if (account)
    postUsage(draft, account, reservation, {
      amount: charge,
      overage: softened(account.overage),
      at: command.at,
      actor: command.actor,
      record,
      ids,
    })
  const used = {
    usd: charge,
    tokens: BigInt(record.inputTokens + record.outputTokens),
    requests: 1n,
    keyLimit: countedNanos(record),
  }
  spendAll(draft, command.holds, used, command, ids)
  const keyUsage = record.apiKeyId === null ? undefined : draft.keyUsage(record.apiKeyId)
  if (keyUsage) addToKeyUsage(keyUsage, record, command.upstreamNanos)
  draft.record(record, command.details)
  draft.rollUp(rollupOf(record))
  tellCall(draft, record, account, { quote: command.quote, ids })
  if (reservation) end(draft, reservation, 'confirmed', null, null)
  return done({ kind: 'settled', state: reservation ? 'settled' : 'settled_late', overQuote })
}

/** A provider is paid already, so the gateway can't refuse: what `reject` would, `cap` writes off. */
export const softened = (overage: Overage): Overage => (overage === 'reject' ? 'cap' : overage)

export const confirm: Step<Confirm> = (draft, command, ids) => {
  const reservation = draft.reservation(command.reservationId)
  if (reservation?.kind !== 'api' || reservation.organisationId !== command.organisationId)
    return refuse('reservation_not_found')
  const ended = repeated(reservation, command.fingerprint)
  if (ended) return ended
  if (reservation.status === 'cancelled') return refuse('reservation_cancelled', { reservationId: reservation.code })
  const direct = reservation.status === 'expired'
  if (direct && command.ifExpired !== 'charge')
    return refuse('reservation_expired', { reservationId: reservation.code })
  const { accountId } = reservation
  const account = accountId === null ? undefined : draft.account(accountId)
  assert(account, "a reservation's account is loaded")
  const overage = command.onOverage ?? account.overage
  const reserved = direct ? 0n : reservation.amount
  if (overage === 'reject' && command.amount > reserved)
    return refuse('amount_exceeds_reservation', { reserved, amount: command.amount })
  if (!fitsInt64(account.posted - command.amount)) return refuse('out_of_range')
  if (!direct) release(draft, reservation)
  const late = direct || command.at >= (reservation.expiresAt ?? 0)
  const { transaction, charged, writtenOff } = postUsage(draft, account, direct ? undefined : reservation, {
    amount: command.amount,
    overage,
    at: command.at,
    actor: command.actor,
    ids,
    reservationId: reservation.id,
  })
  spendAll(draft, reservation.holds, { usd: command.amount, tokens: 0n, requests: 0n }, command, ids)
  for (const told of command.usage ?? []) tell(draft, told, transaction.id, command, ids)
  const over = command.amount > reserved ? command.amount - reserved : 0n
  const result: Ended = {
    kind: 'ended',
    status: 'confirmed',
    transaction: { id: transaction.id, code: transaction.code },
    accountId: account.id,
    reserved,
    charged,
    released: command.amount < reserved ? reserved - command.amount : 0n,
    overage: over,
    writtenOff,
    late,
    balance: balanceOf(account),
    ...(command.usage ? { usage: command.usage.map(({ id, code }) => ({ id, code })) } : {}),
  }
  end(draft, reservation, direct ? 'expired' : 'confirmed', command.fingerprint, result)
  return done(result)
}

export const cancel: Step<Cancel> = (draft, command, ids) => {
  const reservation = draft.reservation(command.reservationId)
  if (reservation?.kind !== 'api' || reservation.organisationId !== command.organisationId)
    return refuse('reservation_not_found')
  const { status, accountId } = reservation
  if (status === 'cancelled') return repeated(reservation, 'cancel') ?? refuse('reservation_cancelled')
  if (status === 'confirmed') return refuse('reservation_already_confirmed', confirmedBy(reservation))
  if (status === 'expired') return refuse('reservation_expired', { reservationId: reservation.code })
  release(draft, reservation)
  const account = accountId === null ? undefined : draft.account(accountId)
  if (account) expireGrants(draft, account, { at: command.at, bookedAt: command.at, ids })
  const result: Ended = {
    kind: 'ended',
    status: 'cancelled',
    transaction: null,
    accountId,
    reserved: reservation.amount,
    charged: 0n,
    released: reservation.amount,
    overage: 0n,
    writtenOff: 0n,
    late: false,
    balance: account ? balanceOf(account) : null,
  }
  end(draft, reservation, 'cancelled', 'cancel', result)
  return done(result)
}

/** At most 24 hours after its creation. */
const LONGEST_MS = 24 * 3_600_000

export const extend: Step<Extend> = (draft, command) => {
  const reservation = draft.reservation(command.reservationId)
  if (reservation?.kind !== 'api' || reservation.organisationId !== command.organisationId)
    return refuse('reservation_not_found')
  if (reservation.status === 'confirmed') return refuse('reservation_already_confirmed', confirmedBy(reservation))
  if (reservation.status === 'cancelled') return refuse('reservation_cancelled', { reservationId: reservation.code })
  if (reservation.status === 'expired' || command.at >= (reservation.expiresAt ?? 0))
    return refuse('reservation_expired', { reservationId: reservation.code })
  reservation.expiresAt = Math.min(command.at + command.ttlMs, reservation.admittedAt + LONGEST_MS)
  reservation.deadAt = reservation.expiresAt + command.graceMs
  return done({ kind: 'changed', expiresAt: reservation.expiresAt })
}

/** From its instant of death a reservation of the credits API is expired, whether or not a job ran. */
export function expireReservations(
  draft: Draft,
  account: Account,
  { at, bookedAt, ids }: { at: number; bookedAt: number; ids: Ids },
): void {
  for (const id of draft.rows.mortal.get(account.id) ?? []) {
    const reservation = draft.reservation(id)
    if (reservation?.status !== 'pending' || reservation.deadAt === null || reservation.deadAt > at) continue
    release(draft, reservation)
    end(draft, reservation, 'expired', null, null)
    draft.emit(reservationExpired(account, reservation, bookedAt, ids))
  }
}

type UsagePosting = {
  amount: bigint
  overage: Overage
  at: number
  actor: string
  ids: Ids
  record?: UsageRecord
  reservationId?: bigint
}

function postUsage(draft: Draft, account: Account, reservation: Reservation | undefined, posting: UsagePosting) {
  const { amount, overage, at, actor, ids, record } = posting
  const { charged, writtenOff, entries } = draw(draft, account, reservation?.allocations ?? [], amount, overage, at)
  const transaction = postingOf(account, ids, {
    ...(record ? { id: record.id, code: record.code, usageRecordId: record.id } : {}),
    type: 'usage',
    amount: charged,
    reservationId: posting.reservationId ?? record?.id ?? null,
    writtenOff,
    occurredAt: record?.occurredAt ?? at,
    bookedAt: at,
    actor,
    entries,
  })
  draft.post(transaction)
  expireGrants(draft, account, { at, bookedAt: at, ids })
  assert(
    headroomOf(account) >= 0n || overage === 'charge' || amount === 0n || charged <= (reservation?.amount ?? 0n),
    'only the overage policy makes debt',
  )
  return { transaction, charged, writtenOff }
}

function end(
  draft: Draft,
  reservation: Reservation,
  status: Reservation['status'],
  fingerprint: string | null,
  result: Ended | null,
): void {
  reservation.status = status
  reservation.fingerprint = fingerprint
  reservation.result = result ? encodeOutcome(result) : null
  draft.endReservation(reservation)
}

/** The same content again gets the first answer; other content is told which transaction it meets. */
function repeated(reservation: Reservation, fingerprint: string) {
  if (!reservation.result) return undefined
  const result = decodeEnded(reservation.result)
  if (reservation.fingerprint === fingerprint) return { ok: true, result, replay: true } as const
  return result.status === 'confirmed' ? refuse('reservation_already_confirmed', confirmedBy(reservation)) : undefined
}

const confirmedBy = ({ code, result }: Reservation) => ({
  reservationId: code,
  transactionId: result ? (decodeEnded(result).transaction?.code ?? null) : null,
})

const decodeEnded = (text: string): Ended => decodeOutcome(text) as Ended

/** Amounts are bigints, which JSON has no word for: they are written as `{"$bigint":"123"}`. */
export const encodeOutcome = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? { $bigint: item.toString() } : item))

export const decodeOutcome = (text: string): unknown =>
  JSON.parse(text, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && '$bigint' in item ? BigInt(String(item.$bigint)) : item,
  )
