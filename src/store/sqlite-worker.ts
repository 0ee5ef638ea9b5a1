/**
 * The threads of the SQLite store. One writes: batches of ledger commands, administration, progress. One reads, and
 * keeps the write-ahead log short beside it. Neither ever blocks the event loop that serves calls.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely } from 'kysely'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import { systemClock } from '../lib/clock.ts'
import { createIds } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { type Packed, packOutcome, unpackCommand } from './command-codec.ts'
import { migrate } from './migrate.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { isDiskTrouble } from './sqlite-faults.ts'
import { createSqliteLedger, type SqliteLedger } from './sqlite-ledger.ts'
import { StoreAway, StoreUnusable } from './store.ts'

export type WorkerOptions = { role: 'writer' | 'reader'; file: string; node: number }
export type Statement = { sql: string; parameters: readonly unknown[] }
export type Request =
  | { kind: 'post'; commands: readonly Packed<Command>[] }
  | { kind: 'write'; statements: readonly Statement[] }
  | { kind: 'progress'; rows: readonly { reservationId: bigint; outputTokens: number }[] }
  | { kind: 'rows'; statement: Statement }
  | { kind: 'checkpoint' }
  | { kind: 'close' }
/** `away`: nothing is wrong with what was asked. `batch`: so many commands were written at once. */
export type Answer = { id: number; value?: unknown; error?: string; away?: boolean; batch?: number }

const port = parentPort
if (!port) throw new Error('sqlite-worker runs as a worker thread')
const options = workerData as WorkerOptions

/** Above this many pages (256 MiB) the writer waits once to empty the log, so that a long reader cannot make it grow for ever. */
const LOG_CEILING = 65_536

/** A batch holds at most this many commands. */
const BATCH = 512

type Message = { id: number; request: Request }

start().then(
  (answer) => {
    port.on('message', (first: Message) => {
      const messages = [first, ...arrived(port)]
      port.postMessage(answerAll(messages, answer))
      if (messages.some(({ request }) => request.kind === 'close')) port.close()
    })
    port.postMessage([{ id: 0 }] satisfies Answer[])
  },
  (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    port.postMessage([
      { id: 0, error: error instanceof StoreUnusable ? reason : `${options.file}: ${reason}` },
    ] satisfies Answer[])
    port.close()
  },
)

/** Whatever came while the last batch was being written goes into this one: batches grow with the load, without a timer. */
function arrived(from: MessagePort): Message[] {
  const messages: Message[] = []
  for (let next = receiveMessageOnPort(from); next && messages.length < BATCH; next = receiveMessageOnPort(from))
    messages.push(next.message as Message)
  return messages
}

/** Posts that stand next to each other are one batch; everything is answered in the order of its arrival. */
function answerAll(messages: readonly Message[], answer: (request: Request) => unknown): Answer[] {
  const answers: Answer[] = []
  let posts: Message[] = []
  const post = () => {
    if (posts.length > 0) answers.push(...answerPosts(posts, answer))
    posts = []
  }
  let commands = 0
  for (const message of messages) {
    if (message.request.kind === 'post' && commands + message.request.commands.length <= BATCH) {
      commands += message.request.commands.length
      posts.push(message)
      continue
    }
    post()
    commands = 0
    if (message.request.kind === 'post') posts.push(message)
    else answers.push(attempt(message.id, () => answer(message.request)))
  }
  post()
  return answers
}

function answerPosts(posts: readonly Message[], answer: (request: Request) => unknown): Answer[] {
  const lists = posts.map(({ request }) => (request.kind === 'post' ? request.commands : []))
  const whole = attempt(0, () => answer({ kind: 'post', commands: lists.flat() }))
  let from = 0
  const [first] = posts
  return posts.map(({ id }, index) => {
    const length = lists[index]?.length ?? 0
    from += length
    if (whole.error !== undefined) return { ...whole, id }
    const value = (whole.value as Packed<Outcome>[]).slice(from - length, from)
    return id === first?.id ? { id, value, batch: lists.flat().length } : { id, value }
  })
}

function attempt(id: number, run: () => unknown): Answer {
  try {
    return { id, value: run() }
  } catch (error) {
    const away = error instanceof StoreAway || isDiskTrouble(error)
    return { id, error: error instanceof Error ? error.message : String(error), away }
  }
}

async function start(): Promise<(request: Request) => unknown> {
  const lock = options.role === 'writer' ? holdLock() : undefined
  const db = new BetterSqlite3(options.file)
  db.defaultSafeIntegers(true)
  db.pragma('busy_timeout = 5000')
  db.pragma('foreign_keys = ON')
  db.pragma('cache_size = -65536')
  if (options.role === 'reader') {
    // Opened for writing since only such a connection may checkpoint; queries are read-only all the same.
    db.pragma('query_only = ON')
    return (request) => read(db, request)
  }
  // Of the file, for good.
  db.pragma('journal_mode = WAL')
  db.pragma('wal_autocheckpoint = 0')
  // Kysely's migrator counts in numbers, so it gets a connection of its own.
  const migrating = new Kysely<unknown>({ dialect: sqliteDialect(new BetterSqlite3(options.file)) })
  try {
    await migrate(migrating, 'sqlite')
  } finally {
    await migrating.destroy()
  }
  // Numbers of the writer's own, beside those that the main thread makes.
  const ledger = createSqliteLedger(
    db,
    createIds({ clock: systemClock, random: systemRandom, node: options.node * 2 + 1 }),
  )
  return (request) => writer(db, ledger, request, lock)
}

function writer(
  db: BetterSqlite3.Database,
  ledger: SqliteLedger,
  request: Request,
  lock: BetterSqlite3.Database | undefined,
): unknown {
  switch (request.kind) {
    case 'post':
      return ledger.post(request.commands.map(unpackCommand)).map(packOutcome)
    case 'write':
      db.pragma('synchronous = FULL')
      return db.transaction(() =>
        request.statements.map(({ sql, parameters }) => Number(db.prepare(sql).run(...parameters).changes)),
      )()
    case 'progress':
      db.pragma('synchronous = NORMAL')
      return saveProgress(db, request.rows)
    case 'checkpoint':
      return db.pragma('wal_checkpoint(TRUNCATE)')
    case 'close':
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
      lock?.close()
      return undefined
    case 'rows':
      throw new Error('the writer does not read')
  }
}

function saveProgress(
  db: BetterSqlite3.Database,
  rows: readonly { reservationId: bigint; outputTokens: number }[],
): void {
  const statement = db.prepare(
    'INSERT INTO reservation_progress (reservation_id, output_tokens) SELECT id, ? FROM reservations WHERE id = ? ON CONFLICT (reservation_id) DO UPDATE SET output_tokens = excluded.output_tokens',
  )
  db.transaction(() => {
    for (const { reservationId, outputTokens } of rows) statement.run(outputTokens, reservationId)
  })()
}

function read(db: BetterSqlite3.Database, request: Request): unknown {
  switch (request.kind) {
    case 'rows': {
      const statement = db.prepare(request.statement.sql)
      return statement.all(...request.statement.parameters)
    }
    case 'checkpoint': {
      db.pragma('query_only = OFF')
      const [{ log } = { log: 0n }] = db.pragma('wal_checkpoint(PASSIVE)') as { log: bigint }[]
      db.pragma('query_only = ON')
      return Number(log) > LOG_CEILING
    }
    case 'close':
      db.close()
      return undefined
    default:
      throw new Error(`the reader does not ${request.kind}`)
  }
}

/** One process owns the folder: the lock is the operating system's, so that it dies with the process. */
function holdLock(): BetterSqlite3.Database {
  const lock = new BetterSqlite3(`${options.file}.lock`, { timeout: 0 })
  const owner = `${options.file}.pid`
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    const pid = existsSync(owner) ? readFileSync(owner, 'utf8').trim() : 'unknown'
    throw new StoreUnusable(
      `${dirname(options.file)} is held by another Turnpike (process ${pid}). SQLite is for one process; for more set TURNPIKE_DATABASE_URL`,
    )
  }
  writeFileSync(owner, String(process.pid))
  return lock
}
