/** Deliveries over a real store, with a clock that the test moves: events go in, and what receivers got comes out. */

import { eventSamples } from '../src/contract/event-samples.ts'
import type { EventType } from '../src/contract/events.ts'
import { eventOf } from '../src/core/ledger-events.ts'
import type { OutboxEvent } from '../src/core/ledger-rows.ts'
import { createAddressGuard, type Resolve } from '../src/delivery/address-guard.ts'
import { createMailer } from '../src/delivery/mail.ts'
import { createHttpSender } from '../src/delivery/webhook.ts'
import { createDeliverer } from '../src/jobs/deliver.ts'
import type { Clock } from '../src/lib/clock.ts'
import { createLog } from '../src/lib/log.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createSealer } from '../src/lib/sealer.ts'
import { type StoredChannel, saveChannel, sealSecret } from '../src/store/alert-channels.ts'
import { auditQuery } from '../src/store/audit-log.ts'
import { emitEvent } from '../src/store/outbox.ts'
import type { Store } from '../src/store/store.ts'
import { type Backend, ORGANISATION } from './backends.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const WAITS = [0, 5, 300, 1_800]

type KitOptions = {
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  readonly smtp?: string
  readonly retrySeconds?: readonly number[]
  /** Of the jitter; default: none. */
  readonly fraction?: () => number
  /** In place of real timers. */
  readonly after?: Clock['after']
}

export type AlertsKit = ReturnType<typeof alertsKit>

export function alertsKit(backend: Backend, options: KitOptions = {}) {
  const { clock } = backend
  const store: Store = { ...backend.store, now: clock.now }
  const stopping = new AbortController()
  const sealer = createSealer('ab'.repeat(32), systemRandom)
  const resolve = options.resolve ?? (async (host) => Promise.reject(new Error(`${host} is not known here`)))
  const mailer =
    options.smtp === undefined ? undefined : createMailer({ url: options.smtp, from: 'alerts@turnpike.test' })
  const deliverer = createDeliverer({
    onTry: () => {},
    ...{
      store,
      clock,
      sealer,
      mailer,
      log: createLog({ level: 'silent' }),
      random: { fraction: options.fraction ?? (() => 0) },
    },
    http: createHttpSender({
      guard: createAddressGuard(options.allow ?? ['127.0.0.1'], resolve),
      clock: { ...clock, ...(options.after ? { after: options.after } : {}) },
      stopped: stopping.signal,
    }),
    publicUrl: 'https://turnpike.test',
    retrySeconds: options.retrySeconds ?? WAITS,
    stopped: stopping.signal,
  })
  const audit = () =>
    auditQuery(store, {
      ...{ organisationId: ORGANISATION, actor: 'test', action: 'test', target: 'test' },
      ...{ before: null, after: null, requestId: null, at: clock.now() },
    })
  return {
    /** As the API keeps it. */
    sealed: (channel: Pick<StoredChannel, 'organisationId' | 'code'>, secret: string) =>
      sealSecret(sealer, channel, secret),
    store,
    stop: () => stopping.abort(),
    /** One look and all the tries that it begins. */
    async turn() {
      await deliverer.run()
      await deliverer.idle()
    },
    begin: () => deliverer.run(),
    async channel(more: Partial<StoredChannel> & Pick<StoredChannel, 'target'>): Promise<StoredChannel> {
      const id = store.ids.next()
      const channel: StoredChannel = {
        ...{ ...id, organisationId: ORGANISATION, type: 'webhook', name: null, events: null, budgetCode: null },
        ...{
          secret: sealSecret(sealer, { organisationId: ORGANISATION, code: id.code }, SECRET),
          oldSecret: null,
          oldSecretUntil: null,
        },
        ...{ disabled: false, disabledReason: null, createdAt: clock.now(), updatedAt: clock.now() },
        ...more,
      }
      await saveChannel(store, channel, audit())
      return channel
    },
    save: (channel: StoredChannel) => saveChannel(store, channel, audit()),
    /** As if the ledger had written it. */
    async emit(type: EventType, more: object = {}): Promise<OutboxEvent> {
      const cause = { organisationId: ORGANISATION, at: clock.now(), ids: store.ids }
      const event = eventOf(type, { ...eventSamples[type], ...more }, cause)
      await emitEvent(store, event)
      return event
    },
    deliveries: () => store.rows(store.sql.selectFrom('deliveries').selectAll().orderBy('id')),
    events: () => store.rows(store.sql.selectFrom('outbox').selectAll().orderBy('id')),
    channels: () => store.rows(store.sql.selectFrom('alert_channels').selectAll().orderBy('id')),
    async close() {
      stopping.abort()
      mailer?.close()
      await deliverer.idle()
    },
  }
}
