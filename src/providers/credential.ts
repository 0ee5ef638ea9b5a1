/** How a credential travels on each wire, and how to ask whether a provider takes one. */
import type { Dispatcher } from 'undici'
import { openExchange } from './http-exchange.ts'
import { type Check, UpstreamFailure } from './provider.ts'
import { readReply } from './upstream-error.ts'

type Headers = Record<string, string>

/** The headers of a call: with its own credential, else with the provider's, else with none. */
export function withCredential(
  ownSecret: string | undefined,
  carry: (secret: string) => Headers,
  more: Headers = {},
): (secret: string | undefined) => Headers {
  const plain: Headers = { 'content-type': 'application/json', accept: '*/*', ...more }
  const own = ownSecret === undefined ? plain : { ...plain, ...carry(ownSecret) }
  return (secret) => (secret === undefined ? own : { ...plain, ...carry(secret) })
}

/** So long may the provider take to say something; whoever asks has a limit of its own for the whole. */
const SILENCE_MS = 10_000
/** Of a refusal; the list of models itself is not read. */
const MOST_BYTES = 65_536

export function checkOver(pool: Dispatcher, path: string, headers: Headers): Check {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const chunks: Buffer[] = []
  let [status, bytes] = [0, 0]
  let head: Parameters<typeof readReply>[1] = {}
  const exchange = openExchange(
    pool,
    { method: 'GET', path, headers, body: null, firstByteMs: SILENCE_MS, idleMs: SILENCE_MS },
    {
      head(stated, received) {
        ;[status, head] = [stated, received]
        if (status < 200 || status > 299) return
        resolve()
        exchange.abort()
      },
      data(chunk) {
        bytes += chunk.length
        if (bytes <= MOST_BYTES) chunks.push(chunk)
        else exchange.abort()
        if (bytes > MOST_BYTES) reject(new UpstreamFailure('status', `status ${status}`, { status }))
      },
      end: () => reject(refusalOf(status, head, Buffer.concat(chunks).toString('utf8'))),
      fail: reject,
    },
  )
  return {
    taken: promise,
    abort() {
      exchange.abort()
      reject(new UpstreamFailure('timeout', 'the provider did not answer in time'))
    },
  }
}

function refusalOf(status: number, headers: Parameters<typeof readReply>[1], body: string): UpstreamFailure {
  const read = readReply(status, headers, body)
  return read instanceof UpstreamFailure ? read : new UpstreamFailure('status', `status ${status}`, { status })
}
