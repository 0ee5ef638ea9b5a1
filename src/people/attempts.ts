/** How often a password may be guessed: attempts are counted before they are checked, so that parallel ones count too. */
import { LRUCache } from 'lru-cache'
import { refuse } from '../contract/errors.ts'
import { networkOf } from '../lib/client-address.ts'
import type { Clock } from '../lib/clock.ts'

export type Attempts = {
  /** Counts one. Throws `rate_limit_exceeded` where too many failed before it. `name`: whom it is about, if anybody. */
  begin(address: string, name?: string): void
  /** The person was the right one: what was counted of this person from this address is forgotten. */
  succeeded(address: string, name?: string): void
}

const WINDOW_MS = 15 * 60_000
/** For one person from one network; a stranger elsewhere cannot lock that person out with these. */
const MOST_FOR_PERSON = 5
/** From one network, whoever it is about. */
const MOST_FROM_NETWORK = 30
/** For one person from everywhere: what a crowd of addresses may try. */
const MOST_FROM_EVERYWHERE = 100
/** Above this many the count that was touched the longest ago begins anew. */
const MOST_COUNTS = 20_000

type Count = { readonly since: number; times: number }

export function createAttempts(clock: Pick<Clock, 'now'>): Attempts {
  const counts = new LRUCache<string, Count>({ max: MOST_COUNTS })
  const within = (key: string): Count => {
    const found = counts.get(key)
    const age = found === undefined ? WINDOW_MS : clock.now() - found.since
    if (found !== undefined && age >= 0 && age < WINDOW_MS) return found
    const made = { since: clock.now(), times: 0 }
    counts.set(key, made)
    return made
  }
  return {
    begin(address, name) {
      const network = networkOf(address)
      const bounds: [Count, number][] = [[within(`from ${network}`), MOST_FROM_NETWORK]]
      if (name !== undefined)
        bounds.push([within(pairOf(network, name)), MOST_FOR_PERSON], [within(`for ${name}`), MOST_FROM_EVERYWHERE])
      const full = bounds.filter(([{ times }, most]) => times >= most).map(([{ since }]) => since)
      if (full.length > 0)
        throw refuse('rate_limit_exceeded', 'Too many attempts; wait before the next one', {
          retryAfterMs: Math.max(...full) + WINDOW_MS - clock.now(),
        })
      for (const [count] of bounds) count.times++
    },
    succeeded(address, name) {
      const network = networkOf(address)
      within(`from ${network}`).times--
      if (name === undefined) return
      counts.delete(pairOf(network, name))
      within(`for ${name}`).times--
    },
  }
}

const pairOf = (network: string, name: string): string => `${network} for ${name}`
