import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { type Simulator, startSimulator } from './simulator.ts'

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({
    clock: systemClock,
    countTokens: (text) => encode(text).length,
    countPrompt: () => 9,
  })
})
afterAll(() => simulator.close())

const post = (model: string, extra: object = {}, signal?: AbortSignal) =>
  fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...extra }),
    ...(signal && { signal }),
  })

test('every answer waits at a gate until it is let through', async () => {
  const script = simulator.script('gated', ['gate', 'answer'])
  const answered: number[] = []
  const calls = [0, 1, 2].map((index) =>
    post('simulator/gated').then(async (reply) => {
      answered.push(index)
      return (await reply.json()) as { usage: { prompt_tokens: number } }
    }),
  )
  await script.waiting(3)
  expect(answered).toEqual([])
  script.release(1)
  await Promise.race(calls)
  expect(answered).toHaveLength(1)
  script.release()
  expect((await Promise.all(calls)).map(({ usage }) => usage.prompt_tokens)).toEqual([9, 9, 9])
  expect((await post('gated')).status).toBe(200)
  expect(script.played()).toBe(4)
})

test('a gate in mid-stream holds what comes after it, and only that', async () => {
  const script = simulator.script('half', [{ text: 'one' }, 'gate', { text: 'two' }, { raw: 'data: [DONE]\n\n' }])
  const reply = await post('half', { stream: true })
  const reader = (reply.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader.read()).value).toContain('"one"')
  await script.waiting(1)
  script.release()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value
  expect(rest).toContain('"two"')
  expect(rest.endsWith('data: [DONE]\n\n')).toBe(true)
})

test('a client that leaves a gate makes no room for another', async () => {
  const script = simulator.script('left', ['gate', 'answer'])
  const before = simulator.stats().aborted
  const leaver = new AbortController()
  const left = post('left', {}, leaver.signal).catch(() => 'left')
  await script.waiting(1)
  leaver.abort()
  expect(await left).toBe('left')
  await expect.poll(() => simulator.stats().aborted, { timeout: 20_000, interval: 5 }).toBe(before + 1)
  const stays = post('left')
  await script.waiting(1)
  script.release(1)
  expect((await stays).status).toBe(200)
})

test('bytes arrive as they were scripted, in the middle of a character too', async () => {
  const bytes = Buffer.from('data: {"é":"😀"}\n\n')
  simulator.script(
    'bytes',
    [...bytes].map((byte) => ({ raw: Uint8Array.of(byte) })),
  )
  expect(Buffer.from(await (await post('bytes')).arrayBuffer())).toEqual(bytes)
})

test('close drops the connection after what was sent before', async () => {
  simulator.script('closing', [{ raw: 'data: 1\n\n' }, 'close'])
  const reader = ((await post('closing')).body ?? new ReadableStream()).getReader()
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('data: 1\n\n')
  await expect(reader.read()).rejects.toThrow()
})

test('status, headers and number of times are the script’s; afterwards the model is its old self', async () => {
  const script = simulator.script('flaky', [{ raw: '{}' }], { times: 2, status: 503, headers: { 'retry-after': '7' } })
  for (const _ of [1, 2]) {
    const reply = await post('flaky')
    expect([reply.status, reply.headers.get('retry-after'), await reply.text()]).toEqual([503, '7', '{}'])
  }
  expect((await post('flaky')).status).toBe(200)
  expect(script.played()).toBe(2)
  const other = simulator.script('flaky', [], { status: 500 })
  other.stop()
  expect((await post('flaky')).status).toBe(200)
})
