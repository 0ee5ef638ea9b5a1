/**
 * Every setting, with its default. `SettingsFile` is what `turnpike.yaml` may hold (an unknown key is an error); `Settings`
 * is what the server runs with: the file and the environment together, nothing left open.
 * The message of each schema is the phrase after "expected" in the fault that a wrong value gets.
 */
import { z } from 'zod'
import { isLoopback } from '../lib/loopback.ts'
import { compare, exactText, parseRatio, ratio } from '../lib/ratio.ts'
import { isMeter, METER_ORDER, meters, type NamedMeter } from './meters.ts'
import { type LimitMember, type OnCancel, type ProviderType, providerPresets } from './provider-presets.ts'

const PLAIN_DECIMAL = /^(0|[1-9][0-9]{0,24})(\.[0-9]{1,15})?$/
const usdPerMillion = decimal('USD per million tokens, e.g. "0.20"')
const percent = (highest: number) =>
  decimal(`a percentage from 0 to ${highest} in quotes, e.g. "12.5"`, (value) => isWithin(value, '0', String(highest)))
/** What a vendor calls its model may hold nearly anything; white space and control characters are always a mistake. */
const modelName = pattern(/^[^\s\p{C}]{1,256}$/u, 'a model name of at most 256 characters without blanks')
const PROVIDER_KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const providerKey = pattern(PROVIDER_KEY, 'a provider name of letters, digits, ".", "_" and "-"')
const httpUrl = z
  .string('an http or https address')
  .refine(isHttpUrl, 'an http or https address without password or query')

const ISSUER = 'an https address without password or query (http on loopback alone)'

const HOST = /^[A-Za-z0-9.:_%[\]-]{1,253}$/

/** It travels in a header. */
const credential = pattern(/^[!-~]{1,4096}$/, 'a key of at most 4096 visible characters without blanks')

/** One entry under `providers`. */
export const ProviderFile = group({
  type: choice(['openai', 'anthropic', 'gemini', 'simulator']).optional().meta({
    description: 'The wire it speaks. Default: that of its preset, else openai.',
  }),
  preset: choice(providerPresets.map((preset) => preset.key))
    .optional()
    .meta({
      description: 'How usage is read and which quirks hold. Default: the name of the provider, if it is known.',
    }),
  name: text(100).optional().meta({ description: '`provider_name` in replies. Default: the key of this entry.' }),
  baseUrl: httpUrl.optional().meta({
    description: 'openai: up to and with /v1; anthropic and gemini: the host. Default: that of the preset.',
  }),
  apiKey: credential.optional().meta({ description: 'Secret; better as a reference to a variable than in the file.' }),
  apiKeys: list(
    group({
      apiKey: credential.meta({ description: 'Secret.' }),
      name: pattern(/^[A-Za-z0-9._-]{1,64}$/, 'a name of letters, digits, ".", "_" and "-"')
        .optional()
        .meta({ description: 'What attempts call it. Default: its place in the list.' }),
      weight: whole(1, 1000).default(1).meta({ description: 'Its share of the calls, beside those of the others.' }),
    }),
    1,
    50,
  )
    .optional()
    .meta({ description: 'Several keys, in place of `apiKey`: calls are shared out among them.' }),
  onCancel: choice(['abort', 'drain']).optional().meta({
    description: 'Upstream when the client leaves a stream. Default: that of the preset, else abort.',
  }),
  apiVersion: pattern(/^[A-Za-z0-9.-]{1,64}$/, 'a version, e.g. 2024-10-21')
    .optional()
    .meta({ description: 'azure: calls go to `/deployments/MODEL` with this `api-version`. Default: the v1 API.' }),
  circuit: flag().optional().meta({
    description:
      'Whether its endpoints are left alone for a while after failures. Default: true, false for the simulator.',
  }),
  dataCollection: choice(['allow', 'deny']).optional().meta({
    description: 'deny: it keeps no prompts to learn from. Without a word, calls that insist on `deny` go elsewhere.',
  }),
  zdr: flag().optional().meta({ description: 'It keeps nothing at all (zero data retention).' }),
  privacyPolicyUrl: httpUrl.optional().meta({ description: 'Shown in the list of providers.' }),
}).refine(({ apiKey, apiKeys }) => apiKey === undefined || apiKeys === undefined, 'either apiKey or apiKeys')

export type ProviderFile = z.output<typeof ProviderFile>

const RateLine = group({
  meter: z.string('a meter, e.g. input or web_search').refine(isMeter, 'a meter, e.g. input or web_search'),
  price: decimal('USD as a decimal in quotes, e.g. "2.50"').meta({ description: 'USD for `per` units.' }),
  per: whole(1, 1_000_000_000_000).meta({ description: 'Units that the price is for: 1000000 tokens, 1000 searches.' }),
  tier: group({
    metric: choice(['input_total']).default('input_total'),
    op: choice(['>', '>=']),
    threshold: whole(0, 1_000_000_000_000),
    scope: choice(['request', 'marginal']).default('request'),
  }).optional(),
  serviceTier: text(64).default('standard'),
})

const Multiplier = group({
  when: group({
    inference_geo: text(64).optional(),
    service_tier: text(64).optional(),
    byok: flag().optional(),
  }).refine(
    (when) => Object.values(when).some((value) => value !== undefined),
    'at least one condition, e.g. service_tier: batch',
  ),
  factor: decimal('a factor in quotes, e.g. "0.5"'),
  meters: list(z.string('a meter').refine(isMeter, 'a meter'), 1, 50).optional(),
})

const RateCardFile = group({
  lines: list(RateLine, 1, 500),
  multipliers: list(Multiplier, 0, 50).default([]),
  validFrom: z.iso
    .datetime({ offset: true, error: 'an instant, e.g. 2026-01-01T00:00:00Z' })
    .optional()
    .meta({ description: 'Default: always.' }),
})

const TOKEN_METERS = METER_ORDER.filter((meter) => meters[meter].unit === 'token')
const PricesFile = group(
  Object.fromEntries(TOKEN_METERS.map((meter) => [meter, usdPerMillion.optional()])) as Record<
    NamedMeter,
    z.ZodOptional<typeof usdPerMillion>
  >,
).refine(
  (prices) => Object.values(prices).some((price) => price !== undefined),
  'at least one price, e.g. { input: "0.20", output: "0.50" }',
)

const QUANTIZATIONS = ['int4', 'int8', 'fp4', 'fp6', 'fp8', 'fp16', 'bf16', 'fp32'] as const

const EndpointFile = group({
  provider: providerKey.meta({ description: 'A key under `providers`, or a provider known from the environment.' }),
  model: modelName.meta({ description: 'The name upstream.' }),
  prices: PricesFile.optional().meta({
    description: 'Short form: USD per million tokens. Without prices and rateCard: the catalogue.',
  }),
  rateCard: RateCardFile.optional().meta({ description: 'Long form: any meter, tiers, service tiers, multipliers.' }),
  weight: whole(0, 1_000_000).optional().meta({
    description:
      'Share of the calls that try this endpoint first; 0: only after the others. Where one has a weight, the others have 1.',
  }),
  quantization: choice(QUANTIZATIONS).optional().meta({
    description: 'How the weights of the model are kept there, for calls that are particular about it.',
  }),
})

const Unpriced = choice(['refuse', 'allow'])
const Balance = choice(['listed', 'price'])

const ModelFile = group({
  id: modelName.meta({ description: 'Canonical name, author/slug.' }),
  aliases: list(modelName, 0, 100).default([]),
  contextLength: whole(1, 1_000_000_000)
    .optional()
    .meta({ description: "Tokens. Default: the catalogue's, else 128000." }),
  maxOutputTokens: whole(1, 1_000_000_000)
    .optional()
    .meta({ description: "Tokens. Default: the catalogue's, else 16384." }),
  unpriced: Unpriced.optional().meta({ description: 'As `unpriced` above, for this model alone.' }),
  balance: Balance.optional().meta({ description: 'As `routing.balance`, for this model alone.' }),
  endpoints: list(EndpointFile, 1, 50),
})

const Billing = group({
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

const HOUR = 3600
const DAY = 24 * HOUR
const Limits = group({
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

const Routing = group({
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

const Reservations = group({
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

const Postgres = group({
  connections: whole(1, 500)
    .default(10)
    .meta({ description: 'Of a process, for reads and administration; the ledger has one more, sign-in up to three.' }),
  connectSeconds: whole(1, 300).default(5).meta({ description: 'For a connection, or for one of those to come free.' }),
  statementSeconds: whole(1, HOUR)
    .default(30)
    .meta({ description: 'A statement that takes longer is given up, for its own work or for the lock of another.' }),
}).prefault({})

const KEPT_MONTHS = '0, or a whole number of months from 3 to 1200'
const Retention = group({
  months: z
    .int(KEPT_MONTHS)
    .refine((value) => value === 0 || (value >= 3 && value <= 1200), KEPT_MONTHS)
    .default(0)
    .meta({
      description:
        'On PostgreSQL: records and transactions of calls are dropped, month by month, once so many whole months (3 at least) lie between them and today. Balances, limits and reports stay. 0: everything is kept.',
    }),
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

const Oidc = group({
  issuer: z
    .string(ISSUER)
    .refine(isIssuer, ISSUER)
    .meta({ description: 'The provider, as it names itself; its `/.well-known/openid-configuration` says the rest.' }),
  clientId: text(500).meta({ description: 'What the provider calls this server.' }),
  clientSecret: credential.meta({ description: 'Secret; better as a reference to a variable than in the file.' }),
  name: text(50).default('single sign-on').meta({ description: 'What the button says: Sign in with NAME.' }),
  scopes: list(pattern(/^[!#-[\]-~]{1,200}$/, 'a scope, e.g. email'), 1, 50)
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid') && scopes.includes('email'), 'a list with openid and email in it')
    .meta({ description: 'What is asked of the provider: openid and email, and what else it needs to name them.' }),
  trustEmail: flag().default(false).meta({
    description:
      'Addresses count as verified where the provider does not say whether they are (no `email_verified`). Only where nobody chooses their own address there.',
  }),
})

const SignInFile = group({
  password: flag().default(true).meta({
    description:
      'Whether people may sign in by e-mail and password. The link of `turnpike setup-link` works in any case.',
  }),
  oidc: Oidc.optional().meta({ description: 'Sign-in by OpenID Connect. Without it there are passwords alone.' }),
})
  .refine(
    ({ password, oidc }) => password || oidc !== undefined,
    'oidc where password is false, or nobody could sign in',
  )
  .prefault({})

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
  retention: Retention,
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

export type ProviderSettings = {
  readonly key: string
  readonly name: string
  readonly type: ProviderType
  /** Without a slash at its end; empty for `type: simulator`, whose address is known once it listens. */
  readonly baseUrl: string
  readonly apiKey?: string
  /** Several in its place. */
  readonly apiKeys?: NonNullable<ProviderFile['apiKeys']>
  /** The family of usage bodies, as in a preset. */
  readonly reading: string
  readonly onCancel: OnCancel
  /** The header that holds the key; absent: `Authorization`. */
  readonly keyHeader?: string
  readonly limitMember?: LimitMember
  readonly apiVersion?: string
  readonly circuit?: boolean
  readonly dataCollection?: 'allow' | 'deny'
  readonly zdr?: boolean
  readonly privacyPolicyUrl?: string
  readonly origin: 'environment' | 'file'
}
export type ModelSettings = SettingsFile['models'][number]
export type OidcSettings = NonNullable<SettingsFile['signIn']['oidc']>
export type EndpointSettings = ModelSettings['endpoints'][number]
export type RateCardSettings = NonNullable<EndpointSettings['rateCard']>

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

function group<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, 'a group of settings')
}

function list<S extends z.ZodType>(item: S, least: number, most: number) {
  const expected = least > 0 ? `a list of ${least} to ${most}` : `a list of at most ${most}`
  return z.array(item, expected).min(least, expected).max(most, expected)
}

function text(longest: number) {
  const expected = `text of 1 to ${longest} characters`
  return z.string(expected).min(1, expected).max(longest, expected)
}

function pattern(form: RegExp, expected: string) {
  return z.string(expected).regex(form, expected)
}

function choice<const V extends readonly string[]>(values: V) {
  return z.enum(values, `one of ${values.join(', ')}`)
}

function flag() {
  return z.boolean('true or false')
}

function whole(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`
  return z.int(expected).min(least, expected).max(most, expected)
}

/** Money and factors are decimal text: a YAML number has been through a float before anybody sees it. */
function decimal(expected: string, holds: (value: string) => boolean = () => true) {
  return z.string(expected).refine((value) => PLAIN_DECIMAL.test(value) && holds(value), expected)
}

function isWithin(value: string, least: string, most: string): boolean {
  return compare(ratio(value), ratio(least)) >= 0 && compare(ratio(value), ratio(most)) <= 0
}

/** Only then is every amount exact both in credits and in dollars. */
function isCreditRate(value: string): boolean {
  const exact = parseRatio(value)
  return exact !== undefined && /^(0\.0{0,5}[125]|[125]0{0,2}|1000)$/.test(exactText(exact))
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value)
  return (
    url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === ''
  )
}

/** What comes from it says who somebody is, and what goes there is a secret. */
function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && isHttpUrl(value) && isSecureUrl(url)
}

/** Nobody on the way reads or changes it. */
export const isSecureUrl = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))

function isSmtpUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== ''
}
