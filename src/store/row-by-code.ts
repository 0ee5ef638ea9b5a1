/** Rows by the code that names them outside, and codes by the number. A code carries the time of its number, so that no index of codes is needed. */
import { type SelectQueryBuilder, sql } from 'kysely'
import { codeTime, idRange } from '../lib/id.ts'
import type { Store } from './store.ts'

/** The numbers that a code can belong to; undefined: it is no code. */
export function codeRange(code: string): { from: bigint; to: bigint } | undefined {
  const time = codeTime(code)
  return time === undefined ? undefined : idRange(time, time + 1)
}

/** `table`: what the query calls the table of `id` and `code`, where it has several. */
export async function rowByCode<DB, T extends keyof DB, Row>(
  store: Store,
  among: SelectQueryBuilder<DB, T, Row>,
  code: string,
  table?: string,
): Promise<Row | undefined> {
  const range = codeRange(code)
  if (!range) return undefined
  const column = <Value>(name: string) => sql<Value>`${sql.ref(table === undefined ? name : `${table}.${name}`)}`
  const [row] = await store.rows(
    among
      .where(column<bigint>('id'), '>=', range.from)
      .where(column<bigint>('id'), '<', range.to)
      .where(column<string>('code'), '=', code),
  )
  return row
}

/** What rows are called outside, by their numbers. */
export async function codesOf(
  store: Store,
  table: 'accounts' | 'grants',
  organisationId: bigint,
  ids: readonly bigint[],
): Promise<ReadonlyMap<bigint, string>> {
  if (ids.length === 0) return new Map()
  const rows = await store.rows(
    store.sql
      .selectFrom(table)
      .select(['id', 'code'])
      .where('organisation_id', '=', organisationId)
      .where('id', 'in', [...new Set(ids)]),
  )
  return new Map(rows.map(({ id, code }) => [id, code]))
}
