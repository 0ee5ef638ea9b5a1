/** Events that wait to be told, and those that a job finds: each is written once, and shared out once among channels. */
import type { OutboxEvent } from '../core/ledger-rows.ts'
import type { StoredChannel } from './alert-channels.ts'
import { type PageOf, pageOf } from './page-of.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './table.ts'
import * as tables from './tables.ts'

/** Oldest first, leaving out those that were put off. */
export async function waitingEvents(store: Store, at: number, limit: number): Promise<OutboxEvent[]> {
  const rows = await store.rows(
    store.sql
      .selectFrom('outbox')
      .select(tables.outbox.columns as 'id'[])
      .where('dispatched_at', 'is', null)
      .where('dispatch_after', '<=', BigInt(at))
      .orderBy('id')
      .limit(limit),
  )
  return eventsOf(rows)
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listEvents(
  store: Store,
  organisationId: bigint,
  type: string | undefined,
  page: PageOf,
): Promise<{ events: OutboxEvent[]; total: number }> {
  const all = store.sql.selectFrom('outbox').where('organisation_id', '=', organisationId)
  const own = type === undefined ? all : all.where('type', '=', type)
  const { rows, total } = await pageOf(store, own.select(tables.outbox.columns as 'id'[]), page)
  return { events: eventsOf(rows), total }
}

const eventsOf = (rows: readonly object[]): OutboxEvent[] =>
  (rows as Record<string, Cell>[]).map((row) =>
    tables.outbox.row(tables.outbox.columns.map((column) => row[column] ?? null)),
  )

export type NewDelivery = { readonly channel: StoredChannel; readonly body: string; readonly nextAt: number }

/** In one step, so that neither a crash nor another node shares an event out twice or half. */
export async function shareOut(
  store: Store,
  event: Pick<OutboxEvent, 'id' | 'organisationId' | 'type'>,
  deliveries: readonly NewDelivery[],
  at: number,
): Promise<void> {
  await store.write([
    ...deliveries.map((delivery) => deliveryQuery(store, event, delivery, at)),
    store.sql
      .updateTable('outbox')
      .set({ dispatched_at: BigInt(at) })
      .where('organisation_id', '=', event.organisationId)
      .where('id', '=', event.id)
      .where('dispatched_at', 'is', null),
  ])
}

/** What cannot be shared out now does not hold up the others. */
export async function putOff(store: Store, event: OutboxEvent, until: number): Promise<void> {
  await store.write([
    store.sql
      .updateTable('outbox')
      .set({ dispatch_after: BigInt(until) })
      .where('organisation_id', '=', event.organisationId)
      .where('id', '=', event.id),
  ])
}

/** An event that somebody asked for: told to this channel alone. Gives the delivery's code. */
export async function sendTest(
  store: Store,
  event: OutboxEvent,
  delivery: NewDelivery,
  audit: Query<unknown>,
): Promise<string> {
  const at = event.createdAt
  const own = { ...store.ids.next() }
  await store.write([eventQuery(store, event, at), deliveryQuery(store, event, delivery, at, own), audit])
  return own.code
}

/** False: it was told before. */
export async function emitEvent(store: Store, event: OutboxEvent): Promise<boolean> {
  const [written] = await store.write([eventQuery(store, event)])
  return written === 1
}

export function eventQuery(store: Pick<Store, 'sql'>, event: OutboxEvent, dispatchedAt?: number): Query<unknown> {
  return store.sql
    .insertInto('outbox')
    .values({
      id: event.id,
      organisation_id: event.organisationId,
      code: event.code,
      type: event.type,
      data: event.data,
      created_at: BigInt(event.createdAt),
      once_key: event.onceKey ?? null,
      dispatched_at: dispatchedAt === undefined ? null : BigInt(dispatchedAt),
    })
    .onConflict((conflict) => conflict.doNothing())
}

function deliveryQuery(
  store: Pick<Store, 'sql' | 'ids'>,
  event: Pick<OutboxEvent, 'id' | 'organisationId' | 'type'>,
  { channel, body, nextAt }: NewDelivery,
  at: number,
  id = store.ids.next(),
): Query<unknown> {
  return store.sql
    .insertInto('deliveries')
    .values({
      ...id,
      organisation_id: event.organisationId,
      event_id: event.id,
      channel_id: channel.id,
      type: event.type,
      body,
      state: 'pending',
      attempts: 0n,
      next_at: BigInt(nextAt),
      lease_until: 0n,
      log: '[]',
      created_at: BigInt(at),
      ended_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
}

/** In steps: what is over and was told long ago, save what keeps an event from being told twice. */
export async function forgetOld(store: Store, before: number, limit: number): Promise<number> {
  const old = BigInt(before)
  const [ended = 0, told = 0] = await store.write([
    store.sql
      .deleteFrom('deliveries')
      .where('id', 'in', (of) =>
        of
          .selectFrom('deliveries')
          .select('id')
          .where('state', '<>', 'pending')
          .where('created_at', '<', old)
          .orderBy('id')
          .limit(limit),
      ),
    store.sql.deleteFrom('outbox').where('id', 'in', (of) =>
      of
        .selectFrom('outbox as o')
        .select('o.id')
        .where('o.dispatched_at', 'is not', null)
        .where('o.once_key', 'is', null)
        .where('o.created_at', '<', old)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('deliveries as d').select('d.id').whereRef('d.event_id', '=', 'o.id'))),
        )
        .orderBy('o.id')
        .limit(limit),
    ),
  ])
  return ended + told
}

/** What is still to be told, and what never was: for the organisation that asks. */
export async function deliveryBacklog(
  store: Store,
  organisationId: bigint,
): Promise<{ waiting: number; failed: number }> {
  const own = store.sql.selectFrom('deliveries').where('organisation_id', '=', organisationId)
  const [[events], [pending], [failed]] = await Promise.all([
    store.rows(
      store.sql
        .selectFrom('outbox')
        .where('organisation_id', '=', organisationId)
        .where('dispatched_at', 'is', null)
        .select((of) => of.fn.countAll<bigint>().as('count')),
    ),
    store.rows(own.where('state', '=', 'pending').select((of) => of.fn.countAll<bigint>().as('count'))),
    store.rows(own.where('state', '=', 'failed').select((of) => of.fn.countAll<bigint>().as('count'))),
  ])
  return { waiting: Number(events?.count ?? 0) + Number(pending?.count ?? 0), failed: Number(failed?.count ?? 0) }
}
