/** Alerts as this server runs them: who may be reached, what signs, and the jobs that find, share out and deliver events. */
import type { Settings } from './contract/settings.ts'
import { type AddressGuard, createAddressGuard, systemResolve } from './delivery/address-guard.ts'
import { createMailer } from './delivery/mail.ts'
import { createHttpSender } from './delivery/webhook.ts'
import { createDeliverer, type DeliverParts } from './jobs/deliver.ts'
import { repeat } from './jobs/repeat.ts'
import { watch } from './jobs/watch.ts'
import { systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { systemRandom } from './lib/random.ts'
import type { Sealer } from './lib/sealer.ts'
import { freeTaken } from './store/deliveries.ts'
import type { Store } from './store/store.ts'

export type Alerts = {
  readonly sealer: Sealer
  readonly addresses: AddressGuard
  /** Tries under way are broken off and made again after the next start. */
  stop(): Promise<void>
}

/** An event waits no longer than this before it is looked at. */
const LOOK_EVERY_MS = 500
const WATCH_EVERY_MS = 60_000

type AlertParts = {
  readonly store: Store
  readonly settings: Settings
  readonly log: Log
  readonly sealer: Sealer
  readonly onTry: DeliverParts['onTry']
}

export async function startAlerts({ store, settings, log, sealer, onTry }: AlertParts): Promise<Alerts> {
  const addresses = createAddressGuard(settings.webhooks.allow, systemResolve)
  const stopping = new AbortController()
  const mailer = settings.smtp && createMailer(settings.smtp)
  await freeTaken(store)
  const deliverer = createDeliverer({
    ...{ store, log, sealer, mailer, clock: systemClock, random: systemRandom },
    http: createHttpSender({ guard: addresses, clock: systemClock, stopped: stopping.signal }),
    publicUrl: settings.publicUrl,
    retrySeconds: settings.webhooks.retrySeconds,
    stopped: stopping.signal,
    onTry,
  })
  const jobs = [
    repeat({ clock: systemClock, log, everyMs: LOOK_EVERY_MS, run: deliverer.run }),
    repeat({ clock: systemClock, log, everyMs: WATCH_EVERY_MS, run: async () => store.leads() && watch(store) }),
  ]
  return {
    sealer,
    addresses,
    async stop() {
      stopping.abort()
      await Promise.all(jobs.map((job) => job.stop()))
      mailer?.close()
      await deliverer.idle()
    },
  }
}
