/** The control plane over a real store and a real gateway: requests without a port, and hands for accounts and keys. */
import Fastify from 'fastify'
import { mountApi } from '../src/api/mount.ts'
import { createNotFound, mountNotFound } from '../src/api/not-found.ts'
import type { ApiParts } from '../src/api/parts.ts'
import { apiParts } from '../src/api-parts.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createPeople } from '../src/people/people.ts'
import type { Store } from '../src/store/store.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
  readonly body: any
  readonly text: string
}

export type Api = {
  readonly turnpike: Turnpike
  readonly operator: string
  /** Where it listens, for clients that cannot be handed a request. */
  readonly url: string
  /** What the server logged as an error: nothing, if all went as announced. */
  readonly faults: string[]
  /** By the clock that the test moves. */
  readonly store: Store
  /** Moves the clock that requests and the ledger go by. */
  forward(ms: number): void
  request(method: string, url: string, key?: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  close(): Promise<void>
}

type ApiOptions = {
  readonly env?: Record<string, string>
  /** The clock stands still but for `forward`, a day ahead of whatever the server does by itself. */
  readonly still?: boolean
}

export async function openApi(yaml?: string, { env, still = false }: ApiOptions = {}): Promise<Api> {
  const turnpike = await startTurnpike({ ...(env ? { env } : {}), ...(yaml === undefined ? {} : { yaml }) })
  const { gateway } = turnpike.server
  const faults: string[] = []
  const operator = turnpike.operatorKey
  let ahead = 0
  const start = still ? gateway.store.now() + 86_400_000 : undefined
  const store: Store = { ...gateway.store, now: () => (start ?? gateway.store.now()) + ahead }
  const { signIn } = turnpike.server
  const people = createPeople({
    store,
    signIn,
    clock: { now: () => store.now() },
    random: systemRandom,
    settings: gateway.settings.signIn,
  })
  const parts: ApiParts = {
    ...apiParts({ gateway, alerts: turnpike.server.alerts, people, system: turnpike.server.system }, operator),
    store,
    log: {
      ...gateway.log,
      error: (fields, message) => void faults.push(`${message} ${JSON.stringify(fields, textOfError)}`),
    },
  }
  const notFound = createNotFound(parts)
  const fastify = Fastify({
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (_error, request, reply) => notFound(request, reply),
  })
  mountApi(fastify, parts)
  mountNotFound(fastify, notFound)
  const url = await fastify.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    turnpike,
    operator,
    faults,
    store,
    forward: (ms) => {
      ahead += ms
    },
    async request(method, url, key, body, headers = {}) {
      const reply = await fastify.inject({
        method: method as 'GET',
        url,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return {
        status: reply.statusCode,
        headers: reply.headers,
        text: reply.body,
        body: /^application\/json/.test(String(reply.headers['content-type'])) ? JSON.parse(reply.body) : undefined,
      }
    },
    async close() {
      await fastify.close()
      await turnpike.close()
    },
  }
}

const textOfError = (_name: string, value: unknown) =>
  value instanceof Error ? value.stack : typeof value === 'bigint' ? String(value) : value
