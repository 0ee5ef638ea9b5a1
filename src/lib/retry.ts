/** How long to wait before a try is repeated. */
import type { Random } from './random.ts'

/**
 * Milliseconds before the repeat number `attempt` (from 0): anything between none and `baseMs` doubled `attempt` times, never above
 * `maxMs`. The whole span is drawn from, so that callers who failed together do not come back together.
 */
export function backoff({ attempt, baseMs, maxMs, random }: BackoffOptions): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, MAX_DOUBLINGS))
  return Math.floor(random.fraction() * (ceiling + 1))
}

type BackoffOptions = { attempt: number; baseMs: number; maxMs: number; random: Pick<Random, 'fraction'> }

/** Beyond this any base is past any sensible bound, and the product must stay finite. */
const MAX_DOUBLINGS = 52
