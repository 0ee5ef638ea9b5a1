/** How long the answers of an API key by a model usually are: from the last settled calls, bounded, in memory alone. */
import { LRUCache } from 'lru-cache'

export type Estimates = {
  /** The 95th percentile of the output of one choice; undefined: too few calls to tell. */
  usualOutput(key: bigint | null, model: string): number | undefined
  settled(key: bigint | null, model: string, outputTokens: number): void
}

/** Pairs of key and model; those that call least lately are forgotten. */
const MOST_PAIRS = 10_000
/** Of each pair the latest calls. */
const CALLS = 100
const ENOUGH = 20

type Past = { readonly outputs: Uint32Array; count: number; p95: number | undefined }

export function createEstimates(): Estimates {
  const known = new LRUCache<string, Past>({ max: MOST_PAIRS })
  const nameOf = (key: bigint | null, model: string) => `${key ?? ''} ${model}`
  return {
    usualOutput(key, model) {
      const past = known.get(nameOf(key, model))
      if (!past || past.count < ENOUGH) return undefined
      past.p95 ??= percentile95(past)
      return past.p95
    },
    settled(key, model, outputTokens) {
      const name = nameOf(key, model)
      const past = known.get(name) ?? { outputs: new Uint32Array(CALLS), count: 0, p95: undefined }
      past.outputs[past.count % CALLS] = outputTokens
      past.count++
      past.p95 = undefined
      known.set(name, past)
    },
  }
}

/** The smallest output that 95 of 100 calls do not exceed. */
function percentile95({ outputs, count }: Past): number {
  const seen = outputs.slice(0, Math.min(count, CALLS)).sort()
  return seen[Math.ceil(seen.length * 0.95) - 1] ?? 0
}
