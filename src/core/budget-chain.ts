/**
 * Which budgets a spending must pass: all that match it, whatever others say. A budget is found by the name of its
 * scope, so that looking costs as many steps as the spending has names, not as many as there are budgets.
 */
import type { Budget, BudgetRule, Link } from './budget-rows.ts'
import { type Window, type WindowRule, windowAt } from './window.ts'

/** Who and what spends, as far as it is known. */
export type Spender = {
  readonly organisationId: bigint
  readonly accountId: bigint | null
  readonly apiKeyId: bigint | null
  readonly endUser: string | null
  /** `key:value` */
  readonly tags: readonly string[]
  /** Canonical names: that of each candidate. */
  readonly models: readonly string[]
}

/** Budgets by `scopeKey`; templates apart, since they bind nobody themselves. */
export type BudgetIndex = {
  readonly byScope: ReadonlyMap<string, readonly Budget[]>
  readonly templates: readonly Budget[]
}

/** Stands for each end user by themself. */
export const EVERYBODY = '*'

export const isTemplate = ({ scope, scopeId, templateId }: Budget): boolean =>
  scope === 'end_user' && scopeId === EVERYBODY && templateId === null

const scopeKey = ({ scope, scopeId }: Pick<Budget, 'scope' | 'scopeId'>): string => `${scope} ${scopeId}`

export const indexBudgets = (budgets: readonly Budget[]): BudgetIndex => ({
  byScope: Map.groupBy(
    budgets.filter((budget) => !isTemplate(budget)),
    scopeKey,
  ),
  templates: budgets.filter(isTemplate),
})

export function chainFor({ byScope }: BudgetIndex, spender: Spender): Budget[] {
  if (byScope.size === 0) return []
  return scopesOf(spender).flatMap((scope) => byScope.get(scope) ?? [])
}

/** Every name that a budget may have been set on. */
export function scopesOf({ organisationId, accountId, apiKeyId, endUser, tags, models }: Spender): string[] {
  const scopes = [`organisation ${organisationId}`]
  if (accountId !== null) scopes.push(`account ${accountId}`)
  if (apiKeyId !== null) scopes.push(`api_key ${apiKeyId}`)
  if (endUser !== null) scopes.push(`end_user ${endUser}`)
  for (const tag of tags) scopes.push(`tag ${tag}`)
  for (const model of new Set(models)) scopes.push(`model ${model}`)
  return scopes
}

/** The tags of a call: members of its metadata that are text. */
export const tagsOf = (metadata: Readonly<Record<string, unknown>> | null | undefined): string[] =>
  Object.entries(metadata ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [`${key}:${value}`] : []))

/** The window of each budget that holds the instant; those that limit single calls have none. */
export const linksAt = (budgets: readonly Budget[], at: number): Link[] =>
  budgets.flatMap((budget) => {
    const window = budgetWindow(budget, at)
    return window ? [{ budgetId: budget.id, windowStart: window.start, windowEnd: window.end ?? null }] : []
  })

/** What was used before a budget was made is not counted by it. */
export const countingAt = (budgets: readonly Budget[], at: number): Budget[] =>
  budgets.filter(({ createdAt }) => createdAt <= at)

/**
 * Whether the limit of a key counted a call: it begins with what the key had been charged in the window so far, and knows
 * nothing of windows before.
 */
export function countsForLimit(limit: Budget, admittedAt: number, recordedAt: number): boolean {
  if (admittedAt >= limit.createdAt) return true
  return recordedAt <= limit.createdAt && admittedAt >= (budgetWindow(limit, limit.createdAt)?.start ?? 0)
}

type Ruled = BudgetRule & Pick<Budget, 'since' | 'coming'>

/** A changed rule takes over at the end of a window of the old one: its first window begins there. */
export function ruleAt(budget: Ruled, at: number): BudgetRule & { readonly since: number } {
  const { coming, window, timeZone, weekStart, anchorDay, since } = budget
  return coming && at >= coming.from
    ? { ...coming, since: coming.from }
    : { window, timeZone, weekStart, anchorDay, since }
}

/** Undefined: the budget limits each call by itself. */
export function budgetWindow(budget: Ruled, at: number): Window | undefined {
  const rule = ruleAt(budget, at)
  if (!isWindowed(rule)) return undefined
  const { start, end } = windowAt(rule, at)
  const begins = at >= rule.since ? Math.max(start, rule.since) : start
  const { coming } = budget
  const isCut = coming !== null && at < coming.from && (end === undefined || end > coming.from)
  return { start: begins, end: isCut ? coming.from : end }
}

const isWindowed = <R extends BudgetRule>(rule: R): rule is R & WindowRule => rule.window !== 'request'

/** A limit per minute or hour is one of speed: it is soon there again. */
export const isShort = (window: BudgetRule['window']): boolean => window === 'minute' || window === 'hour'
