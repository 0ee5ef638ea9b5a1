/** What an organisation's accounts were granted and charged, in all. */
import { sql } from 'kysely'
import { carriedCredit } from './carried-sums.ts'
import type { Store } from './store.ts'

export type CreditSums = { readonly granted: bigint; readonly charged: bigint }

/**
 * All of an organisation's accounts together may come to more than 64 bits hold, which SQLite refuses to add up: dollars
 * and nanos are summed apart, and read as text, because PostgreSQL widens them.
 */
export async function creditSums(store: Store, organisationId: bigint): Promise<CreditSums> {
  const rows = await store.rows(
    store.sql
      .selectFrom('transactions')
      .where('organisation_id', '=', organisationId)
      .where('type', 'in', ['grant', 'usage', 'debit', 'refund'])
      .groupBy('type')
      .select([
        'type',
        sql<string>`CAST(SUM(amount_nanos / 1000000000) AS TEXT)`.as('dollars'),
        sql<string>`CAST(SUM(amount_nanos % 1000000000) AS TEXT)`.as('nanos'),
      ]),
  )
  const totals = new Map(
    rows.map(({ type, dollars, nanos }) => [type, BigInt(dollars) * 1_000_000_000n + BigInt(nanos)]),
  )
  const gone = await carriedCredit(store, organisationId)
  const of = (type: string) => (totals.get(type) ?? 0n) + (gone.get(type) ?? 0n)
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
