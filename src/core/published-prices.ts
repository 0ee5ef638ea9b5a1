/** A rate card as model lists show it: USD per unit for OpenRouter's clients, USD per million for the credits API. */
import type { Meter } from '../contract/meters.ts'
import { decimalText, multiply, type Ratio, whole } from '../lib/ratio.ts'
import { type CompiledCard, type CompiledLine, compileCard, type RateCard, rateFor } from './rate-card.ts'

/** Decimal texts. */
type Prices = Readonly<Record<string, string>>

/** `prompt` and `completion` always, any other rate where the card has it; long prompts and hours of the day as overrides. */
export type OpenrouterPricing = Readonly<
  Record<string, string | readonly Readonly<Record<string, string | number>>[]>
> & {
  readonly prompt: string
  readonly completion: string
  readonly overrides?: readonly Readonly<Record<string, string | number>>[]
}

const KEYS: readonly (readonly [key: string, meter: Meter])[] = [
  ['prompt', 'input'],
  ['completion', 'output'],
  ['request', 'request'],
  ['image_token', 'input_image'],
  ['image_output', 'output_image'],
  ['audio', 'input_audio'],
  ['audio_output', 'output_audio'],
  ['input_audio_cache', 'cache_read_audio'],
  ['web_search', 'web_search'],
  ['internal_reasoning', 'output_reasoning'],
  ['input_cache_read', 'cache_read'],
  ['input_cache_write', 'cache_write'],
  ['input_cache_write', 'cache_write_5m'],
  ['input_cache_write_1h', 'cache_write_1h'],
]

/** `windowed`: the cards that take this one's place at some hours. */
export function openrouterPricing(card: RateCard, windowed: readonly RateCard[] = []): OpenrouterPricing {
  const compiled = compileCard(card)
  const overrides = [...tierOverrides(compiled), ...windowed.flatMap(windowOverrides)]
  const prices = { prompt: '0', completion: '0', ...pricesAt(compiled, 0n) }
  return overrides.length === 0 ? prices : { ...prices, overrides }
}

const SECONDS_PER_MINUTE = 60n
const MILLION = 1_000_000n

export type PerMillion = {
  readonly inputPerMillion?: string
  readonly outputPerMillion?: string
  readonly cachedInputPerMillion?: string
  readonly audioPerMinute?: string
  readonly charactersPerMillion?: string
}

/** The standard rates, what does not exist left out; cached input falls back to the rate that it is billed at. */
export function perMillion(card: RateCard): PerMillion {
  const compiled = compileCard(card)
  const entry = (key: keyof PerMillion, meter: Meter, count: bigint): PerMillion => {
    const rate = rateFor(compiled, meter, { inputTotal: 0n })?.line.rate
    return rate ? { [key]: decimalText(multiply(rate, whole(count))) } : {}
  }
  return {
    ...entry('inputPerMillion', 'input', MILLION),
    ...entry('outputPerMillion', 'output', MILLION),
    ...entry('cachedInputPerMillion', 'cache_read', MILLION),
    ...entry('audioPerMinute', 'audio_seconds', SECONDS_PER_MINUTE),
    ...entry('charactersPerMillion', 'characters', MILLION),
  }
}

/** The lines of exactly one threshold, none of those below it: the others are inherited. */
function pricesAt(card: CompiledCard, floor: bigint): Prices {
  const prices: Record<string, string> = {}
  for (const [key, meter] of KEYS) {
    const line = card.lines.get(meter)?.find((candidate) => isPublic(candidate) && candidate.floor === floor)
    if (line && prices[key] === undefined) prices[key] = perUnit(line.rate)
  }
  return prices
}

const isPublic = (line: CompiledLine): boolean => line.serviceTier === 'standard' && !line.marginal

/** Fifteen decimals would lose digits of prices per token. */
const perUnit = (rate: Ratio): string => decimalText(rate, 24)

/** OpenRouter's thresholds hold strictly above, the lower ones first, since later entries win. */
function tierOverrides(card: CompiledCard): Readonly<Record<string, string | number>>[] {
  const floors = new Set(
    [...card.lines.values()]
      .flat()
      .filter(isPublic)
      .map(({ floor }) => floor),
  )
  return [...floors]
    .filter((floor) => floor > 0n)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((floor) => ({ min_prompt_tokens: Number(floor) - 1, ...pricesAt(card, floor) }))
}

function windowOverrides(card: RateCard): Readonly<Record<string, string>>[] {
  const prices = pricesAt(compileCard(card), 0n)
  return (card.windows ?? [])
    .filter(({ zone = 'UTC' }) => zone === 'UTC')
    .map(({ from, to }) => ({ utc_start: from.replace(':', ''), utc_end: to.replace(':', ''), ...prices }))
}
