/**
 * Passwords and sessions, by better-auth. Besides `oidc.ts` it is the only file that knows the library: it is called as
 * functions, none of its own routes is served, and it is loaded when somebody first needs it, so that a start does not
 * wait for it.
 */
import type { BetterAuthOptions, betterAuth } from 'better-auth'
import type { Log } from '../lib/log.ts'
import type { SignInDatabase } from '../store/sign-in-database.ts'
import { createOidc, type Oidc, type OidcParts } from './oidc.ts'

export type SignIn = {
  /** The new person's id; undefined: the address is taken. */
  createUser(user: { email: string; name: string; password: string }): Promise<string | undefined>
  /** Who has this address, and since when. */
  findUser(email: string): Promise<{ id: string; since: number } | undefined>
  /** Ends the sessions too. */
  setPassword(userId: string, password: string): Promise<void>
  removeUser(userId: string): Promise<void>
  /** Undefined: address or password is wrong. */
  signIn(email: string, password: string): Promise<Session | undefined>
  /** The person behind the cookies of a request, if the session holds. */
  userOf(cookie: string): Promise<string | undefined>
  /** The cookies that take the session away. `everywhere`: all sessions of the person end. */
  signOut(cookie: string, everywhere: boolean): Promise<readonly string[]>
  /** All other sessions end; undefined: the current password is wrong. */
  changePassword(cookie: string, current: string, next: string): Promise<readonly string[] | undefined>
  /** Absent: the settings name no provider. */
  readonly oidc?: Oidc
  close(): Promise<void>
}

/** Cookies are the values of `Set-Cookie`. */
type Session = { readonly userId: string; readonly cookies: readonly string[] }

export type SignInParts = {
  open(): Promise<SignInDatabase>
  /** Signs the cookies; the same on every node. */
  secret(): Promise<string>
  readonly log: Log
  readonly oidc?: Pick<OidcParts, 'settings' | 'admit' | 'clock'>
}

const PREFIX = 'turnpike'
/** So long a person stays signed in. */
const SESSION_SECONDS = 7 * 24 * 3600

/** Without one there is no session to look for. */
export const hasSessionCookie = (cookie: string | undefined): cookie is string =>
  cookie?.includes(`${PREFIX}.session_token=`) === true

export function createSignIn(parts: SignInParts): SignIn {
  const loaded = loader(parts)
  const functions = functionsOf(loaded)
  const options = async () => (await loaded.get()).options
  const oidc = parts.oidc && createOidc({ ...parts.oidc, log: parts.log, options })
  /** The library has words of its own for a database that does not answer; everybody else knows `StoreAway`. */
  const told =
    <A extends unknown[], R>(run: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const { database } = await loaded.get()
      try {
        return await run(...args)
      } catch (error) {
        await database.assertReachable()
        throw error
      }
    }
  return {
    createUser: told(functions.createUser),
    findUser: told(functions.findUser),
    setPassword: told(functions.setPassword),
    removeUser: told(functions.removeUser),
    signIn: told(functions.signIn),
    userOf: told(functions.userOf),
    signOut: told(functions.signOut),
    changePassword: told(functions.changePassword),
    ...(oidc ? { oidc: { start: told(oidc.start), finish: told(oidc.finish) } } : {}),
    close: () => loaded.close(),
  }
}

function functionsOf(loaded: ReturnType<typeof loader>): Omit<SignIn, 'oidc' | 'close'> {
  const internal = async () => {
    const context = await (await loaded.get()).auth.$context
    return { users: context.internalAdapter, hash: context.password.hash }
  }
  return {
    async createUser({ email, name, password }) {
      const { users, hash } = await internal()
      const secret = await hash(password)
      if (await users.findUserByEmail(email)) return undefined
      const { id } = await users.createUser({ email, name, emailVerified: false }, { method: 'email-password' })
      await users.linkAccount({ userId: id, accountId: id, providerId: 'credential', password: secret })
      return id
    },
    async findUser(email) {
      const found = await (await internal()).users.findUserByEmail(email)
      return found ? { id: found.user.id, since: new Date(found.user.createdAt).getTime() } : undefined
    },
    async setPassword(userId, password) {
      const { users, hash } = await internal()
      const secret = await hash(password)
      // Who has signed in by a provider alone has none to change.
      if (await users.findCredentialAccount(userId)) await users.updatePassword(userId, secret)
      else await users.linkAccount({ userId, accountId: userId, providerId: 'credential', password: secret })
      await users.deleteUserSessions(userId)
    },
    async removeUser(userId) {
      const { users } = await internal()
      await users.deleteUserSessions(userId)
      await users.deleteUser(userId)
    },
    async signIn(email, password) {
      const { auth } = await loaded.get()
      const reply = await auth.api
        .signInEmail({ body: { email, password }, headers: new Headers(), returnHeaders: true })
        .catch(unless('INVALID_EMAIL_OR_PASSWORD', 'INVALID_EMAIL', 'PASSWORD_TOO_LONG'))
      return reply && { userId: reply.response.user.id, cookies: reply.headers.getSetCookie() }
    },
    async userOf(cookie) {
      const { auth } = await loaded.get()
      const found = await auth.api.getSession({ headers: new Headers({ cookie }) })
      return found?.user.id
    },
    async signOut(cookie, everywhere) {
      const { auth } = await loaded.get()
      const headers = new Headers({ cookie })
      const found = everywhere ? await auth.api.getSession({ headers }) : null
      if (found) await (await internal()).users.deleteUserSessions(found.user.id)
      return (await auth.api.signOut({ headers, returnHeaders: true })).headers.getSetCookie()
    },
    async changePassword(cookie, currentPassword, newPassword) {
      const { auth } = await loaded.get()
      const body = { currentPassword, newPassword, revokeOtherSessions: true }
      const reply = await auth.api
        .changePassword({ body, headers: new Headers({ cookie }), returnHeaders: true })
        .catch(unless('INVALID_PASSWORD', 'CREDENTIAL_ACCOUNT_NOT_FOUND'))
      return reply?.headers.getSetCookie()
    },
  }
}

type Auth = ReturnType<typeof betterAuth<Options>>
type Options = ReturnType<typeof optionsOf>
type Loaded = { readonly auth: Auth; readonly options: Options; readonly database: SignInDatabase }

/** Loaded once; a failure is tried again at the next use. */
function loader(parts: SignInParts) {
  let loading: Promise<Loaded> | undefined
  return {
    get() {
      loading ??= load(parts).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      return loading
    },
    async close() {
      const loaded = await loading?.catch(() => undefined)
      await loaded?.database.close()
    },
  }
}

async function load({ open, secret, log }: SignInParts): Promise<Loaded> {
  const [{ betterAuth }, key, database] = await Promise.all([import('better-auth'), secret(), open()])
  const options = optionsOf(database, key, log)
  return { auth: betterAuth(options), options, database }
}

/** Who may ask, from where and how often is decided before the library is called. */
const optionsOf = ({ db, type }: SignInDatabase, secret: string, log: Log) =>
  ({
    database: { db, type },
    secret,
    baseURL: 'http://127.0.0.1',
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 1, maxPasswordLength: 128 },
    session: { expiresIn: SESSION_SECONDS, disableSessionRefresh: true, freshAge: 0 },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // Its words may name people; that something failed shows in what it throws.
    logger: { level: 'error', log: () => log.warn({}, 'sign-in met an error') },
    advanced: {
      cookiePrefix: PREFIX,
      useSecureCookies: false,
      database: { validateSchema: false },
      ipAddress: { disableIpTracking: true },
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
    },
  }) satisfies BetterAuthOptions

/** What the person did wrong is no failure. */
const unless =
  (...codes: readonly string[]) =>
  (error: unknown): undefined => {
    const code = (error as { body?: { code?: unknown } }).body?.code
    if (typeof code !== 'string' || !codes.includes(code)) throw error
  }
