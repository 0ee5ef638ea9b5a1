/** Shares waiting events out: a delivery for each channel that wants one, with what is to be said written down once. */
import { type EventType, FOR_PROGRAMS } from '../contract/events.ts'
import { eventBody } from '../core/event-body.ts'
import type { OutboxEvent } from '../core/ledger-rows.ts'
import type { Log } from '../lib/log.ts'
import { livingChannels, type StoredChannel } from '../store/alert-channels.ts'
import { contextOf, type EventContext } from '../store/event-context.ts'
import { findOrganisation } from '../store/organisations.ts'
import { putOff, shareOut, waitingEvents } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'

export type ShareOutParts = {
  readonly store: Store
  readonly log: Log
  readonly publicUrl: string | undefined
  /** Milliseconds before the first try. */
  readonly firstWaitMs: number
}

const PAGE = 100
/** What could not be shared out comes again after this time. */
const PUT_OFF_MS = 60_000

/** How many were shared out. */
export async function shareOutWaiting(parts: ShareOutParts): Promise<number> {
  const { store, log } = parts
  const events = await waitingEvents(store, store.now(), PAGE)
  const channels = new Map<bigint, Promise<StoredChannel[]>>()
  let shared = 0
  for (const event of events) {
    const known = channels.get(event.organisationId) ?? livingChannels(store, event.organisationId)
    channels.set(event.organisationId, known)
    try {
      await shareOutOne(parts, event, await known)
      shared++
    } catch (error) {
      log.error({ event: event.code, type: event.type, error }, 'an event could not be shared out; it comes again')
      await putOff(store, event, store.now() + PUT_OFF_MS)
    }
  }
  return shared
}

async function shareOutOne(
  parts: ShareOutParts,
  event: OutboxEvent,
  channels: readonly StoredChannel[],
): Promise<void> {
  const { store, publicUrl, firstWaitMs } = parts
  const at = store.now()
  const data = JSON.parse(event.data) as { budgetId?: string }
  const wanting = channels.filter((channel) => isWanted(channel, event.type, data.budgetId))
  if (wanting.length === 0) return shareOut(store, event, [], at)
  const organisation = (await findOrganisation(store, { id: event.organisationId }))?.name ?? ''
  const body = eventBody(event, { organisation, publicUrl, context: await surroundings(parts, event) })
  await shareOut(
    store,
    event,
    wanting.map((channel) => ({ channel, body, nextAt: at + firstWaitMs })),
    at,
  )
}

/** The alert is worth more than what is around it. */
async function surroundings({ store, log }: ShareOutParts, event: OutboxEvent): Promise<EventContext> {
  try {
    return await contextOf(store, event)
  } catch (error) {
    log.warn({ event: event.code, error }, 'an event is told without its surroundings')
    return {}
  }
}

function isWanted(
  { type: channelType, events, budgetCode }: Pick<StoredChannel, 'type' | 'events' | 'budgetCode'>,
  type: EventType,
  budgetId: string | undefined,
): boolean {
  // That nobody hears of something any more is said to every person there is.
  if (type === 'webhook.endpoint_disabled' && channelType === 'email') return true
  if (budgetCode !== null && budgetId !== `bud_${budgetCode}`) return false
  return events === null ? channelType === 'webhook' || !FOR_PROGRAMS.has(type) : events.includes(type)
}
