/** `/metrics` on the main port: figures of the whole server, so for a management key of the operator's own organisation. */
import type { FastifyInstance } from 'fastify'
import { Refused, refuse } from '../contract/errors.ts'
import { StoreAway } from '../store/store.ts'
import type { ApiParts } from './parts.ts'
import { sendError } from './reply-with-error.ts'

export type Scraped = { text(): Promise<{ readonly type: string; readonly text: string }> }

type Mounting = { readonly parts: ApiParts; readonly metrics: Scraped; readonly organisationId: bigint }

export function mountMetrics(fastify: FastifyInstance, { parts, metrics, organisationId }: Mounting): void {
  fastify.get('/metrics', async (request, reply) => {
    try {
      const caller = await parts.authenticate(request)
      if (caller.kind !== 'management_key' || caller.organisationId !== organisationId)
        throw refuse(
          'forbidden',
          'Metrics are for a management key of the first organisation, or on a port of their own',
        )
      const { type, text } = await metrics.text()
      return reply.header('content-type', type).send(text)
    } catch (error) {
      if (error instanceof Refused) return sendError(reply, 'openai', error, parts.requestId(request))
      if (!(error instanceof StoreAway)) throw error
      return sendError(reply, 'openai', refuse('service_unavailable'), parts.requestId(request))
    }
  })
}
