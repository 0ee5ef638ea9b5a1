/** The answer to paths that nobody serves: in the dialect of the mount, with the base URL that was probably meant. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../contract/errors.ts'
import type { ApiParts } from './parts.ts'
import { sendError } from './reply-with-error.ts'

/** Made into Fastify's own handler of what is not found. */
export const createNotFound =
  ({ requestId }: Pick<ApiParts, 'requestId'>) =>
  (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]?.slice(0, MOST_SHOWN) ?? ''
    const dialect = path.startsWith('/api/v1') ? 'openrouter' : 'openai'
    return sendError(
      reply,
      dialect,
      refuse('not_found', `${request.method} ${path} does not exist. ${adviceFor(path)}`),
      requestId(request),
    )
  }

/** Whatever a body is, a path that nobody serves is answered as one. */
export function mountNotFound(fastify: FastifyInstance, notFound: ReturnType<typeof createNotFound>): void {
  fastify.setNotFoundHandler(notFound)
  fastify.setErrorHandler((error, request, reply) => (request.is404 ? notFound(request, reply) : reply.send(error)))
}

const MOST_SHOWN = 200

function adviceFor(path: string): string {
  if (path.startsWith('/api/admin')) return 'The administration has its base URL at /api/admin.'
  if (path.startsWith('/api/v1')) return "OpenRouter's clients use the base URL /api/v1."
  return "OpenAI's clients use the base URL /v1, OpenRouter's /api/v1, Anthropic's the host alone."
}
