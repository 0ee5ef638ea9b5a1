/** What the threads of the SQLite store are asked and answer, and how one serves: in the order of arrival, batched by what is waiting. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import type { Packed } from './command-codec.ts'
import { isDiskTrouble } from './sqlite-faults.ts'
import { StoreAway, StoreUnusable, type StreamProgress } from './store.ts'

export type ThreadOptions = { file: string; node: number }
type Statement = { sql: string; parameters: readonly unknown[] }
export type Request =
  | { kind: 'post'; commands: readonly Packed<Command>[] }
  | { kind: 'write'; statements: readonly Statement[] }
  | { kind: 'progress'; rows: readonly StreamProgress[] }
  | { kind: 'rows'; statement: Statement }
  | { kind: 'checkpoint' }
  | { kind: 'close' }
/** `away`: nothing is wrong with what was asked. `batch`: so many commands were written at once. */
export type Answer = { id: number; value?: unknown; error?: string; away?: boolean; batch?: number }

/** A batch holds at most this many commands. */
const BATCH = 512

type Message = { id: number; request: Request }

/** Answers whoever started this thread: first that it is ready, or why it cannot be, then each request. */
export function serve(start: (options: ThreadOptions) => Promise<(request: Request) => unknown>): void {
  const port = parentPort
  if (!port) throw new Error('this file runs as a worker thread')
  const options = workerData as ThreadOptions
  start(options).then(
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
}

/** As each thread opens the file. */
export function openFile(file: string): BetterSqlite3.Database {
  const db = new BetterSqlite3(file)
  db.defaultSafeIntegers(true)
  db.pragma('busy_timeout = 5000')
  db.pragma('foreign_keys = ON')
  db.pragma('cache_size = -65536')
  return db
}

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
  const commands = lists.flat()
  const whole = attempt(0, () => answer({ kind: 'post', commands }))
  let from = 0
  const [first] = posts
  return posts.map(({ id }, index) => {
    const length = lists[index]?.length ?? 0
    from += length
    if (whole.error !== undefined) return { ...whole, id }
    const value = (whole.value as Packed<Outcome>[]).slice(from - length, from)
    return id === first?.id ? { id, value, batch: commands.length } : { id, value }
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
