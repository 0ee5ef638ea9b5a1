/**
 * People: who signs in, who a session is, who comes by a link. A session is a management caller of its member's
 * organisation; it is looked up anew for every request, so that what is changed about a member holds at once.
 */
import { refuse } from '../contract/errors.ts'
import type { Settings } from '../contract/settings.ts'
import { type Caller, NO_DEFAULTS } from '../core/caller.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { findMemberBy, hasAdmin, type StoredMember } from '../store/members.ts'
import { findOrganisation } from '../store/organisations.ts'
import type { Store } from '../store/store.ts'
import { createAttempts } from './attempts.ts'
import { type ByProvider, createByProvider } from './by-provider.ts'
import { type MadeLink, makeLink, type WantedLink } from './links.ts'
import { demandPasswords, type Redeeming, redeemLink } from './redeem.ts'
import { hasSessionCookie, type SignIn } from './sign-in.ts'

/** `address`: of the client, by which attempts are counted. */
export type People = {
  /** Whoever is signed in by these cookies; undefined: nobody. */
  callerOf(cookie: string | undefined): Promise<Caller | undefined>
  /** Throws `wrong_credentials`, `rate_limit_exceeded`, `forbidden` where passwords are switched off. */
  signIn(asked: { email: string; password: string; address: string }): Promise<SignedIn>
  /** Throws as {@link redeemLink}, and `rate_limit_exceeded`. */
  redeem(asked: Redeeming & { address: string }): Promise<SignedIn>
  /** The cookies that take the session away. */
  signOut(cookie: string | undefined, everywhere: boolean): Promise<readonly string[]>
  /** Throws `wrong_credentials`, `rate_limit_exceeded`. */
  changePassword(asked: {
    cookie: string
    email: string
    current: string
    next: string
    address: string
  }): Promise<readonly string[]>
  /** The person can no longer sign in, and every session is over. */
  removeUser(userId: string): Promise<void>
  readonly byProvider: ByProvider
  makeLink(wanted: WantedLink): Promise<MadeLink>
  /** The link of a start, while nobody owns the organisation. */
  firstLink(organisationId: bigint): Promise<MadeLink | undefined>
  close(): Promise<void>
}

type SignedIn = { readonly caller: Caller; readonly cookies: readonly string[] }

/** Checking a password takes a core for a tenth of a second, and other work waits for the same threads. */
const MOST_AT_ONCE = 8

type Parts = {
  readonly store: Store
  readonly signIn: SignIn
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly settings: Settings['signIn']
}

export function createPeople({ store, signIn, clock, random, settings }: Parts): People {
  const attempts = createAttempts(clock)
  const bounded = createBound(MOST_AT_ONCE)

  async function callerOfUser(userId: string): Promise<Caller | undefined> {
    const member = await findMemberBy(store, { userId })
    const organisation = member && (await findOrganisation(store, { id: member.organisationId }))
    return member && organisation && memberCaller(member, organisation.name)
  }

  /** What comes of sign-in without being a member is nobody. */
  async function enter(email: string, password: string): Promise<SignedIn | undefined> {
    const session = await signIn.signIn(email, password)
    const caller = session && (await callerOfUser(session.userId))
    return session && caller && { caller, cookies: session.cookies }
  }

  return {
    async callerOf(cookie) {
      if (!hasSessionCookie(cookie)) return undefined
      const userId = await signIn.userOf(cookie)
      return userId === undefined ? undefined : callerOfUser(userId)
    },
    signIn: ({ email, password, address }) =>
      bounded(async () => {
        demandPasswords(settings)
        const name = email.toLowerCase()
        attempts.begin(address, name)
        const entered = await enter(name, password)
        if (!entered) throw refuse('wrong_credentials')
        attempts.succeeded(address, name)
        return entered
      }),
    redeem: ({ address, ...asked }) =>
      bounded(async () => {
        attempts.begin(address)
        const email = await redeemLink({ store, signIn, settings }, asked)
        const entered = await enter(email, asked.password)
        if (!entered) throw refuse('link_ended')
        attempts.succeeded(address)
        return entered
      }),
    async signOut(cookie, everywhere) {
      return hasSessionCookie(cookie) ? signIn.signOut(cookie, everywhere) : []
    },
    changePassword: ({ cookie, email, current, next, address }) =>
      bounded(async () => {
        demandPasswords(settings)
        attempts.begin(address, email)
        const cookies = await signIn.changePassword(cookie, current, next)
        if (!cookies)
          throw refuse('wrong_credentials', 'The current password is wrong, or you sign in without one', {
            param: 'currentPassword',
          })
        attempts.succeeded(address, email)
        return cookies
      }),
    removeUser: (userId) => signIn.removeUser(userId),
    byProvider: createByProvider({ store, signIn, attempts }),
    makeLink: (wanted) => makeLink(store, random, wanted),
    async firstLink(organisationId) {
      if (await hasAdmin(store, organisationId)) return undefined
      const made = { organisationId, email: null, role: 'admin', via: 'setup', at: store.now() } as const
      return makeLink(store, random, { ...made, actor: 'system', requestId: null })
    },
    close: () => signIn.close(),
  }
}

/** Without a key: what it has of one is empty, and equal to nobody's. */
const memberCaller = (member: StoredMember, organisation: string): Caller => ({
  kind: 'management_key',
  organisationId: member.organisationId,
  organisation,
  principal: 'management',
  actor: `member:${member.email ?? ''}`,
  role: member.role,
  keyId: null,
  keyHash: '',
  label: member.email ?? '',
  accountId: null,
  externalId: null,
  budgets: [],
  allowedModels: null,
  includeByokInLimit: false,
  reserveMode: null,
  defaults: NO_DEFAULTS,
  member: { code: member.code, email: member.email ?? '', name: member.name ?? '' },
})

/** So many at once; the next is told to come again. */
function createBound(most: number) {
  let running = 0
  return async <R>(run: () => Promise<R>): Promise<R> => {
    if (running >= most)
      throw refuse('rate_limit_exceeded', 'Many are signing in at this moment; try again', { retryAfterMs: 1_000 })
    running++
    try {
      return await run()
    } finally {
      running--
    }
  }
}
