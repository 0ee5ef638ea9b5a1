/**
 * The worked examples of usage and price, each as a call through the whole server: its provider answers with the usage,
 * whole and streamed, and what the client is told, what the ledger keeps and what the account pays is the example's cost.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Meter, meterDefinition } from '../src/contract/meters.ts'
import { findPreset } from '../src/contract/provider-presets.ts'
import { createCatalogue } from '../src/core/catalogue.ts'
import { cardAt } from '../src/core/rate-card.ts'
import { generationId } from '../src/lib/id.ts'
import { roundToNanos } from '../src/lib/money.ts'
import { add, decimalText, exactText, multiply, type Ratio, ratio, subtract, sum, ZERO } from '../src/lib/ratio.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { StoreAway } from '../src/store/store.ts'
import {
  type Customer,
  chat,
  createCustomer,
  expectSettled,
  type Kept,
  OPENAI,
  OPENROUTER,
  recordsOf,
} from './gateway-kit.ts'
import { startUpstream } from './gemini-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'
import { replyOf, WIRES } from './usage-case-replies.ts'
import { type UsageCase, usageCases } from './usage-cases.ts'

const catalogue = createCatalogue(
  JSON.parse(readFileSync(new URL('../catalogue/catalogue.json', import.meta.url), 'utf8')),
)

const called = usageCases.filter(({ api }) => WIRES[api] !== undefined)
const told = usageCases.filter(({ api }) => api === 'recorded')

/** What nobody can call through us, since we send to no such API. How they read and what they cost is tested elsewhere. */
const WITHOUT_WIRE: Readonly<Record<string, string>> = {
  responses: 'a provider is asked over chat, whichever API a client speaks',
  realtime: 'connections that stay open are not offered',
  sdk: "xAI's own protocol is not spoken, its models are reached over OpenAI's",
  'v2-chat': "Cohere is reached over OpenAI's wire",
  converse: 'Bedrock is reached over its endpoints in the form of OpenAI',
  'api/chat': "Ollama is reached over OpenAI's wire",
}

test('every example is played here, or has a reason why not', () => {
  const others = usageCases.filter((one) => !called.includes(one) && !told.includes(one))
  expect(others.filter(({ api }) => WITHOUT_WIRE[api] === undefined).map(({ id }) => id)).toEqual([])
  expect([called.length, told.length, others.length]).toEqual([60, 2, 12])
})

type Line = { readonly meter: string; readonly price: string; readonly per: number }

/** The catalogue's card of that day, or the lines that the example gives, with what it charges besides. */
function cardOf(one: UsageCase) {
  const dated = cardAt(one.catalogue === undefined ? [] : catalogue.cards(one.provider, one.model), Date.parse(one.at))
  const own = one.card?.map(({ service_tier: serviceTier, ...line }) => ({
    ...line,
    per: 1e6,
    ...(serviceTier === undefined ? {} : { serviceTier }),
  }))
  const listed = Object.entries(one.price_per_mtok).map(([meter, price]) => ({ meter, price, per: 1e6 }))
  const lines: Line[] = [...(dated?.lines ?? own ?? listed)]
  const has = (meter: string) => lines.some((line) => line.meter === meter)
  for (const { meter, price, per } of one.price_other ?? [])
    if (meter !== 'routing_fee' && !has(meter)) lines.push({ meter, price, per })
  // No call goes out to a model whose input or output has no price, though the example counts none of it.
  for (const meter of ['input', 'output']) if (!has(meter)) lines.push({ meter, price: '1', per: 1e6 })
  return { lines, multipliers: dated?.multipliers ?? [] }
}

/** A provider of the wire that the example was told on, read as its vendor counts. */
const providerOf = ({ provider, api }: UsageCase): string =>
  api === 'openai-compat-chat' ? `${provider}-compat` : provider
const nameOf = ({ id }: UsageCase): string => `acme/${id.toLowerCase()}`

function settings(upstream: Simulator, routingFeeUsd = '0'): string {
  const providers = new Map(called.map((one) => [providerOf(one), one]))
  const models = called.map((one) => ({
    id: nameOf(one),
    contextLength: 1_000_000_000,
    maxOutputTokens: 10_000_000,
    endpoints: [{ provider: providerOf(one), model: one.model, rateCard: cardOf(one) }],
  }))
  const prices = { input: '1', output: '2' }
  const own = {
    id: 'acme/own',
    contextLength: 1_000,
    endpoints: [{ provider: 'anthropic', model: 'own-name', prices }],
  }
  return JSON.stringify({
    providers: Object.fromEntries(
      [...providers].map(([key, { provider, api }]) => {
        const type = WIRES[api]
        const baseUrl = type === 'openai' ? upstream.url : `http://127.0.0.1:${upstream.port}`
        return [key, { type, baseUrl, apiKey: 'k', ...(findPreset(provider) ? { preset: provider } : {}) }]
      }),
    ),
    limits: { retriesPerEndpoint: 0 },
    routing: { circuitFailures: 0 },
    billing: { routingFeeUsd },
    models: [...models, own],
  })
}

const GRANTED = 10n ** 16n

let upstream: Simulator
let turnpike: Turnpike
let customer: Customer
beforeAll(async () => {
  upstream = await startUpstream()
  turnpike = await startTurnpike({ yaml: settings(upstream) })
  customer = await createCustomer(turnpike, 'rich', GRANTED)
})
afterAll(async () => {
  await turnpike.close()
  await upstream.close()
})

type Details = Readonly<Record<string, number | null>>
type Generation = { readonly total_cost: number; readonly cache_discount: number | null }
type Played = {
  readonly cost: number
  readonly details: Details
  readonly generation: Generation
  readonly record: Kept
}

async function play(one: UsageCase, stream: boolean): Promise<Played> {
  const reply = replyOf(one, stream)
  const headers = { 'content-type': reply.type }
  const script = upstream.script(one.model, [{ raw: reply.raw }], { times: 1, headers })
  const isEmbedding = one.api === 'embeddings'
  const path = isEmbedding ? '/v1/embeddings' : stream ? OPENROUTER : OPENAI
  const usage = { include: true }
  const body = isEmbedding
    ? { model: nameOf(one), input: 'Hi', usage }
    : chat(nameOf(one), { max_tokens: 7_000, stream, usage })
  const answer = await turnpike.request(path, { key: customer.key, body })
  const text = await answer.text()
  script.stop()
  expect(answer.status, text).toBe(200)
  const last = stream ? text.split('\n').findLast((line) => line.includes('"usage":{')) : text
  const record = (await recordsOf(turnpike)).at(-1)
  if (!record) throw new Error('a call leaves a record')
  const parsed = JSON.parse(last?.replace('data: ', '') ?? '')
  const { cost, cost_details: details } = parsed.cost === undefined ? parsed.usage : parsed
  const asked = `/api/v1/generation?id=${generationId(record.code)}`
  const { data } = (await (await turnpike.request(asked, { key: customer.key })).json()) as { data: Generation }
  return { cost, details, generation: data, record }
}

/** What the provider says that it took is its price, unless it says ours in fewer digits. */
function costOf({ raw, provider_reported_cost: stated, expected_cost: { total } }: UsageCase): string {
  const says = stated !== undefined && (raw as { cost?: number }).cost !== undefined
  return says ? stated : total
}

/** What cached tokens would have cost as plain input, less what they cost. */
function discountOf(one: UsageCase): Ratio {
  const parts = one.expected_parts ?? [{ ...one.expected_tokens, price_per_mtok: one.price_per_mtok }]
  const savings = parts.flatMap(({ leaves, price_per_mtok: prices }) =>
    Object.entries(leaves)
      .filter(([meter]) => meter.startsWith('cache_'))
      .map(([meter, count]) => {
        const plain = prices[meter.endsWith('_audio') ? 'input_audio' : 'input'] ?? prices.input
        return multiply(ratio(String(count)), subtract(ratio(plain ?? '0'), ratio(prices[meter] ?? '0')))
      }),
  )
  return multiply(sum(savings), multiply(ratio('0.000001'), ratio(one.multiplier ?? '1')))
}

const ratioOf = (amount: number | null): Ratio => ratio(decimalText(ratio(String(amount ?? 0))))

const isBill = (details: Details): boolean => 'upstream_inference_cost' in details

/** The parts that the reply names: nine, or the sides of the provider's bill. */
const partsOf = (details: Details): Ratio =>
  Object.entries(details)
    .filter(([name]) => name !== 'upstream_inference_cost')
    .reduce((total, [, amount]) => add(total, ratioOf(amount)), ZERO)

const feeOf = ({ price_other: others }: UsageCase): string =>
  others?.find(({ meter }) => meter === 'routing_fee')?.price ?? '0'

type Item = { readonly meter: string; readonly costNanos: string; chargeNanos?: string }

/** The counts that the record keeps by meter, and by model where one reply billed several, are its totals. */
function sidesOf({ counts }: Kept): { input: bigint; output: bigint } {
  const sides = { input: 0n, output: 0n, other: 0n }
  for (const [name, count] of Object.entries<string>(JSON.parse(counts))) {
    const { side } = meterDefinition(name.slice(name.indexOf(':') + 1) as Meter)
    if (side !== 'other') sides[side] += BigInt(count)
  }
  return { input: sides.input, output: sides.output }
}

function expectCost(one: UsageCase, { cost: toldCost, details, generation, record }: Played): void {
  const cost = costOf(one)
  const nanos = roundToNanos(ratio(cost))
  const items: Item[] = JSON.parse(record.items)
  expect({ told: toldCost, kept: record.charge_exact, total: record.facts.total ?? record.charge_exact }).toEqual({
    told: Number(cost),
    kept: cost,
    total: cost,
  })
  // The provider's bill knows nothing of a fee of ours.
  const besides = isBill(details) ? feeOf(one) : '0'
  expect(exactText(add(partsOf(details), ratio(besides)))).toBe(cost)
  expect(record.charge_nanos).toBe(nanos)
  expect(items.reduce((total, { costNanos, chargeNanos = costNanos }) => total + BigInt(chargeNanos), 0n)).toBe(nanos)
  expect(record).toMatchObject({
    status: 'ok',
    source: 'reported',
    input_tokens: BigInt(one.expected_tokens.input_total),
    output_tokens: BigInt(one.expected_tokens.output_total),
  })
  expect(sidesOf(record)).toEqual({ input: record.input_tokens, output: record.output_tokens })
  expect(generation).toMatchObject({ total_cost: Number(cost) })
  expect(generation.cache_discount ?? 0).toBe(Number(decimalText(discountOf(one))))
}

describe('a call costs what its example says', () => {
  for (const one of called)
    for (const stream of one.api === 'embeddings' ? [false] : [false, true])
      test(`${one.id}, ${stream ? 'streamed' : 'whole'}`, async () => {
        const fee = feeOf(one)
        if (fee !== '0') await turnpike.reload(settings(upstream, fee))
        const played = await play(one, stream)
        if (fee !== '0') await turnpike.reload(settings(upstream))
        expectCost(one, played)
      })

  const advised = usageCases.find(({ id }) => id === 'anthropic-advisor-real')
  /** The same answer, advised by another model. */
  const advisedBy = (model: string): UsageCase =>
    JSON.parse(JSON.stringify(advised).replaceAll('claude-opus-4-8', model))

  test('a model that helped has the price that the settings give it at the provider', async () => {
    const { record } = await play(advisedBy('own-name'), false)
    expect(record.charge_exact).toBe('0.008552')
  })

  test('a card of a helping model that cannot be kept now is in nobody’s way', async () => {
    const { rateCards } = turnpike.server.gateway
    const { keep } = rateCards
    let asked = 0
    // At the admission all is well; the database is away by the time that the call ends.
    Object.assign(rateCards, {
      keep: (cards: Parameters<typeof keep>[0]) =>
        asked++ === 0 ? keep(cards) : Promise.reject(new StoreAway('away')),
    })
    const { record } = await play(advisedBy('own-name'), false).finally(() => Object.assign(rateCards, { keep }))
    expect([asked, record.status, record.charge_exact]).toEqual([2, 'ok', '0.008552'])
  })

  test('of a model that helped and has no price nothing is charged, and the record says so', async () => {
    const { record, cost } = await play(advisedBy('nobody-knows-it'), false)
    expect([record.charge_exact, cost]).toEqual(['0.00599', 0.00599])
    expect(record.flags).toContain('partly_unpriced')
  })

  test('and all of them together are what the account paid', async () => {
    expect((await expectSettled(turnpike, GRANTED, 'rich')).length).toBe(2 * called.length - 1 + 3)
  })
})

describe('usage that a caller tells costs what its example says', () => {
  test.each(told.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const body = { context: 'system', modelId: `${one.provider}/${one.model}`, ...(one.raw as object) }
    const reply = await turnpike.request('/v1/usage', { key: turnpike.operatorKey, body })
    expect(reply.status).toBe(201)
    const { usageRecord } = (await reply.json()) as { usageRecord: { decimal: object } }
    expect(usageRecord.decimal).toMatchObject({ estimatedCostUsd: one.expected_cost.total })
  })
})
