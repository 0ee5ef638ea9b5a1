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
  createdAt: string
  updatedAt: string
  decimal: Record<string, string>
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

export type Key = {
  /** SHA-256 of the secret: what the key is called. */
  hash: string
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

export type Reconciliation = {
  verdict: 'missing' | 'unpriced' | 'below_cost' | 'matched'
  /** Usage records of the transaction. */
  records: number
  chargedUsd: number
  writtenOffUsd: number
  /** Of all its usage; null where there is none, or none is priced. */
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
  /** Of a charge, where its usage is asked for. */
  reconciliation?: Reconciliation | undefined
}

export type UsageRecord = {
  id: string
  context: 'customer' | 'system'
  accountId: string | null
  externalId: string | null
  transactionId: string | null
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
      /** What is shown inside: reservation, usage, or both with a comma. */
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
      /** What is shown inside: reservation, usage, or both with a comma. */
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
  /** Make an organisation */
  createOrganisation: {
    body: {
      /** What people call the organisation. */
      name: string
      /** Where its days begin. Default: UTC. */
      timeZone?: string | undefined
    }
    result: {
      organisation: {
        id: string
        name: string
        timeZone: string
        createdAt: string
      }
    }
  }
  /** Make a management key; its secret is shown this once */
  createManagementKey: {
    body: {
      /** What people call the key. */
      name: string
      /** A reader changes nothing. */
      role: 'admin' | 'reader'
      /** Another organisation than one's own; the operator alone may. */
      organisationId?: string | undefined
    }
    result: {
      managementKey: {
        hash: string
        name: string
        role: 'admin' | 'reader'
        organisationId: string
        createdAt: string
      }
      /** The secret, shown this once. */
      key: string
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
  listModels: { method: 'GET', path: '/api/v1/models' },
  countModels: { method: 'GET', path: '/api/v1/models/count' },
  getModel: { method: 'GET', path: '/api/v1/model/{author}/{slug}' },
  listEndpoints: { method: 'GET', path: '/api/v1/models/{author}/{slug}/endpoints' },
  listProviders: { method: 'GET', path: '/api/v1/providers' },
  listAllModels: { method: 'GET', path: '/v1/models' },
  getOneModel: { method: 'GET', path: '/v1/models/{id}' },
  calculateCost: { method: 'POST', path: '/v1/models/calculate' },
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
  createOrganisation: { method: 'POST', path: '/api/admin/organisations' },
  createManagementKey: { method: 'POST', path: '/api/admin/management-keys' },
  createCredential: { method: 'POST', path: '/api/admin/credentials', once: true },
  listCredentials: { method: 'GET', path: '/api/admin/credentials' },
  getCredential: { method: 'GET', path: '/api/admin/credentials/{id}' },
  updateCredential: { method: 'PATCH', path: '/api/admin/credentials/{id}' },
  deleteCredential: { method: 'DELETE', path: '/api/admin/credentials/{id}' },
  checkCredential: { method: 'POST', path: '/api/admin/credentials/{id}/check' },
} as const
