/**
 * Whom a budget tells what: thresholds of settled spend that are passed, and the first refusal of a window. Decided from
 * the counter's own row, which one command at a time changes, so that each is told once whatever the number of nodes.
 */
import { secondText } from '../lib/clock.ts'
import type { Id, Ids } from '../lib/id.ts'
import { nanosNumber, nanosText } from '../lib/money.ts'
import { ruleAt } from './budget-chain.ts'
import type { Budget, Counter, Firing } from './budget-rows.ts'
import type { OutboxEvent } from './ledger-rows.ts'

/**
 * Before `quantity` is added: which thresholds it passes. Changes `fired` and `version` of the counter. A threshold is
 * told once; those that stood passed when limit or thresholds were changed are marked and not told.
 */
export function crossings(
  budget: Budget,
  counter: Counter,
  quantity: bigint,
  at: number,
  ids: Ids,
): { firings: Firing[]; event: OutboxEvent } | undefined {
  if (budget.thresholds.length === 0) return undefined
  const fired = firedBefore(budget, counter)
  const after = counter.spent + quantity
  const passed =
    quantity > 0n ? budget.thresholds.filter((each) => !fired.has(each) && isPassed(budget, after, each)) : []
  for (const threshold of passed) fired.add(threshold)
  counter.version = budget.version
  counter.fired = [...fired].sort((a, b) => a - b).join(',')
  if (passed.length === 0) return undefined
  const id = ids.next()
  const firings = passed.map((threshold) => ({
    ...{ budgetId: budget.id, windowStart: counter.windowStart, threshold, version: budget.version },
    ...{ organisationId: budget.organisationId, value: after, at, eventId: id.id },
  }))
  const isLate = counter.windowEnd !== null && at >= counter.windowEnd
  const more = { value: after, thresholds: passed, ...(isLate ? { late: true } : {}) }
  return { firings, event: eventOf('budget.threshold_reached', budget, counter, more, at, id) }
}

export const blockedEvent = (budget: Budget, counter: Counter, at: number, ids: Ids): OutboxEvent =>
  eventOf('budget.blocked', budget, counter, { value: counter.spent, reserved: counter.reserved }, at, ids.next())

function firedBefore({ version, thresholds, ...budget }: Budget, counter: Counter): Set<number> {
  if (counter.version === version) return new Set(counter.fired === '' ? [] : counter.fired.split(',').map(Number))
  // Nothing was spent yet, so nothing stood passed.
  if (counter.spent <= 0n) return new Set()
  return new Set(thresholds.filter((threshold) => isPassed(budget, counter.spent, threshold)))
}

/** Percent of the limit, without a rounding. */
const isPassed = ({ limit }: Pick<Budget, 'limit'>, value: bigint, percent: number): boolean =>
  value * 100n >= BigInt(percent) * limit

type Values = { readonly value: bigint; readonly reserved?: bigint; readonly [name: string]: unknown }

function eventOf(
  type: 'budget.threshold_reached' | 'budget.blocked',
  budget: Budget,
  counter: Counter,
  { value, reserved, ...more }: Values,
  at: number,
  id: Id,
): OutboxEvent {
  const { window, timeZone } = ruleAt(budget, counter.windowStart)
  const amounts = { limit: budget.limit, value, ...(reserved === undefined ? {} : { reserved }) }
  const data = {
    ...{ budgetId: `bud_${budget.code}`, name: budget.name },
    ...{ scope: budget.scope, scopeId: budget.scopeName ?? budget.scopeId, metric: budget.metric },
    ...amountsOf(budget, amounts),
    ...more,
    ...{ window, windowStart: secondText(counter.windowStart) },
    windowEnd: counter.windowEnd === null ? null : secondText(counter.windowEnd),
    ...{ timeZone, action: budget.action, version: budget.version },
  }
  return { ...id, organisationId: budget.organisationId, type, data: JSON.stringify(data), createdAt: at }
}

/** Numbers, and for dollars the exact text beside them. */
function amountsOf({ metric }: Budget, amounts: Readonly<Record<string, bigint>>) {
  const each = <T>(write: (amount: bigint) => T) =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, write(amount)]))
  return metric === 'usd' ? { ...each(nanosNumber), decimal: each(nanosText) } : each(Number)
}
