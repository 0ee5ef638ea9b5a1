/**
 * Every setting, with its default. `SettingsFile` is what `turnpike.yaml` may hold (an unknown key is an error); `Settings`
 * is what the server runs with: the file and the environment together, nothing left open.
 */
import { z } from 'zod'
import { Billing, Limits, Reservations, Routing } from './call-settings.ts'
import { ModelFile, Unpriced } from './model-settings.ts'
import { ProviderFile, type ProviderSettings } from './provider-settings.ts'
import { choice, DAY, group, HOST, HOUR, httpUrl, list, pattern, providerKey, text, whole } from './setting-forms.ts'
import { SignInFile } from './sign-in-settings.ts'

const Postgres = group({
  connections: whole(1, 500)
    .default(10)
    .meta({ description: 'Of a process, for reads and administration; the ledger has one more, sign-in up to three.' }),
  connectSeconds: whole(1, 300).default(5).meta({ description: 'For a connection, or for one of those to come free.' }),
  statementSeconds: whole(1, HOUR)
    .default(30)
    .meta({ description: 'A statement that takes longer is given up, for its own work or for the lock of another.' }),
}).prefault({})

const WEBHOOK_RETRIES = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
const Webhooks = group({
  allow: list(pattern(/^[A-Za-z0-9.:_*/[\]-]{1,253}$/, 'a host name, an address or a CIDR range'), 0, 100)
    .default([])
    .meta({ description: 'Hosts or CIDR ranges that may be private and may use http.' }),
  retrySeconds: list(whole(0, 7 * DAY), 1, 50)
    .default(WEBHOOK_RETRIES)
    .meta({ description: 'Waits before each try.' }),
})

const Smtp = group({
  url: z.string('an smtp:// or smtps:// address').refine(isSmtpUrl, 'an smtp:// or smtps:// address'),
  from: pattern(/^[^\r\n]{0,200}@[^\r\n@]{1,200}$/, 'an e-mail address'),
})

/** On PostgreSQL alone. */
const Nodes = group({
  leaseSeconds: whole(1, HOUR).default(30).meta({
    description:
      'A process that does not show itself in the database for so long counts as dead, and others settle its calls.',
  }),
  settleWaitSeconds: whole(0, 60).default(10).meta({
    description:
      'The last words of a reply wait so long for a database that is away; then they go out without the cost.',
  }),
})

/** The whole of `turnpike.yaml`. */
export const SettingsFile = group({
  providers: z.record(providerKey, ProviderFile, 'a group of settings').prefault({}),
  models: list(ModelFile, 0, 10_000).default([]),
  unpriced: Unpriced.default('refuse').meta({ description: 'Calls of a model that has no price.' }),
  billing: Billing.prefault({}),
  limits: Limits.prefault({}),
  routing: Routing,
  reservations: Reservations.prefault({}),
  nodes: Nodes.prefault({}),
  verify: group({
    everyHours: whole(0, 720).default(24).meta({
      description: 'The server proves its ledger by itself so often, as `turnpike verify` does; 0: never.',
    }),
  }).prefault({}),
  webhooks: Webhooks.prefault({}),
  smtp: Smtp.optional().meta({ description: 'Without it no e-mail is sent.' }),
  signIn: SignInFile,
  publicUrl: httpUrl.optional().meta({
    description: 'Where people reach this server: alerts and one-time links lead to it, and its host name is served.',
  }),
  openrouter: group({ usageChunkChoices: choice(['repeat', 'empty']).default('repeat') }).prefault({}),
  trustProxy: z
    .union(
      [z.boolean(), z.int().min(0).max(10), z.array(z.string().min(1).max(64)).max(100)],
      'true, false, a number of proxies up to 10, or a list of their addresses',
    )
    .default(false)
    .meta({ description: 'Whose X-Forwarded-For is believed.' }),
  cors: group({
    origins: list(pattern(/^(\*|https?:\/\/[^\s/]{1,253})$/, '"*" or an origin, e.g. https://app.example.com'), 0, 100)
      .default(['*'])
      .meta({ description: 'Pages that may call /v1 and /api/v1 from a browser.' }),
  }).prefault({}),
  postgres: Postgres,
  metrics: group({
    host: pattern(HOST, 'a host name or address').default('127.0.0.1'),
    port: whole(0, 65_535).meta({ description: 'Serves `/metrics` alone, to whoever reaches it; 0 picks a free one.' }),
  })
    .optional()
    .meta({
      description: 'A port of its own for Prometheus, without a key. On the main one a management key is asked for.',
    }),
})
export type SettingsFile = z.output<typeof SettingsFile>

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** What variables and options set; all of it is text there. */
export const EnvironmentSettings = z.object({
  host: pattern(HOST, 'a host name or address').default('127.0.0.1'),
  port: z
    .string()
    .refine((value) => /^[0-9]{1,5}$/.test(value) && Number(value) <= 65_535, 'a port from 0 to 65535')
    .default('8787'),
  dataDir: text(4096).default('./data'),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, 'an address that begins with postgres://')
    .optional(),
  adminKey: z
    .string()
    .regex(/^[!-~]{24,512}$/, 'at least 24 visible characters without blanks')
    .optional(),
  secretKey: z
    .string()
    .regex(/^[!-~]{32,512}$/, 'at least 32 visible characters without blanks')
    .optional(),
  simulator: choice(['auto', 'on', 'off']).default('auto'),
  logLevel: choice(LOG_LEVELS).default('info'),
})

/** What the server runs with. */
export type Settings = Readonly<Omit<SettingsFile, 'providers'>> &
  Readonly<Omit<z.output<typeof EnvironmentSettings>, 'port'>> & {
    /** 0 picks a free one. */
    readonly port: number
    /** The option or variable that asked for the port; absent: nobody did, and the next free one will do. */
    readonly portAskedBy?: string
    /** The file, as it was named; absent where there is none. */
    readonly file?: string
    /** By key. A key comes from outside, hence a map. */
    readonly providers: ReadonlyMap<string, ProviderSettings>
    /** What `simulator` comes to: `auto` is on where no provider is configured. */
    readonly simulatorActive: boolean
  }

/** Settings that are never shown: their last name. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['apiKey', 'adminKey', 'secretKey', 'clientSecret'])
/** Addresses that may hold a password. */
export const ADDRESS_SETTINGS: ReadonlySet<string> = new Set(['databaseUrl', 'url', 'baseUrl'])

function isSmtpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== ''
}
