/** A Turnpike in front of a simulator that is reached over Gemini's wire, and over OpenAI's for comparison. */
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { countChat } from '../src/core/chat-tokens.ts'
import { systemClock } from '../src/lib/clock.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

export const GEMINI_KEY = 'upstream-secret'
const PRICES = 'prices: { input: "10", cache_read: "1", output: "20", output_reasoning: "30" }'

export type GeminiTurnpike = { readonly turnpike: Turnpike; readonly upstream: Simulator; close(): Promise<void> }

/** A simulator on an address of its own, which counts real tokens. */
export function startUpstream(): Promise<Simulator> {
  const tokens = (text: string): number => encode(text, { disallowedSpecial: new Set() }).length
  return startSimulator({
    clock: systemClock,
    countTokens: tokens,
    countPrompt: (body) => countChat(tokens, body),
  })
}

/** Each model as `gemini/NAME`, `drains/NAME` (read on when the client leaves) and `direct/NAME` over OpenAI's wire. The names are of one length, since quotes count bytes. */
export async function startGemini(models: readonly string[], settings = ''): Promise<GeminiTurnpike> {
  const upstream = await startUpstream()
  const address = `http://127.0.0.1:${upstream.port}`
  const yaml = `
providers:
  gemini: { type: gemini, name: Google, baseUrl: "${address}", apiKey: ${GEMINI_KEY} }
  drains: { type: gemini, baseUrl: "${address}/v1beta/", onCancel: drain }
  direct: { type: openai, baseUrl: "${address}/v1" }
${settings}
models:
${['gemini', 'drains', 'direct'].flatMap((provider) => models.map((model) => modelLine(provider, model))).join('\n')}
  - { id: mixed/fallback, contextLength: 4000, maxOutputTokens: 4000, endpoints: [{ provider: gemini, model: echo, ${PRICES} }, { provider: direct, model: echo, ${PRICES} }] }
`
  const turnpike = await startTurnpike({ yaml })
  return {
    turnpike,
    upstream,
    async close() {
      await turnpike.close()
      await upstream.close()
    },
  }
}

const modelLine = (provider: string, model: string): string =>
  `  - { id: ${provider}/${model}, contextLength: 4000, maxOutputTokens: 4000, endpoints: [{ provider: ${provider}, model: ${model}, ${PRICES} }] }`
