/** Normalised token counts, in a table beside the usage records: they come later, and no record is ever changed. */
import type { Store } from './store.ts'

export type NormalisedCount = {
  readonly usageRecordId: bigint
  readonly organisationId: bigint
  readonly prompt: number | null
  readonly completion: number | null
}

export async function saveNormalised(store: Store, counts: readonly NormalisedCount[]): Promise<void> {
  await store.write([
    store.sql
      .insertInto('token_counts')
      .values(
        counts.map(({ usageRecordId, organisationId, prompt, completion }) => ({
          usage_record_id: usageRecordId,
          organisation_id: organisationId,
          prompt: prompt === null ? null : BigInt(prompt),
          completion: completion === null ? null : BigInt(completion),
        })),
      )
      .onConflict((conflict) => conflict.doNothing()),
  ])
}
