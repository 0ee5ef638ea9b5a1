/** How a finding in a cache is put right: by how much each cell is off. Facts are never changed. */

import * as tables from '../store/tables.ts'
import type { Correction } from '../store/whole-tables.ts'
import { type CellFinding, rowName } from './verify-cells.ts'

/** Which cells are caches; of these three tables a whole row may be missing. */
const CACHED: Readonly<Record<string, readonly string[]>> = {
  accounts: ['posted_nanos', 'reserved_nanos'],
  grants: ['remaining_nanos', 'reserved_nanos'],
  budget_counters: ['spent', 'reserved', 'overshoot'],
  key_usage: tables.keyUsage.columns.filter((column) => column !== 'api_key_id' && column !== 'organisation_id'),
  rollups: tables.rollups.columns.filter((column) => !(tables.ROLLUP_KEY as readonly string[]).includes(column)),
  quarters: ['records'],
}
const MAY_BE_MISSING: ReadonlySet<string> = new Set(['key_usage', 'rollups', 'quarters'])

/** All cells of a row are corrected at once, since the database checks them together. */
export function correctionsOf(findings: readonly CellFinding[]): Correction[] {
  const byRow = new Map<string, Correction & { off: Record<string, bigint> }>()
  for (const { table, row, column, stored, computed } of findings) {
    const cached = CACHED[table]
    if (!cached?.includes(column) || typeof stored !== 'bigint' || typeof computed !== 'bigint') continue
    const name = `${table} ${rowName(row)}`
    const correction = byRow.get(name) ?? {
      table,
      row,
      off: {},
      ...(MAY_BE_MISSING.has(table) ? { zeros: cached } : {}),
    }
    correction.off[column] = computed - stored
    byRow.set(name, correction)
  }
  return [...byRow.values()]
}
