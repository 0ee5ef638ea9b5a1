/**
 * Finds what no command brings to light, and writes an event for it: credit that ends within 7 days or one, charges that
 * nobody explained within 15 minutes, prices that changed, days of unusual spend. Each is told once, whichever node finds it first; what is old is forgotten.
 */
import { eventOf, money } from '../core/ledger-events.ts'
import { DAY_MS, instantText } from '../lib/clock.ts'
import { emitEvent, forgetOld } from '../store/outbox.ts'
import {
  allOrganisations,
  endingGrants,
  endingKey,
  setWatchedUntil,
  unexplainedCharges,
  watchedUntil,
} from '../store/overdue.ts'
import type { Store } from '../store/store.ts'
import { tellAnomalies, tellPrices } from './watch-changes.ts'

const PAGE = 500
/** So long may a usage be told after its charge. */
const USAGE_WITHIN_MS = 15 * 60_000
/** So far back a first look goes. */
const FIRST_LOOK_MS = DAY_MS
/** What was told, and how, is kept so long. */
const KEPT_MS = 90 * DAY_MS

export async function watch(store: Store): Promise<void> {
  const at = store.now()
  await tellEnding(store, at)
  await tellUnexplained(store, at)
  await tellPrices(store, at)
  await tellAnomalies(store, at)
  await forgetOld(store, at - KEPT_MS, PAGE)
}

/** The nearest first: who is told of the last day need not hear of the last week as well. */
async function tellEnding(store: Store, at: number): Promise<void> {
  for (const days of [1, 7]) {
    for (;;) {
      const grants = await endingGrants(store, days, at, PAGE)
      for (const grant of grants) {
        const data = {
          ...{ accountId: `acc_${grant.accountCode}`, externalId: grant.externalId },
          ...{ grantId: `grant_${grant.code}`, category: grant.category, days },
          ...money({ remainingUsd: grant.remaining }),
          expiresAt: instantText(grant.expiresAt),
        }
        const cause = { organisationId: grant.organisationId, at, ids: store.ids }
        await emitEvent(store, { ...eventOf('grant.expiring', data, cause), onceKey: endingKey(grant.code, days) })
      }
      if (grants.length < PAGE) break
    }
  }
}

async function tellUnexplained(store: Store, at: number): Promise<void> {
  const to = at - USAGE_WITHIN_MS
  const from = (await watchedUntil(store, 'usage')) ?? to - FIRST_LOOK_MS
  if (to <= from) return
  for (const organisationId of await allOrganisations(store)) {
    let after = 0n
    for (;;) {
      const charges = await unexplainedCharges(store, organisationId, { from, to, after, limit: PAGE })
      for (const charge of charges) {
        const data = {
          ...{ accountId: `acc_${charge.accountCode}`, externalId: charge.externalId },
          transactionId: `txn_${charge.code}`,
          ...money({ amountUsd: charge.amount }),
          bookedAt: instantText(charge.bookedAt),
        }
        const event = eventOf('usage.missing', data, { organisationId, at, ids: store.ids })
        await emitEvent(store, { ...event, onceKey: `usage.missing ${charge.code}` })
      }
      const last = charges.at(-1)
      if (!last || charges.length < PAGE) break
      after = last.id
    }
  }
  await setWatchedUntil(store, 'usage', to)
}
