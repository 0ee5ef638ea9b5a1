/** What limits a call beside its credit: the budgets of its chain, and how much of it is likely to be used. */
import { countingAt, isShort, ruleAt, tagsOf } from '../core/budget-chain.ts'
import { isBudgetRefusal, requestTooLarge } from '../core/budget-refusal.ts'
import type { Budget } from '../core/budget-rows.ts'
import type { Caller } from '../core/caller.ts'
import type { Demand, Estimate, Outcome, Refusal, ReserveGeneration } from '../core/ledger-commands.ts'
import { withinRequestLimits } from '../core/request-limit.ts'
import type { Ratio } from '../lib/ratio.ts'
import { grantPlans, hasPlan } from '../store/plans.ts'
import { StoreAway } from '../store/store.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'

/** The key's own limit, and every budget that matches; nothing is waited for where they are known. */
export async function chainOf(
  { budgets }: Gateway,
  caller: Caller,
  { details }: Call,
  models: readonly string[],
  at: number,
): Promise<readonly Budget[]> {
  const metadata = details.metadata === null ? null : (JSON.parse(details.metadata) as Record<string, unknown>)
  const found = budgets.chainOf({
    organisationId: caller.organisationId,
    accountId: caller.accountId,
    apiKeyId: caller.keyId,
    endUser: details.endUser,
    tags: tagsOf(metadata),
    models,
  })
  const chain = found instanceof Promise ? await found : found
  return chain.length === 0 ? caller.budgets : [...caller.budgets, ...countingAt(chain, at)]
}

/** The demand with an output limit that the limits for single calls leave room for. Throws `budget_exceeded` where none does. */
export function withinLimitsOf(
  { settings }: Gateway,
  chain: readonly Budget[],
  demand: Demand,
  likelyInput: number,
): Demand {
  const { outputTokens, choices, fit } = demand
  const within = withinRequestLimits(chain, {
    inputTokens: likelyInput,
    outputTokens,
    choices,
    isFree: fit !== undefined,
  })
  if ('refusedBy' in within) throw requestTooLarge(within.refusedBy, within.requested, settings.limits)
  return within.outputTokens === outputTokens ? demand : { ...demand, outputTokens: within.outputTokens }
}

/** Without a limit of the client's own and without enough calls before, an answer is taken to be at most this long. */
const USUAL_OUTPUT = 4_096
/** What the past tells is never taken for less. */
const LEAST_OUTPUT = 256

/** Undefined: nobody in the chain goes by estimates. `fixedFor` prices a prompt of so many tokens. */
export function estimateFor(
  { settings, estimates }: Gateway,
  caller: Caller,
  { outputLimit }: Call,
  parts: {
    chain: readonly Budget[]
    demand: Demand
    model: string
    likelyInput: number
    at: number
    fixedFor: (inputTokens: number) => Ratio
  },
): Estimate | undefined {
  const { chain, demand, model, likelyInput, at, fixedFor } = parts
  const byMoney =
    settings.reservations.mode === 'estimate' ||
    caller.reserveMode === 'estimate' ||
    chain.some(({ reserveMode }) => reserveMode === 'estimate')
  const bySpeed = chain.some((budget) => budget.metric === 'tokens' && isShort(ruleAt(budget, at).window))
  if (!byMoney && !bySpeed) return undefined
  const usual = estimates.usualOutput(caller.keyId, model)
  const likely = usual === undefined ? (outputLimit ?? USUAL_OUTPUT) : Math.max(LEAST_OUTPUT, usual)
  return {
    fixed: byMoney ? fixedFor(likelyInput) : demand.fixed,
    inputTokens: likelyInput,
    outputTokens: Math.min(demand.outputTokens, likely),
  }
}

/** Reserves. No rule waits for a job: a refusal counts only once what is due by now was done. */
export async function reserve(gateway: Gateway, command: ReserveGeneration): Promise<Outcome> {
  const { store, stranded } = gateway
  try {
    const outcome = await store.post(command)
    if (outcome.ok || !('refusal' in outcome)) return outcome
    return (await madeRoom(gateway, command, outcome.refusal)) ? await store.post(command) : outcome
  } catch (error) {
    if (error instanceof StoreAway && error.unsure) stranded.set(command.id, { since: store.now(), how: 'unsent' })
    throw error
  }
}

/** What dead reservations of the credits API still held of a budget, or what a plan had yet to grant. */
async function madeRoom({ store, budgets }: Gateway, command: ReserveGeneration, refusal: Refusal): Promise<boolean> {
  const { organisationId, accountId, at } = command
  if (isBudgetRefusal(refusal)) return budgets.endDead(organisationId, at)
  if (refusal.code !== 'insufficient_credits' || accountId === null) return false
  // Whoever was refused beside us may have had the grant posted by the time that we looked.
  return (await grantPlans(store, at, accountId)) || hasPlan(store, organisationId, accountId, at)
}
