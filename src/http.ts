/** All that is answered: the calls of models, the API, its reference, the dashboard, the probes. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { mountDashboard } from './api/dashboard.ts'
import { mountMetrics } from './api/metrics.ts'
import { mountApi } from './api/mount.ts'
import { createNotFound, mountNotFound } from './api/not-found.ts'
import { guardHosts } from './api/own-hosts.ts'
import { mountReference } from './api/reference.ts'
import { apiParts } from './api-parts.ts'
import type { Configuration } from './configure.ts'
import type { Configured } from './gateway/configured.ts'
import { corsHeaders, createHttpServer, rewriteUrl } from './gateway-routes.ts'
import type { Metrics } from './metrics.ts'
import { ready } from './ready.ts'
import { requestIdOf } from './request-id.ts'

type Introduced = Omit<Parameters<typeof apiParts>[0], 'gateway'>

type Own = { readonly operatorKey: string; readonly metrics: Metrics; readonly organisationId: bigint }

export function createHttp(configured: Configured<Configuration>, introduced: Introduced, own: Own): FastifyInstance {
  const { gateway } = configured
  const { trustProxy } = gateway.settings
  const parts = apiParts({ gateway, ...introduced }, own.operatorKey)
  const notFound = createNotFound(parts)
  const fastify = Fastify({
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
    bodyLimit: 1_048_576,
    forceCloseConnections: 'idle',
    // A stopping server refuses calls in the words of their dialect, and its probes still answer.
    return503OnClosing: false,
    rewriteUrl: (request) => rewriteUrl(request),
    serverFactory: (handler) => createHttpServer(configured, handler),
    routerOptions: { maxParamLength: 512 },
    // A path that cannot be read, or with a name too long to be one, names nothing.
    frameworkErrors: (_error, request, reply) => notFound(request, reply),
  })
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', requestIdOf(request.raw))
    if (/^\/(?:api\/)?v1(?:\/|$)/.test(request.url))
      reply.headers(corsHeaders(gateway.settings.cors.origins, request.headers))
    if (request.method === 'OPTIONS') return preflight(request.headers['access-control-request-headers'], reply)
  })
  fastify.get('/healthz', async () => ({ status: 'ok' }))
  fastify.get('/readyz', async (_request, reply) => ready(gateway, reply))
  guardHosts(fastify, parts)
  mountMetrics(fastify, { parts, ...own })
  mountApi(fastify, parts)
  mountReference(fastify)
  mountDashboard(fastify, DASHBOARD)
  mountNotFound(fastify, notFound)
  return fastify
}

/** Beside the sources as beside what is made of them for the package. */
const DASHBOARD = fileURLToPath(new URL('../dashboard/dist', import.meta.url))

/** Whether there are pages to sign in to. */
export const hasDashboard = (): boolean => existsSync(join(DASHBOARD, 'index.html'))

function preflight(asked: string | undefined, reply: FastifyReply) {
  const allowed = {
    'access-control-allow-methods': 'GET, POST, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': asked ?? '*',
    'access-control-max-age': '86400',
  }
  return reply.code(204).headers(allowed).send()
}
