/** Answers kept under an idempotency key, of what the ledger itself does not do. */
import type { Idempotency } from '../core/ledger-commands.ts'
import type { Query, Store } from './store.ts'

/** What was answered under an idempotency key before. */
export async function rememberedAnswer(
  store: Store,
  organisationId: bigint,
  { principal, operation, key }: Idempotency,
): Promise<{ fingerprint: string; answer: string } | undefined> {
  const [row] = await store.rows(
    store.sql
      .selectFrom('idempotency')
      .where('organisation_id', '=', organisationId)
      .where('principal', '=', principal)
      .where('operation', '=', operation)
      .where('key', '=', key)
      .select(['fingerprint', 'outcome']),
  )
  return row && { fingerprint: row.fingerprint, answer: row.outcome }
}

/** To be written with the change itself: where the key is taken, the database refuses both. */
export const remembering = (
  store: Store,
  { organisationId, at }: { organisationId: bigint; at: number },
  { principal, operation, key, fingerprint }: Idempotency,
  answer: string,
): Query<unknown> =>
  store.sql.insertInto('idempotency').values({
    ...{ organisation_id: organisationId, principal, operation, key, fingerprint },
    ...{ state: 'done', outcome: answer, created_at: BigInt(at) },
  })
