/** Credentials of customers at providers, their secrets sealed. Each change is written together with its row of the audit log. */

import type { Id } from '../lib/id.ts'
import type { Sealer } from '../lib/sealer.ts'
import type { Provided } from './audit-log.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type StoredCredential = Id & {
  readonly organisationId: bigint
  readonly provider: string
  readonly name: string
  /** The end of the secret, by which people tell theirs apart. */
  readonly label: string
  readonly sealed: string
  /** The key that sealed it. */
  readonly sealedBy: string
  /** Null: the organisation's own. */
  readonly accountId: bigint | null
  /** The API keys that alone may use it; null: every key of its owner. */
  readonly apiKeyIds: readonly bigint[] | null
  readonly weight: number
  /** 1 (first) to 100. */
  readonly priority: number
  /** Calls that it fails go on with what comes behind it, our own credential at last. */
  readonly fallback: boolean
  readonly disabled: boolean
  /** A provider refused it: until then it is tried after the others. */
  readonly coolingUntil: number | null
  readonly coolingReason: string | null
  readonly lastUsedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number | null
}

/** Whom a sealed secret belongs to, as the seal knows it. */
const ownerOf = ({ organisationId, code }: { organisationId: bigint; code: string }): string =>
  `organisation ${organisationId} credential ${code}`

export const sealFor = (sealer: Sealer, owner: { organisationId: bigint; code: string }, secret: string): string =>
  sealer.seal(secret, ownerOf(owner))

/** Throws `SealBroken` for what another key sealed, was changed, or lay in another row. */
export const unsealed = (sealer: Sealer, credential: StoredCredential): string =>
  sealer.open(credential.sealed, ownerOf(credential))

/** `beside` is written in the same step, here as below. */
export async function createCredential(
  store: Store,
  credential: StoredCredential,
  beside: readonly Query<unknown>[],
): Promise<void> {
  await store.write([store.sql.insertInto('credentials').values(cellsOf(credential)), ...beside])
}

export async function findCredential(
  store: Store,
  organisationId: bigint,
  code: string,
): Promise<StoredCredential | undefined> {
  const row = await rowByCode(store, credentialsOf(store, organisationId), code)
  return row && credentialOf(row)
}

export type CredentialFilter = { readonly provider?: string | undefined; readonly accountId?: bigint | undefined }

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function listCredentials(
  store: Store,
  organisationId: bigint,
  { provider, accountId }: CredentialFilter,
  page: PageOf,
): Promise<{ credentials: StoredCredential[]; total: number }> {
  let matching = credentialsOf(store, organisationId)
  if (provider !== undefined) matching = matching.where('provider', '=', provider)
  if (accountId !== undefined) matching = matching.where('account_id', '=', accountId)
  const { rows, total } = await pageOf(store, matching, page)
  return { credentials: rows.map(credentialOf), total }
}

/** All that calls of the organisation may use, oldest first: a bounded set, since it is kept in memory. */
export async function usableCredentials(store: Store, organisationId: bigint): Promise<StoredCredential[]> {
  const rows = await store.rows(
    credentialsOf(store, organisationId).where('disabled', '=', 0n).orderBy('id').limit(MOST_CREDENTIALS),
  )
  return rows.map(credentialOf)
}

/** Of one organisation. */
export const MOST_CREDENTIALS = 1_000

export async function countCredentials(store: Store, organisationId: bigint): Promise<number> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('credentials')
      .where('organisation_id', '=', organisationId)
      .select((of) => of.fn.countAll<bigint>().as('total')),
  )
  return Number(row?.total ?? 0)
}

/** A key that sealed something in here and is not this one. */
export async function otherSealingKey(store: Store, keyId: string): Promise<string | undefined> {
  const [row] = await store.rows(
    store.sql.selectFrom('credentials').select('sealed_by').where('sealed_by', '!=', keyId).limit(1),
  )
  return row?.sealed_by
}

export type CredentialChange = Partial<
  Omit<StoredCredential, 'id' | 'code' | 'organisationId' | 'provider' | 'createdAt' | 'lastUsedAt'>
>

/** Sets what changes and leaves the rest, which somebody else may be changing. False: it is not there any more. */
export async function updateCredential(
  store: Store,
  credential: StoredCredential,
  change: CredentialChange,
  beside: readonly Query<unknown>[],
): Promise<boolean> {
  const cells = cellsOf({ ...credential, ...change })
  const columns = Object.keys(change).map((field) => COLUMNS[field as keyof CredentialChange])
  const [changed] = await store.write([
    store.sql
      .updateTable('credentials')
      .set(Object.fromEntries(columns.map((column) => [column, cells[column]])))
      .where('organisation_id', '=', credential.organisationId)
      .where('id', '=', credential.id),
    ...beside,
  ])
  return changed === 1
}

const COLUMNS: Record<keyof CredentialChange, keyof Row> = {
  ...{ name: 'name', label: 'label', sealed: 'sealed', sealedBy: 'sealed_by', accountId: 'account_id' },
  ...{ apiKeyIds: 'api_keys', weight: 'weight', priority: 'priority', fallback: 'fallback', disabled: 'disabled' },
  ...{ coolingUntil: 'cooling_until', coolingReason: 'cooling_reason', updatedAt: 'updated_at' },
}

/** That it is there, for what is written beside a change of it. */
export const isThere =
  ({ organisationId, id }: StoredCredential): Provided =>
  ({ exists, selectFrom }) =>
    exists(selectFrom('credentials').select('id').where('organisation_id', '=', organisationId).where('id', '=', id))

/** Nothing of the secret stays behind; what is written beside it comes first, as long as it is there. */
export async function deleteCredential(
  store: Store,
  { organisationId, id }: StoredCredential,
  beside: readonly Query<unknown>[],
): Promise<void> {
  await store.write([
    ...beside,
    store.sql.deleteFrom('credentials').where('organisation_id', '=', organisationId).where('id', '=', id),
  ])
}

export type CredentialState = {
  readonly organisationId: bigint
  readonly id: bigint
  readonly lastUsedAt?: number
  readonly cooling?: { readonly until: number; readonly reason: string }
}

/** What calls came to, written down now and then. */
export async function saveCredentialStates(store: Store, states: readonly CredentialState[]): Promise<void> {
  await store.write(
    states.map(({ organisationId, id, lastUsedAt, cooling }) =>
      store.sql
        .updateTable('credentials')
        .set({
          ...(lastUsedAt === undefined ? {} : { last_used_at: BigInt(lastUsedAt) }),
          ...(cooling ? { cooling_until: BigInt(cooling.until), cooling_reason: cooling.reason } : {}),
        })
        .where('organisation_id', '=', organisationId)
        .where('id', '=', id),
    ),
  )
}

export type NamedKey = { readonly id: bigint; readonly hash: string }

/** API keys of the organisation, deleted ones too, by number or by hash; what is not there is left out. */
export async function namedKeys(
  store: Store,
  organisationId: bigint,
  { ids = [], hashes = [] }: { ids?: readonly bigint[]; hashes?: readonly string[] },
): Promise<NamedKey[]> {
  if (ids.length + hashes.length === 0) return []
  return store.rows(
    store.sql
      .selectFrom('api_keys')
      .select(['id', 'hash'])
      .where('organisation_id', '=', organisationId)
      .where((of) =>
        of.or([
          ...(ids.length > 0 ? [of('id', 'in', ids)] : []),
          ...(hashes.length > 0 ? [of('hash', 'in', hashes)] : []),
        ]),
      ),
  )
}

const credentialsOf = (store: Store, organisationId: bigint) =>
  store.sql.selectFrom('credentials').where('organisation_id', '=', organisationId).selectAll()

type Row = Awaited<ReturnType<ReturnType<typeof credentialsOf>['execute']>>[number]

const cellsOf = (credential: StoredCredential): Row => ({
  id: credential.id,
  organisation_id: credential.organisationId,
  code: credential.code,
  provider: credential.provider,
  name: credential.name,
  label: credential.label,
  sealed: credential.sealed,
  sealed_by: credential.sealedBy,
  account_id: credential.accountId,
  api_keys: credential.apiKeyIds?.join(',') ?? null,
  weight: BigInt(credential.weight),
  priority: BigInt(credential.priority),
  fallback: credential.fallback ? 1n : 0n,
  disabled: credential.disabled ? 1n : 0n,
  cooling_until: bigOrNull(credential.coolingUntil),
  cooling_reason: credential.coolingReason,
  last_used_at: bigOrNull(credential.lastUsedAt),
  created_at: BigInt(credential.createdAt),
  updated_at: bigOrNull(credential.updatedAt),
})

const credentialOf = (row: Row): StoredCredential => ({
  id: row.id,
  organisationId: row.organisation_id,
  code: row.code,
  provider: row.provider,
  name: row.name,
  label: row.label,
  sealed: row.sealed,
  sealedBy: row.sealed_by,
  accountId: row.account_id,
  apiKeyIds: row.api_keys === null ? null : row.api_keys.split(',').map(BigInt),
  weight: Number(row.weight),
  priority: Number(row.priority),
  fallback: row.fallback === 1n,
  disabled: row.disabled === 1n,
  coolingUntil: numberOrNull(row.cooling_until),
  coolingReason: row.cooling_reason,
  lastUsedAt: numberOrNull(row.last_used_at),
  createdAt: Number(row.created_at),
  updatedAt: numberOrNull(row.updated_at),
})

const bigOrNull = (value: number | null): bigint | null => (value === null ? null : BigInt(value))
const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value))
