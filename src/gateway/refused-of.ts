/** What a client is told of a failure: what was refused on purpose in its own words, everything else as ours. */
import { errors, Refused, refuse } from '../contract/errors.ts'
import type { ErrorDialect } from '../dialects/dialect.ts'
import { CollectorFull } from '../lib/collect.ts'
import { StoreAway } from '../store/store.ts'
import { AllFailed } from './forward.ts'

export function refusedOf(failure: unknown): { refused: Refused; expected: boolean } {
  if (failure instanceof Refused) return { refused: failure, expected: failure.code in errors }
  if (failure instanceof AllFailed) return { refused: failure.refused, expected: true }
  if (failure instanceof CollectorFull || failure instanceof StoreAway)
    return { refused: refuse('service_unavailable', undefined, { retryAfterMs: 1_000 }), expected: true }
  return { refused: refuse('internal_error'), expected: false }
}

/** What a refusal tells of the rates that it met. */
export const ratesOf = (dialect: ErrorDialect, { extras }: Refused, at: number): Record<string, string> =>
  extras.allowances ? dialect.rateHeaders(extras.allowances, at, true) : {}
