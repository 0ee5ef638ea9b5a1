/** Who may come in on an identity provider's word: members, and those whom an invitation or a link is for. */
import { findByLink, findInvitations, findMemberBy, type StoredMember } from '../store/members.ts'
import type { Store } from '../store/store.ts'

/** Somebody whose address the provider vouches for. */
export type Vouched = {
  /** In lower case. */
  readonly email: string
  /** Who it is to sign-in, if anybody. */
  readonly userId: string | undefined
  /** Of the link that the person opened, if any. */
  readonly linkHash: string | undefined
}

export type NotAdmitted = 'not_invited' | 'several_invitations' | 'link_ended' | 'other_address' | 'address_taken'

/** `invitation`: what the person joins by. `member`: who the person is already. */
export type Admitted = { readonly invitation: StoredMember } | { readonly member: StoredMember }

export async function admit(store: Store, { email, userId, linkHash }: Vouched): Promise<Admitted | NotAdmitted> {
  const member = userId === undefined ? undefined : await findMemberBy(store, { userId })
  if (member) return { member }
  if (await findMemberBy(store, { email })) return 'address_taken'
  return linkHash === undefined ? byAddress(store, email) : byLink(store, linkHash, email)
}

/** The newest of an organisation's counts. Between organisations nobody chooses but the person, by opening a link. */
async function byAddress(store: Store, email: string): Promise<Admitted | NotAdmitted> {
  const [invitation, ...others] = await findInvitations(store, email, store.now())
  if (!invitation) return 'not_invited'
  const isOneOrganisation = others.every(({ organisationId }) => organisationId === invitation.organisationId)
  return isOneOrganisation ? { invitation } : 'several_invitations'
}

async function byLink(store: Store, linkHash: string, email: string): Promise<Admitted | NotAdmitted> {
  const invitation = await findByLink(store, linkHash)
  if (!invitation || (invitation.linkExpiresAt ?? 0) <= store.now()) return 'link_ended'
  return invitation.email === null || invitation.email === email ? { invitation } : 'other_address'
}
