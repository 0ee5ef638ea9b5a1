/**
 * What a call used: whole counts by meter, one part per inference where a reply tells them apart. Every total that a
 * client, a report or a limit sees is a sum of these counts, made here.
 */
import type { Meter, NamedMeter } from '../contract/meters.ts'
import { meterDefinition } from '../contract/meters.ts'
import { add, exactText, type Ratio, ZERO } from '../lib/ratio.ts'

export type Usage = {
  readonly parts: readonly UsagePart[]
  readonly flags: readonly UsageFlag[]
  /** The tier the provider says it served; `default` reads as `standard`. */
  readonly serviceTier?: string
  readonly inferenceGeo?: string
  /** A cost stated by the upstream itself, USD, rounded to 15 decimals. */
  readonly reportedCost?: Ratio
}

/** Counts by meter; an absent meter is 0. Tokens are whole, seconds may have fractions. */
export type Counts = ReadonlyMap<Meter, Ratio>

/**
 * What one model's inference used. A reply that bills several models or several inferences has several parts; a part
 * without a model belongs to the model that was called.
 */
export type UsagePart = { readonly model?: string; readonly counts: Counts }

export type UsageFlag =
  | 'usage_string'
  | 'usage_invalid'
  | 'usage_negative'
  | 'usage_huge'
  | 'usage_implausible'
  | 'usage_inconsistent'
  | 'tier_ambiguous'

export type UsageTotals = {
  readonly input: number
  readonly output: number
  readonly total: number
  readonly cached: number
  readonly cacheWrite: number
  /** The 5 minute writes; those whose lifetime nobody stated are in `cacheWrite` alone. */
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Audio, image, video and text include what was cached; the four add up to `input`. */
  readonly inputAudio: number
  readonly inputImage: number
  readonly inputVideo: number
  readonly inputText: number
  readonly reasoning: number
  readonly outputAudio: number
  readonly outputImage: number
  readonly outputVideo: number
  readonly webSearches: number
  /** Calls of server tools other than web search. */
  readonly toolCalls: number
}

/** Sums over all parts. A count is at most 10^12, so that they are safe integers. */
export function totalsOf(usage: Usage): UsageTotals {
  const count = new Map<Meter, number>()
  const side = { input: 0, output: 0, other: 0 }
  let toolCalls = 0
  for (const part of usage.parts) {
    for (const [meter, { n, d }] of part.counts) {
      const value = d === 1n ? Number(n) : Number(n) / Number(d)
      count.set(meter, (count.get(meter) ?? 0) + value)
      side[meterDefinition(meter).side] += value
      if (meter.startsWith('tool_call:')) toolCalls += value
    }
  }
  const of = (...names: NamedMeter[]): number => names.reduce((total, name) => total + (count.get(name) ?? 0), 0)
  const inputAudio = of('input_audio', 'cache_read_audio')
  const inputImage = of('input_image', 'cache_read_image')
  const inputVideo = of('input_video')
  return {
    input: side.input,
    output: side.output,
    total: side.input + side.output,
    cached: of('cache_read', 'cache_read_audio', 'cache_read_image'),
    cacheWrite: of('cache_write', 'cache_write_5m', 'cache_write_1h'),
    cacheWrite5m: of('cache_write_5m'),
    cacheWrite1h: of('cache_write_1h'),
    inputAudio,
    inputImage,
    inputVideo,
    inputText: side.input - inputAudio - inputImage - inputVideo,
    reasoning: of('output_reasoning'),
    outputAudio: of('output_audio'),
    outputImage: of('output_image'),
    outputVideo: of('output_video'),
    webSearches: of('web_search'),
    toolCalls,
  }
}

/** As records keep it, as JSON: `meter`, or `model:meter` of a model other than the called one, over all its inferences. */
export function countsText({ parts }: Usage): string {
  const counts = new Map<string, Ratio>()
  for (const { model, counts: part } of parts)
    for (const [meter, quantity] of part) {
      if (quantity.n <= 0n) continue
      const name = model === undefined ? meter : `${model}:${meter}`
      counts.set(name, add(counts.get(name) ?? ZERO, quantity))
    }
  return JSON.stringify(Object.fromEntries([...counts].map(([name, quantity]) => [name, exactText(quantity)])))
}
