/** Operations by name: where they are, what they take, what they answer, as the server describes them. */
import { TurnpikeError } from './errors.ts'
import { type PagePromise, paged, type RequestPromise, requestPromise, type WithResponse } from './request-promise.ts'
import { endpoints, type Operations } from './schema.gen.ts'
import { type Outgoing, type RequestOptions, send, type Transport } from './transport.ts'

export type OperationName = keyof Operations
export type ResultOf<N extends OperationName> = Operations[N]['result']
export type BodyOf<N extends OperationName> = Operations[N] extends { body: infer B extends object } ? B : never
export type QueryOf<N extends OperationName> = Operations[N] extends { query: infer Q extends object } ? Q : never

type Endpoint = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Takes no parameters in its path. */
  readonly alias?: string
  readonly once?: true
}

const places: Readonly<Record<OperationName, Endpoint>> = endpoints

export type CallInput<N extends OperationName> = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: QueryOf<N> | undefined
  readonly body?: BodyOf<N> | undefined
}

export function call<N extends OperationName>(
  transport: Transport,
  name: N,
  { params = {}, query, body }: CallInput<N>,
  options?: RequestOptions,
): RequestPromise<ResultOf<N>> {
  const { method, path, alias, once } = places[name]
  const place = alias !== undefined && Object.keys(params).length === 0 ? alias : path
  const outgoing = () => ({
    method,
    path: `${filled(place, params)}${queryText(query)}`,
    // A POST without a body is one with an empty object.
    ...(method === 'POST' || body !== undefined ? { body: body ?? {} } : {}),
    repeatable: method !== 'POST' || once === true || name === 'calculateCost',
  })
  return requestPromise(answerOf<ResultOf<N>>(transport, outgoing, options))
}

/** What is wrong with the request itself is told by the promise too. */
async function answerOf<T>(
  transport: Transport,
  outgoing: () => Outgoing,
  options: RequestOptions | undefined,
): Promise<WithResponse<T>> {
  const { response, text } = await send(transport, outgoing(), options)
  const requestId = response.headers.get('x-request-id') ?? undefined
  return { data: parsed(text, response, requestId) as T, response, requestId }
}

function parsed(text: string, { status, headers }: Response, requestId: string | undefined): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = 'The answer is not JSON. Check that `baseUrl` names a Turnpike.'
    throw new TurnpikeError(message, { status, headers, requestId, code: 'invalid_response', cause })
  }
}

function filled(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = params[name]
    // An empty segment would be another operation.
    if (typeof value !== 'string' || value === '' || /^\.\.?$/.test(value))
      throw new TurnpikeError(`\`${name}\` is missing: name what the call is about.`, {
        code: 'invalid_request',
        param: name,
      })
    return encodeURIComponent(value)
  })
}

function queryText(query: object | undefined): string {
  const members = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null) members.set(name, String(value))
  const text = members.toString()
  return text === '' ? '' : `?${text}`
}

type Listed = { readonly pagination: { readonly nextCursor: string | null } }

/** A list whose pages name the next one by a cursor. */
export function list<N extends OperationName, T>(
  transport: Transport,
  name: N,
  query: QueryOf<N> | undefined,
  items: (page: ResultOf<N>) => readonly T[],
  options?: RequestOptions,
): PagePromise<ResultOf<N>, T> {
  const first = call(transport, name, { query }, options)
  return paged(first, {
    items,
    next: (page) => (page as Partial<Listed>).pagination?.nextCursor ?? undefined,
    fetch: (cursor) => call(transport, name, { query: { ...query, offset: undefined, cursor } as QueryOf<N> }, options),
  })
}
