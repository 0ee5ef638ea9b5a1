/** The tables: medians with their noise, and each target against the bare proxy, pair by pair. */
import type { Metric, Row } from './row.ts'
import { median } from './statistics.ts'
import type { TargetName } from './targets.ts'

/** By target, one entry per round, in order: the n-th of each were measured next to each other. */
export type Rounds = Map<TargetName, Record<string, number>[]>

export type Line = {
  row: string
  metric: string
  unit: string
  target: TargetName
  median: number
  min: number
  max: number
  aim: string
} & (
  | { against: 'nothing' }
  | { against: 'share' | 'added'; compared: number; comparedMin: number; comparedMax: number }
)

export function linesOf(row: Row, rounds: Rounds): Line[] {
  return row.metrics.flatMap((metric) => [...rounds.keys()].map((target) => lineOf(row, metric, target, rounds)))
}

function lineOf(row: Row, metric: Metric, target: TargetName, rounds: Rounds): Line {
  const read = (name: TargetName) => (rounds.get(name) ?? []).map((round) => round[metric.key] ?? Number.NaN)
  const values = read(target)
  const bare = read('bare')
  const plain = {
    row: row.name,
    metric: metric.label,
    unit: metric.unit,
    target,
    ...spread(values),
    aim: target === 'turnpike' ? metric.aim : '',
  }
  if (metric.against === 'nothing' || target === 'bare' || bare.length === 0) return { ...plain, against: 'nothing' }
  const share = metric.against === 'share'
  const pairs = values.map((value, n) => (share ? value / (bare[n] ?? Number.NaN) : value - (bare[n] ?? Number.NaN)))
  const { median: compared, min: comparedMin, max: comparedMax } = spread(pairs)
  return { ...plain, against: metric.against, compared, comparedMin, comparedMax }
}

const spread = (values: number[]) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) })

export function table(row: Row, lines: readonly Line[]): string {
  const head = ['what', 'target', 'median (min–max)', 'against the bare proxy (min–max)', 'aim']
  const body = lines.map((line) => [line.metric, line.target, value(line), comparison(line), line.aim])
  const text = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `### ${row.title} (\`${row.name}\`)\n\nPayload: ${row.payload}.\n\n${text}\n`
}

const value = ({ median: middle, min, max, unit }: Line) => `${digits(middle)} ${unit} (${digits(min)}–${digits(max)})`

function comparison(line: Line): string {
  if (line.against === 'nothing') return ''
  const { compared, comparedMin, comparedMax } = line
  if (line.against === 'share') return `× ${compared.toFixed(2)} (${comparedMin.toFixed(2)}–${comparedMax.toFixed(2)})`
  return `${signed(compared)} ${line.unit} (${signed(comparedMin)} to ${signed(comparedMax)})`
}

const signed = (number: number) => `${number < 0 ? '−' : '+'}${digits(Math.abs(number))}`
const digits = (number: number) => (Math.abs(number) >= 100 ? Math.round(number).toString() : number.toPrecision(3))
