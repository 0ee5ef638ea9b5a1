/**
 * The ledger's own row: reservations and settles as fast as the store takes them, on a filled database, against the same
 * rows written by hand, in turn (A B A B …). What is compared is what the rules, the loading and the threads cost.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import type { Store } from '../src/store/store.ts'
import { createDatabase, startPostgres } from '../test/setup/postgres.ts'
import { type Budget, writeBudget } from './ledger-budget.ts'
import { type Batch, type LoopResult, loop } from './ledger-loop.ts'
import { makePairs, type Pair } from './ledger-pairs.ts'
import { fillPostgres } from './ledger-postgres.ts'
import { fillSqlite } from './ledger-sqlite.ts'
import { median } from './statistics.ts'

export type LedgerOptions = { records: number; rounds: number; pairs: number; postgres: boolean }

export type LedgerResult = {
  engine: 'sqlite' | 'postgres'
  records: number
  fillSeconds: number
  bytesPerRecord: number
  flushMs: number
  budget: Budget
  cases: Case[]
}
/** `nodes`: stores on one database, to which the callers turn in turn. */
export type Case = { callers: number; accounts: number; nodes: number; rounds: Round[] }
export type Round = {
  pairsPerSecond: number
  byHandPerSecond: number
  share: number
  p50: number
  p99: number
  commandsPerBatch: number
}

/** A filled database and its two ways to be written. */
export type Place = {
  open(): Promise<Store>
  bytes(): Promise<number>
  byHand(work: Work): Promise<number>
  /** Brings the files to the same state before either of the two. */
  tidy(): void
}
/** The first `warmUp` batches are not counted. */
export type Work = { pairs: readonly Pair[]; batches: readonly Batch[]; warmUp: number }

const loads = [
  { callers: 64, accounts: 1, nodes: 1 },
  { callers: 64, accounts: 20, nodes: 1 },
  { callers: 256, accounts: 1, nodes: 1 },
  { callers: 256, accounts: 20, nodes: 1 },
] as const
/** A hot account and many, from two nodes: SQLite has one. */
const shared = [
  { callers: 64, accounts: 1, nodes: 2 },
  { callers: 256, accounts: 20, nodes: 2 },
] as const

export async function benchLedger(options: LedgerOptions): Promise<LedgerResult> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-bench-ledger-'))
  const server = options.postgres ? await startPostgres() : undefined
  try {
    const start = systemClock.elapsed()
    const place = server
      ? await fillPostgres(await createDatabase(server.url), options.records)
      : await fillSqlite(join(folder, 'turnpike.db'), options.records)
    const about = {
      engine: options.postgres ? ('postgres' as const) : ('sqlite' as const),
      records: options.records,
      fillSeconds: (systemClock.elapsed() - start) / 1000,
      bytesPerRecord: (await place.bytes()) / options.records,
      flushMs: flushMs(folder),
      budget: await writeBudget(),
    }
    const cases: Case[] = [...loads, ...(options.postgres ? shared : [])].map((load) => ({ ...load, rounds: [] }))
    const store = await place.open()
    const second = options.postgres ? await place.open() : undefined
    const nodes = second ? [store, second] : [store]
    try {
      // A server runs for weeks: its code has been compiled long before.
      for (const { callers, accounts } of cases)
        await loop(store.post, makePairs(options.pairs, { ...from(store), accounts }), callers)
      for (let round = 0; round < options.rounds; round += 1)
        for (const one of cases) {
          process.stderr.write(
            `ledger: round ${round + 1} of ${options.rounds}, ${one.callers} callers, ${one.accounts} accounts, ${one.nodes} nodes\n`,
          )
          one.rounds.push(await measure(place, nodes.slice(0, one.nodes), options.pairs, one))
        }
    } finally {
      for (const node of nodes) await node.close()
    }
    return { ...about, cases }
  } finally {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

type Load = Pick<Case, 'callers' | 'accounts'>

async function measure(
  place: Place,
  nodes: readonly Store[],
  count: number,
  { callers, accounts }: Load,
): Promise<Round> {
  const [store] = nodes as [Store]
  let turn = 0
  const post: Store['post'] = (command) => (nodes[turn++ % nodes.length] ?? store).post(command)
  const warm = Math.ceil(count / 5)
  const make = (pairs: number) => makePairs(pairs, { ...from(store), accounts })
  const run = (pairs: Pair[]): Promise<LoopResult> => loop(post, pairs, callers)
  place.tidy()
  const warmed = await run(make(warm))
  const found = await run(make(count))
  place.tidy()
  // The baseline repeats the batches with pairs of its own, whose numbers the database does not have yet.
  const pairs = make(warm + count)
  const batches = [...warmed.batches, ...found.batches.map((batch) => batch.map((command) => command + 2 * warm))]
  const byHandPerSecond = await place.byHand({ pairs, batches, warmUp: warmed.batches.length })
  return {
    pairsPerSecond: found.perSecond,
    byHandPerSecond,
    share: found.perSecond / byHandPerSecond,
    p50: found.pair.p50,
    p99: found.pair.p99,
    commandsPerBatch: (2 * count) / found.batches.length,
  }
}

const from = (store: Store) => ({ ids: store.ids, random: systemRandom, now: store.now() })

/** What the disk takes to make 4 KB durable: the floor of any durable step. */
function flushMs(folder: string): number {
  const file = openSync(join(folder, 'flush'), 'w')
  const page = Buffer.alloc(4096)
  const times = Array.from({ length: 51 }, () => {
    const start = systemClock.elapsed()
    writeSync(file, page)
    fdatasyncSync(file)
    return systemClock.elapsed() - start
  })
  closeSync(file)
  return median(times)
}
