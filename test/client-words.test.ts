/** What clients say beside the body: their session, the version and trials of their wire, and the address that they were given. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectSettled } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PRICES = '{ input: "3", output: "15" }'
const YAML = `providers:
  vendor: { type: simulator, preset: anthropic }
  other: { type: simulator }
models:
  - { id: acme/claude, endpoints: [{ provider: vendor, model: sentences, prices: ${PRICES} }] }
  - { id: acme/other, endpoints: [{ provider: other, model: sentences, prices: ${PRICES} }] }`

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: YAML })
})
afterAll(() => turnpike.close())

const messages = [{ role: 'user', content: 'What is the capital of France?' }]
const BODIES = {
  'chat/completions': { messages, max_tokens: 50 },
  completions: { prompt: 'Once upon a time', max_tokens: 50 },
  responses: { input: 'What is the capital of France?' },
  embeddings: { input: 'Paris' },
  messages: { messages, max_tokens: 50 },
  'messages/count_tokens': { messages },
}
type Path = keyof typeof BODIES
const MODELS: { readonly [path in Path]?: string } = { embeddings: 'openai/text-embedding-3-small' }

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  turnpike.request(path, { body: { model: 'acme/claude', ...body }, headers })
/** The session that the call's record names. */
async function sessionOf(reply: Response): Promise<unknown> {
  const found = await turnpike.request(`/api/v1/generation?id=${reply.headers.get('x-generation-id')}`)
  return ((await found.json()) as { data: { session_id: unknown } }).data.session_id
}
const sent = () => turnpike.simulator.requests.at(-1)

describe('a session', () => {
  test.each(['x-session-id', 'X-Claude-Code-Session-Id'])(
    'in the header %s is kept with each call of it',
    async (name) => {
      for (const path of ['chat/completions', 'messages', 'responses'] as const)
        for (const mount of ['/v1', '/api/v1']) {
          const session = `session of ${path} on ${mount}`
          const reply = await post(`${mount}/${path}`, BODIES[path], { [name]: session })
          expect(reply.status).toBe(200)
          expect(await sessionOf(reply)).toBe(session)
          expect(JSON.stringify(sent()?.headers)).not.toContain(session)
        }
    },
  )

  test('in the body comes before the header, and neither goes up', async () => {
    const body = { ...BODIES['chat/completions'], session_id: 'of the body' }
    const reply = await post('/v1/chat/completions', body, { 'x-session-id': 'of the header' })
    expect(await sessionOf(reply)).toBe('of the body')
    expect(sent()?.body).not.toContain('of the body')
  })
})

describe("Anthropic's version and trials", () => {
  for (const base of ['/v1', '/api/v1']) {
    test(`go up from ${base} as the client sent them, ?beta=true with them`, async () => {
      const trials = {
        'anthropic-version': '2099-12-31',
        'anthropic-beta': 'context-1m-2025-08-07,files-api-2025-04-14',
      }
      await post(`${base}/messages?beta=true`, BODIES.messages, trials)
      expect(sent()).toMatchObject({ path: '/v1/messages?beta=true', headers: trials })
      await post(`${base}/messages`, { ...BODIES.messages, stream: true })
      expect(sent()).toMatchObject({ path: '/v1/messages', headers: { 'anthropic-version': '2023-06-01' } })
      expect(sent()?.headers).not.toHaveProperty('anthropic-beta')
    })

    test(`on ${base} are no way to say more upstream than they are`, async () => {
      const reply = await post(`${base}/messages?beta=true%26x=1&other=2`, BODIES.messages, {
        'anthropic-version': '2023-06-01"; drop',
      })
      expect(reply.status).toBe(200)
      expect(sent()).toMatchObject({ path: '/v1/messages', headers: { 'anthropic-version': '2023-06-01' } })
    })
  }

  test('mean nothing to other wires, which is told', async () => {
    const reply = await post(
      '/v1/messages?beta=true',
      { ...BODIES.messages, model: 'acme/other' },
      { 'anthropic-beta': 'a' },
    )
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-turnpike-ignored')).toBe('anthropic-beta')
    expect(sent()?.path).toBe('/v1/chat/completions')
    expect(sent()?.headers).not.toHaveProperty('anthropic-beta')
  })
})

describe('a base address', () => {
  /** As clients put their path behind what they were given, and the mount that is meant. */
  const SPELLINGS = [
    ['', '/v1'],
    ['/v1', '/v1'],
    ['/v1/v1', '/v1'],
    ['/api/v1', '/api/v1'],
    ['/api/v1/v1', '/api/v1'],
  ] as const
  for (const path of Object.keys(BODIES) as Path[])
    test(`with or without /v1 answers /${path} as the mount that is meant`, async () => {
      for (const [base, mount] of SPELLINGS) {
        const model = MODELS[path] ?? 'acme/claude'
        const chat = path === 'completions' ? 'acme/other' : model
        const reply = await post(`${base}/${path}`, { ...BODIES[path], model: chat })
        const text = await reply.text()
        expect(reply.status, `${base}/${path} ${text}`).toBe(200)
        const meant = await post(`${mount}/${path}`, { ...BODIES[path], model: chat })
        expect(Object.keys(JSON.parse(text))).toEqual(Object.keys((await meant.json()) as object))
        const refused = await post(`${base}/${path}`, {})
        const expected = await post(`${mount}/${path}`, {})
        const keys = async (each: Response) => Object.keys(((await each.json()) as { error: object }).error)
        expect(await keys(refused)).toEqual(await keys(expected))
      }
    })

  test('that leads nowhere says which one to use, in the words of its mount', async () => {
    for (const [path, base] of [
      ['/v1/v1/v1/messages', '/v1'],
      ['/api/messages', '/api/v1'],
    ]) {
      const reply = await post(path ?? '', BODIES.messages)
      expect(reply.status).toBe(404)
      expect(JSON.stringify(await reply.json())).toContain(base)
    }
  })
})

test('the books of all these calls are in order', () => expectSettled(turnpike))
