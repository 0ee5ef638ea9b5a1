/** A part's own bars over time, as small as a word. What it shows is in the table of the bars. */
import type { UsageReport } from '@turnpike/sdk'
import { now } from './clock.ts'
import { groupValue } from './group-names.ts'
import { amountOf } from './metrics.ts'
import type { Grouping, Metric } from './search.ts'
import { columnsOf } from './stack.ts'

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

/** Heights of all parts, at all times of the report. */
export function trendsOf(report: UsageReport, by: Grouping, metric: Metric): (value: string) => number[] {
  const columns = columnsOf(report, (bucket) => [[groupValue(bucket.key, by), amountOf(metric, bucket)]], now())
  return (value) => columns.map(({ exact }) => Number(exact[value] ?? '0'))
}
