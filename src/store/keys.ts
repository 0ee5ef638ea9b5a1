/** Reads of API keys and management keys, with the budget that is a key's own limit. */
import type { Budget } from '../core/ledger-rows.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './tables.ts'
import * as tables from './tables.ts'

export type StoredKey =
  | {
      readonly kind: 'api_key'
      readonly id: bigint
      readonly organisationId: bigint
      readonly organisation: string
      readonly hash: string
      readonly label: string
      readonly accountId: bigint | null
      readonly accountCode: string | null
      readonly externalId: string | null
      readonly disabled: boolean
      readonly expiresAt: number | null
      readonly limit: Budget | null
      readonly includeByokInLimit: boolean
    }
  | {
      readonly kind: 'management_key'
      readonly organisationId: bigint
      readonly organisation: string
      readonly role: string
      readonly disabled: boolean
    }

/** The key with this hash, deleted ones left out. */
export async function findKey(store: Store, hash: string): Promise<StoredKey | undefined> {
  const [key] = await store.rows(
    store.sql
      .selectFrom('api_keys as k')
      .innerJoin('organisations as o', 'o.id', 'k.organisation_id')
      .leftJoin('accounts as a', (join) =>
        join.onRef('a.organisation_id', '=', 'k.organisation_id').onRef('a.id', '=', 'k.account_id'),
      )
      .where('k.hash', '=', hash)
      .where('k.deleted_at', 'is', null)
      .select([
        'k.id',
        'k.organisation_id',
        'o.name as organisation',
        'k.label',
        'k.account_id',
        'a.code as account_code',
        'a.external_id',
      ])
      .select(['k.disabled', 'k.expires_at', 'k.limit_budget_id', 'k.include_byok_in_limit']),
  )
  if (key)
    return {
      kind: 'api_key',
      id: key.id,
      organisationId: key.organisation_id,
      organisation: key.organisation,
      hash,
      label: key.label,
      accountId: key.account_id,
      accountCode: key.account_code,
      externalId: key.external_id,
      disabled: key.disabled === 1n,
      includeByokInLimit: key.include_byok_in_limit === 1n,
      expiresAt: key.expires_at === null ? null : Number(key.expires_at),
      limit:
        key.limit_budget_id === null
          ? null
          : ((await findBudget(store, key.organisation_id, key.limit_budget_id)) ?? null),
    }
  const [management] = await store.rows(
    store.sql
      .selectFrom('management_keys as k')
      .innerJoin('organisations as o', 'o.id', 'k.organisation_id')
      .where('k.hash', '=', hash)
      .select(['k.organisation_id', 'o.name as organisation', 'k.role', 'k.disabled']),
  )
  return (
    management && {
      kind: 'management_key',
      organisationId: management.organisation_id,
      organisation: management.organisation,
      role: management.role,
      disabled: management.disabled === 1n,
    }
  )
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
