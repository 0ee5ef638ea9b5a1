/** The default store: one SQLite file, written by one worker thread and read by another. */
import type { Command, Outcome } from '../core/ledger-commands.ts'
import type { Clock } from '../lib/clock.ts'
import { CollectorFull } from '../lib/collect.ts'
import { createGatherer } from '../lib/gather.ts'
import { createIds } from '../lib/id.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { type Packed, packCommand, unpackOutcome } from './command-codec.ts'
import { createHearers } from './hearers.ts'
import { queryBuilder } from './query-builder.ts'
import type { Request } from './sqlite-serve.ts'
import { noWriter, startThread, type Thread } from './sqlite-thread.ts'
import { outcomeOrThrow, type Query, type Standing, type Store, StoreAway, StoreTooSlow } from './store.ts'

/** This many commands may be under way before a caller is told that the store is overloaded. */
const CAPACITY = 20_000
/** The log is looked at after this many commands. */
const CHECKPOINT_EVERY = 2_000

type Options = {
  file: string
  clock: Clock
  random: Random
  log?: Log | undefined
  /** Leaves the lock to a server that may hold it: nothing can be posted or written. */
  readonly?: boolean
}

export async function openSqlite({ file, clock, random, log, readonly = false }: Options): Promise<Store> {
  // One after the other: a reader that looks into a new file while the writer gives it its form is in the way of that.
  const batches = createHearers<number>()
  const writer = readonly ? noWriter : await startThread('writer', { file, node: 0 }, batches.tell)
  const reader = await startThread('reader', { file, node: 0 }).catch(async (error: unknown) => {
    await writer.stop()
    throw error
  })
  const disk = watchDisk(log)
  let sinceCheckpoint = 0

  const checkpoint = async () => {
    const full = await reader.ask({ kind: 'checkpoint' })
    if (full) await writer.ask({ kind: 'checkpoint' })
  }
  const written = (commands: number) => {
    sinceCheckpoint += commands
    if (sinceCheckpoint < CHECKPOINT_EVERY) return
    sinceCheckpoint = 0
    checkpoint().catch(() => {}) // The log stays longer until the next turn; a dead thread shows in the next answer.
  }
  const ledger = ledgerQueue({ ...writer, ask: (request) => disk.watched(writer.ask(request)) }, written)
  const scanner = createScanner(file, clock)

  return {
    engine: 'sqlite',
    node: 0,
    ids: createIds({ clock, random, node: 0 }),
    sql: queryBuilder('sqlite'),
    now: () => clock.now(),
    standing: disk.standing,
    post: async (command) => outcomeOrThrow(await ledger.post(command)),
    queued: ledger.underWay,
    onBatch: batches.add,
    rows: async <Row>(query: Query<Row>) =>
      (await reader.ask({ kind: 'rows', statement: statementOf(query) })) as Row[],
    scan: async <Row>(query: Query<Row>, withinMs: number) =>
      (await scanner.ask({ kind: 'rows', statement: statementOf(query) }, withinMs)) as Row[],
    write: async (queries) =>
      (await disk.watched(writer.ask({ kind: 'write', statements: queries.map(statementOf) }))) as number[],
    progress: async (rows) => void (await writer.ask({ kind: 'progress', rows })),
    announce() {},
    onChange() {},
    leads: () => true,
    async close() {
      await ledger.idle()
      await scanner.stop()
      await reader.stop()
      await writer.stop()
    },
  }
}

/** Whether the last write went through. */
function watchDisk(log: Log | undefined) {
  let isBad = false
  return {
    standing: (): Standing => (isBad ? 'unwritable' : 'settled'),
    async watched<T>(writing: Promise<T>): Promise<T> {
      try {
        const answer = await writing
        if (isBad) log?.info({}, 'the disk takes writes again')
        isBad = false
        return answer
      } catch (error) {
        if (error instanceof StoreAway) {
          if (!isBad) log?.error({ error: error.message }, 'nothing can be written: calls are refused until it can')
          isBad = true
        }
        throw error
      }
    },
  }
}

/**
 * A reader for what may take long, started when it is first needed. The engine cannot be interrupted from outside, so
 * one that takes too long is left behind and another takes its place.
 */
function createScanner(file: string, clock: Clock) {
  let thread: Promise<Thread> | undefined
  return {
    async ask(request: Request, withinMs: number): Promise<unknown> {
      thread ??= startThread('reader', { file, node: 0 })
      const asked = thread
      const { ask, leave } = await asked
      const late = Promise.withResolvers<never>()
      const timer = clock.after(withinMs, () => {
        if (thread === asked) thread = undefined
        leave()
        late.reject(new StoreTooSlow(`the read took longer than ${withinMs} ms`))
      })
      try {
        return await Promise.race([ask(request), late.promise])
      } finally {
        timer.cancel()
      }
    },
    async stop() {
      await (await thread)?.stop()
    },
  }
}

type Waiting = { command: Command; resolve(outcome: Outcome): void; reject(error: Error): void }

/**
 * Hands commands to the writer once a turn, without waiting for earlier ones: the writer makes batches of what has
 * arrived by the time it has written the last one.
 */
function ledgerQueue(writer: Thread, written: (commands: number) => void) {
  let underWay = 0
  const whenIdle: (() => void)[] = []
  const gatherer = createGatherer<Waiting>((waiting) => {
    const done = () => {
      underWay -= waiting.length
      if (underWay === 0) for (const resolve of whenIdle.splice(0)) resolve()
    }
    writer.ask({ kind: 'post', commands: waiting.map(({ command }) => packCommand(command)) }).then(
      (outcomes) => {
        for (const [index, { resolve }] of waiting.entries())
          resolve(unpackOutcome((outcomes as Packed<Outcome>[])[index] as Packed<Outcome>))
        written(waiting.length)
        done()
      },
      (error: Error) => {
        for (const { reject } of waiting) reject(error)
        done()
      },
    )
  })
  return {
    post: (command: Command) =>
      new Promise<Outcome>((resolve, reject) => {
        if (underWay >= CAPACITY) return reject(new CollectorFull(`${CAPACITY} commands are under way`))
        underWay++
        gatherer.add({ command, resolve, reject })
      }),
    underWay: () => underWay,
    idle: () => new Promise<void>((resolve) => (underWay === 0 ? resolve() : whenIdle.push(resolve))),
  }
}

const statementOf = (query: Query<unknown>) => {
  const { sql, parameters } = query.compile()
  return { sql, parameters }
}
