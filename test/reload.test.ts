/** Settings that are read again while calls run: none is dropped, each is priced by what it began with. */
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../src/lib/log.ts'
import { chat, eventsOf, eventually, expectSettled, OPENAI, OPENROUTER, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'
import { newHome, startProcess } from './turnpike-process.ts'

const closing: (() => Promise<unknown> | undefined)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function logLines() {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'info', readable: false, write: (line) => void lines.push(JSON.parse(line)) })
  return { log, lines, said: (text: string) => lines.filter(({ msg }) => String(msg).includes(text)) }
}

async function started(yaml: string): Promise<{ turnpike: Turnpike; said: ReturnType<typeof logLines>['said'] }> {
  const { log, said } = logLines()
  const turnpike = await startTurnpike({ yaml, log })
  closing.push(() => turnpike.close())
  return { turnpike, said }
}

const settings = (price: string, provider = 'near') => `
providers:
  ${provider}: { type: simulator, name: ${provider} }
models:
  - id: acme/talk
    endpoints: [{ provider: ${provider}, model: exact, prices: { input: "${price}", cache_read: "0", output: "0" } }]
`

/** 14 tokens that were not cached, in nano-dollars. */
const costAt = (usdPerMillion: number): bigint => BigInt(14 * usdPerMillion * 1_000)

test('two reloads under load drop no call, and each call pays the prices that it began with', async () => {
  const { turnpike, said } = await started(settings('1'))
  const gate = turnpike.simulator.script('exact', ['gate', 'answer'])
  const begin = (count: number) =>
    Array.from({ length: count }, async (_, index) => {
      const path = index % 2 === 0 ? OPENAI : OPENROUTER
      const stream = index % 3 !== 0
      const reply = await turnpike.request(path, { body: chat('acme/talk', { stream, max_tokens: 100 }) })
      return { status: reply.status, text: await reply.text(), stream }
    })
  const calls = begin(20)
  await gate.waiting(20)
  await turnpike.reload(settings('10'))
  calls.push(...begin(20))
  await gate.waiting(40)
  await turnpike.reload(settings('100', 'other'))
  calls.push(...begin(20))
  await gate.waiting(60)
  gate.release()
  for (const { status, text, stream } of await Promise.all(calls)) {
    expect(status).toBe(200)
    if (stream) expect(eventsOf(text).data.at(-1)).toBe('[DONE]')
    else expect(JSON.parse(text)).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
  }
  const records = await expectSettled(turnpike)
  expect(records.map(({ status }) => status)).toEqual(records.map(() => 'ok'))
  const paid = (price: number, provider: string) =>
    records.filter((record) => record.charge_nanos === costAt(price) && record.provider === provider).length
  expect([paid(1, 'near'), paid(10, 'near'), paid(100, 'other')]).toEqual([20, 20, 20])
  expect(said('the settings were reloaded')).toHaveLength(2)
})

test('a file with faults changes nothing, and each fault is logged with its line', async () => {
  const { turnpike, said } = await started(settings('1'))
  await turnpike.reload(`${settings('10')}limits: { attempts: none }\nunknown: true\n`)
  expect(said('turnpike.yaml:7:').length).toBe(1)
  expect(said('turnpike.yaml:8:1').length).toBe(1)
  expect(said('those from before hold on')).toHaveLength(1)
  expect(said('the settings were reloaded')).toEqual([])
  await (await turnpike.request(OPENAI, { body: chat('acme/talk', { max_tokens: 100 }) })).text()
  expect((await recordsOf(turnpike)).at(-1)?.charge_nanos).toBe(costAt(1))
})

test('models come and go, markup and limits change, and the pages of models follow', async () => {
  const { turnpike } = await started(settings('1'))
  await turnpike.reload(`
models:
  - id: acme/new
    endpoints: [{ provider: simulator, model: exact, prices: { input: "1", cache_read: "0", output: "0" } }]
billing: { markupPercent: "100" }
limits: { bodyBytes: 1024 }
cors: { origins: ["https://app.example.com"] }
`)
  const call = (body: object, headers = {}) => turnpike.request(OPENAI, { body, headers })
  const reply = await call(chat('acme/new', { max_tokens: 100 }), { origin: 'https://app.example.com' })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  expect(reply.headers.get('x-turnpike-cost')).toBe('0.000028')
  expect((await call(chat('acme/talk'))).status).toBe(404)
  expect((await call(chat('acme/new', { note: 'x'.repeat(2_000) }))).status).toBe(413)
  expect((await turnpike.request('/api/v1/models/acme/new/endpoints')).status).toBe(200)
  expect((await turnpike.request('/api/v1/models/acme/talk/endpoints')).status).toBe(404)
})

test('what needs a restart is named, and holds as it was', async () => {
  const { turnpike, said } = await started(settings('1'))
  await turnpike.reload(`${settings('2')}trustProxy: true\nbilling: { creditUsd: "0.01", markupPercent: "0" }\n`)
  expect(said('need a restart')).toMatchObject([{ settings: 'trustProxy, billing.creditUsd' }])
  expect(turnpike.server.gateway.settings).toMatchObject({ trustProxy: false, billing: { creditUsd: '1' } })
  const { list } = turnpike.server.system.settings
  const told = (name: string) => list().find(({ setting }) => setting === name)
  expect(told('trustProxy')).toMatchObject({ value: false, origin: 'default' })
  expect(told('billing.creditUsd')).toMatchObject({ value: '1', origin: 'default' })
  expect(told('billing.markupPercent')).toMatchObject({ value: '0', origin: 'file' })
  const reply = await turnpike.request('/v1/models/calculate', { body: { modelId: 'talk', inputTokens: 1_000_000 } })
  expect(await reply.json()).toMatchObject({ estimatedCostUsd: 2 })
})

test('connections to the providers of old settings are closed after their last call, and not before', async () => {
  const upstream = await startUpstream()
  const yaml = (price: string) => `
providers:
  far: { type: openai, baseUrl: ${upstream.url}, apiKey: none }
models:
  - id: acme/far
    endpoints: [{ provider: far, model: m, prices: { input: "${price}", output: "1" } }]
`
  const { turnpike } = await started(yaml('1'))
  const call = () => turnpike.request(OPENAI, { body: chat('acme/far', { max_tokens: 100 }) })
  const first = call()
  const held = await eventually(() => upstream.waiting.shift())
  await turnpike.reload(yaml('2'))
  expect(upstream.connections.size).toBe(1)
  held()
  expect((await first).status).toBe(200)
  await eventually(() => (upstream.connections.size === 0 ? true : undefined))
  const second = call()
  ;(await eventually(() => upstream.waiting.shift()))()
  expect((await second).status).toBe(200)
  // An idle server of old settings goes at once.
  await turnpike.reload(yaml('3'))
  await eventually(() => (upstream.connections.size === 0 ? true : undefined))
})

/** A provider whose answers wait until the test lets them go. */
async function startUpstream() {
  const waiting: (() => void)[] = []
  const connections = new Set<unknown>()
  const reply = (response: ServerResponse) => () => {
    response.setHeader('content-type', 'application/json')
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }]
    const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }
    response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 0, model: 'm', choices, usage }))
  }
  const server = createServer((request, response) => {
    request.resume().on('end', () => waiting.push(reply(response)))
  })
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, waiting, connections }
}

test('SIGHUP reads the file again, and a process goes on serving', async () => {
  const home = newHome(settings('1'))
  closing.push(async () => rmSync(home, { recursive: true, force: true }))
  const turnpike = await startProcess({ home })
  closing.push(() => {
    turnpike.signal('SIGKILL')
    return turnpike.ended
  })
  const cost = async () => {
    const reply = await fetch(`${turnpike.url}${OPENAI}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${turnpike.demoKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(chat('acme/talk', { max_tokens: 100 })),
    })
    return reply.headers.get('x-turnpike-cost')
  }
  expect(await cost()).toBe('0.000014')
  writeFileSync(join(home, 'turnpike.yaml'), settings('3'))
  turnpike.signal('SIGHUP')
  await eventually(() => (turnpike.stderr().includes('the settings were reloaded') ? true : undefined))
  expect(await cost()).toBe('0.000042')
  writeFileSync(join(home, 'turnpike.yaml'), 'models: [{ id: 7 }]\n')
  turnpike.signal('SIGHUP')
  await eventually(() => (turnpike.stderr().includes('those from before hold on') ? true : undefined))
  expect(turnpike.stderr()).toMatch(/turnpike\.yaml:1:16/)
  expect(await cost()).toBe('0.000042')
  turnpike.signal('SIGTERM')
  expect(await turnpike.ended).toMatchObject({ code: 0 })
}, 60_000)
