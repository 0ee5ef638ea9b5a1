/**
 * One logical request: sent, timed, tried again where that is safe, under one idempotency key from the first try to the
 * last. Answers with what came, or throws a `TurnpikeError`.
 */
import { AbortError, ConnectionError, errorOf, TimeoutError, TurnpikeError } from './errors.ts'
import { type Platform, platform } from './platform.ts'
import { retryAfterMs } from './retry.ts'

/** Where notes about retries go; `console` fits. */
export type Logger = { debug(message: string): void }

/** How a client reaches its server. What is left out has a default. */
export type ClientOptions = {
  /** `sk-tp-…` or `mk-tp-…`. Default: the variable `TURNPIKE_API_KEY`. `null`: none, where a browser's session stands for it. */
  readonly apiKey?: string | null | undefined
  /** The host, without `/v1`, e.g. `http://127.0.0.1:8787`. Default: the variable `TURNPIKE_BASE_URL`. */
  readonly baseUrl?: string | undefined
  /** Milliseconds for one try. Default: 60,000. */
  readonly timeout?: number | undefined
  /** How often a failed request is tried again. Default: 2. */
  readonly maxRetries?: number | undefined
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** Sent with every request; those of a call win over them. */
  readonly defaultHeaders?: Readonly<Record<string, string>> | undefined
  /** Told of retries and of nothing else. Default: none. */
  readonly logger?: Logger | undefined
}

/** For one call. */
export type RequestOptions = {
  /** Ends the call, its retries and its waiting, with an `AbortError`. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for one try. */
  readonly timeout?: number | undefined
  /** How often it is tried again. Default: as the client is set. */
  readonly maxRetries?: number | undefined
  /** Sent with this request; a header of the same name wins over the client's. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** 1 to 255 visible ASCII characters. Default: a new one for each POST, kept through its retries. */
  readonly idempotencyKey?: string | undefined
}

export type Transport = {
  readonly apiKey: string | null
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly timeout: number
  readonly maxRetries: number
  readonly fetch: typeof fetch
  readonly headers: Readonly<Record<string, string>>
  readonly logger: Logger | undefined
  readonly platform: Platform
}

/** Where to and with which key is decided; the rest has its defaults. */
export const transportOf = (
  { apiKey, baseUrl }: { readonly apiKey: string | null; readonly baseUrl: string },
  { timeout = 60_000, maxRetries = 2, logger, defaultHeaders = {}, fetch: own }: ClientOptions,
): Transport => ({
  apiKey,
  baseUrl,
  timeout,
  maxRetries,
  // Browsers refuse a `fetch` that is called as a method of something else.
  fetch: (input, init) => (own ?? fetch)(input, init),
  headers: defaultHeaders,
  logger,
  platform,
})

export type Outgoing = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** See `Retrying`. */
  readonly repeatable: boolean
  /** The body of a good answer is left unread. */
  readonly stream?: boolean
}

/** `text` is empty where the body was left unread. */
export type Incoming = { readonly response: Response; readonly text: string }

export async function send(transport: Transport, outgoing: Outgoing, options: RequestOptions = {}): Promise<Incoming> {
  const { platform, logger } = transport
  const { maxRetries = transport.maxRetries, signal } = options
  const init = initOf(transport, outgoing, options)
  for (let retries = 0; ; retries++) {
    const failure = await tryOnce(transport, outgoing, init, options)
    if (!(failure instanceof TurnpikeError)) return failure
    const waitMs = retryAfterMs(failure, { retries, repeatable: outgoing.repeatable, platform })
    if (waitMs === undefined || retries >= maxRetries) throw failure
    logger?.debug(`${outgoing.method} ${outgoing.path}: ${failure.message} Again in ${Math.round(waitMs)} ms.`)
    await wait(platform, waitMs, signal)
  }
}

function initOf(
  { apiKey, headers, platform }: Transport,
  { method, body }: Outgoing,
  options: RequestOptions,
): RequestInit {
  const own = new Headers({ accept: 'application/json' })
  if (apiKey !== null) own.set('authorization', `Bearer ${apiKey}`)
  if (body !== undefined) own.set('content-type', 'application/json')
  for (const [name, value] of Object.entries({ ...headers, ...options.headers })) own.set(name, value)
  if (options.idempotencyKey !== undefined) own.set('idempotency-key', options.idempotencyKey)
  else if (method === 'POST' && !own.has('idempotency-key')) own.set('idempotency-key', `sdk-${platform.uuid()}`)
  return { method, headers: own, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

async function tryOnce(
  transport: Transport,
  { path, stream = false }: Outgoing,
  init: RequestInit,
  { signal, timeout = transport.timeout }: RequestOptions,
): Promise<Incoming | TurnpikeError> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  if (signal?.aborted) return aborted(signal)
  signal?.addEventListener('abort', abort, { once: true })
  let late = false
  const takeBack = transport.platform.after(timeout, () => {
    late = true
    controller.abort()
  })
  let reading = false
  try {
    const response = await transport.fetch(`${transport.baseUrl}${path}`, { ...init, signal: controller.signal })
    reading = stream && response.ok
    if (reading) return { response, text: '' }
    const text = await response.text()
    return response.ok ? { response, text } : errorOf(response, text)
  } catch (cause) {
    if (signal?.aborted) return aborted(signal)
    return late
      ? new TimeoutError(`No answer within ${timeout} ms. Raise \`timeout\`, or look whether the server is well.`, {
          cause,
        })
      : new ConnectionError(`${transport.baseUrl} could not be reached. Check \`baseUrl\` and the network.`, { cause })
  } finally {
    takeBack()
    // Whoever reads a stream may still want to end it.
    if (!reading) signal?.removeEventListener('abort', abort)
  }
}

export const aborted = ({ reason }: AbortSignal): AbortError =>
  new AbortError('The request was aborted.', { cause: reason })

export function wait({ after }: Pick<Platform, 'after'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      takeBack()
      reject(signal ? aborted(signal) : undefined)
    }
    const takeBack = after(ms, () => {
      signal?.removeEventListener('abort', end)
      resolve()
    })
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}
