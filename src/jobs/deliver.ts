/**
 * Delivers events: at least once to each channel that wants them, again and again over three days until it is taken.
 * A try is begun by whichever node takes its row; many run beside each other, few to one channel.
 */

import { eventOf } from '../core/ledger-events.ts'
import type { Attempt, Parcel } from '../delivery/attempt.ts'
import type { Mailer } from '../delivery/mail.ts'
import type { HttpSender } from '../delivery/webhook.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { SealBroken, type Sealer } from '../lib/sealer.ts'
import { channelsById, openSecret, type StoredChannel } from '../store/alert-channels.ts'
import {
  endAttempt,
  giveBack,
  type LoggedAttempt,
  type Outcome,
  type StoredDelivery,
  takeDue,
} from '../store/deliveries.ts'
import type { Store } from '../store/store.ts'
import { shareOutWaiting } from './share-out.ts'

export type DeliverParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'after'>
  readonly random: Pick<Random, 'fraction'>
  readonly log: Log
  readonly sealer: Sealer
  readonly http: HttpSender
  /** Undefined: no mail server is set. */
  readonly mailer: Mailer | undefined
  readonly publicUrl: string | undefined
  /** Before each try, seconds. */
  readonly retrySeconds: readonly number[]
  readonly stopped: AbortSignal
  /** Told of each try, for graphs. */
  readonly onTry: (outcome: 'delivered' | 'retried' | 'failed') => void
}

export type Deliverer = {
  /** Shares out what waits and begins what is due; does not wait for the receivers. */
  run(): Promise<void>
  /** Resolves once nothing is under way. */
  idle(): Promise<void>
}

const MOST_UNDER_WAY = 32
const MOST_PER_CHANNEL = 4
/** Longer than any try takes. A process that dies holds its deliveries for so long. */
const LEASE_MS = 120_000

export function createDeliverer(parts: DeliverParts): Deliverer {
  const { store, log, retrySeconds, publicUrl, stopped } = parts
  const underWay = new Map<Promise<void>, bigint>()
  const firstWaitMs = (retrySeconds[0] ?? 0) * 1_000

  const begin = (delivery: StoredDelivery, channel: StoredChannel | undefined) => {
    const trying: Promise<void> = tryOnce(parts, delivery, channel)
      .catch((error: unknown) =>
        log.warn({ delivery: delivery.code, error }, 'a delivery could not be booked; it is repeated'),
      )
      .then(() => void underWay.delete(trying))
    underWay.set(trying, delivery.channelId)
  }
  const beginDue = async () => {
    const counts = Map.groupBy(underWay.values(), (id) => id)
    const room = MOST_UNDER_WAY - underWay.size
    if (room <= 0 || stopped.aborted) return 0
    const at = store.now()
    const due = await takeDue(store, {
      at,
      limit: room,
      perChannel: MOST_PER_CHANNEL,
      without: [...counts].filter(([, each]) => each.length >= MOST_PER_CHANNEL).map(([id]) => id),
      leaseUntil: at + LEASE_MS,
    })
    const channels = await channelsById(store, [...new Set(due.map(({ channelId }) => channelId))])
    for (const delivery of due) begin(delivery, channels.get(delivery.channelId))
    return due.length
  }
  return {
    async run() {
      await shareOutWaiting({ store, log, publicUrl, firstWaitMs })
      await beginDue()
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay.keys())
    },
  }
}

async function tryOnce(
  parts: DeliverParts,
  delivery: StoredDelivery,
  channel: StoredChannel | undefined,
): Promise<void> {
  const { store, log, stopped } = parts
  const attempt: Attempt = channel
    ? await send(parts, delivery, channel)
    : { ok: false, status: null, error: 'the channel was deleted' }
  if (stopped.aborted && !attempt.ok) return giveBack(store, delivery)
  const at = store.now()
  const outcome = outcomeOf(parts, delivery, channel, attempt, at)
  await endAttempt(store, delivery, loggedOf(attempt, at), outcome)
  parts.onTry(outcome.state === 'pending' ? 'retried' : outcome.state)
  const fields = {
    delivery: delivery.code,
    event: delivery.eventCode,
    channel: delivery.channelCode,
    status: attempt.status,
  }
  if (outcome.state === 'failed') log.warn(fields, 'a delivery failed for good')
}

async function send(
  { sealer, http, mailer, store }: DeliverParts,
  delivery: StoredDelivery,
  channel: StoredChannel,
): Promise<Attempt> {
  const parcel: Parcel = { eventId: `evt_${delivery.eventCode}`, body: delivery.body }
  const { target } = channel
  if ('to' in target)
    return mailer
      ? mailer.send(target.to, parcel)
      : { ok: false, status: null, error: 'no mail server is set: smtp.url and smtp.from in turnpike.yaml' }
  try {
    const opened = secretsOf(sealer, channel, store.now())
    const [first = ''] = opened
    return await (channel.type === 'slack' ? http.slack(first, parcel) : http.webhook(target.url, opened, parcel))
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    return { ok: false, status: null, error: UNREADABLE[error.why] }
  }
}

const UNREADABLE: Readonly<Record<SealBroken['why'], string>> = {
  other_key: 'the secret of the channel was sealed with another TURNPIKE_SECRET_KEY than that of this process',
  changed: 'the secret of the channel cannot be read; rotate it, or give the address again',
}

/** The one of now, and for a day the one before it. */
function secretsOf(sealer: Sealer, channel: StoredChannel, at: number): string[] {
  const { secret, oldSecret, oldSecretUntil } = channel
  const old = oldSecret !== null && (oldSecretUntil ?? 0) > at ? [oldSecret] : []
  return [...(secret === null ? [] : [secret]), ...old].map((sealed) => openSecret(sealer, channel, sealed))
}

function outcomeOf(
  { store, random, retrySeconds }: DeliverParts,
  delivery: StoredDelivery,
  channel: StoredChannel | undefined,
  attempt: Attempt,
  at: number,
): Outcome {
  if (attempt.ok) return { state: 'delivered' }
  const wait = retrySeconds[delivery.attempts]
  if (wait !== undefined && !attempt.gone && channel) {
    const jittered = wait * 1_000 * (1 + JITTER * random.fraction())
    return { state: 'pending', nextAt: at + Math.ceil(Math.max(jittered, attempt.retryAfterMs ?? 0)) }
  }
  if (!channel || !('url' in channel.target)) return { state: 'failed' }
  const reason = attempt.gone ? attempt.error : `${delivery.attempts} tries failed; the last one: ${attempt.error}`
  const data = {
    ...{ channelId: `chan_${channel.code}`, name: channel.name, host: URL.parse(channel.target.url)?.hostname ?? '' },
    reason,
  }
  const cause = { organisationId: channel.organisationId, at, ids: store.ids }
  const event = {
    ...eventOf('webhook.endpoint_disabled', data, cause),
    // Once, although many of its deliveries may end at the same time.
    onceKey: `webhook.endpoint_disabled ${channel.code} ${channel.updatedAt}`,
  }
  return { state: 'failed', giveUp: { reason, event } }
}

/** Up to a tenth longer, so that receivers that went down together are not all called together. */
const JITTER = 0.1

const loggedOf = (attempt: Attempt, at: number): LoggedAttempt => ({
  at,
  status: attempt.status,
  ...(attempt.ok ? {} : { error: attempt.error }),
  ...(attempt.answer ? { answer: attempt.answer } : {}),
})
