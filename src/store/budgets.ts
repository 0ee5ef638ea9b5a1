/** Budgets as people set them: made, listed, changed, ended; and those that a template makes of itself. */
import { sql } from 'kysely'
import { type Budget, type Counter, counterKey, type Link } from '../core/budget-rows.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import { type PageOf, pageOf } from './page-of.ts'
import { remembering } from './remembered.ts'
import { rowByCode } from './row-by-code.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './table.ts'
import * as tables from './tables.ts'

/** So many may be set in one organisation; those of single end users are not among them. */
export const MOST_BUDGETS = 1_000
/** So many end users have a budget of their own; those beyond share that of the template. */
const MOST_INSTANCES = 10_000

/** Those that calls are matched against: neither ended nor a single end user's. */
export async function livingBudgets(store: Store, organisationId: bigint): Promise<Budget[]> {
  const rows = await store.rows(
    setBy(store, organisationId).selectAll().where('template_id', 'is', null).orderBy('id').limit(MOST_BUDGETS),
  )
  return rows.map(budgetOf)
}

export async function countBudgets(store: Store, organisationId: bigint): Promise<number> {
  const [row] = await store.rows(
    setBy(store, organisationId)
      .where('template_id', 'is', null)
      .select((of) => of.fn.countAll<bigint>().as('count')),
  )
  return Number(row?.count ?? 0)
}

/**
 * The budget of one end user, made where there is none yet. Past the most of them the template itself stands in, as one
 * budget for all the others: names that somebody makes up neither fill the table nor escape the limit.
 */
export async function instanceOf(store: Store, template: Budget, endUser: string): Promise<Budget> {
  const own = setBy(store, template.organisationId)
    .selectAll()
    .where('template_id', '=', template.id)
    .where('scope_id', '=', endUser)
  const [found] = await store.rows(own)
  if (found) return budgetOf(found)
  const [row] = await store.rows(
    setBy(store, template.organisationId)
      .where('template_id', '=', template.id)
      .select((of) => of.fn.countAll<bigint>().as('count')),
  )
  if (Number(row?.count ?? 0) >= MOST_INSTANCES) return template
  // It stands since the template does: of nobody it counts was there anything to count before they came.
  const made = { ...template, ...store.ids.next(), scopeId: endUser, templateId: template.id }
  // Whoever was first made it: the index refuses a second one.
  await store.write([insertQuery(store, made, store.now()).onConflict((conflict) => conflict.doNothing())])
  const [kept] = await store.rows(own)
  return kept ? budgetOf(kept) : template
}

export type BudgetFilter = { readonly scope?: string | undefined; readonly scopeId?: string | undefined }

/** One more than the limit, so that the caller sees whether there are more. */
export async function listBudgets(
  store: Store,
  organisationId: bigint,
  { scope, scopeId }: BudgetFilter,
  page: PageOf,
): Promise<{ budgets: Budget[]; total: number }> {
  let matching = setBy(store, organisationId)
  if (scope !== undefined) matching = matching.where('scope', '=', scope)
  if (scopeId !== undefined) matching = matching.where((of) => of.fn.coalesce('scope_name', 'scope_id'), '=', scopeId)
  const { rows, total } = await pageOf(store, matching.selectAll(), page)
  return { budgets: rows.map(budgetOf), total }
}

export async function findBudget(store: Store, organisationId: bigint, code: string): Promise<Budget | undefined> {
  const row = await rowByCode(store, setBy(store, organisationId).selectAll(), code)
  return row && budgetOf(row)
}

/** The counters of these windows, as far as anything was counted in them. */
export async function countersOf(store: Store, organisationId: bigint, links: readonly Link[]): Promise<Counter[]> {
  if (links.length === 0) return []
  const pairs = sql.join(
    links.map(
      ({ budgetId, windowStart }) => sql`(CAST(${budgetId} AS BIGINT), CAST(${BigInt(windowStart)} AS BIGINT))`,
    ),
  )
  const rows = await store.rows(
    store.sql
      .selectFrom('budget_counters')
      .selectAll()
      .where('organisation_id', '=', organisationId)
      .where(sql<boolean>`(budget_id, window_start) IN (VALUES ${pairs})`),
  )
  return rows.map((row) =>
    tables.counters.row(tables.counters.columns.map((column) => (row as Record<string, Cell>)[column] ?? null)),
  )
}

/** What reservations of the credits API still hold although they are dead by now, by window. */
export async function heldByDead(store: Store, organisationId: bigint, at: number): Promise<Map<string, bigint>> {
  const rows = await store.rows(
    store.sql
      .selectFrom('reservations')
      .select('holds')
      .where('organisation_id', '=', organisationId)
      .where('kind', '=', 'api')
      .where('dead_at', '<=', BigInt(at))
      .where('holds', '!=', '[]'),
  )
  const held = new Map<string, bigint>()
  for (const { budgetId, windowStart, quantity } of rows.flatMap(({ holds }) => tables.holds.read(holds))) {
    const key = counterKey(budgetId, windowStart)
    held.set(key, (held.get(key) ?? 0n) + quantity)
  }
  return held
}

/** The codes of the templates that made them. */
export async function templateCodes(
  store: Store,
  organisationId: bigint,
  budgets: readonly Budget[],
): Promise<Map<bigint, string>> {
  const ids = [...new Set(budgets.flatMap(({ templateId }) => templateId ?? []))]
  if (ids.length === 0) return new Map()
  const rows = await store.rows(
    store.sql
      .selectFrom('budgets')
      .select(['id', 'code'])
      .where('organisation_id', '=', organisationId)
      .where('id', 'in', ids),
  )
  return new Map(rows.map(({ id, code }) => [id, code]))
}

type Remembered = { readonly name: Idempotency; readonly answer: string }

/** Together with the row that tells who made it and, where the caller named it, with its answer. */
export async function createBudget(
  store: Store,
  budget: Budget,
  audit: Query<unknown>,
  remembered: Remembered | undefined,
): Promise<void> {
  await store.write([
    insertQuery(store, budget, budget.createdAt),
    audit,
    ...(remembered
      ? [remembering(store, { ...budget, at: budget.createdAt }, remembered.name, remembered.answer)]
      : []),
  ])
}

/** What its template made goes with it. */
export async function updateBudget(store: Store, budget: Budget, at: number, audit: Query<unknown>): Promise<void> {
  const own = new Set(['id', 'organisation_id', 'code', 'scope_id', 'scope_name', 'template_id', 'created_at'])
  const set = Object.fromEntries(Object.entries(columnsOf(budget)).filter(([column]) => !own.has(column)))
  await store.write([selfAndInstances(store, budget, { ...set, updated_at: BigInt(at) }), audit])
}

/** The rows stay: what was counted is still told by them. */
export async function endBudget(store: Store, budget: Budget, at: number, audit: Query<unknown>): Promise<void> {
  await store.write([selfAndInstances(store, budget, { deleted_at: BigInt(at), updated_at: BigInt(at) }), audit])
}

/** What a scope is called outside may change; the budgets on it stay. */
export const renaming = (
  store: Store,
  organisationId: bigint,
  { scope, scopeId }: Pick<Budget, 'scope' | 'scopeId'>,
  name: string,
) =>
  store.sql
    .updateTable('budgets')
    .set({ scope_name: name })
    .where('organisation_id', '=', organisationId)
    .where('scope', '=', scope)
    .where('scope_id', '=', scopeId)

const selfAndInstances = (store: Store, { organisationId, id }: Budget, set: object) =>
  store.sql
    .updateTable('budgets')
    .set(set)
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .where((of) => of.or([of('id', '=', id), of('template_id', '=', id)]))

const setBy = (store: Store, organisationId: bigint) =>
  store.sql
    .selectFrom('budgets')
    .where('organisation_id', '=', organisationId)
    .where('source', '=', 'budget')
    .where('deleted_at', 'is', null)

const insertQuery = (store: Store, budget: Budget, at: number) =>
  store.sql.insertInto('budgets').values({ ...columnsOf(budget), deleted_at: null, updated_at: BigInt(at) } as never)

const columnsOf = (budget: Budget): Record<string, Cell> => {
  const cells = tables.budgets.cells(budget)
  return Object.fromEntries(tables.budgets.columns.map((column, index) => [column, cells[index] ?? null]))
}

const budgetOf = (row: object): Budget =>
  tables.budgets.row(tables.budgets.columns.map((column) => (row as Record<string, Cell>)[column] ?? null))
