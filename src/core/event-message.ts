/** An event in words: a headline and facts, which mail and chat put into their own forms. */
import type { EventType } from '../contract/events.ts'

export type EventMessage = {
  readonly headline: string
  /** Name and value. */
  readonly facts: readonly (readonly [string, string])[]
  readonly next: string
  readonly link: string | null
}

type Data = Readonly<Record<string, unknown>>
export type TellableEvent = { readonly type: string; readonly timestamp: string; readonly data: Data }

export function messageOf({ type, timestamp, data }: TellableEvent): EventMessage {
  const headline = (HEADLINES[type as EventType] ?? (() => type))(data)
  return {
    headline: `${data.test === true ? '[test] ' : ''}${headline}`,
    facts: [
      ...FACTS.flatMap(([field, name]) => factOf(name, shown(data, field))),
      ...changes(data.changes),
      ...spenders('Top models', data.topModels),
      ...spenders('Top keys', data.topKeys),
      ...factOf('Organisation', textOf(data.organisation)),
      ...factOf('When', timestamp),
      ...factOf('Event', textOf(data.eventId)),
    ],
    next: textOf(data.next) ?? '',
    link: textOf(data.link) ?? null,
  }
}

const HEADLINES: Readonly<Record<EventType, (data: Data) => string>> = {
  'budget.threshold_reached': (data) => {
    const passed = Array.isArray(data.thresholds) ? `${data.thresholds.join(' %, ')} %` : 'A threshold'
    return `${passed} of budget "${data.name}" reached`
  },
  'budget.blocked': (data) => `Budget "${data.name}" refuses calls`,
  'credits.low': (data) => `Account ${data.externalId} is low on credit: $${shown(data, 'balanceUsd')}`,
  'credits.depleted': (data) => `Account ${data.externalId} has no credit left`,
  'credits.negative': (data) => `Account ${data.externalId} is negative: $${shown(data, 'balanceUsd')}`,
  'grant.expiring': (data) =>
    `Credit of account ${data.externalId} ends within ${data.days === 1 ? 'a day' : '7 days'}`,
  'grant.expired': (data) => `Credit of account ${data.externalId} has ended: $${shown(data, 'lostUsd')}`,
  'reservation.expired': (data) => `Reservation ${data.reservationId} has expired`,
  'generation.interrupted': (data) => `A call of ${data.model} was interrupted`,
  'quote.exceeded': (data) => `A call of ${data.model} cost more than was possible`,
  'usage.missing': (data) => `Nobody told what $${shown(data, 'amountUsd')} were charged for`,
  'usage.unpriced': (data) => `Model ${data.model} is used and has no price`,
  'price.changed': (data) => `The price of ${data.model} at ${data.provider} has changed`,
  'spend.anomaly': (data) => `Much more is spent than usual: $${shown(data, 'chargeUsd')} in 24 hours`,
  'ledger.integrity_failed': (data) =>
    `The ledger does not add up: ${data.differences} ${data.differences === 1 ? 'value differs' : 'values differ'}`,
  'webhook.endpoint_disabled': (data) => `Alerts no longer go to ${data.host}`,
}

/** In the order in which they are read. Dollars are told from their field's name. */
const FACTS: readonly (readonly [field: string, name: string])[] = [
  ['accountId', 'Account'],
  ['scope', 'Scope'],
  ['scopeId', 'Of'],
  ['metric', 'Metric'],
  ['value', 'Value'],
  ['limit', 'Limit'],
  ['reserved', 'Reserved'],
  ['balanceUsd', 'Balance (USD)'],
  ['reservedUsd', 'Reserved (USD)'],
  ['availableUsd', 'Available (USD)'],
  ['thresholdUsd', 'Threshold (USD)'],
  ['remainingUsd', 'Left (USD)'],
  ['amountUsd', 'Amount (USD)'],
  ['lostUsd', 'Lost (USD)'],
  ['releasedUsd', 'Released (USD)'],
  ['chargeUsd', 'Charge (USD)'],
  ['quoteUsd', 'Quote (USD)'],
  ['usualUsd', 'Usual (USD)'],
  ['grantId', 'Grant'],
  ['reservationId', 'Reservation'],
  ['transactionId', 'Transaction'],
  ['generationId', 'Call'],
  ['model', 'Model'],
  ['provider', 'Provider'],
  ['channelId', 'Channel'],
  ['reason', 'Reason'],
  ['windowStart', 'Window from'],
  ['windowEnd', 'Resets'],
  ['timeZone', 'Time zone'],
  ['ratePerHour', 'Rate per hour'],
  ['ratePerHourUsd', 'Rate per hour (USD)'],
  ['projectedExhaustion', 'Used up at this rate'],
  ['expiresAt', 'Ends'],
  ['bookedAt', 'Booked'],
]

/** The exact text of an amount comes before its number. */
function shown(data: Data, field: string): string | undefined {
  const exact = (data.decimal as Data | undefined)?.[field]
  return textOf(exact ?? data[field])
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : String(value)

const factOf = (name: string, value: string | undefined): (readonly [string, string])[] =>
  value === undefined ? [] : [[name, value]]

function changes(list: unknown): (readonly [string, string])[] {
  if (!Array.isArray(list)) return []
  return (list as { meter: string; before: string | null; after: string | null }[]).map(
    ({ meter, before, after }) => [`Price of ${meter}`, `${after ?? 'none'} (before: ${before ?? 'none'})`] as const,
  )
}

type Spender = { readonly name: string; readonly label?: string; readonly requests: number; readonly chargeUsd: number }

function spenders(name: string, list: unknown): (readonly [string, string])[] {
  if (!Array.isArray(list) || list.length === 0) return []
  const each = (list as Spender[]).map(
    (one) => `${one.name}${one.label === undefined ? '' : ` (${one.label})`}: $${one.chargeUsd}, ${one.requests} calls`,
  )
  return [[name, each.join('; ')]]
}
