/** Proves the counters of budgets: what counts in each window of each budget, by the scopes that a spending has. */
import { countsForLimit, isTemplate, type Spender, scopesOf } from './budget-chain.ts'
import type { Budget, Counter, Hold } from './budget-rows.ts'
import { type Carrying, type Dropped, given, sumsIn } from './carried-sums.ts'
import { unproven } from './ledger-balance.ts'
import type { Transaction } from './ledger-rows.ts'
import { toldSpending } from './ledger-usage.ts'
import { differing, type Finding, found } from './proof-findings.ts'
import type { GivenBack } from './proof-keys.ts'
import type { UsageRecord } from './usage-rows.ts'
import { callsIn, countedNanos } from './usage-sums.ts'

/** What moved money beside a model call, and which counters it counts in: those it held, or those of its scopes at an instant. */
export type Spending = { readonly usd: bigint } & (
  | { readonly holds: readonly Pick<Hold, 'budgetId' | 'windowStart'>[] }
  | { readonly scopes: readonly string[]; readonly at: number; readonly call?: GivenBack }
)

/** Whom a record's own row doesn't tell. Undefined: nobody knows any more. */
export type Named = Pick<Spender, 'endUser' | 'tags'> | undefined

export type Windows = Carrying & {
  window(counter: Counter, budget: Budget | undefined): void
  /** Whether the window is there to hold something of. */
  hold(hold: Hold): boolean
  spend(spending: Spending): void
  record(row: UsageRecord, named: Named): void
  /** Of windows that reach into these only what was kept of them is known. */
  without(month: Dropped, name: string): void
  rest(): Finding<Counter>[]
}

type Counted = {
  counter: Counter
  budget: Budget | undefined
  spent: bigint
  reserved: bigint
  overshoot: bigint
  /** Of calls that met the budget while it was being made: each process learns of it in its own time. */
  doubtful: bigint
  /** False: whom some call was for is not known any more, so that it may have counted here. */
  isKnown: boolean
  /** The months of which sums were taken. */
  readonly taken: Set<string>
}

export function createWindows(): Windows {
  const counted = new Map<string, Counted>()
  const byScope = new Map<string, Counted[]>()
  const windowOf = ({ budgetId, windowStart }: Pick<Hold, 'budgetId' | 'windowStart'>) =>
    counted.get(`${budgetId} ${windowStart}`)
  const among = (scopes: readonly string[]) => scopes.flatMap((scope) => byScope.get(scope) ?? [])
  return {
    window(counter, budget) {
      const sums = { spent: 0n, reserved: 0n, overshoot: 0n, doubtful: 0n }
      const window = { counter, budget, ...sums, isKnown: true, taken: new Set<string>() }
      counted.set(`${counter.budgetId} ${counter.windowStart}`, window)
      const scope = budget && scopeKey(budget)
      if (scope !== undefined) found(byScope, scope, () => []).push(window)
    },
    hold(hold) {
      const window = windowOf(hold)
      if (window) window.reserved += hold.quantity
      if (window) window.overshoot += unproven(hold)
      return window !== undefined
    },
    spend(spending) {
      const { usd } = spending
      if ('holds' in spending)
        for (const hold of spending.holds) {
          const window = windowOf(hold)
          if (window) window.spent += usd
        }
      else
        for (const window of among(spending.scopes))
          count(window, { usd, ...NO_CALL }, spending.at, spending.call?.recordedAt)
    },
    record(row, named) {
      const used = row.payloadHash === null ? ofCall(row) : toldSpending(row)
      if (!named) for (const window of counted.values()) if (dependsOnNames(window, row)) window.isKnown = false
      for (const window of among(scopesOfRecord(row, named)))
        if (row.payloadHash === null || window.budget?.source === 'budget')
          count(window, used, row.admittedAt, row.recordedAt)
    },
    without(month, name) {
      for (const window of counted.values()) {
        const { counter, budget, taken } = window
        const isOlder = budget?.source === 'key_limit' || (budget?.createdAt ?? 0) < month.end
        if (isOlder && reaches(counter, month) && !taken.has(name)) window.isKnown = false
      }
    },
    rest: () => [...counted.values()].flatMap(countersDiffering),
    // Also that nothing was counted in a window of the month is to be known.
    give: (month) =>
      [...counted].flatMap(([subject, { counter, budget, spent, doubtful, isKnown }]) => {
        const isOf = spent !== 0n || doubtful !== 0n || !isKnown || (month && reaches(counter, month))
        return budget && isOf ? [given(counter.organisationId, 'counter', subject, { spent, doubtful, isKnown })] : []
      }),
    take(row) {
      if (row.kind !== 'counter') return false
      const window = counted.get(row.subject)
      const { spent, doubtful } = sumsIn(row, ['spent', 'doubtful'])
      if (!window) return true
      window.spent += spent
      window.doubtful += doubtful
      if (!(JSON.parse(row.sums) as { isKnown: boolean }).isKnown) window.isKnown = false
      window.taken.add(row.month)
      return true
    },
  }
}

/** What a budget's scope is called by the records it counts; undefined for what stands in for end users beyond the most. */
function scopeKey(budget: Budget): string | undefined {
  const { scope, scopeId, organisationId } = budget
  return isTemplate(budget) ? undefined : `${organisationId} ${scope} ${scopeId}`
}

function dependsOnNames({ budget, counter }: Counted, { organisationId, admittedAt }: UsageRecord): boolean {
  const isOfNames = budget?.scope === 'end_user' || budget?.scope === 'tag'
  return isOfNames && budget.organisationId === organisationId && isWithin(counter, admittedAt)
}

const reaches = ({ windowStart, windowEnd }: Counter, { start, end }: Dropped): boolean =>
  windowStart < end && (windowEnd === null || windowEnd > start)

const isWithin = ({ windowStart, windowEnd }: Counter, at: number): boolean =>
  at >= windowStart && (windowEnd === null || at < windowEnd)

/** The scopes of money that an account paid beside a call. */
export const scopesOfAccount = ({ organisationId, accountId }: Pick<Transaction, 'organisationId' | 'accountId'>) =>
  namedScopes({ ...NOBODY, organisationId, accountId, apiKeyId: null, models: [] })

export const scopesOfRecord = (
  { organisationId, accountId, apiKeyId, model }: UsageRecord,
  named: Named = NOBODY,
): string[] => namedScopes({ ...named, organisationId, accountId, apiKeyId, models: [model] })

const NOBODY = { endUser: null, tags: [] }

const namedScopes = (spender: Spender): string[] =>
  scopesOf(spender).map((scope) => `${spender.organisationId} ${scope}`)

type Used = Readonly<Record<'usd' | 'tokens' | 'requests', bigint>> & { readonly keyLimit?: bigint }

const NO_CALL = { tokens: 0n, requests: 0n }
const ofCall = (record: UsageRecord): Used => ({
  usd: record.chargeNanos ?? 0n,
  keyLimit: countedNanos(record),
  tokens: BigInt(record.inputTokens + record.outputTokens),
  requests: callsIn(record),
})

/** So long it may take until every process and every call under way knows of a new budget. */
const KNOWN_AFTER_MS = 2_000

/**
 * The admission instant decides the window. What was admitted before the budget existed never had to pass it; the limit
 * of a key begins with what the key had been charged in the window all the same.
 */
function count(window: Counted, used: Used, at: number, recordedAt?: number): void {
  const { counter, budget } = window
  if (!budget || budget.metric === 'concurrency') return
  if (!isWithin(counter, at)) return
  const { source, createdAt } = budget
  const isKeyLimit = source === 'key_limit'
  const isCounted = isKeyLimit ? recordedAt !== undefined && countsForLimit(budget, at, recordedAt) : at >= createdAt
  if (!isCounted) return
  if (!isKeyLimit && at < createdAt + KNOWN_AFTER_MS) window.doubtful += used[budget.metric]
  else window.spent += isKeyLimit && budget.metric === 'usd' ? (used.keyLimit ?? used.usd) : used[budget.metric]
}

function countersDiffering({ counter, budget, reserved, overshoot, isKnown, ...sums }: Counted): Finding<Counter>[] {
  const { organisationId, budgetId, windowStart } = counter
  const row = { organisationId, budgetId, windowStart }
  const stored = { reserved: counter.reserved, overshoot: counter.overshoot }
  const held = differing<Counter>('budget_counters', row, stored, { reserved, overshoot })
  // Of a budget that is gone nothing more is counted.
  if (!budget || !isKnown || scopeKey(budget) === undefined) return held
  const [least, most] = [sums.spent, sums.spent + sums.doubtful].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint]
  const spent = counter.spent >= least && counter.spent <= most ? counter.spent : sums.spent + sums.doubtful
  return [...differing<Counter>('budget_counters', row, { spent: counter.spent }, { spent }), ...held]
}
