/**
 * Every provider that is known by name and speaks OpenAI's wire, called as its preset says: its own path, the key in its
 * own header and nowhere else, its word for the limit, and a charge at the end, whole and streamed.
 */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPreset } from '../src/contract/provider-presets.ts'
import type { Simulator } from '../src/simulator/simulator.ts'
import { chat, expectSettled, OPENAI, recordsOf } from './gateway-kit.ts'
import { startUpstream } from './gemini-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

type Row = {
  readonly address?: string
  readonly path: string
  readonly key?: 'api-key'
  readonly limit?: 'max_completion_tokens'
  readonly leaving?: 'drain'
  readonly reading: string
  /** Asked for beside `include_usage`. */
  readonly usage?: Readonly<Record<string, boolean>>
}

/** As their public documents say. The address is left out where everybody has an own one. */
const PRESETS: Readonly<Record<string, Row>> = {
  openai: { address: 'https://api.openai.com/v1', path: '/v1', reading: 'openai', limit: 'max_completion_tokens' },
  'x-ai': { address: 'https://api.x.ai/v1', path: '/v1', reading: 'x-ai' },
  deepseek: { address: 'https://api.deepseek.com/v1', path: '/v1', reading: 'deepseek' },
  mistral: { address: 'https://api.mistral.ai/v1', path: '/v1', reading: 'mistral', leaving: 'drain' },
  groq: { address: 'https://api.groq.com/openai/v1', path: '/openai/v1', reading: 'groq', leaving: 'drain' },
  together: { address: 'https://api.together.xyz/v1', path: '/v1', reading: 'openai' },
  fireworks: { address: 'https://api.fireworks.ai/inference/v1', path: '/inference/v1', reading: 'openai' },
  perplexity: { address: 'https://api.perplexity.ai', path: '', reading: 'perplexity', leaving: 'drain' },
  cohere: { address: 'https://api.cohere.ai/compatibility/v1', path: '/compatibility/v1', reading: 'openai' },
  moonshotai: { address: 'https://api.moonshot.ai/v1', path: '/v1', reading: 'moonshot' },
  alibaba: {
    address: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    path: '/compatible-mode/v1',
    reading: 'alibaba',
  },
  'z-ai': { address: 'https://api.z.ai/api/paas/v4', path: '/api/paas/v4', reading: 'openai' },
  openrouter: { address: 'https://openrouter.ai/api/v1', path: '/api/v1', reading: 'openrouter' },
  azure: { path: '/openai/v1', reading: 'openai', key: 'api-key', limit: 'max_completion_tokens' },
  ollama: { address: 'http://127.0.0.1:11434/v1', path: '/v1', reading: 'openai' },
  vllm: { address: 'http://127.0.0.1:8000/v1', path: '/v1', reading: 'vllm', usage: { continuous_usage_stats: true } },
  lmstudio: { address: 'http://127.0.0.1:1234/v1', path: '/v1', reading: 'openai' },
}

type Seen = { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: Record<string, unknown> }
const seen: Seen[] = []

/** Each provider's address at one host: whatever the path before it, the simulator answers. */
function startFront(simulator: Simulator): Server {
  return createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const body = Buffer.concat(parts).toString()
    seen.push({ url: request.url ?? '', headers: request.headers, body: JSON.parse(body) })
    const reply = await fetch(`${simulator.url}/chat/completions`, { method: 'POST', body })
    response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' })
    response.end(Buffer.from(await reply.arrayBuffer()))
  })
}

let simulator: Simulator
let front: Server
let turnpike: Turnpike
beforeAll(async () => {
  simulator = await startUpstream()
  front = startFront(simulator)
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const host = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const keys = Object.entries(PRESETS)
  turnpike = await startTurnpike({
    yaml: `
providers:
${keys.map(([key, { path }]) => `  ${key}: { baseUrl: "${host}${path}", apiKey: secret-of-${key} }`).join('\n')}
models:
${keys.map(([key]) => `  - { id: acme/${key}, endpoints: [{ provider: ${key}, model: sentences, prices: { input: "1", output: "2" } }] }`).join('\n')}
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  front.closeAllConnections()
  await new Promise((resolve) => front.close(resolve))
  await simulator.close()
})

describe.each(Object.entries(PRESETS))('%s', (key, row) => {
  const { address, path, key: keyHeader, limit, leaving, reading, usage } = row
  test('is where its documents say', () => {
    const preset = findPreset(key)
    expect(preset).toMatchObject({ type: 'openai', reading, onCancel: leaving ?? 'abort' })
    expect([preset?.baseUrl, preset?.keyHeader, preset?.limitMember]).toEqual([address, keyHeader, limit])
    if (address) expect(new URL(address).pathname.replace(/\/$/, '')).toBe(path)
  })

  test.each([false, true])('answers by its own path, key and words, streamed: %s', async (stream) => {
    const before = (await recordsOf(turnpike)).length
    const reply = await turnpike.request(OPENAI, { body: chat(`acme/${key}`, { stream, usage: { include: true } }) })
    const text = await reply.text()
    expect(reply.status, text).toBe(200)
    const { url, headers, body } = seen.at(-1) as Seen
    expect(url).toBe(`${path}/chat/completions`)
    expect([headers.authorization, headers['api-key'], headers['x-api-key']]).toEqual(
      keyHeader ? [undefined, `secret-of-${key}`, undefined] : [`Bearer secret-of-${key}`, undefined, undefined],
    )
    expect(JSON.stringify(headers)).not.toContain(turnpike.key)
    expect(body.model).toBe('sentences')
    expect(body.stream_options).toEqual(stream ? { include_usage: true, ...usage } : undefined)
    expect(Object.keys(body).filter((member) => /^max_/.test(member))).toEqual([limit ?? 'max_tokens'])
    expect(body).not.toHaveProperty('usage')
    const record = (await recordsOf(turnpike)).slice(before)
    expect(record).toMatchObject([{ provider: key, status: 'ok', source: 'reported' }])
    expect(record[0]?.charge_nanos).toBe(
      (record[0]?.input_tokens ?? 0n) * 1_000n + (record[0]?.output_tokens ?? 0n) * 2_000n,
    )
    expect(text).toContain(`"cost":${Number(record[0]?.charge_exact)}`)
  })

  test('is told the limit of another wire by its own word', async () => {
    const messages = [{ role: 'user', content: 'a' }]
    for (const [called, asked] of [
      ['messages', { messages, max_tokens: 7 }],
      ['responses', { input: 'a', max_output_tokens: 7 }],
    ] as const) {
      const reply = await turnpike.request(`/v1/${called}`, { body: { model: `acme/${key}`, ...asked } })
      expect(reply.status).toBe(200)
      const { body } = seen.at(-1) as Seen
      expect(Object.entries(body).filter(([member]) => /^max_/.test(member))).toEqual([[limit ?? 'max_tokens', 7]])
    }
  })
})

test('what the client itself calls the limit stays as it called it', async () => {
  await turnpike.request(OPENAI, { body: chat('acme/mistral', { max_completion_tokens: 7 }) })
  expect(seen.at(-1)?.body).toMatchObject({ max_completion_tokens: 7 })
})

test('the books of all these calls are in order', () => expectSettled(turnpike))
