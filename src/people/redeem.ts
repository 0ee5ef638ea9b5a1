/** What a one-time link comes to: a new member, or one whose password was lost, by the link of who runs the server. */
import { refuse } from '../contract/errors.ts'
import type { Settings } from '../contract/settings.ts'
import { hashSecret } from '../lib/secret.ts'
import { auditQuery } from '../store/audit-log.ts'
import {
  findByLink,
  findMemberBy,
  giveLinkBack,
  joinMember,
  restoreMember,
  type StoredMember,
  takeLink,
} from '../store/members.ts'
import type { Store } from '../store/store.ts'
import type { SignIn } from './sign-in.ts'

export type Redeeming = {
  readonly token: string
  readonly email: string | undefined
  readonly password: string
  readonly name: string
  readonly requestId: string
}

type Parts = { readonly store: Store; readonly signIn: SignIn }
type Passwords = Settings['signIn']
type Person = Redeeming & { readonly email: string }

/** Throws `forbidden` where nobody signs in by password. */
export function demandPasswords({ password, oidc }: Passwords): void {
  if (!password) throw refuse('forbidden', `Passwords are switched off here: sign in with ${oidc?.name}`)
}

/** The e-mail address that now signs in. Throws `link_ended`, `email_taken`, `invalid_request`, `forbidden`. */
export async function redeemLink(
  { store, signIn, settings }: Parts & { readonly settings: Passwords },
  asked: Redeeming,
): Promise<string> {
  const hash = hashSecret(asked.token)
  const link = await findByLink(store, hash)
  if (!link || (link.linkExpiresAt ?? 0) <= store.now()) throw refuse('link_ended')
  // Who runs the server gets in also while the provider is away.
  if (link.via !== 'setup') demandPasswords(settings)
  const person = { ...asked, email: addressFor(link, asked.email) }
  const known = await findMemberBy(store, { email: person.email })
  // Who runs the server may do everything; whoever invites may not get at the member who has the address.
  const isBack = known !== undefined && link.via === 'setup' && known.organisationId === link.organisationId
  if (known && !isBack) throw refuse('email_taken', undefined, { param: 'email' })
  // Before anything is made of it: of several at once, one goes on.
  if (!(await takeLink(store, link, hash))) throw refuse('link_ended')
  try {
    if (known) await comeBack({ store, signIn }, link, known, person)
    else await join({ store, signIn }, link, person)
  } catch (error) {
    await giveLinkBack(store, link, hash)
    throw error
  }
  return person.email
}

function addressFor({ email: invited }: StoredMember, given: string | undefined): string {
  const email = given?.toLowerCase()
  if (invited !== null && email !== undefined && email !== invited)
    throw refuse('invalid_request', 'email: the link is for another address', { param: 'email' })
  const address = invited ?? email
  if (address === undefined)
    throw refuse('invalid_request', 'email: is missing: expected an e-mail address', { param: 'email' })
  return address
}

/** A person whom sign-in knows and no organisation does was left behind by a crash, once so much time has passed. */
const LEFT_BEHIND_MS = 60_000

async function join({ store, signIn }: Parts, link: StoredMember, person: Person): Promise<void> {
  const { email, name, password, requestId } = person
  const before = await signIn.findUser(email)
  if (before && before.since + LEFT_BEHIND_MS < store.now()) await signIn.removeUser(before.id)
  const userId = await signIn.createUser({ email, name, password })
  if (userId === undefined) throw refuse('email_taken', undefined, { param: 'email' })
  await enrol({ store, signIn }, link, { userId, email, name, requestId })
}

type Enrolled = Pick<Person, 'email' | 'name' | 'requestId'> & { readonly userId: string }

/** Makes somebody whom sign-in knows the member that was invited. Throws `link_ended`. */
export async function enrol({ store, signIn }: Parts, link: StoredMember, person: Enrolled): Promise<void> {
  const { userId, email, name, requestId } = person
  const at = store.now()
  const audit = auditQuery(
    store,
    {
      ...{ organisationId: link.organisationId, actor: `member:${email}`, action: 'member.join', requestId, at },
      ...{ target: `mem_${link.code}`, before: null, after: { email, name, role: link.role } },
    },
    ({ exists, selectFrom }) => exists(selectFrom('members').select('id').where('user_id', '=', userId)),
  )
  const isJoined = await joinMember(store, link, { userId, email, name, at }, audit).catch(async (error: unknown) => {
    if (await isForgotten({ store, signIn }, userId)) throw error
    return true
  })
  if (!isJoined && (await isForgotten({ store, signIn }, userId))) throw refuse('link_ended')
}

/** Sign-in forgets whoever did not become a member. False: the person is one, having come twice at the same moment. */
async function isForgotten({ store, signIn }: Parts, userId: string): Promise<boolean> {
  if (await findMemberBy(store, { userId })) return false
  await signIn.removeUser(userId)
  return true
}

async function comeBack({ store, signIn }: Parts, link: StoredMember, known: StoredMember, person: Person) {
  const { email, password, requestId } = person
  if (known.userId === null) throw refuse('link_ended')
  await signIn.setPassword(known.userId, password)
  const audit = auditQuery(store, {
    ...{ organisationId: known.organisationId, actor: `member:${email}`, action: 'member.restore', requestId },
    ...{ target: `mem_${known.code}`, before: { role: known.role }, after: { role: 'admin' }, at: store.now() },
  })
  await restoreMember(store, known, link, audit)
}
