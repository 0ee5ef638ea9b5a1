/** Usage records as replies and tables of rows show them. */
import { z } from 'zod'
import type { UsageRecord } from '../contract/usage.ts'
import { instantText } from '../lib/clock.ts'
import { csvRow } from '../lib/csv.ts'
import { nanosText } from '../lib/money.ts'
import { decimalText, exactRatio } from '../lib/ratio.ts'
import type { PageOf } from '../store/accounts.ts'
import type { StoredUsage } from '../store/usage.ts'

type ModelName = (id: string) => string

/** One by itself: its cost is exact. */
export const exactUsage = (stored: StoredUsage, modelName: ModelName): UsageRecord =>
  shown(stored, modelName, { cost: exactOf(stored.costExact), charge: exactOf(stored.chargeExact) })

/** One of a list, whose costs are posted nano-dollars, so that lists and sums agree to the nano. */
export const usageRecord = (stored: StoredUsage, modelName: ModelName): UsageRecord =>
  shown(stored, modelName, { cost: nanosOf(stored.costNanos), charge: nanosOf(stored.chargeNanos) })

const exactOf = (text: string | null) => (text === null ? null : decimalText(exactRatio(text)))
const nanosOf = (nanos: bigint | null) => (nanos === null ? null : nanosText(nanos))
const named = <P extends string>(prefix: P, code: string | null) => (code === null ? null : `${prefix}_${code}`)

const Counted = z.record(z.string(), z.string())

function shown(
  stored: StoredUsage,
  modelName: ModelName,
  { cost, charge }: { cost: string | null; charge: string | null },
): UsageRecord {
  const known = (count: number) => (stored.source === 'unknown' ? null : count)
  const others = Counted.parse(JSON.parse(stored.counts))
  const other = <N extends string>(name: N, meter: string) =>
    others[meter] === undefined ? {} : { [name]: Number(others[meter]) }
  return {
    id: `usage_${stored.code}`,
    context: stored.context,
    accountId: named('acc', stored.accountCode),
    externalId: stored.externalId,
    transactionId: named('txn', stored.transactionCode),
    modelId: modelName(stored.model),
    usageType: stored.usageType as UsageRecord['usageType'],
    inputTokens: known(stored.inputTokens),
    outputTokens: known(stored.outputTokens),
    cachedTokens: known(stored.cachedTokens),
    cacheWriteTokens: known(stored.cacheWriteTokens),
    reasoningTokens: known(stored.reasoningTokens),
    ...other('audioDurationSeconds', 'audio_seconds'),
    ...other('characters', 'characters'),
    ...other('images', 'images'),
    estimatedCostUsd: cost === null ? null : Number(cost),
    ...(charge === null ? {} : { chargeUsd: Number(charge) }),
    usageSource: stored.source as UsageRecord['usageSource'],
    ...(stored.sequence === null ? {} : { sequence: stored.sequence }),
    description: stored.description,
    metadata: stored.metadata === null ? null : JSON.parse(stored.metadata),
    occurredAt: instantText(stored.occurredAt),
    createdAt: instantText(stored.recordedAt),
    decimal: {
      ...(cost === null ? {} : { estimatedCostUsd: cost }),
      ...(charge === null ? {} : { chargeUsd: charge }),
    },
  }
}

const COLUMNS = [
  ...(['id', 'context', 'accountId', 'externalId', 'transactionId', 'modelId', 'usageType'] as const),
  ...(['inputTokens', 'outputTokens', 'cachedTokens', 'cacheWriteTokens', 'reasoningTokens'] as const),
  ...(['audioDurationSeconds', 'characters', 'images', 'estimatedCostUsd', 'chargeUsd'] as const),
  ...(['usageSource', 'sequence', 'description', 'metadata', 'occurredAt', 'createdAt'] as const),
] as const

const ROWS_AT_A_TIME = 500

/** Every row that the filters match, a page at a time; what comes meanwhile is newer than the first page. */
export async function* usageCsv(
  pageAt: (page: PageOf) => Promise<StoredUsage[]>,
  modelName: ModelName,
): AsyncGenerator<string> {
  yield csvRow(COLUMNS)
  for (let before: bigint | undefined; ; ) {
    const rows = await pageAt({ limit: ROWS_AT_A_TIME, offset: 0, before })
    const page = rows.slice(0, ROWS_AT_A_TIME)
    before = page.at(-1)?.id
    if (page.length > 0) yield page.map((row) => csvRow(cellsOf(usageRecord(row, modelName)))).join('')
    if (rows.length <= ROWS_AT_A_TIME) return
  }
}

function cellsOf(record: UsageRecord) {
  return COLUMNS.map((name) => {
    const value = record.decimal[name] ?? record[name]
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
  })
}
