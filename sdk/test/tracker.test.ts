/** The cost tracker before a whole Turnpike with its simulator, and before a server that answers as OpenRouter does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTurnpike, type Turnpike } from '../../test/turnpike.ts'
import { sumOf } from '../src/decimal.ts'
import { CostTracker, TurnpikeError } from '../src/index.ts'
import { refusal, type ScriptedServer, startScriptedServer } from './scripted-server.ts'

const YAML = `
providers:
  xai: { type: simulator, name: xAI }
models:
  - id: x-ai/grok-4-1-fast
    endpoints:
      - { provider: xai, model: exact, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }
`
const GROK = 'x-ai/grok-4-1-fast'
const messages = [{ role: 'user', content: 'What is the capital of France?' }]

let turnpike: Turnpike
let server: ScriptedServer
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
  server = await startScriptedServer()
})
afterAll(() => Promise.all([turnpike.close(), server.close()]))

const tracker = () => new CostTracker({ apiKey: turnpike.key, baseUrl: turnpike.url })
const scripted = () => new CostTracker({ apiKey: 'sk-or-1', baseUrl: `${server.url}/api/v1` })

describe('before Turnpike', () => {
  test('a call is recorded with the tokens and the cost of its reply', async () => {
    const own = tracker()
    const reply = await own.chat({ model: GROK, messages })
    expect(reply.choices[0]?.message.content).toBe('**Paris** is the capital of France.')
    expect(own.costHistory).toEqual([
      {
        generationId: reply.id,
        model: GROK,
        timestamp: expect.stringMatching(/Z$/),
        promptTokens: 175,
        completionTokens: 80,
        totalTokens: 255,
        costUsd: '0.00005085',
        cacheDiscount: null,
        provider: null,
        latencyMs: null,
      },
    ])
  })

  test('a stream passes as it comes, and is recorded once with the cost at its end', async () => {
    const own = tracker()
    const stream = await own.chat({ model: GROK, messages, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).toBe('**Paris** is the capital of France.')
    expect(own.costHistory).toHaveLength(1)
    expect(own.costHistory[0]).toMatchObject({
      generationId: stream.generationId,
      costUsd: '0.00005085',
      totalTokens: 255,
    })
  })

  test.each(['/v1', '/api/v1'])('so it is on %s too', async (mount) => {
    const own = new CostTracker({ apiKey: turnpike.key, baseUrl: `${turnpike.url}${mount}` })
    await own.chat({ model: GROK, messages })
    for await (const _ of await own.chat({ model: GROK, messages, stream: true }))
      expect(own.costHistory.length).toBeGreaterThan(0)
    expect(own.getExactTotalCost()).toBe('0.0001017')
  })

  test('the look-up gives provider and time, and takes the place of what the reply said: nothing is counted twice', async () => {
    const own = tracker()
    const { id } = await own.chat({ model: GROK, messages })
    const record = await own.recordFromGeneration(id)
    expect(record).toMatchObject({
      generationId: id,
      costUsd: '0.00005085',
      provider: 'xAI',
      promptTokens: 175,
      completionTokens: 80,
    })
    expect(record?.latencyMs).toBeGreaterThanOrEqual(0)
    expect(own.costHistory).toEqual([record])
    expect(own.getTotalCost()).toBe(0.00005085)
    expect((await own.getGenerationStats(id))?.data).toMatchObject({ id, total_cost: 0.00005085 })
  })

  test('totals are exact where floats are not, by model and in all, and equal to what the account paid', async () => {
    const own = tracker()
    const before = await balance()
    for (let call = 0; call < 6; call++) await own.chat({ model: GROK, messages })
    for (let call = 0; call < 2; call++) await own.chat({ model: 'openai/gpt-4o-mini', messages, max_tokens: 30 })
    const byModel = own.getExactCostByModel()
    expect(byModel[GROK]).toBe('0.0003051')
    expect(Object.values(byModel).reduce((a, b) => sumOf([a, b]))).toBe(own.getExactTotalCost())
    expect(own.getCostByModel()[GROK]).toBe(0.0003051)
    expect(sumOf([before, `-${own.getExactTotalCost()}`])).toBe(await balance())
  })

  test('a stream that is left early is recorded as unknown until it is looked up', async () => {
    const own = tracker()
    const stream = await own.chat({ model: GROK, messages, stream: true })
    for await (const _ of stream) break
    expect(own.costHistory).toEqual([expect.objectContaining({ generationId: stream.generationId, costUsd: null })])
    expect(own.getExactTotalCost()).toBe('0')
    const lines: string[] = []
    own.printSummary((line) => lines.push(line))
    expect(lines).toContain('Calls of unknown cost: 1')
    await expect
      .poll(() => own.recordFromGeneration(stream.generationId ?? ''), { timeout: 5_000 })
      .toMatchObject({ costUsd: expect.stringMatching(/^0\.0000/) })
    expect(own.costHistory).toHaveLength(1)
  })

  test('a call that is not tracked leaves no record and asks for no cost', async () => {
    const own = new CostTracker({ apiKey: turnpike.key, baseUrl: `${turnpike.url}/v1` })
    const reply = await own.chat({ model: GROK, messages, trackUsage: false })
    expect(reply.usage).not.toHaveProperty('cost')
    expect(own.costHistory).toEqual([])
  })

  test('a refusal is thrown and recorded nowhere', async () => {
    const own = new CostTracker({ apiKey: 'sk-tp-nobody', baseUrl: turnpike.url })
    await expect(own.chat({ messages })).rejects.toMatchObject({ name: 'AuthenticationError', status: 401 })
    expect(own.costHistory).toEqual([])
  })

  const balance = async (): Promise<string> => {
    const reply = await turnpike.request('/v1/accounts/balance')
    return ((await reply.json()) as { decimal: { balance: string } }).decimal.balance
  }
})

describe('before OpenRouter', () => {
  const chunk = (body: object) => `data: ${JSON.stringify({ id: 'gen-1', model: 'a/b', choices: [], ...body })}\n\n`

  test('a cost with an exponent or with more digits than a float holds is summed as it is written', async () => {
    const own = scripted()
    for (const [id, cost] of [
      ['gen-1', '1.4e-7'],
      ['gen-2', '12.3456789012345678'],
      ['gen-3', '0.1'],
      ['gen-4', '0.2'],
    ]) {
      server.play({
        body: `{"id":"${id}","model":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"cost":${cost}}}`,
      })
      await own.chat({ model: 'a/b', messages })
    }
    expect(own.getExactTotalCost()).toBe('12.6456790412345678')
    expect(own.costHistory[0]?.costUsd).toBe('0.00000014')
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({ model: 'a/b', messages, usage: { include: true } })
  })

  test('the model is the one of the guide where none is named', async () => {
    server.play({ body: { id: 'gen-1', model: 'x', choices: [] } })
    const own = scripted()
    await own.chat({ messages, temperature: 0 })
    expect(JSON.parse(server.asked[0]?.body ?? '')).toMatchObject({
      model: 'anthropic/claude-sonnet-4',
      temperature: 0,
    })
    expect(own.costHistory[0]).toMatchObject({ costUsd: null, totalTokens: null })
  })

  test('comments, cut events and line ends of any kind do no harm to a stream', async () => {
    const text = `: OPENROUTER PROCESSING\r\n\r\n${chunk({ choices: [{ index: 0, delta: { content: 'é' } }] }).replaceAll('\n', '\r\n')}${chunk({ usage: { total_tokens: 3, cost: 0.5 } })}data: [DONE]\n\n`
    for (const size of [1, 7, 4_096]) {
      server.play({ chunks: text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [] })
      const own = scripted()
      const contents: unknown[] = []
      for await (const { choices } of await own.chat({ messages, stream: true }))
        contents.push(choices[0]?.delta.content)
      expect(contents).toEqual(['é', undefined])
      expect(own.costHistory).toEqual([expect.objectContaining({ generationId: 'gen-1', costUsd: '0.5' })])
    }
  })

  test('an error in a stream is thrown, after the usage beside it was recorded', async () => {
    server.play({
      chunks: [
        chunk({
          error: { code: 502, message: 'Provider returned error', metadata: { error_type: 'provider_unavailable' } },
          usage: { total_tokens: 3, cost: 0 },
        }),
      ],
    })
    const own = scripted()
    const read = async () => {
      for await (const _ of await own.chat({ messages, stream: true })) expect.unreachable()
    }
    await expect(read()).rejects.toMatchObject({ name: 'ServerError', status: 502, code: 'provider_unavailable' })
    expect(own.costHistory).toEqual([expect.objectContaining({ costUsd: '0' })])
  })

  test('a look-up is repeated while it is not there, and null in the end', async () => {
    server.play(refusal(404, 'not_found'), {
      body: {
        data: { id: 'gen-1', model: 'a/b', total_cost: 0.25, native_tokens_prompt: 1, native_tokens_completion: 2 },
      },
    })
    const own = scripted()
    expect(await own.recordFromGeneration('gen-1')).toMatchObject({ costUsd: '0.25', totalTokens: 3, provider: null })
    server.play(refusal(404, 'not_found'))
    expect(await own.getGenerationStats('gen-2', 1)).toBeNull()
    expect(server.asked.map(({ url }) => url)).toEqual(['/api/v1/generation?id=gen-2'])
  })

  test('a call is not sent twice where it may have been charged', async () => {
    server.play(refusal(502, 'provider_error'))
    await expect(scripted().chat({ messages })).rejects.toThrow(TurnpikeError)
    expect(server.asked).toHaveLength(1)
  })
})

test('the history is exported to a file and through a function, under the names of the guide', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tracker-'))
  const own = tracker()
  await own.chat({ model: GROK, messages })
  let written = ''
  await own.exportHistory((json) => {
    written = json
  })
  await own.exportHistory(join(folder, 'costs.json'))
  expect(readFileSync(join(folder, 'costs.json'), 'utf8')).toBe(written)
  expect(JSON.parse(written)).toEqual([
    {
      generation_id: own.costHistory[0]?.generationId,
      model: GROK,
      timestamp: expect.any(String),
      prompt_tokens: 175,
      completion_tokens: 80,
      total_tokens: 255,
      cost_usd: 0.00005085,
      cache_discount: null,
      provider: null,
      latency_ms: null,
      decimal: { cost_usd: '0.00005085', cache_discount: null },
    },
  ])
  rmSync(folder, { recursive: true, force: true })
})

test('the summary tells calls, total and models', async () => {
  const own = tracker()
  await own.chat({ model: GROK, messages })
  const lines: string[] = []
  own.printSummary((line) => lines.push(line))
  expect(lines.join('\n')).toContain(
    `COST SUMMARY\n${'='.repeat(50)}\nTotal Calls: 1\nTotal Cost: $0.00005085\n\nBy Model:\n  ${GROK}: $0.00005085\n`,
  )
})

test('the key of the environment goes to the address it belongs to', () => {
  expect(() => new CostTracker({ baseUrl: 'https://openrouter.ai/api/v1', apiKey: '' })).toThrow(/OPENROUTER_API_KEY/)
  expect(() => new CostTracker({ baseUrl: 'http://127.0.0.1:1', apiKey: '' })).toThrow(/TURNPIKE_API_KEY/)
})
