/** A part's own bars over time, as small as a word. What it shows is in the table of the bars. */
import type { UsageReport } from '@turnpike/sdk'
import { groupValue } from './group-names.ts'
import { amountOf } from './metrics.ts'
import type { Grouping, Metric } from './search.ts'

const WIDTH = 96
const HEIGHT = 20

export function Sparkline({ amounts }: { readonly amounts: readonly number[] }) {
  const most = Math.max(...amounts, 0)
  if (most === 0) return null
  const step = WIDTH / amounts.length
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden fill="currentColor" style={{ display: 'block' }}>
      {amounts.map((amount, index) => {
        const height = (amount / most) * HEIGHT
        // biome-ignore lint/suspicious/noArrayIndexKey: its place in time is all that it is.
        return <rect key={index} x={index * step} y={HEIGHT - height} width={Math.max(1, step - 1)} height={height} />
      })}
    </svg>
  )
}

/** Heights of all parts, at the same times. */
export function trendsOf({ buckets }: UsageReport, by: Grouping, metric: Metric): Map<string, number[]> {
  const times = [...new Set(buckets.map(({ start }) => start))]
  const places = new Map(times.map((time, index) => [time, index]))
  const trends = new Map<string, number[]>()
  for (const bucket of buckets) {
    const value = groupValue(bucket.key, by)
    const trend = trends.get(value) ?? times.map(() => 0)
    trends.set(value, trend)
    trend[places.get(bucket.start) ?? 0] = Number(amountOf(metric, bucket))
  }
  return trends
}
