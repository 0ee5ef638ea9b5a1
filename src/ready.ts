/** Whether new calls may come: what load balancers ask. */
import type { FastifyReply } from 'fastify'
import type { Gateway } from './gateway/gateway.ts'
import { firstOrganisation } from './store/bootstrap.ts'

const WORDS = { new: 'ok', settled: 'ok', lost: 'lost', unwritable: 'unwritable' } as const

/** So long a probe waits for the store. */
const PROBE_MS = 2_000

export async function ready({ store, clock, settlements, draining }: Gateway, reply: FastifyReply) {
  const asked = firstOrganisation(store).then(
    () => WORDS[store.standing()],
    () => 'away',
  )
  const checks = {
    store: await Promise.race([asked, new Promise<'away'>((late) => clock.after(PROBE_MS, () => late('away')))]),
    draining,
    journal: settlements.hasRoom ? settlements.waiting : 'full',
  }
  const isReady = checks.store === 'ok' && !draining && settlements.hasRoom
  if (!isReady) reply.code(503)
  return { status: isReady ? 'ready' : 'not ready', checks }
}
