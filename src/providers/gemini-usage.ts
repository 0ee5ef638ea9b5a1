/**
 * The usage of a Gemini reply as the metering reads it: Google's own block, with what Google tells elsewhere in the
 * reply beside it: which service tier was served, how many searches are billed, and whether there is output that the
 * block does not count yet.
 */
import { PROMPT_ALONE } from '../core/accumulate-usage.ts'
import type { Headers } from './http-exchange.ts'
import { type Fields, isFields, someText } from './json-fields.ts'

export type GeminiUsage = {
  /** Takes what an event or a reply says. Counts are cumulative over a stream: the last of each holds. */
  note(usageMetadata: unknown, webSearches: number): void
  /** The block; undefined where none came. Of an answer without output, counts of the prompt are all there is to tell. */
  block(hasOutput: boolean): Fields | undefined
  /** Whether counts came since the block was last asked for. */
  readonly isNews: boolean
  /** In OpenAI's words; undefined: not told. */
  serviceTier(): string | undefined
}

export function createGeminiUsage(headers: Headers): GeminiUsage {
  let counts: Fields | undefined
  let searches = 0
  let news = false
  const tierNow = () => servedTier(headers, counts ?? {})
  return {
    note(usageMetadata, webSearches) {
      if (isFields(usageMetadata)) {
        counts = { ...counts, ...present(usageMetadata) }
        news = true
      }
      searches = Math.max(searches, webSearches)
    },
    get isNews() {
      return news
    },
    block(hasOutput) {
      if (counts === undefined) return undefined
      news = false
      const tier = tierNow()
      const countsOutput = OUTPUT_COUNTS.some((name) => counts?.[name] !== undefined)
      return {
        ...counts,
        ...(hasOutput && !countsOutput ? { [PROMPT_ALONE]: true } : {}),
        ...(tier === undefined ? {} : { serviceTier: tier }),
        ...(searches > 0 ? { billedSearchCount: searches } : {}),
      }
    },
    serviceTier() {
      const tier = tierNow()
      return tier === 'standard' ? 'default' : tier
    },
  }
}

const OUTPUT_COUNTS = ['candidatesTokenCount', 'responseTokenCount', 'thoughtsTokenCount']

const present = (block: Fields): Fields =>
  Object.fromEntries(Object.entries(block).filter(([, value]) => value !== null))

/** The Gemini API says it in a header and in the block; Vertex by the kind of traffic. */
function servedTier(headers: Headers, counts: Fields): string | undefined {
  const stated =
    someText(headers['x-gemini-service-tier']) ?? someText(counts.serviceTier) ?? ofTraffic(counts.trafficType)
  const tier = stated?.toLowerCase().replace(/^service_tier_/, '')
  return tier === 'unspecified' ? undefined : tier
}

/** `ON_DEMAND_PRIORITY` → `PRIORITY` */
function ofTraffic(traffic: unknown): string | undefined {
  if (typeof traffic !== 'string' || traffic === 'TRAFFIC_TYPE_UNSPECIFIED') return undefined
  return traffic === 'ON_DEMAND' ? 'standard' : someText(traffic.replace(/^ON_DEMAND_/, ''))
}
