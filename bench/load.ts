/**
 * The load, in a process of its own: a closed loop (C connections, each sends when its last reply is whole), an open
 * loop (a fixed rate, whatever comes back), or streams opened and held. Every measured call is kept; the warm-up is not.
 */
import { type Connection, openConnection, type Reply } from './connection.ts'
import { createSamples, type Summary } from './statistics.ts'

export type Call = {
  port: number
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body: string
  /** A second request on the same connection, measured with the first as one call. */
  next?: { /** What the path names of the first reply. */ find: string; path: string; body: string }
}
export type Job =
  | { kind: 'closed'; call: Call; connections: number; warmUpMs: number; measureMs: number }
  | { kind: 'open'; call: Call; perSecond: number; warmUpMs: number; measureMs: number }
  | { kind: 'hold'; call: Call; streams: number }
  | { kind: 'release' }

/** Milliseconds but for the counts. `failure` is the first reply that was no success. */
export type LoadResult = {
  perSecond: number
  failures: number
  failure: string
  /** From sending (closed loop) or from when it was due (open loop) to the last byte. */
  total: Summary
  /** From sending to the last byte. */
  service: Summary
  /** From sending to the first byte of the body, in a stream to its first event. */
  firstByte: Summary
  /** From the upstream's last byte to the client's. */
  lastByte: Summary
}

const maxCalls = 400_000
const maxConnections = 512
const drainMs = 5_000
const openAtOnce = 100

const held: Connection[] = []
process.on('disconnect', () => process.exit())
process.on('message', async (job: Job) => process.send?.(await run(job)))

async function run(job: Job): Promise<LoadResult | { held: number }> {
  if (job.kind === 'closed') return closedLoop(job)
  if (job.kind === 'open') return openLoop(job)
  if (job.kind === 'hold') return hold(job)
  for (const connection of held.splice(0)) connection.close()
  return { held: 0 }
}

async function closedLoop(job: Extract<Job, { kind: 'closed' }>): Promise<LoadResult> {
  const book = openBook(job)
  const exchange = exchangeOf(job.call)
  const connections = Array.from({ length: job.connections }, () => openConnection(job.call.port))
  const loop = (connection: Connection) =>
    new Promise<void>((resolve) => {
      const next = () => {
        const sentAt = performance.now()
        if (sentAt >= book.endAt) return resolve()
        exchange(connection, (reply) => {
          book.record(reply, sentAt, sentAt)
          if (reply.status === 0) setTimeout(next, 1)
          else next()
        })
      }
      next()
    })
  const late = new Promise((resolve) => setTimeout(resolve, job.warmUpMs + job.measureMs + drainMs).unref())
  await Promise.race([Promise.all(connections.map(loop)), late])
  for (const connection of connections) connection.close()
  return book.result()
}

async function openLoop(job: Extract<Job, { kind: 'open' }>): Promise<LoadResult> {
  const book = openBook(job)
  const exchange = exchangeOf(job.call)
  const idle: Connection[] = []
  const all: Connection[] = []
  const waiting: number[] = []
  const gapMs = 1000 / job.perSecond
  let dueAt = performance.now()
  const free = () => {
    const connection = idle.pop()
    if (connection || all.length >= maxConnections) return connection
    all.push(openConnection(job.call.port))
    return all.at(-1)
  }
  const dispatch = () => {
    while (waiting.length > 0) {
      const connection = free()
      if (!connection) return
      const due = waiting.shift() ?? 0
      const sentAt = performance.now()
      exchange(connection, (reply) => {
        book.record(reply, due, sentAt)
        idle.push(connection)
        dispatch()
      })
    }
  }
  await new Promise<void>((resolve) => {
    const ticker = setInterval(() => {
      const now = performance.now()
      for (; dueAt <= now && dueAt < book.endAt; dueAt += gapMs) waiting.push(dueAt)
      dispatch()
      const over = dueAt >= book.endAt && (idle.length === all.length || now > book.endAt + drainMs)
      if (!over) return
      clearInterval(ticker)
      resolve()
    }, 1)
  })
  for (const connection of all) connection.close()
  return book.result()
}

/** What is due or ends outside of the measured time is sent all the same, but not written down. */
function openBook({ warmUpMs, measureMs }: { warmUpMs: number; measureMs: number }) {
  const startAt = performance.now() + warmUpMs
  const endAt = startAt + measureMs
  const samples = {
    total: createSamples(maxCalls),
    service: createSamples(maxCalls),
    firstByte: createSamples(maxCalls),
    lastByte: createSamples(maxCalls),
  }
  let ended = 0
  let failures = 0
  let failure = ''
  return {
    endAt,
    record(reply: Reply, dueAt: number, sentAt: number) {
      if (reply.status !== 200) {
        failures += 1
        failure ||= `${reply.status} ${reply.tail.toString().slice(0, 300)}`
        return
      }
      if (reply.endAt >= startAt && reply.endAt < endAt) ended += 1
      if (dueAt < startAt || dueAt >= endAt) return
      samples.total.add(reply.endAt - dueAt)
      samples.service.add(reply.endAt - sentAt)
      samples.firstByte.add(reply.firstByteAt - sentAt)
      samples.lastByte.add(reply.lastByteMs)
    },
    result: (): LoadResult => ({
      perSecond: (ended * 1000) / measureMs,
      failures,
      failure,
      total: samples.total.summary(),
      service: samples.service.summary(),
      firstByte: samples.firstByte.summary(),
      lastByte: samples.lastByte.summary(),
    }),
  }
}

/** Answers when every stream has had its first event, and leaves them open until the release. */
async function hold({ call, streams }: Extract<Job, { kind: 'hold' }>): Promise<{ held: number }> {
  const request = requestBytes(call)
  for (let left = streams; left > 0; left -= openAtOnce) {
    const opening = Array.from({ length: Math.min(left, openAtOnce) }, () => openConnection(call.port))
    held.push(...opening)
    await Promise.all(
      opening.map(
        (one) =>
          new Promise<void>((open, broken) =>
            one.send(request, ({ status }) => broken(new Error(`a stream ended with ${status}`)), open),
          ),
      ),
    )
  }
  return { held: held.length }
}

/** Sends the call, and what follows it where something does; the reply is the last one, or the first that was no success. */
function exchangeOf(call: Call): (connection: Connection, onReply: (reply: Reply) => void) => void {
  const first = requestBytes(call)
  const { next } = call
  if (!next) return (connection, onReply) => connection.send(first, onReply)
  const wanted = new RegExp(next.find)
  return (connection, onReply) =>
    connection.send(first, (reply) => {
      const name =
        reply.status === 201 || reply.status === 200 ? wanted.exec(reply.tail.toString('latin1'))?.[0] : undefined
      if (name === undefined) onReply(reply)
      else connection.send(requestBytes({ ...call, path: next.path.replace('{}', name), body: next.body }), onReply)
    })
}

function requestBytes({ port, method, path, headers, body }: Call): Buffer {
  const length = Buffer.byteLength(body)
  const lines = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(length),
    ...headers,
  }
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`)
}
