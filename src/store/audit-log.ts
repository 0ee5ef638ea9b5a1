/** Who changed what: one row beside each administrative change, written in the same transaction as the change. */
import type { Query, Store } from './store.ts'

export type AuditEntry = {
  readonly organisationId: bigint
  /** Who did it, as it is shown to people: never a secret. */
  readonly actor: string
  /** Noun and verb, e.g. `budget.create`. */
  readonly action: string
  /** The public id of what was changed. */
  readonly target: string
  /** What of it was and is, without secrets; null where there was or is nothing. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly requestId: string | null
  readonly at: number
}

/** The row as a query, for `store.write` together with the change itself. */
export function auditQuery(store: Pick<Store, 'sql' | 'ids'>, entry: AuditEntry): Query<unknown> {
  const { id, code } = store.ids.next()
  return store.sql.insertInto('audit_log').values({
    id,
    organisation_id: entry.organisationId,
    code,
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    before: textOf(entry.before),
    after: textOf(entry.after),
    request_id: entry.requestId,
    created_at: BigInt(entry.at),
  })
}

const textOf = (value: AuditEntry['before']): string | null =>
  value && JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member))
