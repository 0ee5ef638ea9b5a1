/** A budget as the API shows it: its rule, and what is spent and reserved in the window that is under way. */
import type { Budget as Shown } from '../contract/budgets.ts'
import { budgetWindow, isTemplate, linksAt, ruleAt } from '../core/budget-chain.ts'
import { type Budget, type Counter, counterKey, emptyCounter } from '../core/budget-rows.ts'
import { instantText, secondText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { countersOf, heldByDead, templateCodes } from '../store/budgets.ts'
import type { Store } from '../store/store.ts'
import { withDecimal } from './money.ts'

export async function shownBudgets(
  store: Store,
  organisationId: bigint,
  budgets: readonly Budget[],
  at: number,
): Promise<Shown[]> {
  const links = linksAt(budgets, at)
  const [counters, dead, codes] = await Promise.all([
    countersOf(store, organisationId, links),
    links.length === 0 ? new Map<string, bigint>() : heldByDead(store, organisationId, at),
    templateCodes(store, organisationId, budgets),
  ])
  const byKey = new Map(counters.map((counter) => [counterKey(counter.budgetId, counter.windowStart), counter]))
  return budgets.map((budget) => {
    const window = budgetWindow(budget, at)
    const key = counterKey(budget.id, window?.start ?? 0)
    const link = { budgetId: budget.id, windowStart: window?.start ?? 0, windowEnd: window?.end ?? null }
    const counter = byKey.get(key) ?? emptyCounter(link, organisationId)
    const free = { ...counter, reserved: counter.reserved - (dead.get(key) ?? 0n) }
    const { decimal, ...amounts } = amountsOf(budget, free)
    return {
      ...{ id: `bud_${budget.code}`, name: budget.name, scope: budget.scope },
      ...{ scopeId: budget.scopeName ?? budget.scopeId, metric: budget.metric, isTemplate: isTemplate(budget) },
      ...amounts,
      ...shownRule(budget, at),
      windowStart: window ? secondText(window.start) : null,
      windowEnd: window?.end === undefined ? null : secondText(window.end),
      blockedAt: counter.blockedAt === null ? null : instantText(counter.blockedAt),
      templateId: budget.templateId === null ? null : `bud_${codes.get(budget.templateId) ?? ''}`,
      decimal,
    }
  })
}

function shownRule(budget: Budget, at: number) {
  const { window, timeZone, weekStart, anchorDay } = ruleAt(budget, at)
  return {
    ...{ window, timeZone, weekStart, anchorDay },
    ...{ thresholds: [...budget.thresholds], action: budget.action, reserveMode: budget.reserveMode },
    coming: comingOf(budget, at),
    ...{ version: budget.version, createdAt: instantText(budget.createdAt) },
  }
}

function comingOf({ coming }: Budget, at: number): Shown['coming'] {
  if (coming === null || at >= coming.from) return null
  const { from, ...rule } = coming
  return { from: secondText(from), ...rule }
}

function amountsOf({ metric, limit }: Budget, { spent, reserved, overshoot }: Counter) {
  const left = limit - spent - reserved
  const text = (amount: bigint) => (metric === 'usd' ? nanosText(amount) : String(amount))
  return withDecimal({
    limit: text(limit),
    spent: text(spent),
    reserved: text(reserved),
    remaining: text(left > 0n ? left : 0n),
    possibleOvershoot: text(overshoot),
  })
}

/** What of it is kept in the audit log. */
export function auditedBudget({ code, organisationId: _organisation, id: _id, ...budget }: Budget) {
  const { limit, templateId: _template, createdAt: _created, source: _source, scopeName, scopeId, ...rest } = budget
  const amount = budget.metric === 'usd' ? nanosText(limit) : String(limit)
  return { id: `bud_${code}`, ...rest, scopeId: scopeName ?? scopeId, limit: amount }
}
