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
  // One statement, so that a month that goes meanwhile is counted once.
  const rows = await store.rows(
    store.sql
      .selectFrom('transactions')
      .where('organisation_id', '=', organisationId)
      .where('type', 'in', TYPES)
      .groupBy('type')
      .select([
        'type',
        sql<string>`CAST(SUM(amount_nanos / 1000000000) AS TEXT)`.as('dollars'),
        sql<string>`CAST(SUM(amount_nanos % 1000000000) AS TEXT)`.as('nanos'),
      ])
      .unionAll(carriedCredit(store, organisationId)),
  )
  const totals = new Map<string, bigint>()
  for (const { type, dollars, nanos } of rows)
    totals.set(type, (totals.get(type) ?? 0n) + BigInt(dollars) * 1_000_000_000n + BigInt(nanos))
  const of = (type: string) => totals.get(type) ?? 0n
  return { granted: of('grant'), charged: of('usage') + of('debit') - of('refund') }
}

const TYPES = ['grant', 'usage', 'debit', 'refund']

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
