/**
 * Admission: the quote of the dearest candidate is set aside on the account and on every budget of the chain, all or
 * nothing, before anything goes upstream. `forward` never adds a candidate to those that were quoted.
 */
import { errors, type RefusalExtras, refuse } from '../contract/errors.ts'
import type { BudgetReason, Shortfall } from '../contract/refusal-reasons.ts'
import type { ReservationContext } from '../contract/reservation-context.ts'
import { allowsModel, type Caller } from '../core/caller.ts'
import type { Demand, Idempotency, Refusal } from '../core/ledger-commands.ts'
import type { Budget, Hold } from '../core/ledger-rows.ts'
import { type Quote, quote } from '../core/quote.ts'
import { windowAt } from '../core/window.ts'
import { generationId, type Id } from '../lib/id.ts'
import { asNanos } from '../lib/money.ts'
import { exactText, max, type Ratio, ratio, ZERO } from '../lib/ratio.ts'
import type { Call } from './call.ts'
import { type Candidate, candidatesFor } from './candidates.ts'
import type { Gateway } from './gateway.ts'
import { mostInputTokens, type Sound, unitsOf } from './sound.ts'
import { usageTypeOf } from './usage-type.ts'

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
  const candidates = withinLimits(permitted(caller, candidatesFor(gateway, call, admittedAt)), call)
  const { demand, priced } = demandOf(gateway, candidates, call)
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
    call.outputLimit === undefined &&
    !call.sound &&
    candidates.some(({ endpoint }) => endpoint.model.maxOutputIsDefault)
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

function demandOf(gateway: Gateway, candidates: readonly Candidate[], call: Call): { demand: Demand; priced: boolean } {
  const inputTokens = inputBound(candidates, call)
  const quotes = candidates.map((candidate) => quoteOf(gateway, candidate, call, inputTokens))
  const priced = quotes.every((quoted) => quoted !== undefined)
  const dearest = (part: (quoted: Quote) => Ratio) =>
    quotes.reduce((most, quoted) => (quoted ? max(most, part(quoted)) : most), ZERO)
  const { settings } = gateway
  const fit =
    call.outputLimit === undefined && !call.sound && settings.reservations.mode === 'strict'
      ? { fit: { share: ratio(settings.reservations.fitShare), atLeast: FIT_AT_LEAST } }
      : {}
  return {
    priced,
    demand: {
      fixed: dearest(({ fixed }) => fixed),
      outputUnitPrice: dearest(({ outputUnitPrice }) => outputUnitPrice),
      inputTokens,
      outputTokens: Math.max(...candidates.map((candidate) => outputOf(candidate, call))),
      choices: call.choices,
      ...fit,
    },
  }
}

/** One model that the key may not call is enough: what else it would have fallen back to was not its wish. */
function permitted({ allowedModels }: Caller, candidates: readonly Candidate[]): readonly Candidate[] {
  const denied = candidates.find(({ endpoint: { model } }) => !allowsModel(allowedModels, model.id))
  if (!denied) return candidates
  const allowed = (allowedModels ?? []).slice(0, MOST_NAMED).join(', ')
  throw refuse('forbidden', `This key may not call \`${denied.asSpelled}\`; it may call ${allowed}`, { param: 'model' })
}

/** A sentence is no list. */
const MOST_NAMED = 10

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

const outputOf = ({ endpoint: { model } }: Candidate, { outputLimit, sound }: Call): number =>
  outputLimit === undefined
    ? Math.min(model.maxOutputTokens, sound?.kind === 'speech' ? sound.mostTokens : model.maxOutputTokens)
    : model.maxOutputIsDefault
      ? outputLimit
      : Math.min(outputLimit, model.maxOutputTokens)

/** No byte-level tokenizer makes more tokens than bytes, and the JSON around a text is longer than the tokens around it. */
const inputBound = (candidates: readonly Candidate[], { bytes, images, audios, files, sound }: Call): number => {
  const media = images * IMAGE_TOKENS + (audios + files) * FILE_TOKENS + mostInputTokens(sound)
  const bound = bytes + OVERHEAD_TOKENS + media
  return Math.min(bound, Math.max(...candidates.map(({ endpoint }) => endpoint.model.contextLength)))
}

function quoteOf(gateway: Gateway, { endpoint, card }: Candidate, call: Call, inputTokens: number): Quote | undefined {
  const quoted =
    card &&
    quote(
      {
        inputTokens,
        contextLength: endpoint.model.contextLength,
        inputMedia: [
          ...(call.images > 0 ? (['input_image'] as const) : []),
          ...(call.audios > 0 || call.sound?.kind === 'recording' ? (['input_audio'] as const) : []),
        ],
        usesCaching: call.usesCaching,
        oneHourWrites: call.oneHourWrites,
        outputTokens: outputOf({ endpoint, card, asSpelled: '' }, call),
        choices: call.choices,
        outputMedia: call.sound?.kind === 'speech' ? ['output_audio'] : call.outputMedia,
        ...(call.serviceTier === undefined ? {} : { serviceTier: call.serviceTier }),
        units: unitsOf(call),
      },
      card,
      gateway.terms,
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
    ...(call.sound ? { usageType: usageTypeOf(call.api), units: heldUnits(call.sound, first) } : {}),
    context: caller.accountId === null ? 'system' : 'customer',
    ...idempotencyOf(caller, call),
  } satisfies ReservationContext)
}

/** What is known beforehand, of the meters that the card prices. */
function heldUnits(sound: Sound, first: Candidate | undefined): Record<string, string> {
  const [meter, quantity] =
    sound.kind === 'speech'
      ? (['characters', { n: BigInt(sound.characters), d: 1n }] as const)
      : (['audio_seconds', sound.length.seconds] as const)
  return first?.card?.lines.some((line) => line.meter === meter) ? { [meter]: exactText(quantity) } : {}
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
