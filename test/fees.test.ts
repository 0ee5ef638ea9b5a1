/** What is not sold by the token, at the catalogue's own prices: searches at Google, speech by the character. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Simulator } from '../src/simulator/simulator.ts'
import { chat, OPENAI, recordsOf, recordsSince } from './gateway-kit.ts'
import { startUpstream } from './gemini-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let upstream: Simulator
let turnpike: Turnpike
beforeAll(async () => {
  upstream = await startUpstream()
  turnpike = await startTurnpike({
    yaml: `
providers:
  google: { baseUrl: "http://127.0.0.1:${upstream.port}", apiKey: k }
  openai: { baseUrl: "${upstream.url}", apiKey: k }
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  await upstream.close()
})

async function called(path: string, body: object) {
  const before = (await recordsOf(turnpike)).length
  const reply = await turnpike.request(path, { body })
  expect(reply.status).toBe(200)
  await reply.arrayBuffer()
  const [record] = await recordsSince(turnpike, before)
  if (!record) throw new Error('a call leaves a record')
  return record
}

describe('an answer that searched Google is charged its tokens and its searches', () => {
  /** Ten tokens in and five out; queries that say nothing, and those that are made again, are not billed. */
  const reply = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'Hello there.' }] },
        finishReason: 'STOP',
        index: 0,
        groundingMetadata: { webSearchQueries: ['who won', '', 'the score', 'who won'] },
      },
    ],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  }
  test.each([
    ['gemini-2.5-flash', 'once', '1', 10n * 300n + 5n * 2_500n + 35_000_000n],
    ['gemini-3-flash-preview', 'for each query', '2', 10n * 500n + 5n * 3_000n + 2n * 14_000_000n],
  ])('%s: %s', async (model, _, searches, nanos) => {
    for (const stream of [false, true]) {
      const headers = { 'content-type': stream ? 'text/event-stream' : 'application/json' }
      const raw = stream ? `data: ${JSON.stringify(reply)}\n\n` : JSON.stringify(reply)
      upstream.script(model, [{ raw }], { times: 1, headers })
      const asked = { stream, max_tokens: 50, web_search_options: {} }
      const record = await called(OPENAI, chat(`google/${model}`, asked))
      expect(record).toMatchObject({ source: 'reported', flags: [], charge_nanos: nanos })
      expect(JSON.parse(record.counts)).toMatchObject({ web_search: searches })
    }
  })
})

describe('speech is charged by the character', () => {
  test.each([
    ['tts-1', 15_000n],
    ['tts-1-hd', 30_000n],
  ])('%s', async (model, nanos) => {
    const record = await called('/v1/audio/speech', { model, input: 'Grüße, 世界', voice: 'alloy' })
    expect(record).toMatchObject({ source: 'reported', usage_type: 'audio_tts', charge_nanos: 9n * nanos })
    expect(JSON.parse(record.counts)).toEqual({ characters: '9' })
  })
})
