/** Stops a server in order, so that what was begun is settled and nobody is cut off while there is time. */
import type { FastifyInstance } from 'fastify'
import type { Configuration } from './configure.ts'
import type { Configured } from './gateway/configured.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { Repeating } from './jobs/repeat.ts'
import type { Clock } from './lib/clock.ts'
import type { People } from './people/people.ts'

/** What is cut at the end of that time is settled at once; this only bounds a store that does not answer. */
const SETTLE_MS = 30_000

/** So long may a client take to read the last words of its reply. */
const LAST_WORDS_MS = 5_000

type Running = {
  readonly configured: Configured<Configuration>
  readonly fastify: FastifyInstance
  readonly jobs: Repeating
  readonly people: People
}

/** No new calls; open ones finish within the limit. What is open then is cut, and settled as far as it came. */
export async function stopServer({ configured, fastify, jobs, people }: Running, drainMs: number): Promise<void> {
  const { gateway, current, close } = configured
  gateway.draining = true
  const closed = fastify.close()
  await callsOver(gateway, drainMs)
  await close()
  await current().simulator?.close()
  await callsOver(gateway, SETTLE_MS)
  await hangUp(fastify, gateway.clock, closed)
  await jobs.stop()
  await gateway.credentials.flush()
  await gateway.lastUse.flush()
  await gateway.settlements.close()
  await gateway.tokens.close()
  await people.close()
  await gateway.store.close()
}

async function callsOver({ open, clock }: Gateway, ms: number): Promise<void> {
  const deadline = clock.elapsed() + ms
  while (open.size > 0 && clock.elapsed() < deadline) await clock.sleep(20)
}

/** Connections end as soon as they are idle: a client would keep them, and the server with them, for a minute. */
async function hangUp({ server }: FastifyInstance, clock: Clock, closed: Promise<unknown>): Promise<void> {
  const ended = { yet: false }
  closed.finally(() => {
    ended.yet = true
  })
  const deadline = clock.elapsed() + LAST_WORDS_MS
  while (!ended.yet && clock.elapsed() < deadline) {
    server.closeIdleConnections()
    await clock.sleep(20)
  }
  server.closeAllConnections()
  await closed
}
