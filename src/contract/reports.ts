/** Reports: what was used and what it came to, by calendar bucket and by up to two groups; and the calls behind them. */
import { z } from 'zod'
import { amount, Decimal, Instant, PageQuery, Pagination, RowsFormat } from './common.ts'
import { Generation } from './generations.ts'

const GROUPS = ['api_key', 'account', 'model', 'provider', 'context', 'end_user', 'tag', 'status'] as const
const ReportGroup = z.enum(GROUPS, `expected one of ${GROUPS.join(', ')}`)
export type ReportGroup = z.output<typeof ReportGroup>

const MOST_VALUES = 50

/** Repeatable: any of the values will do. A query says one as text, several as a list. */
const several = <T extends z.ZodType<string>>(value: T) =>
  z
    .preprocess(
      (given) => (Array.isArray(given) ? given : [given]),
      z.array(value).min(1).max(MOST_VALUES, `expected at most ${MOST_VALUES} values`),
    )
    .optional()

const word = (most: number) => z.string('expected text').max(most, `expected at most ${most} characters`)
const SOURCES = ['reported', 'estimated', 'unknown'] as const
const STATUSES = ['ok', 'error', 'cancelled', 'interrupted'] as const

const ReportFilter = z.object({
  api_key: several(word(128)).meta({ description: 'Hashes of API keys; empty: without a key.' }),
  account: several(word(64)).meta({ description: '`acc_…`; empty: without an account.' }),
  model: several(word(256)).meta({ description: 'In any spelling.' }),
  provider: several(word(128)).meta({ description: 'By its key.' }),
  context: several(z.enum(['customer', 'system'], 'expected customer or system')),
  end_user: several(word(128)).meta({ description: 'The `user` of calls; empty: without one.' }),
  tag: several(word(580)).meta({ description: '`key:value` as in `metadata`; empty: without tags.' }),
  status: several(z.enum(STATUSES, `expected one of ${STATUSES.join(', ')}`)),
})
export type ReportFilter = z.output<typeof ReportFilter>

const DayOrInstant = z.string().max(40).meta({
  description: 'A date is the whole day in `timeZone`, both ends included; a time is an instant, `[from, to)`.',
})

const RangeQuery = z.object({
  from: DayOrInstant.optional().meta({ description: 'Default: 30 days up to `to`.' }),
  to: DayOrInstant.optional().meta({ description: 'Default: today.' }),
  timeZone: z.string().max(64).optional().meta({ description: "An IANA zone; default: the organisation's." }),
})

const ExportQuery = z.object({
  format: RowsFormat.optional(),
  columns: z.enum(['focus'], 'expected focus').optional().meta({
    description: 'With csv and ndjson: the columns of the FinOps Open Cost and Usage Specification.',
  }),
})

export const ReportQuery = z.object({
  ...RangeQuery.shape,
  bucket: z.enum(['hour', 'day', 'week', 'month'], 'expected hour, day, week or month').optional().meta({
    description: 'Of the calendar of `timeZone`; default: day.',
  }),
  groupBy: z
    .preprocess(
      (given) =>
        [given].flat().flatMap((names) =>
          String(names)
            .split(',')
            .filter((name) => name !== ''),
        ),
      z
        .array(ReportGroup)
        .max(2, 'expected at most two')
        .refine((names) => new Set(names).size === names.length, 'expected two that differ'),
    )
    .optional()
    .meta({ description: 'None, one or two, repeated or with a comma between them.' }),
  ...ReportFilter.shape,
  ...ExportQuery.shape,
})

const figures = {
  requests: z.int(),
  errors: z.int().meta({ description: 'Of the requests, those that failed.' }),
  inputTokens: z.int().meta({ description: 'What was cached is inside.' }),
  cachedTokens: z.int(),
  outputTokens: z.int().meta({ description: 'Reasoning is inside.' }),
  reasoningTokens: z.int(),
  totalTokens: z.int(),
  costUsd: z.number().meta({ description: 'What the providers took, as far as it is known.' }),
  chargeUsd: z
    .number()
    .meta({ description: 'What accounts were charged; in `system` context what they would have been.' }),
  cacheSavingUsd: z
    .number()
    .meta({ description: 'What cached tokens would have cost as plain input, less what they cost.' }),
  unpricedRequests: z.int().meta({ description: 'Left out of the cost: nobody knows a price.' }),
  estimatedRequests: z.int().meta({ description: 'Counted here, since the provider told no usage.' }),
  decimal: Decimal,
}

const GroupKey = z
  .object({
    ...Object.fromEntries(
      GROUPS.filter((name) => name !== 'tag').map((name) => [name, z.string().nullable().optional()]),
    ),
    tag: z.record(z.string(), z.string()).nullable().optional(),
  })
  .meta({ description: 'The values of `groupBy`; null where the calls have none.' })

export const Report = z
  .object({
    totals: z.object(figures),
    groups: z.array(z.object({ key: GroupKey, ...figures })),
    buckets: z.array(z.object({ start: Instant, end: Instant, key: GroupKey, ...figures })),
    unknown: z.object({
      unpriced: z.int().meta({ description: 'Requests whose cost is in no sum.' }),
      noUsage: z.int().meta({ description: 'Requests whose tokens are in no sum.' }),
    }),
    range: z.object({ from: Instant, to: Instant, timeZone: z.string(), bucket: z.string() }),
  })
  .meta({ id: 'UsageReport' })
export type Report = z.output<typeof Report>

/** `per` of a meter cost so much. */
const LineItem = z.object({
  meter: z.string(),
  model: z.string().optional().meta({ description: 'Where several models worked on one call.' }),
  quantity: z.string(),
  unitPriceUsd: z.string().meta({ description: 'For `per` of them.' }),
  per: z.int(),
  amountUsd: z.number(),
  decimal: Decimal,
})

const Attempt = z.object({
  provider: z.string(),
  providerName: z.string(),
  model: z.string().meta({ description: 'Its name there.' }),
  status: z.int().nullable(),
  latencyMs: z.int(),
  error: z.string().nullable(),
})

/** One call with all that is kept of it. What a caller told by `POST /v1/usage` is one too: it was made elsewhere. */
export const GenerationRecord = Generation.extend({
  context: z.string(),
  accountId: z.string().nullable(),
  externalId: z.string().nullable(),
  apiKeyHash: z.string().nullable(),
  provider: z.string().meta({ description: 'By its key.' }),
  status: z.enum(STATUSES),
  usageSource: z.enum(SOURCES),
  usageType: z.string(),
  requestedModel: z.string().nullable().meta({ description: 'As the caller wrote it; null: told from elsewhere.' }),
  firstTokenMs: z.int().nullable().meta({
    description: 'Milliseconds from the request to the first of the answer; of a reply that is no stream: to its end.',
  }),
  inputTokens: z.int().nullable(),
  cachedTokens: z.int().nullable(),
  outputTokens: z.int().nullable(),
  reasoningTokens: z.int().nullable(),
  costUsd: z.number().nullable().meta({ description: "The provider's cost as it is summed up; null: unknown." }),
  chargeUsd: z.number().nullable().meta({ description: 'Null: the call has no charge of its own, or an unknown one.' }),
  cacheSavingUsd: z.number(),
  decimal: Decimal,
  tags: z.record(z.string(), z.string()).nullable(),
  lineItems: z.array(LineItem),
  rateCardId: z.string().nullable(),
  attempts: z.array(Attempt),
  rawUsage: z.unknown().meta({ description: "The provider's own words, without zeros." }),
  transactionId: z.string().nullable(),
  reservationId: z.string().nullable(),
  flags: z.array(z.string()),
  occurredAt: Instant,
  recordedAt: Instant,
}).meta({ id: 'GenerationRecord' })
export type GenerationRecord = z.output<typeof GenerationRecord>

export const GenerationListQuery = z.object({
  ...RangeQuery.shape,
  ...ReportFilter.shape,
  minCostUsd: amount({ positive: false }).optional().meta({ description: 'USD that a call came to, at least.' }),
  minLatencyMs: z
    .int('expected a whole number')
    .min(0, 'expected 0 or more')
    .optional()
    .meta({ description: 'Milliseconds that a call took, at least.' }),
  usageSource: several(z.enum(SOURCES, `expected one of ${SOURCES.join(', ')}`)),
  ...PageQuery.shape,
  ...ExportQuery.shape,
})

export const GenerationList = z.object({ generations: z.array(GenerationRecord), pagination: Pagination })
export const GenerationParams = z.object({ id: z.string().max(64).meta({ description: '`gen-…`' }) })
export const GenerationRecordReply = z.object({ generation: GenerationRecord })

export const ActivityQuery = z.object({
  date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date, e.g. 2026-11-20')
    .optional()
    .meta({ description: 'One of the last 30 completed UTC days.' }),
  api_key_hash: z.string().max(128).optional().meta({ description: 'Calls of one API key alone.' }),
  user_id: z.string().max(128).optional().meta({ description: 'The `user` of the calls.' }),
  format: RowsFormat.optional(),
})

export const Activity = z.object({
  data: z.array(
    z.object({
      date: z.string(),
      model: z.string(),
      model_permaslug: z.string(),
      endpoint_id: z.string(),
      provider_name: z.string(),
      usage: z.number().meta({ description: 'USD charged.' }),
      byok_usage_inference: z.number().meta({ description: 'USD that calls on own credentials cost upstream.' }),
      requests: z.int(),
      prompt_tokens: z.int(),
      completion_tokens: z.int(),
      reasoning_tokens: z.int(),
    }),
  ),
})
