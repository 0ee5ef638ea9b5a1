// Made by `npx node scripts/generate-sdk.ts` from the table of operations. Not to be edited.
/* eslint-disable */

export type Account = {
  id: string
  /** The organisation. */
  developerId: string
  externalId: string
  name: string
  email: string | null
  /** Credits posted; what is reserved is still inside. */
  balance: number
  metadata: Record<string, unknown> | null
  status: 'open' | 'frozen' | 'closed'
  /** What is done with a charge above its reservation. */
  overage: 'charge' | 'cap' | 'reject'
  /** How far below 0 reservations may take the balance. */
  overdraft: number
  /** How much a call reserves; null: as the server is set. */
  reserveMode: 'strict' | 'estimate' | null
  /** A balance up to here is told as `credits.low`; null: none is. */
  lowCreditThreshold: number | null
  createdAt: string
  updatedAt: string
  decimal: Record<string, string>
}

export type AlertChannel = {
  id: string
  type: 'email' | 'webhook' | 'slack'
  name: string | null
  /** Of `email`. */
  to?: string[] | undefined
  /** Of `webhook` and `slack`; of the latter without its secret part. */
  url?: string | undefined
  /** Null: all; mail and chat get those about single calls and reservations only by name. */
  events: ('budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled')[] | null
  /** Null: what happens to any budget and to none. */
  budgetId: string | null
  disabled: boolean
  disabledReason: string | null
  createdAt: string
  updatedAt: string
}

export type ApiKey = {
  /** Stays what it is, whatever secret the key has. */
  id: string
  /** SHA-256 of the current secret. */
  hash: string
  name: string
  /** Enough of the secret to tell it apart. */
  label: string
  /** Who pays; null: the organisation itself. */
  accountId: string | null
  externalId: string | null
  disabled: boolean
  limit: number | null
  limitRemaining: number | null
  limitReset: 'daily' | 'weekly' | 'monthly' | null
  includeByokInLimit: boolean
  expiresAt: string | null
  allowedModels: string[] | null
  /** Replies as if each call had asked for its cost. */
  includeUsage: boolean
  /** End user of calls that name none. */
  user: string | null
  /** Tags of every call. */
  metadata: Record<string, string> | null
  usage: number
  usageDaily: number
  usageWeekly: number
  usageMonthly: number
  byokUsage: number
  byokUsageDaily: number
  byokUsageWeekly: number
  byokUsageMonthly: number
  /** Some seconds behind. */
  lastUsedAt: string | null
  /** The secret before the rotation works until then. */
  previousSecretUntil: string | null
  createdAt: string
  updatedAt: string | null
  decimal: Record<string, string>
}

export type AuditEntry = {
  id: string
  /** `operator`, or `management:` and the name of the key. */
  actor: string
  /** Noun and verb, e.g. `key.update`. */
  action: string
  /** The id of what was changed. */
  target: string
  /** What of it was otherwise; null: there was nothing. */
  before: Record<string, unknown> | null
  /** What of it is from then on; null: there is nothing. */
  after: Record<string, unknown> | null
  requestId: string | null
  createdAt: string
}

export type Balance = {
  accountId: string
  externalId: string
  balance: number
  reserved: number
  /** What can be reserved or deducted now; never below 0. */
  available: number
  decimal: Record<string, string>
}

export type Budget = {
  id: string
  name: string
  /** Whom it binds. */
  scope: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'
  /** What the scope is called: of the organisation its name. */
  scopeId: string
  /** What is counted; `concurrency`: calls under way. */
  metric: 'usd' | 'tokens' | 'requests' | 'concurrency'
  limit: number
  /** How long it is counted; `request`: each call by itself. */
  window: 'request' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
  timeZone: string
  weekStart: number
  anchorDay: number
  /** Percent of the limit. */
  thresholds: number[]
  /** `block`, the default, refuses; `alert` only tells. */
  action: 'block' | 'alert'
  /** Null: as the organisation has it. */
  reserveMode: 'strict' | 'estimate' | null
  /** The template that made it, for one end user. */
  templateId: string | null
  /** Gives each end user a budget of their own. */
  isTemplate: boolean
  spent: number
  reserved: number
  remaining: number
  /** By how much the calls under way could exceed what is reserved for them; 0 in strict mode. */
  possibleOvershoot: number
  /** Null where each call is limited by itself. */
  windowStart: string | null
  windowEnd: string | null
  /** The rule that takes over at the end of this window. */
  coming: {
    from: string
    /** How long it is counted; `request`: each call by itself. */
    window: 'request' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
    timeZone: string
    weekStart: number
    anchorDay: number
  } | null
  /** The first refusal in this window. */
  blockedAt: string | null
  version: number
  createdAt: string
  decimal: Record<string, string>
}

export type BudgetBlockedEvent = {
  type: 'budget.blocked'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    budgetId: string
    name: string
    scope: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'
    scopeId: string
    metric: 'usd' | 'tokens' | 'requests' | 'concurrency'
    /** In the metric; dollars for `usd`. */
    limit: number
    /** What was spent when it happened. */
    value: number
    /** Percent of the limit that were passed, all at once. */
    thresholds?: number[] | undefined
    /** Of `budget.blocked`: held by calls under way. */
    reserved?: number | undefined
    /** The window was over when the spend was settled. */
    late?: boolean | undefined
    window: string
    windowStart: string
    /** When it begins anew; null: never. */
    windowEnd: string | null
    timeZone: string
    action: 'block' | 'alert'
    version?: number | undefined
    /** In the metric, over the window so far. */
    ratePerHour?: number | null | undefined
    /** At most three, of the last 10,000 calls of the window (credits: of the last 24 hours). */
    topModels?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** Likewise, by API key. */
    topKeys?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** When nothing is left, at the rate of the window so far; null: not within it. */
    projectedExhaustion?: string | null | undefined
    decimal?: Record<string, string> | undefined
  }
}

export type BudgetThresholdReachedEvent = {
  type: 'budget.threshold_reached'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    budgetId: string
    name: string
    scope: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'
    scopeId: string
    metric: 'usd' | 'tokens' | 'requests' | 'concurrency'
    /** In the metric; dollars for `usd`. */
    limit: number
    /** What was spent when it happened. */
    value: number
    /** Percent of the limit that were passed, all at once. */
    thresholds?: number[] | undefined
    /** Of `budget.blocked`: held by calls under way. */
    reserved?: number | undefined
    /** The window was over when the spend was settled. */
    late?: boolean | undefined
    window: string
    windowStart: string
    /** When it begins anew; null: never. */
    windowEnd: string | null
    timeZone: string
    action: 'block' | 'alert'
    version?: number | undefined
    /** In the metric, over the window so far. */
    ratePerHour?: number | null | undefined
    /** At most three, of the last 10,000 calls of the window (credits: of the last 24 hours). */
    topModels?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** Likewise, by API key. */
    topKeys?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** When nothing is left, at the rate of the window so far; null: not within it. */
    projectedExhaustion?: string | null | undefined
    decimal?: Record<string, string> | undefined
  }
}

export type Credential = {
  id: string
  /** The key of the provider, as in the settings. */
  provider: string
  name: string
  /** The end of the secret, to tell yours apart. */
  label: string
  /** Whose calls may use it; null: all of the organisation. */
  accountId: string | null
  /** The API keys that alone may use it; null: every one of its owner. */
  apiKeyHashes: string[] | null
  weight: number
  priority: number
  fallback: boolean
  disabled: boolean
  /** cooling: a provider refused it, so others come first; unreadable: it was sealed with another key or changed. */
  status: 'active' | 'disabled' | 'cooling' | 'unreadable'
  coolingUntil: string | null
  coolingReason: string | null
  lastUsedAt: string | null
  createdAt: string
  updatedAt: string | null
}

export type CredentialCheck = {
  /** Whether the provider takes it; null: it said neither, or nothing in time. */
  valid: boolean | null
  /** Of the provider’s answer. */
  status: number | null
  /** The provider’s own words, without secrets. */
  message: string | null
  latencyMs: number
}

export type CreditsDepletedEvent = {
  type: 'credits.depleted'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    /** USD. What is posted. */
    balanceUsd: number
    /** USD. Of it, set aside. */
    reservedUsd: number
    /** USD. What can be spent now, overdraft included; never below 0. */
    availableUsd: number
    thresholdUsd: number | null
    ratePerHourUsd?: number | null | undefined
    /** At most three, of the last 10,000 calls of the window (credits: of the last 24 hours). */
    topModels?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** Likewise, by API key. */
    topKeys?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** When nothing is left, at the rate of the window so far; null: not within it. */
    projectedExhaustion?: string | null | undefined
    decimal: Record<string, string>
  }
}

export type CreditsLowEvent = {
  type: 'credits.low'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    /** USD. What is posted. */
    balanceUsd: number
    /** USD. Of it, set aside. */
    reservedUsd: number
    /** USD. What can be spent now, overdraft included; never below 0. */
    availableUsd: number
    thresholdUsd: number | null
    ratePerHourUsd?: number | null | undefined
    /** At most three, of the last 10,000 calls of the window (credits: of the last 24 hours). */
    topModels?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** Likewise, by API key. */
    topKeys?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** When nothing is left, at the rate of the window so far; null: not within it. */
    projectedExhaustion?: string | null | undefined
    decimal: Record<string, string>
  }
}

export type CreditsNegativeEvent = {
  type: 'credits.negative'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    /** USD. What is posted. */
    balanceUsd: number
    /** USD. Of it, set aside. */
    reservedUsd: number
    /** USD. What can be spent now, overdraft included; never below 0. */
    availableUsd: number
    thresholdUsd: number | null
    ratePerHourUsd?: number | null | undefined
    /** At most three, of the last 10,000 calls of the window (credits: of the last 24 hours). */
    topModels?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** Likewise, by API key. */
    topKeys?: {
      /** The model, or the name of the key. */
      name: string
      /** Of a key: the ends of its secret, `sk-tp-1f3...9c2`. */
      label?: string | undefined
      requests: number
      totalTokens: number
      chargeUsd: number
    }[] | undefined
    /** When nothing is left, at the rate of the window so far; null: not within it. */
    projectedExhaustion?: string | null | undefined
    decimal: Record<string, string>
  }
}

export type Delivery = {
  id: string
  eventId: string
  type: 'budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled'
  channelId: string
  state: 'pending' | 'delivered' | 'failed'
  /** Oldest first, the last 50. */
  attempts: {
    at: string
    /** What the receiver answered; null: it did not. */
    status: number | null
    error: string | null
    /** Its first 500 characters. */
    answer: string | null
  }[]
  /** Why it ended, where no attempt says it. */
  note: string | null
  nextAttemptAt: string | null
  createdAt: string
  endedAt: string | null
}

export type EffectiveSetting = {
  /** Its path, as `limits.attempts`. */
  setting: string
  /** What is secret is `***`, and so is the password within an address. */
  value: string | number | boolean | (string | number)[]
  /** Who decides it. What the file says is changed there alone. */
  origin: 'default' | 'preset' | 'file' | 'environment' | 'option'
  /** File, line and column, the variable, or the option; null: it has its default. */
  place: string | null
}

export type Entry = {
  /** The account, `acc_…`, or what stands against it: funding, promotion, revenue, expired, writeoff, adjustment. */
  account: string
  /** Of the account's own: the grant; null: its debt. */
  grantId: string | null
  /** Credits, with their sign. The entries of a transaction sum to 0. */
  amount: number
  decimal: Record<string, string>
}

export type Event = BudgetThresholdReachedEvent | BudgetBlockedEvent | CreditsLowEvent | CreditsDepletedEvent | CreditsNegativeEvent | GrantExpiringEvent | GrantExpiredEvent | ReservationExpiredEvent | GenerationInterruptedEvent | QuoteExceededEvent | UsageMissingEvent | UsageUnpricedEvent | PriceChangedEvent | SpendAnomalyEvent | LedgerIntegrityFailedEvent | WebhookEndpointDisabledEvent

export type Generation = {
  id: string
  upstream_id: string | null
  created_at: string
  model: string
  provider_name: string | null
  api_type: 'completions' | 'embeddings' | 'rerank' | 'tts' | 'stt' | 'video' | 'image' | null
  is_byok: boolean
  /** USD: the whole charge, equal to `usage.cost` of the reply. */
  total_cost: number
  usage: number
  /** USD saved by caching; negative where writing cost more. */
  cache_discount: number
  upstream_inference_cost: number | null
  streamed: boolean | null
  cancelled: boolean | null
  finish_reason: string | null
  native_finish_reason: string | null
  /** Milliseconds, the whole call. */
  latency: number | null
  moderation_latency: number | null
  generation_time: number | null
  native_tokens_prompt: number | null
  native_tokens_completion: number | null
  native_tokens_reasoning: number | null
  native_tokens_cached: number | null
  native_tokens_completion_images: number | null
  /** By o200k_base; null until counted, never billed. */
  tokens_prompt: number | null
  tokens_completion: number | null
  num_media_prompt: number | null
  num_input_audio_prompt: number | null
  num_media_completion: number | null
  num_search_results: number | null
  num_fetches: number | null
  app_id: number | null
  origin: string
  http_referer: string | null
  user_agent: string | null
  external_user: string | null
  data_region: 'global' | 'europe' | 'us'
  router: string | null
  preset_id: string | null
  service_tier: string | null
  web_search_engine: string | null
  workspace_id: string | null
  provider_responses: {
    status: number | null
    provider_name?: string | undefined
    latency?: number | undefined
    is_byok?: boolean | undefined
    endpoint_id?: string | undefined
    id?: string | undefined
    model_permaslug?: string | undefined
    routed_service_tier?: string | undefined
  }[] | null
  request_id: string | null
  session_id: string | null
  response_cache_source_id: string | null
}

export type GenerationInterruptedEvent = {
  type: 'generation.interrupted'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    generationId: string
    accountId: string | null
    externalId: string | null
    model: string
    provider: string
    chargeUsd: number | null
    inputTokens: number
    outputTokens: number
    admittedAt: string
    decimal?: Record<string, string> | undefined
  }
}

export type GenerationRecord = {
  id: string
  upstream_id: string | null
  created_at: string
  model: string
  provider_name: string | null
  api_type: 'completions' | 'embeddings' | 'rerank' | 'tts' | 'stt' | 'video' | 'image' | null
  is_byok: boolean
  /** USD: the whole charge, equal to `usage.cost` of the reply. */
  total_cost: number
  usage: number
  /** USD saved by caching; negative where writing cost more. */
  cache_discount: number
  upstream_inference_cost: number | null
  streamed: boolean | null
  cancelled: boolean | null
  finish_reason: string | null
  native_finish_reason: string | null
  /** Milliseconds, the whole call. */
  latency: number | null
  moderation_latency: number | null
  generation_time: number | null
  native_tokens_prompt: number | null
  native_tokens_completion: number | null
  native_tokens_reasoning: number | null
  native_tokens_cached: number | null
  native_tokens_completion_images: number | null
  /** By o200k_base; null until counted, never billed. */
  tokens_prompt: number | null
  tokens_completion: number | null
  num_media_prompt: number | null
  num_input_audio_prompt: number | null
  num_media_completion: number | null
  num_search_results: number | null
  num_fetches: number | null
  app_id: number | null
  origin: string
  http_referer: string | null
  user_agent: string | null
  external_user: string | null
  data_region: 'global' | 'europe' | 'us'
  router: string | null
  preset_id: string | null
  service_tier: string | null
  web_search_engine: string | null
  workspace_id: string | null
  provider_responses: {
    status: number | null
    provider_name?: string | undefined
    latency?: number | undefined
    is_byok?: boolean | undefined
    endpoint_id?: string | undefined
    id?: string | undefined
    model_permaslug?: string | undefined
    routed_service_tier?: string | undefined
  }[] | null
  request_id: string | null
  session_id: string | null
  response_cache_source_id: string | null
  context: string
  accountId: string | null
  externalId: string | null
  apiKeyHash: string | null
  /** By its key. */
  provider: string
  status: 'ok' | 'error' | 'cancelled' | 'interrupted'
  usageSource: 'reported' | 'estimated' | 'unknown'
  usageType: string
  /** As the caller wrote it; null: told from elsewhere. */
  requestedModel: string | null
  /** Milliseconds from the request to the first of the answer; of a reply that is no stream: to its end. */
  firstTokenMs: number | null
  inputTokens: number | null
  cachedTokens: number | null
  outputTokens: number | null
  reasoningTokens: number | null
  /** The provider's cost as it is summed up; null: unknown. */
  costUsd: number | null
  /** Null: the call has no charge of its own, or an unknown one. */
  chargeUsd: number | null
  cacheSavingUsd: number
  decimal: Record<string, string>
  tags: Record<string, string> | null
  lineItems: {
    meter: string
    /** Where several models worked on one call. */
    model?: string | undefined
    quantity: string
    /** For `per` of them. */
    unitPriceUsd: string
    per: number
    amountUsd: number
    decimal: Record<string, string>
  }[]
  rateCardId: string | null
  attempts: {
    provider: string
    providerName: string
    /** Its name there. */
    model: string
    status: number | null
    latencyMs: number
    error: string | null
  }[]
  /** The provider's own words, without zeros. */
  rawUsage: unknown
  transactionId: string | null
  reservationId: string | null
  flags: string[]
  occurredAt: string
  recordedAt: string
}

export type Grant = {
  id: string
  accountId: string
  externalId: string
  category: 'paid' | 'promotional' | 'plan' | 'adjustment'
  amount: number
  /** What is reserved is still inside. */
  remaining: number
  reserved: number
  /** 1 is used first. */
  priority: number
  effectiveAt: string
  expiresAt: string | null
  status: 'active' | 'spent' | 'expired' | 'void'
  createdAt: string
  decimal: Record<string, string>
}

export type GrantExpiredEvent = {
  type: 'grant.expired'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    grantId: string
    category: string
    /** USD. What was granted. */
    amountUsd: number
    /** USD. What is gone with it. */
    lostUsd: number
    /** USD. What is posted now. */
    balanceUsd: number
    expiresAt: string | null
    decimal: Record<string, string>
  }
}

export type GrantExpiringEvent = {
  type: 'grant.expiring'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    grantId: string
    category: string
    /** At most so many are left. */
    days: 7 | 1
    /** USD. What is left of it. */
    remainingUsd: number
    expiresAt: string
    decimal: Record<string, string>
  }
}

export type Key = {
  /** SHA-256 of the secret: what the key is called until it is rotated. */
  hash: string
  /** Stays what it is when the key is rotated; taken wherever a hash is. */
  id: string
  name: string
  label: string
  disabled: boolean
  limit: number | null
  limit_remaining: number | null
  limit_reset: 'daily' | 'weekly' | 'monthly' | null
  include_byok_in_limit: boolean
  usage: number
  usage_daily: number
  usage_weekly: number
  usage_monthly: number
  byok_usage: number
  byok_usage_daily: number
  byok_usage_weekly: number
  byok_usage_monthly: number
  created_at: string
  updated_at: string | null
  workspace_id: string
  creator_user_id: string | null
  external_user: string | null
  expires_at?: string | undefined
}

export type LedgerIntegrityFailedEvent = {
  type: 'ledger.integrity_failed'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** Stored values that are not what happened comes to. */
    differences: number
    /** Where they are. */
    tables: string[]
  }
}

export type ManagementKey = {
  /** Stays what it is when the key is rotated. */
  id: string
  /** SHA-256 of the current secret. */
  hash: string
  /** In the audit log `management:` stands before it. */
  name: string
  label: string
  role: 'admin' | 'reader'
  organisationId: string
  disabled: boolean
  /** Some seconds behind. */
  lastUsedAt: string | null
  previousSecretUntil: string | null
  createdAt: string
  updatedAt: string | null
}

export type Member = {
  id: string
  /** Null while an invitation without an address is open. */
  email: string | null
  name: string | null
  role: 'admin' | 'reader'
  status: 'active' | 'invited'
  /** Until when the link of an invitation works. */
  invitedUntil: string | null
  createdAt: string
  joinedAt: string | null
}

export type Model = {
  id: string
  canonical_slug: string
  name: string
  created: number
  context_length: number | null
  architecture: {
    modality: string | null
    input_modalities: string[]
    output_modalities: string[]
  }
  pricing: {
    prompt: string
    completion: string
    [name: string]: unknown
  }
  top_provider: {
    context_length?: number | undefined
    max_completion_tokens?: number | undefined
    is_moderated: boolean
  }
  per_request_limits: null
  supported_parameters: string[]
  default_parameters: null
  supported_voices: null
  links: {
    details: string
  }
}

export type Organisation = {
  /** Its name, by which everything else refers to it. */
  id: string
  name: string
  timeZone: string
  createdAt: string
}

export type Plan = {
  id: string
  name: string
  credits: number
  interval: string
  /** How often it is granted; null: without an end. */
  occurrences: number | null
  /** What is left is kept; otherwise it ends with its interval. */
  accumulate: boolean
  /** Can be assigned. */
  isActive: boolean
  createdAt: string
  decimal: Record<string, string>
}

export type PriceChangedEvent = {
  type: 'price.changed'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    model: string
    provider: string
    /** The card that calls are charged by from now on. */
    rateCardId: string
    /** Of the plain rates; empty where tiers or multipliers alone are others. */
    changes: {
      meter: string
      /** `2.5 USD per 1000000`; null: it had no price. */
      before: string | null
      after: string | null
    }[]
  }
}

export type PricedModel = {
  modelId: string
  provider: string
  displayName: string
  modelType: string
  tier: string
  pricing: {
    text?: {
      inputPerMillion?: number | undefined
      outputPerMillion?: number | undefined
      cachedInputPerMillion?: number | undefined
    } | undefined
    audio?: {
      perMinute: number
    } | undefined
    characters?: {
      perMillion: number
    } | undefined
    contextWindow: number
  }
}

export type QuoteExceededEvent = {
  type: 'quote.exceeded'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    generationId: string
    accountId: string | null
    externalId: string | null
    model: string
    provider: string
    /** USD. What was charged. */
    chargeUsd: number
    /** USD. What the call should have come to at most. */
    quoteUsd: number
    decimal: Record<string, string>
  }
}

export type RateCard = {
  id: string
  /** `config`: turnpike.yaml; `admin`: set through the API; `overlay` or the name and version of the data it ships with. The first of these that prices an endpoint holds. */
  source: string
  /** The key of the provider and the name of the model there. */
  endpoint: string
  /** outranked: another card of the endpoint holds in its place. */
  status: 'current' | 'coming' | 'past' | 'outranked'
  /** Null: always. */
  validFrom: string | null
  /** Null: for good. */
  validTo: string | null
  knownFrom: string | null
  /** Empty: all of the day. */
  hours: string[]
  lines: {
    meter: string
    /** Decimal text, for `per` units. */
    priceUsd: string
    per: number
    tier?: {
      op: '>' | '>='
      /** Tokens of the input of one request, cached ones included. */
      threshold: number
      /** `request`, the default: the whole request; `marginal`: what is above alone. */
      scope?: 'request' | 'marginal' | undefined
    } | undefined
    serviceTier?: string | undefined
  }[]
  multipliers: {
    when: Record<string, string>
    factor: string
  }[]
}

export type Reconciliation = {
  verdict: 'missing' | 'unpriced' | 'below_cost' | 'matched'
  /** Usage records of the transaction. */
  records: number
  chargedUsd: number
  writtenOffUsd: number
  /** Of all its usage; null where there is none, or some of it has no price. */
  costUsd: number | null
  /** Charged and written off, less the cost. */
  differenceUsd: number | null
  decimal: Record<string, string>
}

export type Reservation = {
  id: string
  accountId: string
  externalId: string
  /** Set aside. */
  amount: number
  status: 'pending' | 'confirmed' | 'cancelled' | 'expired'
  createdAt: string
  /** A short grace follows, in which it can still be confirmed, late. */
  expiresAt: string
  transactionId: string | null
  metadata: Record<string, unknown>
  decimal: Record<string, string>
}

export type ReservationExpiredEvent = {
  type: 'reservation.expired'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    reservationId: string
    /** USD. What is available again. */
    releasedUsd: number
    expiresAt: string | null
    decimal: Record<string, string>
  }
}

export type ServerState = {
  migrations: {
    /** That the database has been through. */
    applied: number
    /** The name of the last one. */
    last: string | null
    /** That this version brings, and that were not run; a start runs them. */
    open: number
    /** That a newer version has run; this one should not start on the database again. */
    unknown: number
  }
  queues: {
    events: number | null
    deliveries: number | null
    reservations: number | null
    /** Of the ledger, on their way to the database from this process. */
    commands: number
    /** Of this process; null on SQLite, which needs none. */
    journal: {
      /** That wait for the database. */
      settles: number
      /** Taken. */
      bytes: number
      /** Held. */
      mostBytes: number
    } | null
  }
  storage: {
    databaseBytes: number | null
    freeBytes: number | null
  }
  /** Processes that live on the database. Null on SQLite, which has one. */
  nodes: {
    /** Its number, which its ids and its reservations bear. */
    node: number
    /** The one that answers. */
    isThis: boolean
    /** Renewed every few seconds while it lives. */
    leaseUntil: string
  }[] | null
  /** What the last proof of the ledger came to. Null: there was none. */
  lastVerify: {
    at: string
    /** That it took. */
    seconds: number
    /** 0: every balance, counter and sum is what its rows come to. */
    differences: number
    /** Of those the ones that a repair corrected. */
    repaired: number
    /** That were read. */
    rows: number
  } | null
  /** Those that hold, at most 1000. Null: only the operator and admins who are signed in see them. */
  settings: EffectiveSetting[] | null
  /** That are beyond those; `turnpike config print` tells all. */
  settingsLeftOut: number
}

export type Session = {
  /** Null where a key asks. */
  member: {
    id: string
    email: string
    name: string
  } | null
  /** The name in the audit log. */
  actor: string
  role: 'admin' | 'reader'
  isOperator: boolean
  organisation: {
    id: string
    name: string
    timeZone: string
  }
}

export type SpendAnomalyEvent = {
  type: 'spend.anomaly'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** USD. What was charged in the last 24 hours. */
    chargeUsd: number
    /** USD. An average day of the week before. */
    usualUsd: number
    decimal: Record<string, string>
  }
}

export type System = {
  /** Of Turnpike. */
  version: string
  /** Of Node.js. */
  node: string
  store: 'sqlite' | 'postgres'
  /** When the process began that answers. */
  startedAt: string
  catalogue: {
    /** Whence the shipped prices are. */
    source: string
    /** That can be called. */
    models: number
  }
  /** Whether simulated models answer, at the price of the real ones. */
  simulator: boolean
  /** Those that calls go to and credentials may be for. */
  providers: {
    /** As credentials and settings name it. */
    key: string
    name: string
    /** Where it is configured; what the file says is changed there alone. */
    origin: 'environment' | 'file' | 'simulator'
  }[]
  deliveries: {
    /** Events not yet shared out among channels, and deliveries that are still tried. */
    waiting: number
    /** Deliveries that were given up. */
    failed: number
  }
  unpricedCalls: number | null
  /** What concerns all organisations. Null: only those of the first organisation see it. */
  server: ServerState | null
}

export type Transaction = {
  id: string
  accountId: string
  externalId: string
  type: 'credit' | 'debit'
  kind: 'grant' | 'usage' | 'debit' | 'refund' | 'correction' | 'adjustment' | 'expiry' | 'void' | 'clawback'
  /** Never negative: the direction is in `type`. */
  amount: number
  amountUsd: number
  description: string | null
  balanceAfter: number
  reservationId: string | null
  metadata: Record<string, unknown> | null
  createdAt: string
  decimal: Record<string, string>
  reservation?: Reservation | null | undefined
  usageRecords?: UsageRecord[] | undefined
  entries?: Entry[] | undefined
  /** Of a charge, where its usage is asked for. */
  reconciliation?: Reconciliation | undefined
}

export type UsageMissingEvent = {
  type: 'usage.missing'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    /** The account. */
    accountId: string
    /** Your own name for the account. */
    externalId: string
    transactionId: string
    /** USD. What was charged. */
    amountUsd: number
    bookedAt: string
    decimal: Record<string, string>
  }
}

export type UsageRecord = {
  id: string
  context: 'customer' | 'system'
  accountId: string | null
  externalId: string | null
  transactionId: string | null
  /** Of a call through the gateway, `gen-…`. */
  generationId?: string | undefined
  modelId: string
  usageType: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'
  /** Null where the provider told no usage. */
  inputTokens: number | null
  outputTokens: number | null
  cachedTokens: number | null
  cacheWriteTokens: number | null
  reasoningTokens: number | null
  audioDurationSeconds?: number | undefined
  characters?: number | undefined
  images?: number | undefined
  /** The provider's cost; null where nobody knows a price. */
  estimatedCostUsd: number | null
  /** Where the record has a charge of its own. */
  chargeUsd?: number | undefined
  usageSource: 'reported' | 'estimated' | 'unknown'
  sequence?: number | undefined
  description: string | null
  metadata: Record<string, unknown> | null
  occurredAt: string
  createdAt: string
  decimal: Record<string, string>
}

export type UsageReport = {
  totals: {
    requests: number
    /** Of the requests, those that failed. */
    errors: number
    /** What was cached is inside. */
    inputTokens: number
    cachedTokens: number
    /** Reasoning is inside. */
    outputTokens: number
    reasoningTokens: number
    totalTokens: number
    /** What the providers took, as far as it is known. */
    costUsd: number
    /** What accounts were charged; in `system` context what they would have been. */
    chargeUsd: number
    /** What cached tokens would have cost as plain input, less what they cost. */
    cacheSavingUsd: number
    /** Left out of the cost: nobody knows a price. */
    unpricedRequests: number
    /** Counted here, since the provider told no usage. */
    estimatedRequests: number
    decimal: Record<string, string>
  }
  groups: {
    /** The values of `groupBy`; null where the calls have none. */
    key: {
      api_key?: string | null | undefined
      account?: string | null | undefined
      model?: string | null | undefined
      provider?: string | null | undefined
      context?: string | null | undefined
      end_user?: string | null | undefined
      status?: string | null | undefined
      tag?: Record<string, string> | null | undefined
    }
    requests: number
    /** Of the requests, those that failed. */
    errors: number
    /** What was cached is inside. */
    inputTokens: number
    cachedTokens: number
    /** Reasoning is inside. */
    outputTokens: number
    reasoningTokens: number
    totalTokens: number
    /** What the providers took, as far as it is known. */
    costUsd: number
    /** What accounts were charged; in `system` context what they would have been. */
    chargeUsd: number
    /** What cached tokens would have cost as plain input, less what they cost. */
    cacheSavingUsd: number
    /** Left out of the cost: nobody knows a price. */
    unpricedRequests: number
    /** Counted here, since the provider told no usage. */
    estimatedRequests: number
    decimal: Record<string, string>
  }[]
  buckets: {
    start: string
    end: string
    /** The values of `groupBy`; null where the calls have none. */
    key: {
      api_key?: string | null | undefined
      account?: string | null | undefined
      model?: string | null | undefined
      provider?: string | null | undefined
      context?: string | null | undefined
      end_user?: string | null | undefined
      status?: string | null | undefined
      tag?: Record<string, string> | null | undefined
    }
    requests: number
    /** Of the requests, those that failed. */
    errors: number
    /** What was cached is inside. */
    inputTokens: number
    cachedTokens: number
    /** Reasoning is inside. */
    outputTokens: number
    reasoningTokens: number
    totalTokens: number
    /** What the providers took, as far as it is known. */
    costUsd: number
    /** What accounts were charged; in `system` context what they would have been. */
    chargeUsd: number
    /** What cached tokens would have cost as plain input, less what they cost. */
    cacheSavingUsd: number
    /** Left out of the cost: nobody knows a price. */
    unpricedRequests: number
    /** Counted here, since the provider told no usage. */
    estimatedRequests: number
    decimal: Record<string, string>
  }[]
  unknown: {
    /** Requests whose cost is in no sum. */
    unpriced: number
    /** Requests whose tokens are in no sum. */
    noUsage: number
  }
  range: {
    from: string
    to: string
    timeZone: string
    bucket: string
  }
}

export type UsageSummary = {
  totalCostUsd: number
  totalInputTokens: number
  totalOutputTokens: number
  totalCachedTokens: number
  totalRecords: number
  /** Left out of the cost: nobody knows a price. */
  unpricedRecords: number
  /** Left out of the tokens: the provider told no usage. */
  unknownRecords: number
  byContext: {
    customer: {
      costUsd: number
      count: number
      decimal: Record<string, string>
    }
    system: {
      costUsd: number
      count: number
      decimal: Record<string, string>
    }
  }
  byModel: Record<string, {
    costUsd: number
    count: number
    decimal: Record<string, string>
  }>
  decimal: Record<string, string>
}

export type UsageUnpricedEvent = {
  type: 'usage.unpriced'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    model: string
    provider: string
    /** In UTC; one event a model and day. */
    day: string
  }
}

export type WebhookEndpointDisabledEvent = {
  type: 'webhook.endpoint_disabled'
  timestamp: string
  data: {
    /** The same in every repetition; it is the `webhook-id` too. */
    eventId: string
    /** The name of the organisation. */
    organisation: string
    /** What happens next, in a sentence or two. */
    next: string
    /** Where to look; null without the setting `publicUrl`. */
    link: string | null
    /** Asked for by a person: nothing has happened. */
    test?: true | undefined
    channelId: string
    name: string | null
    host: string
    reason: string
  }
}

/** What each operation takes and what it answers. */
export type Operations = {
  /** One finished model call: its tokens, its cost, who served it */
  getGeneration: {
    query: {
      /** `gen-…` */
      id: string
    }
    result: {
      data: Generation
    }
  }
  /** The key that asks: its limit and what it has used */
  getCurrentKey: {
    result: {
      data: {
        label: string
        limit: number | null
        limit_remaining: number | null
        limit_reset: 'daily' | 'weekly' | 'monthly' | null
        include_byok_in_limit: boolean
        usage: number
        usage_daily: number
        usage_weekly: number
        usage_monthly: number
        byok_usage: number
        byok_usage_daily: number
        byok_usage_weekly: number
        byok_usage_monthly: number
        is_free_tier: boolean
        is_management_key: boolean
        is_provisioning_key: boolean
        rate_limit: {
          requests: number
          interval: string
          note: string
        }
        allowed_data_regions: string[]
        free_model_daily_requests: {
          limit: number
          used: number
          remaining: number
        }
        creator_user_id: string | null
        organization_id: string | null
        workspace_id: string | null
        expires_at?: string | undefined
      }
    }
  }
  /** What was granted to and charged to all accounts of the organisation, in USD */
  getCredits: {
    result: {
      data: {
        total_credits: number
        total_usage: number
      }
    }
  }
  /** The API keys of the organisation, 100 a page */
  listKeys: {
    query: {
      /** Disabled ones too. */
      include_disabled?: boolean | undefined
      /** Rows to pass over. */
      offset?: number | undefined
    }
    result: {
      data: Key[]
    }
  }
  /** Make an API key; its secret is shown this once */
  createKey: {
    body: {
      /** What people call the key. */
      name: string
      /** USD that the key may spend. */
      limit?: number | string | null | undefined
      /** When the limit begins anew; without one it is for ever. */
      limit_reset?: 'daily' | 'weekly' | 'monthly' | null | undefined
      /** Calls on the customer's own provider key count against the limit too. */
      include_byok_in_limit?: boolean | undefined
      /** From when on it is refused, e.g. 2027-01-01T00:00:00Z. */
      expires_at?: string | null | undefined
      /** `externalId` of the account that the key calls for. */
      external_user?: string | null | undefined
    }
    result: {
      data: Key
      /** The secret, shown this once. */
      key: string
    }
  }
  /** One API key, by the hash of its secret */
  getKey: {
    result: {
      data: Key
    }
  }
  /** Rename, disable or limit an API key; it holds at once */
  updateKey: {
    body: {
      /** What people call the key. */
      name?: string | undefined
      /** Refuse it from now on. */
      disabled?: boolean | undefined
      /** USD that the key may spend. */
      limit?: number | string | null | undefined
      /** When the limit begins anew; without one it is for ever. */
      limit_reset?: 'daily' | 'weekly' | 'monthly' | null | undefined
      /** Calls on the customer's own provider key count against the limit too. */
      include_byok_in_limit?: boolean | undefined
      /** From when on it is refused, e.g. 2027-01-01T00:00:00Z. */
      expires_at?: string | null | undefined
      external_user?: unknown | undefined
    }
    result: {
      data: Key
    }
  }
  /** Delete an API key; its usage stays in the reports */
  deleteKey: {
    result: {
      deleted: true
    }
  }
  /** Give an API key another secret; what it spent and its limits stay */
  rotateKey: {
    body: {
      /** So long the secret before still works. Default: 0, it ends at once. */
      grace_seconds?: number | undefined
    }
    result: {
      data: Key
      /** The secret, shown this once. */
      key: string
    }
  }
  /** API keys, newest first */
  listApiKeys: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** A part of it, in either letter case. */
      name?: string | undefined
      accountId?: string | undefined
      externalId?: string | undefined
      /** Disabled ones alone; `false`: the others alone. */
      disabled?: boolean | undefined
    }
    result: {
      keys: ApiKey[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Make an API key; its secret is shown this once */
  createApiKey: {
    body: {
      /** What people call the key. */
      name: string
      accountId?: string | null | undefined
      externalId?: string | null | undefined
      /** USD that the key may spend. */
      limit?: number | string | null | undefined
      /** When the limit begins anew; without one it is for ever. */
      limitReset?: 'daily' | 'weekly' | 'monthly' | null | undefined
      /** Calls on the customer's own provider key count against the limit too. */
      includeByokInLimit?: boolean | undefined
      /** From when on it is refused, e.g. 2027-01-01T00:00:00Z. */
      expiresAt?: string | null | undefined
      /** Models, or `author/*` for all of an author. Null: every model. */
      allowedModels?: string[] | null | undefined
      /** Replies as if each call had asked for its cost. */
      includeUsage?: boolean | undefined
      /** End user of calls that name none. */
      user?: string | null | undefined
      /** Tags of every call. */
      metadata?: Record<string, string> | null | undefined
    }
    result: {
      key: ApiKey
      /** `sk-tp-…`, shown this once. */
      secret: string
    }
  }
  /** One API key */
  getApiKey: {
    result: {
      key: ApiKey
    }
  }
  /** Change what an API key may do; it holds at once */
  updateApiKey: {
    body: {
      /** What people call the key. */
      name?: string | undefined
      /** Refuse it from now on. */
      disabled?: boolean | undefined
      /** USD that the key may spend. */
      limit?: number | string | null | undefined
      /** When the limit begins anew; without one it is for ever. */
      limitReset?: 'daily' | 'weekly' | 'monthly' | null | undefined
      /** Calls on the customer's own provider key count against the limit too. */
      includeByokInLimit?: boolean | undefined
      /** From when on it is refused, e.g. 2027-01-01T00:00:00Z. */
      expiresAt?: string | null | undefined
      /** Models, or `author/*` for all of an author. Null: every model. */
      allowedModels?: string[] | null | undefined
      /** Replies as if each call had asked for its cost. */
      includeUsage?: boolean | undefined
      /** End user of calls that name none. */
      user?: string | null | undefined
      /** Tags of every call. */
      metadata?: Record<string, string> | null | undefined
      accountId?: unknown | undefined
      externalId?: unknown | undefined
    }
    result: {
      key: ApiKey
    }
  }
  /** Delete an API key; its usage stays in the reports */
  deleteApiKey: {
    result: {
      deleted: true
    }
  }
  /** Give an API key another secret; what it spent and its limits stay */
  rotateApiKey: {
    body: {
      /** So long the secret before still works. Default: 0, it ends at once. */
      graceSeconds?: number | undefined
    }
    result: {
      key: ApiKey
      /** `sk-tp-…`, shown this once. */
      secret: string
    }
  }
  /** Models and prices, in the words of OpenRouter's clients */
  listModels: {
    query: {
      limit?: number | undefined
      offset?: number | undefined
    }
    result: {
      data: Model[]
      links: {
        next: string | null
      }
      total_count: number
    }
  }
  /** How many models there are */
  countModels: {
    result: {
      data: {
        count: number
      }
    }
  }
  /** One model, in the words of OpenRouter's clients */
  getModel: {
    result: {
      data: Model
    }
  }
  /** Who serves a model, at which price */
  listEndpoints: {
    result: {
      data: {
        id: string
        name: string
        created: number
        description: string
        architecture: {
          modality: string | null
          input_modalities: string[]
          output_modalities: string[]
          instruct_type: null
          tokenizer: string | null
        }
        endpoints: {
          name: string
          model_id: string
          model_name: string
          provider_name: string
          tag: string
          context_length: number
          pricing: {
            prompt: string
            completion: string
            [name: string]: unknown
          }
          supported_parameters: string[]
          supports_implicit_caching: boolean
          supports_tool_choice: {
            auto: boolean
            function: boolean
            none: boolean
            required: boolean
          }
          quantization: string | null
          max_completion_tokens: number | null
          max_prompt_tokens: number | null
          uptime_last_5m: number | null
          uptime_last_30m: number | null
          uptime_last_1d: number | null
          latency_last_30m: {
            p50: number
            p75: number
            p90: number
            p99: number
          } | null
          throughput_last_30m: {
            p50: number
            p75: number
            p90: number
            p99: number
          } | null
        }[]
      }
    }
  }
  /** The providers behind the models */
  listProviders: {
    result: {
      data: {
        name: string
        slug: string
        privacy_policy_url: string | null
      }[]
    }
  }
  /** How the endpoints fare: circuits, uptime, speed */
  listEndpointStates: {
    result: {
      endpoints: {
        /** The provider's key and the name of the model there. */
        id: string
        model: string | null
        /** open: it is left alone; half_open: one call at a time tries whether it serves again. */
        circuit: 'closed' | 'open' | 'half_open'
        coolsUntil: string | null
        successes: number
        failures: {
          connect: number
          timeout: number
          rate_limited: number
          status: number
          credential: number
          invalid: number
          cut: number
        }
        uptime: {
          /** Percent; null: it was not called. */
          last5m: number | null
          /** Percent; null: it was not called. */
          last30m: number | null
          /** Percent; null: it was not called. */
          last1d: number | null
        }
        /** Milliseconds to the first token of streams, over 30 minutes. */
        latencyMs: {
          p50: number
          p75: number
          p90: number
          p99: number
        } | null
        tokensPerSecond: {
          p50: number
          p75: number
          p90: number
          p99: number
        } | null
      }[]
    }
  }
  /** Models and prices, in one body for OpenAI's, Anthropic's and the credits API's clients */
  listAllModels: {
    query: {
      modelId?: string | undefined
      provider?: string | undefined
      tier?: string | undefined
    }
    result: {
      object: 'list'
      data: {
        id: string
        object: 'model'
        created: number
        owned_by: string
        type: 'model'
        display_name: string
        created_at: string
      }[]
      has_more: boolean
      first_id: string | null
      last_id: string | null
      success: true
      models: PricedModel[]
    } | {
      success: true
      model: PricedModel
    }
  }
  /** One model, in the words of OpenAI's and Anthropic's clients */
  getOneModel: {
    result: {
      id: string
      object: 'model'
      created: number
      owned_by: string
      type: 'model'
      display_name: string
      created_at: string
    }
  }
  /** What a usage would cost; moves nothing */
  calculateCost: {
    body: {
      /** Cached and written tokens are among them. */
      inputTokens?: number | undefined
      /** Reasoning tokens are among them. */
      outputTokens?: number | undefined
      /** Of the input: read from a cache. */
      cachedTokens?: number | undefined
      /** Of the input: written to a cache. */
      cacheWriteTokens?: number | undefined
      /** Of the output: spent on reasoning. */
      reasoningTokens?: number | undefined
      /** With at most 6 decimals. */
      audioDurationSeconds?: number | undefined
      /** Where the model is priced by them. */
      characters?: number | undefined
      /** How many were made. */
      images?: number | undefined
      /** The model, in any spelling. */
      modelId: string
      /** Default: text. */
      usageType?: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image' | undefined
    }
    result: {
      success: true
      modelId: string
      modelName: string
      estimatedCostUsd: number
      pricing: {
        inputPerMillion?: number | undefined
        outputPerMillion?: number | undefined
        cachedInputPerMillion?: number | undefined
      }
      decimal: Record<string, string>
    }
  }
  /** What the endpoints of a model charge, from where that is known and when it holds */
  listRateCards: {
    query: {
      /** All cards of the endpoints of this model, in any spelling. */
      model?: string | undefined
    }
    result: {
      /** Its canonical name; null where none was asked for. */
      model: string | null
      /** Those of the model, priced or not; a price is set at one. */
      endpoints: string[]
      rateCards: RateCard[]
    }
  }
  /** Set the prices of an endpoint, from now or a later instant on */
  createRateCard: {
    body: {
      /** The key of the provider and the name of the model there, `groq/llama-4`. */
      endpoint: string
      lines: {
        meter: string
        priceUsd: string
        /** Units that the price is for. Default: 1000000. */
        per?: number | undefined
        tier?: {
          op: '>' | '>='
          /** Tokens of the input of one request, cached ones included. */
          threshold: number
          /** `request`, the default: the whole request; `marginal`: what is above alone. */
          scope?: 'request' | 'marginal' | undefined
        } | undefined
        /** As the provider calls it. Default: standard. */
        serviceTier?: string | undefined
      }[]
      /** Now, if left out; what was charged before stays as it is. */
      validFrom?: string | undefined
    }
    result: {
      rateCard: RateCard
    }
  }
  /** Take back what was set for an endpoint; what it ships with holds again */
  withdrawRateCard: {
    result: {
      rateCard: RateCard
    }
  }
  /** Make an account for a customer */
  createAccount: {
    body: {
      /** What people call the account. */
      name: string
      /** Your own name for the account; unique, and never free again. */
      externalId: string
      /** An e-mail address. */
      email?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
    }
    result: {
      success: true
      account: Account
    }
  }
  /** The accounts of the organisation, newest first */
  listAccounts: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
    }
    result: {
      success: true
      accounts: Account[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One account, by its id or by your own name for it */
  getAccount: {
    query: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
    }
    result: Account
  }
  /** Change an account: its name, its limits, whether it is open, frozen or closed */
  updateAccount: {
    body: {
      /** What people call the account. */
      name?: string | undefined
      /** An e-mail address. */
      email?: string | null | undefined
      /** Yours; takes the place of all that was there. */
      metadata?: Record<string, unknown> | null | undefined
      /** A frozen account pays for nothing, a closed one until it is opened again. */
      status?: 'open' | 'frozen' | 'closed' | undefined
      /** With `status: closed`: what is left expires, what is reserved as soon as it is released. Otherwise it is kept. */
      expire?: boolean | undefined
      /** What is done with a charge above its reservation. */
      overage?: 'charge' | 'cap' | 'reject' | undefined
      /** How far below 0 reservations may take the balance, in credits. */
      overdraft?: number | string | undefined
      /** How much a call reserves; without one as the server is set. */
      reserveMode?: 'strict' | 'estimate' | null | undefined
      /** A balance up to here, in credits, is told as low; null: as its organisation's accounts. */
      lowCreditThreshold?: number | string | null | undefined
    }
    result: Account
  }
  /** The credits of an account: posted, reserved, available */
  getBalance: {
    query: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
    }
    result: Balance
  }
  /** Grant credits to an account */
  addCredits: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** Credits, above 0. */
      amount: number | string
      /** What it is for; stands in the transaction. */
      description?: string | null | undefined
      /** How it was paid. */
      paymentMethod?: string | null | undefined
      /** One payment gives one grant, with or without an idempotency key. */
      paymentId?: string | null | undefined
      /** Default: paid. */
      category?: 'paid' | 'promotional' | 'adjustment' | undefined
      /** In which order grants are used up: 1 to 100, 1 first. */
      priority?: number | undefined
      /** When what is left ends, e.g. 2027-01-01T00:00:00Z. */
      expiresAt?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
    }
    result: {
      success: true
      accountId: string
      externalId: string
      balance: number
      added: number
      transactionId: string
      grantId: string
      decimal: Record<string, string>
    }
  }
  /** Take credits from an account, never below what is available */
  deductCredits: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** Credits, above 0. */
      amount: number | string
      /** What it is for; stands in the transaction. */
      description?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
    }
    result: {
      success: true
      accountId: string
      externalId: string
      balance: number
      deducted: number
      transactionId: string
      decimal: Record<string, string>
    }
  }
  /** Make a plan that grants credits on a schedule */
  createPlan: {
    body: {
      /** What people call the plan. */
      name: string
      /** Credits of each grant, above 0. */
      amount: number | string
      /** How often: week, month, or days as 30d. */
      interval: string
      /** How often it is granted; without an end, if left out. */
      occurrences?: number | null | undefined
      /** Keep what is left; otherwise it ends with its interval. */
      accumulate?: boolean | undefined
      /** Can be assigned. Default: it can. */
      markAsActive?: boolean | undefined
    }
    result: {
      success: true
      plan: Plan
    }
  }
  /** The plans of the organisation */
  listPlans: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
    }
    result: {
      success: true
      plans: Plan[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Close a plan to accounts to come; it is never deleted */
  archivePlan: {
    result: {
      success: true
      plan: Plan
    }
  }
  /** Put an account on a plan; any other active plan of it ends */
  assignPlan: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** `plan_…` */
      planId: string
      /** When the first grant comes. Default: now. */
      startMode?: 'now' | 'next_interval' | undefined
    }
    result: {
      success: true
      accountId: string
      planId: string
      startsAt: string
    }
  }
  /** Set credits aside before the work */
  createReservation: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** Credits to set aside, above 0. */
      amount: number | string
      /** Seconds from now. */
      ttlSeconds?: number | undefined
      /** What it is for; stands in the metadata. */
      operation?: string | null | undefined
      /** The model that it is for; stands in the metadata. */
      model?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
    }
    result: {
      success: true
      reservation: Reservation
      balance: {
        balance: number
        reserved: number
        /** What can be reserved or deducted now; never below 0. */
        available: number
        decimal: Record<string, string>
      }
    }
  }
  /** Reservations, newest first */
  listReservations: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** One state alone. */
      status?: 'pending' | 'confirmed' | 'cancelled' | 'expired' | undefined
      /** Pending ones alone. */
      activeOnly?: boolean | undefined
    }
    result: {
      success: true
      reservations: Reservation[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One reservation */
  getReservation: {
    result: {
      success: true
      reservation: Reservation
    }
  }
  /** Charge what the work took, record its usage, release the rest: in one step */
  confirmReservation: {
    body: {
      /** `res_…` */
      reservationId?: string | undefined
      /** Credits to charge; 0 releases everything. */
      actualAmount?: number | string | undefined
      /** One record or several, written with the charge or not at all. Without an amount they are what is charged. */
      usage?: {
        /** The account, by its id. */
        accountId?: string | undefined
        /** The account, by your own name for it. */
        externalId?: string | undefined
        context?: 'customer' | 'system' | undefined
        /** `txn_…`, which charged it; with a customer's usage. */
        transactionId?: string | undefined
        /** The model, in any spelling. */
        modelId: string
        /** What was counted. */
        usageType: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'
        /** Cached and written tokens are among them. */
        inputTokens?: number | undefined
        /** Reasoning tokens are among them. */
        outputTokens?: number | undefined
        /** Of the input: read from a cache. */
        cachedTokens?: number | undefined
        /** Of the input: written to a cache. */
        cacheWriteTokens?: number | undefined
        /** Of the output: spent on reasoning. */
        reasoningTokens?: number | undefined
        /** With at most 6 decimals. */
        audioDurationSeconds?: number | undefined
        /** Where the model is priced by them. */
        characters?: number | undefined
        /** How many were made. */
        images?: number | undefined
        /** Tells two identical usages of one transaction apart. */
        sequence?: number | undefined
        /** At most 5 minutes ahead and 35 days back; now, if left out. */
        occurredAt?: string | undefined
        /** What it was for. */
        description?: string | null | undefined
        /** Yours: kept and shown, never read. */
        metadata?: Record<string, unknown> | null | undefined
      }[] | undefined
      /** Where the amount is above what was reserved. Default: as the account is set. */
      onOverage?: 'charge' | 'cap' | 'reject' | undefined
      /** Where the reservation has expired. Default: reject. */
      ifExpired?: 'reject' | 'charge' | undefined
    }
    result: {
      success: true
      reservationId: string
      transactionId: string
      accountId: string
      externalId: string
      status: 'confirmed'
      reserved: number
      charged: number
      released: number
      /** What was asked above the reservation. */
      overage: number
      writtenOff: number
      late: boolean
      balance: {
        balance: number
        reserved: number
        /** What can be reserved or deducted now; never below 0. */
        available: number
        decimal: Record<string, string>
      }
      usageRecords: UsageRecord[]
      decimal: Record<string, string>
    }
  }
  /** Release a reservation */
  cancelReservation: {
    body: {
      /** `res_…` */
      reservationId?: string | undefined
    }
    result: {
      success: true
      reservationId: string
      status: 'cancelled'
      released: number
      balance: {
        balance: number
        reserved: number
        /** What can be reserved or deducted now; never below 0. */
        available: number
        decimal: Record<string, string>
      }
      decimal: Record<string, string>
    }
  }
  /** Let a pending reservation end later */
  extendReservation: {
    body: {
      /** `res_…` */
      reservationId?: string | undefined
      /** Seconds from now. */
      ttlSeconds: number
    }
    result: {
      success: true
      reservationId: string
      expiresAt: string
    }
  }
  /** What moved credits, newest first */
  listTransactions: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** In place of `Accept`: csv and ndjson stream every row that the filters match. */
      format?: 'json' | 'csv' | 'ndjson' | undefined
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** One direction alone. */
      type?: 'credit' | 'debit' | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      startDate?: string | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      endDate?: string | undefined
      /** Charges whose usage nobody has recorded. */
      usage?: 'missing' | undefined
      /** What is shown inside: reservation, usage, entries, or several with commas. */
      include?: string | undefined
    }
    result: {
      items: Transaction[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Post a credit or a debit */
  createTransaction: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** Credits, above 0. */
      amount: number | string
      /** What it is for; stands in the transaction. */
      description?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
      /** The direction. */
      type: 'credit' | 'debit'
    }
    result: {
      success: true
      transaction: Transaction
    }
  }
  /** One transaction */
  getTransaction: {
    query: {
      /** What is shown inside: reservation, usage, entries, or several with commas. */
      include?: string | undefined
    }
    result: {
      success: true
      transaction: Transaction
    }
  }
  /** Give credits back to the grants that paid */
  refundTransaction: {
    body: {
      /** The rest, if left out. */
      amount?: number | string | undefined
      /** Why; stands in the transaction. */
      reason: string
    }
    result: {
      success: true
      transaction: Transaction
    }
  }
  /** Grants with what is left of them */
  listGrants: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
    }
    result: {
      success: true
      grants: Grant[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Take back what is left of a grant */
  voidGrant: {
    result: {
      success: true
      grantId: string
      accountId: string
      externalId: string
      balance: number
      voided: number
      transactionId: string
      decimal: Record<string, string>
    }
  }
  /** Record the usage of a model; moves no credits */
  recordUsage: {
    body: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** A customer pays, or nobody does. */
      context: 'customer' | 'system'
      /** `txn_…`, which charged it; with a customer's usage. */
      transactionId?: string | undefined
      /** The model, in any spelling. */
      modelId: string
      /** What was counted. */
      usageType: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image'
      /** Cached and written tokens are among them. */
      inputTokens?: number | undefined
      /** Reasoning tokens are among them. */
      outputTokens?: number | undefined
      /** Of the input: read from a cache. */
      cachedTokens?: number | undefined
      /** Of the input: written to a cache. */
      cacheWriteTokens?: number | undefined
      /** Of the output: spent on reasoning. */
      reasoningTokens?: number | undefined
      /** With at most 6 decimals. */
      audioDurationSeconds?: number | undefined
      /** Where the model is priced by them. */
      characters?: number | undefined
      /** How many were made. */
      images?: number | undefined
      /** Tells two identical usages of one transaction apart. */
      sequence?: number | undefined
      /** At most 5 minutes ahead and 35 days back; now, if left out. */
      occurredAt?: string | undefined
      /** What it was for. */
      description?: string | null | undefined
      /** Yours: kept and shown, never read. */
      metadata?: Record<string, unknown> | null | undefined
    }
    result: {
      success: true
      duplicate: boolean
      usageRecord: UsageRecord
    }
  }
  /** Usage records, those of the gateway's own calls too; with `summary=true` their sums */
  listUsage: {
    query: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** One model alone, in any spelling. */
      modelId?: string | undefined
      /** What customers pay for, or the rest. */
      context?: 'customer' | 'system' | undefined
      /** One kind alone. */
      usageType?: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image' | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      startDate?: string | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      endDate?: string | undefined
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** The sums in place of the records. */
      summary?: boolean | undefined
      /** In place of `Accept`: csv and ndjson stream every row that the filters match. */
      format?: 'json' | 'csv' | 'ndjson' | undefined
    }
    result: {
      success: true
      usageRecords: UsageRecord[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    } | {
      success: true
      summary: UsageSummary
    }
  }
  /** The sums of the usage, in all and by model and context */
  summariseUsage: {
    query: {
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** One model alone, in any spelling. */
      modelId?: string | undefined
      /** What customers pay for, or the rest. */
      context?: 'customer' | 'system' | undefined
      /** One kind alone. */
      usageType?: 'text' | 'embedding' | 'audio_stt' | 'audio_tts' | 'image' | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      startDate?: string | undefined
      /** A date is the whole day in the time zone of the organisation; a time is an instant. */
      endDate?: string | undefined
    }
    result: {
      success: true
      summary: UsageSummary
    }
  }
  /** What was used and what it came to, by calendar bucket and by up to two groups */
  reportUsage: {
    query: {
      /** Default: 30 days up to `to`. */
      from?: string | undefined
      /** Default: today. */
      to?: string | undefined
      /** An IANA zone; default: the organisation's. */
      timeZone?: string | undefined
      /** Of the calendar of `timeZone`; default: day. */
      bucket?: 'hour' | 'day' | 'week' | 'month' | undefined
      /** None, one or two, repeated or with a comma between them. */
      groupBy?: ('api_key' | 'account' | 'model' | 'provider' | 'context' | 'end_user' | 'tag' | 'status')[] | undefined
      /** Hashes of API keys; empty: without a key. */
      api_key?: string[] | undefined
      /** `acc_…`; empty: without an account. */
      account?: string[] | undefined
      /** In any spelling. */
      model?: string[] | undefined
      /** By its key. */
      provider?: string[] | undefined
      context?: ('customer' | 'system')[] | undefined
      /** The `user` of calls; empty: without one. */
      end_user?: string[] | undefined
      /** `key:value` as in `metadata`; empty: without tags. */
      tag?: string[] | undefined
      status?: ('ok' | 'error' | 'cancelled' | 'interrupted')[] | undefined
      /** In place of `Accept`: csv and ndjson stream every row that the filters match. */
      format?: 'json' | 'csv' | 'ndjson' | undefined
      /** With csv and ndjson: the columns of the FinOps Open Cost and Usage Specification. */
      columns?: 'focus' | undefined
    }
    result: UsageReport
  }
  /** The calls behind a report, newest first */
  listGenerations: {
    query: {
      /** Default: 30 days up to `to`. */
      from?: string | undefined
      /** Default: today. */
      to?: string | undefined
      /** An IANA zone; default: the organisation's. */
      timeZone?: string | undefined
      /** Hashes of API keys; empty: without a key. */
      api_key?: string[] | undefined
      /** `acc_…`; empty: without an account. */
      account?: string[] | undefined
      /** In any spelling. */
      model?: string[] | undefined
      /** By its key. */
      provider?: string[] | undefined
      context?: ('customer' | 'system')[] | undefined
      /** The `user` of calls; empty: without one. */
      end_user?: string[] | undefined
      /** `key:value` as in `metadata`; empty: without tags. */
      tag?: string[] | undefined
      status?: ('ok' | 'error' | 'cancelled' | 'interrupted')[] | undefined
      /** USD that a call came to, at least. */
      minCostUsd?: number | string | undefined
      /** Milliseconds that a call took, at least. */
      minLatencyMs?: number | undefined
      usageSource?: ('reported' | 'estimated' | 'unknown')[] | undefined
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** In place of `Accept`: csv and ndjson stream every row that the filters match. */
      format?: 'json' | 'csv' | 'ndjson' | undefined
      /** With csv and ndjson: the columns of the FinOps Open Cost and Usage Specification. */
      columns?: 'focus' | undefined
    }
    result: {
      generations: GenerationRecord[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One call with all that is kept of it: line items, rate card, attempts, raw usage */
  getGenerationRecord: {
    result: {
      generation: GenerationRecord
    }
  }
  /** The last 30 completed UTC days by model and endpoint */
  getActivity: {
    query: {
      /** One of the last 30 completed UTC days. */
      date?: string | undefined
      /** Calls of one API key alone. */
      api_key_hash?: string | undefined
      /** The `user` of the calls. */
      user_id?: string | undefined
      /** In place of `Accept`: csv and ndjson stream every row that the filters match. */
      format?: 'json' | 'csv' | 'ndjson' | undefined
    }
    result: {
      data: {
        date: string
        model: string
        model_permaslug: string
        endpoint_id: string
        provider_name: string
        /** USD charged. */
        usage: number
        /** USD that calls on own credentials cost upstream. */
        byok_usage_inference: number
        requests: number
        prompt_tokens: number
        completion_tokens: number
        reasoning_tokens: number
      }[]
    }
  }
  /** Make an organisation */
  createOrganisation: {
    body: {
      /** What people call the organisation. */
      name: string
      /** Where its days begin. Default: UTC. */
      timeZone?: string | undefined
    }
    result: {
      organisation: Organisation
    }
  }
  /** The organisations of this server */
  listOrganisations: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
    }
    result: {
      organisations: Organisation[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One organisation; others than its own are for the operator */
  getOrganisation: {
    result: {
      organisation: Organisation
    }
  }
  /** Change the time zone of an organisation, or, as the operator, its name */
  updateOrganisation: {
    body: {
      /** The operator alone may change it. Clients see another id from then on. */
      name?: string | undefined
      /** Where its days begin. */
      timeZone?: string | undefined
    }
    result: {
      organisation: Organisation
    }
  }
  /** Make a management key; its secret is shown this once */
  createManagementKey: {
    body: {
      /** What people call the key. */
      name: string
      /** A reader changes nothing. */
      role: 'admin' | 'reader'
      /** Default: the one of the key that asks. Another one is for the operator. */
      organisationId?: string | undefined
    }
    result: {
      managementKey: ManagementKey
      /** The secret, shown this once. */
      key: string
    }
  }
  /** The management keys of an organisation */
  listManagementKeys: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Default: the one of the key that asks. Another one is for the operator. */
      organisationId?: string | undefined
    }
    result: {
      managementKeys: ManagementKey[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One management key */
  getManagementKey: {
    result: {
      managementKey: ManagementKey
    }
  }
  /** Rename or disable a management key */
  updateManagementKey: {
    body: {
      /** What people call the key. */
      name?: string | undefined
      /** Refuse it from now on. */
      disabled?: boolean | undefined
      role?: unknown | undefined
    }
    result: {
      managementKey: ManagementKey
    }
  }
  /** Delete a management key */
  deleteManagementKey: {
    result: {
      deleted: true
    }
  }
  /** Give a management key another secret */
  rotateManagementKey: {
    body: {
      /** So long the secret before still works. Default: 0, it ends at once. */
      graceSeconds?: number | undefined
    }
    result: {
      managementKey: ManagementKey
      /** The secret, shown this once. */
      key: string
    }
  }
  /** Who changed what, newest first */
  listAudit: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Who, e.g. `operator` or `management:finance`. */
      actor?: string | undefined
      /** One action, or a noun for all that is done to it. */
      action?: string | undefined
      /** The id of what was changed. */
      target?: string | undefined
      /** A date, whole in the time zone of the organisation, or an instant. */
      from?: string | undefined
      /** A date, inclusive, or an instant, exclusive. */
      to?: string | undefined
      /** Another one than its own is for the operator. */
      organisationId?: string | undefined
      format?: 'json' | 'csv' | 'ndjson' | undefined
    }
    result: {
      entries: AuditEntry[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** The server and what waits: version, store, providers, deliveries; no secrets */
  getSystem: {
    result: {
      system: System
    }
  }
  /** How many model calls of the organisation are under way at this moment */
  countCallsInFlight: {
    result: {
      callsInFlight: {
        calls: number | null
        asOf: string
      }
    }
  }
  /** Who asks: the member behind the session, or the key */
  getSession: {
    result: {
      session: Session
    }
  }
  /** The people who may sign in, and who is invited */
  listMembers: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
    }
    result: {
      members: Member[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Invite a person by a link that works once, for three days */
  inviteMember: {
    body: {
      /** The only address that the link lets in; without one, whoever holds it. */
      email?: string | undefined
      /** What the person may do; a reader changes nothing. */
      role: 'admin' | 'reader'
    }
    result: {
      member: Member
      /** Works once. It is shown this once; hand it to the person alone. */
      link: string
    }
  }
  /** Change what a member may do; it holds at once */
  updateMember: {
    body: {
      /** What the person may do; a reader changes nothing. */
      role: 'admin' | 'reader'
    }
    result: {
      member: Member
    }
  }
  /** Remove a member and end all sessions of that person, or withdraw an invitation */
  removeMember: {
    result: {
      deleted: true
    }
  }
  /** Make the link that makes an admin: works once, for 15 minutes */
  createSetupLink: {
    body: {
      /** Whose admin the link makes. Default: the first one. */
      organisationId?: string | undefined
    }
    result: {
      /** Works once. It is shown this once; hand it to the person alone. */
      link: string
      expiresAt: string
    }
  }
  /** Bring a customer's own key at a provider; calls on it are charged the fee alone */
  createCredential: {
    body: {
      /** What people call it. */
      name: string
      /** Its share of the calls, beside others of its priority. Default: 1. */
      weight?: number | undefined
      /** 1 is tried first; of equal ones the weight decides. Default: 1. */
      priority?: number | undefined
      /** Calls that it fails may go on with our credential, at our price. Default: they may not. */
      fallback?: boolean | undefined
      /** No call uses it. */
      disabled?: boolean | undefined
      baseUrl?: unknown | undefined
      /** The key of the provider, as in the settings. */
      provider: string
      /** What the provider gave you. It is sealed, and never shown again. */
      secret: string
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
      /** The API keys that alone may use it, by their hashes. */
      apiKeyHashes?: string[] | undefined
    }
    result: {
      credential: Credential
    }
  }
  /** Credentials of customers at providers, newest first, without their secrets */
  listCredentials: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Of this provider alone. */
      provider?: string | undefined
      /** The account, by its id. */
      accountId?: string | undefined
      /** The account, by your own name for it. */
      externalId?: string | undefined
    }
    result: {
      credentials: Credential[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One credential, without its secret */
  getCredential: {
    result: {
      credential: Credential
    }
  }
  /** Rename, weigh or disable a credential, or give it a new secret; it holds at once */
  updateCredential: {
    body: {
      /** What people call it. */
      name?: string | undefined
      /** Its share of the calls, beside others of its priority. Default: 1. */
      weight?: number | undefined
      /** 1 is tried first; of equal ones the weight decides. Default: 1. */
      priority?: number | undefined
      /** Calls that it fails may go on with our credential, at our price. Default: they may not. */
      fallback?: boolean | undefined
      /** No call uses it. */
      disabled?: boolean | undefined
      baseUrl?: unknown | undefined
      /** What the provider gave you. It is sealed, and never shown again. */
      secret?: string | undefined
    }
    result: {
      credential: Credential
    }
  }
  /** Delete a credential and its secret */
  deleteCredential: {
    result: {
      deleted: true
    }
  }
  /** Ask the provider whether it takes a credential; costs nothing */
  checkCredential: {
    result: {
      check: CredentialCheck
    }
  }
  /** Set a budget: so much of something for a scope in a window */
  createBudget: {
    body: {
      /** What refusals and events call it. */
      name: string
      /** Whom it binds. */
      scope: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model'
      /** Left out for the organisation; `acc_…`; the hash of an API key; the `user` of calls, `*` for each by themself; `key:value` of metadata; a model. */
      scopeId?: string | undefined
      /** What is counted; `concurrency`: calls under way. */
      metric: 'usd' | 'tokens' | 'requests' | 'concurrency'
      /** USD for `usd`; a whole number for the others. 0 refuses all. */
      limit: number | string
      /** How long it is counted; `request`: each call by itself. */
      window: 'request' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
      /** Where its days begin. Default: the organisation's. */
      timeZone?: string | undefined
      /** Day on which a week begins: 1 (Monday, the default) to 7. */
      weekStart?: number | undefined
      /** Day on which a month begins, by default 1; a short month uses its last. */
      anchorDay?: number | undefined
      /** Percent of the limit at which people are told, by default 80 and 100. */
      thresholds?: number[] | undefined
      /** `block`, the default, refuses; `alert` only tells. */
      action?: 'block' | 'alert' | undefined
      /** What a call holds: the most that it can use, or what calls like it usually do. Null: as the server has it. */
      reserveMode?: 'strict' | 'estimate' | null | undefined
    }
    result: {
      budget: Budget
    }
  }
  /** Budgets, newest first, with what is spent and reserved of them now */
  listBudgets: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Whom it binds. */
      scope?: 'organisation' | 'account' | 'api_key' | 'end_user' | 'tag' | 'model' | undefined
      /** As a budget shows it. */
      scopeId?: string | undefined
    }
    result: {
      budgets: Budget[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One budget, with what is spent and reserved of it now */
  getBudget: {
    result: {
      budget: Budget
    }
  }
  /** Change a budget; a limit holds at once, another window at the end of the present one */
  updateBudget: {
    body: {
      scope?: unknown | undefined
      scopeId?: unknown | undefined
      metric?: unknown | undefined
      /** What refusals and events call it. */
      name?: string | undefined
      /** USD for `usd`; a whole number for the others. 0 refuses all. */
      limit?: number | string | undefined
      /** How long it is counted; `request`: each call by itself. */
      window?: 'request' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total' | undefined
      /** Where its days begin. Default: the organisation's. */
      timeZone?: string | undefined
      /** Day on which a week begins: 1 (Monday, the default) to 7. */
      weekStart?: number | undefined
      /** Day on which a month begins, by default 1; a short month uses its last. */
      anchorDay?: number | undefined
      /** Percent of the limit at which people are told, by default 80 and 100. */
      thresholds?: number[] | undefined
      /** `block`, the default, refuses; `alert` only tells. */
      action?: 'block' | 'alert' | undefined
      /** What a call holds: the most that it can use, or what calls like it usually do. Null: as the server has it. */
      reserveMode?: 'strict' | 'estimate' | null | undefined
    }
    result: {
      budget: Budget
    }
  }
  /** End a budget; what it counted stays */
  deleteBudget: {
    result: {
      deleted: true
    }
  }
  /** Tell somebody of events, by mail, webhook or chat; the secret of a webhook is shown this once */
  createAlertChannel: {
    body: {
      /** How: email, webhook or slack. */
      type: 'email' | 'webhook' | 'slack'
      /** What people call the channel. */
      name?: string | null | undefined
      /** Of `email`: who gets it. */
      to?: string[] | undefined
      /** Of `webhook` and `slack`: https, and no private address. */
      url?: string | undefined
      /** Types of events; without them those that fit the type. */
      events?: ('budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled')[] | null | undefined
      /** Only what happens to this budget, `bud_…`. */
      budgetId?: string | null | undefined
      /** Nothing is delivered. */
      disabled?: boolean | undefined
    }
    result: {
      channel: AlertChannel
      /** Of a webhook: `whsec_…`, shown this once. */
      secret?: string | undefined
    }
  }
  /** Who is told of events */
  listAlertChannels: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
    }
    result: {
      channels: AlertChannel[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** One alert channel */
  getAlertChannel: {
    result: {
      channel: AlertChannel
    }
  }
  /** Change an alert channel, or enable one that was given up */
  updateAlertChannel: {
    body: {
      type?: unknown | undefined
      /** What people call the channel. */
      name?: string | null | undefined
      /** Of `email`: who gets it. */
      to?: string[] | undefined
      /** Of `webhook` and `slack`: https, and no private address. */
      url?: string | undefined
      /** Types of events; without them those that fit the type. */
      events?: ('budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled')[] | null | undefined
      /** Only what happens to this budget, `bud_…`. */
      budgetId?: string | null | undefined
      /** Nothing is delivered. */
      disabled?: boolean | undefined
    }
    result: {
      channel: AlertChannel
    }
  }
  /** Tell somebody no more */
  deleteAlertChannel: {
    result: {
      deleted: true
    }
  }
  /** Send a sample event to a channel */
  testAlertChannel: {
    query: {
      /** What it looks like. Default: budget.threshold_reached. */
      event?: 'budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled' | undefined
    }
    result: {
      delivery: Delivery
    }
  }
  /** A new secret for a webhook; the old one signs too for 24 hours */
  rotateAlertChannelSecret: {
    result: {
      channel: AlertChannel
      /** The new one, shown this once; the old one signs too for 24 hours. */
      secret: string
    }
  }
  /** From which balance on accounts are told as low */
  getAlertDefaults: {
    result: {
      /** Credits. A balance up to here is told as `credits.low`; null: none is. */
      lowCreditThreshold: number | null
      decimal: Record<string, string>
    }
  }
  /** Set from which balance on accounts are told as low */
  updateAlertDefaults: {
    body: {
      /** A balance up to here, in credits, is told as low; null: none is. */
      lowCreditThreshold: number | string | null
    }
    result: {
      /** Credits. A balance up to here is told as `credits.low`; null: none is. */
      lowCreditThreshold: number | null
      decimal: Record<string, string>
    }
  }
  /** What was delivered to whom, with every try and its answer, newest first */
  listDeliveries: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Of this channel, `chan_…`. */
      channelId?: string | undefined
      /** Of this type of event. */
      type?: 'budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled' | undefined
      /** pending, delivered or failed. */
      state?: 'pending' | 'delivered' | 'failed' | undefined
    }
    result: {
      deliveries: Delivery[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
  /** Deliver once more, from the first try on */
  resendDelivery: {
    result: {
      delivery: Delivery
    }
  }
  /** What happened, as it was or would have been told, newest first */
  listEvents: {
    query: {
      /** Rows a page. Default: 50. */
      limit?: number | undefined
      /** Rows to pass over. */
      offset?: number | undefined
      /** `nextCursor` of the page before; takes the place of `offset`. */
      cursor?: string | undefined
      /** Of this type. */
      type?: 'budget.threshold_reached' | 'budget.blocked' | 'credits.low' | 'credits.depleted' | 'credits.negative' | 'grant.expiring' | 'grant.expired' | 'reservation.expired' | 'generation.interrupted' | 'quote.exceeded' | 'usage.missing' | 'usage.unpriced' | 'price.changed' | 'spend.anomaly' | 'ledger.integrity_failed' | 'webhook.endpoint_disabled' | undefined
    }
    result: {
      events: Event[]
      pagination: {
        limit: number
        offset: number
        totalCount: number
        hasMore: boolean
        nextCursor: string | null
      }
    }
  }
}

/**
 * Where each operation is. `alias`: where it takes nothing in its path. `once`: the server takes an
 * `Idempotency-Key`, and does the same thing once.
 */
export const endpoints = {
  getGeneration: { method: 'GET', path: '/api/v1/generation' },
  getCurrentKey: { method: 'GET', path: '/api/v1/key' },
  getCredits: { method: 'GET', path: '/api/v1/credits' },
  listKeys: { method: 'GET', path: '/api/v1/keys' },
  createKey: { method: 'POST', path: '/api/v1/keys' },
  getKey: { method: 'GET', path: '/api/v1/keys/{hash}' },
  updateKey: { method: 'PATCH', path: '/api/v1/keys/{hash}' },
  deleteKey: { method: 'DELETE', path: '/api/v1/keys/{hash}' },
  rotateKey: { method: 'POST', path: '/api/v1/keys/{hash}/rotate' },
  listApiKeys: { method: 'GET', path: '/api/admin/keys' },
  createApiKey: { method: 'POST', path: '/api/admin/keys' },
  getApiKey: { method: 'GET', path: '/api/admin/keys/{id}' },
  updateApiKey: { method: 'PATCH', path: '/api/admin/keys/{id}' },
  deleteApiKey: { method: 'DELETE', path: '/api/admin/keys/{id}' },
  rotateApiKey: { method: 'POST', path: '/api/admin/keys/{id}/rotate' },
  listModels: { method: 'GET', path: '/api/v1/models' },
  countModels: { method: 'GET', path: '/api/v1/models/count' },
  getModel: { method: 'GET', path: '/api/v1/model/{author}/{slug}' },
  listEndpoints: { method: 'GET', path: '/api/v1/models/{author}/{slug}/endpoints' },
  listProviders: { method: 'GET', path: '/api/v1/providers' },
  listEndpointStates: { method: 'GET', path: '/api/admin/endpoints' },
  listAllModels: { method: 'GET', path: '/v1/models' },
  getOneModel: { method: 'GET', path: '/v1/models/{id}' },
  calculateCost: { method: 'POST', path: '/v1/models/calculate' },
  listRateCards: { method: 'GET', path: '/api/admin/rate-cards' },
  createRateCard: { method: 'POST', path: '/api/admin/rate-cards' },
  withdrawRateCard: { method: 'DELETE', path: '/api/admin/rate-cards/{id}' },
  createAccount: { method: 'POST', path: '/v1/accounts', once: true },
  listAccounts: { method: 'GET', path: '/v1/accounts' },
  getAccount: { method: 'GET', path: '/v1/accounts/{id}', alias: '/v1/accounts/get' },
  updateAccount: { method: 'PATCH', path: '/v1/accounts/{id}' },
  getBalance: { method: 'GET', path: '/v1/accounts/{id}/balance', alias: '/v1/accounts/balance' },
  addCredits: { method: 'POST', path: '/v1/accounts/{id}/credits', alias: '/v1/accounts/credits/add', once: true },
  deductCredits: { method: 'POST', path: '/v1/accounts/{id}/debits', alias: '/v1/accounts/credits/deduct', once: true },
  createPlan: { method: 'POST', path: '/v1/plans', once: true },
  listPlans: { method: 'GET', path: '/v1/plans' },
  archivePlan: { method: 'POST', path: '/v1/plans/{id}/archive', once: true },
  assignPlan: { method: 'POST', path: '/v1/accounts/{id}/plan', alias: '/v1/accounts/plans/assign', once: true },
  createReservation: { method: 'POST', path: '/v1/reservations', once: true },
  listReservations: { method: 'GET', path: '/v1/reservations' },
  getReservation: { method: 'GET', path: '/v1/reservations/{id}' },
  confirmReservation: { method: 'POST', path: '/v1/reservations/{id}/confirm', alias: '/v1/reservations/confirm', once: true },
  cancelReservation: { method: 'POST', path: '/v1/reservations/{id}/cancel', alias: '/v1/reservations/cancel', once: true },
  extendReservation: { method: 'POST', path: '/v1/reservations/{id}/extend', alias: '/v1/reservations/extend', once: true },
  listTransactions: { method: 'GET', path: '/v1/transactions' },
  createTransaction: { method: 'POST', path: '/v1/transactions', once: true },
  getTransaction: { method: 'GET', path: '/v1/transactions/{id}' },
  refundTransaction: { method: 'POST', path: '/v1/transactions/{id}/refund', once: true },
  listGrants: { method: 'GET', path: '/v1/grants' },
  voidGrant: { method: 'POST', path: '/v1/grants/{id}/void', once: true },
  recordUsage: { method: 'POST', path: '/v1/usage', once: true },
  listUsage: { method: 'GET', path: '/v1/usage' },
  summariseUsage: { method: 'GET', path: '/v1/usage/summary' },
  reportUsage: { method: 'GET', path: '/api/admin/usage' },
  listGenerations: { method: 'GET', path: '/api/admin/generations' },
  getGenerationRecord: { method: 'GET', path: '/api/admin/generations/{id}' },
  getActivity: { method: 'GET', path: '/api/v1/activity' },
  createOrganisation: { method: 'POST', path: '/api/admin/organisations' },
  listOrganisations: { method: 'GET', path: '/api/admin/organisations' },
  getOrganisation: { method: 'GET', path: '/api/admin/organisations/{id}' },
  updateOrganisation: { method: 'PATCH', path: '/api/admin/organisations/{id}' },
  createManagementKey: { method: 'POST', path: '/api/admin/management-keys' },
  listManagementKeys: { method: 'GET', path: '/api/admin/management-keys' },
  getManagementKey: { method: 'GET', path: '/api/admin/management-keys/{id}' },
  updateManagementKey: { method: 'PATCH', path: '/api/admin/management-keys/{id}' },
  deleteManagementKey: { method: 'DELETE', path: '/api/admin/management-keys/{id}' },
  rotateManagementKey: { method: 'POST', path: '/api/admin/management-keys/{id}/rotate' },
  listAudit: { method: 'GET', path: '/api/admin/audit' },
  getSystem: { method: 'GET', path: '/api/admin/system' },
  countCallsInFlight: { method: 'GET', path: '/api/admin/calls-in-flight' },
  getSession: { method: 'GET', path: '/api/admin/session' },
  listMembers: { method: 'GET', path: '/api/admin/members' },
  inviteMember: { method: 'POST', path: '/api/admin/members' },
  updateMember: { method: 'PATCH', path: '/api/admin/members/{id}' },
  removeMember: { method: 'DELETE', path: '/api/admin/members/{id}' },
  createSetupLink: { method: 'POST', path: '/api/admin/setup-link' },
  createCredential: { method: 'POST', path: '/api/admin/credentials', once: true },
  listCredentials: { method: 'GET', path: '/api/admin/credentials' },
  getCredential: { method: 'GET', path: '/api/admin/credentials/{id}' },
  updateCredential: { method: 'PATCH', path: '/api/admin/credentials/{id}' },
  deleteCredential: { method: 'DELETE', path: '/api/admin/credentials/{id}' },
  checkCredential: { method: 'POST', path: '/api/admin/credentials/{id}/check' },
  createBudget: { method: 'POST', path: '/api/admin/budgets', once: true },
  listBudgets: { method: 'GET', path: '/api/admin/budgets' },
  getBudget: { method: 'GET', path: '/api/admin/budgets/{id}' },
  updateBudget: { method: 'PATCH', path: '/api/admin/budgets/{id}' },
  deleteBudget: { method: 'DELETE', path: '/api/admin/budgets/{id}' },
  createAlertChannel: { method: 'POST', path: '/api/admin/alert-channels' },
  listAlertChannels: { method: 'GET', path: '/api/admin/alert-channels' },
  getAlertChannel: { method: 'GET', path: '/api/admin/alert-channels/{id}' },
  updateAlertChannel: { method: 'PATCH', path: '/api/admin/alert-channels/{id}' },
  deleteAlertChannel: { method: 'DELETE', path: '/api/admin/alert-channels/{id}' },
  testAlertChannel: { method: 'POST', path: '/api/admin/alert-channels/{id}/test' },
  rotateAlertChannelSecret: { method: 'POST', path: '/api/admin/alert-channels/{id}/rotate-secret' },
  getAlertDefaults: { method: 'GET', path: '/api/admin/alert-defaults' },
  updateAlertDefaults: { method: 'PATCH', path: '/api/admin/alert-defaults' },
  listDeliveries: { method: 'GET', path: '/api/admin/deliveries' },
  resendDelivery: { method: 'POST', path: '/api/admin/deliveries/{id}/resend' },
  listEvents: { method: 'GET', path: '/api/admin/events' },
} as const
