/**
 * The most that a call can cost before it is made: every bound of its request at the dearest rate that the card may
 * apply to it, rounded up. What is reserved is this, so it must never be below the charge that follows.
 */
import type { Meter } from '../contract/meters.ts'
import { ceilToNanos, type Nanos, nanosRatio } from '../lib/money.ts'
import { add, compare, divide, floorDivide, max, multiply, type Ratio, subtract, whole, ZERO } from '../lib/ratio.ts'
import { factorFor, multipliersFor } from './multiplier.ts'
import type { Terms } from './price.ts'
import { type CompiledCard, compileCard, marginalLines, type RateCard, rateFor, standardTier } from './rate-card.ts'

/** Bounds, not guesses: each number is the most that the call can use. */
export type QuoteRequest = {
  /** Text, tool schemas, overhead and the caps of images and files together. */
  readonly inputTokens: number
  /** The model's window: no call has more input than this. */
  readonly contextLength?: number
  /** Kinds of parts in the request, whose own rates may be dearer than text. */
  readonly inputMedia?: readonly ('input_audio' | 'input_image' | 'input_video')[]
  readonly usesCaching?: boolean
  readonly oneHourWrites?: boolean
  /** The output limit of one choice; reasoning is inside. */
  readonly outputTokens: number
  /** A reasoning budget beside that limit. */
  readonly reasoningTokens?: number
  /** `n`; default 1. */
  readonly choices?: number
  readonly outputMedia?: readonly ('output_audio' | 'output_image' | 'output_video')[]
  /** As requested; `auto` may become any of the card's. */
  readonly serviceTier?: string
  readonly inferenceGeo?: string
  /** Searches, tool calls, seconds, characters, images, pages. */
  readonly units?: ReadonlyMap<Meter, Ratio>
}

/** Amounts are what the account would pay: markup and fees inside. */
export type Quote = {
  readonly priced: true
  /** All of it, rounded up: what is reserved. */
  readonly nanos: Nanos
  /** The prompt, the units and the fees alone, rounded up. */
  readonly inputNanos: Nanos
  /** The same, exact. */
  readonly fixed: Ratio
  /** USD for one more token of the output limit, in all choices. */
  readonly outputUnitPrice: Ratio
  readonly outputTokens: number
}

export type Unquoted = { readonly priced: false; readonly unpriced: readonly Meter[] }

/** The upper bound for one candidate; over several the dearest counts. The card is the one at admission, which prices the call. */
export function quote(request: QuoteRequest, card: RateCard, terms: Terms): Quote | Unquoted {
  const scope = scopeOf(request, compileCard(card), terms.byok === true)
  const input = scope.inputTotal > 0n ? dearest(inputMeters(request), scope) : ZERO
  const outputCount = request.outputTokens + (request.reasoningTokens ?? 0)
  const output = dearest(outputMeters(request), scope)
  const units = unitCost(request, scope)
  const unpriced: Meter[] = []
  if (input === undefined) unpriced.push('input')
  if (output === undefined && outputCount > 0) unpriced.push('output')
  // A card by the second or by the image need not know what a token costs.
  if (units === undefined && (unpriced.length > 0 || isEmpty(request, scope))) return { priced: false, unpriced }

  const share = terms.byok === true ? terms.byokShare : terms.chargeFactor
  const choices = whole(BigInt(request.choices ?? 1))
  const outputUnitPrice = multiply(multiply(output ?? ZERO, choices), share)
  const prompt = multiply(input ?? ZERO, whole(scope.inputTotal))
  const apart = multiply(outputUnitPrice, whole(BigInt(request.reasoningTokens ?? 0)))
  const charged = multiply(add(prompt, units ?? ZERO), share)
  return total(add(add(charged, apart), terms.routingFee), outputUnitPrice, request.outputTokens)
}

/** The same call with another output limit. */
export const withOutput = (quoted: Quote, outputTokens: number): Quote =>
  total(quoted.fixed, quoted.outputUnitPrice, outputTokens)

/** The largest output limit that an amount pays for beside the prompt and the fees; 0 where it does not even pay for those. */
export function affordableOutput(
  { fixed, outputUnitPrice }: Pick<Quote, 'fixed' | 'outputUnitPrice'>,
  availableNanos: bigint,
): number {
  const left = subtract(nanosRatio(availableNanos), fixed)
  if (left.n < 0n) return 0
  if (outputUnitPrice.n === 0n) return Number.MAX_SAFE_INTEGER
  const { n, d } = divide(left, outputUnitPrice)
  const tokens = floorDivide(n, d)
  return tokens > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(tokens)
}

function total(fixed: Ratio, outputUnitPrice: Ratio, outputTokens: number): Quote {
  const amount = add(fixed, multiply(outputUnitPrice, whole(BigInt(outputTokens))))
  return {
    priced: true,
    nanos: ceilToNanos(amount),
    inputNanos: ceilToNanos(fixed),
    fixed,
    outputUnitPrice,
    outputTokens,
  }
}

/** What of the card is within reach: the service tiers that may be served, and the inputs at which lines change. */
type Scope = {
  readonly card: CompiledCard
  readonly inputTotal: bigint
  readonly inputs: readonly bigint[]
  readonly serviceTiers: readonly string[]
  readonly inferenceGeo: string | undefined
  readonly byok: boolean
}

function scopeOf(request: QuoteRequest, card: CompiledCard, byok: boolean): Scope {
  const bound = Math.max(0, Math.min(request.inputTokens, request.contextLength ?? Number.POSITIVE_INFINITY))
  const inputTotal = BigInt(Math.ceil(bound))
  const lines = [...card.lines.values()].flat()
  const thresholds = lines.map(({ floor }) => floor).filter((floor) => floor > 0n && floor <= inputTotal)
  return {
    card,
    inputTotal,
    inputs: [0n, ...new Set(thresholds)],
    serviceTiers: tiersInReach(request.serviceTier, card),
    inferenceGeo: request.inferenceGeo,
    byok,
  }
}

/** A tier that was asked for may be served as standard; one that nobody named is standard. */
function tiersInReach(requested: string | undefined, card: CompiledCard): readonly string[] {
  const tier = standardTier(requested)
  if (tier !== 'auto') return tier === 'standard' ? [tier] : ['standard', tier]
  const own = [...card.lines.values()].flat().map(({ serviceTier }) => serviceTier)
  const multiplied = card.multipliers.map(({ multiplier }) => standardTier(multiplier.when.service_tier))
  return [...new Set(['standard', ...own, ...multiplied])]
}

/** Cached or written to a cache, a token of the prompt costs at most the dearest of these. */
function inputMeters(request: QuoteRequest): readonly Meter[] {
  const writes: Meter[] = request.usesCaching ? ['cache_write', 'cache_write_5m'] : []
  if (request.oneHourWrites) writes.push('cache_write_1h')
  return ['input', ...writes, ...(request.inputMedia ?? [])]
}

const outputMeters = (request: QuoteRequest): readonly Meter[] => [
  'output',
  'output_reasoning',
  ...(request.outputMedia ?? []),
]

/** Lines that may apply unasked: some vendors write to their cache by themselves, bill citations, or make images. */
const UNASKED: Readonly<Record<'input' | 'output', readonly Meter[]>> = {
  input: ['cache_read', 'cache_write'],
  output: ['output_citation', 'output_image'],
}

function dearest(meters: readonly Meter[], scope: Scope): Ratio | undefined {
  const side = meters[0] === 'input' ? 'input' : 'output'
  const all = [...meters, ...UNASKED[side].filter((meter) => scope.card.lines.has(meter))]
  let best: Ratio | undefined
  for (const meter of all) {
    const rate = dearestRate(meter, scope)
    if (rate !== undefined) best = best === undefined ? rate : max(best, rate)
  }
  return best
}

function dearestRate(meter: Meter, scope: Scope): Ratio | undefined {
  let best: Ratio | undefined
  for (const serviceTier of scope.serviceTiers) {
    const multipliers = multipliersFor(scope.card, { ...scope, serviceTier })
    for (const inputTotal of scope.inputs) {
      const rate = rateFor(scope.card, meter, { inputTotal, serviceTier })
      if (!rate) continue
      const excess = marginalLines(scope.card, rate.line.line.meter, { inputTotal, serviceTier })
      for (const line of [rate.line, ...excess]) {
        const factor = factorFor(meter, line, multipliers)
        const amount = factor ? multiply(line.rate, factor) : line.rate
        best = best === undefined ? amount : max(best, amount)
      }
    }
  }
  return best
}

/** Undefined: the card prices none of the units. A price per request is owed by every call. */
function unitCost(request: QuoteRequest, scope: Scope): Ratio | undefined {
  const units = new Map(request.units)
  if (scope.card.lines.has('request') && !units.has('request')) units.set('request', whole(1n))
  let cost: Ratio | undefined
  for (const [meter, quantity] of units) {
    if (compare(quantity, ZERO) <= 0) continue
    const rate = dearestRate(meter, scope)
    if (rate !== undefined) cost = add(cost ?? ZERO, multiply(rate, quantity))
  }
  return cost
}

/** Nothing but units was asked for: they alone decide whether the call has a price. */
const isEmpty = (request: QuoteRequest, scope: Scope): boolean =>
  scope.inputTotal === 0n && request.outputTokens === 0 && (request.units?.size ?? 0) > 0
