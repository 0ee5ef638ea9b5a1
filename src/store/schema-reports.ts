/** The sums that reports read. */

export type ReportSchema = {
  rollups: {
    organisation_id: bigint
    quarter: bigint
  } & Summed
  quarters: { organisation_id: bigint; quarter: bigint; records: bigint; folded: bigint }
  folded_spans: { organisation_id: bigint; span: string; start: bigint; records: bigint }
  folded_rollups: {
    organisation_id: bigint
    dimension: string
    span: string
    start: bigint
    value: string
  } & Summed
  dimension_values: { organisation_id: bigint; dimension: string; hash: string; value: string }
}

type Summed = {
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
