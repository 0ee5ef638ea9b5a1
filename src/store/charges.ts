/** Where a charge was counted, told from the rows that it left: for taking it off again when it is given back. */
import { countsForLimit, type Spender, tagsOf } from '../core/budget-chain.ts'
import type { Budget, Link } from '../core/budget-rows.ts'
import { limitOfKey } from './keys.ts'
import type { Store } from './store.ts'
import * as tables from './tables.ts'

export type Charged =
  | { readonly holds: readonly Link[] }
  | {
      readonly spender: Spender
      readonly at: number
      /** The limit of the key whose call it was, where it counted the call. */
      readonly limit?: Budget
    }

export async function chargedIn(
  store: Store,
  organisationId: bigint,
  transactionId: bigint,
): Promise<Charged | undefined> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('transactions')
      .select(['type', 'account_id', 'usage_record_id', 'reservation_id', 'occurred_at'])
      .where('organisation_id', '=', organisationId)
      .where('id', '=', transactionId),
  )
  if (!row) return undefined
  if (row.usage_record_id !== null) return ofCall(store, organisationId, row.usage_record_id)
  if (row.type === 'usage' && row.reservation_id !== null)
    return ofReservation(store, organisationId, row.reservation_id)
  const spender = { organisationId, accountId: row.account_id, apiKeyId: null, endUser: null, tags: [], models: [] }
  return { spender, at: Number(row.occurred_at) }
}

async function ofReservation(store: Store, organisationId: bigint, id: bigint): Promise<Charged | undefined> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('ended_reservations')
      .select('holds')
      .where('organisation_id', '=', organisationId)
      .where('id', '=', id),
  )
  return row && { holds: tables.holds.read(row.holds) }
}

async function ofCall(store: Store, organisationId: bigint, id: bigint): Promise<Charged | undefined> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('usage_records as u')
      .leftJoin('call_details as d', (join) =>
        join.onRef('d.hash', '=', 'u.details_hash').onRef('d.organisation_id', '=', 'u.organisation_id'),
      )
      .where('u.organisation_id', '=', organisationId)
      .where('u.id', '=', id)
      .select([
        'u.account_id',
        'u.api_key_id',
        'u.model',
        'u.admitted_at',
        'u.recorded_at',
        'd.end_user',
        'd.metadata',
      ]),
  )
  if (!row) return undefined
  const metadata = row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, unknown>)
  const spender = {
    ...{ organisationId, accountId: row.account_id, apiKeyId: row.api_key_id, endUser: row.end_user },
    ...{ tags: tagsOf(metadata), models: [row.model] },
  }
  const at = Number(row.admitted_at)
  const limit = row.api_key_id === null ? undefined : await limitOfKey(store, organisationId, row.api_key_id)
  const isCounted = limit && countsForLimit(limit, at, Number(row.recorded_at))
  return { spender, at, ...(isCounted ? { limit } : {}) }
}
