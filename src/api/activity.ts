/** The last 30 completed UTC days by model and endpoint, as OpenRouter's clients ask for them. */
import { refuse } from '../contract/errors.ts'
import { DAY_MS } from '../core/report-plan.ts'
import { instantText } from '../lib/clock.ts'
import { nanosNumber } from '../lib/money.ts'
import { usageSumsBy } from '../store/reports.ts'
import type { Handlers } from './parts.ts'
import { inTime, storeFilter } from './report-filter.ts'

const DAYS = 30
const MOST = { records: 250_000, rows: 50_000 }
const WITHIN_MS = 15_000

export const activityHandlers: Handlers<'getActivity'> = {
  async getActivity(parts, { caller: { organisationId }, query, at }) {
    const today = Math.floor(at / DAY_MS) * DAY_MS
    const all = Array.from({ length: DAYS }, (_, index) => today - (index + 1) * DAY_MS)
    const days = all.filter((day) => query.date === undefined || dateOf(day) === query.date)
    const [last = today, first = last] = [days[0], days.at(-1)]
    if (days.length === 0)
      throw refuse(
        'invalid_request',
        `date: expected one of the last ${DAYS} completed UTC days, ${dateOf(all.at(-1) ?? 0)} to ${dateOf(all[0] ?? 0)}`,
        { param: 'date' },
      )
    const filter = await storeFilter(parts, organisationId, {
      ...(query.api_key_hash === undefined ? {} : { api_key: [query.api_key_hash] }),
      ...(query.user_id === undefined ? {} : { end_user: [query.user_id] }),
    })
    const buckets = days.length === 1 ? [first] : all.toReversed()
    const summed = await inTime(WITHIN_MS, 'ask for one date, or for one of api_key_hash and user_id', () =>
      usageSumsBy(parts.store, {
        organisationId,
        buckets: buckets.map((start) => ({ start, end: start + DAY_MS })),
        groupBy: ['model', 'provider'],
        ...filter,
        ...{ withinMs: WITHIN_MS, most: MOST },
      }),
    )
    if (!('rows' in summed))
      throw refuse(
        'invalid_request',
        'api_key_hash and user_id at once are added up call by call, and those are too many: ask for one date or for one of the two',
      )
    const rows = summed.rows.toSorted((a, b) => b.bucket - a.bucket || a.key.join().localeCompare(b.key.join(), 'en'))
    return {
      body: {
        data: rows.map(({ bucket, key: [model = '', provider = ''], sums }) => ({
          date: dateOf(buckets[bucket] ?? 0),
          model,
          model_permaslug: model,
          endpoint_id: endpointOf(parts.routes.find(model)?.endpoints, provider) ?? `${provider}/${model}`,
          provider_name: parts.routes.providers.get(provider)?.name ?? provider,
          usage: nanosNumber(sums.charge_nanos),
          byok_usage_inference: nanosNumber(sums.byok_cost_nanos),
          requests: Number(sums.requests),
          prompt_tokens: Number(sums.input_tokens),
          completion_tokens: Number(sums.output_tokens),
          reasoning_tokens: Number(sums.reasoning_tokens),
        })),
      },
    }
  },
}

const dateOf = (instant: number): string => instantText(instant).slice(0, 10)

type Endpoint = { readonly id: string; readonly provider: { readonly key: string } }

const endpointOf = (endpoints: readonly Endpoint[] | undefined, provider: string): string | undefined =>
  endpoints?.find((endpoint) => endpoint.provider.key === provider)?.id
