/** Budgets and what is counted in their windows; plans and who has them. */
import type { Generated } from 'kysely'

export type BudgetSchema = {
  budgets: {
    id: bigint
    organisation_id: bigint
    code: string
    source: string
    name: string
    scope: string
    scope_id: string
    metric: string
    limit_quantity: bigint
    window_kind: string
    time_zone: string
    week_start: bigint
    anchor_day: bigint
    action: string
    version: bigint
    deleted_at: bigint | null
    created_at: bigint
    /** Null: as `scope_id`. */
    scope_name: string | null
    thresholds: Generated<string>
    reserve_mode: string | null
    template_id: bigint | null
    since: Generated<bigint>
    /** JSON: the rule that takes over, and from when. */
    coming: string | null
    updated_at: bigint | null
  }
  plans: {
    id: bigint
    organisation_id: bigint
    code: string
    name: string
    amount_nanos: bigint
    interval_text: string
    occurrences: bigint | null
    accumulate: bigint
    is_active: bigint
    created_at: bigint
  }
  plan_assignments: {
    id: bigint
    organisation_id: bigint
    code: string
    account_id: bigint
    plan_id: bigint
    starts_at: bigint
    /** Null: nothing more is granted. */
    next_at: bigint | null
    granted: bigint
    ended_at: bigint | null
  }
  budget_counters: {
    budget_id: bigint
    window_start: bigint
    window_end: bigint | null
    organisation_id: bigint
    spent: bigint
    reserved: bigint
    overshoot: Generated<bigint>
    version: Generated<bigint>
    fired: Generated<string>
    blocked_at: bigint | null
  }
}
