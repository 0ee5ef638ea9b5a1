/** One request upstream over a pool of connections, without web streams: bytes are handed on as they come, and can be held back. */
import type { Dispatcher } from 'undici'
import { UpstreamFailure } from './provider.ts'

export type Listener = {
  head(status: number, headers: Headers): void
  data(chunk: Buffer): void
  end(): void
  fail(failure: UpstreamFailure): void
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export type Exchange = { pause(): void; resume(): void; abort(): void }

export type ExchangeRequest = {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers: Record<string, string>
  /** Null: none. */
  readonly body: string | Buffer | null
  readonly firstByteMs: number
  readonly idleMs: number
}

export function openExchange(pool: Dispatcher, request: ExchangeRequest, listener: Listener): Exchange {
  let controller: Dispatcher.DispatchController | undefined
  let over = false
  let aborted = false
  const finish = (last: () => void) => {
    if (over) return
    over = true
    last()
  }
  pool.dispatch(
    {
      path: request.path,
      method: request.method ?? 'POST',
      headers: request.headers,
      body: request.body,
      headersTimeout: request.firstByteMs,
      bodyTimeout: request.idleMs,
    },
    {
      onRequestStart(started) {
        controller = started
        if (aborted) started.abort(new Error('aborted'))
      },
      onResponseStart(_started, status, headers) {
        if (!over) listener.head(status, headers)
      },
      onResponseData(_started, chunk) {
        if (!over) listener.data(chunk)
      },
      onResponseEnd: () => finish(() => listener.end()),
      onResponseError: (_started, error) => finish(() => listener.fail(failureOf(error))),
    },
  )
  return {
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    abort() {
      aborted = true
      finish(() => {})
      controller?.abort(new Error('aborted'))
    },
  }
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

function failureOf(error: Error & { code?: string }): UpstreamFailure {
  const code = error.code ?? ''
  if (TIMEOUTS.has(code)) return new UpstreamFailure('timeout', 'the provider did not answer in time', { code })
  return new UpstreamFailure('connect', `the connection failed (${code || error.name})`, { code })
}
