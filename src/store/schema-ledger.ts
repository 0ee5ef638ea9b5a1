/** Accounts, what moves their money, what was used, and what stands beside them. */
import type { Generated } from 'kysely'

export type LedgerSchema = {
  settings: { name: string; value: string }
  organisations: {
    id: bigint
    code: string
    name: string
    time_zone: string
    created_at: bigint
    low_credit_nanos: Generated<bigint | null>
  }
  nodes: { id: bigint; name: string; lease_until: bigint }
  accounts: {
    id: bigint
    organisation_id: bigint
    code: string
    external_id: string
    name: string
    email: string | null
    metadata: string | null
    status: string
    overage: string
    reserve_mode: string | null
    overdraft_nanos: bigint
    posted_nanos: bigint
    reserved_nanos: bigint
    last_at: bigint
    created_at: bigint
    updated_at: bigint
    /** What holds: its own threshold, or a copy of its organisation's. */
    low_credit_nanos: Generated<bigint | null>
    low_credit_own: Generated<bigint>
    credit_level: Generated<bigint>
  }
  grants: {
    id: bigint
    organisation_id: bigint
    code: string
    account_id: bigint
    category: string
    amount_nanos: bigint
    remaining_nanos: bigint
    reserved_nanos: bigint
    priority: bigint
    effective_at: bigint
    expires_at: bigint | null
    payment_id: string | null
    created_at: bigint
  }
  transactions: {
    id: bigint
    organisation_id: bigint
    code: string
    type: string
    account_id: bigint
    amount_nanos: bigint
    reverses_id: bigint | null
    reservation_id: bigint | null
    usage_record_id: bigint | null
    grant_id: bigint | null
    balance_after_nanos: bigint
    written_off_nanos: bigint
    occurred_at: bigint
    booked_at: bigint
    actor: string
    description: string | null
    metadata: string | null
    entries: string
    credit_usd: string | null
  }
  reservations: ReservationColumns
  ended_reservations: ReservationColumns
  reservation_progress: { reservation_id: bigint; organisation_id: bigint; output_tokens: bigint }
  usage_records: {
    id: bigint
    organisation_id: bigint
    code: string
    kind: string
    context: string
    account_id: bigint | null
    transaction_id: bigint | null
    api_key_id: bigint | null
    model: string
    provider: string
    status: string
    source: string
    input_tokens: bigint
    cached_tokens: bigint
    cache_write_tokens: bigint
    output_tokens: bigint
    reasoning_tokens: bigint
    counts: string
    flags: string
    rate_card_id: string | null
    cost_nanos: bigint | null
    charge_nanos: bigint | null
    cost_exact: string | null
    charge_exact: string | null
    cache_saving_nanos: bigint
    items: string
    is_byok: bigint
    admitted_at: bigint
    occurred_at: bigint
    recorded_at: bigint
    latency_ms: bigint | null
    first_token_ms: bigint | null
    details_hash: string | null
    generation: string
    usage_type: string
    description: string | null
    metadata: string | null
    sequence: bigint | null
    dedupe_key: string | null
    payload_hash: string | null
    limit_nanos: bigint | null
  }
  call_details: {
    hash: string
    organisation_id: bigint
    end_user: string | null
    session_id: string | null
    user_agent: string | null
    referer: string | null
    title: string | null
    metadata: string | null
    created_at: bigint
  }
  token_counts: { usage_record_id: bigint; organisation_id: bigint; prompt: bigint | null; completion: bigint | null }
  rate_cards: { id: string; source: string; provider: string; model: string; card: string; known_from: bigint }
  idempotency: {
    organisation_id: bigint
    principal: string
    operation: string
    key: string
    fingerprint: string
    state: string
    outcome: string
    created_at: bigint
  }
  /** What is proved of months that were dropped. */
  carried_sums: { organisation_id: bigint; kind: string; subject: string; month: string; sums: string }
}

type ReservationColumns = {
  id: bigint
  organisation_id: bigint
  code: string
  account_id: bigint | null
  api_key_id: bigint | null
  kind: string
  owner: bigint | null
  status: string
  amount_nanos: bigint
  quote_nanos: bigint
  admitted_at: bigint
  expires_at: bigint | null
  dead_at: bigint | null
  allocations: string
  holds: string
  context: string
  fingerprint: string | null
  result: string | null
}
