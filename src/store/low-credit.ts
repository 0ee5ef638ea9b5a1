/** Below what credit an organisation wants to be told, for all accounts that have no threshold of their own. */
import type { Query, Store } from './store.ts'

/** What accounts of the organisation begin with. */
export const thresholdOf = (store: Store, organisationId: bigint) =>
  store.sql.selectFrom('organisations').select('low_credit_nanos').where('id', '=', organisationId)

/** Holds for all accounts of the organisation that have none of their own, and for those to come. */
export async function setLowCredit(
  store: Store,
  organisationId: bigint,
  nanos: bigint | null,
  audit: Query<unknown>,
): Promise<void> {
  await store.write([
    store.sql.updateTable('organisations').set({ low_credit_nanos: nanos }).where('id', '=', organisationId),
    store.sql
      .updateTable('accounts')
      .set({ low_credit_nanos: nanos })
      .where('organisation_id', '=', organisationId)
      .where('low_credit_own', '=', 0n),
    audit,
  ])
}

export async function lowCreditOf(store: Store, organisationId: bigint): Promise<bigint | null> {
  const [row] = await store.rows(thresholdOf(store, organisationId))
  return row?.low_credit_nanos ?? null
}
