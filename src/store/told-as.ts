/** Finds the record that was told under a key: PostgreSQL keeps the keys apart from the months of the records. */
import { type RawBuilder, sql } from 'kysely'
import type { Store } from './store.ts'

export const wasToldAs = (
  { engine }: Pick<Store, 'engine'>,
  organisationId: bigint,
  key: string,
): RawBuilder<boolean> =>
  engine === 'sqlite'
    ? sql`dedupe_key = ${key}`
    : sql`id = (SELECT usage_record_id FROM usage_keys WHERE organisation_id = ${organisationId} AND dedupe_key = ${key})`
