/** Reservations: credits set aside, confirmed, given back, and looked at. */

import { refuse } from '../contract/errors.ts'
import type { UsageRecord } from '../contract/usage.ts'
import type { Caller } from '../core/caller.ts'
import type { Told } from '../core/ledger-commands.ts'
import { instantText } from '../lib/clock.ts'
import type { Id } from '../lib/id.ts'
import { MAX_AMOUNT } from '../lib/money.ts'
import {
  findReservation,
  listReservations,
  type ReservationStatus,
  type StoredReservation,
} from '../store/reservations.ts'
import { usageBy } from '../store/usage.ts'
import { accountChain } from './chains.ts'
import { fingerprintOf } from './idempotency.ts'
import { missingOf } from './kept.ts'
import { modelNames } from './models.ts'
import { creditRate, rateOf, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { balancesOf, commandFor, contentOf, post } from './post.ts'
import { attachedTo, contextOf, shownReservation } from './shown-reservation.ts'
import { exactUsage } from './shown-usage.ts'
import { toldUsage } from './told-usage.ts'
import { accountFor, ownAccount } from './who.ts'

type Names =
  | 'createReservation'
  | 'listReservations'
  | 'getReservation'
  | 'confirmReservation'
  | 'cancelReservation'
  | 'extendReservation'

export const reservationHandlers: Handlers<Names> = {
  async createReservation(parts, call) {
    const { caller, body, at } = call
    const rate = creditRate(parts)
    const account = await accountFor(parts, caller, body, at)
    const command = {
      type: 'reserve_credits',
      ...parts.store.ids.next(),
      ...commandFor(caller, account, at, call.idempotency(contentOf(body, account))),
      amount: rate.nanos(body.amount),
      ...livesFor(parts, body.ttlSeconds),
      chain: await accountChain(parts, caller.organisationId, account.id, at),
      context: JSON.stringify(contextOf(body, rate.usd)),
    } as const
    const { result, replayed } = await post(parts, rate, command, 'reserved')
    const code = result.code ?? command.code
    const first = replayed ? await findReservation(parts.store, caller.organisationId, code, { at }) : undefined
    const context = first?.context ?? command.context
    const reservation = {
      ...{ code, accountCode: account.code, externalId: account.externalId },
      ...{ amount: result.amount, status: 'pending' as const, context, transactionCode: null },
      ...{ admittedAt: result.admittedAt, expiresAt: result.expiresAt ?? result.admittedAt },
    }
    const balance = balancesOf(rateOf(attachedTo({ context }).creditUsd), result.balance ?? NOTHING)
    return { body: { success: true, reservation: shownReservation(reservation), balance }, replayed }
  },

  async listReservations(parts, call) {
    const { caller, query, at } = call
    const page = pageOf('reservations', query)
    const filter = { accountId: await accountOf(parts, call), status: statusOf(query) }
    const { reservations, total } = await listReservations(parts.store, caller.organisationId, { ...filter, page, at })
    const { shown: rows, pagination } = paged('reservations', page, reservations, total)
    return { body: { success: true, reservations: rows.map(shownReservation), pagination } }
  },

  async getReservation(parts, { caller, params, at }) {
    return {
      body: { success: true, reservation: shownReservation(await reservationFor(parts, caller, params.id, at)) },
    }
  },

  async confirmReservation(parts, call) {
    const { caller, params, body, at } = call
    const reservation = await reservationFor(parts, caller, idOf(params.id, body.reservationId), at)
    const rate = rateOf(attachedTo(reservation).creditUsd)
    const usage = await inlineUsage(parts, call, reservation)
    const amount = body.actualAmount === undefined ? chargeOf(usage) : rate.nanos(body.actualAmount, 'actualAmount')
    const told = usage.map(({ payloadHash }) => payloadHash)
    const given = body.actualAmount === undefined ? {} : { amount: String(amount) }
    const command = {
      type: 'confirm',
      ...endingOf(call, reservation),
      amount,
      creditUsd: rate.usd,
      ...(body.onOverage ? { onOverage: body.onOverage } : {}),
      ...(body.ifExpired === 'charge' ? { ifExpired: body.ifExpired } : {}),
      ...(usage.length > 0 ? { usage } : {}),
      fingerprint: fingerprintOf({ ...given, ...(told.length > 0 ? { told } : {}) }),
    } as const
    const { result, replayed } = await post(parts, rate, command, 'ended')
    const numbers = withDecimal({
      reserved: rate.text(result.reserved),
      charged: rate.text(result.charged),
      released: rate.text(result.released),
      overage: rate.text(result.overage),
      writtenOff: rate.text(result.writtenOff),
    })
    return {
      body: {
        success: true,
        reservationId: `res_${reservation.code}`,
        transactionId: `txn_${result.transaction?.code ?? ''}`,
        accountId: `acc_${reservation.accountCode}`,
        externalId: reservation.externalId,
        status: 'confirmed',
        ...numbers,
        late: result.late,
        balance: balancesOf(rate, result.balance ?? NOTHING),
        usageRecords: await recordsOf(parts, caller, result.usage ?? []),
      },
      replayed,
    }
  },

  async cancelReservation(parts, call) {
    const { caller, params, body, at } = call
    const reservation = await reservationFor(parts, caller, idOf(params.id, body.reservationId), at)
    const rate = rateOf(attachedTo(reservation).creditUsd)
    const command = { type: 'cancel', ...endingOf(call, reservation) } as const
    const { result, replayed } = await post(parts, rate, command, 'ended')
    const { released, decimal } = withDecimal({ released: rate.text(result.released) })
    const reservationId = `res_${reservation.code}`
    const balance = balancesOf(rate, result.balance ?? NOTHING)
    return { body: { success: true, reservationId, status: 'cancelled', released, balance, decimal }, replayed }
  },

  async extendReservation(parts, call) {
    const { caller, params, body, at } = call
    const reservation = await reservationFor(parts, caller, idOf(params.id, body.reservationId), at)
    const rate = rateOf(attachedTo(reservation).creditUsd)
    const command = {
      type: 'extend',
      ...endingOf(call, reservation),
      ...livesFor(parts, body.ttlSeconds),
    } as const
    const { result, replayed } = await post(parts, rate, command, 'changed')
    const expiresAt = instantText(result.expiresAt ?? reservation.expiresAt)
    return { body: { success: true, reservationId: `res_${reservation.code}`, expiresAt }, replayed }
  },
}

/** All of it is checked and priced before the ledger hears of any. */
async function inlineUsage(
  parts: ApiParts,
  { caller: { organisationId }, body, at }: Call<'confirmReservation'>,
  { accountId, accountCode, externalId, admittedAt }: StoredReservation,
): Promise<Told[]> {
  const told: Told[] = []
  for (const [index, usage] of (body.usage ?? []).entries()) {
    const wrong = (name: string) =>
      refuse('invalid_usage', `usage.${index}.${name}: is the reservation's own`, { param: `usage.${index}.${name}` })
    if (usage.context === 'system') throw wrong('context')
    if (usage.transactionId !== undefined) throw wrong('transactionId')
    if ((usage.accountId ?? `acc_${accountCode}`) !== `acc_${accountCode}`) throw wrong('accountId')
    if ((usage.externalId ?? externalId) !== externalId) throw wrong('externalId')
    const charged = body.actualAmount === undefined
    const own = { organisationId, at, context: 'customer', accountId, dedupeKey: null, admittedAt, charged } as const
    const record = await toldUsage(parts, usage, own)
    if (told.some(({ payloadHash }) => payloadHash === record.payloadHash))
      throw refuse('invalid_usage', `usage.${index}: repeats another; tell identical ones apart by sequence`, {
        param: `usage.${index}.sequence`,
      })
    told.push(record)
  }
  if (told.length === 0 && body.actualAmount === undefined)
    throw refuse('invalid_request', 'actualAmount or usage is missing: say what was used', { param: 'actualAmount' })
  return told
}

function chargeOf(usage: readonly Told[]): bigint {
  const charge = usage.reduce((sum, { chargeNanos }) => sum + (chargeNanos ?? 0n), 0n)
  if (charge > MAX_AMOUNT) throw refuse('out_of_range')
  return charge
}

async function recordsOf(parts: ApiParts, { organisationId }: Caller, ids: readonly Id[]): Promise<UsageRecord[]> {
  const records = await usageBy(parts.store, organisationId, { field: 'id', ids: ids.map(({ id }) => id) })
  return records.map((record) => exactUsage(record, modelNames(parts.routes)))
}

const NOTHING = { posted: 0n, reserved: 0n, available: 0n }

function livesFor({ settings: { reservations } }: ApiParts, ttlSeconds = reservations.ttlSeconds) {
  return { ttlMs: ttlSeconds * 1000, graceMs: reservations.graceSeconds * 1000 }
}

/** In the path, or, at the alias, in the body; where both are there they must agree. */
function idOf(path: string | undefined, named: string | undefined): string {
  const id = path ?? named
  if (id === undefined) throw refuse('invalid_request', 'reservationId: is missing', { param: 'reservationId' })
  if (named !== undefined && named !== id)
    throw refuse('invalid_request', 'reservationId: names another reservation than the path', {
      param: 'reservationId',
    })
  return id
}

async function reservationFor(parts: ApiParts, caller: Caller, id: string, at: number): Promise<StoredReservation> {
  const code = /^res_(.+)$/.exec(id)?.[1] ?? ''
  const accountId = ownAccount(caller)
  const found = await findReservation(parts.store, caller.organisationId, code, { accountId, at })
  if (!found) throw await missingOf(parts, 'reservation_not_found', code)
  return found
}

/** What every command about a reservation says; the content is the same whichever path it came by. */
function endingOf(
  { caller, body, at, idempotency }: Pick<Call<'cancelReservation'>, 'caller' | 'body' | 'at' | 'idempotency'>,
  { id, code }: StoredReservation,
) {
  const name = idempotency({ ...body, reservationId: `res_${code}` })
  const { organisationId, principal: actor } = caller
  return { organisationId, at, reservationId: id, actor, ...(name ? { idempotency: name } : {}) }
}

/** An API key sees its own account's alone. */
async function accountOf(parts: ApiParts, { caller, query, at }: Call<'listReservations'>) {
  if (query.accountId !== undefined || query.externalId !== undefined)
    return (await accountFor(parts, caller, query, at)).id
  return ownAccount(caller)
}

function statusOf({ status, activeOnly }: Call<'listReservations'>['query']): ReservationStatus | undefined {
  if (!activeOnly) return status
  if (status !== undefined && status !== 'pending')
    throw refuse('invalid_request', `activeOnly: no reservation that is ${status} is active`, { param: 'activeOnly' })
  return 'pending'
}
