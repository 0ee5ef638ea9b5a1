/** The calls of the ledger's bench: a reservation and its settle, with rows as long as those of a usual chat call. */
import { encodeFacts, GenerationFacts } from '../src/contract/generation-facts.ts'
import { linesText } from '../src/core/cost-details.ts'
import type { ReserveGeneration, Settle } from '../src/core/ledger-commands.ts'
import { type CallDetails, UNTOLD, type UsageRecord } from '../src/core/usage-rows.ts'
import type { Ids } from '../src/lib/id.ts'
import type { Random } from '../src/lib/random.ts'

export type Pair = { reserve: ReserveGeneration; settle: Settle }

export const organisationId = 1n
/** Accounts are numbered from 1; each has a grant and an API key of its own number. */
export const accountsInAll = 1_000
export const chargeNanos = 187_350n
export const detailsOf = (hash: string, at: number): CallDetails => ({
  hash,
  organisationId,
  endUser: 'customer-48151623',
  sessionId: 'session-42',
  userAgent: 'openai-python/2.8.1',
  referer: null,
  title: null,
  metadata: null,
  createdAt: at,
})

/** Hashes as the filled file has them, from any number. */
export const hashAt = (n: number): string =>
  `${10_000_000_000 + ((n * 2_654_435_761) % 4_294_967_296)}c0ffee5eedc0ffee5eed0`

type Options = { ids: Ids; random: Random; now: number; accounts: number }

/** Pairs whose accounts take turns; every settle brings details that the file does not have yet. */
export function makePairs(count: number, { ids, random, now, accounts }: Options): Pair[] {
  return Array.from({ length: count }, (_, n) => {
    const { id, code } = ids.next()
    const owner = BigInt(1 + (n % accounts))
    const details = detailsOf(hashAt(2 ** 21 + Math.floor(random.fraction() * 2 ** 20)), now)
    const record = { ...recordAt(now), id, code, accountId: owner, apiKeyId: owner, detailsHash: details.hash }
    return {
      reserve: {
        type: 'reserve',
        organisationId,
        at: now,
        id,
        code,
        accountId: owner,
        apiKeyId: owner,
        owner: 0,
        demand: {
          fixed: { n: 121_800n, d: 1_000_000_000n },
          outputUnitPrice: { n: 6n, d: 10_000_000n },
          inputTokens: 812,
          outputTokens: 500,
          choices: 1,
        },
        chain: [],
        context,
      },
      settle: {
        type: 'settle',
        organisationId,
        at: now,
        record,
        quote: 421_800n,
        holds: [],
        upstreamNanos: chargeNanos,
        details,
        actor: 'gateway',
      },
    }
  })
}

/** A record of account 1; whoever uses it says whose and which it is. */
export const recordAt = (at: number): Omit<UsageRecord, 'transactionId' | 'recordedAt'> => ({
  ...UNTOLD,
  usageType: 'text',
  id: 0n,
  organisationId,
  code: '',
  kind: 'original',
  context: 'customer',
  accountId: 1n,
  apiKeyId: 1n,
  model: 'openai/gpt-4o-mini',
  provider: 'openai',
  status: 'ok',
  source: 'reported',
  inputTokens: 809,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 110,
  reasoningTokens: 0,
  counts: '{"input":"809","output":"110"}',
  flags: [],
  rateCardId: '5f1d7a84c2b94e60',
  costNanos: chargeNanos,
  chargeNanos,
  costExact: '0.00018735',
  chargeExact: '0.00018735',
  cacheSavingNanos: 0n,
  items,
  isByok: false,
  limitNanos: null,
  admittedAt: at,
  occurredAt: at,
  latencyMs: 1874,
  firstTokenMs: 412,
  detailsHash: null,
  generation,
})

const context = JSON.stringify({
  model: 'openai/gpt-4o-mini',
  provider: 'openai',
  providerName: 'OpenAI',
  rateCardId: '5f1d7a84c2b94e60',
  inputTokens: 812,
  outputLimit: 500,
  stream: true,
  context: 'customer',
})
const lineOf = (meter: 'input' | 'output', quantity: string, price: string, nanos: bigint) => ({
  ...{ meter, pricedBy: meter, quantity, price, per: 1_000_000 },
  ...{ costNanos: nanos, chargeNanos: nanos },
})
const items = linesText([lineOf('input', '809', '0.15', 121_350n), lineOf('output', '110', '0.6', 66_000n)])
const generation = encodeFacts(
  GenerationFacts.parse({
    requestId: '742ca31216a44c07971c26031bfa50db',
    requestedModel: 'openai/gpt-4o-mini',
    providerName: 'OpenAI',
    upstreamId: 'chatcmpl-CyX2p7mQn1vKtR8dHs4LbWzE0fJ',
    streamed: true,
    finishReason: 'stop',
    nativeFinishReason: 'stop',
    serviceTier: 'default',
    generationMs: 1460,
    attempts: [{ provider: 'openai', providerName: 'OpenAI', model: 'gpt-4o-mini', status: 200, latencyMs: 1870 }],
    rawUsage: { prompt_tokens: 809, completion_tokens: 110, total_tokens: 919 },
  }),
)
