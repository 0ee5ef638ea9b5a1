/** Plans: credit that is granted again and again, once an interval. */
import { z } from 'zod'
import { credits, Decimal, Instant, id, PageQuery, Pagination, text, Who } from './common.ts'

const Plan = z
  .object({
    id: id('plan'),
    name: z.string(),
    credits: z.number(),
    interval: z.string(),
    occurrences: z.int().nullable().meta({ description: 'How often it is granted; null: without an end.' }),
    accumulate: z.boolean().meta({ description: 'What is left is kept; otherwise it ends with its interval.' }),
    isActive: z.boolean().meta({ description: 'Can be assigned.' }),
    createdAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'Plan' })
export type Plan = z.output<typeof Plan>

export const PlanRequest = z.object({
  name: text(255).meta({ description: 'What people call the plan.' }),
  amount: credits({ positive: true }).meta({ description: 'Credits of each grant, above 0.' }),
  interval: z
    .string('expected week, month or days as 30d')
    .regex(/^(week|month|[1-9][0-9]{0,3}d)$/, 'expected week, month or days as 30d')
    .meta({ description: 'How often: week, month, or days as 30d.' }),
  occurrences: z
    .int('expected a whole number')
    .min(1, 'expected 1 or more')
    .max(100_000)
    .nullish()
    .meta({ description: 'How often it is granted; without an end, if left out.' }),
  accumulate: z
    .boolean('expected true or false')
    .optional()
    .meta({ description: 'Keep what is left; otherwise it ends with its interval.' }),
  markAsActive: z
    .boolean('expected true or false')
    .optional()
    .meta({ description: 'Can be assigned. Default: it can.' }),
})
export const PlanReply = z.object({ success: z.literal(true), plan: Plan })
export const PlanQuery = PageQuery
export const PlanList = z.object({ success: z.literal(true), plans: z.array(Plan), pagination: Pagination })

export const AssignRequest = Who.extend({
  planId: z.string('is missing: expected a plan id').max(64).meta({ description: '`plan_…`' }),
  startMode: z
    .enum(['now', 'next_interval'], 'expected now or next_interval')
    .optional()
    .meta({ description: 'When the first grant comes. Default: now.' }),
})
export const PlanAssigned = z.object({
  success: z.literal(true),
  accountId: id('acc'),
  planId: id('plan'),
  startsAt: Instant,
})
