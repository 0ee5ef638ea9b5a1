/** Kysely's view of the tables that reports, lists and administration read and write. Integers are bigint on both databases. */
import type { Generated } from 'kysely'

type Int = bigint

export type Schema = {
  settings: { name: string; value: string }
  organisations: {
    id: Int
    code: string
    name: string
    time_zone: string
    created_at: Int
    low_credit_nanos: Generated<Int | null>
  }
  nodes: { id: Int; name: string; lease_until: Int }
  accounts: {
    id: Int
    organisation_id: Int
    code: string
    external_id: string
    name: string
    email: string | null
    metadata: string | null
    status: string
    overage: string
    reserve_mode: string | null
    overdraft_nanos: Int
    posted_nanos: Int
    reserved_nanos: Int
    last_at: Int
    created_at: Int
    updated_at: Int
    /** What holds: its own threshold, or a copy of its organisation's. */
    low_credit_nanos: Generated<Int | null>
    low_credit_own: Generated<Int>
    credit_level: Generated<Int>
  }
  api_keys: {
    id: Int
    organisation_id: Int
    hash: string
    name: string
    label: string
    account_id: Int | null
    disabled: Int
    deleted_at: Int | null
    expires_at: Int | null
    limit_budget_id: Int | null
    include_byok_in_limit: Int
    created_at: Int
    updated_at: Int | null
    /** JSON array; null: all. */
    allowed_models: string | null
    include_usage: Generated<Int>
    default_user: string | null
    default_metadata: string | null
  } & SecretColumns
  credentials: {
    id: Int
    organisation_id: Int
    code: string
    provider: string
    name: string
    label: string
    sealed: string
    sealed_by: string
    account_id: Int | null
    api_keys: string | null
    weight: Int
    priority: Int
    fallback: Int
    disabled: Int
    cooling_until: Int | null
    cooling_reason: string | null
    last_used_at: Int | null
    created_at: Int
    updated_at: Int | null
  }
  management_keys: {
    id: Int
    organisation_id: Int
    hash: string
    name: string
    label: string
    role: string
    disabled: Int
    deleted_at: Int | null
    created_at: Int
    updated_at: Int | null
  } & SecretColumns
  members: {
    id: Int
    organisation_id: Int
    code: string
    user_id: string | null
    email: string | null
    name: string | null
    role: string
    via: string
    link_hash: string | null
    link_expires_at: Int | null
    created_at: Int
    joined_at: Int | null
    removed_at: Int | null
  }
  key_usage: {
    api_key_id: Int
    organisation_id: Int
    total_nanos: Int
    byok_total_nanos: Int
    day: Int
    day_nanos: Int
    byok_day_nanos: Int
    week: Int
    week_nanos: Int
    byok_week_nanos: Int
    month: Int
    month_nanos: Int
    byok_month_nanos: Int
    total_counted_nanos: Int
    day_counted_nanos: Int
    week_counted_nanos: Int
    month_counted_nanos: Int
  }
  grants: {
    id: Int
    organisation_id: Int
    code: string
    account_id: Int
    category: string
    amount_nanos: Int
    remaining_nanos: Int
    reserved_nanos: Int
    priority: Int
    effective_at: Int
    expires_at: Int | null
    payment_id: string | null
    created_at: Int
  }
  transactions: {
    id: Int
    organisation_id: Int
    code: string
    type: string
    account_id: Int
    amount_nanos: Int
    reverses_id: Int | null
    reservation_id: Int | null
    usage_record_id: Int | null
    grant_id: Int | null
    balance_after_nanos: Int
    written_off_nanos: Int
    occurred_at: Int
    booked_at: Int
    actor: string
    description: string | null
    metadata: string | null
    entries: string
    credit_usd: string | null
  }
  reservations: ReservationColumns
  ended_reservations: ReservationColumns
  reservation_progress: { reservation_id: Int; organisation_id: Int; output_tokens: Int }
  usage_records: {
    id: Int
    organisation_id: Int
    code: string
    kind: string
    context: string
    account_id: Int | null
    transaction_id: Int | null
    api_key_id: Int | null
    model: string
    provider: string
    status: string
    source: string
    input_tokens: Int
    cached_tokens: Int
    cache_write_tokens: Int
    output_tokens: Int
    reasoning_tokens: Int
    counts: string
    flags: string
    rate_card_id: string | null
    cost_nanos: Int | null
    charge_nanos: Int | null
    cost_exact: string | null
    charge_exact: string | null
    cache_saving_nanos: Int
    items: string
    is_byok: Int
    admitted_at: Int
    occurred_at: Int
    recorded_at: Int
    latency_ms: Int | null
    first_token_ms: Int | null
    details_hash: string | null
    generation: string
    usage_type: string
    description: string | null
    metadata: string | null
    sequence: Int | null
    dedupe_key: string | null
    payload_hash: string | null
    limit_nanos: Int | null
  }
  call_details: {
    hash: string
    organisation_id: Int
    end_user: string | null
    session_id: string | null
    user_agent: string | null
    referer: string | null
    title: string | null
    metadata: string | null
    created_at: Int
  }
  token_counts: { usage_record_id: Int; organisation_id: Int; prompt: Int | null; completion: Int | null }
  rate_cards: { id: string; source: string; provider: string; model: string; card: string; known_from: Int }
  idempotency: {
    organisation_id: Int
    principal: string
    operation: string
    key: string
    fingerprint: string
    state: string
    outcome: string
    created_at: Int
  }
  budgets: {
    id: Int
    organisation_id: Int
    code: string
    source: string
    name: string
    scope: string
    scope_id: string
    metric: string
    limit_quantity: Int
    window_kind: string
    time_zone: string
    week_start: Int
    anchor_day: Int
    action: string
    version: Int
    deleted_at: Int | null
    created_at: Int
    /** Null: as `scope_id`. */
    scope_name: string | null
    thresholds: Generated<string>
    reserve_mode: string | null
    template_id: Int | null
    since: Generated<Int>
    /** JSON: the rule that takes over, and from when. */
    coming: string | null
    updated_at: Int | null
  }
  plans: {
    id: Int
    organisation_id: Int
    code: string
    name: string
    amount_nanos: Int
    interval_text: string
    occurrences: Int | null
    accumulate: Int
    is_active: Int
    created_at: Int
  }
  plan_assignments: {
    id: Int
    organisation_id: Int
    code: string
    account_id: Int
    plan_id: Int
    starts_at: Int
    /** Null: nothing more is granted. */
    next_at: Int | null
    granted: Int
    ended_at: Int | null
  }
  budget_counters: {
    budget_id: Int
    window_start: Int
    window_end: Int | null
    organisation_id: Int
    spent: Int
    reserved: Int
    overshoot: Generated<Int>
    version: Generated<Int>
    fired: Generated<string>
    blocked_at: Int | null
  }
  alert_firings: {
    budget_id: Int
    window_start: Int
    threshold: Int
    budget_version: Int
    organisation_id: Int
    value: Int
    at: Int
    event_id: Int
  }
  outbox: {
    id: Int
    organisation_id: Int
    code: string
    type: string
    data: string
    created_at: Int
    /** Null: nobody has been told yet. */
    dispatched_at: Generated<Int | null>
    once_key: Generated<string | null>
    dispatch_after: Generated<Int>
  }
  alert_channels: {
    id: Int
    organisation_id: Int
    code: string
    type: string
    name: string | null
    target: string
    events: string | null
    budget_code: string | null
    secret: string | null
    old_secret: string | null
    old_secret_until: Int | null
    disabled: Int
    disabled_reason: string | null
    deleted_at: Int | null
    created_at: Int
    updated_at: Int
  }
  deliveries: {
    id: Int
    organisation_id: Int
    code: string
    event_id: Int
    channel_id: Int
    type: string
    body: string
    state: string
    attempts: Int
    next_at: Int
    lease_until: Int
    log: string
    note: Generated<string | null>
    created_at: Int
    ended_at: Int | null
  }
  audit_log: {
    id: Int
    organisation_id: Int
    code: string
    actor: string
    action: string
    target: string
    before: string | null
    after: string | null
    request_id: string | null
    created_at: Int
  }
  rollups: {
    organisation_id: Int
    quarter: Int
    model: string
    provider: string
    context: string
    status: string
    requests: Int
    input_tokens: Int
    cached_tokens: Int
    output_tokens: Int
    reasoning_tokens: Int
    cost_nanos: Int
    charge_nanos: Int
    cache_saving_nanos: Int
    byok_cost_nanos: Int
    unpriced: Int
    estimated: Int
    no_usage: Int
  }
  quarters: { organisation_id: Int; quarter: Int; records: Int; folded: Int }
  folded_spans: { organisation_id: Int; span: string; start: Int; records: Int }
  folded_rollups: {
    organisation_id: Int
    dimension: string
    span: string
    start: Int
    value: string
    model: string
    provider: string
    context: string
    status: string
    requests: Int
    input_tokens: Int
    cached_tokens: Int
    output_tokens: Int
    reasoning_tokens: Int
    cost_nanos: Int
    charge_nanos: Int
    cache_saving_nanos: Int
    byok_cost_nanos: Int
    unpriced: Int
    estimated: Int
    no_usage: Int
  }
  /** What is proved of months that were dropped. */
  carried_sums: { organisation_id: Int; kind: string; subject: string; month: string; sums: string }
  dimension_values: { organisation_id: Int; dimension: string; hash: string; value: string }
}

/** What keys of both kinds have in common beside their hash. */
type SecretColumns = {
  code: string
  /** The secret before, which holds until then. */
  previous_hash: string | null
  previous_until: Int | null
  last_used_at: Int | null
}

type ReservationColumns = {
  id: Int
  organisation_id: Int
  code: string
  account_id: Int | null
  api_key_id: Int | null
  kind: string
  owner: Int | null
  status: string
  amount_nanos: Int
  quote_nanos: Int
  admitted_at: Int
  expires_at: Int | null
  dead_at: Int | null
  allocations: string
  holds: string
  context: string
  fingerprint: string | null
  result: string | null
}
