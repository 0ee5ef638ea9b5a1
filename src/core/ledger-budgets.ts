/** Budgets in the ledger: what a chain has room for, what is held of it, and what is spent. */
import { assert } from '../lib/assert.ts'
import type { Ids } from '../lib/id.ts'
import { isShort, ruleAt } from './budget-chain.ts'
import { blockedEvent, crossings } from './budget-events.ts'
import type { Bound, Hold, Link, Metric } from './budget-rows.ts'
import { unproven } from './ledger-balance.ts'
import type { Rows } from './ledger-batch.ts'
import { type Command, type Outcome, type Rate, type Refusal, refuse } from './ledger-commands.ts'
import { createDraft, type Draft } from './ledger-draft.ts'

/** The budgets as they stand; one that was deleted meanwhile binds nobody. */
export function boundsOf(draft: Draft, chain: readonly Link[], organisationId: bigint): Bound[] {
  return chain.flatMap((link) => {
    const budget = draft.rows.budgets.get(link.budgetId)
    if (!budget) return []
    const { spent, reserved } = draft.counter(link, organisationId)
    return [{ budget, link, spent, reserved, room: budget.limit - spent - reserved }]
  })
}

/** What of the chain counts the money that the credits API moves. */
export const inDollars = (bounds: readonly Bound[]): Bound[] => bounds.filter(({ budget }) => budget.metric === 'usd')

export function holdAll(draft: Draft, holds: readonly Hold[], organisationId: bigint): void {
  for (const hold of holds) {
    const counter = draft.counter(hold, organisationId)
    counter.reserved += hold.quantity
    counter.overshoot += unproven(hold)
  }
}

/** What was used, in each metric. Calls under way are held and never spent. */
export type Spent = Readonly<Record<Exclude<Metric, 'concurrency'>, bigint>> & {
  /** What counts against the limit of the key, where that is not `usd`. */
  readonly keyLimit?: bigint
}

/** Adds to the counters (or takes back, where it is negative) and tells of the thresholds that are passed by it. */
export function spendAll(
  draft: Draft,
  links: readonly Link[],
  spent: Spent,
  { organisationId, at }: Pick<Command, 'organisationId' | 'at'>,
  ids: Ids,
): void {
  for (const link of links) {
    const budget = draft.rows.budgets.get(link.budgetId)
    if (!budget || budget.metric === 'concurrency') continue
    // The limit of a key may count a call otherwise than it was charged.
    const quantity =
      (budget.source === 'key_limit' && budget.metric === 'usd' ? spent.keyLimit : undefined) ?? spent[budget.metric]
    if (quantity === 0n) continue
    const counter = draft.counter(link, organisationId)
    const told = crossings(budget, counter, quantity, at, ids)
    counter.spent += quantity
    if (!told) continue
    for (const firing of told.firings) draft.fire(firing)
    draft.emit(told.event)
  }
}

export type Ranked = { readonly refusal: Refusal; readonly rank: number; readonly bound?: Bound }

/** `asked`: what is wanted of each. More tells what a refused call is to know of the output that it could afford. */
export function budgetRefusals(
  bounds: readonly Bound[],
  asked: readonly bigint[],
  more: (bound: Bound) => Readonly<Record<string, unknown>> = () => ({}),
): Ranked[] {
  return bounds.flatMap((bound, index) => {
    const { budget, link, room } = bound
    const requested = asked[index] ?? 0n
    if (budget.action !== 'block' || (requested <= room && budget.limit > 0n)) return []
    const { window, timeZone } = ruleAt(budget, link.windowStart)
    const isSpeed = isShort(window) || budget.metric === 'concurrency'
    const details = {
      ...{ source: budget.source, budgetId: budget.code, name: budget.name },
      ...{ scope: budget.scope, scopeId: budget.scopeName ?? budget.scopeId, metric: budget.metric },
      ...{ limit: budget.limit, spent: bound.spent, reserved: bound.reserved, requested },
      ...{ window, windowStart: link.windowStart, windowEnd: link.windowEnd, timeZone },
      usedUp: room <= 0n,
      ...more(bound),
    }
    const code = isSpeed ? 'rate_limit_exceeded' : 'budget_exceeded'
    // Calls that are under way end soon, whatever the window.
    const rank = budget.metric === 'concurrency' ? 0 : (link.windowEnd ?? Number.MAX_SAFE_INTEGER)
    return [{ refusal: { code, details }, rank, bound }]
  })
}

/** Refuses, and keeps who did: the first refusal of a window is told. */
export function firstOf(draft: Draft, refusals: readonly Ranked[], rates: readonly Rate[] = []): Outcome {
  draft.refusedBy(ranked(refusals).flatMap(({ bound }) => bound ?? []))
  const { code, details } = firstRefusal(refusals, rates)
  return refuse(code, details)
}

/** Credit before budgets, and the budget whose window ends last before the others; all are named. */
export function firstRefusal(refusals: readonly Ranked[], rates: readonly Rate[] = []): Refusal {
  const [first, ...others] = ranked(refusals).map(({ refusal }) => refusal)
  assert(first, 'somebody refused')
  const more = {
    ...(others.length > 0 ? { refused: [first, ...others] } : {}),
    ...(rates.length > 0 ? { rates } : {}),
  }
  return { code: first.code, details: { ...first.details, ...more } }
}

const ranked = (refusals: readonly Ranked[]): Ranked[] => [...refusals].sort((a, b) => b.rank - a.rank)

/** What is left of limits per minute and hour once `asked` is taken; of several of a kind the one that is nearest. */
export function ratesOf(bounds: readonly Bound[], asked: readonly bigint[]): Rate[] {
  const nearest = new Map<Rate['metric'], Rate>()
  for (const [index, { budget, link, room }] of bounds.entries()) {
    const { metric, limit, action } = budget
    const isTold = (metric === 'requests' || metric === 'tokens') && action === 'block'
    if (!isTold || link.windowEnd === null || !isShort(ruleAt(budget, link.windowStart).window)) continue
    const left = room - (asked[index] ?? 0n)
    const rate = { metric, limit: Number(limit), remaining: Math.max(0, Number(left)), resetAt: link.windowEnd }
    const known = nearest.get(metric)
    if (!known || rate.remaining < known.remaining) nearest.set(metric, rate)
  }
  return [...nearest.values()]
}

/**
 * The first refusal of a window is told, although the command that met it leaves no other trace: the mark is made on the
 * rows as they were before it.
 */
export function markBlocked(rows: Rows, refused: readonly Bound[], command: Command, ids: Ids): void {
  const draft = createDraft(rows, command.creditUsd)
  for (const { budget, link } of refused) {
    const counter = draft.counter(link, command.organisationId)
    // A limit on calls under way has no window that ends, so "once" would mean once for ever.
    if (budget.metric === 'concurrency' || counter.blockedAt !== null) continue
    counter.blockedAt = command.at
    draft.emit(blockedEvent(budget, counter, command.at, ids))
  }
  draft.keep()
}
