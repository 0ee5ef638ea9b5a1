/**
 * The limit of a key is a budget of its own: it is made, changed and deleted together with the key, and what the key has
 * spent in the window so far counts at once.
 */
import { utcRule, windowAt } from '../core/window.ts'
import { ledBy } from './engine.ts'
import type { Query, Store } from './store.ts'

export type LimitWindow = 'day' | 'week' | 'month' | 'total'
export type KeyLimit = { readonly nanos: bigint; readonly window: LimitWindow }
export type KnownLimit = KeyLimit & { readonly budgetId: bigint }

export type Owner = { readonly organisationId: bigint; readonly keyId: bigint; readonly at: number }

export function changedLimit(
  store: Store,
  owner: Owner,
  known: KnownLimit | null,
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

export function newLimit(
  store: Store,
  { organisationId, keyId, at }: Owner,
  { nanos, window }: KeyLimit,
): { budgetId: bigint; query: Query<unknown> } {
  const { id, code } = store.ids.next()
  const { timeZone, weekStart, anchorDay } = utcRule(window)
  const query = store.sql.insertInto('budgets').values((of) => ({
    id,
    code,
    organisation_id: organisationId,
    source: 'key_limit',
    name: 'key limit',
    scope: 'api_key',
    scope_id: keyId.toString(),
    scope_name: of
      .selectFrom('api_keys')
      .select('hash')
      .where('organisation_id', '=', organisationId)
      .where('id', '=', keyId),
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
  }))
  return { budgetId: id, query }
}

export const endLimit = (store: Store, organisationId: bigint, budgetId: bigint, at: number) =>
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
      conflict
        .columns(ledBy(store.engine, ['budget_id', 'window_start']))
        .doUpdateSet((of) => ({ spent: of.ref('excluded.spent') })),
    )
}
