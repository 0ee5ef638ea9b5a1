/** An event as it is told: what happened, what is known around it, what happens next, where to look. */
import type { EventType } from '../contract/events.ts'
import { instantText } from '../lib/clock.ts'
import type { OutboxEvent } from './ledger-rows.ts'

export type Surroundings = {
  readonly organisation: string
  readonly publicUrl: string | undefined
  /** Top spenders, rates and the like. */
  readonly context: Readonly<Record<string, unknown>>
}

/** A receiver may count on it. */
const MOST_BYTES = 20_000

/** The body of a webhook, which all other forms are made from. */
export function eventBody(event: OutboxEvent, { organisation, publicUrl, context }: Surroundings): string {
  const own = JSON.parse(event.data) as Record<string, unknown>
  const told = {
    eventId: `evt_${event.code}`,
    organisation,
    next: nextOf(event.type, { ...own, ...context }),
    link: publicUrl === undefined ? null : `${publicUrl.replace(/\/$/, '')}/`,
  }
  const written = (more: object) =>
    JSON.stringify({
      type: event.type,
      timestamp: instantText(event.createdAt).replace('.000Z', 'Z'),
      data: { ...own, ...more, ...told },
    })
  const whole = written(context)
  return Buffer.byteLength(whole) < MOST_BYTES ? whole : written({})
}

function nextOf(type: EventType, data: Readonly<Record<string, unknown>>): string {
  switch (type) {
    case 'budget.threshold_reached':
      return data.action === 'block'
        ? `At 100 % further calls are refused${untilReset(data)}.`
        : `Calls go on; this budget only tells${untilReset(data)}.`
    case 'budget.blocked':
      return `Calls that do not fit into what is left are refused${untilReset(data)}. Raise the limit to let them through.`
    default:
      return NEXT[type]
  }
}

const untilReset = ({ windowEnd }: Readonly<Record<string, unknown>>): string =>
  typeof windowEnd === 'string' ? ` until the window begins anew at ${windowEnd}` : ''

const NEXT: Readonly<Record<Exclude<EventType, 'budget.threshold_reached' | 'budget.blocked'>, string>> = {
  'credits.low': 'Calls go on while credit is left. This is told again once the balance has been above the threshold.',
  'credits.depleted': 'Calls that cost something are refused with 402 until credit is added.',
  'credits.negative': 'Calls are refused with 402. The next credit that is added repays what is owed first.',
  'grant.expiring': 'What is not used by then is lost; credit that ends sooner is spent sooner.',
  'grant.expired': 'What was reserved of it can still be charged; the rest is gone.',
  'reservation.expired':
    'What it held is available again. A confirmation is refused with 410 unless it asks to be charged.',
  'generation.interrupted': 'It was charged by what is known of it; nothing has to be done.',
  'quote.exceeded':
    'The provider reported more than the request allowed. The overage policy of the account decided who bears it.',
  'usage.missing': 'Record the usage of the transaction; it is listed under /v1/transactions?usage=missing until then.',
  'usage.unpriced': 'Its cost is unknown and in no sum. Set a price for it in turnpike.yaml.',
  'price.changed':
    'Calls that are admitted from now on are charged by the new price; what was charged stays as it was.',
  'spend.anomaly': 'Nothing is stopped by this. See who spends in the report of usage; a budget sets a limit.',
  'ledger.integrity_failed':
    'Calls go on. Run `turnpike verify` for the list, ask where it comes from, then `turnpike verify --repair`.',
  'webhook.endpoint_disabled':
    'Nothing more is sent there. Repair the receiver, enable the channel and send again what failed.',
}
