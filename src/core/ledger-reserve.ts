/** Setting money aside: all or nothing, on the account, its grants and every budget of the chain. */
import { ceilToNanos, fitsInt64, MAX_AMOUNT } from '../lib/money.ts'
import { add, floorDivide, multiply, whole } from '../lib/ratio.ts'
import { isShort, ruleAt } from './budget-chain.ts'
import type { Bound, Budget, Hold, Link, ReserveMode } from './budget-rows.ts'
import { allocate } from './burn-down.ts'
import { balanceOf, headroomOf } from './ledger-balance.ts'
import { boundsOf, budgetRefusals, firstOf, holdAll, inDollars, type Ranked, ratesOf } from './ledger-budgets.ts'
import {
  type Demand,
  done,
  type Outcome,
  type Prices,
  type ReserveCredits,
  type ReserveGeneration,
  refuse,
  type Step,
} from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import type { Account, Reservation } from './ledger-rows.ts'
import * as quoted from './quote.ts'

export const reserveGeneration: Step<ReserveGeneration> = (draft, command) => {
  const { demand, organisationId } = command
  const account = command.accountId === null ? undefined : draft.account(command.accountId)
  if (command.accountId !== null && !account) return refuse('account_not_found')
  const closed = account && statusRefusal(account)
  if (closed) return closed
  const bounds = boundsOf(draft, command.chain, organisationId)
  const { outputTokens, amount, quote, holds } = sizeOf(command, account, bounds)
  const asked = holds.map(({ quantity }) => quantity)
  const rates = ratesOf(bounds, asked)
  const refusals = [
    ...creditRefusal(account, amount, demand),
    ...budgetRefusals(bounds, asked, ({ budget, room }) => ({
      requestedTokens: demand.outputTokens,
      affordableTokens:
        budget.metric === 'usd' && room > 0n ? affordableOutput(demand, room, pricesFor(budget, demand)) : 0,
    })),
  ]
  if (refusals.length > 0) return firstOf(draft, refusals, rates)
  if (isTooBig(account, amount)) return refuse('out_of_range')
  const reservation: Reservation = {
    ...pending(command, account?.id ?? null, command.apiKeyId),
    admittedAt: command.saidAt ?? command.at,
    kind: 'gateway',
    owner: command.owner,
    amount,
    quote,
    expiresAt: null,
    deadAt: null,
    allocations: account ? hold(draft, account, amount) : [],
    holds,
  }
  holdAll(draft, holds, organisationId)
  draft.addReservation(reservation)
  const fitted = outputTokens < demand.outputTokens
  return done({
    kind: 'reserved',
    amount,
    ...(quote === amount ? {} : { quote }),
    holds,
    ...(rates.length > 0 ? { rates } : {}),
    ...(fitted ? { fittedOutput: outputTokens } : {}),
    admittedAt: reservation.admittedAt,
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
  const bounds = inDollars(boundsOf(draft, command.chain ?? [], command.organisationId))
  const asked = bounds.map(() => command.amount)
  const refusals = [...creditRefusal(account, command.amount, undefined), ...budgetRefusals(bounds, asked)]
  if (refusals.length > 0) return firstOf(draft, refusals)
  if (isTooBig(account, command.amount)) return refuse('out_of_range')
  const holds = bounds.map(({ link }) => ({ ...link, quantity: command.amount }))
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
    holds,
  })
  holdAll(draft, holds, command.organisationId)
  return done({
    kind: 'reserved',
    code: command.code,
    amount: command.amount,
    holds,
    admittedAt: command.at,
    expiresAt,
    balance: balanceOf(account),
  })
}

type Size = {
  /** Of one choice. */
  readonly outputTokens: number
  readonly amount: bigint
  /** The proven bound. */
  readonly quote: bigint
  readonly holds: readonly Hold[]
}

/** How much is set aside: the bound, fitted to the headroom where the client set no limit; or what such calls come to. */
function sizeOf({ demand, mode }: ReserveGeneration, account: Account | undefined, bounds: readonly Bound[]): Size {
  const { estimate } = demand
  const isEstimated = estimate !== undefined && modeOf(mode, account, bounds) === 'estimate'
  const outputTokens = (isEstimated ? undefined : fittedOutput(demand, account, bounds)) ?? demand.outputTokens
  const quote = amountFor(demand, outputTokens)
  const likely = isEstimated ? amountFor({ ...demand, fixed: estimate.fixed }, estimate.outputTokens) : quote
  const amount = likely < quote ? likely : quote
  const tokens = tokensOf(demand, outputTokens)
  const likelyTokens = estimate ? tokensOf({ ...demand, ...estimate }, estimate.outputTokens) : tokens
  const holdOf = ({ budget, link }: Bound): Hold => {
    const prices = pricesFor(budget, demand)
    if (budget.metric === 'usd' && prices !== demand) return { ...link, quantity: amountFor(prices, outputTokens) }
    if (budget.metric === 'usd') return held(link, amount, quote)
    if (budget.metric !== 'tokens') return held(link, 1n, 1n)
    return held(link, isEstimated || isSpeed(budget, link) ? likelyTokens : tokens, tokens)
  }
  return { outputTokens, amount, quote, holds: bounds.map(holdOf) }
}

const held = (link: Link, quantity: bigint, quote: bigint): Hold =>
  quantity < quote ? { ...link, quantity, quote } : { ...link, quantity: quote }

/** A proven bound for the tokens of a minute would keep it nearly empty; what is used beyond it is soon over. */
const isSpeed = (budget: Budget, { windowStart }: Link): boolean => isShort(ruleAt(budget, windowStart).window)

/** Whoever is limited has a say, the organisation's word standing in for those who say nothing; the strictest decides. */
function modeOf(usual: ReserveMode = 'strict', account: Account | undefined, bounds: readonly Bound[]): ReserveMode {
  const said = bounds.map(({ budget }) => budget.reserveMode ?? usual)
  if (account) said.push(account.reserveMode ?? usual)
  return said.every((each) => each === 'estimate') ? 'estimate' : 'strict'
}

const tokensOf = ({ inputTokens, choices }: Demand, outputTokens: number): bigint =>
  BigInt(inputTokens + outputTokens * choices)

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

/**
 * Where the client set no output limit and the headroom does not cover the model's maximum, the largest output that a
 * share of the headroom pays for, at least the minimum. Undefined: the demand stands as it is.
 */
function fittedOutput(demand: Demand, account: Account | undefined, chain: readonly Bound[]): number | undefined {
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
  const isProven = ({ budget, link }: Bound) =>
    budget.metric === 'tokens' && budget.action === 'block' && !(demand.estimate && isSpeed(budget, link))
  for (const { room } of chain.filter(isProven))
    if (tokensOf(demand, outputTokens) > room) narrow(Math.floor((Number(shareOf(room)) - inputTokens) / choices))
  return fitted < outputTokens ? fitted : undefined
}

function statusRefusal({ status }: Account): Outcome | undefined {
  if (status === 'frozen') return refuse('account_frozen')
  return status === 'closed' ? refuse('account_closed') : undefined
}

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
