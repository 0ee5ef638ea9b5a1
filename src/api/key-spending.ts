/** What a key has spent and may still spend. A window that is over counts as 0. */
import { utcRule, windowAt } from '../core/window.ts'
import { asNanos, nanosNumber } from '../lib/money.ts'
import type { StoredApiKey } from '../store/api-keys.ts'
import { RESETS } from './key-changes.ts'

export function spendingOf(key: Pick<StoredApiKey, 'usage' | 'limit'> | undefined, at: number) {
  const usage = key?.usage
  const within = (window: 'day' | 'week' | 'month', nanos: bigint | undefined) =>
    usage != null && nanos !== undefined && usage[window] === windowAt(utcRule(window), at).start ? nanos : 0n
  const spent = {
    total: usage?.total ?? 0n,
    day: within('day', usage?.dayNanos),
    week: within('week', usage?.weekNanos),
    month: within('month', usage?.monthNanos),
  }
  const byok = {
    total: usage?.byokTotal ?? 0n,
    day: within('day', usage?.byokDayNanos),
    week: within('week', usage?.byokWeekNanos),
    month: within('month', usage?.byokMonthNanos),
  }
  // A call on the customer's own credential may count more than it was charged.
  const counted = {
    total: usage?.counted ?? 0n,
    day: within('day', usage?.dayCounted),
    week: within('week', usage?.weekCounted),
    month: within('month', usage?.monthCounted),
  }
  const left = key?.limit ? key.limit.nanos - counted[key.limit.window] : null
  return {
    limit: key?.limit?.nanos ?? null,
    limitRemaining: left === null || left > 0n ? left : 0n,
    limitReset: key?.limit ? RESETS[key.limit.window] : null,
    spent,
    byok,
  }
}

/** In the names of OpenRouter's API. */
export function openrouterSpending(
  key: Pick<StoredApiKey, 'usage' | 'limit' | 'includeByokInLimit'> | undefined,
  at: number,
) {
  const { limit, limitRemaining, limitReset, spent, byok } = spendingOf(key, at)
  const orNull = (nanos: bigint | null) => (nanos === null ? null : nanosNumber(asNanos(nanos)))
  return {
    limit: orNull(limit),
    limit_remaining: orNull(limitRemaining),
    limit_reset: limitReset,
    include_byok_in_limit: key?.includeByokInLimit ?? false,
    usage: nanosNumber(spent.total),
    usage_daily: nanosNumber(spent.day),
    usage_weekly: nanosNumber(spent.week),
    usage_monthly: nanosNumber(spent.month),
    byok_usage: nanosNumber(byok.total),
    byok_usage_daily: nanosNumber(byok.day),
    byok_usage_weekly: nanosNumber(byok.week),
    byok_usage_monthly: nanosNumber(byok.month),
  }
}
