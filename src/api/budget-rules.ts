/** What a budget may be, and what a change makes of it. Refusals name the member at fault. */
import type { BudgetPatch } from '../contract/budgets.ts'
import { refuse } from '../contract/errors.ts'
import { budgetWindow, EVERYBODY, ruleAt } from '../core/budget-chain.ts'
import type { Budget, BudgetRule, Metric, Scope } from '../core/budget-rows.ts'
import type { WindowRule } from '../core/window.ts'
import { parseAmount } from '../lib/money.ts'
import { findApiKey } from '../store/api-keys.ts'
import { findOrganisation } from '../store/organisations.ts'
import type { ApiParts, Call } from './parts.ts'
import { accountFor } from './who.ts'

const THRESHOLDS = [80, 100]

/** Throws `invalid_request`, `invalid_amount`, or that what the scope names does not exist. */
export async function newBudget(parts: ApiParts, call: Call<'createBudget'>): Promise<Budget> {
  const { caller, body, at } = call
  const { name, scope, metric, window, action = 'block', reserveMode = null } = body
  const isUncounted = window === 'request' || metric === 'concurrency'
  const timeZone =
    body.timeZone ?? (await findOrganisation(parts.store, { id: caller.organisationId }))?.timeZone ?? 'UTC'
  const budget: Budget = {
    ...parts.store.ids.next(),
    ...{ organisationId: caller.organisationId, source: 'budget', name, scope, metric, action, reserveMode },
    ...(await scopeOf(parts, call)),
    limit: limitOf(metric, body.limit),
    ...{ window, timeZone, weekStart: body.weekStart ?? 1, anchorDay: body.anchorDay ?? 1 },
    thresholds: sorted(body.thresholds ?? (isUncounted ? [] : THRESHOLDS)),
    ...{ version: 1, templateId: null, since: 0, coming: null, createdAt: at },
  }
  check(budget)
  return budget
}

/** A limit holds at once; another window, zone or first day from the end of the window that is under way. */
export function changedBudget(budget: Budget, change: BudgetPatch, at: number): Budget {
  const { window, timeZone, weekStart, anchorDay, since } = ruleAt(budget, at)
  const current = { window, timeZone, weekStart, anchorDay }
  const planned = budget.coming && at < budget.coming.from ? budget.coming : current
  const wanted = {
    window: change.window ?? planned.window,
    timeZone: change.timeZone ?? planned.timeZone,
    weekStart: change.weekStart ?? planned.weekStart,
    anchorDay: change.anchorDay ?? planned.anchorDay,
  }
  const limit = change.limit === undefined ? budget.limit : limitOf(budget.metric, change.limit)
  const thresholds = change.thresholds === undefined ? budget.thresholds : sorted(change.thresholds)
  const isNew = limit !== budget.limit || thresholds.join() !== budget.thresholds.join()
  const changed: Budget = {
    ...budget,
    ...{ limit, thresholds, version: isNew ? budget.version + 1 : budget.version },
    name: change.name ?? budget.name,
    action: change.action ?? budget.action,
    reserveMode: change.reserveMode === undefined ? budget.reserveMode : change.reserveMode,
    ...{ ...current, since, coming: null },
  }
  const settled = isSame(current, wanted) ? changed : { ...changed, ...comingRule(changed, wanted, at) }
  check({ ...settled, ...wanted })
  return settled
}

/** So long before its end, another process may still count in the next window of the old rule. */
const TOO_LATE_MS = 2_000

function comingRule(budget: Budget, wanted: BudgetRule, at: number): Pick<Budget, 'coming'> | BudgetRule {
  if (budget.window === wanted.window && (wanted.window === 'total' || wanted.window === 'request')) return wanted
  const isFixed = [budget.window, wanted.window].includes('request') || budget.window === 'total'
  const end = isFixed ? undefined : budgetWindow(budget, at)?.end
  if (end === undefined)
    throw invalid('window', `this one never ends (${budget.window}), so no other can follow; make another budget`)
  const from = end - at < TOO_LATE_MS ? (budgetWindow(budget, end)?.end ?? end) : end
  return { coming: { ...(wanted as WindowRule), from } }
}

const isSame = (a: BudgetRule, b: BudgetRule): boolean =>
  a.window === b.window && a.timeZone === b.timeZone && a.weekStart === b.weekStart && a.anchorDay === b.anchorDay

/** What does not go together. */
function check({ scope, scopeId, metric, window, action, thresholds }: Budget): void {
  if (window === 'request') {
    if (metric !== 'tokens') throw invalid('metric', 'a limit for single calls (window request) is one of tokens')
    if (scopeId === EVERYBODY && scope === 'end_user')
      throw invalid('scopeId', 'a limit for single calls needs no budget for each end user; set it on the organisation')
  }
  if (metric === 'concurrency' && window !== 'total')
    throw invalid('window', 'calls that are under way have no window: expected total')
  if (window !== 'request' && metric !== 'concurrency') return
  if (action !== 'block') throw invalid('action', 'nothing is counted here that could be told: expected block')
  if (thresholds.length > 0) throw invalid('thresholds', 'nothing is counted here that could pass one: leave it out')
}

/** Dollars as nano-dollars; anything else as it is. */
function limitOf(metric: Metric, given: number | string): bigint {
  if (metric === 'usd') {
    const nanos = parseAmount(given)
    if (nanos !== undefined) return nanos
    throw refuse('invalid_amount', 'limit: expected dollars with at most 9 decimals', { param: 'limit' })
  }
  const text = String(given)
  if (/^(0|[1-9][0-9]{0,12})$/.test(text) && BigInt(text) <= MOST_COUNTED) return BigInt(text)
  throw refuse('invalid_amount', `limit: expected a whole number of ${metric} up to 10^12`, { param: 'limit' })
}

const MOST_COUNTED = 10n ** 12n

const sorted = (thresholds: readonly number[]): number[] => [...new Set(thresholds)].sort((a, b) => a - b)

/** What the scope names, as the ledger's rows know it and as it is called outside. */
async function scopeOf(parts: ApiParts, call: Call<'createBudget'>): Promise<Pick<Budget, 'scopeId' | 'scopeName'>> {
  const { caller, body, at } = call
  const { scope, scopeId } = body
  if (scope === 'organisation') {
    if (scopeId !== undefined && scopeId !== caller.organisation)
      throw invalid('scopeId', 'leave it out: a budget of the organisation is one of your own')
    return { scopeId: String(caller.organisationId), scopeName: caller.organisation }
  }
  if (scopeId === undefined) throw invalid('scopeId', `is missing: expected ${EXPECTED[scope]}`)
  switch (scope) {
    case 'account': {
      const account = await accountFor(parts, caller, { accountId: scopeId }, at)
      return { scopeId: String(account.id), scopeName: scopeId }
    }
    case 'api_key': {
      const code = /^key_(.+)$/.exec(scopeId)?.[1]
      const key = await findApiKey(
        parts.store,
        caller.organisationId,
        code === undefined ? { hash: scopeId } : { code },
      )
      if (!key) throw refuse('not_found', 'scopeId: no API key has this hash', { param: 'scopeId' })
      return { scopeId: String(key.id), scopeName: key.hash }
    }
    case 'model': {
      const route = parts.routes.find(scopeId)
      const reason = { kind: 'unknown_model', model: scopeId } as const
      if (!route) throw refuse('unknown_model', undefined, { param: 'scopeId', reason })
      return { scopeId: route.model.id, scopeName: null }
    }
    case 'tag':
      if (!/^[^:]{1,64}:.{0,512}$/su.test(scopeId)) throw invalid('scopeId', `expected ${EXPECTED.tag}`)
      return { scopeId, scopeName: null }
    case 'end_user':
      if (scopeId.length > 128) throw invalid('scopeId', `expected ${EXPECTED.end_user}`)
      return { scopeId, scopeName: null }
  }
}

const EXPECTED: Readonly<Record<Exclude<Scope, 'organisation'>, string>> = {
  account: 'the id of an account (acc_…)',
  api_key: 'the hash of an API key, or its id (key_…)',
  model: 'the name of a model',
  tag: 'key:value, as in the metadata of calls (at most 64 and 512 characters)',
  end_user: 'the user of calls (at most 128 characters), or * for each by themself',
}

const invalid = (param: string, sentence: string) => refuse('invalid_request', `${param}: ${sentence}`, { param })
