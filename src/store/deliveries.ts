/**
 * How far each event has come with each channel. A delivery is taken by a lease in its row: whoever takes it holds it
 * alone until then, and what a dead process held is taken again.
 */
import { type InferResult, sql } from 'kysely'
import type { OutboxEvent } from '../core/ledger-rows.ts'
import { eventQuery } from './outbox.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type LoggedAttempt = {
  readonly at: number
  readonly status: number | null
  readonly error?: string
  readonly answer?: string
}

export type StoredDelivery = {
  readonly id: bigint
  readonly organisationId: bigint
  readonly code: string
  readonly eventId: bigint
  readonly eventCode: string
  readonly channelId: bigint
  readonly channelCode: string
  readonly type: string
  readonly body: string
  readonly state: 'pending' | 'delivered' | 'failed'
  /** Those begun since it was shared out or sent again. */
  readonly attempts: number
  readonly nextAt: number
  readonly leaseUntil: number
  readonly log: readonly LoggedAttempt[]
  /** Why it ended, where no try says it. */
  readonly note: string | null
  readonly createdAt: number
  readonly endedAt: number | null
}

type Taking = {
  readonly at: number
  readonly limit: number
  /** At most so many of one channel, so that a slow receiver does not hold up the others. */
  readonly perChannel: number
  readonly without: readonly bigint[]
  readonly leaseUntil: number
}

/** Takes what is due. Each comes with the attempt that begins now counted. */
export async function takeDue(
  store: Store,
  { at, limit, perChannel, without, leaseUntil }: Taking,
): Promise<StoredDelivery[]> {
  const due = store.sql
    .selectFrom('deliveries')
    .where('state', '=', 'pending')
    .where('next_at', '<=', BigInt(at))
    .where('lease_until', '<=', BigInt(at))
    .select(['id', 'next_at'])
    .select(sql<bigint>`ROW_NUMBER() OVER (PARTITION BY channel_id ORDER BY next_at, id)`.as('place'))
  const others = without.length === 0 ? due : due.where('channel_id', 'not in', without)
  const chosen = await store.rows(
    store.sql
      .selectFrom(others.as('due'))
      .select('due.id')
      .where('due.place', '<=', BigInt(perChannel))
      .orderBy('due.next_at')
      .limit(limit),
  )
  if (chosen.length === 0) return []
  // Looked at once more: another node may have taken some in between, and its lease is not ours to change.
  const rows = await store.rows(
    joined(store)
      .where(
        'd.id',
        'in',
        chosen.map(({ id }) => id),
      )
      .where('d.state', '=', 'pending')
      .where('d.lease_until', '<=', BigInt(at)),
  )
  const taken = await store.write(
    rows.map((row) =>
      held(store, row.id, Number(row.lease_until)).set((of) => ({
        lease_until: BigInt(leaseUntil),
        attempts: of('attempts', '+', 1n),
      })),
    ),
  )
  return rows
    .filter((_row, index) => taken[index] === 1)
    .map((row) => ({ ...deliveryOf(row), attempts: Number(row.attempts) + 1, leaseUntil }))
}

/** The row, if nobody else has taken it since it was read. */
const held = (store: Store, id: bigint, leaseUntil: number) =>
  store.sql
    .updateTable('deliveries')
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .where('lease_until', '=', BigInt(leaseUntil))

/** As many are kept of one delivery; more come only from a person who sends it again and again. */
const MOST_LOGGED = 50

export type Outcome =
  | { readonly state: 'delivered' }
  | { readonly state: 'pending'; readonly nextAt: number }
  | {
      readonly state: 'failed'
      /** Its channel is given up too, and people are told. */
      readonly giveUp?: { readonly reason: string; readonly event: OutboxEvent }
    }

export async function endAttempt(
  store: Store,
  delivery: StoredDelivery,
  attempt: LoggedAttempt,
  outcome: Outcome,
): Promise<void> {
  const log = JSON.stringify([...delivery.log, attempt].slice(-MOST_LOGGED))
  const at = BigInt(attempt.at)
  const isOver = outcome.state !== 'pending'
  const own = held(store, delivery.id, delivery.leaseUntil).set({
    ...{ state: outcome.state, log, lease_until: 0n, ended_at: isOver ? at : null },
    ...(outcome.state === 'pending' ? { next_at: BigInt(outcome.nextAt) } : {}),
  })
  const giveUp = outcome.state === 'failed' ? outcome.giveUp : undefined
  await store.write(giveUp ? [own, ...givingUp(store, delivery, giveUp, at)] : [own])
}

function givingUp(
  store: Store,
  { organisationId, channelId }: StoredDelivery,
  { reason, event }: { reason: string; event: OutboxEvent },
  at: bigint,
): Query<unknown>[] {
  return [
    eventQuery(store, event),
    store.sql
      .updateTable('alert_channels')
      .set({ disabled: 1n, disabled_reason: reason, updated_at: at })
      .where('organisation_id', '=', organisationId)
      .where('id', '=', channelId)
      .where('disabled', '=', 0n),
    store.sql
      .updateTable('deliveries')
      .set({ state: 'failed', ended_at: at, note: `the channel was disabled: ${reason}` })
      .where('organisation_id', '=', organisationId)
      .where('channel_id', '=', channelId)
      .where('state', '=', 'pending'),
  ]
}

/** A try that the stop of the server cut off does not count. */
export async function giveBack(store: Store, delivery: StoredDelivery): Promise<void> {
  await store.write([
    held(store, delivery.id, delivery.leaseUntil).set({
      lease_until: 0n,
      attempts: BigInt(delivery.attempts - 1),
    }),
  ])
}

/** One process owns a SQLite file: what is taken when it starts was taken by a dead one. */
export async function freeTaken(store: Store): Promise<void> {
  if (store.engine !== 'sqlite') return
  await store.write([
    store.sql
      .updateTable('deliveries')
      .set({ lease_until: 0n })
      .where('state', '=', 'pending')
      .where('lease_until', '>', 0n),
  ])
}

export async function sendAgain(
  store: Store,
  delivery: StoredDelivery,
  at: number,
  audit: Query<unknown>,
): Promise<void> {
  await store.write([
    store.sql
      .updateTable('deliveries')
      .set({ state: 'pending', attempts: 0n, next_at: BigInt(at), lease_until: 0n, ended_at: null, note: null })
      .where('organisation_id', '=', delivery.organisationId)
      .where('id', '=', delivery.id),
    audit,
  ])
}

export type DeliveryFilter = {
  readonly channelCode?: string | undefined
  readonly type?: string | undefined
  readonly state?: string | undefined
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listDeliveries(
  store: Store,
  organisationId: bigint,
  filter: DeliveryFilter,
  page: PageOf,
): Promise<{ deliveries: StoredDelivery[]; total: number }> {
  let matching = joined(store).where('d.organisation_id', '=', organisationId)
  if (filter.channelCode !== undefined) matching = matching.where('c.code', '=', filter.channelCode)
  if (filter.type !== undefined) matching = matching.where('d.type', '=', filter.type)
  if (filter.state !== undefined) matching = matching.where('d.state', '=', filter.state)
  const { rows, total } = await pageOf(store, matching, page, 'd.id')
  return { deliveries: rows.map(deliveryOf), total }
}

export async function findDelivery(
  store: Store,
  organisationId: bigint,
  code: string,
): Promise<StoredDelivery | undefined> {
  const row = await rowByCode(store, joined(store).where('d.organisation_id', '=', organisationId), code, 'd')
  return row && deliveryOf(row)
}

const joined = (store: Store) =>
  store.sql
    .selectFrom('deliveries as d')
    .innerJoin('outbox as o', (join) =>
      join.onRef('o.id', '=', 'd.event_id').onRef('o.organisation_id', '=', 'd.organisation_id'),
    )
    .innerJoin('alert_channels as c', (join) =>
      join.onRef('c.id', '=', 'd.channel_id').onRef('c.organisation_id', '=', 'd.organisation_id'),
    )
    .selectAll('d')
    .select(['o.code as event_code', 'c.code as channel_code'])

type DeliveryRow = InferResult<ReturnType<typeof joined>>[number]

const deliveryOf = (row: DeliveryRow): StoredDelivery => ({
  id: row.id,
  organisationId: row.organisation_id,
  code: row.code,
  eventId: row.event_id,
  eventCode: row.event_code,
  channelId: row.channel_id,
  channelCode: row.channel_code,
  type: row.type,
  body: row.body,
  state: row.state as StoredDelivery['state'],
  attempts: Number(row.attempts),
  nextAt: Number(row.next_at),
  leaseUntil: Number(row.lease_until),
  log: JSON.parse(row.log) as LoggedAttempt[],
  note: row.note,
  createdAt: Number(row.created_at),
  endedAt: row.ended_at === null ? null : Number(row.ended_at),
})
