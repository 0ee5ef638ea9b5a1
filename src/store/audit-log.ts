/** Who changed what: one row beside each administrative change, written in the same transaction as the change. */
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { AuditRow } from '../core/ledger-rows.ts'
import type { Schema } from './schema.ts'
import type { Query, Store } from './store.ts'

export type AuditEntry = Omit<AuditRow, 'id' | 'code' | 'before' | 'after' | 'createdAt'> & {
  /** What of it was and is, without secrets; null where there was or is nothing. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly at: number
}

/** The row for a command of the ledger, which writes it where it has an effect. */
export function auditRow({ ids }: Pick<Store, 'ids'>, { before, after, at, ...entry }: AuditEntry): AuditRow {
  return { ...ids.next(), ...entry, before: textOf(before), after: textOf(after), createdAt: at }
}

/** What must hold after the change for it to have happened: a name may have been taken by somebody else meanwhile. */
export type Provided = (of: ExpressionBuilder<Schema, never>) => Expression<SqlBool>

/** The row as a query, for `store.write` behind the change itself. */
export function auditQuery(
  store: Pick<Store, 'sql' | 'ids'>,
  entry: AuditEntry,
  provided: Provided = (of) => of.lit(true),
): Query<unknown> {
  const row = auditRow(store, entry)
  const { sql } = store
  return sql
    .insertInto('audit_log')
    .columns([...COLUMNS])
    .expression(
      sql
        .selectNoFrom((of) => [
          of.cast<bigint>(of.val(row.id), 'bigint').as('id'),
          of.cast<bigint>(of.val(row.organisationId), 'bigint').as('organisation_id'),
          of.val(row.code).as('code'),
          of.val(row.actor).as('actor'),
          of.val(row.action).as('action'),
          of.val(row.target).as('target'),
          of.cast<string | null>(of.val(row.before), 'text').as('before'),
          of.cast<string | null>(of.val(row.after), 'text').as('after'),
          of.cast<string | null>(of.val(row.requestId), 'text').as('request_id'),
          of.cast<bigint>(of.val(BigInt(row.createdAt)), 'bigint').as('created_at'),
        ])
        .where(provided),
    )
}

const COLUMNS = [
  'id',
  'organisation_id',
  'code',
  'actor',
  'action',
  'target',
  'before',
  'after',
  'request_id',
  'created_at',
] as const

export type AuditFilter = {
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly target?: string | undefined
  /** `[from, to)` in milliseconds. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

type Page = { readonly limit: number; readonly offset: number; readonly before: bigint | undefined }

/** Newest first; one more than the limit, so that the caller sees whether there are more. */
export async function auditPage(
  store: Store,
  organisationId: bigint,
  filter: AuditFilter,
  { limit, offset, before }: Page,
): Promise<AuditRow[]> {
  const matching = auditsIn(store, organisationId, filter)
  const rows = await store.rows(
    (before === undefined ? matching : matching.where('id', '<', before))
      .select([...COLUMNS])
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .offset(offset),
  )
  return rows.map(({ organisation_id, request_id, created_at, ...row }) => ({
    ...row,
    organisationId: organisation_id,
    requestId: request_id,
    createdAt: Number(created_at),
  }))
}

export async function auditCount(store: Store, organisationId: bigint, filter: AuditFilter): Promise<number> {
  const [row] = await store.rows(
    auditsIn(store, organisationId, filter).select((of) => of.fn.countAll<bigint>().as('total')),
  )
  return Number(row?.total ?? 0)
}

function auditsIn(store: Store, organisationId: bigint, { actor, action, target, from, to }: AuditFilter) {
  let query = store.sql.selectFrom('audit_log').where('organisation_id', '=', organisationId)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  // `key` stands for all that is done to keys.
  if (action !== undefined)
    query = query.where((of) =>
      of.or([of('action', '=', action), of.and([of('action', '>', `${action}.`), of('action', '<', `${action}/`)])]),
    )
  if (target !== undefined) query = query.where('target', '=', target)
  if (from !== undefined) query = query.where('created_at', '>=', BigInt(from))
  return to === undefined ? query : query.where('created_at', '<', BigInt(to))
}

const textOf = (value: AuditEntry['before']): string | null =>
  value && JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member))
