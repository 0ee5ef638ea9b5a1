/**
 * The ledger's caches computed again from what they are caches of: feed every pending reservation, transaction and usage
 * record, then ask for each cached row what it should say. It holds a sum for each cached row, never the history.
 */
import { roundToNanos } from '../lib/money.ts'
import { exactRatio } from '../lib/ratio.ts'
import { countsForLimit, isTemplate, type Spender, scopesOf } from './budget-chain.ts'
import { unproven } from './ledger-balance.ts'
import type {
  Account,
  Budget,
  Counter,
  Grant,
  Hold,
  KeyUsage,
  Quarter,
  Reservation,
  Rollup,
  Transaction,
  UsageRecord,
} from './ledger-rows.ts'
import { toldSpending } from './ledger-usage.ts'
import {
  addToKeyUsage,
  callsIn,
  countedNanos,
  emptyKeyUsage,
  foldRollup,
  giveBackToKey,
  quartersOf,
  ROLLUP_SUMS,
  rollupKey,
  rollupOf,
} from './usage-sums.ts'
import { utcRule, windowAt } from './window.ts'

type Value = bigint | null

/** A cell that says something else than the rows it stands for. */
export type Finding<Row extends object = object> = {
  readonly table: string
  /** What names the row, by field. */
  readonly row: Partial<Row>
  readonly field: keyof Row & string
  readonly stored: Value
  readonly computed: Value
}

export type Proof = {
  /** Before any usage record: which windows of which budgets are counted. */
  window(counter: Counter, budget: Budget | undefined): void
  reservation(row: Reservation): Finding<Reservation>[]
  transaction(row: Transaction, isRecorded: boolean, spending?: Spending): Finding<Transaction>[]
  record(row: UsageRecord, transaction: Transaction | undefined, named: Named): Finding<UsageRecord>[]
  account(row: Account): Finding<Account>[]
  grant(row: Grant): Finding<Grant>[]
  keyUsage(row: KeyUsage): Finding<KeyUsage>[]
  rollup(row: Rollup): Finding<Rollup>[]
  quarter(row: Quarter): Finding<Quarter>[]
  /** At the end: all counters, and the sums that no row was shown for. */
  rest(): {
    counters: Finding<Counter>[]
    keyUsage: Finding<KeyUsage>[]
    rollups: Finding<Rollup>[]
    quarters: Finding<Quarter>[]
  }
}

type Balance = { posted: bigint; debt: bigint; reserved: bigint }
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
}

/** What moved money beside a model call, and which counters it counts in: those it held, or those of its scopes at an instant. */
export type Spending = { readonly usd: bigint } & (
  | { readonly holds: readonly Hold[] }
  | { readonly scopes: readonly string[]; readonly at: number; readonly call?: UsageRecord }
)

/** Whom a record's own row doesn't tell. Undefined: nobody knows any more. */
export type Named = Pick<Spender, 'endUser' | 'tags'> | undefined

export function createProof(): Proof {
  const accounts = new Map<bigint, Balance>()
  const grants = new Map<bigint, { remaining: bigint; reserved: bigint }>()
  const counted = new Map<string, Counted>()
  const byScope = new Map<string, Counted[]>()
  const keys = new Map<bigint, KeyUsage>()
  const rollups = new Map<string, Rollup>()
  const quarters = new Map<string, Quarter>()
  const refunds: Refunds = new Map()
  const accountOf = (id: bigint) => found(accounts, id, () => ({ posted: 0n, debt: 0n, reserved: 0n }))
  const grantOf = (id: bigint) => found(grants, id, () => ({ remaining: 0n, reserved: 0n }))

  return {
    window(counter, budget) {
      const window = { counter, budget, spent: 0n, reserved: 0n, overshoot: 0n, doubtful: 0n, isKnown: true }
      counted.set(`${counter.budgetId}:${counter.windowStart}`, window)
      const scope = budget && scopeKey(budget)
      if (scope !== undefined) found(byScope, scope, () => []).push(window)
    },
    reservation(row) {
      const held = row.allocations.reduce((sum, { nanos }) => sum + nanos, 0n)
      if (row.accountId !== null) accountOf(row.accountId).reserved += row.amount
      for (const { grantId, nanos } of row.allocations) if (grantId !== null) grantOf(grantId).reserved += nanos
      const homeless = row.holds.filter((hold) => {
        const window = counted.get(`${hold.budgetId}:${hold.windowStart}`)
        if (window) window.reserved += hold.quantity
        if (window) window.overshoot += unproven(hold)
        return !window
      })
      return [
        ...differing<Reservation>(
          'reservations',
          { id: row.id },
          { amount: row.amount },
          { amount: row.accountId === null ? row.amount : held },
        ),
        ...homeless.map(({ budgetId }) => ({
          table: 'reservations',
          row: { id: row.id },
          field: 'holds' as const,
          stored: budgetId,
          computed: null,
        })),
      ]
    },
    transaction(row, isRecorded, spending) {
      if (spending && 'holds' in spending)
        for (const { budgetId, windowStart } of spending.holds) {
          const window = counted.get(`${budgetId}:${windowStart}`)
          if (window) window.spent += spending.usd
        }
      else if (spending)
        for (const window of spending.scopes.flatMap((scope) => byScope.get(scope) ?? []))
          count(window, { usd: spending.usd, ...NO_CALL }, spending.at, spending.call?.recordedAt)
      if (spending && 'call' in spending && spending.call) giveBack(refunds, spending.call, -spending.usd)
      let [sum, moved] = [0n, 0n]
      for (const { account, grantId, nanos } of row.entries) {
        sum += nanos
        if (typeof account !== 'bigint') continue
        moved += nanos
        const balance = accountOf(account)
        balance.posted += nanos
        if (grantId === null) balance.debt += nanos
        else grantOf(grantId).remaining += nanos
      }
      const named = { id: row.id }
      const usageRecordId = isRecorded ? row.usageRecordId : null
      return [
        ...(sum === 0n
          ? []
          : [{ table: 'transactions', row: named, field: 'entries' as const, stored: sum, computed: 0n }]),
        ...differing<Transaction>(
          'transactions',
          named,
          { amount: row.amount },
          { amount: row.type === 'adjustment' ? row.amount : moved < 0n ? -moved : moved },
        ),
        ...differing<Transaction>('transactions', named, { usageRecordId: row.usageRecordId }, { usageRecordId }),
      ]
    },
    record(row, transaction, named) {
      foldRollup(rollups, rollupOf(row))
      for (const one of quartersOf([row])) found(quarters, quarterKey(one), () => ({ ...one, records: 0n })).records++
      addToKey(keys, row)
      const used = row.payloadHash === null ? ofCall(row) : toldSpending(row)
      if (!named) for (const window of counted.values()) if (dependsOnNames(window, row)) window.isKnown = false
      for (const window of scopesOfRecord(row, named).flatMap((scope) => byScope.get(scope) ?? []))
        if (row.payloadHash === null || window.budget?.source === 'budget')
          count(window, used, row.admittedAt, row.recordedAt)
      return [...sumsOfRecord(row), ...chargeOfRecord(row, transaction)]
    },
    account(row) {
      const { posted, debt, reserved } = accounts.get(row.id) ?? { posted: 0n, debt: 0n, reserved: 0n }
      const owed =
        debt > 0n
          ? [{ table: 'accounts', row: { id: row.id }, field: 'overdraft' as const, stored: debt, computed: 0n }]
          : []
      return [
        ...differing<Account>(
          'accounts',
          { id: row.id },
          { posted: row.posted, reserved: row.reserved },
          { posted, reserved },
        ),
        ...owed,
      ]
    },
    grant: ({ id, remaining, reserved }) =>
      differing<Grant>('grants', { id }, { remaining, reserved }, grants.get(id) ?? { remaining: 0n, reserved: 0n }),
    keyUsage: (row) => {
      const computed = lessRefunds(refunds, keys.get(row.apiKeyId) ?? emptyKeyUsage(row.apiKeyId, row.organisationId))
      keys.delete(row.apiKeyId)
      return differing<KeyUsage>('key_usage', keyName(row), inCells(row), inCells(computed))
    },
    rollup(row) {
      const computed = rollups.get(rollupKey(row))
      rollups.delete(rollupKey(row))
      return sumsDiffering(row, row, computed)
    },
    quarter(row) {
      const records = quarters.get(quarterKey(row))?.records ?? 0n
      quarters.delete(quarterKey(row))
      return recordsDiffering(row, records)
    },
    rest: () => ({
      counters: [...counted.values()].flatMap(countersDiffering),
      keyUsage: [...keys.values()].flatMap((row) =>
        differing<KeyUsage>(
          'key_usage',
          keyName(row),
          inCells(emptyKeyUsage(row.apiKeyId, row.organisationId)),
          inCells(lessRefunds(refunds, row)),
        ),
      ),
      rollups: [...rollups.values()].flatMap((row) => sumsDiffering(row, undefined, row)),
      quarters: [...quarters.values()].flatMap((row) => recordsDiffering({ ...row, records: 0n }, row.records)),
    }),
  }
}

function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** What was given back of the calls of a key, by the UTC day of their admission: enough for weeks and months too. */
type Refunds = Map<bigint, Map<number, bigint>>

function giveBack(refunds: Refunds, { apiKeyId, admittedAt }: UsageRecord, nanos: bigint): void {
  if (apiKeyId === null) return
  const days = found(refunds, apiKeyId, () => new Map<number, bigint>())
  const day = windowAt(utcRule('day'), admittedAt).start
  days.set(day, (days.get(day) ?? 0n) + nanos)
}

function lessRefunds(refunds: Refunds, usage: KeyUsage): KeyUsage {
  const less = { ...usage }
  for (const [day, nanos] of refunds.get(usage.apiKeyId) ?? []) giveBackToKey(less, day, nanos)
  return less
}

type Cells<Row> = { readonly [Field in keyof Row & string]?: Value }

function differing<Row extends object>(
  table: string,
  row: Partial<Row>,
  stored: Cells<Row>,
  computed: Cells<Row>,
): Finding<Row>[] {
  const fields = Object.keys(stored) as (keyof Row & string)[]
  return fields.flatMap((field) => {
    const cells = { stored: stored[field] ?? null, computed: computed[field] ?? null }
    return cells.stored === cells.computed ? [] : [{ table, row, field, ...cells }]
  })
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
  const row = { budgetId: counter.budgetId, windowStart: counter.windowStart }
  const stored = { reserved: counter.reserved, overshoot: counter.overshoot }
  const held = differing<Counter>('budget_counters', row, stored, { reserved, overshoot })
  // Of a budget that is gone nothing more is counted.
  if (!budget || !isKnown || scopeKey(budget) === undefined) return held
  const [least, most] = [sums.spent, sums.spent + sums.doubtful].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint]
  const spent = counter.spent >= least && counter.spent <= most ? counter.spent : sums.spent + sums.doubtful
  return [...differing<Counter>('budget_counters', row, { spent: counter.spent }, { spent }), ...held]
}

/** The line items of a record sum to its totals, and the totals are the exact sums, rounded once. */
function sumsOfRecord(row: UsageRecord): Finding<UsageRecord>[] {
  const lines = JSON.parse(row.items) as { costNanos?: string; chargeNanos?: string }[]
  const sum = (field: 'costNanos' | 'chargeNanos') =>
    lines.reduce((total, line) => total + BigInt(line[field] ?? line.costNanos ?? 0), 0n)
  const rounded = (exact: string | null, nanos: bigint | null) =>
    exact === null ? nanos : roundToNanos(exactRatio(exact))
  const totals = { costNanos: row.costNanos, chargeNanos: row.chargeNanos }
  const named = { id: row.id }
  return [
    ...differing<UsageRecord>('usage_records', named, totals, {
      costNanos: row.costNanos === null ? null : sum('costNanos'),
      chargeNanos: row.chargeNanos === null ? null : sum('chargeNanos'),
    }),
    ...differing<UsageRecord>('usage_records', named, totals, {
      costNanos: rounded(row.costExact, row.costNanos),
      chargeNanos: rounded(row.chargeExact, row.chargeNanos),
    }),
  ]
}

/** A billed record and its transaction name each other, and what was charged and what was written off make its charge. */
function chargeOfRecord(row: UsageRecord, transaction: Transaction | undefined): Finding<UsageRecord>[] {
  if (row.transactionId === null) return []
  const named = { id: row.id }
  // Told by a caller: what it was charged may be of several records, or said beside them.
  if (row.payloadHash !== null && transaction?.accountId === row.accountId) return []
  const own = transaction?.usageRecordId === row.id && transaction.accountId === row.accountId
  if (!transaction || !own)
    return [{ table: 'usage_records', row: named, field: 'transactionId', stored: row.transactionId, computed: null }]
  const given = transaction.type === 'adjustment' && transaction.reversesId !== null
  const taken = (given ? -transaction.amount : transaction.amount) + transaction.writtenOff
  return taken === (row.chargeNanos ?? 0n)
    ? []
    : [{ table: 'usage_records', row: named, field: 'chargeNanos', stored: row.chargeNanos, computed: taken }]
}

function sumsDiffering(name: Rollup, stored: Rollup | undefined, computed: Rollup | undefined): Finding<Rollup>[] {
  const { organisationId, quarter, model, provider, context, status } = name
  const sums = (row: Rollup | undefined): Cells<Rollup> =>
    Object.fromEntries(ROLLUP_SUMS.map((field) => [field, row?.[field] ?? 0n]))
  return differing<Rollup>(
    'rollups',
    { organisationId, quarter, model, provider, context, status },
    sums(stored),
    sums(computed),
  )
}

const quarterKey = ({ organisationId, quarter }: Quarter): string => `${organisationId} ${quarter}`

const recordsDiffering = ({ organisationId, quarter, records }: Quarter, computed: bigint): Finding<Quarter>[] =>
  differing<Quarter>('quarters', { organisationId, quarter }, { records }, { records: computed })

const keyName = ({ apiKeyId, organisationId }: KeyUsage) => ({ apiKeyId, organisationId })

function addToKey(keys: Map<bigint, KeyUsage>, record: UsageRecord): void {
  if (record.apiKeyId === null) return
  const { apiKeyId, organisationId } = record
  addToKeyUsage(
    found(keys, apiKeyId, () => emptyKeyUsage(apiKeyId, organisationId)),
    record,
    record.costNanos ?? 0n,
  )
}

/** The window starts are kept as numbers; a finding speaks in what the database holds. */
const inCells = ({
  apiKeyId: _key,
  organisationId: _organisation,
  day,
  week,
  month,
  ...sums
}: KeyUsage): Cells<KeyUsage> => ({
  ...sums,
  day: BigInt(day),
  week: BigInt(week),
  month: BigInt(month),
})
