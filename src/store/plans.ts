/** Plans, whom they are assigned to, and the grants that are due by them. */
import type { AddGrant } from '../core/ledger-commands.ts'
import { occurrenceAt } from '../core/plan.ts'
import type { Id } from '../lib/id.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'

export type StoredPlan = Id & {
  readonly name: string
  readonly amount: bigint
  readonly interval: string
  readonly occurrences: number | null
  readonly accumulate: boolean
  readonly isActive: boolean
  readonly createdAt: number
}

/** `beside` is written in the same step, here as below. */
export async function createPlan(
  store: Store,
  organisationId: bigint,
  plan: StoredPlan,
  beside: readonly Query<unknown>[],
): Promise<void> {
  const { id, code, name, amount, interval, occurrences, accumulate, isActive, createdAt } = plan
  const values = {
    ...{ id, organisation_id: organisationId, code, name, amount_nanos: amount, interval_text: interval },
    occurrences: occurrences === null ? null : BigInt(occurrences),
    ...{ accumulate: accumulate ? 1n : 0n, is_active: isActive ? 1n : 0n, created_at: BigInt(createdAt) },
  }
  await store.write([store.sql.insertInto('plans').values(values), ...beside])
}

/** One more than the limit, so that the caller sees whether there are more. */
export async function listPlans(
  store: Store,
  organisationId: bigint,
  page: PageOf,
): Promise<{ plans: StoredPlan[]; total: number }> {
  const { rows, total } = await pageOf(store, plansOf(store, organisationId), page)
  return { plans: rows.map(planOf), total }
}

export async function findPlan(store: Store, organisationId: bigint, code: string): Promise<StoredPlan | undefined> {
  const row = await rowByCode(store, plansOf(store, organisationId), code)
  return row && planOf(row)
}

const plansOf = (store: Store, organisationId: bigint) =>
  store.sql.selectFrom('plans').selectAll().where('organisation_id', '=', organisationId)

/** It can't be assigned any more; who has it keeps it. */
export async function archivePlan(
  store: Store,
  organisationId: bigint,
  id: bigint,
  beside: readonly Query<unknown>[],
): Promise<void> {
  await store.write([
    store.sql
      .updateTable('plans')
      .set({ is_active: 0n })
      .where('organisation_id', '=', organisationId)
      .where('id', '=', id),
    ...beside,
  ])
}

/** The plan that an account has now. */
export async function activePlan(
  store: Store,
  organisationId: bigint,
  accountId: bigint,
): Promise<{ planId: bigint; startsAt: number } | undefined> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('plan_assignments')
      .select(['plan_id', 'starts_at'])
      .where('organisation_id', '=', organisationId)
      .where('account_id', '=', accountId)
      .where('ended_at', 'is', null),
  )
  return row && { planId: row.plan_id, startsAt: Number(row.starts_at) }
}

export type Assigning = {
  readonly organisationId: bigint
  readonly accountId: bigint
  readonly planId: bigint
  readonly startsAt: number
  readonly at: number
}

/** Ends every other plan of the account. The same plan again goes on as it is. */
export async function assignPlan(store: Store, assigning: Assigning, beside: readonly Query<unknown>[]): Promise<void> {
  const { organisationId, accountId, planId, startsAt, at } = assigning
  const { id, code } = store.ids.next()
  const row = {
    ...{ id, organisation_id: organisationId, code, account_id: accountId, plan_id: planId },
    ...{ starts_at: BigInt(startsAt), next_at: BigInt(startsAt), granted: 0n, ended_at: null },
  }
  await store.write([
    store.sql
      .updateTable('plan_assignments')
      .set({ ended_at: BigInt(at), next_at: null })
      .where('organisation_id', '=', organisationId)
      .where('account_id', '=', accountId)
      .where('plan_id', '!=', planId)
      .where('ended_at', 'is', null),
    // One plan an account is active at a time: the index refuses a second one.
    store.sql
      .insertInto('plan_assignments')
      .values(row)
      .onConflict((conflict) => conflict.doNothing()),
    ...beside,
  ])
}

type Due = {
  id: bigint
  code: string
  organisation_id: bigint
  account_id: bigint
  starts_at: bigint
  granted: bigint
  name: string
  amount_nanos: bigint
  interval_text: string
  occurrences: bigint | null
  accumulate: bigint
  time_zone: string
}

const PAGE = 200

/**
 * Grants every occurrence that has begun by then, each once, however often and by however many nodes this is run.
 * Tells whether any was due when it looked.
 */
export async function grantPlans(store: Store, at: number, accountId?: bigint): Promise<boolean> {
  let wasDue = false
  for (;;) {
    let query = store.sql
      .selectFrom('plan_assignments as s')
      .innerJoin('plans as p', (join) =>
        join.onRef('p.id', '=', 's.plan_id').onRef('p.organisation_id', '=', 's.organisation_id'),
      )
      .innerJoin('organisations as o', 'o.id', 's.organisation_id')
      .where('s.next_at', '<=', BigInt(at))
      .select(['s.id', 's.code', 's.organisation_id', 's.account_id', 's.starts_at', 's.granted'])
      .select(['p.name', 'p.amount_nanos', 'p.interval_text', 'p.occurrences', 'p.accumulate', 'o.time_zone'])
      .orderBy('s.next_at')
      .limit(PAGE)
    if (accountId !== undefined) query = query.where('s.account_id', '=', accountId)
    const due = await store.rows(query)
    if (due.length === 0) return wasDue
    wasDue = true
    for (const assignment of due) await grantNext(store, assignment, at)
  }
}

/** Whether a plan grants to the account, or did until that instant. */
export async function hasPlan(store: Store, organisationId: bigint, accountId: bigint, at: number): Promise<boolean> {
  const found = store.sql
    .selectFrom('plan_assignments')
    .select('id')
    .where('organisation_id', '=', organisationId)
    .where('account_id', '=', accountId)
    .where((of) => of.or([of('ended_at', 'is', null), of('ended_at', '>=', BigInt(at))]))
    .limit(1)
  return (await store.rows(found)).length > 0
}

async function grantNext(store: Store, due: Due, at: number): Promise<void> {
  const index = Number(due.granted)
  const begins = (of: number) => occurrenceAt(due.interval_text, Number(due.starts_at), of, due.time_zone)
  const ends = begins(index + 1)
  const keeps = due.accumulate === 1n
  // What nobody could use any more is not granted: the server was away for the whole of it.
  const outcome = !keeps && ends <= at ? undefined : await store.post(grantOf(due, index, keeps ? null : ends, at))
  const isLast = due.occurrences !== null && index + 1 >= Number(due.occurrences)
  const isOver = isLast || outcome?.ok === false
  await store.write([
    store.sql
      .updateTable('plan_assignments')
      .set({
        granted: due.granted + 1n,
        next_at: isOver ? null : BigInt(ends),
        ...(isOver ? { ended_at: BigInt(at) } : {}),
      })
      .where('organisation_id', '=', due.organisation_id)
      .where('id', '=', due.id)
      .where('granted', '=', due.granted)
      .where('ended_at', 'is', null),
  ])
}

/** The payment id makes it one grant for ever: a repetition after a crash finds it. */
const grantOf = (due: Due, index: number, expiresAt: number | null, at: number): AddGrant => ({
  type: 'grant',
  organisationId: due.organisation_id,
  at,
  accountId: due.account_id,
  amount: due.amount_nanos,
  category: 'plan',
  priority: 50,
  expiresAt,
  paymentId: `plan:${due.code}:${index}`,
  actor: 'plan',
  description: due.name,
  metadata: null,
})

type PlanRow = {
  id: bigint
  code: string
  name: string
  amount_nanos: bigint
  interval_text: string
  occurrences: bigint | null
  accumulate: bigint
  is_active: bigint
  created_at: bigint
}

const planOf = (row: PlanRow): StoredPlan => ({
  id: row.id,
  code: row.code,
  name: row.name,
  amount: row.amount_nanos,
  interval: row.interval_text,
  occurrences: row.occurrences === null ? null : Number(row.occurrences),
  accumulate: row.accumulate === 1n,
  isActive: row.is_active === 1n,
  createdAt: Number(row.created_at),
})
