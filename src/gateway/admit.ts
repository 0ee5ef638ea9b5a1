/**
 * Admission: the quote of the dearest candidate is set aside on the account and on every budget of the chain, all or
 * nothing, before anything goes upstream. `forward` never adds a candidate to those that were quoted.
 */
import { errors, type RefusalExtras, refuse } from '../contract/errors.ts'
import type { BudgetReason, Shortfall } from '../contract/refusal-reasons.ts'
import type { ReservationContext } from '../contract/reservation-context.ts'
import type { Demand, Idempotency, Prices, Refusal } from '../core/ledger-commands.ts'
import type { Budget, Hold } from '../core/ledger-rows.ts'
import { type Quote, quote } from '../core/quote.ts'
import { windowAt } from '../core/window.ts'
import { generationId, type Id } from '../lib/id.ts'
import { asNanos } from '../lib/money.ts'
import { max, type Ratio, ratio, ZERO } from '../lib/ratio.ts'
import type { Call } from './call.ts'
import { type Candidate, candidatesFor } from './candidates.ts'
import { isByok } from './credential.ts'
import type { Gateway } from './gateway.ts'
import type { Caller } from './keys.ts'
import { withCredentials } from './with-credentials.ts'

export type Admission = {
  readonly id: Id
  readonly requestId: string
  readonly caller: Caller
  readonly call: Call
  readonly candidates: readonly Candidate[]
  readonly admittedAt: number
  /** By `clock.elapsed()`. */
  readonly startedAt: number
  readonly quoteNanos: bigint
  readonly holds: readonly Hold[]
  readonly inputBound: number
  /** Of one choice: what the quote counts. */
  readonly outputLimit: number
  /** Sent upstream where the client sent none. */
  readonly setOutputLimit: number | undefined
  readonly fitted: boolean
}

/** The least output that is worth reserving when the limit is fitted to the headroom. */
const FIT_AT_LEAST = 1_024
/** Beside the bytes of the body: roles, separators and the reply's own opening. */
const OVERHEAD_TOKENS = 64
/** The most that an image, a sound or a file of unknown size is counted at. */
const IMAGE_TOKENS = 6_000
const FILE_TOKENS = 50_000

export async function admit(
  gateway: Gateway,
  caller: Caller,
  call: Call,
  { requestId, ...id }: Id & { requestId: string },
): Promise<Admission> {
  const { store } = gateway
  const admittedAt = store.now()
  const startedAt = gateway.clock.elapsed()
  const reached = withinLimits(candidatesFor(gateway, call, admittedAt), call)
  const candidates = await withCredentials(gateway, caller, reached)
  const { demand, priced } = demandOf(gateway, caller, candidates, call)
  if (
    !priced &&
    (caller.accountId !== null || caller.budgets.some(({ metric, action }) => metric === 'usd' && action === 'block'))
  )
    throw refuse('unpriced_model')
  await gateway.rateCards.keep(candidates.map(({ card }) => card))
  const outcome = await store.post({
    type: 'reserve',
    organisationId: caller.organisationId,
    at: admittedAt,
    ...id,
    accountId: caller.accountId,
    apiKeyId: caller.keyId,
    owner: store.node,
    demand,
    chain: caller.budgets.map((budget) => windowOf(budget, admittedAt)),
    context: contextOf(caller, call, candidates, demand),
    ...idempotencyOf(caller, call),
  })
  if (!outcome.ok) {
    if ('refusal' in outcome) throw refused(gateway, outcome.refusal, admittedAt)
    throw new Error(outcome.failure)
  }
  const { result } = outcome
  if (result.kind !== 'reserved') throw new Error('a reservation was asked for')
  const outputLimit = result.fittedOutput ?? demand.outputTokens
  const isDefault =
    call.outputLimit === undefined && candidates.some(({ endpoint }) => endpoint.model.maxOutputIsDefault)
  return {
    id,
    requestId,
    caller,
    call,
    candidates,
    admittedAt: result.admittedAt,
    startedAt,
    quoteNanos: result.amount,
    holds: result.holds,
    inputBound: demand.inputTokens,
    outputLimit,
    setOutputLimit: result.fittedOutput !== undefined || isDefault ? outputLimit : undefined,
    fitted: result.fittedOutput !== undefined,
  }
}

function demandOf(
  gateway: Gateway,
  caller: Caller,
  candidates: readonly Candidate[],
  call: Call,
): { demand: Demand; priced: boolean } {
  const inputTokens = inputBound(candidates, call)
  const quotesAt = (byokAsOurs: boolean) =>
    alikeOnce(candidates).map((candidate) =>
      quoteOf(gateway, candidate, call, inputTokens, !byokAsOurs && isByok(candidate)),
    )
  const quotes = quotesAt(false)
  const priced = quotes.every((quoted) => quoted !== undefined)
  const { settings } = gateway
  const fit =
    call.outputLimit === undefined && settings.reservations.mode === 'strict'
      ? { fit: { share: ratio(settings.reservations.fitShare), atLeast: FIT_AT_LEAST } }
      : {}
  return {
    priced,
    demand: {
      ...dearest(quotes),
      ...(caller.includeByokInLimit && candidates.some(isByok) ? { keyLimit: dearest(quotesAt(true)) } : {}),
      inputTokens,
      outputTokens: Math.max(...candidates.map((candidate) => outputOf(candidate, call))),
      choices: call.choices,
      ...fit,
    },
  }
}

/** Two credentials of one owner at one endpoint cost the same. */
function alikeOnce(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate, index) => {
    const before = candidates[index - 1]
    return !before || before.endpoint !== candidate.endpoint || isByok(before) !== isByok(candidate)
  })
}

const dearest = (quotes: readonly (Quote | undefined)[]): Prices => {
  const most = (part: (quoted: Quote) => Ratio) =>
    quotes.reduce((found, quoted) => (quoted ? max(found, part(quoted)) : found), ZERO)
  return { fixed: most(({ fixed }) => fixed), outputUnitPrice: most(({ outputUnitPrice }) => outputUnitPrice) }
}

/** A limit above the model's own maximum, where that is known, could never be honoured. */
function withinLimits(candidates: readonly Candidate[], { outputLimit }: Call): Candidate[] {
  if (outputLimit === undefined) return [...candidates]
  const fitting = candidates.filter(
    ({ endpoint: { model } }) => model.maxOutputIsDefault || outputLimit <= model.maxOutputTokens,
  )
  if (fitting.length > 0) return fitting
  const most = candidates[0]?.endpoint.model.maxOutputTokens
  throw refuse(
    'max_tokens_exceeded',
    `The output limit of ${outputLimit} is above the model's maximum of ${most} tokens`,
    { param: 'max_tokens' },
  )
}

const outputOf = ({ endpoint: { model } }: Candidate, { outputLimit }: Call): number =>
  outputLimit === undefined
    ? model.maxOutputTokens
    : model.maxOutputIsDefault
      ? outputLimit
      : Math.min(outputLimit, model.maxOutputTokens)

/** No byte-level tokenizer makes more tokens than bytes, and the JSON around a text is longer than the tokens around it. */
const inputBound = (candidates: readonly Candidate[], { bytes, images, audios, files }: Call): number => {
  const bound = bytes + OVERHEAD_TOKENS + images * IMAGE_TOKENS + (audios + files) * FILE_TOKENS
  return Math.min(bound, Math.max(...candidates.map(({ endpoint }) => endpoint.model.contextLength)))
}

function quoteOf(
  gateway: Gateway,
  { endpoint, card }: Candidate,
  call: Call,
  inputTokens: number,
  byok: boolean,
): Quote | undefined {
  const quoted =
    card &&
    quote(
      {
        inputTokens,
        contextLength: endpoint.model.contextLength,
        inputMedia: [
          ...(call.images > 0 ? (['input_image'] as const) : []),
          ...(call.audios > 0 ? (['input_audio'] as const) : []),
        ],
        usesCaching: call.usesCaching,
        oneHourWrites: call.oneHourWrites,
        outputTokens: outputOf({ endpoint, card, asSpelled: '' }, call),
        choices: call.choices,
        outputMedia: call.outputMedia,
        ...(call.serviceTier === undefined ? {} : { serviceTier: call.serviceTier }),
        ...(call.searches > 0
          ? { units: new Map([['web_search', { n: BigInt(call.searches), d: 1n }] as const]) }
          : {}),
      },
      card,
      byok ? { ...gateway.terms, byok } : gateway.terms,
    )
  if (quoted?.priced) return quoted
  if (endpoint.model.unpricedAllowed) return undefined
  throw refuse(
    'unpriced_model',
    `The model \`${endpoint.model.id}\` has no price at ${endpoint.provider.name}; give it one under \`models\` in turnpike.yaml`,
    { param: 'model' },
  )
}

function windowOf(budget: Budget, at: number): Omit<Hold, 'quantity'> {
  const { start, end } = windowAt(budget, at)
  return { budgetId: budget.id, windowStart: start, windowEnd: end ?? null }
}

/** Bytes a token, on average over the languages and formats that were measured. */
const BYTES_PER_TOKEN = 3.5

function contextOf(caller: Caller, call: Call, candidates: readonly Candidate[], demand: Demand): string {
  const [first] = candidates
  return JSON.stringify({
    model: first?.endpoint.model.id ?? '',
    provider: first?.endpoint.provider.key ?? '',
    providerName: first?.endpoint.provider.name ?? '',
    rateCardId: first?.card?.id ?? null,
    inputTokens: Math.min(Math.ceil(call.bytes / BYTES_PER_TOKEN), demand.inputTokens),
    outputLimit: demand.outputTokens * demand.choices,
    stream: call.stream,
    context: caller.accountId === null ? 'system' : 'customer',
    ...(first && isByok(first) ? { byok: caller.includeByokInLimit ? 'counted' : 'apart' } : {}),
    ...idempotencyOf(caller, call),
  } satisfies ReservationContext)
}

/** Once per principal and key, whatever ends the call. */
export const idempotencyOf = ({ principal }: Caller, { idempotency }: Call): { idempotency?: Idempotency } =>
  idempotency ? { idempotency: { principal, operation: 'generation', ...idempotency } } : {}

/** The ledger's refusal as the error that the dialects word. */
function refused({ settings }: Gateway, refusal: Refusal, at: number) {
  const { code, details } = refusal
  if (!(code in errors)) throw new Error(`the ledger refused with ${code}`)
  if (code === 'insufficient_credits')
    return refuse(code, undefined, { reason: { kind: 'credits', ...shortfall(details) } })
  if (code === 'budget_exceeded') return refuse(code, undefined, budgetExtras(details, at, settings.limits))
  if (code === 'idempotency_in_progress') return refuse(code, undefined, { retryAfterMs: 1_000 })
  if (code === 'generation_already_settled')
    return refuse(code, undefined, { details: { generationId: generationId(String(details.generationId)) } })
  return refuse(code as 'account_frozen')
}

type Details = Refusal['details']

const shortfall = (details: Details): Shortfall => ({
  needed: asNanos(details.needed as bigint),
  available: asNanos(details.available as bigint),
  reserved: asNanos(details.reserved as bigint),
  requestedTokens: details.requestedTokens as number,
  affordableTokens: details.affordableTokens as number,
})

const RESETS = { day: 'daily', week: 'weekly', month: 'monthly' } as const

function budgetExtras(details: Details, at: number, limits: Gateway['settings']['limits']): RefusalExtras {
  const windowEnd = details.windowEnd as number | null
  const retry = windowEnd === null ? {} : { retryAfterMs: windowEnd - at }
  if (details.source === 'key_limit') {
    const status = limits.keyLimitStatus === undefined ? {} : { status: limits.keyLimitStatus }
    const reset = RESETS[details.window as keyof typeof RESETS] ?? 'total'
    if (details.usedUp === true) return { reason: { kind: 'key_limit_used_up', reset }, ...status, ...retry }
    const [limit, spent, reserved] = [details.limit, details.spent, details.reserved] as [bigint, bigint, bigint]
    return {
      reason: {
        kind: 'key_limit',
        ...shortfall({ ...details, needed: details.requested, available: limit - spent - reserved }),
      },
      ...status,
      ...retry,
    }
  }
  const { limit, spent, reserved, requested } = details as Record<'limit' | 'spent' | 'reserved' | 'requested', bigint>
  const reason = {
    ...(details as unknown as BudgetReason),
    kind: 'budget',
    windowEnd: windowEnd ?? undefined,
    amounts: { limit, spent, reserved, requested },
  } as const
  return { reason, ...retry, ...(limits.budgetStatus === 429 ? {} : { status: limits.budgetStatus }) }
}
