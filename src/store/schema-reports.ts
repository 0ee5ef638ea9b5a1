/** The sums that reports read. */

export type ReportSchema = {
  rollups: {
    organisation_id: bigint
    quarter: bigint
    model: string
    provider: string
    context: string
    status: string
    requests: bigint
    input_tokens: bigint
    cached_tokens: bigint
    output_tokens: bigint
    reasoning_tokens: bigint
    cost_nanos: bigint
    charge_nanos: bigint
    cache_saving_nanos: bigint
    byok_cost_nanos: bigint
    unpriced: bigint
    estimated: bigint
    no_usage: bigint
  }
  quarters: { organisation_id: bigint; quarter: bigint; records: bigint; folded: bigint }
  folded_rollups: {
    organisation_id: bigint
    dimension: string
    span: string
    start: bigint
    value: string
    model: string
    provider: string
    context: string
    status: string
    requests: bigint
    input_tokens: bigint
    cached_tokens: bigint
    output_tokens: bigint
    reasoning_tokens: bigint
    cost_nanos: bigint
    charge_nanos: bigint
    cache_saving_nanos: bigint
    byok_cost_nanos: bigint
    unpriced: bigint
    estimated: bigint
    no_usage: bigint
  }
  dimension_values: { organisation_id: bigint; dimension: string; hash: string; value: string }
}
