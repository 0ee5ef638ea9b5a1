/**
 * `/metrics` for Prometheus: what happened in this process, for graphs and alerts. The ledger is the truth; amounts here
 * are floats. No label names a key, an account or a person, and each has a bounded number of values.
 */
import { readFileSync } from 'node:fs'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Meter, meterDefinition } from './contract/meters.ts'
import type { Health } from './gateway/health.ts'
import type { EndedCall, GatewayMetrics } from './gateway/metrics.ts'
import { once } from './lib/once.ts'
import type { Ratio } from './lib/ratio.ts'
import { monthState } from './store/month-state.ts'
import type { Store } from './store/store.ts'
import { countWaiting } from './store/waiting.ts'

export type Metrics = GatewayMetrics & {
  /** The ledger as it is, with a look at how long each command takes. */
  watching(store: Store): Store
  delivery(outcome: 'delivered' | 'retried' | 'failed'): void
  /** The text of a scrape, and its type. */
  text(): Promise<{ readonly type: string; readonly text: string }>
}

type MetricsParts = {
  readonly store: Store
  readonly health: Pick<Health, 'list'>
  readonly elapsed: () => number
}

/** A label takes so many values; what comes later is `other`. */
const MOST_VALUES = 200
/** A scrape does not wait longer than this for the database; then it goes without its figures. */
const ASK_MS = 1_000

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const SHORT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

/** Of the process, whatever runs in it: collected once. */
const processMetrics = once(() => {
  const register = new Registry()
  collectDefaultMetrics({ register })
  return register
})

export function createMetrics({ store, health, elapsed }: MetricsParts): Metrics {
  const register = new Registry()
  const registers = [register]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `turnpike_${name}`, help, labelNames: [...labelNames], registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `turnpike_${name}`, help, buckets, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `turnpike_${name}`, help, labelNames: [...labelNames], registers })

  const requests = counter('requests_total', 'Model calls on record, by how they ended.', [
    'dialect',
    'model',
    'provider',
    'status',
  ])
  const refusals = counter('refusals_total', 'Model calls that were not admitted, by error code.', ['dialect', 'code'])
  const tokens = counter('tokens_total', 'Tokens by meter; a token is in one meter.', ['model', 'provider', 'meter'])
  const cost = counter('cost_usd_total', 'What providers take.')
  const charge = counter('charge_usd_total', 'What accounts were charged.')
  const records = counter('usage_records_total', 'Usage records of model calls, by where the counts came from.', [
    'source',
  ])
  const unpriced = counter('unpriced_requests_total', 'Model calls whose cost nobody knows.')
  const attempts = counter('upstream_attempts_total', 'Tries upstream, by what came of them.', ['provider', 'outcome'])
  const deliveries = counter('deliveries_total', 'Tries to deliver an event.', ['outcome'])
  const duration = histogram('request_duration_seconds', 'From a call to the end of its record.', SECONDS)
  const firstToken = histogram('first_token_seconds', 'From a call to its first token.', SECONDS)
  const overhead = histogram(
    'overhead_seconds',
    'From a call to its first byte upstream, where the first try served.',
    SHORT_SECONDS,
  )
  const commits = histogram(
    'store_commit_seconds',
    'From a command of the ledger to its outcome, durable.',
    SHORT_SECONDS,
  )
  const batches = histogram('store_batch_size', 'Commands of the ledger in a commit.', BATCH_SIZES)
  const streams = gauge('streams_open', 'Streams under way in this process.')
  const circuits = gauge('circuit_open', '1 where calls go elsewhere first.', ['endpoint'])
  const reservations = gauge('reservations_open', 'Reservations that live, of all processes.')
  const outbox = gauge('outbox_pending', 'Events and deliveries that wait, of all processes.')
  const ahead = gauge('months_ahead', 'Months of the large tables that are made and have not begun; on PostgreSQL.')
  const homeless = gauge('rows_without_month', 'Rows of large tables whose month was not made, up to 2000.')
  gauge('build_info', 'The version that runs.', ['version', 'engine']).set(
    { version: VERSION, engine: store.engine },
    1,
  )

  const models = bounded()
  const providers = bounded()

  const ended = ({ dialect, admission, outcome, settled }: EndedCall) => {
    const served = outcome.served ?? admission.candidates[0]
    const model = models(served?.endpoint.model.id ?? 'none')
    const provider = providers(served?.endpoint.provider.key ?? 'none')
    requests.inc({ dialect, model, provider, status: outcome.status })
    records.inc({ source: settled.source })
    for (const [meter, count] of tokensOf(settled.usage)) tokens.inc({ model, provider, meter }, count)
    const { costNanos, chargeNanos } = settled.priced
    if (costNanos === undefined) unpriced.inc()
    cost.inc(dollars(costNanos))
    charge.inc(dollars(chargeNanos))
    for (const attempt of outcome.attempts)
      attempts.inc({ provider: providers(attempt.provider), outcome: attempt.kind ?? 'ok' })
    duration.observe((elapsed() - admission.startedAt) / 1000)
    if (outcome.firstTokenAt !== null) firstToken.observe((outcome.firstTokenAt - admission.startedAt) / 1000)
    if (outcome.sentAt !== null && outcome.attempts.length === 1)
      overhead.observe((outcome.sentAt - admission.startedAt) / 1000)
  }

  /** What the database or the moment tells is asked for at each scrape. */
  const ask = async () => {
    circuits.reset()
    for (const { id, circuit } of health.list().slice(0, MOST_VALUES))
      circuits.set({ endpoint: id }, circuit === 'closed' ? 0 : 1)
    const waiting = await countWaiting(store, ASK_MS).catch(() => undefined)
    // A figure that nobody knows is none.
    reservations.set(waiting?.reservations ?? Number.NaN)
    const months = await monthState(store, ASK_MS).catch(() => undefined)
    ahead.set(months?.ahead ?? Number.NaN)
    homeless.set(months?.homeless ?? Number.NaN)
    outbox.set(waiting === undefined ? Number.NaN : waiting.events + waiting.deliveries)
  }

  return {
    ended,
    refused: (dialect, code) => refusals.inc({ dialect, code }),
    streamOpened() {
      streams.inc()
      return once(() => streams.dec())
    },
    watching(ledger) {
      ledger.onBatch((commands) => batches.observe(commands))
      return {
        ...ledger,
        async post(command) {
          const startedAt = elapsed()
          try {
            return await ledger.post(command)
          } finally {
            commits.observe((elapsed() - startedAt) / 1000)
          }
        },
      }
    },
    delivery: (outcome) => deliveries.inc({ outcome }),
    async text() {
      await ask()
      const all = Registry.merge([register, processMetrics()])
      return { type: all.contentType, text: await all.metrics() }
    },
  }
}

const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** The first names that come keep theirs. */
function bounded(): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.size < MOST_VALUES) known.add(name)
    return known.has(name) ? name : 'other'
  }
}

function tokensOf(usage: EndedCall['settled']['usage']): Map<Meter, number> {
  const sums = new Map<Meter, number>()
  for (const { counts } of usage?.parts ?? [])
    for (const [meter, quantity] of counts)
      if (meterDefinition(meter).unit === 'token') sums.set(meter, (sums.get(meter) ?? 0) + numberOf(quantity))
  return sums
}

const numberOf = ({ n, d }: Ratio): number => Math.max(0, Number(n) / Number(d))

const dollars = (nanos: bigint | undefined): number => Math.max(0, Number(nanos ?? 0n) / 1e9)
