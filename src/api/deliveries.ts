/** What was told to whom, and what happened. */
import type { Delivery } from '../contract/alerts.ts'
import { refuse } from '../contract/errors.ts'
import type { Event, EventType } from '../contract/events.ts'
import { eventBody } from '../core/event-body.ts'
import { instantText } from '../lib/clock.ts'
import { channelsById } from '../store/alert-channels.ts'
import { findDelivery, listDeliveries, type StoredDelivery, sendAgain } from '../store/deliveries.ts'
import { lowCreditOf, setLowCredit } from '../store/low-credit.ts'
import { listEvents } from '../store/outbox.ts'
import { creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers } from './parts.ts'

export const deliveryHandlers: Handlers<
  'listDeliveries' | 'resendDelivery' | 'listEvents' | 'getAlertDefaults' | 'updateAlertDefaults'
> = {
  async getAlertDefaults(parts, { caller }) {
    return { body: defaultsOf(parts, await lowCreditOf(parts.store, caller.organisationId)) }
  },

  async updateAlertDefaults(parts, { caller: { organisationId, organisation }, body, audit }) {
    const { lowCreditThreshold: asked } = body
    const before = await lowCreditOf(parts.store, organisationId)
    const after = asked === null ? null : creditRate(parts).nanos(asked, 'lowCreditThreshold')
    const change = { action: 'alert_defaults.update', target: organisation }
    const [was, is] = [defaultsOf(parts, before), defaultsOf(parts, after)]
    await setLowCredit(parts.store, organisationId, after, audit({ ...change, before: was, after: is }))
    return { body: is }
  },

  async listDeliveries({ store }, { caller, query }) {
    const page = pageOf('deliveries', query)
    const filter = { channelCode: query.channelId?.replace(/^chan_/, ''), type: query.type, state: query.state }
    const { deliveries, total } = await listDeliveries(store, caller.organisationId, filter, page)
    const { shown, pagination } = paged('deliveries', page, deliveries, total)
    return { body: { deliveries: shown.map(deliveryOf), pagination } }
  },

  async resendDelivery({ store }, { caller, params, at, audit }) {
    const delivery = await findDelivery(store, caller.organisationId, /^del_(.+)$/.exec(params.id)?.[1] ?? '')
    if (!delivery) throw refuse('not_found', 'No delivery has this id')
    const channel = (await channelsById(store, [delivery.channelId])).get(delivery.channelId)
    if (!channel || channel.disabled)
      throw refuse('invalid_request', `The channel is ${channel ? 'disabled; enable it first' : 'deleted'}`)
    const target = `del_${delivery.code}`
    await sendAgain(store, delivery, at, audit({ action: 'delivery.resend', target, before: null, after: null }))
    const again = { ...delivery, state: 'pending', nextAt: at, endedAt: null, note: null } as const
    return { body: { delivery: deliveryOf(again) } }
  },

  async listEvents({ store, settings }, { caller, query }) {
    const page = pageOf('events', query)
    const { events, total } = await listEvents(store, caller.organisationId, query.type, page)
    const { shown, pagination } = paged('events', page, events, total)
    const { organisation } = caller
    const around = { organisation, publicUrl: settings.publicUrl, context: {} }
    // What is told is made from what the ledger wrote, in the shapes of the contract.
    return { body: { events: shown.map((event) => JSON.parse(eventBody(event, around)) as Event), pagination } }
  },
}

function defaultsOf(parts: ApiParts, nanos: bigint | null) {
  if (nanos === null) return { lowCreditThreshold: null, decimal: {} }
  return withDecimal({ lowCreditThreshold: creditRate(parts).text(nanos) })
}

export const deliveryOf = (delivery: StoredDelivery): Delivery => ({
  id: `del_${delivery.code}`,
  eventId: `evt_${delivery.eventCode}`,
  type: delivery.type as EventType,
  channelId: `chan_${delivery.channelCode}`,
  state: delivery.state,
  attempts: delivery.log.map(({ at, status, error, answer }) => ({
    at: instantText(at),
    status,
    error: error ?? null,
    answer: answer ?? null,
  })),
  note: delivery.note,
  nextAttemptAt: delivery.state === 'pending' ? instantText(delivery.nextAt) : null,
  createdAt: instantText(delivery.createdAt),
  endedAt: delivery.endedAt === null ? null : instantText(delivery.endedAt),
})
