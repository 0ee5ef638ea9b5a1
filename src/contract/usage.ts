/** What was used, as callers tell it and as lists and sums show it. Costs are dollars. */
import { z } from 'zod'
import {
  count,
  Decimal,
  Instant,
  id,
  Metadata,
  PageQuery,
  Pagination,
  RowsFormat,
  seconds,
  text,
  Who,
} from './common.ts'

const USAGE_TYPES = ['text', 'embedding', 'audio_stt', 'audio_tts', 'image'] as const
export const UsageType = z.enum(USAGE_TYPES, `expected one of ${USAGE_TYPES.join(', ')}`)

/** Parts are inside their whole: cached and written tokens in the input, reasoning in the output. */
export const Counts = z.object({
  inputTokens: count.optional().meta({ description: 'Cached and written tokens are among them.' }),
  outputTokens: count.optional().meta({ description: 'Reasoning tokens are among them.' }),
  cachedTokens: count.optional().meta({ description: 'Of the input: read from a cache.' }),
  cacheWriteTokens: count.optional().meta({ description: 'Of the input: written to a cache.' }),
  reasoningTokens: count.optional().meta({ description: 'Of the output: spent on reasoning.' }),
  audioDurationSeconds: seconds.optional().meta({ description: 'With at most 6 decimals.' }),
  characters: count.optional().meta({ description: 'Where the model is priced by them.' }),
  images: count.optional().meta({ description: 'How many were made.' }),
})
export type Counts = z.output<typeof Counts>

const CONTEXTS = ['customer', 'system'] as const
const UsageContext = z.enum(CONTEXTS, 'expected customer or system')

export const UsageRequest = Who.extend({
  context: UsageContext.meta({ description: 'A customer pays, or nobody does.' }),
  transactionId: z
    .string('expected a transaction id')
    .max(64)
    .optional()
    .meta({ description: "`txn_…`, which charged it; with a customer's usage." }),
  modelId: z
    .string('is missing: expected the name of a model')
    .min(1)
    .max(256)
    .meta({ description: 'The model, in any spelling.' }),
  usageType: UsageType.meta({ description: 'What was counted.' }),
  ...Counts.shape,
  sequence: count.optional().meta({ description: 'Tells two identical usages of one transaction apart.' }),
  occurredAt: Instant.optional().meta({ description: 'At most 5 minutes ahead and 35 days back; now, if left out.' }),
  description: text(1_000).nullish().meta({ description: 'What it was for.' }),
  metadata: Metadata.nullish().meta({ description: 'Yours: kept and shown, never read.' }),
})
export type UsageRequest = z.output<typeof UsageRequest>

const MOST_INLINE = 100

/** With a confirmation: the account and the transaction are the reservation's. One record or several. */
export const InlineUsage = z.preprocess(
  (value) => (Array.isArray(value) ? value : [value]),
  z
    .array(UsageRequest.extend({ context: UsageContext.optional() }))
    .min(1, 'expected at least one record')
    .max(MOST_INLINE, `expected at most ${MOST_INLINE} records`),
)
export type InlineUsage = z.output<typeof InlineUsage>[number]

export const UsageRecord = z
  .object({
    id: id('usage'),
    context: UsageContext,
    accountId: id('acc').nullable(),
    externalId: z.string().nullable(),
    transactionId: id('txn').nullable(),
    generationId: z.string().optional().meta({ description: 'Of a call through the gateway, `gen-…`.' }),
    modelId: z.string(),
    usageType: UsageType,
    inputTokens: z.int().nullable().meta({ description: 'Null where the provider told no usage.' }),
    outputTokens: z.int().nullable(),
    cachedTokens: z.int().nullable(),
    cacheWriteTokens: z.int().nullable(),
    reasoningTokens: z.int().nullable(),
    audioDurationSeconds: z.number().optional(),
    characters: z.int().optional(),
    images: z.int().optional(),
    estimatedCostUsd: z
      .number()
      .nullable()
      .meta({ description: "The provider's cost; null where nobody knows a price." }),
    chargeUsd: z.number().optional().meta({ description: 'Where the record has a charge of its own.' }),
    usageSource: z.enum(['reported', 'estimated', 'unknown']),
    sequence: z.int().optional(),
    description: z.string().nullable(),
    metadata: Metadata.nullable(),
    occurredAt: Instant,
    createdAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'UsageRecord' })
export type UsageRecord = z.output<typeof UsageRecord>

export const UsageRecorded = z.object({
  success: z.literal(true),
  duplicate: z.boolean(),
  usageRecord: UsageRecord,
})

const DayOrInstant = z
  .string()
  .max(40)
  .meta({ description: 'A date is the whole day in the time zone of the organisation; a time is an instant.' })

export const UsageFilter = z.object({
  ...Who.shape,
  modelId: z.string().max(256).optional().meta({ description: 'One model alone, in any spelling.' }),
  context: UsageContext.optional().meta({ description: 'What customers pay for, or the rest.' }),
  usageType: UsageType.optional().meta({ description: 'One kind alone.' }),
  startDate: DayOrInstant.optional(),
  endDate: DayOrInstant.optional(),
})

export const UsageQuery = UsageFilter.extend({
  ...PageQuery.shape,
  summary: z.boolean('expected true or false').optional().meta({ description: 'The sums in place of the records.' }),
  format: RowsFormat.optional(),
})

const Sum = z.object({ costUsd: z.number(), count: z.int(), decimal: Decimal })
const UsageSummary = z
  .object({
    totalCostUsd: z.number(),
    totalInputTokens: z.int(),
    totalOutputTokens: z.int(),
    totalCachedTokens: z.int(),
    totalRecords: z.int(),
    unpricedRecords: z.int().meta({ description: 'Left out of the cost: nobody knows a price.' }),
    unknownRecords: z.int().meta({ description: 'Left out of the tokens: the provider told no usage.' }),
    byContext: z.object({ customer: Sum, system: Sum }),
    byModel: z.record(z.string(), Sum),
    decimal: Decimal,
  })
  .meta({ id: 'UsageSummary' })
export type UsageSummary = z.output<typeof UsageSummary>

export const SummaryReply = z.object({ success: z.literal(true), summary: UsageSummary })
export const UsageList = z.union([
  z.object({ success: z.literal(true), usageRecords: z.array(UsageRecord), pagination: Pagination }),
  SummaryReply,
])
