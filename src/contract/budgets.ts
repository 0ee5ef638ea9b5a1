/** Budgets: how much of something a scope may use in a window, and what happens when it is used. */
import { z } from 'zod'
import { Decimal, fixed, Instant, id, isTimeZone, Name, PageQuery, Pagination, quantity } from './common.ts'

const BUDGET_SCOPES = ['organisation', 'account', 'api_key', 'end_user', 'tag', 'model'] as const
const BUDGET_METRICS = ['usd', 'tokens', 'requests', 'concurrency'] as const
const BUDGET_WINDOWS = ['request', 'minute', 'hour', 'day', 'week', 'month', 'total'] as const

const scope = z
  .enum(BUDGET_SCOPES, `expected one of ${BUDGET_SCOPES.join(', ')}`)
  .meta({ description: 'Whom it binds.' })
const metric = z
  .enum(BUDGET_METRICS, `expected one of ${BUDGET_METRICS.join(', ')}`)
  .meta({ description: 'What is counted; `concurrency`: calls under way.' })
const window = z
  .enum(BUDGET_WINDOWS, `expected one of ${BUDGET_WINDOWS.join(', ')}`)
  .meta({ description: 'How long it is counted; `request`: each call by itself.' })
const action = z
  .enum(['block', 'alert'], 'expected block or alert')
  .meta({ description: '`block`, the default, refuses; `alert` only tells.' })
const reserveMode = z.enum(['strict', 'estimate'], 'expected strict or estimate')
const REQUESTED_MODE = {
  description:
    'What a call holds: the most that it can use, or what calls like it usually do. Null: as the server has it.',
}

const timeZone = z
  .string('expected the name of a time zone')
  .max(64)
  .refine(isTimeZone, 'expected an IANA time zone, e.g. Europe/Berlin')
  .meta({ description: "Where its days begin. Default: the organisation's." })
const weekStart = z
  .int('expected 1 (Monday) to 7')
  .min(1, 'expected 1 (Monday) to 7')
  .max(7, 'expected 1 (Monday) to 7')
  .meta({ description: 'Day on which a week begins: 1 (Monday, the default) to 7.' })
const anchorDay = z
  .int('expected a day from 1 to 31')
  .min(1, 'expected 1 or more')
  .max(31, 'expected 31 or less')
  .meta({ description: 'Day on which a month begins, by default 1; a short month uses its last.' })
const thresholds = z
  .array(z.int('expected whole percents').min(1, 'expected 1 or more').max(1_000, 'expected 1000 or less'))
  .max(20, 'expected at most 20')
  .meta({ description: 'Percent of the limit at which people are told, by default 80 and 100.' })

const rule = { window, timeZone: z.string(), weekStart: z.int(), anchorDay: z.int() }

export const Budget = z
  .object({
    id: id('bud'),
    name: z.string(),
    scope,
    scopeId: z.string().meta({ description: 'What the scope is called: of the organisation its name.' }),
    metric,
    limit: z.number(),
    ...rule,
    thresholds: z.array(z.int()).meta({ description: 'Percent of the limit.' }),
    action,
    reserveMode: reserveMode.nullable().meta({ description: 'Null: as the organisation has it.' }),
    templateId: id('bud').nullable().meta({ description: 'The template that made it, for one end user.' }),
    isTemplate: z.boolean().meta({ description: 'Gives each end user a budget of their own.' }),
    spent: z.number(),
    reserved: z.number(),
    remaining: z.number(),
    possibleOvershoot: z.number().meta({
      description: 'By how much the calls under way could exceed what is reserved for them; 0 in strict mode.',
    }),
    windowStart: Instant.nullable().meta({ description: 'Null where each call is limited by itself.' }),
    windowEnd: Instant.nullable(),
    coming: z
      .object({ from: Instant, ...rule })
      .nullable()
      .meta({ description: 'The rule that takes over at the end of this window.' }),
    blockedAt: Instant.nullable().meta({ description: 'The first refusal in this window.' }),
    version: z.int(),
    createdAt: Instant,
    decimal: Decimal,
  })
  .meta({ id: 'Budget' })
export type Budget = z.output<typeof Budget>

const limit = quantity.meta({
  description: 'USD for `usd`; a whole number for the others. 0 refuses all.',
})

export const BudgetRequest = z.object({
  name: Name(255).meta({ description: 'What refusals and events call it.' }),
  scope,
  scopeId: z
    .string('expected text')
    .min(1, 'expected text that is not empty')
    .max(600, 'expected at most 600 characters')
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'expected text without control characters')
    .optional()
    .meta({
      description:
        'Left out for the organisation; `acc_…`; the hash of an API key; the `user` of calls, `*` for each by themself; `key:value` of metadata; a model.',
    }),
  metric,
  limit,
  window,
  timeZone: timeZone.optional(),
  weekStart: weekStart.optional(),
  anchorDay: anchorDay.optional(),
  thresholds: thresholds.optional(),
  action: action.optional(),
  reserveMode: reserveMode.nullish().meta(REQUESTED_MODE),
})
export type BudgetRequest = z.output<typeof BudgetRequest>

const STAYS = 'whom a budget binds and what it counts stay as they are; make another budget'

export const BudgetPatch = z.object({
  scope: fixed(STAYS),
  scopeId: fixed(STAYS),
  metric: fixed(STAYS),
  name: Name(255).optional().meta({ description: 'What refusals and events call it.' }),
  limit: limit.optional(),
  window: window.optional(),
  timeZone: timeZone.optional(),
  weekStart: weekStart.optional(),
  anchorDay: anchorDay.optional(),
  thresholds: thresholds.optional(),
  action: action.optional(),
  reserveMode: reserveMode.nullish().meta(REQUESTED_MODE),
})
export type BudgetPatch = z.output<typeof BudgetPatch>

export const BudgetQuery = PageQuery.extend({
  scope: scope.optional(),
  scopeId: z.string('expected text').max(600).optional().meta({ description: 'As a budget shows it.' }),
})
export const BudgetReply = z.object({ budget: Budget })
export const BudgetList = z.object({ budgets: z.array(Budget), pagination: Pagination })
export const BudgetDeleted = z.object({ deleted: z.literal(true) })
