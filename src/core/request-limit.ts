/** Budgets with the window `request`: each limits the tokens of one call by itself, before anything is set aside. */
import type { Budget } from './budget-rows.ts'

export type RequestTokens = {
  /** Counted or estimated. */
  readonly inputTokens: number
  /** Of one choice. */
  readonly outputTokens: number
  readonly choices: number
  /** The client set no output limit, so a smaller one may be set. */
  readonly isFree: boolean
}

export type WithinLimits =
  | { readonly outputTokens: number }
  | { readonly refusedBy: Budget; readonly requested: number }

/** The output limit that all of them leave room for, or the smallest one that leaves none. */
export function withinRequestLimits(
  chain: readonly Budget[],
  { inputTokens, outputTokens, choices, isFree }: RequestTokens,
): WithinLimits {
  const limits = chain.filter(
    ({ window, metric, action }) => window === 'request' && metric === 'tokens' && action === 'block',
  )
  const [smallest] = limits.sort((a, b) => (a.limit < b.limit ? -1 : 1))
  if (!smallest) return { outputTokens }
  const room = Math.floor((Number(smallest.limit) - inputTokens) / choices)
  if (room >= outputTokens) return { outputTokens }
  if (isFree && room >= 1) return { outputTokens: room }
  return { refusedBy: smallest, requested: inputTokens + (isFree ? 1 : outputTokens) * choices }
}
