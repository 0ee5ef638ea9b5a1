/**
 * One keep-alive HTTP/1.1 connection that sends prepared bytes and times the reply: the load must cost less than what
 * it loads. One request at a time; a reply ends by its content-length or by the last chunk of a chunked body.
 */
import { connect, type Socket } from 'node:net'

export type Reply = {
  /** 0: the connection broke. */
  status: number
  /** When the first `data:` or, outside of streams, the first byte of the body was here; NaN if never. By `performance.now()`. */
  firstByteAt: number
  endAt: number
  /** From the upstream's last write, which carries its time, to the reply's last byte; NaN where there is none. */
  lastByteMs: number
  /** The last bytes, to tell what went wrong. */
  tail: Buffer
}

export type Connection = {
  send(request: Buffer, onReply: (reply: Reply) => void, onFirstByte?: () => void): void
  close(): void
}

type Pending = { onReply: (reply: Reply) => void; onFirstByte: (() => void) | undefined }
type Progress = {
  head: Buffer
  status: number
  missing: number
  chunked: boolean
  stream: boolean
  firstByteAt: number
  tail: Buffer
}

const tailBytes = 4096
const nothing = Buffer.alloc(0)
const lastChunk = Buffer.from('\r\n0\r\n\r\n')

export function openConnection(port: number): Connection {
  let socket: Socket | undefined
  let pending: Pending | undefined
  let progress = fresh()

  const finish = (status: number) => {
    const ended = pending
    if (!ended) return
    const { firstByteAt, tail } = progress
    const reply = { status, firstByteAt, endAt: performance.now(), lastByteMs: sinceUpstream(tail), tail }
    pending = undefined
    progress = fresh()
    ended.onReply(reply)
  }
  const onData = (bytes: Buffer) => {
    const waiting = Number.isNaN(progress.firstByteAt)
    const whole = take(progress, bytes)
    if (waiting && !Number.isNaN(progress.firstByteAt)) pending?.onFirstByte?.()
    if (whole) finish(progress.status)
  }
  const open = () => {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true })
    opened.on('data', onData)
    opened.on('error', () => {})
    opened.on('close', () => {
      if (socket === opened) socket = undefined
      finish(0)
    })
    return opened
  }
  return {
    send(request, onReply, onFirstByte) {
      pending = { onReply, onFirstByte }
      socket ??= open()
      socket.write(request)
    },
    close() {
      pending = undefined
      socket?.destroy()
    },
  }
}

const fresh = (): Progress => ({
  head: nothing,
  status: 0,
  missing: Number.POSITIVE_INFINITY,
  chunked: false,
  stream: false,
  firstByteAt: Number.NaN,
  tail: nothing,
})

/** Takes what has come; true when the reply is whole. */
function take(progress: Progress, bytes: Buffer): boolean {
  let body = bytes
  if (progress.status === 0) {
    const head = Buffer.concat([progress.head, bytes])
    const end = head.indexOf('\r\n\r\n')
    progress.head = head
    if (end < 0) return false
    readHead(progress, head.toString('latin1', 0, end).toLowerCase())
    body = head.subarray(end + 4)
  }
  progress.missing -= body.length
  progress.tail =
    body.length >= tailBytes
      ? body.subarray(-tailBytes)
      : Buffer.concat([progress.tail.subarray(body.length - tailBytes), body])
  if (Number.isNaN(progress.firstByteAt) && body.length > 0 && (!progress.stream || progress.tail.includes('data:'))) {
    progress.firstByteAt = performance.now()
  }
  return progress.chunked ? progress.tail.subarray(-lastChunk.length).equals(lastChunk) : progress.missing <= 0
}

function readHead(progress: Progress, head: string): void {
  progress.status = Number(head.slice(9, 12))
  progress.chunked = head.includes('\r\ntransfer-encoding: chunked')
  progress.stream = head.includes('\r\ncontent-type: text/event-stream')
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
  if (length !== undefined) progress.missing = Number(length)
}

function sinceUpstream(tail: Buffer): number {
  const now = process.hrtime.bigint()
  const sent = /@(\d+)@/.exec(tail.toString('latin1'))?.[1]
  return sent === undefined ? Number.NaN : Number(now - BigInt(sent)) / 1e6
}
