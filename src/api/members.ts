/** Members of an organisation: listed, invited, given another role, removed; and who asks. */
import { refuse } from '../contract/errors.ts'
import type { Member, Session } from '../contract/members.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import {
  findMember,
  findMemberBy,
  listMembers,
  removeMember,
  type StoredMember,
  updateMember,
} from '../store/members.ts'
import { findOrganisation } from '../store/organisations.ts'
import { timeOf } from './admin-keys.ts'
import { organisationFor } from './management-keys.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers } from './parts.ts'

type Names = 'getSession' | 'listMembers' | 'inviteMember' | 'updateMember' | 'removeMember' | 'createSetupLink'

export const memberHandlers: Handlers<Names> = {
  async getSession(parts, { caller }) {
    return { body: { session: await sessionOf(parts, caller) } }
  },

  async listMembers({ store }, { caller, query }) {
    const page = pageOf('members', query)
    const { members, total } = await listMembers(store, caller.organisationId, page)
    const { shown, pagination } = paged('members', page, members, total)
    return { body: { members: shown.map(memberOf), pagination } }
  },

  async inviteMember(parts, { caller, body, at, origin, requestId }) {
    const { store, people } = parts
    const email = body.email?.toLowerCase() ?? null
    const { organisationId, actor } = caller
    const known = email === null ? undefined : await findMemberBy(store, { email })
    // Who is a member elsewhere is not told to whoever invites here.
    if (known?.organisationId === organisationId) throw refuse('email_taken', undefined, { param: 'email' })
    const wanted = { organisationId, email, role: body.role, via: 'invitation', at, actor, requestId } as const
    const { code, path } = await people.makeLink(wanted)
    return { body: { member: memberOf(await memberFor(parts, caller, `mem_${code}`)), link: `${origin}${path}` } }
  },

  async updateMember(parts, { caller, params, body: { role }, audit }) {
    const member = await memberFor(parts, caller, params.id)
    const change = { before: { role: member.role }, after: { role } }
    const row = audit({ action: 'member.update', target: params.id, ...change }, ({ exists, selectFrom }) =>
      exists(selectFrom('members').select('id').where('id', '=', member.id).where('role', '=', role)),
    )
    if (!(await updateMember(parts.store, member, role, row))) throw await keptBecause(parts, caller, params.id)
    return { body: { member: memberOf({ ...member, role }) } }
  },

  async removeMember(parts, { caller, params, at, audit }) {
    const member = await memberFor(parts, caller, params.id)
    const { email, name, role, userId } = member
    const change = { action: 'member.remove', target: params.id, before: { email, name, role }, after: null }
    const row = audit(change, ({ exists, selectFrom }) =>
      exists(selectFrom('members').select('id').where('id', '=', member.id).where('removed_at', 'is not', null)),
    )
    if (!(await removeMember(parts.store, member, at, row))) throw await keptBecause(parts, caller, params.id)
    // From here on no session of this person is anybody's; this takes away what was kept for it.
    if (userId !== null) await parts.people.removeUser(userId)
    return { body: { deleted: true } }
  },

  async createSetupLink(parts, { caller, body, at, origin, requestId }) {
    const { id } = await organisationFor(parts, caller, body.organisationId)
    const wanted = { organisationId: id, email: null, role: 'admin', via: 'setup', at } as const
    const { path, expiresAt } = await parts.people.makeLink({ ...wanted, actor: caller.actor, requestId })
    return { body: { link: `${origin}${path}`, expiresAt: instantText(expiresAt) } }
  },
}

export async function sessionOf(
  { store, isOperator }: Pick<ApiParts, 'store' | 'isOperator'>,
  caller: Caller,
): Promise<Session> {
  const { member, actor, role, organisation: name, organisationId } = caller
  const organisation = await findOrganisation(store, { id: organisationId })
  return {
    member: member ? { id: `mem_${member.code}`, email: member.email, name: member.name } : null,
    actor,
    role: role === 'admin' ? 'admin' : 'reader',
    isOperator: isOperator(caller),
    organisation: { id: name, name, timeZone: organisation?.timeZone ?? 'UTC' },
  }
}

async function memberFor({ store }: Pick<ApiParts, 'store'>, caller: Caller, id: string): Promise<StoredMember> {
  const member = await findMember(store, caller.organisationId, /^mem_(.+)$/.exec(id)?.[1] ?? '')
  // A link of who runs the server is nobody yet.
  if (!member || (member.via === 'setup' && member.joinedAt === null))
    throw refuse('not_found', 'No member has this id')
  return member
}

/** Unless the member is gone by now, which throws `not_found`. */
async function keptBecause(parts: ApiParts, caller: Caller, id: string): Promise<Error> {
  await memberFor(parts, caller, id)
  return refuse('last_admin')
}

const memberOf = ({ code, email, name, role, linkExpiresAt, createdAt, joinedAt }: StoredMember): Member => ({
  ...{ id: `mem_${code}`, email, name, role },
  status: joinedAt === null ? 'invited' : 'active',
  invitedUntil: joinedAt === null ? timeOf(linkExpiresAt) : null,
  createdAt: instantText(createdAt),
  joinedAt: timeOf(joinedAt),
})
