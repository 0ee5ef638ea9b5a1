import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exactText } from '../lib/ratio.ts'
import { readUsage } from './read-usage.ts'
import { totalsOf, type Usage } from './usage.ts'
import { type UsageReading, usageShapes } from './usage-shapes.ts'

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }

describe('no usage is not a usage of zero', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['text', 'usage'],
    ['a list', [1, 2]],
    ['members that are all null', { prompt_tokens: null, completion_tokens: null, total_tokens: null }],
    ['a total alone', { total_tokens: 12 }],
    ['no number at all', { prompt_tokens: 'many', completion_tokens: {} }],
  ])('%s is no usage', (_what, raw) => {
    expect(readUsage('openai-chat', raw, {})).toBeUndefined()
  })

  test('zeros are no usage where output was delivered, and a usage of zero where not', () => {
    const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    expect(readUsage('openai-chat', zeros, { delivered: true })).toBeUndefined()
    expect(leaves(read('openai-chat', zeros))).toEqual({})
  })

  test('a stated cost is a usage even without counts', () => {
    const usage = readUsage('openrouter', { cost: 0.04 }, { delivered: true })
    expect(usage && cost(usage)).toBe('0.04')
    expect(readUsage('openrouter', { cost: 0 }, {})).toBeUndefined()
  })
})

describe('the reported total decides what is inside of what', () => {
  const grok = (total: number | null, cached = 0) => ({
    prompt_tokens: 12,
    completion_tokens: 20,
    total_tokens: total,
    completion_tokens_details: { reasoning_tokens: 9 },
    prompt_tokens_details: { cached_tokens: cached },
  })

  test('reasoning is outside by convention, and inside where the total says so', () => {
    expect(leaves(read('xai-chat', grok(41)))).toEqual({ input: 12, output: 20, output_reasoning: 9 })
    expect(leaves(read('xai-chat', grok(32)))).toEqual({ input: 12, output: 11, output_reasoning: 9 })
  })

  test('without a total the convention holds, unflagged', () => {
    const usage = read('xai-chat', grok(null))
    expect(leaves(usage)).toEqual({ input: 12, output: 20, output_reasoning: 9 })
    expect(usage.flags).toEqual([])
  })

  test('a total that no reading explains keeps the convention and is flagged', () => {
    const usage = read('xai-chat', grok(1000))
    expect(leaves(usage)).toEqual({ input: 12, output: 20, output_reasoning: 9 })
    expect(usage.flags).toEqual(['usage_inconsistent'])
  })

  test('reasoning on top is found at a provider that has it inside by convention', () => {
    expect(leaves(read('openai-compatible', grok(41)))).toEqual({ input: 12, output: 20, output_reasoning: 9 })
  })

  test('a cache on top of the prompt is found', () => {
    const raw = {
      prompt_tokens: 4142,
      completion_tokens: 254,
      total_tokens: 8724,
      prompt_tokens_details: { cached_tokens: 4328 },
    }
    const usage = read('xai-chat', raw)
    expect(leaves(usage)).toEqual({ input: 4142, cache_read: 4328, output: 254 })
    expect(usage.flags).toEqual([])
  })

  test('cache and reasoning both on top are found', () => {
    expect(leaves(read('openai-chat', grok(12 + 20 + 9 + 5, 5)))).toEqual({
      input: 12,
      cache_read: 5,
      output: 20,
      output_reasoning: 9,
    })
  })

  test('a total without the cache does not shrink a cache that is documented as outside', () => {
    const usage = read('bedrock', { inputTokens: 3, outputTokens: 2, cacheReadInputTokens: 2074, totalTokens: 5 })
    expect(leaves(usage)).toEqual({ input: 3, cache_read: 2074, output: 2 })
    expect(usage.flags).toEqual(['usage_inconsistent'])
  })

  test('Gemini: thoughts and tool use inside, if the total is prompt and candidates alone', () => {
    const raw = { promptTokenCount: 50, candidatesTokenCount: 30, thoughtsTokenCount: 10, toolUsePromptTokenCount: 5 }
    expect(leaves(read('gemini', { ...raw, totalTokenCount: 95 }))).toEqual({
      input: 55,
      output: 30,
      output_reasoning: 10,
    })
    expect(leaves(read('gemini', { ...raw, totalTokenCount: 80 }))).toEqual({
      input: 50,
      output: 20,
      output_reasoning: 10,
    })
  })

  test('the gap in a Gemini total is reasoning; without a gap stated reasoning is inside', () => {
    const raw = { prompt_tokens: 10, completion_tokens: 20, completion_tokens_details: { reasoning_tokens: 5 } }
    expect(leaves(read('gemini-compat', { ...raw, total_tokens: 30 }))).toEqual({
      input: 10,
      output: 15,
      output_reasoning: 5,
    })
    const contradicting = read('gemini-compat', { ...raw, total_tokens: 37 })
    expect(leaves(contradicting)).toEqual({ input: 10, output: 20, output_reasoning: 7 })
    expect(contradicting.flags).toEqual(['usage_inconsistent'])
    expect(read('gemini-compat', { ...raw, total_tokens: 29 }).flags).toEqual(['usage_inconsistent'])
  })
})

describe('a part larger than its whole is cut to the whole', () => {
  test('cached tokens beyond the prompt never make the input negative', () => {
    const usage = read('openai-chat', {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 20, audio_tokens: 30, cache_write_tokens: 4 },
    })
    expect(leaves(usage)).toEqual({ cache_read_audio: 10, output: 5 })
    expect(usage.flags).toEqual(['usage_inconsistent'])
  })

  test('values that are no counts are flagged and read as nothing', () => {
    const usage = read(
      'openai-chat',
      JSON.parse('{"prompt_tokens": "10", "completion_tokens": -5, "total_tokens": 1e400}'),
    )
    expect(leaves(usage)).toEqual({ input: 10 })
    expect(usage.flags).toEqual(['usage_string', 'usage_negative', 'usage_invalid'])
  })

  test('an input of more than two context windows is kept and flagged', () => {
    const raw = { prompt_tokens: 257, completion_tokens: 1 }
    expect(read('openai-chat', raw, { contextLength: 128 }).flags).toEqual(['usage_implausible'])
    expect(leaves(read('openai-chat', raw, { contextLength: 128 }))).toEqual({ input: 257, output: 1 })
    expect(read('openai-chat', { ...raw, prompt_tokens: 256 }, { contextLength: 128 }).flags).toEqual([])
  })
})

describe('caches', () => {
  const anthropic = (extra: object) => ({ input_tokens: 1, output_tokens: 2, ...extra })

  test('a split of writes counts only where it adds up', () => {
    const split = { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 }
    const fitting = read('anthropic', anthropic({ cache_creation_input_tokens: 30, cache_creation: split }))
    expect(leaves(fitting)).toEqual({ input: 1, cache_write_5m: 10, cache_write_1h: 20, output: 2 })
    const other = read('anthropic', anthropic({ cache_creation_input_tokens: 31, cache_creation: split }))
    expect(leaves(other)).toEqual({ input: 1, cache_write_5m: 31, output: 2 })
    expect(other.flags).toEqual(['usage_inconsistent'])
    const alone = read('anthropic', anthropic({ cache_creation: split }))
    expect(leaves(alone)).toEqual({ input: 1, cache_write_5m: 10, cache_write_1h: 20, output: 2 })
  })

  test('cached tokens that no detail places are text first, then the other modalities', () => {
    const details = [
      { modality: 'TEXT', tokenCount: 60 },
      { modality: 'AUDIO', tokenCount: 40 },
    ]
    const raw = { promptTokenCount: 100, promptTokensDetails: details, candidatesTokenCount: 1 }
    expect(leaves(read('gemini', { ...raw, cachedContentTokenCount: 50 }))).toEqual({
      input: 10,
      input_audio: 40,
      cache_read: 50,
      output: 1,
    })
    expect(leaves(read('gemini', { ...raw, cachedContentTokenCount: 70 }))).toEqual({
      input_audio: 30,
      cache_read: 60,
      cache_read_audio: 10,
      output: 1,
    })
  })

  test('a modality that only the cache details name is counted', () => {
    const usage = read('gemini', {
      promptTokenCount: 100,
      cachedContentTokenCount: 30,
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 30 }],
    })
    expect(leaves(usage)).toEqual({ input: 70, cache_read_audio: 30 })
  })

  test('the first of the fields a provider has used wins, even if it is zero', () => {
    const raw = {
      prompt_tokens: 10,
      completion_tokens: 1,
      num_cached_tokens: 0,
      prompt_token_details: { cached_tokens: 4 },
    }
    expect(leaves(read('mistral', raw))).toEqual({ input: 10, output: 1 })
    const kimi = {
      prompt_tokens: 10,
      completion_tokens: 1,
      cached_tokens: 6,
      prompt_tokens_details: { cached_tokens: 4 },
    }
    expect(leaves(read('moonshot', kimi))).toEqual({ input: 4, cache_read: 6, output: 1 })
  })

  test('DeepSeek: hits and misses make the prompt, and contradict another one', () => {
    const raw = { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6, completion_tokens: 1 }
    expect(leaves(read('deepseek', raw))).toEqual({ input: 6, cache_read: 4, output: 1 })
    expect(read('deepseek', { ...raw, prompt_tokens: 11 }).flags).toEqual(['usage_inconsistent'])
  })
})

describe('several inferences in one reply', () => {
  const message = { type: 'message', input_tokens: 5, output_tokens: 7 }

  test('each is a part of its own, an advisor at its own model', () => {
    const usage = read(
      'anthropic',
      {
        input_tokens: 10,
        output_tokens: 14,
        output_tokens_details: { thinking_tokens: 9 },
        server_tool_use: { web_search_requests: 2 },
        iterations: [
          message,
          { type: 'advisor_message', model: 'claude-big', input_tokens: 3, output_tokens: 1 },
          message,
        ],
      },
      { model: 'claude-small' },
    )
    expect(usage.parts.map(({ model }) => model)).toEqual([undefined, 'claude-big', undefined])
    expect(usage.parts.map(partLeaves)).toEqual([
      { input: 5, output_reasoning: 7, web_search: 2 },
      { input: 3, output: 1 },
      { input: 5, output: 5, output_reasoning: 2 },
    ])
    expect(usage.flags).toEqual([])
  })

  test('after a fallback the top level alone is the answer', () => {
    const raw = { input_tokens: 10, output_tokens: 4, iterations: [message, { ...message, type: 'fallback_message' }] }
    expect(leaves(read('anthropic', raw))).toEqual({ input: 10, output: 4 })
  })

  test('messages that do not add up to the top level are summed and flagged', () => {
    const usage = read('anthropic', { input_tokens: 1, output_tokens: 1, iterations: [message, message] })
    expect(leaves(usage)).toEqual({ input: 10, output: 14 })
    expect(usage.flags).toEqual(['usage_inconsistent'])
  })

  test.each([[null], [[]], [['x']], ['none']])('iterations %j leave the top level', (iterations) => {
    expect(leaves(read('anthropic', { input_tokens: 1, output_tokens: 1, iterations }))).toEqual({
      input: 1,
      output: 1,
    })
  })

  test('a search loop beyond the long-context threshold is ambiguous, and not implausible', () => {
    const raw = { input_tokens: 600_000, output_tokens: 1, server_tool_use: { web_search_requests: 3 } }
    expect(read('anthropic', raw, { contextLength: 200_000 }).flags).toEqual(['tier_ambiguous'])
    expect(read('anthropic', { ...raw, input_tokens: 200_000 }).flags).toEqual([])
    expect(read('anthropic', { ...raw, server_tool_use: null }, { contextLength: 200_000 }).flags).toEqual([
      'usage_implausible',
    ])
  })
})

describe('what a usage says beside counts', () => {
  const plain = { prompt_tokens: 3, completion_tokens: 1 }

  test.each([
    ['default', 'standard'],
    ['standard', 'standard'],
    ['Priority', 'priority'],
    ['auto', undefined],
    ['', undefined],
    [7, undefined],
  ])('service tier %j reads as %j', (tier, expected) => {
    expect(read('groq', { ...plain, service_tier: tier }).serviceTier).toBe(expected)
  })

  test('the region of an inference is kept', () => {
    expect(read('anthropic', { input_tokens: 1, output_tokens: 1, inference_geo: 'us' }).inferenceGeo).toBe('us')
  })

  test('a cost is the stated one; the upstream bill is added for a key of its own alone', () => {
    const byok = { ...plain, cost: 0.95, cost_details: { upstream_inference_cost: 19 } }
    expect(cost(read('openrouter', byok))).toBe('0.95')
    expect(cost(read('openrouter', { ...byok, is_byok: false }))).toBe('0.95')
    expect(cost(read('openrouter', { ...byok, is_byok: true }))).toBe('19.95')
    expect(cost(read('xai-responses', { input_tokens: 1, output_tokens: 1, cost_in_usd_ticks: 37756000 }))).toBe(
      '0.0037756',
    )
    expect(cost(read('perplexity', { ...plain, cost: { total_cost: 0.006 } }))).toBe('0.006')
    expect(cost(read('openrouter', { ...plain, cost: -1 }))).toBeUndefined()
  })

  test('a cost in a record of the caller is no bill', () => {
    expect(cost(read('recorded', { inputTokens: 1, outputTokens: 1, cost: 5 }))).toBeUndefined()
  })

  test('seconds, characters, pictures and search units are counted', () => {
    expect(leaves(read('openai-modality', { type: 'duration', seconds: 2.5 }))).toEqual({ audio_seconds: 2.5 })
    expect(leaves(read('recorded', { characters: 12, images: 2 }))).toEqual({ characters: 12, images: 2 })
    expect(leaves(read('cohere', { billed_units: { search_units: 1 } }))).toEqual({ 'tool_call:search_unit': 1 })
  })
})

describe('whatever a body holds', () => {
  const hostile = fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 2000 }) },
    fc.double(),
    fc.integer(),
    fc.constantFrom(null, true, '12', '-3', '', 'x', 1e300, 1e12, [], {}),
  )

  test.each(Object.keys(usageShapes) as UsageReading[])(
    '%s: leaves are positive and add up to their side',
    (reading) => {
      fc.assert(
        fc.property(bodyOf(reading, hostile), (raw) => {
          const usage = readUsage(reading, raw, { contextLength: 1000 })
          if (!usage) return
          for (const { counts } of usage.parts) {
            for (const [meter, { n, d }] of counts) {
              expect(n > 0n, meter).toBe(true)
              if (meter !== 'audio_seconds') expect(d).toBe(1n)
            }
          }
          const totals = totalsOf(usage)
          expect(Number.isSafeInteger(totals.total)).toBe(true)
          expect(totals.inputText).toBeGreaterThanOrEqual(0)
        }),
        { numRuns: 150, ...seed },
      )
    },
  )

  test('the sides of a body that holds together are its prompt and its completion', () => {
    const sides = fc.record({ prompt: fc.nat(), completion: fc.nat(), cached: fc.nat(), reasoning: fc.nat() })
    fc.assert(
      fc.property(sides, ({ prompt, completion, cached, reasoning }) => {
        const usage = read('openai-chat', {
          prompt_tokens: prompt,
          completion_tokens: completion,
          prompt_tokens_details: { cached_tokens: cached },
          completion_tokens_details: { reasoning_tokens: reasoning },
        })
        const totals = totalsOf(usage)
        expect([totals.input, totals.output]).toEqual([prompt, completion])
        expect([totals.cached, totals.reasoning]).toEqual([Math.min(cached, prompt), Math.min(reasoning, completion)])
      }),
      seed,
    )
  })
})

function read(reading: UsageReading, raw: unknown, context: Parameters<typeof readUsage>[2] = {}): Usage {
  const usage = readUsage(reading, raw, context)
  if (!usage) throw new Error('no usage')
  return usage
}

const partLeaves = ({ counts }: Usage['parts'][number]): Record<string, number> =>
  Object.fromEntries([...counts].map(([meter, { n, d }]) => [meter, Number(n) / Number(d)]))

function leaves(usage: Usage): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [meter, count] of usage.parts.map(partLeaves).flatMap((part) => Object.entries(part))) {
    sums[meter] = (sums[meter] ?? 0) + count
  }
  return sums
}

const cost = ({ reportedCost }: Usage): string | undefined => reportedCost && exactText(reportedCost)

/** A body with the members that the reading looks at, each of them anything. */
function bodyOf(reading: UsageReading, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const members = new Set<string>()
  const blocks = new Map<string, Set<string>>()
  const places = Object.values(usageShapes[reading].places).flatMap((text) => text.split(' | '))
  for (const place of places) {
    const [first = '', second] = place.replace(/\[.*/, '').split('.')
    members.add(first)
    if (second) blocks.set(first, (blocks.get(first) ?? new Set()).add(second))
  }
  const modality = fc.constantFrom('AUDIO', 'IMAGE', 'VIDEO', 'TEXT')
  const list = fc.array(
    fc.record({ modality, ttl: fc.constantFrom('5m', '1h'), tokenCount: value, inputTokens: value }),
  )
  const arbitraries = [...members].map((member) => {
    const block = [...(blocks.get(member) ?? [])].map((name) => [name, value] as const)
    const nested = block.length > 0 ? fc.oneof(fc.record(Object.fromEntries(block)), value) : value
    return [member, fc.option(/Details$|modality$/.test(member) ? fc.oneof(list, value) : nested)] as const
  })
  return fc.record(Object.fromEntries(arbitraries))
}
