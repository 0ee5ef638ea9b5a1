/**
 * Sign-in by OpenID Connect. The protocol (state, nonce, PKCE, keys, tokens) is better-auth's plugin; it asks `admit`
 * before anything is kept of anybody. The library is told one address of ours, so each that people come by has its own.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { BetterAuthOptions } from 'better-auth'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { refuse } from '../contract/errors.ts'
import type { OidcSettings } from '../contract/sign-in-settings.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Admitted, NotAdmitted, Vouched } from './admit.ts'
import { bareIssuer, discoveryUrl, providerFault } from './discovery.ts'

export type Oidc = {
  /** Where the browser goes, with the cookie that ties the answer to this browser. Throws `service_unavailable`. */
  start(asked: Start): Promise<{ readonly url: string; readonly cookies: readonly string[] }>
  /** What the provider's answer comes to. */
  finish(asked: Finish): Promise<Arrived | Failed>
}

type Start = { readonly origin: string; readonly wanted: string; readonly linkHash: string | undefined }
type Finish = {
  readonly origin: string
  readonly query: Readonly<Record<string, string>>
  readonly cookie: string | undefined
}

type Failed = { readonly failed: NotArrived; readonly wanted: string }
/** `linked`: a member who had a password until now. */
export type Arrived = {
  readonly cookies: readonly string[]
  /** Where the person was on the way to. */
  readonly wanted: string
  readonly visit: Required<Pick<Visit, 'admitted' | 'email' | 'name'>> & Pick<Visit, 'linked'>
}

/** Why somebody did not get in; the page has a sentence for each. */
export type NotArrived = NotAdmitted | 'denied' | 'ended' | 'provider' | 'no_email' | 'unverified_email'

export type OidcParts = {
  readonly settings: OidcSettings
  readonly admit: (person: Vouched) => Promise<Admitted | NotAdmitted>
  readonly log: Log
  readonly clock: Pick<Clock, 'after'>
  /** What the library is told in any case. */
  options(): Promise<BetterAuthOptions>
}

const PROVIDER = 'oidc'
const ANSWER_MS = 20_000
const MOST_ORIGINS = 16
/** What a provider says of itself is asked again after this time. */
const KNOWN_MS = 3_600_000

type Visit = { admitted?: Admitted; refused?: NotArrived; email?: string; name?: string; linked?: true }

export function createOidc(parts: OidcParts): Oidc {
  const { settings, log, clock } = parts
  const visits = new AsyncLocalStorage<Visit>()
  const opened = new LRUCache<string, Promise<Auth>>({ max: MOST_ORIGINS, ttl: KNOWN_MS })

  /** Opened when it is first asked for; a provider that is away is asked again the next time. */
  function authFor(origin: string): Promise<Auth> {
    const found = opened.get(origin)
    if (found) return found
    const opening = open(parts, origin, visits)
    opened.set(origin, opening)
    opening.catch(() => opened.delete(origin))
    return opening
  }

  return {
    async start({ origin, wanted, linkHash }) {
      const auth = await authFor(origin)
      const onTheWay = new URLSearchParams({ wanted })
      const reply = await auth.api.signInSocial({
        body: {
          ...{ provider: PROVIDER, disableRedirect: true },
          ...{ callbackURL: `${ARRIVED}?${onTheWay}`, errorCallbackURL: `${FAILED}?${onTheWay}` },
          ...(linkHash === undefined ? {} : { additionalData: { linkHash } }),
        },
        headers: new Headers(),
        returnHeaders: true,
      })
      return { url: z.object({ url: z.string() }).parse(reply.response).url, cookies: reply.headers.getSetCookie() }
    },
    async finish({ origin, query, cookie }) {
      const auth = await authFor(origin)
      const visit: Visit = {}
      const called = visits.run(visit, () =>
        auth.api.callbackOAuth({
          ...{ method: 'GET', params: { id: PROVIDER }, query, asResponse: true },
          headers: new Headers(cookie === undefined ? {} : { cookie }),
        }),
      )
      const reply = await inTime(clock, called)
      const target = URL.parse(reply.headers.get('location') ?? '', origin)
      const { admitted, email = '', name = '', linked } = visit
      const wanted = target?.searchParams.get('wanted') ?? '/'
      if (target?.pathname === ARRIVED && admitted)
        return {
          cookies: reply.headers.getSetCookie(),
          wanted,
          visit: { admitted, email, name, ...(linked ? { linked } : {}) },
        }
      const code = target?.searchParams.get('error') ?? `status ${reply.status}`
      if (/internal_server_error|^status 5/.test(code)) throw new Error('sign-in by OpenID Connect failed')
      const failed = visit.refused ?? FAILURES.get(code) ?? 'provider'
      log.warn({ failed, code: code.slice(0, 60), issuer: settings.issuer }, 'the identity provider let nobody in')
      return { failed, wanted }
    },
  }
}

/** Neither is ever served: they are how the library says what came of it. */
const [ARRIVED, FAILED] = ['/arrived', '/failed']

/** What the library or the provider calls it; everything else is the provider's doing. */
const FAILURES = new Map<string, NotArrived>([
  ['access_denied', 'denied'],
  ...['state_mismatch', 'state_not_found', 'state_invalid', 'invalid_callback_request'].map(
    (code): [string, NotArrived] => [code, 'ended'],
  ),
  ['email_not_found', 'no_email'],
  ['account_not_linked', 'unverified_email'],
])

type Auth = Awaited<ReturnType<typeof open>>

async function open(parts: OidcParts, origin: string, visits: AsyncLocalStorage<Visit>) {
  const { settings, log, clock } = parts
  const fault = await providerFault(settings, clock)
  if (fault !== undefined) {
    log.warn({ issuer: settings.issuer, fault }, 'the identity provider cannot be used')
    throw refuse('service_unavailable', `${settings.name} cannot be used now: the identity provider ${fault}`)
  }
  const [{ betterAuth }, { genericOAuth }, options] = await Promise.all([
    import('better-auth'),
    import('better-auth/plugins/generic-oauth'),
    parts.options(),
  ])
  const auth = betterAuth({
    ...options,
    baseURL: `${origin}/api/auth`,
    plugins: [genericOAuth({ config: [providerOf(settings)] })],
    // Whom an address belongs to is the provider's word alone; what that ends of before is for `gate`.
    account: { accountLinking: { requireLocalEmailVerified: false }, updateAccountOnSignIn: false },
    // Nothing is asked of the provider later, so nothing is kept that could ask.
    databaseHooks: { account: { create: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) } } },
    user: { validateUserInfo: (asked, context) => gate(parts, visits.getStore(), asked, context) },
  })
  await inTime(clock, auth.$context)
  return auth
}

const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null, scope: null }

const providerOf = (settings: OidcSettings) => ({
  providerId: PROVIDER,
  discoveryUrl: discoveryUrl(settings),
  requireIdTokenVerification: true,
  clientId: settings.clientId,
  clientSecret: settings.clientSecret,
  // What every provider has to take.
  authentication: 'basic' as const,
  scopes: settings.scopes,
  // The same subject of another issuer is somebody else; without an ID token nobody is anybody.
  accountSubject: ({ tokens, profile }: { tokens: { idToken?: string | undefined }; profile: Profile }) =>
    tokens.idToken && typeof profile.sub === 'string' && profile.sub !== '' ? subjectOf(settings, profile.sub) : '',
  mapProfileToUser: (profile: Profile) => ({
    email: addressOf(profile.email),
    emailVerified: isVerified(profile.email_verified, settings),
    name: z.string().min(1).max(100).catch('').parse(profile.name),
    image: undefined,
  }),
})

type Profile = Readonly<Record<string, unknown>>

const subjectOf = ({ issuer }: OidcSettings, sub: string): string => `${bareIssuer(issuer)} ${sub}`

/** By the rule that invitations keep: letters that only look like others in lower case are none of an address. */
const addressOf = (email: unknown): string | undefined => z.email().max(254).safeParse(email).data?.toLowerCase()

const isVerified = (said: unknown, { trustEmail }: OidcSettings): boolean =>
  said === true || said === 'true' || (said === undefined && trustEmail)

type Gate = NonNullable<NonNullable<BetterAuthOptions['user']>['validateUserInfo']>

/** The last word before somebody is kept, linked or signed in. */
async function gate(
  { settings, admit }: OidcParts,
  visit: Visit | undefined,
  { user, source }: Parameters<Gate>[0],
  { context }: Parameters<Gate>[1],
): Promise<{ error: string } | undefined> {
  const turnAway = (refused: NotArrived) => {
    if (visit) visit.refused = refused
    return { error: refused }
  }
  const { getOAuthState } = await import('better-auth/api')
  const { email = '', name, id } = user
  if (!visit || user.emailVerified !== true) return turnAway('unverified_email')
  const linkHash = z
    .string()
    .optional()
    .catch(undefined)
    .parse((await getOAuthState())?.linkHash)
  const userId = source.action === 'create-user' ? undefined : id
  const admitted = await admit({ email, userId, linkHash })
  if (typeof admitted === 'string') return turnAway(admitted)
  if (source.action === 'link-account' && id !== undefined) {
    const users = context.internalAdapter
    const accounts = await users.findAccounts(id)
    // The address was given to another person at the provider.
    if (accounts.some(({ accountId }) => accountId.startsWith(subjectOf(settings, ''))))
      return turnAway('address_taken')
    // Whoever typed the address at an invitation may not have been its owner, and would keep a key to the door.
    for (const { id: account, providerId } of accounts)
      if (providerId === 'credential') await users.deleteAccount(account)
    await users.deleteUserSessions(id)
    visit.linked = true
  }
  Object.assign(visit, { admitted, email, name: name || email })
  return undefined
}

/** Throws `service_unavailable` after that time; the library waits for ever. */
async function inTime<R>(clock: Pick<Clock, 'after'>, work: Promise<R>): Promise<R> {
  const late = Promise.withResolvers<never>()
  const timer = clock.after(ANSWER_MS, () =>
    late.reject(refuse('service_unavailable', 'The identity provider did not answer in time')),
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    timer.cancel()
  }
}
