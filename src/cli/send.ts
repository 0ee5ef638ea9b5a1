/** One request to the server, repeated where that is safe: under the same idempotency key, a bounded number of times. */
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { backoff } from '../lib/retry.ts'
import type { Connection } from './connection.ts'
import { CannotGoOn, EXIT } from './exit-code.ts'
import { refusal } from './refusal.ts'

export type Request = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: string
  readonly accept?: string
  readonly idempotencyKey?: string
}

export type Network = {
  readonly connection: Connection
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: Random
  /** `turnpike accounts get`: what the advice about a refusal names. */
  readonly command: string
  /** Told of each answer and each repeat. */
  readonly tell: (line: string) => void
}

const MOST_TRIES = 4
const BACKOFF = { baseMs: 200, maxMs: 2_000 }
/** A server that asks for more time than this is told to the person instead. */
const LONGEST_WAIT_MS = 5_000
/** Until the head of the answer is there. */
const ANSWER_MS = 60_000
/** A reply is held whole; what is longer is no reply of ours. Tables of any length come as CSV, row by row. */
const MOST_REPLY_BYTES = 67_108_864

/** The text of a reply that is a success. */
export const sendForText = (network: Network, request: Request): Promise<string> =>
  send(network, request, (response) => textOf(response))

/** The reply as it arrives. What breaks off after its head is not repeated: some of it was written already. */
export const sendForStream = (network: Network, request: Request): Promise<Response> =>
  send(network, request, async (response) => response)

async function send<T>(network: Network, request: Request, read: (response: Response) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await tryOnce(network, request, read)
    if ('done' in outcome) return outcome.done
    const waitMs = waitBefore(network, request, attempt, outcome.afterMs)
    if (waitMs === undefined) throw outcome.failure
    network.tell(`${request.method} ${request.path} is repeated in ${waitMs} ms: ${outcome.failure.message}`)
    await network.clock.sleep(waitMs)
  }
}

type Outcome<T> = { readonly done: T } | { readonly failure: CannotGoOn; readonly afterMs: number | undefined }

async function tryOnce<T>(
  network: Network,
  request: Request,
  read: (response: Response) => Promise<T>,
): Promise<Outcome<T>> {
  const { command } = network
  let response: Response | undefined
  try {
    response = await answerTo(network, request)
    network.tell(`${request.method} ${request.path} ${response.status}`)
    if (response.ok) return { done: await read(response) }
    const failure = refusal({ text: await textOf(response), response, command })
    // Anything else is the answer, and would be the same again.
    if (!isPassing(response)) throw failure
    return { failure, afterMs: retryAfterMs(response) ?? 0 }
  } catch (error) {
    if (error instanceof CannotGoOn) throw error
    return { failure: outOfReach(network, request, response, error), afterMs: 0 }
  }
}

function outOfReach(
  { connection }: Network,
  request: Request,
  response: Response | undefined,
  error: unknown,
): CannotGoOn {
  const happened = response
    ? `${connection.url} broke off in the middle of its answer`
    : `no Turnpike answers at ${connection.url}. Start it, or name its address with --url`
  const mayHaveActed = !isSafe(request) && !NEVER_ARRIVED.includes(codeOf(error))
  const doubt = mayHaveActed ? '. Whether it was done is not known: look before you do it again' : ''
  return new CannotGoOn(happened + doubt, EXIT.unreachable)
}

/** Of a connection that was never made. */
const NEVER_ARRIVED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

/** The system's own name of what went wrong lies beneath what `fetch` says. */
const codeOf = (error: unknown): string =>
  error instanceof Error ? String((error.cause as { code?: unknown } | undefined)?.code ?? '') : ''

/** Without an idempotency key a POST could act twice. */
const isSafe = ({ method, idempotencyKey }: Request): boolean => method !== 'POST' || idempotencyKey !== undefined

/** 503, and the one conflict that ends by itself: the first request with the key is still running. */
const isPassing = ({ status, headers }: Response): boolean =>
  status === 503 || (status === 409 && headers.has('retry-after'))

async function answerTo({ connection, fetch, clock }: Network, request: Request): Promise<Response> {
  const aborted = new AbortController()
  const timer = clock.after(ANSWER_MS, () => aborted.abort())
  try {
    return await fetch(`${connection.url}${request.path}`, {
      method: request.method,
      // A key goes to the server that was named and to no other.
      redirect: 'manual',
      signal: aborted.signal,
      headers: {
        authorization: `Bearer ${connection.secret}`,
        accept: request.accept ?? 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
    })
  } finally {
    timer.cancel()
  }
}

/** `undefined`: not again. */
function waitBefore({ random }: Network, request: Request, attempt: number, afterMs = 0): number | undefined {
  if (!isSafe(request) || attempt + 1 >= MOST_TRIES || afterMs > LONGEST_WAIT_MS) return undefined
  return Math.max(afterMs, backoff({ attempt, ...BACKOFF, random }))
}

function retryAfterMs({ headers }: Response): number | undefined {
  const seconds = headers.get('retry-after')
  return seconds !== null && /^[0-9]{1,6}$/.test(seconds) ? Number(seconds) * 1_000 : undefined
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > MOST_REPLY_BYTES) throw new CannotGoOn('the reply is too long: ask for fewer rows', EXIT.failed)
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
