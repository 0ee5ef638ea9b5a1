/** The state of the server, and of what waits for the organisation that asks. */
import { QUARTER_MS } from '../core/usage-sums.ts'
import { DAY_MS, instantText } from '../lib/clock.ts'
import { callsElsewhere } from '../store/calls-elsewhere.ts'
import { deliveryBacklog } from '../store/outbox.ts'
import { usageSumsBy } from '../store/reports.ts'
import { StoreTooSlow } from '../store/store.ts'
import type { ApiParts, Handlers } from './parts.ts'
import { serverState } from './server-state.ts'

export const systemHandlers: Handlers<'getSystem' | 'countCallsInFlight'> = {
  async countCallsInFlight({ store, callsUnderWay }, { caller: { organisationId }, at }) {
    const elsewhere = await callsElsewhere(store, organisationId)
    const calls = elsewhere === undefined ? null : callsUnderWay(organisationId) + elsewhere
    return { body: { callsInFlight: { calls, asOf: instantText(at) } } }
  },

  async getSystem(parts, { caller, at }) {
    const { organisationId } = caller
    const { store, settings, routes, credentials, system } = parts
    const [deliveries, unpricedCalls, server] = await Promise.all([
      deliveryBacklog(store, organisationId),
      unpricedSince(parts, organisationId, at),
      serverState(parts, caller),
    ])
    return {
      body: {
        system: {
          ...{ version: system.version, node: process.versions.node, store: store.engine },
          startedAt: instantText(system.startedAt),
          catalogue: { source: system.catalogueSource, models: routes.list().length },
          simulator: settings.simulatorActive,
          providers: [...credentials.providers.values()].map(({ key, name }) => ({
            ...{ key, name },
            origin: settings.providers.get(key)?.origin ?? 'simulator',
          })),
          ...{ deliveries, unpricedCalls, server },
        },
      },
    }
  },
}

const DAYS = 30
const WITHIN_MS = 5_000

/** In whole quarter hours, as usage is folded. Null: it would take longer than somebody waits. */
async function unpricedSince({ store }: ApiParts, organisationId: bigint, at: number): Promise<number | null> {
  const end = Math.ceil((at + 1) / QUARTER_MS) * QUARTER_MS
  const buckets = [{ start: end - DAYS * DAY_MS, end }]
  const all = { organisationId, buckets, groupBy: [], narrow: {}, folded: {}, most: { records: 1, rows: 1 } }
  try {
    const summed = await usageSumsBy(store, { ...all, withinMs: WITHIN_MS })
    return 'rows' in summed ? Number(summed.rows[0]?.sums.unpriced ?? 0) : null
  } catch (error) {
    if (error instanceof StoreTooSlow) return null
    throw error
  }
}
