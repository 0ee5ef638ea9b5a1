/** The last 30 completed UTC days by model and endpoint, as OpenRouter's clients ask for them. */
import { refuse } from '../contract/errors.ts'
import { DAY_MS, instantText } from '../lib/clock.ts'
import { nanosNumber, nanosText } from '../lib/money.ts'
import { usageSumsBy } from '../store/reports.ts'
import { exportName } from './export-name.ts'
import type { ApiParts, Call, Handlers } from './parts.ts'
import { inTime, storeFilter } from './report-filter.ts'
import { atOnce, type Rows } from './rows.ts'

const DAYS = 30
const MOST = { records: 250_000, rows: 50_000 }
const WITHIN_MS = 15_000

export const activityHandlers: Handlers<'getActivity'> = {
  async getActivity(parts, call) {
    const { query, at } = call
    const days = daysOf(query.date, at)
    const rows = await activityOf(parts, call, days)
    if (!call.rows)
      return {
        body: {
          data: rows.map(({ usage, byok_usage_inference, ...rest }) => ({
            ...rest,
            usage: nanosNumber(usage),
            byok_usage_inference: nanosNumber(byok_usage_inference),
          })),
        },
      }
    return { rows: activityRows(rows, fileWords(query, days)) }
  },
}

/** Starts of the days, first to last. */
function daysOf(date: string | undefined, at: number): number[] {
  const today = Math.floor(at / DAY_MS) * DAY_MS
  const all = Array.from({ length: DAYS }, (_, index) => today - (DAYS - index) * DAY_MS)
  const days = all.filter((day) => date === undefined || dateOf(day) === date)
  if (days.length > 0) return days
  const [first, last] = [dateOf(today - DAYS * DAY_MS), dateOf(today - DAY_MS)]
  throw refuse('invalid_request', `date: expected one of the last ${DAYS} completed UTC days, ${first} to ${last}`, {
    param: 'date',
  })
}

/** Newest day first; amounts are nano-dollars. */
async function activityOf(
  parts: ApiParts,
  { caller: { organisationId }, query }: Call<'getActivity'>,
  days: readonly number[],
) {
  const filter = await storeFilter(parts, organisationId, {
    ...(query.api_key_hash === undefined ? {} : { api_key: [query.api_key_hash] }),
    ...(query.user_id === undefined ? {} : { end_user: [query.user_id] }),
  })
  const summed = await inTime(WITHIN_MS, 'ask for one date, or for one of api_key_hash and user_id', () =>
    usageSumsBy(parts.store, {
      ...{ organisationId, buckets: days.map((start) => ({ start, end: start + DAY_MS })) },
      ...{ groupBy: ['model', 'provider'], ...filter, withinMs: WITHIN_MS, most: MOST },
    }),
  )
  if (!('rows' in summed))
    throw refuse(
      'invalid_request',
      'api_key_hash and user_id at once are added up call by call, and those are too many: ask for one date or for one of the two',
    )
  return summed.rows
    .toSorted((a, b) => b.bucket - a.bucket || a.key.join().localeCompare(b.key.join(), 'en'))
    .map(({ bucket, key: [model = '', provider = ''], sums }) => ({
      date: dateOf(days[bucket] ?? 0),
      model,
      model_permaslug: model,
      endpoint_id: endpointOf(parts.routes.find(model)?.endpoints, provider) ?? `${provider}/${model}`,
      provider_name: parts.routes.providers.get(provider)?.name ?? provider,
      usage: sums.charge_nanos,
      byok_usage_inference: sums.byok_cost_nanos,
      requests: Number(sums.requests),
      prompt_tokens: Number(sums.input_tokens),
      completion_tokens: Number(sums.output_tokens),
      reasoning_tokens: Number(sums.reasoning_tokens),
    }))
}

type ActivityRow = Awaited<ReturnType<typeof activityOf>>[number]

const COLUMNS = [
  ...(['date', 'model', 'model_permaslug', 'endpoint_id', 'provider_name', 'usage', 'byok_usage_inference'] as const),
  ...(['requests', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens'] as const),
]

const activityRows = (rows: readonly ActivityRow[], name: readonly string[]): Rows => ({
  name,
  columns: COLUMNS,
  pages: atOnce(
    rows.map((row) =>
      COLUMNS.map((column) => {
        const cell = row[column]
        return typeof cell === 'bigint' ? { exact: nanosText(cell) } : cell
      }),
    ),
  ),
})

function fileWords({ api_key_hash, user_id }: Call<'getActivity'>['query'], days: readonly number[]): string[] {
  const [from, to] = [dateOf(days[0] ?? 0), dateOf(days.at(-1) ?? 0)]
  return exportName({ table: 'activity', filters: { api_key_hash, user_id }, from, to })
}

const dateOf = (instant: number): string => instantText(instant).slice(0, 10)

type Endpoint = { readonly id: string; readonly provider: { readonly key: string } }

const endpointOf = (endpoints: readonly Endpoint[] | undefined, provider: string): string | undefined =>
  endpoints?.find((endpoint) => endpoint.provider.key === provider)?.id
