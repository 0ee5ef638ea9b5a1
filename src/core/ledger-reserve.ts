/** Setting money aside: all or nothing, on the account, its grants and every budget of the chain. */
import { assert } from '../lib/assert.ts'
import { ceilToNanos, fitsInt64, MAX_AMOUNT } from '../lib/money.ts'
import { add, floorDivide, multiply, whole } from '../lib/ratio.ts'
import { allocate } from './burn-down.ts'
import { balanceOf, headroomOf } from './ledger-balance.ts'
import {
  type Demand,
  done,
  type Outcome,
  type Prices,
  type Refusal,
  type ReserveCredits,
  type ReserveGeneration,
  refuse,
  type Step,
} from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import type { Account, Budget, Hold, Reservation } from './ledger-rows.ts'
import * as quoted from './quote.ts'

export const reserveGeneration: Step<ReserveGeneration> = (draft, command) => {
  const account = command.accountId === null ? undefined : draft.account(command.accountId)
  if (command.accountId !== null && !account) return refuse('account_not_found')
  const closed = account && statusRefusal(account)
  if (closed) return closed
  const chain = chainOf(draft, command)
  const outputTokens = fittedOutput(command.demand, account, chain) ?? command.demand.outputTokens
  const amount = amountFor(command.demand, outputTokens)
  const holds = chain.map(({ budget, hold }) => ({
    ...hold,
    quantity: quantityOf(budget, command.demand, outputTokens),
  }))
  const refusals = [...creditRefusal(account, amount, command.demand), ...budgetRefusals(chain, holds, command.demand)]
  if (refusals.length > 0) return firstOf(refusals)
  if (isTooBig(account, amount)) return refuse('out_of_range')
  const reservation: Reservation = {
    ...pending(command, account?.id ?? null, command.apiKeyId),
    kind: 'gateway',
    owner: command.owner,
    amount,
    quote: amount,
    expiresAt: null,
    deadAt: null,
    allocations: account ? hold(draft, account, amount) : [],
    holds,
  }
  for (const part of holds) draft.counter(part, command.organisationId).reserved += part.quantity
  draft.addReservation(reservation)
  const fitted = outputTokens < command.demand.outputTokens
  return done({
    kind: 'reserved',
    amount,
    holds,
    ...(fitted ? { fittedOutput: outputTokens } : {}),
    admittedAt: command.at,
    expiresAt: null,
    balance: account ? balanceOf(account) : null,
  })
}

export const reserveCredits: Step<ReserveCredits> = (draft, command) => {
  const account = draft.account(command.accountId)
  if (!account) return refuse('account_not_found')
  const closed = statusRefusal(account)
  if (closed) return closed
  if (command.amount <= 0n) return refuse('invalid_amount')
  const [short] = creditRefusal(account, command.amount, undefined)
  if (short) return { ok: false, refusal: short.refusal }
  if (isTooBig(account, command.amount)) return refuse('out_of_range')
  const expiresAt = command.at + command.ttlMs
  draft.addReservation({
    ...pending(command, account.id, null),
    kind: 'api',
    owner: null,
    amount: command.amount,
    quote: command.amount,
    expiresAt,
    deadAt: expiresAt + command.graceMs,
    allocations: hold(draft, account, command.amount),
    holds: [],
  })
  return done({
    kind: 'reserved',
    code: command.code,
    amount: command.amount,
    holds: [],
    admittedAt: command.at,
    expiresAt,
    balance: balanceOf(account),
  })
}

/** Nano-dollars at these prices with this output limit, rounded up. */
const amountFor = ({ fixed, outputUnitPrice }: Prices, outputTokens: number): bigint =>
  ceilToNanos(add(fixed, multiply(outputUnitPrice, whole(BigInt(outputTokens)))))

const isTooBig = (account: Account | undefined, amount: bigint): boolean =>
  amount > MAX_AMOUNT || !fitsInt64((account?.reserved ?? 0n) + amount)

const affordableOutput = (demand: Demand, nanos: bigint, prices: Prices = demand): number =>
  Math.min(demand.outputTokens, quoted.affordableOutput(prices, nanos))

/** A key's own limit may count a call at other prices than it is charged at. */
const pricesFor = ({ source }: Budget, demand: Demand): Prices =>
  (source === 'key_limit' ? demand.keyLimit : undefined) ?? demand

type Link = {
  readonly budget: Budget
  readonly hold: Omit<Hold, 'quantity'>
  readonly room: bigint
  readonly spent: bigint
  readonly reserved: bigint
}

/** The budgets of the chain as they stand; one that was deleted meanwhile binds nobody. */
function chainOf(draft: Draft, { chain, organisationId }: ReserveGeneration): Link[] {
  return chain.flatMap((hold) => {
    const budget = draft.rows.budgets.get(hold.budgetId)
    if (!budget) return []
    const { spent, reserved } = draft.counter({ ...hold, quantity: 0n }, organisationId)
    return [{ budget, hold, spent, reserved, room: budget.limit - spent - reserved }]
  })
}

/**
 * Where the client set no output limit and the headroom does not cover the model's maximum, the largest output that a
 * share of the headroom pays for, at least the minimum. Undefined: the demand stands as it is.
 */
function fittedOutput(demand: Demand, account: Account | undefined, chain: readonly Link[]): number | undefined {
  const { fit, outputTokens, inputTokens, choices } = demand
  if (!fit) return undefined
  const shareOf = (room: bigint) => floorDivide(room * fit.share.n, fit.share.d)
  let fitted = outputTokens
  const narrow = (tokens: number) => {
    fitted = Math.min(fitted, Math.max(tokens, fit.atLeast))
  }
  const money = chain
    .filter(({ budget }) => budget.metric === 'usd' && budget.action === 'block')
    .map(({ budget, room }) => ({ room, prices: pricesFor(budget, demand) }))
  if (account) money.push({ room: headroomOf(account), prices: demand })
  for (const { room, prices } of money)
    if (amountFor(prices, outputTokens) > room) narrow(affordableOutput(demand, shareOf(room), prices))
  for (const { budget, room } of chain)
    if (budget.metric === 'tokens' && budget.action === 'block' && BigInt(inputTokens + outputTokens * choices) > room)
      narrow(Math.floor((Number(shareOf(room)) - inputTokens) / choices))
  return fitted < outputTokens ? fitted : undefined
}

function quantityOf(budget: Budget, demand: Demand, outputTokens: number): bigint {
  const { metric } = budget
  if (metric === 'usd') return amountFor(pricesFor(budget, demand), outputTokens)
  const { inputTokens, choices } = demand
  return metric === 'tokens' ? BigInt(inputTokens + outputTokens * choices) : 1n
}

function statusRefusal({ status }: Account): Outcome | undefined {
  if (status === 'frozen') return refuse('account_frozen')
  return status === 'closed' ? refuse('account_closed') : undefined
}

type Ranked = { readonly refusal: Refusal; readonly rank: number }

function creditRefusal(account: Account | undefined, amount: bigint, demand: Demand | undefined): Ranked[] {
  if (!account || amount <= headroomOf(account)) return []
  const { available, reserved } = balanceOf(account)
  const details = {
    needed: amount,
    available,
    shortfall: amount - available,
    reserved,
    ...(demand ? { requestedTokens: demand.outputTokens, affordableTokens: affordableOutput(demand, available) } : {}),
  }
  return [{ refusal: { code: 'insufficient_credits', details }, rank: Number.POSITIVE_INFINITY }]
}

function budgetRefusals(chain: readonly Link[], holds: readonly Hold[], demand: Demand): Ranked[] {
  return chain.flatMap(({ budget, hold, room, spent, reserved }, index) => {
    const requested = holds[index]?.quantity
    assert(requested !== undefined, 'every link of the chain has its hold')
    if (budget.action !== 'block' || (requested <= room && budget.limit > 0n)) return []
    const details = {
      source: budget.source,
      budgetId: budget.code,
      name: budget.name,
      scope: budget.scope,
      scopeId: budget.scopeId,
      metric: budget.metric,
      limit: budget.limit,
      spent,
      reserved,
      requested,
      window: budget.window,
      windowStart: hold.windowStart,
      windowEnd: hold.windowEnd,
      timeZone: budget.timeZone,
      usedUp: room <= 0n,
      requestedTokens: demand.outputTokens,
      affordableTokens:
        budget.metric === 'usd' && room > 0n ? affordableOutput(demand, room, pricesFor(budget, demand)) : 0,
    }
    return [{ refusal: { code: 'budget_exceeded', details } as const, rank: hold.windowEnd ?? Number.MAX_SAFE_INTEGER }]
  })
}

/** Credit before budgets, and the budget whose window ends last before the others; all are named. */
function firstOf(refusals: readonly Ranked[]): Outcome {
  const [first, ...others] = [...refusals].sort((a, b) => b.rank - a.rank).map(({ refusal }) => refusal)
  assert(first, 'somebody refused')
  return others.length === 0
    ? { ok: false, refusal: first }
    : refuse(first.code, { ...first.details, refused: [first, ...others] })
}

/** Sets the amount aside on the account and its grants. */
function hold(draft: Draft, account: Account, amount: bigint) {
  const allocations = allocate(draft.grants(account.id), amount)
  for (const { grantId, nanos } of allocations) if (grantId !== null) draft.grant(account.id, grantId).reserved += nanos
  account.reserved += amount
  return allocations
}

const pending = (command: ReserveGeneration | ReserveCredits, accountId: bigint | null, apiKeyId: bigint | null) => ({
  id: command.id,
  organisationId: command.organisationId,
  code: command.code,
  accountId,
  apiKeyId,
  status: 'pending' as const,
  admittedAt: command.at,
  context: command.context,
  fingerprint: null,
  result: null,
})
