/**
 * The usage of a Gemini reply as the metering reads it: Google's own block, with two facts beside it that Google tells
 * elsewhere in the reply: which service tier was served, and how many searches are billed.
 */
import type { Headers } from './http-exchange.ts'
import { type Fields, isFields, someText } from './json-fields.ts'

export type GeminiUsage = {
  /** Takes what an event or a reply says. Counts are cumulative over a stream: the last of each holds. */
  note(usageMetadata: unknown, webSearches: number): void
  /** The block; undefined where none came. */
  block(): Fields | undefined
  /** Whether the output has been counted yet: a stream may tell its prompt first, and of a cut one that is not enough. */
  countsOutput(): boolean
  /** In OpenAI's words; undefined: not told. */
  serviceTier(): string | undefined
}

export function createGeminiUsage(headers: Headers): GeminiUsage {
  let counts: Fields | undefined
  let searches = 0
  const tierNow = () => servedTier(headers, counts ?? {})
  return {
    note(usageMetadata, webSearches) {
      if (isFields(usageMetadata)) counts = { ...counts, ...present(usageMetadata) }
      searches = Math.max(searches, webSearches)
    },
    block() {
      if (counts === undefined) return undefined
      const tier = tierNow()
      return {
        ...counts,
        ...(tier === undefined ? {} : { serviceTier: tier }),
        ...(searches > 0 ? { billedSearchCount: searches } : {}),
      }
    },
    countsOutput: () => OUTPUT_COUNTS.some((name) => counts?.[name] !== undefined),
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
