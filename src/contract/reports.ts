/** Reports: what was used and what it came to, by calendar bucket and by up to two groups; and the calls behind them. */
import { z } from 'zod'
import { Decimal, Instant } from './common.ts'

const GROUPS = ['api_key', 'account', 'model', 'provider', 'context', 'end_user', 'tag', 'status'] as const
export const ReportGroup = z.enum(GROUPS, `expected one of ${GROUPS.join(', ')}`)
export type ReportGroup = z.output<typeof ReportGroup>
export type ReportDimension = ReportGroup

const MOST_VALUES = 50

/** Repeatable: any of the values will do. A list in a query is one value or several. */
const several = <T extends z.ZodType<string>>(value: T) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(value).min(1).max(MOST_VALUES, `expected at most ${MOST_VALUES} values`).optional(),
  )

const word = (most: number) => z.string('expected text').max(most, `expected at most ${most} characters`)
const STATUSES = ['ok', 'error', 'cancelled', 'interrupted'] as const
const FORMATS = ['json', 'csv', 'ndjson'] as const

export const ReportFilter = z.object({
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

const DayOrInstant = z
  .string()
  .max(40)
  .meta({ description: 'A date is the whole day in `timeZone`, both ends included; a time is an instant on the quarter hour, `[from, to)`.' })

const RangeQuery = z.object({
  from: DayOrInstant.optional(),
  to: DayOrInstant.optional(),
  timeZone: z.string().max(64).optional().meta({ description: "An IANA zone; default: the organisation's." }),
})

export const ExportQuery = z.object({
  format: z.enum(FORMATS, `expected one of ${FORMATS.join(', ')}`).optional().meta({
    description: 'In place of `Accept`.',
  }),
  columns: z.enum(['focus'], 'expected focus').optional().meta({
    description: 'With csv and ndjson: the columns of the FinOps Open Cost and Usage Specification.',
  }),
})

export const ReportQuery = z.object({
  ...RangeQuery.shape,
  bucket: z.enum(['hour', 'day', 'week', 'month'], 'expected hour, day, week or month').optional(),
  groupBy: z.preprocess(
    (given) => (typeof given === 'string' ? given.split(',').filter((name) => name !== '') : given),
    z
      .array(ReportGroup)
      .max(2, 'expected at most two')
      .refine((names) => new Set(names).size === names.length, 'expected two that differ')
      .optional(),
  ).meta({ description: 'None, one or two, repeated or with a comma between them.' }),
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
  chargeUsd: z.number().meta({ description: 'What accounts were charged; in `system` context what they would have been.' }),
  cacheSavingUsd: z.number().meta({ description: 'What cached tokens would have cost as plain input, less what they cost.' }),
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
