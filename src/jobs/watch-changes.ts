/** Tells of prices that changed, and of a day on which much more is spent than usual. Each is told once, whoever finds it. */

import { eventOf, money } from '../core/ledger-events.ts'
import type { RateLine } from '../core/rate-card.ts'
import { DAY_MS } from '../lib/clock.ts'
import { newPrices, spendOf, type UsedCard } from '../store/changes.ts'
import { emitEvent } from '../store/outbox.ts'
import { allOrganisations, setWatchedUntil, watchedUntil } from '../store/overdue.ts'
import type { Store } from '../store/store.ts'

/** A card that is being kept right now is found by the next look. */
const SETTLED_AFTER_MS = 10_000

export async function tellPrices(store: Store, at: number): Promise<void> {
  const to = at - SETTLED_AFTER_MS
  const from = await watchedUntil(store, 'prices')
  if (from !== undefined && to <= from) return
  const changed = from === undefined ? [] : await newPrices(store, from, to)
  const organisations = changed.length === 0 ? [] : await allOrganisations(store)
  for (const organisationId of organisations)
    for (const { before, after } of changed) {
      const { provider, model } = after
      const data = { provider, model, changes: changesOf(before, after), rateCardId: after.id }
      const event = eventOf('price.changed', data, { organisationId, at, ids: store.ids })
      await emitEvent(store, { ...event, onceKey: `price.changed ${after.id}` })
    }
  await setWatchedUntil(store, 'prices', to)
}

function changesOf(before: UsedCard, after: UsedCard) {
  const [old, now] = [plainRates(before), plainRates(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((meter) => {
    const change = { meter, before: old.get(meter) ?? null, after: now.get(meter) ?? null }
    return change.before === change.after ? [] : [change]
  })
}

/** What a meter costs at first: neither in a tier nor in a service tier. */
const plainRates = ({ lines }: UsedCard): Map<string, string> =>
  new Map(lines.filter(isPlain).map(({ meter, price, per }) => [meter, `${price} USD per ${per}`]))

const isPlain = ({ tier, serviceTier }: RateLine): boolean => tier === undefined && serviceTier === undefined

const LOOK_EVERY_MS = 15 * 60_000
/** So many times an average day of the week before, and by so much more, is no usual day. */
const TIMES = 3n
const LEAST_MORE = 10_000_000_000n

export async function tellAnomalies(store: Store, at: number): Promise<void> {
  const seen = await watchedUntil(store, 'spending')
  if (seen !== undefined && at < seen + LOOK_EVERY_MS) return
  for (const organisationId of await allOrganisations(store)) {
    const { day, weekBefore, since } = await spendOf(store, organisationId, at)
    const usual = weekBefore / 7n
    // Before a week is over nobody knows what is usual.
    if (since === undefined || since > at - 8 * DAY_MS) continue
    if (day <= TIMES * usual || day - usual < LEAST_MORE) continue
    const data = money({ chargeUsd: day, usualUsd: usual })
    const event = eventOf('spend.anomaly', data, { organisationId, at, ids: store.ids })
    await emitEvent(store, { ...event, onceKey: `spend.anomaly ${new Date(at).toISOString().slice(0, 10)}` })
  }
  await setWatchedUntil(store, 'spending', at)
}
