/** The rows of reports and exports as a table, and what is aimed at. */
import type { ReportsResult } from '../reports.ts'

export function reportsTable({
  engine,
  records,
  fillSeconds,
  foldSeconds,
  reports,
  export: csv,
}: ReportsResult): string {
  const ms = (value: number) => value.toFixed(1)
  const body = reports.map(({ name, summary }) => [name, ms(summary.p50), ms(summary.p95), ms(summary.p99)])
  const rows = [['report', 'p50 ms', 'p95 ms', 'p99 ms'], ['---', '---', '---', '---'], ...body].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  const count = records.toLocaleString('en')
  return [
    `### Reports and exports on ${engine} (\`reports\`)`,
    `${count} usage records over 30 days, 200 API keys, 5 models; filled in ${fillSeconds.toFixed(0)} s, folded in ${foldSeconds.toFixed(0)} s.`,
    rows.join('\n'),
    `CSV of all calls: ${Math.round(csv.rowsPerSecond).toLocaleString('en')} rows/s, ${csv.mb.toFixed(0)} MB, at most ${csv.heapMb.toFixed(0)} MB of heap more than before.`,
    'Aim: any report ≤ 50 ms, CSV ≥ 100,000 rows/s in constant memory.\n',
  ].join('\n\n')
}
