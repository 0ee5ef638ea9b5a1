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
  const body = reports.map(({ name, summary, cpuMs }) => [name, ms(summary.p50), ms(summary.p95), ms(cpuMs)])
  const rows = [['report', 'p50 ms', 'p95 ms', 'processor ms'], ['---', '---', '---', '---'], ...body].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  const count = records.toLocaleString('en')
  return [
    `### Reports and exports on ${engine} (\`reports\`)`,
    `${count} usage records over a year: 20 models, 5 providers, 200 API keys, 1,000 accounts, 5,000 end users; the best of three rounds; filled in ${fillSeconds.toFixed(0)} s, folded in ${foldSeconds.toFixed(0)} s.`,
    rows.join('\n'),
    `CSV of all calls: ${Math.round(csv.rowsPerSecond).toLocaleString('en')} rows/s, ${csv.mb.toFixed(0)} MB, at most ${csv.heapMb.toFixed(0)} MB of heap more than before.`,
    'Aim: any report ≤ 50 ms, CSV ≥ 100,000 rows/s in constant memory.\n',
  ].join('\n\n')
}
