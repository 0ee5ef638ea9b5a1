/** Who may do what, and who did it: keys, credentials, members, the audit log. */
import type { Generated } from 'kysely'

export type AccessSchema = {
  api_keys: {
    id: bigint
    organisation_id: bigint
    hash: string
    name: string
    label: string
    account_id: bigint | null
    disabled: bigint
    deleted_at: bigint | null
    expires_at: bigint | null
    limit_budget_id: bigint | null
    include_byok_in_limit: bigint
    created_at: bigint
    updated_at: bigint | null
    /** JSON array; null: all. */
    allowed_models: string | null
    include_usage: Generated<bigint>
    default_user: string | null
    default_metadata: string | null
  } & SecretColumns
  credentials: {
    id: bigint
    organisation_id: bigint
    code: string
    provider: string
    name: string
    label: string
    sealed: string
    sealed_by: string
    account_id: bigint | null
    api_keys: string | null
    weight: bigint
    priority: bigint
    fallback: bigint
    disabled: bigint
    cooling_until: bigint | null
    cooling_reason: string | null
    last_used_at: bigint | null
    created_at: bigint
    updated_at: bigint | null
  }
  management_keys: {
    id: bigint
    organisation_id: bigint
    hash: string
    name: string
    label: string
    role: string
    disabled: bigint
    deleted_at: bigint | null
    created_at: bigint
    updated_at: bigint | null
  } & SecretColumns
  members: {
    id: bigint
    organisation_id: bigint
    code: string
    user_id: string | null
    email: string | null
    name: string | null
    role: string
    via: string
    link_hash: string | null
    link_expires_at: bigint | null
    created_at: bigint
    joined_at: bigint | null
    removed_at: bigint | null
  }
  key_usage: {
    api_key_id: bigint
    organisation_id: bigint
    total_nanos: bigint
    byok_total_nanos: bigint
    day: bigint
    day_nanos: bigint
    byok_day_nanos: bigint
    week: bigint
    week_nanos: bigint
    byok_week_nanos: bigint
    month: bigint
    month_nanos: bigint
    byok_month_nanos: bigint
    total_counted_nanos: bigint
    day_counted_nanos: bigint
    week_counted_nanos: bigint
    month_counted_nanos: bigint
  }
  audit_log: {
    id: bigint
    organisation_id: bigint
    code: string
    actor: string
    action: string
    target: string
    before: string | null
    after: string | null
    request_id: string | null
    created_at: bigint
  }
}

/** What keys of both kinds have in common beside their hash. */
type SecretColumns = {
  code: string
  /** The secret before, which holds until then. */
  previous_hash: string | null
  previous_until: bigint | null
  last_used_at: bigint | null
}
