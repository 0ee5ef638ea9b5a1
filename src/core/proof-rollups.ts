/** Proves the sums by quarter hour, and how many records each quarter hour has. */
import { type CarriedSum, type Carrying, given, sumsIn } from './carried-sums.ts'
import { type Cells, differing, type Finding, found } from './proof-findings.ts'
import type { Quarter, Rollup, UsageRecord } from './usage-rows.ts'
import { foldRollup, quartersOf, ROLLUP_SUMS, rollupKey, rollupOf } from './usage-sums.ts'

export type RollupSums = Carrying & {
  add(record: UsageRecord): void
  rollup(row: Rollup): Finding<Rollup>[]
  quarter(row: Quarter): Finding<Quarter>[]
  /** What no row was shown for. */
  rest(): { rollups: Finding<Rollup>[]; quarters: Finding<Quarter>[] }
}

export function createRollupSums(): RollupSums {
  const rollups = new Map<string, Rollup>()
  const quarters = new Map<string, Quarter>()
  const addQuarter = (one: Quarter) => {
    found(quarters, quarterKey(one), () => ({ ...one, records: 0n })).records += one.records
  }
  return {
    add(record) {
      foldRollup(rollups, rollupOf(record))
      for (const one of quartersOf([record])) addQuarter(one)
    },
    rollup(row) {
      const computed = rollups.get(rollupKey(row))
      rollups.delete(rollupKey(row))
      return sumsDiffering(row, row, computed)
    },
    quarter(row) {
      const records = quarters.get(quarterKey(row))?.records ?? 0n
      quarters.delete(quarterKey(row))
      return recordsDiffering(row, records)
    },
    rest: () => ({
      rollups: [...rollups.values()].flatMap((row) => sumsDiffering(row, undefined, row)),
      quarters: [...quarters.values()].flatMap((row) => recordsDiffering({ ...row, records: 0n }, row.records)),
    }),
    give: () => [
      ...[...rollups.values()].map((row) => given(row.organisationId, 'rollup', rollupKey(row), sumsOf(row))),
      ...[...quarters.values()].map(({ organisationId, quarter, records }) =>
        given(organisationId, 'quarter', quarter, { records }),
      ),
    ],
    take(row) {
      const { organisationId, subject } = row
      if (row.kind === 'rollup') foldRollup(rollups, rollupIn(row))
      else if (row.kind === 'quarter')
        addQuarter({ organisationId, quarter: Number(subject), ...sumsIn(row, ['records']) })
      else return false
      return true
    },
  }
}

/** As {@link rollupKey} named it. */
function rollupIn({ organisationId, subject, sums }: CarriedSum): Rollup {
  const [, quarter, model, provider, context, status] = JSON.parse(subject) as [string, number, ...string[]]
  const named = { organisationId, quarter, model, provider, context, status } as Omit<
    Rollup,
    (typeof ROLLUP_SUMS)[number]
  >
  return { ...named, ...sumsIn({ sums }, ROLLUP_SUMS) }
}

const sumsOf = (row: Rollup | undefined): Cells<Rollup> =>
  Object.fromEntries(ROLLUP_SUMS.map((field) => [field, row?.[field] ?? 0n]))

function sumsDiffering(name: Rollup, stored: Rollup | undefined, computed: Rollup | undefined): Finding<Rollup>[] {
  const { organisationId, quarter, model, provider, context, status } = name
  const row = { organisationId, quarter, model, provider, context, status }
  return differing<Rollup>('rollups', row, sumsOf(stored), sumsOf(computed))
}

const quarterKey = ({ organisationId, quarter }: Quarter): string => `${organisationId} ${quarter}`

const recordsDiffering = ({ organisationId, quarter, records }: Quarter, computed: bigint): Finding<Quarter>[] =>
  differing<Quarter>('quarters', { organisationId, quarter }, { records }, { records: computed })
