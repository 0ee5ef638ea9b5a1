/**
 * Which rate card holds at an instant, and which of its lines prices a meter. A card is plain data with decimal text;
 * it is compiled once (prices become ratios over one denominator) so that pricing a call parses nothing.
 */

import { type Meter, meterDefinition } from '../contract/meters.ts'
import { DAY_MS } from '../lib/clock.ts'
import { parseRatio, type Ratio } from '../lib/ratio.ts'

/** Plain data: it is stored, exported and compared as JSON. Instants are RFC 3339, intervals half open. */
export type RateCard = {
  readonly id: string
  /** `config`, `admin`, `sync:<name>`, `overlay`, or the shipped data's name and version: also its precedence, in that order. */
  readonly source: string
  readonly provider: string
  /** The row of the source that this card belongs to; a pattern may have led to it. */
  readonly model: string
  readonly currency: 'USD'
  /** When the vendor charges it. */
  readonly validFrom?: string
  readonly validTo?: string
  /** When we learnt of it. */
  readonly knownFrom?: string
  /** The card holds inside any of these hours alone, and wins there over its flat sibling. */
  readonly windows?: readonly DailyWindow[]
  readonly lines: readonly RateLine[]
  readonly multipliers?: readonly Multiplier[]
  /** Meters whose price was computed by us and not published by the vendor. */
  readonly derived?: readonly Meter[]
  /** `removed`: the source no longer has it; it still explains old usage. */
  readonly status?: 'active' | 'removed'
}

export type RateLine = {
  readonly meter: Meter
  /** USD per `per` units, decimal text. */
  readonly price: string
  readonly per: number
  /** Holds once the input of one inference, cache included, passes the threshold; for the whole request unless marginal. */
  readonly tier?: { readonly op: '>' | '>='; readonly threshold: number; readonly scope?: 'request' | 'marginal' }
  /** Absent: standard. */
  readonly serviceTier?: string
}

export type Multiplier = {
  /** All of these must hold: `inference_geo`, `service_tier`, `byok`. */
  readonly when: Readonly<Record<string, string>>
  readonly factor: string
  /** Absent: every token meter. */
  readonly meters?: readonly Meter[]
}

/** `from` ≤ time of day < `to` (`HH:MM`), across midnight if `to` is not later. A day is that on which the window opened. */
export type DailyWindow = {
  /** `UTC` (default) or a fixed offset such as `+08:00`. */
  readonly zone?: string
  /** 1 = Monday … 7 = Sunday; absent: every day. */
  readonly days?: readonly number[]
  readonly from: string
  readonly to: string
}

/**
 * The card for a call admitted at `at`, as known at `knownAt` (both ms since the epoch). The better source wins, then
 * the later knowledge, then the later start, then the card of the hour over the flat one.
 */
export function cardAt(cards: readonly RateCard[], at: number, knownAt = at): RateCard | undefined {
  let best: RateCard | undefined
  for (const card of cards) {
    if (holds(card, at, knownAt) && (best === undefined || outranks(card, best))) best = card
  }
  return best
}

/** A line with its price parsed: `rate` is USD per unit. */
export type CompiledLine = {
  readonly line: RateLine
  readonly rate: Ratio
  /** The smallest input of an inference at which the line holds. */
  readonly floor: bigint
  readonly serviceTier: string
  readonly marginal: boolean
}

export type CompiledMultiplier = { readonly multiplier: Multiplier; readonly factor: Ratio }

export type CompiledCard = {
  readonly card: RateCard
  readonly lines: ReadonlyMap<Meter, readonly CompiledLine[]>
  readonly multipliers: readonly CompiledMultiplier[]
}

/** What of a call decides between a card's lines. The service tier is the served one. */
export type RateContext = { readonly inputTotal: bigint; readonly serviceTier?: string }

/** A line for a meter, and whether it stands in for a line of the meter's own or of the served tier's own. */
export type Rate = { readonly line: CompiledLine; readonly parentRate: boolean; readonly standardRate: boolean }

/** The line that prices a meter, its own or an ancestor's; `undefined`: unpriced. Marginal lines are left to {@link marginalLines}. */
export function rateFor(card: CompiledCard, meter: Meter, context: RateContext): Rate | undefined {
  const serviceTier = standardTier(context.serviceTier)
  const definition = meterDefinition(meter)
  const own = bestLine(card.lines.get(meter), context.inputTotal, serviceTier)
  if (own) return { line: own, parentRate: false, standardRate: own.serviceTier !== serviceTier }
  for (const parent of definition.parents as readonly Meter[]) {
    const line = bestLine(card.lines.get(parent), context.inputTotal, serviceTier)
    if (!line) continue
    // Only the nearest ancestor is a silent one: a cached image at the plain input rate has lost its discount.
    const silent = definition.silentFallback === true && parent === definition.parents[0]
    return { line, parentRate: !silent, standardRate: line.serviceTier !== serviceTier }
  }
  return undefined
}

/** The crossed lines of a meter that charge the excess alone, lowest threshold first. */
export function marginalLines(card: CompiledCard, meter: Meter, context: RateContext): readonly CompiledLine[] {
  const lines = card.lines.get(meter)
  if (!lines?.some(({ marginal }) => marginal)) return []
  const serviceTier = standardTier(context.serviceTier)
  const crossed = lines.filter((line) => line.marginal && line.floor <= context.inputTotal && serves(line, serviceTier))
  return crossed
    .filter((line) => crossed.find(({ floor }) => floor === line.floor) === line)
    .sort((a, b) => (a.floor < b.floor ? -1 : 1))
}

/** OpenAI's `default`, Groq's `on_demand` and Anthropic's `standard` are one tier. */
export const standardTier = (served: string | undefined): string =>
  served === undefined || STANDARD.has(served) ? 'standard' : served

const STANDARD: ReadonlySet<string> = new Set(['', 'default', 'on_demand'])

const compiled = new WeakMap<RateCard, CompiledCard>()

/** Parses a card, once per object. Throws on a price that is no decimal or is negative: cards are validated where they enter. */
export function compileCard(card: RateCard): CompiledCard {
  const known = compiled.get(card)
  if (known) return known
  const parsed = card.lines.map((line) => ({ line, rate: lineRate(line) }))
  // One denominator for the whole card keeps sums of lines from growing theirs.
  const denominator = parsed.reduce((common, { rate }) => leastCommonMultiple(common, rate.d), 1n)
  const lines = new Map<Meter, CompiledLine[]>()
  for (const { line, rate } of parsed) {
    const list = lines.get(line.meter) ?? []
    list.push(compileLine(line, { n: rate.n * (denominator / rate.d), d: denominator }))
    lines.set(line.meter, list)
  }
  for (const list of lines.values()) list.sort(byPreference)
  const multipliers = (card.multipliers ?? []).map((multiplier) => ({ multiplier, factor: decimal(multiplier.factor) }))
  const result = { card, lines, multipliers }
  compiled.set(card, result)
  return result
}

const compileLine = (line: RateLine, rate: Ratio): CompiledLine => ({
  line,
  rate,
  floor: line.tier ? BigInt(line.tier.threshold) + (line.tier.op === '>' ? 1n : 0n) : 0n,
  serviceTier: standardTier(line.serviceTier),
  marginal: line.tier?.scope === 'marginal',
})

function lineRate(line: RateLine): Ratio {
  const price = decimal(line.price)
  return { n: price.n, d: price.d * BigInt(line.per) }
}

function decimal(text: string): Ratio {
  const value = parseRatio(text)
  if (!value || value.n < 0n) throw new Error(`not a price: ${text.slice(0, 60)}`)
  return value
}

/** Highest threshold first, compared as numbers; at one threshold a tier's own line before the standard one. */
function byPreference(a: CompiledLine, b: CompiledLine): number {
  if (a.floor !== b.floor) return a.floor > b.floor ? -1 : 1
  return Number(a.serviceTier === 'standard') - Number(b.serviceTier === 'standard')
}

const bestLine = (lines: readonly CompiledLine[] | undefined, inputTotal: bigint, serviceTier: string) =>
  lines?.find((line) => !line.marginal && line.floor <= inputTotal && serves(line, serviceTier))

const serves = (line: CompiledLine, serviceTier: string): boolean =>
  line.serviceTier === serviceTier || line.serviceTier === 'standard'

function holds(card: RateCard, at: number, knownAt: number): boolean {
  return (
    instant(card.validFrom, Number.NEGATIVE_INFINITY) <= at &&
    at < instant(card.validTo, Number.POSITIVE_INFINITY) &&
    instant(card.knownFrom, Number.NEGATIVE_INFINITY) <= knownAt &&
    (card.windows === undefined || card.windows.some((window) => isInside(window, at)))
  )
}

function outranks(a: RateCard, b: RateCard): boolean {
  const difference =
    sourceRank(a) - sourceRank(b) ||
    compareInstants(a.knownFrom, b.knownFrom) ||
    compareInstants(a.validFrom, b.validFrom) ||
    Number(a.windows !== undefined) - Number(b.windows !== undefined)
  return difference > 0
}

/** Shipped rows rank lowest, whatever their name. */
const PRECEDENCE = ['overlay', 'sync', 'admin', 'config']
const sourceRank = (card: RateCard): number => PRECEDENCE.indexOf(card.source.split(':', 1)[0] ?? '')

const instant = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : Date.parse(text)

function compareInstants(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  return instant(a, Number.NEGATIVE_INFINITY) > instant(b, Number.NEGATIVE_INFINITY) ? 1 : -1
}

const MINUTE_MS = 60_000
function isInside(window: DailyWindow, at: number): boolean {
  const local = at + offsetMinutes(window.zone) * MINUTE_MS
  const time = ((local % DAY_MS) + DAY_MS) % DAY_MS
  const from = timeOfDay(window.from)
  const to = timeOfDay(window.to)
  const overnight = to <= from
  if (overnight ? time < from && time >= to : time < from || time >= to) return false
  const opened = overnight && time < to ? local - DAY_MS : local
  return window.days === undefined || window.days.includes(weekday(opened))
}

/** The epoch began on a Thursday. */
const weekday = (local: number): number => ((((Math.floor(local / DAY_MS) + 3) % 7) + 7) % 7) + 1

function timeOfDay(text: string): number {
  const [hours, minutes] = text.split(':')
  return (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
}

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'UTC') return 0
  const match = /^([+-])([0-9]{2}):([0-9]{2})$/.exec(zone)
  if (!match) throw new Error(`not a fixed offset: ${zone.slice(0, 60)}`)
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return (a / x) * b
}
