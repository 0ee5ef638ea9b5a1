/** How many secrets that nobody has an address may try: a flood of them is refused before it reaches the store. */
import { LRUCache } from 'lru-cache'
import { refuse } from '../contract/errors.ts'
import { networkOf } from '../lib/client-address.ts'
import type { Clock } from '../lib/clock.ts'

export type UnknownKeys = {
  /** Throws `rate_limit_exceeded` where the address has tried too many within the minute. */
  admit(address: string): void
  /** One more that was looked up and is nobody's. */
  count(address: string): void
}

/** A client that repeats one wrong key, as fast as the store is asked for it, stays below this. */
export const MOST_UNKNOWN_A_MINUTE = 60
const MINUTE_MS = 60_000
/** Above this many the address that was seen the longest ago begins anew. */
const MOST_ADDRESSES = 10_000

export function createUnknownKeys(clock: Pick<Clock, 'now'>): UnknownKeys {
  const tried = new LRUCache<string, { since: number; times: number }>({ max: MOST_ADDRESSES })
  /** What the address has tried within its minute. */
  const within = (network: string) => {
    const found = tried.get(network)
    const age = found === undefined ? MINUTE_MS : clock.now() - found.since
    return found !== undefined && age >= 0 && age < MINUTE_MS ? found : undefined
  }
  return {
    admit(address) {
      const found = within(networkOf(address))
      if (found === undefined || found.times < MOST_UNKNOWN_A_MINUTE) return
      const retryAfterMs = found.since + MINUTE_MS - clock.now()
      throw refuse('rate_limit_exceeded', 'Too many unknown keys were tried from this address; check the key', {
        retryAfterMs,
      })
    },
    count(address) {
      const network = networkOf(address)
      const found = within(network)
      if (found) found.times++
      else tried.set(network, { since: clock.now(), times: 1 })
    },
  }
}
