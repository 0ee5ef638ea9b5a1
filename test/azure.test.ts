/** Azure's ways on OpenAI's wire: the key in a header of its own, deployments in the path, a dated version behind it. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat, expectSettled, OPENAI } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const seen: { url: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }[] = []

/** As Azure streams: the first event has no choice, but what its filter thinks of the prompt. */
const STREAM = [
  { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
  {
    id: 'x',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o',
    choices: [delta({ content: 'Hello.' }, null)],
  },
  { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [delta({}, 'stop')] },
  { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [], usage: usage() },
]

const upstream = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
    seen.push({ url: request.url ?? '', headers: request.headers, body })
    if (body.stream === true) {
      response.setHeader('content-type', 'text/event-stream')
      response.end(`${STREAM.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`)
      return
    }
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }]
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'gpt-4o', choices, usage: usage() }),
    )
  })
})

let turnpike: Turnpike
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const host = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  turnpike = await startTurnpike({
    yaml: `
providers:
  azure: { baseUrl: ${host}/openai/v1, apiKey: azure-secret }
  dated: { preset: azure, baseUrl: ${host}/openai, apiVersion: 2024-10-21, apiKey: azure-secret }
models:
  - id: openai/current
    endpoints: [{ provider: azure, model: my-deployment, prices: { input: "1", output: "1" } }]
  - id: openai/dated
    endpoints: [{ provider: dated, model: "my/deployment", prices: { input: "1", output: "1" } }]
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  await new Promise((resolve) => upstream.close(resolve))
})

test.each([
  ['openai/current', '/openai/v1/chat/completions', 'my-deployment'],
  ['openai/dated', '/openai/deployments/my%2Fdeployment/chat/completions?api-version=2024-10-21', 'my/deployment'],
])('%s is asked for at %s, and the key goes in its own header alone', async (model, url, deployment) => {
  for (const stream of [false, true]) {
    const reply = await turnpike.request(OPENAI, { body: chat(model, { stream, max_tokens: 10 }) })
    const text = await reply.text()
    expect(reply.status, text).toBe(200)
    expect(text).toContain('Hello.')
    const request = seen.at(-1)
    expect(request).toMatchObject({ url, headers: { 'api-key': 'azure-secret' }, body: { model: deployment } })
    expect(request?.headers.authorization).toBeUndefined()
  }
  const [whole, streamed] = (await expectSettled(turnpike)).slice(-2)
  expect(whole).toMatchObject({ charge_nanos: 6_000n, source: 'reported', status: 'ok' })
  expect(streamed).toMatchObject({ charge_nanos: 6_000n, source: 'reported', status: 'ok' })
})

function delta(content: object, finish_reason: string | null) {
  return { index: 0, delta: content, finish_reason }
}

function usage() {
  return { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }
}
