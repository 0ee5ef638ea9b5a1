/** What was used, which models there are, and what calls came to. */
import type { CommandRow } from './command-row.ts'

const USAGE = [
  'id',
  'externalId',
  'modelId',
  'usageType',
  'inputTokens',
  'outputTokens',
  ['estimatedCostUsd', 'cost USD'],
  ['chargeUsd', 'charge USD'],
  'occurredAt',
] as const
const REPORT = [
  'start',
  'key',
  'requests',
  'inputTokens',
  'outputTokens',
  ['costUsd', 'cost USD'],
  ['chargeUsd', 'charge USD'],
] as const
const ACTIVITY = ['date', 'model', 'provider_name', 'requests', ['usage', 'USD']] as const
const GENERATION = [
  ['created_at', 'at'],
  'id',
  'model',
  ['provider_name', 'provider'],
  ['total_cost', 'USD'],
  'latency',
] as const
const MODEL = [
  'id',
  ['context_length', 'context'],
  ['pricing.prompt', 'USD per input token'],
  ['pricing.completion', 'USD per output token'],
] as const
const ENDPOINT = [
  ['provider_name', 'provider'],
  ['context_length', 'context'],
  ['pricing.prompt', 'USD per input token'],
  ['pricing.completion', 'USD per output token'],
] as const

const STATE = [
  'id',
  'circuit',
  'coolsUntil',
  'successes',
  ['uptime.last5m', 'uptime 5 min'],
  ['uptime.last1d', '1 day'],
  ['latencyMs.p50', 'first token, ms'],
  ['tokensPerSecond.p50', 'tokens/s'],
] as const

const CARD = ['id', 'endpoint', 'source', 'status', 'validFrom', 'validTo'] as const

export const usageCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'usage', verb: 'record', operation: 'recordUsage' },
    shows: 'usageRecord',
    examples: [
      'turnpike usage record --context system --model gpt-4o-mini --usage-type text --input-tokens 1200 --output-tokens 380',
      'turnpike usage record --context customer --account user_456 --transaction txn_2bN4mQ6wE8rT0yU1iO3p --model whisper-1 --usage-type audio_stt --audio-duration-seconds 12.5',
    ],
  },
  {
    ...{ noun: 'usage', verb: 'list', operation: 'listUsage' },
    about: "Usage records, those of the gateway's own calls too",
    without: ['summary'],
    shows: 'usageRecords',
    columns: USAGE,
    examples: [
      'turnpike usage list --model gpt-4o-mini --start-date 2026-11-01',
      'turnpike usage list --account user_456 --csv --out november.csv',
    ],
  },
  {
    ...{ noun: 'usage', verb: 'summary', operation: 'summariseUsage' },
    shows: 'summary',
    examples: ['turnpike usage summary', 'turnpike usage summary --account user_456 --start-date 2026-11-01'],
  },
  {
    ...{ noun: 'usage', verb: 'report', operation: 'reportUsage' },
    about: 'What was spent, by calendar bucket and by up to two groups',
    shows: 'buckets',
    columns: REPORT,
    examples: [
      'turnpike usage report --from 2026-11-01 --to 2026-11-30 --group-by model',
      'turnpike usage report --bucket month --group-by account --csv --out november.csv',
      'turnpike usage report --group-by model,account --columns focus --csv',
    ],
  },
  {
    ...{ noun: 'usage', verb: 'activity', operation: 'getActivity' },
    about: 'The last 30 whole days by model and endpoint, in the words of OpenRouter',
    shows: 'data',
    columns: ACTIVITY,
    examples: ['turnpike usage activity', 'turnpike usage activity --date 2026-11-20'],
  },
  {
    ...{ noun: 'generations', verb: 'list', operation: 'listGenerations' },
    about: 'Calls, newest first',
    shows: 'generations',
    columns: GENERATION,
    examples: [
      'turnpike generations list --model gpt-4o-mini --from 2026-11-20',
      'turnpike generations list --status error --all --csv --out errors.csv',
      'turnpike generations list --from 2026-11-01 --columns focus --ndjson',
    ],
  },
  {
    ...{ noun: 'generations', verb: 'in-flight', operation: 'countCallsInFlight' },
    shows: 'callsInFlight',
    examples: ['turnpike generations in-flight', 'turnpike generations in-flight --json'],
  },
  {
    ...{ noun: 'generations', verb: 'explain', operation: 'getGenerationRecord' },
    about: 'Why a call cost what it did: its lines, attempts and raw usage',
    args: ['id'],
    names: { id: 'generation' },
    shows: 'generation',
    examples: ['turnpike generations explain gen-1763949831-7hT2kQ9wXz4LmB6vN1cR'],
  },
  {
    ...{ noun: 'generations', verb: 'get', operation: 'getGeneration' },
    args: ['id'],
    names: { id: 'generation' },
    shows: 'data',
    examples: ['turnpike generations get gen-1763949831-7hT2kQ9wXz4LmB6vN1cR'],
  },
  {
    ...{ noun: 'models', verb: 'list', operation: 'listModels' },
    about: 'Models that can be called, and their prices',
    shows: 'data',
    columns: MODEL,
    examples: ['turnpike models list', 'turnpike models list --all --csv'],
  },
  {
    ...{ noun: 'models', verb: 'get', operation: 'getModel' },
    about: 'One model and its prices',
    args: ['author/slug'],
    shows: 'data',
    examples: ['turnpike models get openai/gpt-4o-mini'],
  },
  {
    ...{ noun: 'models', verb: 'count', operation: 'countModels' },
    shows: 'data',
    examples: ['turnpike models count'],
  },
  {
    ...{ noun: 'models', verb: 'endpoints', operation: 'listEndpoints' },
    args: ['author/slug'],
    shows: 'data.endpoints',
    columns: ENDPOINT,
    examples: ['turnpike models endpoints openai/gpt-4o-mini'],
  },
  {
    ...{ noun: 'models', verb: 'calculate', operation: 'calculateCost' },
    args: ['modelId'],
    examples: ['turnpike models calculate gpt-4o-mini --input-tokens 1200 --output-tokens 380'],
  },
  {
    ...{ noun: 'providers', verb: 'list', operation: 'listProviders' },
    shows: 'data',
    columns: ['slug', 'name'],
    examples: ['turnpike providers list'],
  },
  {
    ...{ noun: 'endpoints', verb: 'list', operation: 'listEndpointStates' },
    about: 'How the endpoints that were called since the start fare',
    shows: 'endpoints',
    columns: STATE,
    examples: ['turnpike endpoints list', 'turnpike endpoints list --json'],
  },
  {
    ...{ noun: 'prices', verb: 'list', operation: 'listRateCards' },
    shows: 'rateCards',
    columns: CARD,
    examples: ['turnpike prices list --model openai/gpt-4o-mini', 'turnpike prices list --json'],
  },
  {
    ...{ noun: 'prices', verb: 'set', operation: 'createRateCard' },
    args: ['endpoint'],
    shows: 'rateCard',
    examples: [`turnpike prices set groq/llama-4 --lines '[{"meter":"input","priceUsd":"0.20"}]'`],
  },
  {
    ...{ noun: 'prices', verb: 'withdraw', operation: 'withdrawRateCard' },
    args: ['id'],
    shows: 'rateCard',
    examples: ['turnpike prices withdraw admin/0VHDBUuGlA5c7ZBcUhQr'],
  },
]
