/** What nobody's command brings to light: credit that is about to end, and charges that nobody explained. */

import { sql } from 'kysely'
import { DAY_MS } from '../lib/clock.ts'
import { idRange } from '../lib/id.ts'
import { settingNamed, settingQuery } from './bootstrap.ts'
import type { Store } from './store.ts'
import { isUnexplained } from './transactions.ts'

export type EndingGrant = {
  readonly organisationId: bigint
  readonly code: string
  readonly accountCode: string
  readonly externalId: string
  readonly category: string
  readonly remaining: bigint
  readonly expiresAt: number
}

/** Under which name the event is written once. */
export const endingKey = (code: string, days: number): string => `grant.expiring ${code} ${days}`

/** Grants with at most so many days left that had more to begin with, and that nobody was told of. */
export async function endingGrants(store: Store, days: number, at: number, limit: number): Promise<EndingGrant[]> {
  const rows = await store.rows(
    store.sql
      .selectFrom('grants as g')
      .innerJoin('accounts as a', (join) =>
        join.onRef('a.id', '=', 'g.account_id').onRef('a.organisation_id', '=', 'g.organisation_id'),
      )
      .where('g.remaining_nanos', '>', 0n)
      .where('g.expires_at', '>', BigInt(at))
      .where('g.expires_at', '<=', BigInt(at + days * DAY_MS))
      .where(sql<boolean>`g.expires_at - g.effective_at > ${sql.lit(days * DAY_MS)}`)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('outbox as o')
              .select('o.id')
              .whereRef('o.organisation_id', '=', 'g.organisation_id')
              .where('o.once_key', '=', sql<string>`'grant.expiring ' || g.code || ${sql.lit(` ${days}`)}`),
          ),
        ),
      )
      .orderBy('g.expires_at')
      .limit(limit)
      .select(['g.organisation_id', 'g.code', 'g.category', 'g.remaining_nanos', 'g.expires_at'])
      .select(['a.code as account_code', 'a.external_id']),
  )
  return rows.map((row) => ({
    organisationId: row.organisation_id,
    code: row.code,
    accountCode: row.account_code,
    externalId: row.external_id,
    category: row.category,
    remaining: row.remaining_nanos,
    expiresAt: Number(row.expires_at),
  }))
}

export type UnexplainedCharge = {
  readonly id: bigint
  readonly organisationId: bigint
  readonly code: string
  readonly accountCode: string
  readonly externalId: string
  readonly amount: bigint
  readonly bookedAt: number
}

/** Charges without a usage record, booked within `[from, to)`, behind the number `after`. */
export async function unexplainedCharges(
  store: Store,
  organisationId: bigint,
  { from, to, after, limit }: { from: number; to: number; after: bigint; limit: number },
): Promise<UnexplainedCharge[]> {
  const range = idRange(from, to)
  const rows = await store.rows(
    store.sql
      .selectFrom('transactions as t')
      .innerJoin('accounts as a', (join) =>
        join.onRef('a.id', '=', 't.account_id').onRef('a.organisation_id', '=', 't.organisation_id'),
      )
      .where('t.organisation_id', '=', organisationId)
      .where('t.id', '>=', range.from)
      .where('t.id', '>', after)
      .where('t.id', '<', range.to)
      .where(isUnexplained)
      .orderBy('t.id')
      .limit(limit)
      .select(['t.id', 't.code', 't.amount_nanos', 't.booked_at', 'a.code as account_code', 'a.external_id']),
  )
  return rows.map((row) => ({
    id: row.id,
    organisationId,
    code: row.code,
    accountCode: row.account_code,
    externalId: row.external_id,
    amount: row.amount_nanos,
    bookedAt: Number(row.booked_at),
  }))
}

type Watched = 'usage' | 'prices' | 'spending'

const settingOf = (what: Watched): string => `${what}_watched_until`

/** Up to which instant it was looked at. */
export async function watchedUntil(store: Store, what: Watched): Promise<number | undefined> {
  const value = await settingNamed(store, settingOf(what))
  return value === undefined ? undefined : Number(value)
}

export async function setWatchedUntil(store: Store, what: Watched, at: number): Promise<void> {
  await store.write([settingQuery(store, settingOf(what), String(at))])
}

export async function allOrganisations(store: Store): Promise<bigint[]> {
  const rows = await store.rows(store.sql.selectFrom('organisations').select('id').orderBy('id'))
  return rows.map(({ id }) => id)
}
