import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { METER_ORDER, type Meter, meterDefinition } from '../contract/meters.ts'
import { whole } from '../lib/ratio.ts'
import { readUsage } from './read-usage.ts'
import { totalsOf, type Usage } from './usage.ts'
import { anthropicUsage, nativeTokens, openaiChatUsage, openrouterUsage, responsesUsage } from './usage-blocks.ts'

const seed = process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }

const count = fc.oneof(fc.nat({ max: 100_000 }), fc.bigInt(0n, 1_000_000_000_000n).map(Number))
const part = fc.array(fc.tuple(fc.constantFrom<Meter>(...METER_ORDER, 'tool_call:fetch'), count)).map((entries) => ({
  counts: new Map(entries.map(([meter, tokens]) => [meter, whole(BigInt(tokens))])),
}))
const anyUsage: fc.Arbitrary<Usage> = fc.array(part, { maxLength: 4 }).map((parts) => ({ parts, flags: [] }))

const holds = (property: (usage: Usage) => void): void =>
  fc.assert(
    fc.property(anyUsage, (usage) => property(usage)),
    seed,
  )

describe('each leaf lands exactly once', () => {
  test('input, output and total are the sums of their leaves', () =>
    holds((usage) => {
      const totals = totalsOf(usage)
      expect([totals.input, totals.output]).toEqual([sideOf(usage, 'input'), sideOf(usage, 'output')])
      expect(totals.total).toBe(totals.input + totals.output)
    }))

  test('OpenAI chat: the modalities of the prompt add up to it, and no part exceeds its whole', () =>
    holds((usage) => {
      const block = openaiChatUsage(usage)
      const input = block.prompt_tokens_details
      expect(block.total_tokens).toBe(block.prompt_tokens + block.completion_tokens)
      expect(input.text_tokens + input.audio_tokens + input.image_tokens + input.video_tokens).toBe(block.prompt_tokens)
      expect(input.cached_tokens + input.cache_write_tokens).toBeLessThanOrEqual(block.prompt_tokens)
      const { reasoning_tokens, audio_tokens, image_tokens } = block.completion_tokens_details
      expect(reasoning_tokens + audio_tokens + image_tokens).toBeLessThanOrEqual(block.completion_tokens)
    }))

  test('Anthropic: input, writes and reads add up to the input side, the lifetimes to the writes', () =>
    holds((usage) => {
      const block = anthropicUsage(usage)
      const { ephemeral_5m_input_tokens, ephemeral_1h_input_tokens } = block.cache_creation
      expect(block.input_tokens + block.cache_creation_input_tokens + block.cache_read_input_tokens).toBe(
        sideOf(usage, 'input'),
      )
      expect(ephemeral_5m_input_tokens + ephemeral_1h_input_tokens).toBe(block.cache_creation_input_tokens)
      expect(block.output_tokens).toBe(sideOf(usage, 'output'))
    }))

  test('all dialects tell the same tokens', () =>
    holds((usage) => {
      const chat = openaiChatUsage(usage)
      const router = openrouterUsage(usage)
      const responses = responsesUsage(usage)
      const native = nativeTokens(usage)
      const tokens = [chat.prompt_tokens, chat.completion_tokens, chat.total_tokens]
      expect([router.prompt_tokens, router.completion_tokens, router.total_tokens]).toEqual(tokens)
      expect([responses.input_tokens, responses.output_tokens, responses.total_tokens]).toEqual(tokens)
      expect([native.native_tokens_prompt, native.native_tokens_completion]).toEqual(tokens.slice(0, 2))
      expect(native.native_tokens_cached).toBe(chat.prompt_tokens_details.cached_tokens)
    }))

  test('what a dialect shows of Anthropic reads back as the same leaves', () =>
    holds((usage) => {
      const again = readUsage('anthropic', anthropicUsage(capped(usage)), {})
      const { input, output, cached, cacheWrite, reasoning } = totalsOf(capped(usage))
      const totals = totalsOf(again ?? { parts: [], flags: [] })
      expect([totals.input, totals.output, totals.cached, totals.cacheWrite, totals.reasoning]).toEqual([
        input,
        output,
        cached,
        cacheWrite,
        reasoning,
      ])
    }))
})

describe('blocks have exactly the members that clients know, in their order', () => {
  const usage: Usage = {
    parts: [
      {
        counts: new Map<Meter, ReturnType<typeof whole>>([
          ['input', whole(14n)],
          ['cache_read', whole(161n)],
          ['output', whole(80n)],
          ['web_search', whole(2n)],
        ]),
      },
    ],
    flags: [],
    serviceTier: 'standard',
  }

  test('OpenAI chat', () => {
    expect(JSON.stringify(openaiChatUsage(usage))).toBe(
      '{"prompt_tokens":175,"completion_tokens":80,"total_tokens":255,"prompt_tokens_details":{"cached_tokens":161,"cache_write_tokens":0,"audio_tokens":0,"image_tokens":0,"text_tokens":175,"video_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"image_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}',
    )
  })

  test('prediction counts are repeated from the provider, and nothing else is', () => {
    const details = { accepted_prediction_tokens: 7, rejected_prediction_tokens: -1, reasoning_tokens: 50 }
    expect(openaiChatUsage(usage, { completion_tokens_details: details }).completion_tokens_details).toEqual({
      reasoning_tokens: 0,
      audio_tokens: 0,
      image_tokens: 0,
      accepted_prediction_tokens: 7,
      rejected_prediction_tokens: 0,
    })
  })

  test('OpenRouter, with server tools only where one ran', () => {
    const tools = '{"web_search_requests":2,"tool_calls_requested":2,"tool_calls_executed":2}'
    expect(JSON.stringify(openrouterUsage(usage))).toBe(
      `{"prompt_tokens":175,"completion_tokens":80,"total_tokens":255,"prompt_tokens_details":{"cached_tokens":161,"cache_write_tokens":0,"audio_tokens":0,"video_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"image_tokens":0,"audio_tokens":0},"server_tool_use_details":${tools},"server_tool_use":${tools}}`,
    )
    expect(Object.keys(openrouterUsage({ parts: [], flags: [] }))).not.toContain('server_tool_use')
  })

  test('Anthropic', () => {
    expect(anthropicUsage(usage)).toEqual({
      input_tokens: 14,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 161,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: 80,
      output_tokens_details: { thinking_tokens: 0 },
      server_tool_use: { web_search_requests: 2 },
      service_tier: 'standard',
      inference_geo: null,
    })
  })
})

function sideOf(usage: Usage, side: 'input' | 'output'): number {
  const counts = usage.parts.flatMap(({ counts }) => [...counts])
  return counts.reduce((sum, [meter, { n }]) => (meterDefinition(meter).side === side ? sum + Number(n) : sum), 0)
}

/** Counts far below the largest one that is read back unchanged. */
const capped = ({ parts, flags }: Usage): Usage => ({
  flags,
  parts: parts.map(({ counts }) => ({
    counts: new Map([...counts].map(([meter, { n }]) => [meter, whole(n % 1_000_000n)])),
  })),
})
