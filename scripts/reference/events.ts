/** The page of events, made from their schemas: when each is told, what its `data` holds, what it looks like. */
import { z } from 'zod'
import { eventSamples } from '../../src/contract/event-samples.ts'
import { EVENT_TYPES, type EventType, eventData, FOR_PROGRAMS } from '../../src/contract/events.ts'
import { eventBody } from '../../src/core/event-body.ts'
import { code, opening, sentence, table } from './markdown.ts'

export const eventsReference = (): string =>
  [
    opening(
      '`src/contract/events.ts`',
      'Events',
      'What Turnpike tells of its own accord, and what is in it. How to be told is in [alerts](../guides/alerts.md).',
    ),
    'A webhook has the body `{"type", "timestamp", "data"}`, `timestamp` being when it happened. It carries `webhook-id` (the `eventId`, the same in every repetition), `webhook-timestamp` and `webhook-signature`, as Standard Webhooks 1.0.0 defines them. ' +
      'Mail and chat say the same in words. Fields may be added; ignore those that you do not know.\n',
    table(
      ['type', 'told', 'to mail and chat'],
      EVENT_TYPES.map((type) => [
        `[${type}](#${type.replaceAll('.', '')})`,
        sentence(WHEN[type]),
        FOR_PROGRAMS.has(type) ? 'where it is named' : 'yes',
      ]),
    ),
    '## In every event\n',
    fieldsOf(COMMON),
    ...EVENT_TYPES.flatMap(section),
  ].join('\n')

const WHEN: Readonly<Record<EventType, string>> = {
  'budget.threshold_reached':
    'once a window for each threshold of a budget, on settled spend; several passed at once are one event',
  'budget.blocked': 'with the first call that a budget refuses in a window',
  'credits.low': 'when the balance falls to `lowCreditThreshold` of the account; again once it has been above',
  'credits.depleted': 'when the balance falls to 0; again once it has been above',
  'credits.negative': 'when the balance falls below 0; again once it has been 0 or more',
  'grant.expiring': '7 days and 1 day before a grant with something left ends, once each, if it was to last longer',
  'grant.expired':
    'when something is lost with a grant: at its end, and where a reservation gives back something of it later',
  'reservation.expired': 'when a reservation dies unconfirmed',
  'generation.interrupted': 'when a call whose process died is charged by what is known of it',
  'quote.exceeded': 'when a provider reports more than the request allowed',
  'usage.missing': 'once, 15 minutes after a charge without a usage record',
  'usage.unpriced': 'once a day (UTC) and model, when a usage has no price',
  'price.changed':
    'within two minutes of the first call that is charged by another price of a model and provider than those before; not for prices of certain hours',
  'spend.anomaly':
    'once a day (UTC), when the charges of 24 hours are more than three times an average day of the week before, and at least 10 USD more; from the ninth day on',
  'ledger.integrity_failed':
    'when `turnpike verify` finds a stored value that is not what happened comes to, at most once a day (UTC); to the organisation whose people run the server',
  'webhook.endpoint_disabled': 'when a channel is given up; to every mail channel, whatever it named',
}

const COMMON = ['eventId', 'organisation', 'next', 'link', 'test'] as const
const isCommon = (name: string): boolean => (COMMON as readonly string[]).includes(name)

function section(type: EventType): string[] {
  const own = Object.keys(eventData[type].shape).filter((name) => !isCommon(name))
  return [`## ${type}\n`, sentence(`Told ${WHEN[type]}`), '', fieldsOf(own, type), '```json', sample(type), '```\n']
}

function sample(type: EventType): string {
  const code = '0VCi7Jj63pO1iU7yT5rE'
  const at = Date.UTC(2026, 10, 20, 9)
  const event = { id: 0n, organisationId: 0n, code, type, data: JSON.stringify(eventSamples[type]), createdAt: at }
  const around = { organisation: 'acme', publicUrl: 'https://turnpike.example.com', context: {} }
  return JSON.stringify(JSON.parse(eventBody(event, around)), null, 2)
}

function fieldsOf(names: readonly string[], type: EventType = 'usage.missing'): string {
  const { properties = {}, required = [] } = z.toJSONSchema(eventData[type], { io: 'input' })
  return table(
    ['field', 'type', '', ''],
    names.map((name) => {
      const schema = properties[name] as Property
      return [
        code(name),
        typeOf(schema),
        required.includes(name) ? '' : 'may be missing',
        sentence(schema.description ?? ''),
      ]
    }),
  )
}

type Property = {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly anyOf?: readonly Property[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Property
  readonly properties?: Readonly<Record<string, Property>>
}

function typeOf({ type, format, anyOf, enum: values, const: only, items, properties }: Property): string {
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  if (values) return values.map((value) => code(String(value))).join(', ')
  if (only !== undefined) return code(String(only))
  if (items) return `a list of ${typeOf(items)}`
  if (properties) return `{ ${Object.keys(properties).join(', ')} }`
  if (format === 'date-time') return 'instant'
  return format === 'date' ? 'date' : [type ?? ''].flat().join(' or ')
}
