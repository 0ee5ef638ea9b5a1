/** The ledger's refusal by a budget as the error that the dialects word, for model calls and the credits API alike. */
import type { Allowances } from '../contract/allowances.ts'
import { type RefusalExtras, type Refused, refuse } from '../contract/errors.ts'
import type { BudgetReason, Shortfall } from '../contract/refusal-reasons.ts'
import type { Settings } from '../contract/settings.ts'
import { asNanos } from '../lib/money.ts'
import type { Budget } from './budget-rows.ts'
import type { Rate, Refusal } from './ledger-commands.ts'

type Limits = Pick<Settings['limits'], 'budgetStatus' | 'keyLimitStatus' | 'hideBudgetAmounts'>
type Details = Refusal['details']

export const isBudgetRefusal = ({ code }: Refusal): boolean =>
  code === 'budget_exceeded' || code === 'rate_limit_exceeded'

/** All that refused, the first of them first; undefined where it is one alone. */
export function allRefusals({ details }: Refusal): { refused: object[] } | undefined {
  const refused = details.refused as readonly Refusal[] | undefined
  return refused && { refused: refused.map(shortly) }
}

export function budgetRefused(refusal: Refusal, at: number, limits: Limits): Refused {
  const { code, details } = refusal
  const more = allRefusals(refusal)
  const extras = { ...extrasOf(refusal, at, limits), ...allowancesIn(details), ...(more ? { details: more } : {}) }
  return refuse(code === 'rate_limit_exceeded' ? code : 'budget_exceeded', undefined, extras)
}

/** A call that is larger than what is allowed for one. Waiting does not help, a smaller one does. */
export function requestTooLarge(budget: Budget, requested: number, limits: Limits): Refused {
  const amounts = { limit: budget.limit, spent: 0n, reserved: 0n, requested: BigInt(requested) }
  const reason: BudgetReason = {
    kind: 'budget',
    ...{ budgetId: `bud_${budget.code}`, name: budget.name },
    ...{ scope: budget.scope, scopeId: budget.scopeName ?? budget.scopeId, metric: budget.metric },
    ...{ window: 'request', windowStart: 0, windowEnd: undefined, timeZone: budget.timeZone },
    amounts: limits.hideBudgetAmounts ? undefined : amounts,
  }
  return refuse('budget_exceeded', undefined, { reason, ...statusOf(limits) })
}

export const allowancesOf = (rates: readonly Rate[]): Allowances =>
  Object.fromEntries(rates.map(({ metric, ...allowance }) => [metric, allowance]))

function allowancesIn({ rates }: Details): { allowances?: Allowances } {
  return rates === undefined ? {} : { allowances: allowancesOf(rates as readonly Rate[]) }
}

const RESETS = { day: 'daily', week: 'weekly', month: 'monthly' } as const

function extrasOf({ code, details }: Refusal, at: number, limits: Limits): RefusalExtras {
  const windowEnd = details.windowEnd as number | null
  const retry = windowEnd === null ? {} : { retryAfterMs: Math.max(1, windowEnd - at) }
  const { limit, spent, reserved, requested } = details as Record<'limit' | 'spent' | 'reserved' | 'requested', bigint>
  if (details.source === 'key_limit') {
    const status = limits.keyLimitStatus === undefined ? {} : { status: limits.keyLimitStatus }
    const reset = RESETS[details.window as keyof typeof RESETS] ?? 'total'
    if (details.usedUp === true) return { reason: { kind: 'key_limit_used_up', reset }, ...status, ...retry }
    const short = shortfall({ ...details, needed: requested, available: limit - spent - reserved })
    return { reason: { kind: 'key_limit', ...short }, ...status, ...retry }
  }
  const reason = {
    ...(details as unknown as BudgetReason),
    kind: 'budget',
    budgetId: `bud_${String(details.budgetId)}`,
    windowEnd: windowEnd ?? undefined,
    amounts: limits.hideBudgetAmounts ? undefined : { limit, spent, reserved, requested },
  } as const
  if (details.metric === 'concurrency') return { reason, retryAfterMs: CALL_MS }
  return { reason, ...retry, ...(code === 'budget_exceeded' ? statusOf(limits) : {}) }
}

/** A call that is under way may end at any time. */
const CALL_MS = 1_000

const statusOf = ({ budgetStatus }: Limits): { status?: number } =>
  budgetStatus === 429 ? {} : { status: budgetStatus }

export const shortfall = (details: Details): Shortfall => ({
  needed: asNanos(details.needed as bigint),
  available: asNanos(details.available as bigint),
  reserved: asNanos(details.reserved as bigint),
  requestedTokens: details.requestedTokens as number,
  affordableTokens: details.affordableTokens as number,
})

/** Enough to know which it is: its code and, of a budget, what it is called. */
function shortly({ code, details }: Refusal): object {
  if (!isBudgetRefusal({ code, details })) return { code }
  if (details.source === 'key_limit') return { code, limit: 'key_limit' }
  const { name, scope, scopeId, metric, window } = details
  return { code, budgetId: `bud_${String(details.budgetId)}`, name, scope, scopeId, metric, window }
}
