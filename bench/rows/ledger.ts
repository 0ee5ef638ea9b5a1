/** The ledger's row as a table, and what is aimed at. */
import type { LedgerResult, Round } from '../ledger.ts'
import { median } from '../statistics.ts'

const aims = {
  sqlite: 'pairs/s ≥ 6,000, ÷ by hand ≥ 0.6',
  postgres: 'pairs/s ≥ 2,000, ÷ by hand ≥ 0.6',
}
const columns: readonly [head: string, key: keyof Round, digits: number][] = [
  ['pairs/s', 'pairsPerSecond', 0],
  ['by hand', 'byHandPerSecond', 0],
  ['÷ by hand', 'share', 2],
  ['a pair, p50 ms', 'p50', 2],
  ['p99 ms', 'p99', 2],
  ['commands a transaction', 'commandsPerBatch', 0],
]

export function ledgerTable(result: LedgerResult): string {
  const head = ['callers', 'accounts', 'nodes', ...columns.map(([name]) => name)]
  const body = result.cases.map(({ callers, accounts, nodes, rounds }) => [
    `${callers}`,
    `${accounts}`,
    `${nodes}`,
    ...columns.map(([, key, digits]) =>
      spread(
        rounds.map((round) => round[key]),
        digits,
      ),
    ),
  ])
  const rows = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`)
  return `### Ledger on ${result.engine} (\`ledger\`), reserve + settle\n\n${about(result)}\n\n${rows.join('\n')}\n\nAim: ${aims[result.engine]}.\n`
}

function about({ records, fillSeconds, bytesPerRecord, flushMs, budget }: LedgerResult): string {
  const { reserve, settle } = budget
  return [
    `${records.toLocaleString('en')} usage records with their transactions (filled in ${fillSeconds.toFixed(0)} s, ${Math.round(bytesPerRecord)} B a record with its indexes); 4 KB are on disk in ${flushMs.toFixed(2)} ms.`,
    `A reservation writes ${reserve.rows} rows (${reserve.bytes} B; at most 3), a settle ${settle.rows} rows (${settle.bytes} B with index entries; at most 8 and 1,024).`,
  ].join('\n')
}

function spread(values: readonly number[], digits: number): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`
}
