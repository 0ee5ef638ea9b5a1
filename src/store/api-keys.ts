/**
 * API keys as they are administered. A key's limit is a budget of its own: it is made, changed and deleted together with
 * the key, and what the key has spent in the window so far counts at once.
 */
import type { KeyUsage } from '../core/ledger-rows.ts'
import { utcRule, windowAt } from '../core/window.ts'
import type { Query, Store } from './store.ts'

export type LimitWindow = 'day' | 'week' | 'month' | 'total'
export type KeyLimit = { readonly nanos: bigint; readonly window: LimitWindow }

export type StoredApiKey = {
  readonly id: bigint
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly disabled: boolean
  readonly accountId: bigint | null
  readonly externalId: string | null
  readonly includeByokInLimit: boolean
  readonly limit: (KeyLimit & { readonly budgetId: bigint }) | null
  readonly usage: Omit<KeyUsage, 'apiKeyId' | 'organisationId'> | null
  readonly expiresAt: number | null
  readonly createdAt: number
  readonly updatedAt: number | null
}

export async function findApiKey(
  store: Store,
  organisationId: bigint,
  hash: string,
): Promise<StoredApiKey | undefined> {
  const [row] = await store.rows(keysOf(store, organisationId).where('k.hash', '=', hash))
  return row && keyOf(row)
}

export async function listApiKeys(
  store: Store,
  organisationId: bigint,
  { includeDisabled, offset, limit }: { includeDisabled: boolean; offset: number; limit: number },
): Promise<StoredApiKey[]> {
  const query = keysOf(store, organisationId).orderBy('k.id', 'desc').limit(limit).offset(offset)
  const rows = await store.rows(includeDisabled ? query : query.where('k.disabled', '=', 0n))
  return rows.map(keyOf)
}

export type NewApiKey = {
  readonly organisationId: bigint
  readonly hash: string
  readonly name: string
  readonly label: string
  readonly accountId: bigint | null
  readonly includeByokInLimit: boolean
  readonly limit: KeyLimit | null
  readonly expiresAt: number | null
  readonly at: number
}

export async function createApiKey(store: Store, key: NewApiKey): Promise<void> {
  const { id } = store.ids.next()
  const limit = key.limit && newLimit(store, { organisationId: key.organisationId, keyId: id, at: key.at }, key.limit)
  const insert = store.sql.insertInto('api_keys').values({
    id,
    organisation_id: key.organisationId,
    hash: key.hash,
    name: key.name,
    label: key.label,
    account_id: key.accountId,
    disabled: 0n,
    deleted_at: null,
    expires_at: key.expiresAt === null ? null : BigInt(key.expiresAt),
    limit_budget_id: limit?.budgetId ?? null,
    include_byok_in_limit: key.includeByokInLimit ? 1n : 0n,
    created_at: BigInt(key.at),
    updated_at: null,
  })
  await store.write([insert, ...(limit ? [limit.query] : [])])
}

export type KeyChange = {
  readonly name?: string
  readonly disabled?: boolean
  readonly includeByokInLimit?: boolean
  /** Null takes the limit away. */
  readonly limit?: KeyLimit | null
}

export async function updateApiKey(
  store: Store,
  organisationId: bigint,
  key: StoredApiKey,
  change: KeyChange,
  at: number,
): Promise<void> {
  const owner = { organisationId, keyId: key.id, at }
  const limit = change.limit === undefined ? undefined : changedLimit(store, owner, key, change.limit)
  const update = store.sql
    .updateTable('api_keys')
    .set({
      updated_at: BigInt(at),
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.disabled === undefined ? {} : { disabled: change.disabled ? 1n : 0n }),
      ...(change.includeByokInLimit === undefined
        ? {}
        : { include_byok_in_limit: change.includeByokInLimit ? 1n : 0n }),
      ...(limit === undefined ? {} : { limit_budget_id: limit.budgetId }),
    })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', key.id)
    .where('deleted_at', 'is', null)
  await store.write([update, ...(limit?.queries ?? [])])
}

/** The row stays: what the key has used is still told by it. */
export async function deleteApiKey(store: Store, organisationId: bigint, key: StoredApiKey, at: number): Promise<void> {
  const update = store.sql
    .updateTable('api_keys')
    .set({ deleted_at: BigInt(at), updated_at: BigInt(at) })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', key.id)
  await store.write([update, ...(key.limit ? [endLimit(store, organisationId, key.limit.budgetId, at)] : [])])
}

type Owner = { readonly organisationId: bigint; readonly keyId: bigint; readonly at: number }

function changedLimit(
  store: Store,
  owner: Owner,
  { limit: known }: StoredApiKey,
  wanted: KeyLimit | null,
): { budgetId: bigint | null; queries: Query<unknown>[] } {
  if (wanted === null)
    return { budgetId: null, queries: known ? [endLimit(store, owner.organisationId, known.budgetId, owner.at)] : [] }
  // Another window is another limit: counters of the old one stay what they were.
  if (!known || known.window !== wanted.window) {
    const made = newLimit(store, owner, wanted)
    const ended = known ? [endLimit(store, owner.organisationId, known.budgetId, owner.at)] : []
    return {
      budgetId: made.budgetId,
      queries: [...ended, made.query, spentSoFar(store, owner, made.budgetId, wanted.window)],
    }
  }
  const update = store.sql
    .updateTable('budgets')
    .set((of) => ({ limit_quantity: wanted.nanos, version: of('version', '+', 1n) }))
    .where('organisation_id', '=', owner.organisationId)
    .where('id', '=', known.budgetId)
  return { budgetId: known.budgetId, queries: [update] }
}

function newLimit(
  store: Store,
  { organisationId, keyId, at }: Owner,
  { nanos, window }: KeyLimit,
): { budgetId: bigint; query: Query<unknown> } {
  const { id, code } = store.ids.next()
  const { timeZone, weekStart, anchorDay } = utcRule(window)
  const query = store.sql.insertInto('budgets').values({
    id,
    code,
    organisation_id: organisationId,
    source: 'key_limit',
    name: 'key limit',
    scope: 'api_key',
    scope_id: keyId.toString(),
    metric: 'usd',
    limit_quantity: nanos,
    window_kind: window,
    time_zone: timeZone,
    week_start: BigInt(weekStart),
    anchor_day: BigInt(anchorDay),
    action: 'block',
    version: 1n,
    deleted_at: null,
    created_at: BigInt(at),
  })
  return { budgetId: id, query }
}

const endLimit = (store: Store, organisationId: bigint, budgetId: bigint, at: number) =>
  store.sql
    .updateTable('budgets')
    .set({ deleted_at: BigInt(at) })
    .where('organisation_id', '=', organisationId)
    .where('id', '=', budgetId)

/** The counter of the window begins with what the key was charged in it: a limit is not a fresh start. */
function spentSoFar(
  store: Store,
  { organisationId, keyId, at }: Owner,
  budgetId: bigint,
  window: LimitWindow,
): Query<unknown> {
  const { start, end } = windowAt(utcRule(window), at)
  return store.sql
    .insertInto('budget_counters')
    .columns(['budget_id', 'window_start', 'window_end', 'organisation_id', 'spent', 'reserved'])
    .expression((of) => {
      const charged = of
        .selectFrom('key_usage')
        .where('api_key_id', '=', keyId)
        .where('organisation_id', '=', organisationId)
      const current = window === 'total' ? charged : charged.where(window, '=', BigInt(start))
      return current.select([
        of.cast<bigint>(of.val(budgetId), 'bigint').as('budget_id'),
        of.cast<bigint>(of.val(BigInt(start)), 'bigint').as('window_start'),
        of.cast<bigint>(of.val(end === undefined ? null : BigInt(end)), 'bigint').as('window_end'),
        'organisation_id',
        `${window}_counted_nanos as spent`,
        of.cast<bigint>(of.val(0n), 'bigint').as('reserved'),
      ])
    })
    .onConflict((conflict) =>
      conflict.columns(['budget_id', 'window_start']).doUpdateSet((of) => ({ spent: of.ref('excluded.spent') })),
    )
}

const keysOf = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('api_keys as k')
    .leftJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 'k.account_id').onRef('a.organisation_id', '=', 'k.organisation_id'),
    )
    .leftJoin('budgets as b', (join) =>
      join
        .onRef('b.id', '=', 'k.limit_budget_id')
        .onRef('b.organisation_id', '=', 'k.organisation_id')
        .on('b.deleted_at', 'is', null),
    )
    .leftJoin('key_usage as u', (join) =>
      join.onRef('u.api_key_id', '=', 'k.id').onRef('u.organisation_id', '=', 'k.organisation_id'),
    )
    .where('k.organisation_id', '=', organisationId)
    .where('k.deleted_at', 'is', null)
    .select([
      'k.id',
      'k.hash',
      'k.name',
      'k.label',
      'k.disabled',
      'k.account_id',
      'k.include_byok_in_limit',
      'k.expires_at',
      'k.created_at',
      'k.updated_at',
    ])
    .select(['a.external_id', 'b.id as budget_id', 'b.limit_quantity', 'b.window_kind'])
    .select([
      'u.total_nanos',
      'u.byok_total_nanos',
      'u.day',
      'u.day_nanos',
      'u.byok_day_nanos',
      'u.week',
      'u.week_nanos',
      'u.byok_week_nanos',
    ])
    .select(['u.month', 'u.month_nanos', 'u.byok_month_nanos'])
    .select(['u.total_counted_nanos', 'u.day_counted_nanos', 'u.week_counted_nanos', 'u.month_counted_nanos'])

type KeyRow = Awaited<ReturnType<ReturnType<typeof keysOf>['execute']>>[number]

function keyOf(row: KeyRow): StoredApiKey {
  const { budget_id: budgetId, limit_quantity: nanos, window_kind: window } = row
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    label: row.label,
    disabled: row.disabled === 1n,
    accountId: row.account_id,
    externalId: row.external_id,
    includeByokInLimit: row.include_byok_in_limit === 1n,
    limit: budgetId === null || nanos === null ? null : { budgetId, nanos, window: window as LimitWindow },
    usage: row.total_nanos === null ? null : usageOf(row),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    createdAt: Number(row.created_at),
    updatedAt: row.updated_at === null ? null : Number(row.updated_at),
  }
}

const usageOf = (row: KeyRow): NonNullable<StoredApiKey['usage']> => ({
  total: row.total_nanos ?? 0n,
  byokTotal: row.byok_total_nanos ?? 0n,
  day: Number(row.day),
  dayNanos: row.day_nanos ?? 0n,
  byokDayNanos: row.byok_day_nanos ?? 0n,
  week: Number(row.week),
  weekNanos: row.week_nanos ?? 0n,
  byokWeekNanos: row.byok_week_nanos ?? 0n,
  month: Number(row.month),
  monthNanos: row.month_nanos ?? 0n,
  byokMonthNanos: row.byok_month_nanos ?? 0n,
  counted: row.total_counted_nanos ?? 0n,
  dayCounted: row.day_counted_nanos ?? 0n,
  weekCounted: row.week_counted_nanos ?? 0n,
  monthCounted: row.month_counted_nanos ?? 0n,
})
