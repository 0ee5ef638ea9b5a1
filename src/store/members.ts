/** Members of an organisation, from the link that invites them to their removal, written with their rows of the audit log. */
import type { ExpressionBuilder } from 'kysely'
import type { Id } from '../lib/id.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Schema } from './schema.ts'
import type { Query, Store } from './store.ts'

export type Role = 'admin' | 'reader'

export type StoredMember = Id & {
  readonly organisationId: bigint
  /** Who it is to sign-in; null until the link is redeemed. */
  readonly userId: string | null
  readonly email: string | null
  readonly name: string | null
  readonly role: Role
  /** `setup`: by the link of who runs the server. */
  readonly via: 'setup' | 'invitation'
  readonly linkExpiresAt: number | null
  readonly createdAt: number
  readonly joinedAt: number | null
}

export type NewLink = Id & {
  readonly organisationId: bigint
  readonly email: string | null
  readonly role: Role
  readonly via: StoredMember['via']
  readonly linkHash: string
  readonly linkExpiresAt: number
  readonly at: number
}

/** Of links of who runs the server there is one at a time: the new one ends those before. */
export async function createLink(store: Store, link: NewLink, audit: Query<unknown>): Promise<void> {
  const { id, code, organisationId, email, role, via, linkHash, linkExpiresAt, at } = link
  const ended = store.sql
    .deleteFrom('members')
    .where('organisation_id', '=', organisationId)
    .where('via', '=', 'setup')
    .where('joined_at', 'is', null)
  const insert = store.sql.insertInto('members').values({
    ...{ id, code, organisation_id: organisationId, user_id: null, email, name: null, role, via },
    ...{ link_hash: linkHash, link_expires_at: BigInt(linkExpiresAt) },
    ...{ created_at: BigInt(at), joined_at: null, removed_at: null },
  })
  await store.write([...(via === 'setup' ? [ended] : []), insert, audit])
}

/** Who a link would let in, whether or not it is over by now. */
export async function findByLink(store: Store, linkHash: string): Promise<StoredMember | undefined> {
  const rows = await store.rows(membersOf(store).where('link_hash', '=', linkHash).where('joined_at', 'is', null))
  return rows.map(memberOf)[0]
}

/** Those that name this address and still hold, newest first. */
export async function findInvitations(store: Store, email: string, at: number): Promise<StoredMember[]> {
  const rows = await store.rows(
    membersOf(store)
      .where('email', '=', email)
      .where('via', '=', 'invitation')
      .where('joined_at', 'is', null)
      .where('link_hash', 'is not', null)
      .where('link_expires_at', '>', BigInt(at))
      .orderBy('id', 'desc'),
  )
  return rows.map(memberOf)
}

/** Of several who redeem a link at once, one takes it. */
export async function takeLink(store: Store, member: StoredMember, linkHash: string): Promise<boolean> {
  const [taken] = await store.write([
    rowOf(store, member).where('link_hash', '=', linkHash).where('joined_at', 'is', null).set({ link_hash: null }),
  ])
  return taken === 1
}

/** Whoever took it could not use it. */
export async function giveLinkBack(store: Store, member: StoredMember, linkHash: string): Promise<void> {
  await store.write([rowOf(store, member).where('joined_at', 'is', null).set({ link_hash: linkHash })])
}

type Joining = { readonly userId: string; readonly email: string; readonly name: string; readonly at: number }

/** False: the invitation was withdrawn meanwhile, and nothing was written. */
export async function joinMember(
  store: Store,
  member: StoredMember,
  { userId, email, name, at }: Joining,
  audit: Query<unknown>,
): Promise<boolean> {
  const joined = { user_id: userId, email, name, joined_at: BigInt(at), link_hash: null, link_expires_at: null }
  const [changed] = await store.write([rowOf(store, member).where('joined_at', 'is', null).set(joined), audit])
  return changed === 1
}

/** A member who came back by the link of who runs the server: the link is spent on it. */
export async function restoreMember(
  store: Store,
  member: StoredMember,
  link: StoredMember,
  audit: Query<unknown>,
): Promise<void> {
  const spent = store.sql
    .deleteFrom('members')
    .where('organisation_id', '=', link.organisationId)
    .where('id', '=', link.id)
    .where('joined_at', 'is', null)
  await store.write([rowOf(store, member).set({ role: 'admin' }), spent, audit])
}

export async function findMember(
  store: Store,
  organisationId: bigint,
  code: string,
): Promise<StoredMember | undefined> {
  const row = await rowByCode(store, membersOf(store).where('organisation_id', '=', organisationId), code)
  return row && memberOf(row)
}

/** In whichever organisation: an address is one person's. */
export async function findMemberBy(
  store: Store,
  by: { readonly email: string } | { readonly userId: string },
): Promise<StoredMember | undefined> {
  const joined = membersOf(store).where('joined_at', 'is not', null)
  const rows = await store.rows(
    'email' in by ? joined.where('email', '=', by.email) : joined.where('user_id', '=', by.userId),
  )
  return rows.map(memberOf)[0]
}

export async function hasAdmin(store: Store, organisationId: bigint): Promise<boolean> {
  const admins = membersOf(store).where('organisation_id', '=', organisationId).where('role', '=', 'admin')
  return (await store.rows(admins.where('joined_at', 'is not', null).limit(1))).length > 0
}

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function listMembers(
  store: Store,
  organisationId: bigint,
  page: PageOf,
): Promise<{ members: StoredMember[]; total: number }> {
  const { rows, total } = await pageOf(store, shownOf(store, organisationId).select([...COLUMNS]), page)
  return { members: rows.map(memberOf), total }
}

/** False: it was the last admin, or is gone; nothing was written. */
export async function updateMember(
  store: Store,
  member: StoredMember,
  role: Role,
  audit: Query<unknown>,
): Promise<boolean> {
  const change = rowOf(store, member).set({ role })
  const guarded = role === 'admin' ? change : change.where(othersRemain(member))
  const [, changed] = await store.write([holdOrganisation(store, member), guarded, audit])
  return changed === 1
}

/** False: it was the last admin, or is gone; nothing was written. The row stays, so that the audit log has somebody behind its names. */
export async function removeMember(
  store: Store,
  member: StoredMember,
  at: number,
  audit: Query<unknown>,
): Promise<boolean> {
  const removal = rowOf(store, member)
    .where(othersRemain(member))
    .set({ removed_at: BigInt(at), link_hash: null })
  const [, changed] = await store.write([holdOrganisation(store, member), removal, audit])
  return changed === 1
}

/** Changes to members of one organisation go one after another, or two admins could remove each other. */
const holdOrganisation = (store: Store, { organisationId }: StoredMember) =>
  store.sql
    .updateTable('organisations')
    .set((of) => ({ code: of.ref('code') }))
    .where('id', '=', organisationId)

/** Whoever never joined, and a reader, is no admin to be missed. */
const othersRemain =
  ({ organisationId, id }: StoredMember) =>
  (of: ExpressionBuilder<Schema, 'members'>) =>
    of.or([
      of('role', '!=', 'admin'),
      of('joined_at', 'is', null),
      of.exists(
        of
          .selectFrom('members as other')
          .select('other.id')
          .where('other.organisation_id', '=', organisationId)
          .where('other.id', '!=', id)
          .where('other.role', '=', 'admin')
          .where('other.joined_at', 'is not', null)
          .where('other.removed_at', 'is', null),
      ),
    ])

const COLUMNS = [
  ...(['id', 'organisation_id', 'code', 'user_id', 'email', 'name', 'role', 'via'] as const),
  ...(['link_expires_at', 'created_at', 'joined_at'] as const),
] as const

const membersOf = (store: Store) =>
  store.sql
    .selectFrom('members')
    .where('removed_at', 'is', null)
    .select([...COLUMNS])

/** The link of who runs the server is nobody yet. */
const shownOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('members')
    .where('organisation_id', '=', organisationId)
    .where('removed_at', 'is', null)
    .where((of) => of.or([of('via', '!=', 'setup'), of('joined_at', 'is not', null)]))

const rowOf = (store: Store, { organisationId, id }: StoredMember) =>
  store.sql
    .updateTable('members')
    .where('organisation_id', '=', organisationId)
    .where('id', '=', id)
    .where('removed_at', 'is', null)

type Row = Awaited<ReturnType<ReturnType<typeof membersOf>['execute']>>[number]

const memberOf = (row: Row): StoredMember => ({
  ...{ id: row.id, code: row.code, organisationId: row.organisation_id },
  ...{ userId: row.user_id, email: row.email, name: row.name },
  role: row.role === 'admin' ? 'admin' : 'reader',
  via: row.via === 'setup' ? 'setup' : 'invitation',
  linkExpiresAt: row.link_expires_at === null ? null : Number(row.link_expires_at),
  createdAt: Number(row.created_at),
  joinedAt: row.joined_at === null ? null : Number(row.joined_at),
})
