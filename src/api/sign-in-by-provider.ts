/**
 * How people may sign in, and where an identity provider sends them back to. That answer comes by a link from another
 * site, so that no page of ours can vouch for it: the cookie of the browser that set out does, with what it holds.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refused } from '../contract/errors.ts'
import type { ApiParts } from './parts.ts'
import { originOf } from './same-origin.ts'

export function mountProviderAnswer(scope: FastifyInstance, parts: ApiParts): void {
  scope.get('/api/auth/methods', async (request, reply) => {
    const { password, oidc } = parts.settings.signIn
    reply.headers(headersOf(parts, request))
    return { methods: { password, oidc: oidc ? { name: oidc.name } : null } }
  })
  // Asking what it would answer must not use it up.
  scope.get('/api/auth/callback/oidc', { exposeHeadRoute: false }, async (request, reply) => {
    const origin = originOf(request, parts.settings)
    reply.headers({ ...headersOf(parts, request), 'referrer-policy': 'no-referrer' })
    return reply.redirect(`${origin}${await cameBack(parts, request, reply, origin)}`, 303)
  })
}

/** The path that the person goes on to: where they wanted to, or back to the door with the reason. */
async function cameBack(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  origin: string,
): Promise<string> {
  const requestId = parts.requestId(request)
  const query = Object.fromEntries(
    Object.entries(request.query as Record<string, unknown>).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )
  try {
    const { cookie } = request.headers
    const asked = { origin, query, cookie, address: parts.addressOf(request), requestId }
    const arrived = await parts.people.byProvider.finish(asked)
    if ('failed' in arrived) return doorWith(arrived.failed, arrived.wanted)
    setCookies(parts, request, reply, arrived.cookies)
    return ownPath(arrived.wanted, origin)
  } catch (error) {
    // Whatever it is, a person stands before it, and a page of ours can say so.
    if (error instanceof Refused) return doorWith('provider', '/')
    parts.log.error({ requestId, error }, 'somebody who came back from the identity provider was not signed in')
    return doorWith('failed', '/')
  }
}

function doorWith(error: string, wanted: string): string {
  const said = new URLSearchParams({ error })
  if (wanted !== '/') said.set('then', wanted)
  return `/login?${said}`
}

/** What of an address is a path of ours; every other one is the first page. */
export function ownPath(given: string, origin: string): string {
  const target = URL.parse(given, origin)
  return target?.origin === URL.parse(origin)?.origin ? `${target?.pathname}${target?.search}` : '/'
}

export function setCookies(
  { settings }: Pick<ApiParts, 'settings'>,
  request: FastifyRequest,
  reply: FastifyReply,
  cookies: readonly string[],
): void {
  const isSecure = request.protocol === 'https' || originOf(request, settings).startsWith('https:')
  for (const cookie of cookies) reply.header('set-cookie', isSecure ? `${cookie}; Secure` : cookie)
}

const headersOf = (parts: ApiParts, request: FastifyRequest) => ({
  'x-request-id': parts.requestId(request),
  'cache-control': 'no-store',
})
