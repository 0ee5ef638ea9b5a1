/**
 * What a provider owes the gateway, whatever its wire: the call goes up, the answer comes back in the gateway's own form
 * with a usage that its reading understands, and every way to fail is told apart. All pass it alike, before the simulator.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUsageAccumulator } from '../src/core/accumulate-usage.ts'
import { chatOverhead, chatText } from '../src/core/chat-tokens.ts'
import { readUsage } from '../src/core/read-usage.ts'
import { totalsOf } from '../src/core/usage.ts'
import { systemClock } from '../src/lib/clock.ts'
import { topLevelMembers } from '../src/lib/json-scan.ts'
import { type Provider, type UpstreamCall, UpstreamFailure, type UpstreamReply } from '../src/providers/provider.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'

export type ProviderContract = {
  /** A provider whose upstream is the simulator; `baseUrl` ends with `/v1`. */
  open(options: { baseUrl: string; apiKey: string }): Provider
  /** The header that carries the key, and how. */
  readonly keyHeader: readonly [name: string, value: string]
  /** The status of a provider that has no capacity left. */
  readonly overloadedStatus: number
  /** Where the wire names the model, of a path and a body; in the body if nothing else is said. */
  readonly modelOf?: (path: string, body: string) => unknown
  /** Models of the simulator for which the wire has no form. */
  readonly without?: readonly { readonly model: string; readonly because: string }[]
}

const SECRET = 'sk-contract-0123456789abcdef'
const LIMITS = { firstByteMs: 20_000, idleMs: 20_000, replyMs: 20_000, replyBytes: 1 << 20 }

/** About a token a word: the counts only have to be the same ones on both ways. */
const countTokens = (text: string): number => text.split(/\b/).length
const countPrompt = ({ messages, tools }: Readonly<Record<string, unknown>>): number =>
  countTokens(chatText(messages)) + chatOverhead(messages, tools)

type Fields = Record<string, unknown>
type Choice = { message: Fields; delta: Fields; finish_reason: string | null }

const modelInBody = (_path: string, body: string): unknown => JSON.parse(body).model

export function providerContract({
  open,
  keyHeader,
  overloadedStatus,
  modelOf = modelInBody,
  without = [],
}: ProviderContract): void {
  for (const { model, because } of without) test.skip(`${model} (${because})`, () => {})
  const has = (model: string): boolean => !without.some((left) => left.model === model)
  let simulator: Simulator
  let provider: Provider
  beforeAll(async () => {
    simulator = await startSimulator({ clock: systemClock, countTokens, countPrompt })
    provider = open({ baseUrl: simulator.url, apiKey: SECRET })
  })
  afterAll(async () => {
    await provider.close()
    await simulator.close()
  })

  const reading = () => provider.readingOf('chat') ?? 'openai-compatible'
  const callOf = (model: string, body: object, extra: Partial<UpstreamCall>): UpstreamCall => {
    const text = JSON.stringify({ model: 'client/name', messages: [{ role: 'user', content: 'What is it?' }], ...body })
    const members = topLevelMembers(text) ?? []
    return {
      api: 'chat',
      converted: false,
      text,
      members,
      model,
      stream: false,
      outputLimit: undefined,
      maxOutputTokens: 500,
      limits: LIMITS,
      ...extra,
    }
  }
  const send = (model: string, body: object = {}, extra: Partial<UpstreamCall> = {}) =>
    provider.send(callOf(model, body, extra))

  async function whole(model: string, body: object = {}) {
    const reply = await send(model, body).reply
    if (reply.kind !== 'whole') throw new Error('a whole reply was asked for')
    const [choice] = reply.parsed.choices as Choice[]
    return { reply, choice, usage: readUsage(reading(), reply.parsed.usage, { model }) }
  }

  /** Everything a stream says, and its last word. */
  async function listen(reply: UpstreamReply) {
    if (reply.kind !== 'stream') throw new Error('a stream was asked for')
    const chunks: Fields[] = []
    const { promise, resolve } = Promise.withResolvers<UpstreamFailure | undefined>()
    reply.stream.listen({ event: (data) => chunks.push(JSON.parse(data) as Fields), end: resolve })
    return { chunks, failure: await promise }
  }

  async function stream(model: string, body: object = {}) {
    const heard = await listen(await send(model, { stream: true, ...body }, { stream: true }).reply)
    const accumulator = createUsageAccumulator(reading())
    for (const chunk of heard.chunks) accumulator.add(chunk)
    const choices = heard.chunks.flatMap((chunk) => chunk.choices as Choice[])
    return {
      ...heard,
      text: choices.map(({ delta }) => delta.content ?? '').join(''),
      calls: choices.flatMap(({ delta }) => (delta.tool_calls ?? []) as { function: { arguments: string } }[]),
      finish: choices.flatMap(({ finish_reason }) => finish_reason ?? []),
      usage: readUsage(reading(), accumulator.raw(), { model }),
    }
  }

  const failureOf = (reply: Promise<unknown>): Promise<UpstreamFailure> =>
    reply.then(
      () => {
        throw new Error('it should have failed')
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(UpstreamFailure)
        return error as UpstreamFailure
      },
    )

  describe('an answer', () => {
    test('is a chat completion, whole, and the same in chunks', async () => {
      const { reply, choice, usage } = await whole('sentences')
      expect(reply.status).toBe(200)
      expect(JSON.parse(reply.body).choices).toEqual(reply.parsed.choices)
      expect(choice).toMatchObject({ index: 0, finish_reason: 'stop', message: { role: 'assistant' } })
      const streamed = await stream('sentences')
      expect(streamed.failure).toBeUndefined()
      expect(streamed.text).toBe(choice?.message.content)
      expect(streamed.finish).toEqual(['stop'])
      expect(usage && totalsOf(usage)).toMatchObject({ output: countTokens(streamed.text) })
      expect(streamed.usage && totalsOf(streamed.usage)).toEqual(usage && totalsOf(usage))
    })

    test.each(['cache-hit', 'cache-write', 'reasoning', 'reasoning-visible', 'exact'].filter(has))(
      '%s is counted alike in both forms',
      async (model) => {
        const { usage } = await whole(model)
        const streamed = await stream(model)
        expect(usage?.flags).toEqual([])
        expect(streamed.usage && totalsOf(streamed.usage)).toEqual(usage && totalsOf(usage))
        const { cached, cacheWrite, reasoning, input } = totalsOf(usage ?? { parts: [], flags: [] })
        expect(cached > 0).toBe(model === 'cache-hit' || model === 'exact')
        expect(cacheWrite > 0).toBe(model === 'cache-write')
        expect(reasoning > 0).toBe(model.startsWith('reasoning'))
        expect(input).toBeGreaterThan(cached + cacheWrite)
      },
    )

    test('stops at the limit of the client, or at the one that the gateway sets', async () => {
      expect((await whole('sentences', { max_tokens: 3 })).choice?.finish_reason).toBe('length')
      const reply = await send('sentences', {}, { outputLimit: 3 }).reply
      expect(reply.kind === 'whole' && reply.parsed.choices).toMatchObject([{ finish_reason: 'length' }])
    })

    test('calls a tool, whose arguments come in pieces in a stream', async () => {
      const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
      const tools = [{ type: 'function', function: { name: 'look', parameters } }]
      const { choice } = await whole('tool-call', { tools })
      const { tool_calls: calls = [] } = choice?.message ?? {}
      const [call] = calls as { function: { name: string; arguments: string } }[]
      expect(choice?.finish_reason).toBe('tool_calls')
      expect(call?.function.name).toBe('look')
      const streamed = await stream('tool-call', { tools })
      expect(streamed.calls.map((piece) => piece.function.arguments ?? '').join('')).toBe(call?.function.arguments)
      expect(Object.keys(JSON.parse(call?.function.arguments ?? ''))).toEqual(['city'])
      expect(streamed.finish).toEqual(['tool_calls'])
    })

    test('goes to the model by its name upstream, with the key', async () => {
      await whole('echo')
      const request = simulator.requests.at(-1)
      expect(modelOf(request?.path ?? '', request?.body ?? '')).toBe('echo')
      expect(request?.headers[keyHeader[0]]).toBe(keyHeader[1].replace('KEY', SECRET))
    })

    test('comes to a listener who is late', async () => {
      const reply = await send('sentences', { stream: true }, { stream: true }).reply
      await expect.poll(() => simulator.stats().active, { timeout: 5_000 }).toBe(0)
      const { chunks, failure } = await listen(reply)
      expect(failure).toBeUndefined()
      expect(chunks.length).toBeGreaterThan(3)
    })
  })

  describe('a failure before the answer', () => {
    const failures: [string, object][] = [
      ['rate-limited', { kind: 'status', status: 429, retryAfterMs: 2000 }],
      ['rate-limited-bare', { kind: 'status', status: 429, retryAfterMs: undefined }],
      ['server-error', { kind: 'status', status: 500 }],
      ['unauthorized', { kind: 'status', status: 401 }],
      ['bad-request', { kind: 'status', status: 400 }],
      ['content-policy', { kind: 'status', status: 403, code: 'content_policy_violation' }],
      ['html', { kind: 'invalid' }],
      ['bad-json', { kind: 'invalid' }],
      ['redirect', { kind: 'status', status: 307 }],
    ]
    test.each(failures.filter(([model]) => has(model)))('%s', async (model, expected) => {
      for (const isStream of [false, true]) {
        const failure = await failureOf(send(model, { stream: isStream }, { stream: isStream }).reply)
        expect(failure).toMatchObject(expected)
        expect(failure.message).not.toContain(SECRET)
      }
    })

    test('overload has a status of its own, and an error in a 200 is one', async () => {
      expect(await failureOf(send('overloaded').reply)).toMatchObject({ kind: 'status', status: overloadedStatus })
      const failure = await failureOf(send('error-in-200').reply)
      expect([failure.kind, (failure.status ?? 0) >= 500]).toEqual(['status', true])
    })

    test('a reply above the limit of bytes is none', async () => {
      const limits = { ...LIMITS, replyBytes: 1000 }
      expect(await failureOf(send('big-event-100000', {}, { limits }).reply)).toMatchObject({ kind: 'invalid' })
    })

    test('nobody there', async () => {
      const lost = open({ baseUrl: 'http://127.0.0.1:1/v1', apiKey: SECRET })
      expect(await failureOf(lost.send(callOf('echo', {}, {})).reply)).toMatchObject({ kind: 'connect' })
      await lost.close()
    })
  })

  describe('a stream that breaks off', () => {
    test.each([
      ['cut-stream', 'connect'],
      ['early-end', 'cut'],
      ['error-in-stream', 'status'],
    ])('%s ends with what was said, and why', async (model, kind) => {
      const { text, finish, failure } = await stream(model)
      expect(text).not.toBe('')
      expect(finish).toEqual([])
      expect(failure).toMatchObject({ kind })
    })

    test('by an event above a mebibyte', async () => {
      const reply = send('big-event-2000000', { stream: true }, { stream: true }).reply
      const failure = await reply.then(
        async (begun) => (await listen(begun)).failure,
        (error: UpstreamFailure) => error,
      )
      expect(failure).toMatchObject({ kind: 'invalid' })
    })
  })

  test('an abort ends the call upstream, before the answer and in the midst of it', async () => {
    const { aborted } = simulator.stats()
    const gone = (count: number) =>
      expect.poll(() => simulator.stats().aborted, { timeout: 5_000 }).toBe(aborted + count)
    const waiting = send('hang', { stream: true }, { stream: true })
    await expect.poll(() => simulator.stats().active, { timeout: 5_000 }).toBeGreaterThan(0)
    waiting.abort()
    expect(await failureOf(waiting.reply)).toMatchObject({ kind: 'aborted' })
    await gone(1)
    const reply = await send('endless', { stream: true }, { stream: true }).reply
    if (reply.kind === 'stream') reply.stream.abort()
    await gone(2)
  })
}
