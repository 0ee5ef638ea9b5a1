/**
 * Admission: the quote of the dearest candidate is set aside on the account and on every budget of the chain, all or
 * nothing, before anything goes upstream. `forward` never adds a candidate to those that were quoted.
 */
import { errors, refuse } from '../contract/errors.ts'
import type { ReservationContext } from '../contract/reservation-context.ts'
import { linksAt } from '../core/budget-chain.ts'
import { allRefusals, budgetRefused, isBudgetRefusal, shortfall } from '../core/budget-refusal.ts'
import type { Budget, Hold } from '../core/budget-rows.ts'
import { allowsModel, type Caller } from '../core/caller.ts'
import type { Demand, Idempotency, Prices, Rate, Refusal } from '../core/ledger-commands.ts'
import { type Quote, quote } from '../core/quote.ts'
import { estimateFromBytes } from '../core/token-bound.ts'
import { generationId, type Id } from '../lib/id.ts'
import { exactText, max, type Ratio, ratio, whole, ZERO } from '../lib/ratio.ts'
import type { Call } from './call.ts'
import { type Candidate, candidatesFor, checkOpen } from './candidates.ts'
import { isByok } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { chainOf, estimateFor, reserve, withinLimitsOf } from './limits.ts'
import { isByUnit, mostInputTokens, type Sound, unitOf, unitsOf } from './sound.ts'
import { usageTypeOf } from './usage-type.ts'
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
  /** What is left of limits per minute and hour. */
  readonly rates: readonly Rate[]
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
  const reached = withinLimits(permitted(caller, candidatesFor(gateway, call, admittedAt)), call)
  const candidates = await withCredentials(gateway, caller, reached)
  checkOpen(gateway, candidates)
  const models = candidates.map(({ endpoint }) => endpoint.model.id)
  const chain = await chainOf(gateway, caller, call, models, admittedAt)
  const { demand, priced } = demandOf(gateway, caller, call, { candidates, chain, at: admittedAt })
  if (
    !priced &&
    (caller.accountId !== null || chain.some(({ metric, action }) => metric === 'usd' && action === 'block'))
  )
    throw refuse('unpriced_model')
  await gateway.rateCards.keep(candidates.map(({ card }) => card))
  const outcome = await reserve(gateway, {
    type: 'reserve',
    organisationId: caller.organisationId,
    at: admittedAt,
    ...id,
    accountId: caller.accountId,
    apiKeyId: caller.keyId,
    owner: store.node,
    demand,
    mode: gateway.settings.reservations.mode,
    chain: linksAt(chain, admittedAt),
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
  const isFitted = call.outputLimit === undefined && !call.sound && outputLimit < mostOutput(candidates, call)
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
    quoteNanos: result.quote ?? result.amount,
    rates: result.rates ?? [],
    holds: result.holds,
    inputBound: demand.inputTokens,
    outputLimit,
    setOutputLimit: isFitted || isDefault ? outputLimit : undefined,
    fitted: isFitted,
  }
}

type Reached = { readonly candidates: readonly Candidate[]; readonly chain: readonly Budget[]; readonly at: number }

function demandOf(
  gateway: Gateway,
  caller: Caller,
  call: Call,
  { candidates, chain, at }: Reached,
): { demand: Demand; priced: boolean } {
  const inputTokens = inputBound(candidates, call)
  const quotesAt = (tokens: number, byokAsOurs = false) =>
    alikeOnce(candidates).map((candidate) =>
      quoteOf(gateway, candidate, call, tokens, !byokAsOurs && isByok(candidate)),
    )
  const quotes = quotesAt(inputTokens)
  const priced = quotes.every((quoted) => quoted !== undefined)
  const { settings } = gateway
  const bound: Demand = {
    fixed: dearest(quotes, ({ fixed }) => fixed),
    outputUnitPrice: dearest(quotes, ({ outputUnitPrice }) => outputUnitPrice),
    ...(caller.includeByokInLimit && candidates.some(isByok)
      ? { keyLimit: pricesOf(quotesAt(inputTokens, true)) }
      : {}),
    inputTokens,
    outputTokens: mostOutput(candidates, call),
    choices: call.choices,
    ...(call.outputLimit === undefined && !call.sound
      ? { fit: { share: ratio(settings.reservations.fitShare), atLeast: FIT_AT_LEAST } }
      : {}),
  }
  const likelyInput = Math.min(
    inputTokens,
    estimateFromBytes(call.bytes) + apartFromText(call) + soundTokens(candidates, call),
  )
  const demand = withinLimitsOf(gateway, chain, bound, likelyInput)
  const model = candidates[0]?.endpoint.model.id ?? ''
  const fixedFor = (tokens: number) => dearest(quotesAt(tokens), ({ fixed }) => fixed)
  const estimate = estimateFor(gateway, caller, call, { chain, demand, model, likelyInput, at, fixedFor })
  return { priced, demand: estimate ? { ...demand, estimate } : demand }
}

/** Two credentials of one owner at one endpoint cost the same. */
function alikeOnce(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate, index) => {
    const before = candidates[index - 1]
    return !before || before.endpoint !== candidate.endpoint || isByok(before) !== isByok(candidate)
  })
}

const dearest = (quotes: readonly (Quote | undefined)[], part: (quoted: Quote) => Ratio): Ratio =>
  quotes.reduce((most, quoted) => (quoted ? max(most, part(quoted)) : most), ZERO)

const pricesOf = (quotes: readonly (Quote | undefined)[]): Prices => ({
  fixed: dearest(quotes, ({ fixed }) => fixed),
  outputUnitPrice: dearest(quotes, ({ outputUnitPrice }) => outputUnitPrice),
})

const mostOutput = (candidates: readonly Candidate[], call: Call): number =>
  Math.max(...candidates.map((candidate) => outputOf(candidate, call)))

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

function outputOf({ endpoint: { model }, card }: Candidate, { outputLimit, sound }: Call): number {
  if (sound && isByUnit(sound, card)) return 0
  if (sound?.kind === 'speech') return Math.min(model.maxOutputTokens, sound.mostTokens)
  if (outputLimit === undefined) return model.maxOutputTokens
  return model.maxOutputIsDefault ? outputLimit : Math.min(outputLimit, model.maxOutputTokens)
}

/** Where any endpoint counts what it heard in tokens. */
const soundTokens = (candidates: readonly Candidate[], { sound }: Call): number =>
  candidates.some(({ card }) => !sound || !isByUnit(sound, card)) ? mostInputTokens(sound) : 0

/** No byte-level tokenizer makes more tokens than bytes, and the JSON around a text is longer than the tokens around it. */
const inputBound = (candidates: readonly Candidate[], call: Call): number => {
  const bound = call.bytes + apartFromText(call) + soundTokens(candidates, call)
  return Math.min(bound, Math.max(...candidates.map(({ endpoint }) => endpoint.model.contextLength)))
}

const apartFromText = ({ images, audios, files }: Call): number =>
  OVERHEAD_TOKENS + images * IMAGE_TOKENS + (audios + files) * FILE_TOKENS

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
          ...(call.audios > 0 || call.sound?.kind === 'recording' ? (['input_audio'] as const) : []),
        ],
        usesCaching: call.usesCaching,
        oneHourWrites: call.oneHourWrites,
        outputTokens: outputOf({ endpoint, card, asSpelled: '' }, call),
        choices: call.choices,
        outputMedia: call.sound?.kind === 'speech' ? ['output_audio'] : call.outputMedia,
        ...(call.serviceTier === undefined ? {} : { serviceTier: call.serviceTier }),
        ...(call.inferenceGeo === undefined ? {} : { inferenceGeo: call.inferenceGeo }),
        units: unitsOf(call),
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

function contextOf(caller: Caller, call: Call, candidates: readonly Candidate[], demand: Demand): string {
  const [first] = candidates
  return JSON.stringify({
    model: first?.endpoint.model.id ?? '',
    provider: first?.endpoint.provider.key ?? '',
    providerName: first?.endpoint.provider.name ?? '',
    rateCardId: first?.card?.id ?? null,
    inputTokens: Math.min(estimateFromBytes(call.bytes), demand.inputTokens),
    outputLimit: demand.outputTokens * demand.choices,
    stream: call.stream,
    ...(call.sound ? { usageType: usageTypeOf(call.api), units: heldUnits(call.sound, first) } : {}),
    context: caller.accountId === null ? 'system' : 'customer',
    ...(first && isByok(first) ? { byok: caller.includeByokInLimit ? 'counted' : 'apart' } : {}),
    ...idempotencyOf(caller, call),
  } satisfies ReservationContext)
}

/** What is known beforehand, of the meters that the card prices. */
function heldUnits(sound: Sound, first: Candidate | undefined): Record<string, string> {
  const quantity = sound.kind === 'speech' ? whole(BigInt(sound.characters)) : sound.length.seconds
  return isByUnit(sound, first?.card) ? { [unitOf(sound)]: exactText(quantity) } : {}
}

/** Once per principal and key, whatever ends the call. */
export const idempotencyOf = ({ principal }: Caller, { idempotency }: Call): { idempotency?: Idempotency } =>
  idempotency ? { idempotency: { principal, operation: 'generation', ...idempotency } } : {}

/** The ledger's refusal as the error that the dialects word. */
function refused({ settings }: Gateway, refusal: Refusal, at: number) {
  const { code, details } = refusal
  if (!(code in errors)) throw new Error(`the ledger refused with ${code}`)
  if (isBudgetRefusal(refusal)) return budgetRefused(refusal, at, settings.limits)
  if (code === 'insufficient_credits') {
    const more = allRefusals(refusal)
    return refuse(code, undefined, {
      reason: { kind: 'credits', ...shortfall(details) },
      ...(more ? { details: more } : {}),
    })
  }
  if (code === 'idempotency_in_progress') return refuse(code, undefined, { retryAfterMs: 1_000 })
  if (code === 'generation_already_settled')
    return refuse(code, undefined, { details: { generationId: generationId(String(details.generationId)) } })
  return refuse(code as 'account_frozen')
}
