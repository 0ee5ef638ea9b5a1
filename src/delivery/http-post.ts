/**
 * One POST to an address that was vetted: over a connection of its own to that very address, within a time, and reading
 * no more of the answer than a person may want to see of it.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Vetted } from './address-guard.ts'

export type HttpAnswer = {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The beginning of the answer. */
  readonly excerpt: string
}

type Sending = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly clock: Pick<Clock, 'after'>
  readonly stopped: AbortSignal
}

/** From the first look for a connection to the last byte of the answer. */
const TIME_OUT_MS = 15_000
const MOST_READ_BYTES = 65_536
const MOST_SHOWN = 500

/** Rejects where there was no answer; the message says why and holds nothing of the address. */
export function httpPost({ url, address, family }: Vetted, sending: Sending): Promise<HttpAnswer> {
  const { headers, body, clock, stopped } = sending
  // The name stays in `Host` and in the certificate that is asked for; where it leads to was decided before.
  const lookup: LookupFunction = (_host, options, found) =>
    options.all ? found(null, [{ address, family }]) : found(null, address, family)
  return new Promise((resolve, reject) => {
    const post = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = post(url, { method: 'POST', headers: { ...headers, ...lengthOf(body) }, lookup, agent: false })
    const stop = () => request.destroy(new Error('the server is stopping'))
    const timer = clock.after(TIME_OUT_MS, () => request.destroy(new Error('no answer within 15 seconds')))
    const finish = (end: () => void) => {
      timer.cancel()
      stopped.removeEventListener('abort', stop)
      end()
    }
    stopped.addEventListener('abort', stop)
    request.on('error', (error) => finish(() => reject(new Error(reasonOf(error)))))
    request.on('response', (response) =>
      read(response).then(
        (answer) =>
          finish(() => {
            request.destroy()
            resolve(answer)
          }),
        (error: Error) => finish(() => reject(new Error(reasonOf(error)))),
      ),
    )
    if (stopped.aborted) stop()
    else request.end(body)
  })
}

const lengthOf = (body: string) => ({ 'content-length': String(Buffer.byteLength(body)) })

/** What comes above the limit is not read: the status has been told by then. */
async function read(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (chunks.length === 0 || size <= MOST_READ_BYTES) chunks.push(chunk)
    if (size >= MOST_READ_BYTES) break
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    excerpt: Buffer.concat(chunks)
      .toString('utf8')
      .slice(0, MOST_SHOWN)
      .replace(/\p{Cc}/gu, ' ')
      .trim(),
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was broken off',
  ETIMEDOUT: 'the connection was not made in time',
  EHOSTUNREACH: 'the host is out of reach',
  ENETUNREACH: 'the network is out of reach',
  EPIPE: 'the connection was broken off',
}

/** Without anything of the address. */
export function reasonOf(error: Error & { code?: string }): string {
  const { code } = error
  if (code === undefined) return error.message
  return REASONS[code] ?? (/CERT|TLS|SSL/.test(code) ? `the certificate is not accepted (${code})` : `failed (${code})`)
}
