/** The `usage` object of a message as JSON text, told as rightly or wrongly as the row tells it to chat. */
import { type Counts, type UsageWriter, usageBlocks } from './usage-blocks.ts'

/** Parts that the wire tells at different times: what was read when the answer begins, the whole when it ends. */
export type MessageUsage = { readonly atStart: string; readonly whole: string }

export function messageUsage(counts: Counts, row: UsageWriter | undefined, searches: number): MessageUsage {
  const write = (row && WRITERS.get(row)) ?? plain
  const whole = withSearches(write(counts), searches)
  return { atStart: write({ ...counts, completion: 1, reasoning: 0 }), whole }
}

const plain: UsageWriter = (counts) => block(counts)

const threeQuarters = (count: number): number => Math.floor((count * 3) / 4)

/** The same tales as {@link usageBlocks} has; a row without one here tells its counts plainly. */
const WRITERS: ReadonlyMap<UsageWriter, UsageWriter> = new Map<UsageWriter, UsageWriter>([
  [usageBlocks.cacheHit, (counts) => block(counts, { cache_read_input_tokens: threeQuarters(counts.prompt) })],
  [usageBlocks.cacheWrite, (counts) => block(counts, { cache_creation_input_tokens: threeQuarters(counts.prompt) })],
  [usageBlocks.cacheWriteHour, (counts) => block(counts, { hour: threeQuarters(counts.prompt) })],
  [usageBlocks.exact, () => block({ prompt: 175, completion: 80, reasoning: 0 }, { cache_read_input_tokens: 161 })],
  [usageBlocks.zero, () => block({ prompt: 0, completion: 0, reasoning: 0 })],
  [
    usageBlocks.negative,
    ({ prompt, completion }) => block({ prompt: -prompt, completion: -completion, reasoning: -1 }),
  ],
  [usageBlocks.notNumbers, () => '{"input_tokens":"NaN","output_tokens":1e400,"cache_read_input_tokens":[]}'],
  [usageBlocks.strings, ({ prompt, completion }) => `{"input_tokens":"${prompt}","output_tokens":"${completion}"}`],
  [usageBlocks.fractions, ({ prompt, completion }) => `{"input_tokens":${prompt}.5,"output_tokens":${completion}.5}`],
  [usageBlocks.huge, () => block({ prompt: 1e15, completion: 1e15, reasoning: 0 })],
  [usageBlocks.inconsistent, (counts) => block({ ...counts, reasoning: counts.completion + 1000 })],
])

type CacheCounts = {
  readonly cache_read_input_tokens?: number
  readonly cache_creation_input_tokens?: number
  /** Written for an hour. */
  readonly hour?: number
}

/** What was cached is not in `input_tokens` here. */
function block({ prompt, completion, reasoning }: Counts, cached: CacheCounts = {}): string {
  const { cache_read_input_tokens: read = 0, cache_creation_input_tokens: short = 0, hour = 0 } = cached
  const written = short + hour
  return JSON.stringify({
    input_tokens: prompt - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: hour },
    output_tokens: completion,
    output_tokens_details: { thinking_tokens: reasoning },
    server_tool_use: null,
    service_tier: 'standard',
  })
}

const withSearches = (usage: string, searches: number): string =>
  searches === 0
    ? usage
    : usage.replace('"server_tool_use":null', `"server_tool_use":{"web_search_requests":${searches}}`)
