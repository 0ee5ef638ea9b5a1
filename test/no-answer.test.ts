/**
 * An upstream that answers with a page, or sends the call to an address of its own network: an error in the dialect of the
 * path, no visit there, and nothing charged, on every path, mount and wire.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectErrorOf } from './error-shapes.ts'
import { eventsOf, expectSettled, recordsOf } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PAGE = '<!doctype html><title>Sign in</title><h1>Welcome to intranet.example</h1>'
const ANSWERS = ['a page', 'a page of 502', 'a redirect', 'a lasting redirect', 'a stream of a page'] as const

let answer: (typeof ANSWERS)[number] = 'a page'
let calls = 0
let visits = 0
/** What nobody but the upstream should reach. */
const inside = createServer((_request, response) => {
  visits++
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"secret":"of the inside"}')
})
const upstream = createServer((request, response) => {
  calls++
  request.resume()
  const location = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/latest/meta-data`
  if (answer === 'a redirect') response.writeHead(302, { location }).end(PAGE)
  else if (answer === 'a lasting redirect') response.writeHead(308, { location }).end()
  else {
    const type = answer === 'a stream of a page' ? 'text/event-stream' : 'text/html'
    response.writeHead(answer === 'a page of 502' ? 502 : 200, { 'content-type': type }).end(PAGE)
  }
})

const listening = (server: Server) =>
  new Promise<string>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )
const closed = (server: Server) => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}

const WIRES = ['openai', 'anthropic', 'gemini'] as const
let turnpike: Turnpike
beforeAll(async () => {
  await listening(inside)
  const address = await listening(upstream)
  turnpike = await startTurnpike({
    yaml: `
limits: { retriesPerEndpoint: 0 }
routing: { circuitFailures: 0 }
providers:
${WIRES.map((wire) => `  p-${wire}: { type: ${wire}, baseUrl: "${address}/v1", apiKey: k }`).join('\n')}
models:
${WIRES.map((wire) => `  - { id: acme/${wire}, endpoints: [{ provider: p-${wire}, model: m, prices: { input: "1", output: "1" } }] }`).join('\n')}
  - { id: acme/vectors, endpoints: [{ provider: p-openai, model: text-embedding-3-small, prices: { input: "1" } }] }
`,
  })
})
afterAll(async () => {
  await turnpike.close()
  await Promise.all([closed(upstream), closed(inside)])
})

const messages = [{ role: 'user', content: 'a' }]
const PATHS = [
  ...WIRES.flatMap((wire) => [
    { path: 'chat/completions', body: { model: `acme/${wire}`, messages } },
    { path: 'messages', body: { model: `acme/${wire}`, messages, max_tokens: 9 } },
    { path: 'responses', body: { model: `acme/${wire}`, input: 'a' } },
  ]),
  { path: 'completions', body: { model: 'acme/openai', prompt: 'a' } },
  { path: 'embeddings', body: { model: 'acme/vectors', input: 'a' } },
]

describe.each(ANSWERS)('an upstream that answers with %s', (kind) => {
  test.each(PATHS)('$path with $body.model is 502 in the words of the path, free of charge', async ({ path, body }) => {
    answer = kind
    const before = (await recordsOf(turnpike)).length
    const called = calls
    const roads = ['/v1', '/api/v1'].flatMap((mount) =>
      (path === 'embeddings' ? [false] : [false, true]).map((stream) => ({ url: `${mount}/${path}`, stream })),
    )
    for (const { url, stream } of roads) {
      const reply = await turnpike.request(url, { body: stream ? { ...body, stream } : body })
      const text = await reply.text()
      expect(reply.status, `${url} ${text}`).toBe(502)
      expect(reply.headers.get('x-turnpike-cost')).toBe('0')
      expectErrorOf(url, { status: 502, body: JSON.parse(text) })
      expect(text).not.toMatch(/intranet|secret|127\.0\.0\.1/)
      expect(eventsOf(text).data).toEqual([])
    }
    expect(calls - called).toBe(roads.length)
    const records = (await expectSettled(turnpike)).slice(before)
    expect(records.map(({ status, charge_nanos }) => [status, charge_nanos])).toEqual(roads.map(() => ['error', 0n]))
    expect(visits).toBe(0)
  })
})
