/** Reservations of the credits API as it shows them: those under way and those that have ended, in one list. */
import type { Ended } from '../core/ledger-commands.ts'
import { decodeOutcome } from '../core/ledger-settle.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { codeRange } from './row-by-code.ts'
import type { Store } from './store.ts'

export type ReservationStatus = 'pending' | 'confirmed' | 'cancelled' | 'expired'

export type StoredReservation = {
  readonly id: bigint
  readonly code: string
  readonly accountId: bigint
  readonly accountCode: string
  readonly externalId: string
  readonly amount: bigint
  /** As of the instant that was asked for: dead is expired, whether or not that was booked yet. */
  readonly status: ReservationStatus
  readonly admittedAt: number
  readonly expiresAt: number
  /** JSON: what the caller attached. */
  readonly context: string
  readonly transactionCode: string | null
}

export type ReservationFilter = {
  readonly accountId?: bigint | undefined
  readonly status?: ReservationStatus | undefined
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listReservations(
  store: Store,
  organisationId: bigint,
  { page, at, ...filter }: ReservationFilter & { page: PageOf; at: number },
): Promise<{ reservations: StoredReservation[]; total: number }> {
  const all = allOf(store, organisationId, filter, at)
  const { rows, total } = await pageOf(store, store.sql.selectFrom(all.as('r')).selectAll(), page, 'r.id')
  return { reservations: rows.map((row) => reservationOf(row, at)), total }
}

export async function findReservation(
  store: Store,
  organisationId: bigint,
  code: string,
  { accountId, at }: { accountId?: bigint | undefined; at: number },
): Promise<StoredReservation | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const [row] = await store.rows(
    store.sql
      .selectFrom(allOf(store, organisationId, { accountId, range }, at).as('r'))
      .where('r.code', '=', code)
      .selectAll(),
  )
  return row && reservationOf(row, at)
}

/** By their numbers, in no order. */
export async function reservationsById(
  store: Store,
  organisationId: bigint,
  ids: readonly bigint[],
  at: number,
): Promise<StoredReservation[]> {
  if (ids.length === 0) return []
  const all = allOf(store, organisationId, {}, at)
  const rows = await store.rows(store.sql.selectFrom(all.as('r')).where('r.id', 'in', ids).selectAll())
  return rows.map((row) => reservationOf(row, at))
}

type Narrowed = ReservationFilter & { readonly range?: { from: bigint; to: bigint } }

function allOf(store: Store, organisationId: bigint, { accountId, status, range }: Narrowed, at: number) {
  const from = (table: 'reservations' | 'ended_reservations') => {
    let query = store.sql
      .selectFrom(`${table} as t`)
      .innerJoin('accounts as a', (join) =>
        join.onRef('a.id', '=', 't.account_id').onRef('a.organisation_id', '=', 't.organisation_id'),
      )
      .where('t.organisation_id', '=', organisationId)
      .where('t.kind', '=', 'api')
      .select(['t.id', 't.code', 't.status', 't.amount_nanos', 't.admitted_at', 't.expires_at', 't.dead_at'])
      .select(['t.context', 't.result', 'a.id as account_id', 'a.code as account_code', 'a.external_id'])
    if (accountId !== undefined) query = query.where('t.account_id', '=', accountId)
    if (range) query = query.where('t.id', '>=', range.from).where('t.id', '<', range.to)
    return query
  }
  const live = from('reservations')
  const ended = from('ended_reservations')
  if (status === undefined) return live.unionAll(ended)
  if (status === 'pending') return live.where('t.dead_at', '>', BigInt(at)).unionAll(ended.where('t.id', '<', 0n))
  const dead = status === 'expired' ? live.where('t.dead_at', '<=', BigInt(at)) : live.where('t.id', '<', 0n)
  return dead.unionAll(ended.where('t.status', '=', status))
}

type Row = {
  id: bigint
  code: string
  status: string
  amount_nanos: bigint
  admitted_at: bigint
  expires_at: bigint | null
  dead_at: bigint | null
  context: string
  result: string | null
  account_id: bigint
  account_code: string
  external_id: string
}

function reservationOf(row: Row, at: number): StoredReservation {
  const isDead = row.status === 'pending' && row.dead_at !== null && row.dead_at <= BigInt(at)
  return {
    id: row.id,
    code: row.code,
    accountId: row.account_id,
    accountCode: row.account_code,
    externalId: row.external_id,
    amount: row.amount_nanos,
    status: isDead ? 'expired' : (row.status as ReservationStatus),
    admittedAt: Number(row.admitted_at),
    expiresAt: Number(row.expires_at ?? 0n),
    context: row.context,
    transactionCode: row.result === null ? null : ((decodeOutcome(row.result) as Ended).transaction?.code ?? null),
  }
}
