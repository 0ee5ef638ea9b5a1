/** The state of the server that answers, and of what is on its way for the organisation that asks. Nothing of it is secret. */
import { z } from 'zod'
import { Instant } from './common.ts'

export const MOST_SETTINGS = 1_000

const amount = (description: string) => z.int().meta({ description })

const Verified = z.object({
  at: Instant,
  seconds: amount('That it took.'),
  differences: amount('0: every balance, counter and sum is what its rows come to.'),
  repaired: amount('Of those the ones that a repair corrected.'),
  rows: amount('That were read.'),
})

const EffectiveSetting = z
  .object({
    setting: z.string().meta({ description: 'Its path, as `limits.attempts`.' }),
    value: z
      .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))])
      .meta({ description: 'What is secret is `***`, and so is the password within an address.' }),
    origin: z.enum(['default', 'preset', 'file', 'environment', 'option']).meta({
      description: 'Who decides it. What the file says is changed there alone.',
    }),
    place: z.string().nullable().meta({
      description: 'File, line and column, the variable, or the option; null: it has its default.',
    }),
  })
  .meta({ id: 'EffectiveSetting' })
export type EffectiveSetting = z.output<typeof EffectiveSetting>

/** What concerns all organisations together. */
const Server = z
  .object({
    migrations: z.object({
      applied: amount('That the database has been through.'),
      last: z.string().nullable().meta({ description: 'The name of the last one.' }),
      open: amount('That this version brings, and that were not run; a start runs them.'),
      unknown: amount('That a newer version has run; this one should not start on the database again.'),
    }),
    queues: z.object({
      events: amount('Not yet shared out among channels. Null, as the next two: counting takes too long.').nullable(),
      deliveries: amount('Still tried.').nullable(),
      reservations: amount('That live, those of calls and those of the credits API.').nullable(),
      commands: amount('Of the ledger, on their way to the database from this process.'),
      journal: z
        .object({ settles: amount('That wait for the database.'), bytes: amount('Taken.'), mostBytes: amount('Held.') })
        .nullable()
        .meta({ description: 'Of this process; null on SQLite, which needs none.' }),
    }),
    storage: z.object({
      databaseBytes: amount('Null: finding out takes too long.').nullable(),
      freeBytes: amount('On the disk of the data folder. Null: nobody can tell.').nullable(),
    }),
    nodes: z
      .array(
        z.object({
          node: amount('Its number, which its ids and its reservations bear.'),
          isThis: z.boolean().meta({ description: 'The one that answers.' }),
          leaseUntil: Instant.meta({ description: 'Renewed every few seconds while it lives.' }),
        }),
      )
      .nullable()
      .meta({ description: 'Processes that live on the database. Null on SQLite, which has one.' }),
    lastVerify: Verified.nullable().meta({
      description: 'What the last proof of the ledger came to. Null: there was none.',
    }),
    settings: z
      .array(EffectiveSetting)
      .nullable()
      .meta({
        description: `Those that hold, at most ${MOST_SETTINGS}. Null: only the operator and admins who are signed in see them.`,
      }),
    settingsLeftOut: amount('That are beyond those; `turnpike config print` tells all.'),
  })
  .meta({ id: 'ServerState' })

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
    server: Server.nullable().meta({
      description: 'What concerns all organisations. Null: only those of the first organisation see it.',
    }),
  })
  .meta({ id: 'System' })

export const CallsInFlightReply = z.object({
  callsInFlight: z.object({
    calls: amount('Of the organisation that asks, in all processes. Null: counting takes too long.').nullable(),
    asOf: Instant,
  }),
})

export const SystemReply = z.object({ system: System })
