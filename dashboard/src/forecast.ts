import { scaled } from './decimal.ts'

/** Of a budget. */
type Counted = {
  readonly metric: string
  readonly windowStart: string | null
  readonly windowEnd: string | null
  readonly decimal: { readonly spent?: string }
}

/** A window that has hardly begun tells nothing. */
const LEAST_SHARE = 0.02

/** What a budget will have spent when its window ends, if it goes on as it did so far; undefined: nobody can say. */
export function forecastOf({ metric, windowStart, windowEnd, decimal }: Counted, now: Date): string | undefined {
  if (windowStart === null || windowEnd === null || metric === 'concurrency') return undefined
  const begin = Date.parse(windowStart)
  const whole = Date.parse(windowEnd) - begin
  const elapsed = now.getTime() - begin
  if (elapsed < whole * LEAST_SHARE || elapsed > whole) return undefined
  const forecast = scaled(decimal.spent ?? '0', BigInt(whole), BigInt(elapsed))
  return metric === 'usd' ? forecast : forecast.replace(/\..*$/, '')
}
