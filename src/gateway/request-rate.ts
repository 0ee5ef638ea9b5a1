/** What is free keeps to the rate of requests all the same: it is looked at, and nothing is counted by it. */
import type { Allowances } from '../contract/allowances.ts'
import { isShort, linksAt, ruleAt } from '../core/budget-chain.ts'
import { allowancesOf, budgetRefused } from '../core/budget-refusal.ts'
import { type Bound, type Budget, counterKey } from '../core/budget-rows.ts'
import type { Caller } from '../core/caller.ts'
import { budgetRefusals, firstRefusal, ratesOf } from '../core/ledger-budgets.ts'
import { countersOf } from '../store/budgets.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'
import { chainOf } from './limits.ts'

/** What is left of it. Throws `rate_limit_exceeded` where one request more would be too many. */
export async function withinRequestRate(
  gateway: Gateway,
  caller: Caller,
  call: Call,
  model: string,
): Promise<Allowances> {
  const { store, settings } = gateway
  const at = store.now()
  const chain = await chainOf(gateway, caller, call, [model], at)
  const rates = chain.filter((budget) => budget.metric === 'requests' && isShort(ruleAt(budget, at).window))
  if (rates.length === 0) return {}
  const bounds = await boundsOf(gateway, caller.organisationId, rates, at)
  const refusals = budgetRefusals(
    bounds,
    bounds.map(() => 1n),
  )
  const left = ratesOf(
    bounds,
    bounds.map(() => 0n),
  )
  if (refusals.length > 0) throw budgetRefused(firstRefusal(refusals, left), at, settings.limits)
  return allowancesOf(left)
}

async function boundsOf({ store }: Gateway, organisationId: bigint, rates: readonly Budget[], at: number) {
  const links = linksAt(rates, at)
  const counters = await countersOf(store, organisationId, links)
  const byKey = new Map(counters.map((each) => [counterKey(each.budgetId, each.windowStart), each]))
  const byId = new Map(rates.map((budget) => [budget.id, budget]))
  return links.flatMap((link): Bound[] => {
    const budget = byId.get(link.budgetId)
    if (!budget) return []
    const { spent, reserved } = byKey.get(counterKey(link.budgetId, link.windowStart)) ?? { spent: 0n, reserved: 0n }
    return [{ budget, link, spent, reserved, room: budget.limit - spent - reserved }]
  })
}
