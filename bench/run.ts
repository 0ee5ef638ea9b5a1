/**
 * `npm run bench`: every row that was asked for, on every target in turn (A B C A B C …), as medians over the rounds
 * and compared pair by pair, since absolute figures do not travel between machines. Prints tables, writes
 * .bench/results.json.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServingChild } from './child.ts'
import { createHarness, type Harness } from './harness.ts'
import { benchLedger } from './ledger.ts'
import { type Line, linesOf, type Rounds, table } from './report.ts'
import { benchReports } from './reports.ts'
import type { Row } from './row.ts'
import { credits } from './rows/credits.ts'
import { json } from './rows/json.ts'
import { lastMessage } from './rows/last-message.ts'
import { ledgerTable } from './rows/ledger.ts'
import { hostilePrompt, largePrompt } from './rows/long-prompt.ts'
import { openStreams } from './rows/open-streams.ts'
import { reportsTable } from './rows/reports.ts'
import { stream } from './rows/stream.ts'
import { startTarget, type Target, type TargetName, targetNames } from './targets.ts'

const rows: readonly Row[] = [json, stream, lastMessage, largePrompt, hostilePrompt, openStreams, credits]
/** The rows that need no call: the store alone. */
const ledgerRow = 'ledger'
const reportsRow = 'reports'
const options = readOptions()
// What was started ends with this process, if it gets to its exit handlers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await main()

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [...rows.map((row) => row.name), ledgerRow, reportsRow] },
      targets: { type: 'string', default: targetNames.join(',') },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      postgres: { type: 'boolean', default: false },
      records: { type: 'string' },
    },
  })
  const wanted = values.targets.split(',')
  refuseUnknown('--targets', wanted, targetNames)
  const names = [...rows.map((row) => row.name), ledgerRow, reportsRow]
  refuseUnknown('--only', values.only, names)
  const targets = targetNames.filter((name) => wanted.includes(name))
  const chosen = rows.filter((row) => values.only.includes(row.name))
  const times = values.quick ? { measureMs: 700, warmUpMs: 300 } : { measureMs: 3000, warmUpMs: 1000 }
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
  const { quick, postgres } = values
  const records = Number(values.records ?? (quick ? 50_000 : postgres ? 200_000 : 1_000_000))
  const ledger = { records, rounds, pairs: quick ? 2_000 : 6_000, postgres }
  const reports = { records, times: quick ? 20 : 100, postgres }
  return {
    ...{ rows: chosen, targets, rounds, times, quick, postgres },
    ledger: values.only.includes(ledgerRow) && ledger,
    reports: values.only.includes(reportsRow) && reports,
  }
}

function refuseUnknown(option: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`${option} ${unknown.join(', ')}: known are ${known.join(', ')}`)
}

async function main(): Promise<void> {
  const machine = {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? '',
    node: process.version,
    loadBefore: loadavg(),
  }
  const accounting = new Map<TargetName, string>()
  const lines = options.rows.length > 0 ? await runRows(accounting) : []
  const ledger = options.ledger ? await benchLedger(options.ledger) : undefined
  if (ledger) console.log(ledgerTable(ledger))
  const reports = options.reports ? await benchReports(options.reports) : undefined
  if (reports) console.log(reportsTable(reports))
  const about = { ...machine, loadAfter: loadavg(), rounds: options.rounds, ...options.times, quick: options.quick }
  console.log(heading(about, accounting))
  await save({
    ...about,
    accounting: Object.fromEntries(accounting),
    lines,
    ...(ledger && { ledger }),
    ...(reports && { reports }),
  })
}

async function runRows(accounting: Map<TargetName, string>): Promise<Line[]> {
  const mock = await startServingChild('mock-upstream.ts')
  const harness = createHarness(mock, options.times)
  const lines: Line[] = []
  try {
    for (const row of options.rows) {
      const names = options.targets.filter(
        (name) => !(row.withoutDirect && name === 'direct') && (row.only ?? name) === name,
      )
      if (names.length === 0) continue
      const found = linesOf(row, await runRow(row, names, harness, mock.port, accounting))
      console.log(table(row, found))
      lines.push(...found)
    }
    return lines
  } finally {
    await harness.stop()
    await mock.stop()
  }
}

async function runRow(
  row: Row,
  names: TargetName[],
  harness: Harness,
  upstreamPort: number,
  accounting: Map<TargetName, string>,
): Promise<Rounds> {
  await harness.setMock(row.mock)
  const start = async (name: TargetName) => {
    const target = await startTarget(name, { upstreamPort, postgres: options.postgres })
    accounting.set(name, target.accounting)
    return target
  }
  const running = new Map<TargetName, Target>()
  const rounds: Rounds = new Map(names.map((name) => [name, []]))
  try {
    if (!row.fresh) for (const name of names) running.set(name, await start(name))
    const slowest = running.get(names.at(-1) ?? 'direct')
    const calibrated = row.calibrate && slowest ? await row.calibrate(harness, slowest) : 0
    for (let round = 0; round < options.rounds; round += 1) {
      for (const name of names) {
        process.stderr.write(`${row.name}: round ${round + 1} of ${options.rounds}, ${name}\n`)
        const kept = running.get(name)
        const target = kept ?? (await start(name))
        try {
          rounds.get(name)?.push(whole(row, await row.measure(harness, target, calibrated)))
        } finally {
          if (!kept) await target.stop()
        }
      }
    }
    return rounds
  } finally {
    for (const target of running.values()) await target.stop()
  }
}

function whole(row: Row, found: Record<string, number>): Record<string, number> {
  for (const { key } of row.metrics) if (!Number.isFinite(found[key])) throw new Error(`${row.name} measured no ${key}`)
  return found
}

type About = {
  cores: number
  processor: string
  node: string
  loadBefore: number[]
  loadAfter: number[]
  rounds: number
  measureMs: number
  quick: boolean
}

function heading(about: About, accounting: Map<TargetName, string>): string {
  const load = (values: number[]) => values.map((value) => value.toFixed(2)).join(' ')
  return [
    `${about.cores} cores (${about.processor}) shared by mock, load and gateway; Node ${about.node}; loopback only.`,
    `Load average before: ${load(about.loadBefore)}; after: ${load(about.loadAfter)}.`,
    `${about.rounds} rounds, targets in turn, ${about.measureMs} ms a measurement after a warm-up that is thrown away; noise is min–max.`,
    ...[...accounting].map(([name, how]) => `${name}: accounting ${how}.`),
    ...(about.quick ? ['A quick run: to see that it works, not to be quoted.'] : []),
  ].join('\n')
}

async function save(results: object): Promise<void> {
  const folder = fileURLToPath(new URL('../.bench/', import.meta.url))
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}results.json`, `${JSON.stringify(results, null, 2)}\n`)
}
