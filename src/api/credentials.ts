/** Customers' own credentials: made, listed, changed, checked, deleted. A secret goes in and never comes out again. */
import type { Credential, CredentialPatch } from '../contract/credentials.ts'
import { refuse } from '../contract/errors.ts'
import type { Caller } from '../core/caller.ts'
import { instantText } from '../lib/clock.ts'
import { SealBroken } from '../lib/sealer.ts'
import {
  type CredentialChange,
  countCredentials,
  createCredential,
  deleteCredential,
  findCredential,
  isThere,
  listCredentials,
  MOST_CREDENTIALS,
  namedKeys,
  otherSealingKey,
  type StoredCredential,
  updateCredential,
} from '../store/credentials.ts'
import { codesOf } from '../store/row-by-code.ts'
import { once } from './once.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { accountFor } from './who.ts'

type Names =
  | 'createCredential'
  | 'listCredentials'
  | 'getCredential'
  | 'updateCredential'
  | 'deleteCredential'
  | 'checkCredential'

export const credentialHandlers: Handlers<Names> = {
  async createCredential(parts, call) {
    const { caller, body, at } = call
    const { store, credentials } = parts
    checkProvider(parts, body.provider)
    checkName(body.name, body.secret)
    const named = body.accountId !== undefined || body.externalId !== undefined
    const account = named
      ? await accountFor(parts, caller, { accountId: body.accountId, externalId: body.externalId }, at)
      : undefined
    const apiKeyIds = body.apiKeyHashes ? await keyIdsOf(parts, caller, body.apiKeyHashes) : null
    // The fingerprint of a request is kept: not even a hash of the secret that could be tried against may be in it.
    const content = { ...body, secret: credentials.fingerprint(body.secret) }
    return once(parts, call, call.idempotency(content), async (remember) => {
      await checkRoom(parts, caller)
      const id = store.ids.next()
      const owner = { organisationId: caller.organisationId, code: id.code }
      const made: StoredCredential = {
        ...id,
        ...owner,
        provider: body.provider,
        name: body.name,
        ...sealedAs(parts, owner, body.secret),
        accountId: account?.id ?? null,
        apiKeyIds,
        weight: body.weight ?? 1,
        priority: body.priority ?? 1,
        fallback: body.fallback ?? false,
        disabled: body.disabled ?? false,
        coolingUntil: null,
        coolingReason: null,
        lastUsedAt: null,
        createdAt: at,
        updatedAt: null,
      }
      const credential = await shownOne(parts, made, at)
      const audit = call.audit({ action: 'credential.create', target: credential.id, before: null, after: credential })
      await createCredential(store, made, [audit, ...remember({ credential })])
      credentials.forget(caller.organisationId)
      return { credential }
    })
  },

  async listCredentials(parts, { caller, query, at }) {
    const page = pageOf('credentials', query)
    const named = query.accountId !== undefined || query.externalId !== undefined
    const account = named
      ? await accountFor(parts, caller, { accountId: query.accountId, externalId: query.externalId }, at)
      : undefined
    const filter = { provider: query.provider, accountId: account?.id }
    const { credentials, total } = await listCredentials(parts.store, caller.organisationId, filter, page)
    const { shown, pagination } = paged('credentials', page, credentials, total)
    return { body: { credentials: await shownAll(parts, caller.organisationId, shown, at), pagination } }
  },

  async getCredential(parts, { caller, params, at }) {
    return { body: { credential: await shownOne(parts, await credentialFor(parts, caller, params.id), at) } }
  },

  async updateCredential(parts, call) {
    const { caller, params, body, at } = call
    const stored = await credentialFor(parts, caller, params.id)
    checkName(body.name ?? stored.name, body.secret)
    if (body.secret !== undefined) await checkSealingKey(parts)
    const change = changeOf(parts, stored, body, at)
    const [before, credential] = [
      await shownOne(parts, stored, at),
      await shownOne(parts, { ...stored, ...change }, at),
    ]
    const after = { ...credential, ...(body.secret === undefined ? {} : { secret: 'rotated' }) }
    const audit = call.audit({ action: 'credential.update', target: credential.id, before, after }, isThere(stored))
    if (!(await updateCredential(parts.store, stored, change, [audit]))) throw missing()
    parts.credentials.forget(caller.organisationId)
    return { body: { credential } }
  },

  async deleteCredential(parts, call) {
    const { caller, params, at } = call
    const stored = await credentialFor(parts, caller, params.id)
    const before = await shownOne(parts, stored, at)
    const audit = call.audit({ action: 'credential.delete', target: before.id, before, after: null }, isThere(stored))
    await deleteCredential(parts.store, stored, [audit])
    parts.credentials.forget(caller.organisationId)
    return { body: { deleted: true } }
  },

  async checkCredential(parts, { caller, params }) {
    const stored = await credentialFor(parts, caller, params.id)
    checkProvider(parts, stored.provider)
    const secret = readable(parts, stored)
    return { body: { check: await parts.credentials.check(stored.provider, secret) } }
  },
}

const missing = () => refuse('not_found', 'No credential has this id')

/** Another organisation's does not exist. */
async function credentialFor({ store }: ApiParts, { organisationId }: Caller, id: string): Promise<StoredCredential> {
  const found = await findCredential(store, organisationId, /^cred_(.+)$/.exec(id)?.[1] ?? '')
  if (!found) throw missing()
  return found
}

function checkProvider({ credentials: { providers } }: ApiParts, provider: string): void {
  if (providers.has(provider)) return
  const there = [...providers.keys()].join(', ')
  throw refuse('invalid_request', `provider: none is configured under this key; there are ${there || 'none'}`, {
    param: 'provider',
  })
}

/** It is shown wherever the credential is. */
function checkName(name: string, secret: string | undefined): void {
  if (secret !== undefined && name.includes(secret))
    throw refuse('invalid_request', 'name: holds the secret, and names are shown', { param: 'name' })
}

async function checkRoom(parts: ApiParts, { organisationId }: Caller): Promise<void> {
  await checkSealingKey(parts)
  if ((await countCredentials(parts.store, organisationId)) >= MOST_CREDENTIALS)
    throw refuse('invalid_request', `An organisation has at most ${MOST_CREDENTIALS} credentials; delete some`)
}

/** What this process seals, every other one must be able to read. */
async function checkSealingKey({ store, credentials }: ApiParts): Promise<void> {
  const other = await otherSealingKey(store, credentials.sealedBy)
  if (other !== undefined)
    throw refuse(
      'service_unavailable',
      `Credentials of this deployment are sealed with another key (${other}; this process has ${credentials.sealedBy}): start every node with the same TURNPIKE_SECRET_KEY, or delete the credentials that nobody can read`,
    )
}

async function keyIdsOf({ store }: ApiParts, { organisationId }: Caller, hashes: readonly string[]): Promise<bigint[]> {
  const wanted = [...new Set(hashes)]
  const found = await namedKeys(store, organisationId, { hashes: wanted })
  const unknown = wanted.find((hash) => !found.some((key) => key.hash === hash))
  if (unknown !== undefined)
    throw refuse('not_found', 'apiKeyHashes: no API key has one of these hashes', { param: 'apiKeyHashes' })
  return found.map(({ id }) => id)
}

const sealedAs = ({ credentials }: ApiParts, owner: { organisationId: bigint; code: string }, secret: string) => ({
  label: labelOf(secret),
  sealed: credentials.seal(owner, secret),
  sealedBy: credentials.sealedBy,
})

/** A short secret shows nothing: four characters would be much of it. */
const labelOf = (secret: string): string => `...${secret.length >= LABELLED_FROM ? secret.slice(-4) : ''}`
const LABELLED_FROM = 20

function changeOf(parts: ApiParts, stored: StoredCredential, body: CredentialPatch, at: number): CredentialChange {
  const { name, weight, priority, fallback, disabled, secret } = body
  return {
    ...(name === undefined ? {} : { name }),
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
    ...(fallback === undefined ? {} : { fallback }),
    ...(disabled === undefined ? {} : { disabled }),
    // Of a new secret nothing is known yet.
    ...(secret === undefined ? {} : { ...sealedAs(parts, stored, secret), coolingUntil: null, coolingReason: null }),
    updatedAt: at,
  }
}

function readable({ credentials }: ApiParts, stored: StoredCredential): string {
  try {
    return credentials.open(stored)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw refuse('invalid_request', 'The credential cannot be read any more; send its secret again')
  }
}

function isReadable({ credentials }: ApiParts, stored: StoredCredential): boolean {
  try {
    credentials.open(stored)
    return true
  } catch (error) {
    if (error instanceof SealBroken) return false
    throw error
  }
}

async function shownOne(parts: ApiParts, stored: StoredCredential, at: number): Promise<Credential> {
  const [shown] = await shownAll(parts, stored.organisationId, [stored], at)
  if (!shown) throw new Error('one credential is shown as one')
  return shown
}

async function shownAll(
  parts: ApiParts,
  organisationId: bigint,
  all: readonly StoredCredential[],
  at: Call<'getCredential'>['at'],
): Promise<Credential[]> {
  const [keys, accounts] = await Promise.all([
    namedKeys(parts.store, organisationId, { ids: all.flatMap(({ apiKeyIds }) => apiKeyIds ?? []) }),
    codesOf(
      parts.store,
      'accounts',
      organisationId,
      all.flatMap(({ accountId }) => (accountId === null ? [] : [accountId])),
    ),
  ])
  const hashes = new Map(keys.map(({ id, hash }) => [id, hash]))
  return all.map((stored) => {
    const isCooling = stored.coolingUntil !== null && stored.coolingUntil > at
    return {
      id: `cred_${stored.code}`,
      provider: stored.provider,
      name: stored.name,
      label: stored.label,
      accountId: stored.accountId === null ? null : `acc_${accounts.get(stored.accountId) ?? ''}`,
      apiKeyHashes: stored.apiKeyIds?.map((id) => hashes.get(id) ?? '') ?? null,
      weight: stored.weight,
      priority: stored.priority,
      fallback: stored.fallback,
      disabled: stored.disabled,
      status: statusOf(parts, stored, isCooling),
      coolingUntil: isCooling ? textOrNull(stored.coolingUntil) : null,
      coolingReason: isCooling ? stored.coolingReason : null,
      lastUsedAt: textOrNull(stored.lastUsedAt),
      createdAt: instantText(stored.createdAt),
      updatedAt: textOrNull(stored.updatedAt),
    }
  })
}

function statusOf(parts: ApiParts, stored: StoredCredential, isCooling: boolean): Credential['status'] {
  if (!isReadable(parts, stored)) return 'unreadable'
  if (stored.disabled) return 'disabled'
  return isCooling ? 'cooling' : 'active'
}

const textOrNull = (instant: number | null): string | null => (instant === null ? null : instantText(instant))
