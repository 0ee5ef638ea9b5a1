/** Clients that leave, at every stage of a call: upstream ends with them, and what was delivered is paid. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Script, ScriptStep } from '../src/simulator/script.ts'
import { chat, eventually, type Kept, MOUNTS, OPENAI, recordsOf, recordsSince } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const prices = 'prices: { input: "1000", output: "2000" }'
const YAML = `
providers:
  saver: { type: simulator, onCancel: abort }
  biller: { type: simulator, onCancel: drain }
models:
  - { id: acme/abort, contextLength: 4000, endpoints: [{ provider: saver, model: abort, ${prices} }] }
  - { id: acme/drain, contextLength: 4000, endpoints: [{ provider: biller, model: drain, ${prices} }] }
`

let turnpike: Turnpike
let script: Script | undefined
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
  // The tokenizer is loaded at its first use, which is not what is timed here.
  await (await turnpike.request(OPENAI, { body: chat('abort', { max_tokens: 10 }) })).text()
})
afterEach(() => {
  script?.release()
  script?.stop()
})
afterAll(() => turnpike.close())

const event = (value: object): ScriptStep => ({
  raw: `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', ...value })}\n\n`,
})
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const USAGE = event({ choices: [], usage: { prompt_tokens: 20, completion_tokens: 50, total_tokens: 70 } })
const DONE: ScriptStep = { raw: 'data: [DONE]\n\n' }
const THREE: ScriptStep[] = [{ text: ' one' }, { text: ' two' }, { text: ' three' }]

/** Reads a stream until it says `text`, then leaves. */
async function leaveAfter(reply: Response, controller: AbortController, text: string): Promise<void> {
  let seen = ''
  const decoder = new TextDecoder()
  for await (const chunk of reply.body ?? []) {
    seen += decoder.decode(chunk as Uint8Array)
    if (seen.includes(text)) break
  }
  expect(seen).toContain(text)
  controller.abort()
}

async function begin(path: string, model: string, steps: readonly ScriptStep[], extra: object = { stream: true }) {
  const before = (await recordsOf(turnpike)).length
  script = turnpike.simulator.script(model, steps)
  const controller = new AbortController()
  const reply = turnpike.request(path, { body: chat(model, { max_tokens: 100, ...extra }), signal: controller.signal })
  reply.catch(() => {})
  return { reply, controller, script, before, aborted: turnpike.simulator.stats().aborted }
}

const upstreamLeft = (before: number) =>
  eventually(() => (turnpike.simulator.stats().aborted > before ? true : undefined))

async function only(before: number): Promise<Kept> {
  await eventually(async () => ((await recordsOf(turnpike)).length > before ? true : undefined))
  const records = await recordsSince(turnpike, before)
  expect(records).toHaveLength(1)
  const [record] = records
  if (!record) throw new Error('a call leaves a record')
  return record
}

/** What was delivered, at the prices above. */
const delivered = (input: bigint, output: bigint) => input * 1_000_000n + output * 2_000_000n

test('F1 leaving a stream ends it upstream within a second, and what was delivered is charged as an estimate', async () => {
  for (const path of MOUNTS) {
    const { reply, controller, before, aborted } = await begin(path, 'abort', [...THREE, 'gate', FINISH, USAGE, DONE])
    await leaveAfter(await reply, controller, ' three')
    const left = performance.now()
    await upstreamLeft(aborted)
    expect(performance.now() - left).toBeLessThan(1000)
    const record = await only(before)
    expect(performance.now() - left).toBeLessThan(2000)
    expect(record).toMatchObject({ status: 'cancelled', source: 'estimated', output_tokens: 3n })
    expect(record.input_tokens).toBeGreaterThan(0n)
    expect(record.charge_nanos).toBe(delivered(record.input_tokens, 3n))
    expect(record.cost_nanos).toBe(record.charge_nanos)
    expect(record.facts).toMatchObject({ finishReason: null, streamed: true })
  }
})

test('leaving before the provider begins to answer ends it upstream and costs nothing', async () => {
  const { controller, script, before, aborted } = await begin(OPENAI, 'abort', ['gate', ...THREE, FINISH, USAGE, DONE])
  await script.waiting(1)
  controller.abort()
  await upstreamLeft(aborted)
  expect(await only(before)).toMatchObject({ status: 'cancelled', charge_nanos: 0n, cost_nanos: 0n, output_tokens: 0n })
  expect(script.played()).toBe(1)
})

test('where leaving saves nothing the answer is read to its end and charged as reported', async () => {
  const { reply, controller, script, before, aborted } = await begin(OPENAI, 'drain', [
    ...THREE,
    'gate',
    FINISH,
    USAGE,
    DONE,
  ])
  await leaveAfter(await reply, controller, ' three')
  await sleep(50)
  expect(turnpike.simulator.stats().aborted).toBe(aborted)
  script.release()
  const record = await only(before)
  expect(record).toMatchObject({ status: 'cancelled', source: 'reported', input_tokens: 20n, output_tokens: 50n })
  expect(record.charge_nanos).toBe(delivered(20n, 50n))
})

test('where leaving saves nothing, leaving before the answer began is insured, and its cost recorded', async () => {
  const { controller, script, before } = await begin(OPENAI, 'drain', ['gate', ...THREE, FINISH, USAGE, DONE])
  await script.waiting(1)
  controller.abort()
  await sleep(50)
  script.release()
  expect(await only(before)).toMatchObject({
    status: 'cancelled',
    source: 'reported',
    charge_nanos: 0n,
    cost_nanos: delivered(20n, 50n),
  })
})

test('a call without stream runs to its end and is charged in full', async () => {
  const { controller, script, before, aborted } = await begin(OPENAI, 'abort', ['gate', 'answer'], { stream: false })
  await script.waiting(1)
  controller.abort()
  await sleep(50)
  script.release()
  const record = await only(before)
  expect(record).toMatchObject({ status: 'ok', source: 'reported' })
  expect(record.charge_nanos).toBe(delivered(record.input_tokens, record.output_tokens))
  expect(turnpike.simulator.stats().aborted).toBe(aborted)
})

test('F13 no attempt starts after the client left', async () => {
  const before = (await recordsOf(turnpike)).length
  script = turnpike.simulator.script('abort', ['gate', { raw: '{"error":{"message":"down"}}' }], {
    status: 500,
    headers: { 'content-type': 'application/json' },
  })
  const controller = new AbortController()
  const reply = turnpike.request(OPENAI, { body: chat('abort', { max_tokens: 100 }), signal: controller.signal })
  reply.catch(() => {})
  await script.waiting(1)
  controller.abort()
  await sleep(50)
  script.release()
  const record = await only(before)
  expect(record).toMatchObject({ status: 'cancelled', charge_nanos: 0n })
  expect(record.facts.attempts).toHaveLength(1)
  expect(script.played()).toBe(1)
})

test('leaving after the finish reason is no cancel: the answer was there', async () => {
  const { reply, controller, before } = await begin(OPENAI, 'abort', [...THREE, FINISH, 'gate', USAGE, DONE])
  await leaveAfter(await reply, controller, '"finish_reason":"stop"')
  expect(await only(before)).toMatchObject({ status: 'ok', source: 'estimated', output_tokens: 3n })
})

test('a client that does not read holds up its provider, and leaves nothing behind when it goes', async () => {
  const padded = event({
    choices: [{ index: 0, delta: { content: ' x' }, finish_reason: null }],
    padding: 'p'.repeat(200_000),
  })
  const before = (await recordsOf(turnpike)).length
  script = turnpike.simulator.script('abort', [...Array.from({ length: 100 }, () => padded), FINISH, USAGE, DONE])
  const { aborted, completed } = turnpike.simulator.stats()
  const body = JSON.stringify(chat('abort', { stream: true, max_tokens: 200 }))
  const outgoing = httpRequest(`${turnpike.url}${OPENAI}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${turnpike.key}`,
      'content-type': 'application/json',
      'content-length': body.length,
    },
  })
  outgoing.end(body)
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
  reply.pause()
  await sleep(400)
  expect(turnpike.simulator.stats()).toMatchObject({ completed, active: 1 })
  outgoing.on('error', () => {})
  reply.on('error', () => {})
  outgoing.destroy()
  await upstreamLeft(aborted)
  const record = await only(before)
  expect(record).toMatchObject({ status: 'cancelled', source: 'estimated' })
  expect(record.output_tokens).toBeLessThan(100n)
  expect(record.charge_nanos).toBe(delivered(record.input_tokens, record.output_tokens))
})

test('a client that reads again after a pause gets every event', async () => {
  const padded = (index: number) =>
    event({
      choices: [{ index: 0, delta: { content: ` ${index}` }, finish_reason: null }],
      padding: 'p'.repeat(200_000),
    })
  script = turnpike.simulator.script('abort', [
    ...Array.from({ length: 60 }, (_, index) => padded(index)),
    FINISH,
    USAGE,
    DONE,
  ])
  const reply = await turnpike.request(OPENAI, { body: chat('abort', { stream: true, max_tokens: 200 }) })
  await sleep(200)
  const text = await reply.text()
  expect(text.match(/"content":" \d+"/g)).toHaveLength(60)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})
