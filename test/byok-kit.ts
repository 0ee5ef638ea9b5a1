/** A Turnpike in front of an upstream that says who called it: what it answers is decided by the credential that it got. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startTurnpike, type Turnpike, type TurnpikeOptions } from './turnpike.ts'

type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object
}

type Upstream = {
  readonly port: number
  /** Secrets in the order in which they came, with the path. */
  readonly calls: { readonly secret: string; readonly path: string }[]
  /** What a secret is answered with from now on; all others are answered with the usage of seed 002. */
  answer(secret: string, answer: Answer | undefined): void
  close(): Promise<void>
}

/** 194 tokens in, 25 out: at 0.05 and 0.372 USD a token, 9.7 and 9.3 USD. */
export const USAGE = { prompt_tokens: 194, completion_tokens: 25, total_tokens: 219 }
type Usage = Readonly<Record<string, unknown>>

async function startUpstream(): Promise<Upstream & { usage: Usage }> {
  const answers = new Map<string, Answer>()
  const calls: Upstream['calls'] = []
  const upstream = {
    usage: USAGE as Usage,
    port: 0,
    calls,
    answer: (secret: string, answer: Answer | undefined) =>
      void (answer ? answers.set(secret, answer) : answers.delete(secret)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer(async (request, response) => {
    const body = await textOf(request)
    const secret = secretOf(request)
    calls.push({ secret, path: request.url ?? '' })
    const own = answers.get(secret)
    if (own) return reply(response, own)
    if (request.method === 'GET') return reply(response, { status: 200, body: { object: 'list', data: [] } })
    if (body.includes('"stream":true')) return stream(response, upstream.usage)
    reply(response, { status: 200, body: completion(upstream.usage) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  upstream.port = (server.address() as AddressInfo).port
  return upstream
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const secretOf = ({ headers }: IncomingMessage): string =>
  String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization ?? 'none').replace('Bearer ', '')

function reply(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const completion = (usage: Usage) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'small',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Paris.' }, finish_reason: 'stop' }],
  usage,
})

function stream(response: ServerResponse, usage: Usage): void {
  const chunk = (rest: object) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'small', ...rest })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Paris.' }, finish_reason: null }] }),
  )
  response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
  response.write(chunk({ choices: [], usage }))
  response.end('data: [DONE]\n\n')
}

export type Byok = {
  readonly turnpike: Turnpike
  readonly upstream: Upstream & { usage: Usage }
  /** A call of the control plane with the operator's key, unless another is named. */
  admin(method: string, path: string, body?: unknown, key?: string, headers?: Record<string, string>): Promise<Told>
  /** Its id. */
  credential(body: object): Promise<string>
  close(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
export type Told = { readonly status: number; readonly headers: Headers; readonly body: any; readonly text: string }

/** `acme` and `other` are the upstream under two names; `acme/seed` costs what the reply of seed 002 did. */
type ByokOptions = Pick<TurnpikeOptions, 'folder' | 'env' | 'log' | 'clock'> & { readonly settings?: string }

export async function startByok({ settings = '', ...options }: ByokOptions = {}): Promise<Byok> {
  const upstream = await startUpstream()
  const address = `http://127.0.0.1:${upstream.port}/v1`
  const yaml = `
providers:
  acme: { type: openai, name: Acme, baseUrl: "${address}", apiKey: ours-at-acme-0123456789 }
  other: { type: openai, name: Other, baseUrl: "${address}", apiKey: ours-at-other-0123456789 }
  claude: { type: anthropic, name: Claude, baseUrl: "${address}", apiKey: ours-at-claude-0123456789 }
  gem: { type: gemini, name: Gem, baseUrl: "${address}", apiKey: ours-at-gem-0123456789 }
  shared: { type: openai, name: Shared, baseUrl: "${address}", apiKeys: [{ apiKey: ours-one-0123456789, name: one }, { apiKey: ours-two-0123456789, weight: 3 }] }
${settings}
models:
${MODELS.map(([id, provider, prices]) => `  - { id: ${id}, contextLength: 60000, maxOutputTokens: 7000, endpoints: [${endpointsOf(provider, prices)}] }`).join('\n')}
`
  const turnpike = await startTurnpike({ yaml, ...options })
  const admin: Byok['admin'] = async (method, path, body, key = turnpike.operatorKey, headers = {}) =>
    told(await turnpike.request(path, { method, key, headers, ...(body === undefined ? {} : { body }) }))
  return {
    turnpike,
    upstream,
    admin,
    async credential(body) {
      const made = await admin('POST', '/api/admin/credentials', { provider: 'acme', name: 'mine', ...body })
      if (made.status !== 201) throw new Error(made.text)
      return made.body.credential.id
    },
    async close() {
      await turnpike.close()
      await upstream.close()
    },
  }
}

export async function told(response: Response): Promise<Told> {
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** USD per million, as a rate card has them. */
const MODELS = [
  ['acme/seed', 'acme', { input: '50000', output: '372000' }],
  ['acme/mini', 'acme', { input: '0.4', cache_read: '0.1', output: '1.6' }],
  ['acme/image', 'acme', { input: '10', output: '10', output_image: '40' }],
  ['acme/either', 'acme other', { input: '1', output: '2' }],
  ['other/plain', 'other', { input: '1', output: '2' }],
  ['claude/plain', 'claude', { input: '1', output: '2' }],
  ['gem/plain', 'gem', { input: '1', output: '2' }],
  ['shared/plain', 'shared other', { input: '1', output: '2' }],
] as const

const endpointsOf = (providers: string, prices: Readonly<Record<string, string>>): string =>
  providers
    .split(' ')
    .map((provider) => `{ provider: ${provider}, model: small, prices: ${JSON.stringify(prices)} }`)
    .join(', ')
