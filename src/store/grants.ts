/** Grants as the API shows them, newest first: what is left of each, and what became of those of which nothing is. */

import { carriedEnds } from './carried-sums.ts'
import { heldByDead } from './due.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Store } from './store.ts'

export type StoredGrant = {
  readonly id: bigint
  readonly code: string
  readonly accountId: bigint
  readonly accountCode: string
  readonly externalId: string
  readonly category: string
  readonly amount: bigint
  /** As of the instant that was asked for; what is reserved is inside. */
  readonly remaining: bigint
  readonly reserved: bigint
  readonly priority: number
  readonly effectiveAt: number
  readonly expiresAt: number | null
  readonly status: 'active' | 'spent' | 'expired' | 'void'
  readonly createdAt: number
}

type GrantFilter = { readonly accountId?: bigint | undefined; readonly at: number }

/** One more than the limit, so that the caller sees whether there are more. */
export async function listGrants(
  store: Store,
  organisationId: bigint,
  { page, ...filter }: GrantFilter & { page: PageOf },
): Promise<{ grants: StoredGrant[]; total: number }> {
  const { rows, total } = await pageOf(store, shownOf(grantsIn(store, organisationId, filter)), page, 'g.id')
  return { grants: await asOf(store, organisationId, rows, filter.at), total }
}

export async function findGrant(
  store: Store,
  organisationId: bigint,
  code: string,
  filter: GrantFilter,
): Promise<StoredGrant | undefined> {
  const row = await rowByCode(store, shownOf(grantsIn(store, organisationId, filter)), code, 'g')
  return row && (await asOf(store, organisationId, [row], filter.at))[0]
}

function grantsIn(store: Store, organisationId: bigint, { accountId }: GrantFilter) {
  const query = store.sql
    .selectFrom('grants as g')
    .innerJoin('accounts as a', (join) =>
      join.onRef('a.id', '=', 'g.account_id').onRef('a.organisation_id', '=', 'g.organisation_id'),
    )
    .where('g.organisation_id', '=', organisationId)
  return accountId === undefined ? query : query.where('g.account_id', '=', accountId)
}

const shownOf = (query: ReturnType<typeof grantsIn>) =>
  query
    .select(['g.id', 'g.code', 'g.account_id', 'g.category', 'g.amount_nanos', 'g.remaining_nanos', 'g.reserved_nanos'])
    .select(['g.priority', 'g.effective_at', 'g.expires_at', 'g.created_at', 'a.code as account_code', 'a.external_id'])

type Row = {
  id: bigint
  code: string
  account_id: bigint
  category: string
  amount_nanos: bigint
  remaining_nanos: bigint
  reserved_nanos: bigint
  priority: bigint
  effective_at: bigint
  expires_at: bigint | null
  created_at: bigint
  account_code: string
  external_id: string
}

async function asOf(store: Store, organisationId: bigint, rows: readonly Row[], at: number): Promise<StoredGrant[]> {
  const accounts = [...new Set(rows.map((row) => row.account_id))]
  const empty = rows.filter((row) => row.remaining_nanos === 0n).map(({ id }) => id)
  const [{ released }, ends] = await Promise.all([
    heldByDead(store, organisationId, accounts, at),
    endsOf(store, organisationId, empty),
  ])
  return rows.map((row) => {
    const reserved = row.reserved_nanos - (released.get(row.id) ?? 0n)
    const isOver = row.expires_at !== null && row.expires_at <= BigInt(at)
    const remaining = isOver ? reserved : row.remaining_nanos
    const end = ends.get(row.id) ?? (isOver && row.remaining_nanos > 0n ? 'expired' : 'spent')
    return {
      ...{ id: row.id, code: row.code, accountId: row.account_id, accountCode: row.account_code },
      ...{ externalId: row.external_id, category: row.category, amount: row.amount_nanos, remaining, reserved },
      priority: Number(row.priority),
      effectiveAt: Number(row.effective_at),
      expiresAt: row.expires_at === null ? null : Number(row.expires_at),
      status: isOver && remaining > 0n ? 'expired' : remaining > 0n ? 'active' : end,
      createdAt: Number(row.created_at),
    }
  })
}

/** What took the last of a grant, where it was not a charge. */
async function endsOf(store: Store, organisationId: bigint, ids: readonly bigint[]) {
  if (ids.length === 0) return new Map<bigint, 'expired' | 'void'>()
  const rows = await store.rows(
    store.sql
      .selectFrom('transactions')
      .select(['grant_id', 'type'])
      .where('organisation_id', '=', organisationId)
      .where('grant_id', 'in', ids)
      .where('type', 'in', ['expiry', 'void'])
      .orderBy('id'),
  )
  const ends = rows.flatMap(({ grant_id, type }) =>
    grant_id === null ? [] : [[grant_id, type === 'void' ? ('void' as const) : ('expired' as const)] as const],
  )
  return new Map([...(await carriedEnds(store, organisationId, ids)), ...ends])
}
