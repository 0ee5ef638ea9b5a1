/**
 * Where people sign in and out. These are for the dashboard's pages and no operations of the API: they take no key, and
 * what they give is a cookie that no script can read. Replies never hold a token.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { refuse } from '../contract/errors.ts'
import {
  PasswordChange,
  ProviderSignInRequest,
  Redemption,
  SignInRequest,
  SignOutRequest,
} from '../contract/members.ts'
import type { Operation } from '../contract/operation.ts'
import { sessionOf } from './members.ts'
import type { ApiParts, SignedIn } from './parts.ts'
import { replyWithError } from './reply-with-error.ts'
import { demandJson, isOwnPage, mayAsk, originOf } from './same-origin.ts'
import { mountProviderAnswer, ownPath, setCookies } from './sign-in-by-provider.ts'
import { validatorOf } from './validate.ts'

type Route<S extends z.ZodObject> = {
  readonly path: string
  readonly body: S
  readonly errors: Operation['errors']
  /** Asks for nobody's session: then only another site's page is turned away. */
  readonly open?: true
  answer(parts: ApiParts, request: FastifyRequest, body: z.output<S>): Promise<Answer>
}
type Answer = { readonly cookies: readonly string[]; readonly body: unknown; readonly status?: number }

const signIn: Route<typeof SignInRequest> = {
  path: '/api/auth/sign-in/email',
  body: SignInRequest,
  errors: ['wrong_credentials'],
  open: true,
  async answer(parts, request, body) {
    const signedIn = await parts.people.signIn({ ...body, address: parts.addressOf(request) })
    return entered(parts, signedIn, 200)
  },
}

const signInByProvider: Route<typeof ProviderSignInRequest> = {
  path: '/api/auth/sign-in/oidc',
  body: ProviderSignInRequest,
  errors: ['not_found'],
  open: true,
  async answer(parts, request, { wanted = '/', token }) {
    const origin = originOf(request, parts.settings)
    const asked = { origin, wanted: ownPath(wanted, origin), token, address: parts.addressOf(request) }
    const { url, cookies } = await parts.people.byProvider.start(asked)
    return { cookies, body: { url } }
  },
}

const setup: Route<typeof Redemption> = {
  path: '/api/auth/setup',
  body: Redemption,
  errors: ['link_ended', 'email_taken'],
  open: true,
  async answer(parts, request, { token, email, password, name }) {
    const [address, requestId] = [parts.addressOf(request), parts.requestId(request)]
    const signedIn = await parts.people.redeem({ token, email, password, name, address, requestId })
    return entered(parts, signedIn, 201)
  },
}

const signOut: Route<typeof SignOutRequest> = {
  path: '/api/auth/sign-out',
  body: SignOutRequest,
  errors: [],
  async answer({ people }, { headers }, { everywhere = false }) {
    return { cookies: await people.signOut(headers.cookie, everywhere), body: { signedOut: true } }
  },
}

const changePassword: Route<typeof PasswordChange> = {
  path: '/api/auth/change-password',
  body: PasswordChange,
  errors: ['wrong_credentials'],
  async answer(parts, request, { currentPassword, newPassword }) {
    const { member } = await parts.authenticate(request)
    const { cookie } = request.headers
    if (!member || cookie === undefined) throw refuse('invalid_api_key', 'A key has no password; sign in first')
    const asked = { cookie, email: member.email, current: currentPassword, next: newPassword }
    const cookies = await parts.people.changePassword({ ...asked, address: parts.addressOf(request) })
    return { cookies, body: { changed: true } }
  },
}

export function mountSignIn(scope: FastifyInstance, parts: ApiParts): void {
  mountRoute(scope, parts, signIn)
  mountRoute(scope, parts, signInByProvider)
  mountProviderAnswer(scope, parts)
  mountRoute(scope, parts, setup)
  mountRoute(scope, parts, signOut)
  mountRoute(scope, parts, changePassword)
}

function mountRoute<S extends z.ZodObject>(scope: FastifyInstance, parts: ApiParts, route: Route<S>): void {
  const { path, body, errors, open = false } = route
  const operation = {
    name: path,
    method: 'POST',
    path,
    dialect: 'openai',
    key: 'any',
    body,
    result: body,
    errors,
  } as const
  const validate = validatorOf(operation)
  scope.route({
    method: 'POST',
    url: path,
    errorHandler: (error, request, reply) => replyWithError(parts, operation, { error, request, reply }),
    async onRequest(request, reply) {
      reply.headers({ 'x-request-id': parts.requestId(request), 'cache-control': 'no-store' })
      if (!(open ? mayAsk(request) : isOwnPage(request)))
        throw refuse('forbidden', "Only the dashboard's own pages may ask for this")
      demandJson(request)
    },
    async handler(request, reply) {
      // Read by the schema of this very route.
      const read = validate(request).body as z.output<S>
      return send(parts, request, reply, await route.answer(parts, request, read))
    },
  })
}

const entered = async (parts: ApiParts, { caller, cookies }: SignedIn, status: number): Promise<Answer> => ({
  ...{ cookies, status },
  body: { session: await sessionOf(parts, caller) },
})

function send(parts: ApiParts, request: FastifyRequest, reply: FastifyReply, { cookies, body, status = 200 }: Answer) {
  setCookies(parts, request, reply, cookies)
  return reply.code(status).send(body)
}
