/** What is told, to whom, and how often it was tried. */
import type { Generated } from 'kysely'

export type AlertSchema = {
  alert_firings: {
    budget_id: bigint
    window_start: bigint
    threshold: bigint
    budget_version: bigint
    organisation_id: bigint
    value: bigint
    at: bigint
    event_id: bigint
  }
  outbox: {
    id: bigint
    organisation_id: bigint
    code: string
    type: string
    data: string
    created_at: bigint
    /** Null: nobody has been told yet. */
    dispatched_at: Generated<bigint | null>
    once_key: Generated<string | null>
    dispatch_after: Generated<bigint>
  }
  alert_channels: {
    id: bigint
    organisation_id: bigint
    code: string
    type: string
    name: string | null
    target: string
    events: string | null
    budget_code: string | null
    secret: string | null
    old_secret: string | null
    old_secret_until: bigint | null
    disabled: bigint
    disabled_reason: string | null
    deleted_at: bigint | null
    created_at: bigint
    updated_at: bigint
  }
  deliveries: {
    id: bigint
    organisation_id: bigint
    code: string
    event_id: bigint
    channel_id: bigint
    type: string
    body: string
    state: string
    attempts: bigint
    next_at: bigint
    lease_until: bigint
    log: string
    note: Generated<string | null>
    created_at: bigint
    ended_at: bigint | null
  }
}
