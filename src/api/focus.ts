/**
 * Rows in the columns of FOCUS, the FinOps Open Cost and Usage Specification (https://focus.finops.org), version 1.x:
 * a charge is what an account pays, so it is the billed and the effective cost; the provider's own is the list cost.
 */
import { instantText } from '../lib/clock.ts'
import type { Cell } from '../lib/csv.ts'
import { nanosText } from '../lib/money.ts'
import type { ShownRow } from './reports.ts'
import { atOnce, type Rows } from './rows.ts'

export const FOCUS_COLUMNS = [
  ...['BilledCost', 'EffectiveCost', 'ListCost', 'BillingCurrency', 'ChargePeriodStart', 'ChargePeriodEnd'],
  ...['ChargeCategory', 'ChargeDescription', 'ServiceCategory', 'ServiceName', 'ProviderName', 'ResourceId'],
  ...['ConsumedQuantity', 'ConsumedUnit', 'SubAccountId', 'SubAccountName', 'Tags'],
] as const

export type Focus = {
  readonly start: number
  readonly end: number
  /** Null: unknown. */
  readonly chargeNanos: bigint | null
  readonly costNanos: bigint | null
  readonly description: string
  readonly model: string | null
  readonly provider: string | null
  readonly resourceId: string | null
  readonly tokens: bigint | number | null
  readonly accountId: string | null
  readonly accountName: string | null
  /** JSON object. */
  readonly tags: string | null
}

export function focusCells(row: Focus): Cell[] {
  const exact = (nanos: bigint | null) => (nanos === null ? null : { exact: nanosText(nanos) })
  return [
    ...[exact(row.chargeNanos), exact(row.chargeNanos), exact(row.costNanos), 'USD'],
    ...[instantText(row.start), instantText(row.end), 'Usage', row.description, 'AI and Machine Learning'],
    ...[row.model, row.provider, row.resourceId, row.tokens, 'Tokens', row.accountId, row.accountName, row.tags],
  ]
}

/** Buckets of a report: a column is empty where the report is not grouped by it. */
export const focusReport = (rows: readonly ShownRow[], name: readonly string[]): Rows => ({
  name: [...name, 'focus'],
  columns: FOCUS_COLUMNS,
  pages: atOnce(
    rows.map(({ start, end, key, sums }) => {
      const { model, provider, api_key, account, tag } = key as Readonly<Record<string, string | null>> & {
        tag?: object | null
      }
      return focusCells({
        ...{ start, end, chargeNanos: sums.charge_nanos, costNanos: sums.cost_nanos },
        ...{ description: `${sums.requests} calls`, model: model ?? null, provider: provider ?? null },
        ...{ resourceId: api_key ?? null, tokens: sums.input_tokens + sums.output_tokens },
        ...{ accountId: account ?? null, accountName: null, tags: tag ? JSON.stringify(tag) : null },
      })
    }),
  ),
})
