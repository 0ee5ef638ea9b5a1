/** What is left of a key's requests and tokens per time, in the headers that each dialect's clients read. */
import type { Allowance, Allowances } from '../contract/allowances.ts'
import { instantText } from '../lib/clock.ts'

/** `refused`: the reply is our own 429. */
export type RateHeaders = (allowances: Allowances, at: number, refused: boolean) => Record<string, string>

export const openaiRateHeaders: RateHeaders = (allowances, at) =>
  headersOf(allowances, (kind, { limit, remaining, resetAt }) => [
    [`x-ratelimit-limit-${kind}`, String(limit)],
    [`x-ratelimit-remaining-${kind}`, String(remaining)],
    [`x-ratelimit-reset-${kind}`, durationText(resetAt - at)],
  ])

/** One set of names for both kinds: it tells of the one that is used up. */
export const openrouterRateHeaders: RateHeaders = ({ requests, tokens }, _at, refused) => {
  const told = tokens !== undefined && tokens.remaining <= 0 ? tokens : (requests ?? tokens)
  if (!refused || told === undefined) return {}
  return {
    'X-RateLimit-Limit': String(told.limit),
    'X-RateLimit-Remaining': String(told.remaining),
    'X-RateLimit-Reset': String(told.resetAt),
  }
}

export const anthropicRateHeaders: RateHeaders = (allowances) =>
  headersOf(allowances, (kind, { limit, remaining, resetAt }) => [
    [`anthropic-ratelimit-${kind}-limit`, String(limit)],
    [`anthropic-ratelimit-${kind}-remaining`, String(remaining)],
    [`anthropic-ratelimit-${kind}-reset`, instantText(Math.ceil(resetAt / 1000) * 1000).replace('.000Z', 'Z')],
  ])

function headersOf(
  allowances: Allowances,
  lines: (kind: string, allowance: Allowance) => readonly (readonly [name: string, value: string])[],
): Record<string, string> {
  return Object.fromEntries(
    (['requests', 'tokens'] as const).flatMap((kind) => {
      const allowance = allowances[kind]
      return allowance === undefined ? [] : lines(kind, allowance)
    }),
  )
}

/** `1s`, `6m0s`, `1h0m0s`: rounded up, so that a client who waits that long waits long enough. */
function durationText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${seconds % 60}s`
}
