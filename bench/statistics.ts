/** Numbers that keep every measurement until they are asked for a percentile. */
export type Samples = { add(value: number): void; summary(): Summary }
export type Summary = { count: number; p50: number; p90: number; p95: number; p99: number; max: number }

/** Beyond `capacity` values are not kept: the load stops there too. */
export function createSamples(capacity: number): Samples {
  const values = new Float64Array(capacity)
  let count = 0
  return {
    add(value) {
      if (count === capacity || Number.isNaN(value)) return
      values[count] = value
      count += 1
    },
    summary() {
      const sorted = values.slice(0, count).sort()
      const at = (share: number) => sorted[Math.min(count - 1, Math.ceil(share * count) - 1)] ?? Number.NaN
      return { count, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1) }
    },
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
