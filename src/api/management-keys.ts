/** Management keys: made, listed, renamed, disabled, rotated, deleted. A secret is shown once, to whoever had it made. */
import { refuse } from '../contract/errors.ts'
import type { ManagementKey } from '../contract/organisations.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import { hashSecret, newSecret, secretLabel } from '../lib/secret.ts'
import {
  createManagementKey,
  deleteManagementKey,
  findManagementKey,
  listManagementKeys,
  rotateManagementKey,
  type StoredManagementKey,
  updateManagementKey,
} from '../store/management-keys.ts'
import { findOrganisation, type StoredOrganisation } from '../store/organisations.ts'
import { timeOf } from './admin-keys.ts'
import { changedMembers } from './audited.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Handlers } from './parts.ts'

type Names =
  | 'createManagementKey'
  | 'listManagementKeys'
  | 'getManagementKey'
  | 'updateManagementKey'
  | 'deleteManagementKey'
  | 'rotateManagementKey'

export const managementKeyHandlers: Handlers<Names> = {
  async createManagementKey(parts, { caller, body, at, audit }) {
    const { store, random } = parts
    const { name, role } = body
    const organisation = await organisationFor(parts, caller, body.organisationId)
    const organisationId = organisation.id
    const secret = newSecret('mk-tp', random)
    const made = { ...store.ids.next(), organisationId, hash: hashSecret(secret), label: secretLabel(secret) }
    const change = { action: 'management_key.create', target: `mkey_${made.code}`, organisationId }
    const row = audit({ ...change, before: null, after: { name, role } })
    await createManagementKey(store, { ...made, name, role, at }, row)
    parts.forgetKey(made.hash)
    const { key } = await keyFor(parts, caller, `mkey_${made.code}`)
    return { body: { managementKey: managementKeyOf(organisation, key, at), key: secret } }
  },

  async listManagementKeys(parts, { caller, query, at }) {
    const organisation = await organisationFor(parts, caller, query.organisationId)
    const page = pageOf('management-keys', query)
    const { keys, total } = await listManagementKeys(parts.store, organisation.id, page)
    const { shown, pagination } = paged('management-keys', page, keys, total)
    return { body: { managementKeys: shown.map((key) => managementKeyOf(organisation, key, at)), pagination } }
  },

  async getManagementKey(parts, { caller, params, at }) {
    const { key, organisation } = await keyFor(parts, caller, params.id)
    return { body: { managementKey: managementKeyOf(organisation, key, at) } }
  },

  async updateManagementKey(parts, { caller, params, body, at, audit }) {
    const { key, organisation } = await keyFor(parts, caller, params.id)
    const { name = key.name, disabled = key.disabled } = body
    const difference = changedMembers({ name: key.name, disabled: key.disabled }, { name, disabled })
    const row = audit({ ...changeOf('update', key), ...difference })
    await updateManagementKey(parts.store, key, { name, disabled }, { at, audit: row })
    forget(parts, key)
    return { body: { managementKey: managementKeyOf(organisation, { ...key, name, disabled, updatedAt: at }, at) } }
  },

  async deleteManagementKey(parts, { caller, params, at, audit }) {
    const { key } = await keyFor(parts, caller, params.id)
    const { name, role, disabled } = key
    const row = audit({ ...changeOf('delete', key), before: { name, role, disabled }, after: null })
    await deleteManagementKey(parts.store, key, { at, audit: row })
    forget(parts, key)
    return { body: { deleted: true } }
  },

  async rotateManagementKey(parts, { caller, params, body: { graceSeconds = 0 }, at, audit }) {
    for (let tries = 0; tries < TRIES; tries++) {
      const { key, organisation } = await keyFor(parts, caller, params.id)
      const secret = newSecret('mk-tp', parts.random)
      const made = { hash: hashSecret(secret), label: secretLabel(secret), graceMs: graceSeconds * 1_000 }
      const change = { before: { label: key.label }, after: { label: made.label, graceSeconds } }
      const row = audit({ ...changeOf('rotate', key), ...change }, ({ exists, selectFrom }) =>
        exists(selectFrom('management_keys').select('id').where('hash', '=', made.hash)),
      )
      if (!(await rotateManagementKey(parts.store, key, made, { at, audit: row }))) continue
      forget(parts, key)
      parts.forgetKey(made.hash)
      const rotated = (await keyFor(parts, caller, params.id)).key
      return { body: { managementKey: managementKeyOf(organisation, rotated, at), key: secret } }
    }
    throw refuse('service_unavailable', 'The key is being rotated by others; try again', { retryAfterMs: 1_000 })
  },
}

/** Of two rotations at once the later one is one of what the earlier one made. */
const TRIES = 5

const changeOf = (verb: string, { code, organisationId }: StoredManagementKey) => ({
  ...{ action: `management_key.${verb}`, target: `mkey_${code}`, organisationId },
})

/** By name; without one the caller's own. To everybody but the operator, other organisations do not exist. */
export async function organisationFor(
  { store, isOperator }: Pick<ApiParts, 'store' | 'isOperator'>,
  caller: Caller,
  name: string | undefined,
): Promise<StoredOrganisation> {
  const found = await findOrganisation(store, name === undefined ? { id: caller.organisationId } : { name })
  if (!found || (found.id !== caller.organisationId && !isOperator(caller)))
    throw refuse('not_found', 'No organisation has this name', { param: 'organisationId' })
  return found
}

async function keyFor({ store, isOperator }: ApiParts, caller: Caller, id: string) {
  const key = await findManagementKey(store, /^mkey_(.+)$/.exec(id)?.[1] ?? '')
  const isSeen = key && (key.organisationId === caller.organisationId || isOperator(caller))
  const organisation = isSeen ? await findOrganisation(store, { id: key.organisationId }) : undefined
  if (!key || !organisation) throw refuse('not_found', 'No management key has this id')
  return { key, organisation }
}

function forget({ forgetKey }: ApiParts, { hash, previous }: StoredManagementKey): void {
  forgetKey(hash)
  if (previous) forgetKey(previous.hash)
}

const managementKeyOf = (organisation: StoredOrganisation, key: StoredManagementKey, at: number): ManagementKey => ({
  id: `mkey_${key.code}`,
  ...{ hash: key.hash, name: key.name, label: key.label, role: key.role, disabled: key.disabled },
  organisationId: organisation.name,
  lastUsedAt: timeOf(key.lastUsedAt),
  previousSecretUntil: timeOf(key.previous && key.previous.until > at ? key.previous.until : null),
  createdAt: instantText(key.createdAt),
  updatedAt: timeOf(key.updatedAt),
})
