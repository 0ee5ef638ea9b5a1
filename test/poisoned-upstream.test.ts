/** Upstreams that lie, stop, break off or never end: what the client is told, what is charged, what is kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { generationId } from '../src/lib/id.ts'
import type { ScriptStep } from '../src/simulator/script.ts'
import { chat, eventsOf, type Kept, MOUNTS, OPENAI, OPENROUTER, recordsOf, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

/** Rows of the simulator with a number of their own. */
const CUTS = [0, 1, 2, 3, 4, 5, 6].map((chunks) => `cut-stream-${chunks}`)
const NUMBERED = [...CUTS, 'rate-limited-7', 'huge-output-5000']

const YAML = `
providers:
  first: { type: simulator, name: First }
  second: { type: simulator, name: Second }
limits: { retriesPerEndpoint: 0 }
models:
  - id: acme/down-then-up
    aliases: [down-then-up]
    endpoints:
      - { provider: first, model: server-error, prices: { input: "100", output: "200" } }
      - { provider: second, model: exact, prices: { input: "0.20", cache_read: "0.05", output: "0.50" } }
  - id: numbered/huge-usage
    endpoints: [{ provider: first, model: huge-usage, prices: { input: "100", output: "3000" } }]
${NUMBERED.map(
  (name) => `  - id: numbered/${name}
    endpoints: [{ provider: first, model: ${name}, prices: { input: "0.15", output: "0.60" } }]`,
).join('\n')}
`

let turnpike: Turnpike
/** Servers that wait for one second only, for an answer to begin or for one to go on: none but the slow comes before them. */
let hasty: Readonly<Record<string, Turnpike>>
beforeAll(async () => {
  const limited = (limits: string) => startTurnpike({ yaml: `limits: { ${limits} }` })
  turnpike = await startTurnpike({ yaml: YAML })
  hasty = { hang: await limited('firstByteSeconds: 1, replySeconds: 1'), stall: await limited('streamIdleSeconds: 1') }
})
afterAll(() => Promise.all([turnpike, ...Object.values(hasty)].map((server) => server.close())))

const MAX_TOKENS = 200

type Called = { status: number; text: string; headers: Headers; record: Kept }

/** One call, and the one record that it left; the books are in order after it. */
async function call(path: string, body: object, on = turnpike): Promise<Called> {
  const before = (await recordsOf(on)).length
  const reply = await on.request(path, { body: { max_tokens: MAX_TOKENS, ...body } })
  const text = await reply.text()
  const records = await recordsSince(on, before)
  expect(records).toHaveLength(1)
  const [record] = records
  if (!record) throw new Error('a call leaves a record')
  expect(reply.headers.get('x-generation-id')).toBe(generationId(record.code))
  return { status: reply.status, text, headers: reply.headers, record }
}

type ErrorBody = {
  error: {
    code: string | number
    type?: string
    message: string
    metadata?: { error_type?: string; provider_name?: string }
  }
}
const errorOf = (text: string) => (JSON.parse(text) as ErrorBody).error

/** A failure before the first token: status on either mount, and the code that says the same. */
const failures = [
  ['html', 502, 502, 'provider_error', 'provider_unavailable'],
  ['error-in-200', 502, 502, 'provider_error', 'provider_unavailable'],
  ['bad-json', 502, 502, 'provider_error', 'provider_unavailable'],
  ['redirect', 502, 502, 'provider_error', 'provider_unavailable'],
  ['server-error', 502, 502, 'provider_error', 'provider_unavailable'],
  ['unauthorized', 502, 502, 'provider_error', 'provider_unavailable'],
  ['payment-required', 502, 502, 'provider_error', 'provider_unavailable'],
  ['overloaded', 503, 503, 'provider_overloaded', 'provider_overloaded'],
  ['rate-limited', 429, 429, 'rate_limit_exceeded', 'rate_limit_exceeded'],
  ['rate-limited-bare', 429, 429, 'rate_limit_exceeded', 'rate_limit_exceeded'],
  ['bad-request', 400, 400, 'invalid_request', 'invalid_request'],
  ['content-policy', 403, 403, 'content_policy_violation', 'content_policy_violation'],
  ['hang', 504, 524, 'provider_timeout', 'timeout'],
] as const

describe('a failure before the first token is an error with a status, and costs nothing', () => {
  for (const [model, openai, openrouter, code, errorType] of failures)
    for (const stream of [false, true])
      test(`${model}, ${stream ? 'stream' : 'whole'}`, async () => {
        for (const path of MOUNTS) {
          const { status, text, record, headers } = await call(
            path,
            chat(`simulator/${model}`, { stream }),
            hasty[model],
          )
          expect(status).toBe(path === OPENAI ? openai : openrouter)
          expect(headers.get('content-type')).toMatch(/^application\/json/)
          const error = errorOf(text)
          if (path === OPENAI) expect(error).toMatchObject({ code })
          else
            expect(error).toMatchObject({
              code: openrouter,
              metadata: { error_type: errorType, provider_name: 'Simulator' },
            })
          if (status >= 500) expect(text).not.toMatch(/Gateway|Incorrect API key|Insufficient balance|While processing/)
          expect(record).toMatchObject({ status: 'error', charge_nanos: 0n, cost_nanos: 0n, output_tokens: 0n })
          expect(record.facts.attempts).toHaveLength(1)
          expect(headers.get('x-turnpike-cost')).toBe('0')
        }
      })

  test('a hint when to come back is passed on, and none is made up', async () => {
    const { headers } = await call(OPENAI, chat('numbered/rate-limited-7'))
    expect(headers.get('retry-after')).toBe('7')
    expect((await call(OPENAI, chat('simulator/rate-limited-bare'))).headers.get('retry-after')).toBeNull()
  })
})

/** Answers that break off after the first token. */
const breaks = [
  'cut-stream',
  'early-end',
  'error-in-stream',
  'stall',
  'no-finish',
  'empty-no-finish',
  'finish-error',
  'big-event',
  'endless',
  'huge-output',
] as const

describe('a stream that breaks off ends in one error event, without [DONE], and is insured', () => {
  for (const model of breaks)
    test(model, async () => {
      for (const path of MOUNTS) {
        const { status, text, record } = await call(
          path,
          chat(`simulator/${model}`, { stream: true, stream_options: { include_usage: true } }),
          hasty[model],
        )
        const { data, json } = eventsOf(text)
        if (status !== 200) {
          expect({ model, status }).toEqual({ model: 'big-event', status: 502 })
          continue
        }
        expect(data).not.toContain('[DONE]')
        expect(json.filter((event) => 'error' in event)).toEqual([json.at(-1)])
        expect(json.filter((event) => 'usage' in event)).toEqual([json.at(-1)])
        const last = json.at(-1) as { error: { code: unknown }; usage: { prompt_tokens: number; cost?: number } }
        expect(last).toMatchObject({ object: 'chat.completion.chunk', choices: [{ index: 0, finish_reason: 'error' }] })
        if (path === OPENROUTER) {
          expect(last.error).toMatchObject({
            code: model === 'stall' ? 524 : 502,
            metadata: { error_type: expect.any(String) },
          })
          expect(last.usage).toMatchObject({ cost: 0, is_byok: false })
        } else {
          expect(last.error.code).toBe(model === 'stall' ? 'provider_timeout' : 'provider_error')
          expect(last.usage).not.toHaveProperty('cost')
        }
        expect(last.usage.prompt_tokens).toBeGreaterThan(0)
        expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
        expect(record.cost_nanos).toBeGreaterThan(0n)
        expect(record.output_tokens).toBeLessThanOrEqual(BigInt(MAX_TOKENS))
        expect(record.facts.finishReason).toBe('error')
      }
    })

  test('cut after any number of events', async () => {
    for (let chunks = 1; chunks <= 6; chunks++) {
      const { text, record } = await call(OPENROUTER, chat(`numbered/cut-stream-${chunks}`, { stream: true }))
      const { json } = eventsOf(text)
      expect(json).toHaveLength(chunks + 1)
      expect(json.at(-1)).toMatchObject({ error: { code: 502 }, usage: { cost: 0 } })
      expect(record).toMatchObject({ charge_nanos: 0n, status: 'error', source: 'estimated' })
    }
  })

  test('cut before the first event it is a failed attempt', async () => {
    const { status, record } = await call(OPENROUTER, chat('numbered/cut-stream-0', { stream: true }))
    expect(status).toBe(502)
    expect(record).toMatchObject({ charge_nanos: 0n, cost_nanos: 0n })
  })

  test('one of two choices that never finishes breaks the answer', async () => {
    const event = (choices: object[]) => ({
      raw: `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', choices })}\n\n`,
    })
    const steps: ScriptStep[] = [
      event([{ index: 0, delta: { content: 'one' }, finish_reason: null }]),
      event([{ index: 0, delta: {}, finish_reason: 'stop' }]),
      event([{ index: 1, delta: { content: 'two' }, finish_reason: null }]),
      'close',
    ]
    turnpike.simulator.script('gpt-4o-mini', steps, { times: 1 })
    const { text, record } = await call(OPENROUTER, chat('openai/gpt-4o-mini', { stream: true, n: 2 }))
    expect(eventsOf(text).json.at(-1)).toMatchObject({ error: { code: 502 } })
    expect(record).toMatchObject({ status: 'error', charge_nanos: 0n })
  })
})

/** Answers that are whole, whatever their usage says. The flags that the record must carry. */
const liars = [
  ['negative-usage', 'estimated', ['usage_negative']],
  ['nan-usage', 'estimated', ['usage_invalid']],
  ['string-usage', 'reported', ['usage_string']],
  ['fraction-usage', 'reported', ['usage_invalid']],
  ['huge-usage', 'reported', ['usage_huge', 'capped']],
  ['inconsistent-usage', 'reported', ['usage_inconsistent']],
  ['zero-usage', 'estimated', []],
  ['no-usage', 'estimated', []],
  ['usage-twice', 'reported', []],
  ['usage-every-chunk', 'reported', []],
  ['no-done', 'reported', []],
  ['odd-framing', 'reported', []],
  ['reasoning-outside', 'reported', []],
  ['empty', 'reported', []],
] as const

describe('an answer that is whole is charged, whatever its usage says, and never above the quote', () => {
  for (const [model, source, flags] of liars)
    test(model, async () => {
      for (const path of MOUNTS)
        for (const stream of [false, true]) {
          const { status, text, record } = await call(
            path,
            chat(`simulator/${model}`, { stream, usage: { include: true } }),
          )
          expect(status).toBe(200)
          expect(record).toMatchObject({ status: 'ok', source })
          expect(record.flags).toEqual(expect.arrayContaining([...flags]))
          if (flags.length === 0) expect(record.flags).toEqual([])
          expect(record.flags).not.toContain('over_quote')
          const said = stream ? eventsOf(text).json.at(-1) : (JSON.parse(text) as Record<string, unknown>)
          const usage = said?.usage as { cost: number; total_tokens: number; usage_source?: string }
          expect(usage.usage_source).toBe(source === 'estimated' ? 'estimated' : undefined)
          expect(usage.total_tokens).toBe(Number(record.input_tokens + record.output_tokens))
          expect(BigInt(Math.round(usage.cost * 1e9))).toBe(record.charge_nanos)
          if (stream) expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
        }
    })

  test('a stream cut after its finish reason is complete, and its usage estimated', async () => {
    const { text, record } = await call(OPENROUTER, chat('simulator/cut-before-usage', { stream: true }))
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(record).toMatchObject({ status: 'ok', source: 'estimated' })
    expect(record.charge_nanos).toBeGreaterThan(0n)
  })

  test('a cost that no call comes to is unknown, and ten of them still add up', async () => {
    const first = await call(OPENAI, chat('numbered/huge-usage'))
    expect(first.record).toMatchObject({
      cost_nanos: null,
      flags: expect.arrayContaining(['cost_implausible', 'capped']),
    })
    expect(first.record.charge_nanos).toBeGreaterThan(0n)
    for (let made = 0; made < 9; made++) expect((await call(OPENAI, chat('numbered/huge-usage'))).status).toBe(200)
    expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
  })

  test('more than the limit of the request, in one piece, is flagged', async () => {
    const { record } = await call(OPENAI, chat('numbered/huge-output-5000', { max_tokens: 10 }))
    expect(record.flags).toContain('over_quote')
  })

  test('a whole answer without a finish reason is delivered and charged', async () => {
    const { record, text } = await call(OPENROUTER, chat('simulator/no-finish'))
    expect(JSON.parse(text)).toMatchObject({ choices: [{ finish_reason: null }] })
    expect(record.charge_nanos).toBeGreaterThan(0n)
  })

  test('a whole answer with neither text nor finish reason is insured, one that stopped is not', async () => {
    expect((await call(OPENROUTER, chat('simulator/empty-no-finish'))).record.charge_nanos).toBe(0n)
    const { record } = await call(OPENROUTER, chat('simulator/empty'))
    expect(record.output_tokens).toBe(0n)
    expect(record.charge_nanos).toBeGreaterThan(0n)
  })

  test('a whole answer that the provider gave up says why, and is insured', async () => {
    const openrouter = await call(OPENROUTER, chat('simulator/finish-error'))
    expect(JSON.parse(openrouter.text)).toMatchObject({
      choices: [{ finish_reason: 'error', error: { code: 502 } }],
      usage: { cost: 0 },
    })
    expect(openrouter.record).toMatchObject({ status: 'error', charge_nanos: 0n })
    const openai = await call(OPENAI, chat('simulator/finish-error'))
    expect(JSON.parse(openai.text)).toMatchObject({
      choices: [{ finish_reason: 'error', error: { code: 'provider_error' } }],
    })
  })

  test('a cost that the provider states counts, streamed or not, beside the usage or in it', async () => {
    const said = { id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm' }
    const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 }
    for (const money of [{ usage, cost: 0.0000123 }, { usage: { ...usage, cost: 0.0000123 } }]) {
      const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }
      const headers = { 'content-type': 'application/json' }
      turnpike.simulator.script('sentences', [{ raw: JSON.stringify({ ...said, choices: [choice], ...money }) }], {
        headers,
        times: 1,
      })
      const whole = await call(OPENAI, chat('simulator/sentences'))
      const chunk = { ...said, choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] }
      const events = [chunk, { ...said, choices: [], ...money }].map((event) => `data: ${JSON.stringify(event)}\n\n`)
      turnpike.simulator.script('sentences', [{ raw: `${events.join('')}data: [DONE]\n\n` }], { times: 1 })
      const streamed = await call(OPENAI, chat('simulator/sentences', { stream: true }))
      for (const { record } of [whole, streamed])
        expect(record).toMatchObject({ charge_nanos: 12_300n, flags: ['cost_differs'] })
    }
  })

  test('a whole answer where a stream was asked for is streamed', async () => {
    const body = {
      id: 'x',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Paris' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
    }
    const script = turnpike.simulator.script('sentences', [{ raw: JSON.stringify(body) }], {
      headers: { 'content-type': 'application/json' },
    })
    const { text, record } = await call(OPENROUTER, chat('simulator/sentences', { stream: true }))
    script.stop()
    const { data, json } = eventsOf(text)
    expect(json[0]).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [{ delta: { role: 'assistant', content: 'Paris' } }],
    })
    expect(json.at(-1)).toMatchObject({ usage: { total_tokens: 4 } })
    expect(data.at(-1)).toBe('[DONE]')
    expect(record).toMatchObject({ status: 'ok', output_tokens: 1n })
  })
})

describe('a fallback is charged once, at the price of the one that served', () => {
  const PRICE = 50_850n

  test('from endpoint to endpoint', async () => {
    for (const stream of [false, true]) {
      const { status, record, text } = await call(OPENROUTER, chat('down-then-up', { stream }))
      expect(status).toBe(200)
      expect(text).toContain('"provider":"Second"')
      expect(record).toMatchObject({ charge_nanos: PRICE, provider: 'second', model: 'acme/down-then-up' })
      expect(record.facts.attempts).toMatchObject([
        { provider: 'first', status: 500 },
        { provider: 'second', status: 200, error: null },
      ])
    }
  })

  test('in the order that the client prefers', async () => {
    const { record } = await call(OPENROUTER, chat('down-then-up', { provider: { order: ['second'] } }))
    expect(record.facts.attempts).toMatchObject([{ provider: 'second' }])
    const only = await call(OPENROUTER, chat('down-then-up', { provider: { only: ['first'] } }))
    expect(only.status).toBe(502)
    expect(only.record.charge_nanos).toBe(0n)
  })

  test('by price, where the client asks for that', async () => {
    for (const provider of [
      { sort: 'price' },
      { sort: { by: 'price' } },
      { max_price: { prompt: '1', completion: 0.5 } },
      { only: ['SECOND'] },
    ])
      expect((await call(OPENROUTER, chat('down-then-up', { provider }))).record.facts.attempts).toMatchObject([
        { provider: 'second' },
      ])
    const dear = await turnpike.request(OPENROUTER, {
      body: chat('down-then-up', { provider: { max_price: { prompt: '0.1' } } }),
    })
    expect(dear.status).toBe(404)
    const wrong = await turnpike.request(OPENROUTER, {
      body: chat('down-then-up', { provider: { max_price: { prompt: 'cheap' } } }),
    })
    expect(wrong.status).toBe(400)
  })

  test('from model to model', async () => {
    const body = chat('simulator/overloaded', { models: ['simulator/html', 'simulator/exact'] })
    const { record, text } = await call(OPENROUTER, body)
    expect(JSON.parse(text)).toMatchObject({ model: 'simulator/exact', usage: { cost: 0.00005085 } })
    expect(record).toMatchObject({ charge_nanos: PRICE, model: 'simulator/exact' })
    expect(record.facts.attempts.map(({ status }) => status)).toEqual([503, 200, 200])
    const openai = JSON.parse((await call(OPENAI, body)).text) as { model: string }
    expect(openai.model).toBe('simulator/exact')
  })

  test('when all fail the last one decides, and what came before is told', async () => {
    const { status, text, record } = await call(
      OPENROUTER,
      chat('simulator/rate-limited', { models: ['simulator/server-error'] }),
    )
    expect(status).toBe(502)
    expect(errorOf(text).metadata).toMatchObject({ previous_errors: [{ code: 429 }] })
    expect(record.facts.attempts).toHaveLength(2)
  })
})
