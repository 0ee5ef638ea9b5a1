/** What a gateway's reservation says of its call, as JSON: enough to settle it if the process dies before it does. */
import { z } from 'zod'
import { UsageType } from './usage.ts'

export const ReservationContext = z.object({
  model: z.string(),
  provider: z.string(),
  providerName: z.string(),
  rateCardId: z.string().nullable(),
  /** Estimated; never above what was quoted. */
  inputTokens: z.int(),
  /** Over all choices. */
  outputLimit: z.int(),
  stream: z.boolean(),
  /** Default: text. */
  usageType: UsageType.optional(),
  /** Seconds and characters that the card prices, by meter; where there are any, tokens are not. */
  units: z.record(z.string(), z.string()).optional(),
  context: z.enum(['customer', 'system']),
  /** On the customer's own credential; whether the limit of the key counts it as one on ours. */
  byok: z.enum(['counted', 'apart']).optional(),
  /** The key under which the call runs once. */
  idempotency: z
    .object({ principal: z.string(), operation: z.string(), key: z.string(), fingerprint: z.string() })
    .optional(),
})
export type ReservationContext = z.output<typeof ReservationContext>
