/** What calls cost beside their tokens, how long and how often they are tried, and what is reserved for them. */
import { z } from 'zod'
import { exactText, parseRatio } from '../lib/ratio.ts'
import { Balance } from './model-settings.ts'
import { choice, DAY, decimal, flag, group, HOUR, isWithin, percent, whole } from './setting-forms.ts'

export const Billing = group({
  markupPercent: percent(1_000_000).default('0').meta({ description: 'On top of the cost.' }),
  discountPercent: percent(100).default('0'),
  routingFeeUsd: decimal('USD in quotes, e.g. "0.0001"')
    .default('0')
    .meta({ description: 'USD, flat, once per charged call.' }),
  byokFeePercent: percent(1_000_000)
    .default('5')
    .meta({ description: 'Of the upstream cost, where the customer brought the key.' }),
  creditUsd: decimal('USD for one credit: 1, 2 or 5 times a power of ten, "0.000001" to "1000"', isCreditRate).default(
    '1',
  ),
  tolerancePercent: percent(100)
    .default('1')
    .meta({ description: 'By so much an amount that a caller charges may be below the cost of its usage.' }),
  zeroCompletionInsurance: flag().default(true).meta({ description: 'Failed and empty answers are charged 0.' }),
})

export const Limits = group({
  streamSeconds: whole(1, DAY).default(HOUR).meta({ description: 'A stream is ended after this time.' }),
  streamIdleSeconds: whole(1, DAY).default(120).meta({ description: 'A stream is ended after this silence.' }),
  connectSeconds: whole(1, 600).default(5),
  firstByteSeconds: whole(1, DAY).default(120),
  replySeconds: whole(1, DAY).default(600).meta({ description: 'For replies that are not streams.' }),
  attempts: whole(1, 50).default(5).meta({ description: 'Tries upstream for one call, all endpoints together.' }),
  retriesPerEndpoint: whole(0, 20).default(2),
  callSeconds: whole(1, DAY).default(600).meta({
    description: 'For all tries of one call together, up to the first byte of a stream or the whole of another reply.',
  }),
  bodyBytes: whole(1024, 2 ** 30)
    .default(2 ** 25)
    .meta({ description: 'A longer request gets 413.' }),
  replyBytes: whole(1024, 2 ** 30)
    .default(2 ** 25)
    .meta({ description: 'A longer upstream reply is a failed attempt.' }),
  keyLimitStatus: z.literal(402, '402').optional().meta({
    description: 'Status when the limit of a key is used up. Default: 403 on /api/v1, 429 on /v1.',
  }),
  budgetStatus: z
    .literal([429, 402, 403], '429, 402 or 403')
    .default(429)
    .meta({ description: 'Status when a budget is used up. Limits per minute or hour stay 429.' }),
  hideBudgetAmounts: flag()
    .default(false)
    .meta({ description: 'Callers are told which budget refused, and no amount of it.' }),
})

export const Routing = group({
  balance: Balance.default('listed').meta({
    description:
      'Which endpoint of a model in this file is tried first: the first one listed, or one drawn by price, cheap ones more often.',
  }),
  circuitFailures: whole(0, 1000).default(10).meta({
    description: 'So many calls that an endpoint fails one after another open its circuit; 0: none does.',
  }),
  circuitSeconds: whole(1, 600).default(30).meta({
    description:
      'An endpoint is left alone for so long; twice as long each time that it fails again, up to ten minutes.',
  }),
}).prefault({})

export const Reservations = group({
  ttlSeconds: whole(1, DAY).default(300),
  graceSeconds: whole(0, HOUR).default(60),
  mode: choice(['strict', 'estimate'])
    .default('strict')
    .meta({ description: 'What a call holds: the most that it can cost, or what calls like it usually come to.' }),
  fitShare: decimal('a share above 0 and up to 1 in quotes, e.g. "0.25"', (value) =>
    isWithin(value, '0.000000000000001', '1'),
  )
    .default('0.25')
    .meta({ description: 'Of the headroom, for the output of a call that named no limit.' }),
})

/** Only then is every amount exact both in credits and in dollars. */
function isCreditRate(value: string): boolean {
  const exact = parseRatio(value)
  return exact !== undefined && /^(0\.0{0,5}[125]|[125]0{0,2}|1000)$/.test(exactText(exact))
}
