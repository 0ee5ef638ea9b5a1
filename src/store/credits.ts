/** What an organisation's accounts were granted and charged, in all. */
import { sql } from 'kysely'
import type { Store } from './store.ts'

export type CreditSums = { readonly granted: bigint; readonly charged: bigint }

/** Sums are read as text: databases widen a sum of 64-bit integers each in its own way. */
export async function creditSums(store: Store, organisationId: bigint): Promise<CreditSums> {
  const rows = await store.rows(
    store.sql
      .selectFrom('transactions')
      .where('organisation_id', '=', organisationId)
      .where('type', 'in', ['grant', 'usage', 'debit', 'refund'])
      .groupBy('type')
      .select(['type', sql<string>`CAST(SUM(amount_nanos) AS TEXT)`.as('total')]),
  )
  const totals = new Map(rows.map(({ type, total }) => [type, BigInt(total)]))
  const of = (type: string) => totals.get(type) ?? 0n
  return { granted: of('grant'), charged: of('usage') + of('debit') - of('refund') }
}

/** Whether somebody ever paid: for one account, or for any of the organisation. */
export async function hasPaidGrant(store: Store, organisationId: bigint, accountId: bigint | null): Promise<boolean> {
  const query = store.sql
    .selectFrom('grants')
    .select('id')
    .where('organisation_id', '=', organisationId)
    .where('category', '=', 'paid')
    .limit(1)
  const rows = await store.rows(accountId === null ? query : query.where('account_id', '=', accountId))
  return rows.length > 0
}
