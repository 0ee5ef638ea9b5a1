/** Webhooks as Standard Webhooks signs them, verified with Web Crypto: HMAC-SHA256 of `id.timestamp.body`. */
import { WebhookVerificationError } from './errors.ts'
import { platform } from './platform.ts'
import type { Event } from './schema.gen.ts'

/** By `type`, e.g. `credits.low`: what happened, when (RFC 3339 in UTC), and the `data` of that type. */
export type WebhookEvent = Event
export type {
  BudgetBlockedEvent,
  BudgetThresholdReachedEvent,
  CreditsDepletedEvent,
  CreditsLowEvent,
  CreditsNegativeEvent,
  GenerationInterruptedEvent,
  GrantExpiredEvent,
  GrantExpiringEvent,
  LedgerIntegrityFailedEvent,
  PriceChangedEvent,
  QuoteExceededEvent,
  ReservationExpiredEvent,
  SpendAnomalyEvent,
  UsageMissingEvent,
  UsageUnpricedEvent,
  WebhookEndpointDisabledEvent,
} from './schema.gen.ts'

/** `Headers`, or what a Node server has in `request.headers`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

/** What a receiver of webhooks needs. */
export type Webhooks = {
  /**
   * The event in a webhook that Turnpike sent. Throws `WebhookVerificationError` where no signature fits or its time is
   * more than 5 minutes away. The same `webhook-id` may come more than once: deliveries are repeated until they succeed.
   *
   * @param body the body as it came, before any parsing
   * @param headers `webhook-id`, `webhook-timestamp`, `webhook-signature` are read, names in any case
   * @param secret `whsec_…`, or several while one takes the place of another
   */
  unwrap(body: string | Uint8Array, headers: WebhookHeaders, secret: string | readonly string[]): Promise<WebhookEvent>
}

/** Verifies webhooks without a client: it needs neither key nor address. */
export const webhooks: Webhooks = {
  async unwrap(body: string | Uint8Array, headers: WebhookHeaders, secret: string | readonly string[]) {
    const id = headerOf(headers, 'webhook-id')
    const timestamp = headerOf(headers, 'webhook-timestamp')
    const signatures = headerOf(headers, 'webhook-signature')
      .split(' ')
      .filter((each) => each.startsWith('v1,'))
    if (!/^[0-9]{1,12}$/.test(timestamp)) throw new WebhookVerificationError('webhook-timestamp is not a time.')
    if (Math.abs(platform.now() - Number(timestamp) * 1_000) > TOLERANCE_MS)
      throw new WebhookVerificationError('The webhook is more than 5 minutes old, or the clocks differ.')
    const content = typeof body === 'string' ? new TextEncoder().encode(body) : body
    const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), content)
    if (!(await anyFits(signed, signatures, typeof secret === 'string' ? [secret] : secret)))
      throw new WebhookVerificationError('No signature fits. Pass the body as it came, and the secret of this channel.')
    return JSON.parse(new TextDecoder().decode(content)) as WebhookEvent
  },
}

const TOLERANCE_MS = 5 * 60_000
/** More than a rotation needs, few enough that a forger cannot buy much work. */
const MOST_SIGNATURES = 10

async function anyFits(
  signed: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
  secrets: readonly string[],
): Promise<boolean> {
  for (const secret of secrets) {
    const bytes = bytesOf(secret.replace(/^whsec_/, ''))
    // An empty secret would be one that everybody knows.
    if (!bytes?.length) throw new WebhookVerificationError('The secret is none: expected whsec_… of the channel.')
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    for (const signature of signatures.slice(0, MOST_SIGNATURES)) {
      const given = bytesOf(signature.slice('v1,'.length))
      // Compares in constant time.
      if (given && (await crypto.subtle.verify('HMAC', key, given, signed))) return true
    }
  }
  return false
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = 'get' in headers && typeof headers.get === 'function' ? headers.get(name) : memberOf(headers, name)
  if (typeof value === 'string' && value !== '') return value
  throw new WebhookVerificationError(`${name} is missing.`)
}

function memberOf(headers: object, name: string): unknown {
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? []
  return Array.isArray(value) ? value.join(' ') : value
}

/** Undefined where the text is no base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
