/** The state of the server that answers, and of what is on its way for the organisation that asks. Nothing of it is secret. */
import { z } from 'zod'
import { Instant } from './common.ts'

const amount = (description: string) => z.int().meta({ description })

const System = z
  .object({
    version: z.string().meta({ description: 'Of Turnpike.' }),
    node: z.string().meta({ description: 'Of Node.js.' }),
    store: z.enum(['sqlite', 'postgres']),
    startedAt: Instant.meta({ description: 'When the process began that answers.' }),
    catalogue: z.object({
      source: z.string().meta({ description: 'Whence the shipped prices are.' }),
      models: amount('That can be called.'),
    }),
    simulator: z.boolean().meta({ description: 'Whether simulated models answer, at the price of the real ones.' }),
    providers: z
      .array(
        z.object({
          key: z.string().meta({ description: 'As credentials and settings name it.' }),
          name: z.string(),
          origin: z
            .enum(['environment', 'file', 'simulator'])
            .meta({ description: 'Where it is configured; what the file says is changed there alone.' }),
        }),
      )
      .meta({ description: 'Those that calls go to and credentials may be for.' }),
    deliveries: z.object({
      waiting: amount('Events not yet shared out among channels, and deliveries that are still tried.'),
      failed: amount('Deliveries that were given up.'),
    }),
    unpricedCalls: amount(
      'Of the last 30 days: those that no price explains. Null: counting takes too long.',
    ).nullable(),
  })
  .meta({ id: 'System' })

export const SystemReply = z.object({ system: System })
