import type { Dispatcher } from 'undici'
import { describe, expect, test } from 'vitest'
import type { UpstreamCall, UpstreamFailure, UpstreamReply } from './provider.ts'
import type { Wire, WireOut } from './wire.ts'
import { sendOver } from './wire-send.ts'

const LIMITS = { firstByteMs: 1, idleMs: 1, replyMs: 1, replyBytes: 1_000 }

/** A call whose provider says what the test says. */
function open(wire: Wire, stream: boolean, contentType = stream ? 'text/event-stream' : 'application/json') {
  let aborted = false
  let handler: Dispatcher.DispatchHandler = {}
  const controller = {
    abort: () => {
      aborted = true
    },
    pause() {},
    resume() {},
  } as unknown as Dispatcher.DispatchController
  const pool = {
    dispatch: (_options: unknown, given: Dispatcher.DispatchHandler) => {
      handler = given
    },
  } as unknown as Dispatcher
  const call = { stream, limits: LIMITS } as unknown as UpstreamCall
  const attempt = sendOver(pool, wire, { path: '/', headers: {}, body: '' }, call)
  attempt.reply.catch(() => {})
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseStart?.(controller, 200, { 'content-type': contentType })
  return {
    reply: attempt.reply,
    isAborted: () => aborted,
    say: (text: string) => handler.onResponseData?.(controller, Buffer.from(text)),
    end: () => handler.onResponseEnd?.(controller, {}),
    fail: () => handler.onResponseError?.(controller, Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
  }
}

/** What a stream says, and its last word. */
async function heard(reply: Promise<UpstreamReply>): Promise<[string[], string | undefined]> {
  const given = await reply
  if (given.kind !== 'stream') throw new Error('a stream was asked for')
  const said: string[] = []
  const { promise, resolve } = Promise.withResolvers<UpstreamFailure | undefined>()
  given.stream.listen({ event: (data) => said.push(data), end: resolve })
  return [said, (await promise)?.kind]
}

const failed = (reply: Promise<UpstreamReply>): Promise<unknown> =>
  reply.then(
    () => 'no failure',
    ({ kind, message }: UpstreamFailure) => [kind, message],
  )

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

/** Says every event, and at the end what it holds back. */
const holding = (complete: boolean, more: Partial<Wire> = {}): Wire => ({
  whole: () => ({ body: '', parsed: {} }),
  stream: (_status, _headers, out) => ({
    event: ({ data }) => read(data, out),
    rest() {
      out.begin({ id: 'held' })
      out.chunk('held')
      return complete
    },
  }),
  ...more,
})

function read(data: string, out: WireOut): void {
  if (data === 'broken') throw new RangeError('too deep')
  if (data === 'last') out.end()
  else {
    out.begin({ id: data })
    out.chunk(data)
  }
}

/** Has a last word, and holds nothing back. */
const plain: Wire = {
  whole: (_status, _headers, body) => ({ body, parsed: { id: 'x', choices: [{ message: JSON.parse(body) }] } }),
  stream: (_status, _headers, out) => ({ event: ({ data }) => read(data, out) }),
}

describe('a stream', () => {
  test('says what came before anybody listened, and ends with the last word', async () => {
    const { reply, say } = open(plain, true)
    say('data: one\n\ndata: two\n\ndata: last\n\ndata: three\n\n')
    expect(await heard(reply)).toEqual([['one', 'two'], undefined])
  })

  test('that ends without a last word is cut, unless what was held back completes it', async () => {
    for (const [wire, expected] of [
      [plain, [['one'], 'cut']],
      [holding(false), [['one', 'held'], 'cut']],
      [holding(true), [['one', 'held'], undefined]],
    ] as const) {
      const { reply, say, end } = open(wire, true)
      say('data: one\n\n')
      end()
      expect(await heard(reply)).toEqual(expected)
    }
  })

  test('that fails says what was held back first, and stays failed though that completes it', async () => {
    const { reply, say, fail } = open(holding(true), true)
    say('data: one\n\n')
    fail()
    expect(await heard(reply)).toEqual([['one', 'held'], 'connect'])
  })

  test('that says nothing is a failed attempt', async () => {
    const { reply, end } = open(plain, true)
    end()
    expect(await failed(reply)).toMatchObject(['cut', expect.stringContaining('complete')])
    const silent = open(plain, true)
    silent.say('data: last\n\n')
    expect(await failed(silent.reply)).toMatchObject(['cut', 'the stream ended before its first event'])
  })

  test('is left when an event is longer than its wire takes', async () => {
    for (const [eventBytes, most] of [
      [undefined, 1_048_576],
      [100, 100],
    ] as const) {
      const short = open({ ...plain, eventBytes }, true)
      short.say(`data: ${'x'.repeat(most - 7)}\n`)
      expect(short.isAborted()).toBe(false)
      const long = open({ ...plain, eventBytes }, true)
      long.say(`data: ${'x'.repeat(most)}`)
      expect(long.isAborted()).toBe(true)
      expect(await failed(long.reply)).toEqual(['invalid', `an event of the stream is longer than ${most} bytes`])
    }
  })

  test('is left when its wire cannot read an event, even the last one', async () => {
    for (const ending of ['\n\n', '']) {
      const { reply, say, end, isAborted } = open(holding(true), true)
      say('data: one\n\n')
      say(`data: broken${ending}`)
      if (ending === '') end()
      expect(isAborted()).toBe(true)
      expect(await heard(reply)).toEqual([['one', 'held'], 'invalid'])
    }
  })
})

describe('a whole reply', () => {
  test('that is longer than the limit is left', async () => {
    const { reply, say, isAborted } = open(plain, false)
    say('x'.repeat(1_000))
    expect(isAborted()).toBe(false)
    say('x')
    expect(isAborted()).toBe(true)
    expect(await failed(reply)).toEqual(['invalid', 'the reply is longer than the limit'])
  })

  test('in place of a stream is told in chunks: those of its wire, or those that are made of it', async () => {
    for (const [wire, said] of [
      [plain, ['{"id":"x","choices":[{"delta":{"content":"Hi"}}]}']],
      [{ ...plain, chunks: () => [{ id: 1 }, { id: 2 }] }, ['{"id":1}', '{"id":2}']],
    ] as const) {
      const { reply, say, end } = open(wire, true, 'application/json')
      say('{"content":"Hi"}')
      end()
      expect(await heard(reply)).toEqual([said, undefined])
    }
    const silent = open({ ...plain, chunks: () => [] }, true, 'application/json')
    silent.end()
    expect(await failed(silent.reply)).toEqual(['invalid', 'the reply says nothing'])
  })

  test('that its wire cannot read, or that cannot be written again, is a failed attempt', async () => {
    const deep: Wire = { ...plain, chunks: () => [JSON.parse(`{"deep":${DEEP}}`)] }
    for (const [wire, stream] of [
      [plain, false],
      [plain, true],
      [deep, true],
    ] as const) {
      const { reply, say, end } = open(wire, stream, 'application/json')
      say('no JSON')
      end()
      expect(await failed(reply)).toEqual(['invalid', 'the reply cannot be read'])
    }
  })
})
