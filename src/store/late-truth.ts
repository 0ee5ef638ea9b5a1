/** What became of a settle in the ledger; where another node had settled the call by an estimate, the truth wins. */
import { adjustmentOf } from '../core/ledger-adjust.ts'
import type { Outcome, Settle } from '../core/ledger-commands.ts'
import type { UsageRecord } from '../core/usage-rows.ts'
import { assert } from '../lib/assert.ts'
import type { Query, Store } from './store.ts'
import type { Cell } from './table.ts'
import { usageRecords } from './tables.ts'

/** `settled`: the ledger comes to what was told. `otherwise`: somebody had settled the call already, in another way. */
export type Settling = 'settled' | 'otherwise'

/** A settle that met itself, told twice, is no other. Repeated after any failure, it comes to the same. */
export async function endedBy(store: Store, told: Settle, outcome: Outcome): Promise<Settling> {
  assert(outcome.ok && outcome.result.kind === 'settled', 'a settle is never refused')
  if (outcome.result.state !== 'already_settled') return 'settled'
  const kept = await recordOf(store, told)
  if (!kept) return 'otherwise'
  const { chargeExact, status, source } = told.record
  if (kept.chargeExact === chargeExact && kept.status === status && kept.source === source) return 'settled'
  // Nothing else gives way: what was told to somebody stands.
  if (kept.status !== 'interrupted' || kept.source !== 'estimated') return 'otherwise'
  const adjustment = adjustmentOf(kept, told, store.ids.next())
  if (adjustment) {
    const adjusted = await store.post({ ...adjustment, at: Math.max(adjustment.at, store.now()) })
    assert(adjusted.ok, 'late truth is never refused')
  }
  return 'settled'
}

async function recordOf(store: Store, { record }: Settle): Promise<UsageRecord | undefined> {
  const query = store.sql
    .selectFrom('usage_records')
    .select(usageRecords.columns as 'id'[])
    .where('organisation_id', '=', record.organisationId)
    .where('id', '=', record.id)
  const [row] = await store.rows(query as Query<Record<string, Cell>>)
  return row && usageRecords.row(usageRecords.columns.map((column) => row[column] ?? null))
}
