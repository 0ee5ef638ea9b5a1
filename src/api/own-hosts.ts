/**
 * While the server listens on loopback, its pages are served under loopback names alone. Another site can make its own
 * name mean 127.0.0.1, and its pages would then be of the same origin as ours.
 */
import type { FastifyInstance } from 'fastify'
import { refuse } from '../contract/errors.ts'
import { isLoopback } from '../lib/loopback.ts'
import { DASHBOARD_PATH } from './dashboard.ts'
import type { ApiParts } from './parts.ts'
import { sendError } from './reply-with-error.ts'

/** What a browser is sent to, or sends a session to. */
const GUARDED = /^\/api\/(?:admin|auth)(?:\/|$)/

export function guardHosts(fastify: FastifyInstance, parts: ApiParts): void {
  if (!isLoopback(parts.settings.host)) return
  fastify.addHook('onRequest', async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (!GUARDED.test(path) && !DASHBOARD_PATH.test(path)) return
    // As it came: what a proxy says about it could come from the page as well.
    const { publicUrl } = parts.settings
    const known = publicUrl === undefined ? undefined : URL.parse(publicUrl)?.hostname
    const named = URL.parse(`http://${request.headers.host ?? ''}`)?.hostname
    if (named !== undefined && (isLoopback(named) || named === known)) return
    const refused = refuse(
      'forbidden',
      'This server listens on loopback and is served under localhost or 127.0.0.1 alone. Behind a proxy, set publicUrl',
    )
    return sendError(reply, 'openai', refused, parts.requestId(request))
  })
}
