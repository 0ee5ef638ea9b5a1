/** What an identity provider's word comes to: a member signed in, or somebody invited who is one from now on. */
import { refuse } from '../contract/errors.ts'
import { hashSecret } from '../lib/secret.ts'
import { auditQuery } from '../store/audit-log.ts'
import type { StoredMember } from '../store/members.ts'
import type { Store } from '../store/store.ts'
import type { Attempts } from './attempts.ts'
import type { Arrived, NotArrived, Oidc } from './oidc.ts'
import { enrol } from './redeem.ts'
import type { SignIn } from './sign-in.ts'

/** `wanted`: the path of ours that the person was on the way to. */
export type ByProvider = {
  /** `token`: of the link that the person opened. Throws `not_found`, `rate_limit_exceeded`, `service_unavailable`. */
  start(asked: {
    origin: string
    wanted: string
    token: string | undefined
    address: string
  }): Promise<{ readonly url: string; readonly cookies: readonly string[] }>
  finish(asked: {
    origin: string
    query: Readonly<Record<string, string>>
    cookie: string | undefined
    address: string
    requestId: string
  }): Promise<
    | { readonly wanted: string; readonly cookies: readonly string[] }
    | { readonly wanted: string; readonly failed: NotArrived }
  >
}

type Parts = { readonly store: Store; readonly signIn: SignIn; readonly attempts: Attempts }

export function createByProvider({ store, signIn, attempts }: Parts): ByProvider {
  return {
    async start({ address, token, ...asked }) {
      const oidc = demanded(signIn)
      attempts.begin(address)
      return oidc.start({ ...asked, linkHash: token === undefined ? undefined : hashSecret(token) })
    },
    async finish({ address, requestId, ...asked }) {
      const arrived = await demanded(signIn).finish(asked)
      if ('failed' in arrived) return arrived
      const { cookies, wanted, visit } = arrived
      const userId = await signedInBy(signIn, cookies)
      if (userId === undefined) return { wanted, failed: 'ended' }
      if ('member' in visit.admitted) {
        if (visit.linked) await noteLink(store, visit.admitted.member, requestId)
      } else if (!(await joined({ store, signIn }, visit.admitted.invitation, { ...visit, userId, requestId })))
        return { wanted, failed: 'link_ended' }
      attempts.succeeded(address)
      return { cookies, wanted }
    },
  }
}

function demanded({ oidc }: SignIn): Oidc {
  if (!oidc) throw refuse('not_found', 'This server signs nobody in by OpenID Connect: signIn.oidc is not set')
  return oidc
}

async function signedInBy(signIn: SignIn, cookies: Arrived['cookies']): Promise<string | undefined> {
  return signIn.userOf(cookies.map((cookie) => cookie.split(';', 1)[0]).join('; '))
}

type Joining = { readonly userId: string; readonly email: string; readonly name: string; readonly requestId: string }

/** False: the invitation was taken or withdrawn meanwhile. */
async function joined(parts: Omit<Parts, 'attempts'>, invitation: StoredMember, person: Joining): Promise<boolean> {
  const { userId, email, name, requestId } = person
  try {
    await enrol(parts, invitation, { userId, email, name, requestId })
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'link_ended') return false
    throw error
  }
}

async function noteLink(store: Store, { organisationId, code, email }: StoredMember, requestId: string): Promise<void> {
  await store.write([
    auditQuery(store, {
      ...{ organisationId, actor: `member:${email ?? ''}`, action: 'member.link', requestId, at: store.now() },
      ...{ target: `mem_${code}`, before: null, after: { signsInBy: 'oidc' } },
    }),
  ])
}
