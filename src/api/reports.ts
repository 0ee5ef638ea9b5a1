/** The report: totals, groups and calendar buckets that add up to one another, to the nano-dollar. */
import { refuse } from '../contract/errors.ts'
import type { Report, ReportGroup } from '../contract/reports.ts'
import type { Span } from '../core/report-plan.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { addSums, isFolded, NO_SUMS, type Sums } from '../store/report-columns.ts'
import { namesOf } from '../store/report-names.ts'
import { type Summed, type SumRow, usageSumsBy } from '../store/reports.ts'
import { filterWords } from './export-name.ts'
import { focusReport } from './focus.ts'
import { assertKept } from './kept.ts'
import { withDecimal } from './money.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { filtersIn, inTime, storeFilter } from './report-filter.ts'
import { bucketsOf, onQuarters, type ReportRange, reportRange } from './report-range.ts'
import { atOnce, type Rows } from './rows.ts'

export const reportHandlers: Handlers<'reportUsage'> = {
  async reportUsage(parts, call) {
    const { caller, query, at } = call
    const { bucket = 'day', groupBy = [] } = query
    const range = onQuarters(await reportRange(parts, caller.organisationId, at, query), query)
    const buckets = bucketsOf(range, bucket)
    const rows = await sumsFor(parts, call, buckets)
    const shown = shownRows(buckets, groupBy, await named(parts, caller.organisationId, groupBy, rows))
    const name = fileWords(range, query)
    if (call.rows)
      return {
        rows: query.columns === 'focus' ? focusReport(shown, name) : reportRows(shown, name, groupBy),
      }
    return { body: reportOf(shown, { ...range, bucket }) }
  },
}

/** So many records are added up one by one, and no more; so many rows are answered. */
const MOST = { records: 250_000, rows: 50_000 }
const WITHIN_MS = 15_000

async function sumsFor(
  parts: ApiParts,
  { caller: { organisationId }, query }: Call<'reportUsage'>,
  buckets: readonly Span[],
): Promise<readonly SumRow[]> {
  const filter = await storeFilter(parts, organisationId, query)
  const dimensions = new Set([...(query.groupBy ?? []).filter(isFolded), ...Object.keys(filter.folded)])
  if (dimensions.size > 1) await assertKept(parts, buckets[0]?.start, { param: 'from', instead: ONE_OF_THEM })
  const summed = await inTime(WITHIN_MS, 'shorten the range, or group and filter by less', () =>
    usageSumsBy(parts.store, {
      ...{ organisationId, buckets, groupBy: query.groupBy ?? [], ...filter },
      ...{ withinMs: WITHIN_MS, most: MOST },
    }),
  )
  if ('rows' in summed) return summed.rows
  throw refuse('invalid_request', tooMany(summed), {
    details: { [summed.tooMany]: summed.count, most: MOST[summed.tooMany] },
  })
}

const ONE_OF_THEM = 'Their sums are, by one of api_key, account, end_user and tag: group and filter by one'

const tooMany = ({ tooMany: what, count }: Extract<Summed, { tooMany: unknown }>): string =>
  what === 'records'
    ? `Two of api_key, account, end_user and tag at once are added up call by call: the range holds ${count} calls, at most ${MOST.records}. Shorten from…to, or group and filter by one of the two`
    : `The report has more than ${MOST.rows} rows: take a wider bucket, a shorter range or one group less`

type ShownKey = Report['buckets'][number]['key']
export type ShownRow = Span & { readonly key: ShownKey; readonly sums: Sums }

/** Keys and accounts by their public names. */
async function named(
  { store }: ApiParts,
  organisationId: bigint,
  groupBy: readonly ReportGroup[],
  rows: readonly SumRow[],
): Promise<readonly SumRow[]> {
  let result = rows
  for (const [index, group] of groupBy.entries()) {
    if (group !== 'api_key' && group !== 'account') continue
    const names = await namesOf(
      store,
      organisationId,
      group,
      rows.map(({ key }) => key[index] ?? ''),
    )
    result = result.map((row) => ({ ...row, key: row.key.with(index, names.get(row.key[index] ?? '') ?? '') }))
  }
  return result
}

/** In the order of time, then of the charge. Without groups every bucket is there: a zero is a true one. */
function shownRows(buckets: readonly Span[], groupBy: readonly ReportGroup[], rows: readonly SumRow[]): ShownRow[] {
  const given =
    groupBy.length > 0
      ? rows
      : buckets.map((_, bucket) => rows.find((row) => row.bucket === bucket) ?? { bucket, key: [], sums: NO_SUMS })
  return given
    .toSorted((a, b) => a.bucket - b.bucket || byCharge(a, b))
    .map(({ bucket, key, sums }) => {
      const { start = 0, end = 0 } = buckets[bucket] ?? {}
      return { start, end, key: shownKey(groupBy, key), sums }
    })
}

type Summing = { readonly sums: Sums; readonly key: unknown }
const byCharge = (a: Summing, b: Summing): number => {
  const difference = b.sums.charge_nanos - a.sums.charge_nanos
  return difference === 0n ? JSON.stringify(a.key).localeCompare(JSON.stringify(b.key), 'en') : difference > 0n ? 1 : -1
}

const shownKey = (groupBy: readonly ReportGroup[], key: readonly string[]): ShownKey =>
  Object.fromEntries(
    groupBy.map((group, index) => {
      const value = key[index] ?? ''
      return [group, value === '' ? null : group === 'tag' ? JSON.parse(value) : value]
    }),
  )

function reportOf(
  rows: readonly ShownRow[],
  { start, end, timeZone, bucket }: ReportRange & { bucket: string },
): Report {
  const totals = rows.reduce((sum, row) => addSums(sum, row.sums), NO_SUMS)
  const groups = Map.groupBy(rows, ({ key }) => JSON.stringify(key))
  const summed = [...groups.values()].map((of) => ({
    key: of[0]?.key ?? {},
    sums: of.reduce((sum, row) => addSums(sum, row.sums), NO_SUMS),
  }))
  const isGrouped = rows.some(({ key }) => Object.keys(key).length > 0)
  return {
    totals: figures(totals),
    groups: isGrouped ? summed.toSorted(byCharge).map(({ key, sums }) => ({ key, ...figures(sums) })) : [],
    buckets: rows.map((row) => ({
      ...{ start: instantText(row.start), end: instantText(row.end), key: row.key },
      ...figures(row.sums),
    })),
    unknown: { unpriced: Number(totals.unpriced), noUsage: Number(totals.no_usage) },
    range: { from: instantText(start), to: instantText(end), timeZone, bucket },
  }
}

const figures = (sums: Sums) => ({
  requests: Number(sums.requests),
  errors: Number(sums.errors),
  inputTokens: Number(sums.input_tokens),
  cachedTokens: Number(sums.cached_tokens),
  outputTokens: Number(sums.output_tokens),
  reasoningTokens: Number(sums.reasoning_tokens),
  totalTokens: Number(sums.input_tokens + sums.output_tokens),
  ...withDecimal({
    costUsd: nanosText(sums.cost_nanos),
    chargeUsd: nanosText(sums.charge_nanos),
    cacheSavingUsd: nanosText(sums.cache_saving_nanos),
  }),
  unpricedRequests: Number(sums.unpriced),
  estimatedRequests: Number(sums.estimated - sums.no_usage),
})

const FIGURES = [
  ...(['requests', 'errors', 'inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens', 'totalTokens'] as const),
  ...(['costUsd', 'chargeUsd', 'cacheSavingUsd', 'unpricedRequests', 'estimatedRequests'] as const),
]

const fileWords = ({ words }: ReportRange, { groupBy = [], ...query }: Call<'reportUsage'>['query']): string[] => [
  'usage',
  ...(groupBy.length > 0 ? [`by-${groupBy.join('-')}`] : []),
  ...filterWords(filtersIn(query)),
  ...words,
]

/** The rows of the buckets; totals are not among them. */
function reportRows(rows: readonly ShownRow[], name: readonly string[], groupBy: readonly ReportGroup[]): Rows {
  return {
    name,
    columns: ['start', 'end', ...groupBy, ...FIGURES],
    pages: atOnce(
      rows.map(({ start, end, key, sums }) => {
        const { decimal, ...counts } = figures(sums)
        const exact: Readonly<Record<string, string>> = decimal
        return [
          ...[instantText(start), instantText(end)],
          ...groupBy.map((group) => textOfKey(key[group as keyof ShownKey])),
          ...FIGURES.map((name) => (exact[name] === undefined ? counts[name] : { exact: exact[name] })),
        ]
      }),
    ),
  }
}

const textOfKey = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)
