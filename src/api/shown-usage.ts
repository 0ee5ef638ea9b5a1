/** Usage records as replies and tables of rows show them. */
import { z } from 'zod'
import type { UsageRecord } from '../contract/usage.ts'
import { instantText } from '../lib/clock.ts'
import type { Cell } from '../lib/csv.ts'
import { generationId } from '../lib/id.ts'
import { nanosText } from '../lib/money.ts'
import { decimalText, exactRatio } from '../lib/ratio.ts'
import type { PageOf } from '../store/page-of.ts'
import type { StoredUsage } from '../store/usage.ts'
import { pagesBy, type Rows } from './rows.ts'

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
    ...(stored.isTold ? {} : { generationId: generationId(stored.code) }),
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

/** Every row that the filters match; what comes meanwhile is left out. */
export const usageRows = (
  pageAt: (page: PageOf) => Promise<StoredUsage[]>,
  modelName: ModelName,
): Omit<Rows, 'name'> => ({
  columns: COLUMNS,
  pages: pagesBy<StoredUsage, bigint>(
    async (before, limit) => (await pageAt({ limit, offset: 0, before })).slice(0, limit),
    ({ id }) => id,
    (page) => page.map((stored) => cellsOf(usageRecord(stored, modelName))),
  ),
})

function cellsOf(record: UsageRecord): Cell[] {
  return COLUMNS.map((name) => {
    const exact = record.decimal[name]
    if (exact !== undefined) return { exact }
    const value = record[name]
    return typeof value === 'object' && value !== null ? { json: JSON.stringify(value) } : value
  })
}
