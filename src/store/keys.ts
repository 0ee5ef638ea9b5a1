/** Reads of API keys and management keys by a secret, with the budget that is a key's own limit. */

import type { Budget } from '../core/budget-rows.ts'
import type { CallDefaults } from '../core/caller.ts'
import { modelsOf } from './api-keys.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './table.ts'
import * as tables from './tables.ts'

type Shared = {
  readonly id: bigint
  readonly organisationId: bigint
  readonly organisation: string
  /** Of the current secret. */
  readonly hash: string
  readonly label: string
  readonly disabled: boolean
  /** Until when the secret that was asked with holds: it is the one before a rotation. Null: without an end. */
  readonly until: number | null
}

export type StoredKey = Shared &
  (
    | {
        readonly kind: 'api_key'
        readonly accountId: bigint | null
        readonly externalId: string | null
        /** Of its account. */
        readonly reserveMode: string | null
        readonly limit: Budget | null
        readonly includeByokInLimit: boolean
        readonly allowedModels: readonly string[] | null
        readonly defaults: CallDefaults
      }
    | { readonly kind: 'management_key'; readonly name: string; readonly role: string }
  )

/** The key that this is the hash of a secret of, deleted ones left out. */
export async function findKey(store: Store, hash: string): Promise<StoredKey | undefined> {
  return (await findApiKey(store, hash)) ?? (await findManagementKey(store, hash))
}

async function findApiKey(store: Store, hash: string): Promise<StoredKey | undefined> {
  const [key] = await store.rows(
    store.sql
      .selectFrom('api_keys as k')
      .innerJoin('organisations as o', 'o.id', 'k.organisation_id')
      .leftJoin('accounts as a', (join) =>
        join.onRef('a.organisation_id', '=', 'k.organisation_id').onRef('a.id', '=', 'k.account_id'),
      )
      .where((of) => of.or([of('k.hash', '=', hash), of('k.previous_hash', '=', hash)]))
      .where('k.deleted_at', 'is', null)
      .select(['k.id', 'k.organisation_id', 'o.name as organisation', 'k.hash', 'k.label'])
      .select([
        'k.account_id',
        'a.external_id',
        'a.reserve_mode',
        'k.disabled',
        'k.expires_at',
        'k.previous_until',
        'k.limit_budget_id',
      ])
      .select([
        'k.allowed_models',
        'k.include_usage',
        'k.default_user',
        'k.default_metadata',
        'k.include_byok_in_limit',
      ]),
  )
  if (!key) return undefined
  const { organisation_id: organisationId, limit_budget_id: limitId } = key
  return {
    kind: 'api_key',
    ...{ id: key.id, organisationId, organisation: key.organisation, hash: key.hash, label: key.label },
    accountId: key.account_id,
    externalId: key.external_id,
    reserveMode: key.reserve_mode,
    disabled: key.disabled === 1n,
    includeByokInLimit: key.include_byok_in_limit === 1n,
    until: earlier(key.expires_at, key.hash === hash ? null : (key.previous_until ?? 0n)),
    limit: limitId === null ? null : ((await findBudget(store, organisationId, limitId)) ?? null),
    allowedModels: modelsOf(key.allowed_models),
    defaults: { includeUsage: key.include_usage === 1n, user: key.default_user, metadata: key.default_metadata },
  }
}

async function findManagementKey(store: Store, hash: string): Promise<StoredKey | undefined> {
  const [key] = await store.rows(
    store.sql
      .selectFrom('management_keys as k')
      .innerJoin('organisations as o', 'o.id', 'k.organisation_id')
      .where((of) => of.or([of('k.hash', '=', hash), of('k.previous_hash', '=', hash)]))
      .where('k.deleted_at', 'is', null)
      .select(['k.id', 'k.organisation_id', 'o.name as organisation', 'k.hash', 'k.label', 'k.name', 'k.role'])
      .select(['k.disabled', 'k.previous_until']),
  )
  return (
    key && {
      kind: 'management_key',
      ...{ id: key.id, organisationId: key.organisation_id, organisation: key.organisation },
      ...{ hash: key.hash, label: key.label, name: key.name, role: key.role },
      disabled: key.disabled === 1n,
      until: earlier(null, key.hash === hash ? null : (key.previous_until ?? 0n)),
    }
  )
}

/** Above this many, keys are known once they were used. */
const MOST_EXPECTED = 50_000

/** The hashes of all keys that there are. */
export async function keyHashes(store: Store): Promise<string[]> {
  const ofTable = (table: 'api_keys' | 'management_keys') =>
    store.rows(
      store.sql
        .selectFrom(table)
        .select(['hash', 'previous_hash'])
        .where('deleted_at', 'is', null)
        .orderBy('id', 'desc')
        .limit(MOST_EXPECTED),
    )
  const [calling, managing] = await Promise.all([ofTable('api_keys'), ofTable('management_keys')])
  const keys = [...calling, ...managing].slice(0, MOST_EXPECTED)
  return keys.flatMap(({ hash, previous_hash: previous }) => (previous === null ? [hash] : [hash, previous]))
}

function earlier(a: bigint | null, b: bigint | null): number | null {
  if (a === null || b === null) return a === b ? null : Number(a ?? b)
  return Number(a < b ? a : b)
}

/** Undefined: the key has none now. */
export async function limitOfKey(store: Store, organisationId: bigint, keyId: bigint): Promise<Budget | undefined> {
  const [key] = await store.rows(
    store.sql
      .selectFrom('api_keys')
      .select('limit_budget_id')
      .where('organisation_id', '=', organisationId)
      .where('id', '=', keyId),
  )
  return key?.limit_budget_id == null ? undefined : findBudget(store, organisationId, key.limit_budget_id)
}

async function findBudget(store: Store, organisationId: bigint, id: bigint): Promise<Budget | undefined> {
  const query = store.sql
    .selectFrom('budgets')
    .selectAll()
    .where('organisation_id', '=', organisationId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
  const [row] = await store.rows(query as Query<Record<string, Cell>>)
  return row && tables.budgets.row(tables.budgets.columns.map((column) => row[column] ?? null))
}
