/**
 * Percentiles in constant memory: counts by size, each class a tenth wider than the one before, so that what is read
 * back is within a twentieth of what went in.
 */

export type Histogram = Uint32Array

export type Percentiles = { readonly p50: number; readonly p75: number; readonly p90: number; readonly p99: number }

const GROWTH = Math.log(1.1)
/** From a tenth to above a million: milliseconds to a quarter of an hour, and any number of tokens a second. */
const LEAST = 0.1
const CLASSES = 172

export const newHistogram = (): Histogram => new Uint32Array(CLASSES)

export function addTo(histogram: Histogram, value: number): void {
  const index = classOf(value)
  histogram[index] = (histogram[index] ?? 0) + 1
}

function classOf(value: number): number {
  if (!(value > LEAST)) return 0
  return Math.min(CLASSES - 1, Math.floor(Math.log(value / LEAST) / GROWTH))
}

/** Of all of them together; null: they hold nothing. */
export function percentilesOf(histograms: readonly Histogram[]): Percentiles | null {
  const sums = newHistogram()
  for (const histogram of histograms)
    for (const [index, count] of histogram.entries()) sums[index] = (sums[index] ?? 0) + count
  const total = sums.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  return {
    p50: percentile(sums, total * 0.5),
    p75: percentile(sums, total * 0.75),
    p90: percentile(sums, total * 0.9),
    p99: percentile(sums, total * 0.99),
  }
}

/** The middle of the class in which the value of that rank lies, to three digits. */
function percentile(sums: Histogram, rank: number): number {
  let seen = 0
  const index = sums.findIndex((count) => {
    seen += count
    return count > 0 && seen >= rank
  })
  return Number((LEAST * Math.exp((index + 0.5) * GROWTH)).toPrecision(3))
}
