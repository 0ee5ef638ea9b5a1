/** Requests that nobody should send: each gets the dialect's error, none is charged, none leaves anything behind. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret } from '../src/lib/secret.ts'
import {
  accountOf,
  chat,
  createCustomer,
  DEMO_NANOS,
  expectSettled,
  MOUNTS,
  OPENAI,
  OPENROUTER,
  recordsOf,
} from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const MODEL = 'simulator/echo'
const good = chat(MODEL)

type Sent = { body?: string | Uint8Array; headers?: Record<string, string>; key?: string }

async function send(path: string, { body = JSON.stringify(good), headers = {}, key = turnpike.key }: Sent) {
  const reply = await fetch(`${turnpike.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: body as string,
  })
  return { status: reply.status, text: await reply.text(), headers: reply.headers }
}

/** The error, in the form of its mount. */
async function expectRefused(path: string, sent: Sent, status: number, code: string, errorType = 'invalid_request') {
  const upstream = turnpike.simulator.stats().requests
  const reply = await send(path, sent)
  expect({ status: reply.status, text: reply.text }).toMatchObject({ status })
  const body = JSON.parse(reply.text) as { error: { message: string; param?: string | null } }
  if (path === OPENAI) {
    expect(body).toMatchObject({
      error: { code, type: expect.any(String) },
      request_id: reply.headers.get('x-request-id'),
    })
    expect(body.error).toHaveProperty('param')
  } else expect(body).toMatchObject({ error: { code: status, metadata: { error_type: errorType } } })
  expect(body.error.message).not.toBe('')
  expect(reply.headers.get('x-generation-id')).toMatch(/^gen-/)
  expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  expect(reply.headers.get('x-turnpike-cost')).toBe('0')
  expect(turnpike.simulator.stats().requests).toBe(upstream)
  return body.error
}

const raw = JSON.stringify(good)
const messages = JSON.stringify(good.messages)
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const notJson: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['half an object', raw.slice(0, -1)],
  ['more than an object', `${raw}}`],
  ['an array', '[]'],
  ['a string', '"chat"'],
  ['null', 'null'],
  ['a bare NaN', `{"model":"${MODEL}","messages":${messages},"temperature":NaN}`],
  ['a trailing comma', `{"model":"${MODEL}","messages":${messages},}`],
  ['single quotes', "{'model':'x'}"],
  ['a raw control character', `{"model":"${MODEL}","messages":[{"role":"user","content":"a\u0001b\n"}]}`],
]

const invalid: readonly (readonly [string, object | string, string])[] = [
  ['no model', { messages: good.messages }, 'model'],
  ['an empty model', { ...good, model: '' }, 'model'],
  ['a model that is a number', { ...good, model: 7 }, 'model'],
  ['a model that is null', { ...good, model: null }, 'model'],
  ['a model of 300 characters', { ...good, model: 'm'.repeat(300) }, 'model'],
  ['eleven models', { ...good, models: Array.from({ length: 11 }, () => MODEL) }, 'models'],
  ['models that are no names', { ...good, models: [1] }, 'models.0'],
  ['no messages', { model: MODEL }, 'messages'],
  ['empty messages', { model: MODEL, messages: [] }, 'messages'],
  ['messages that are an object', { model: MODEL, messages: {} }, 'messages'],
  ['stream as text', { ...good, stream: 'yes' }, 'stream'],
  ['usage as a list', { ...good, usage: [] }, 'usage'],
  ['usage as true', { ...good, usage: true }, 'usage'],
  ['usage.include as text', { ...good, usage: { include: 'yes' } }, 'usage.include'],
  ['stream_options as text', { ...good, stream_options: 'x' }, 'stream_options'],
  ['include_usage as a number', { ...good, stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
  ['a negative output limit', { ...good, max_tokens: -1 }, 'max_tokens'],
  ['an output limit of 0', { ...good, max_tokens: 0 }, 'max_tokens'],
  ['an output limit with a fraction', { ...good, max_completion_tokens: 1.5 }, 'max_completion_tokens'],
  ['an output limit as text', { ...good, max_tokens: '100' }, 'max_tokens'],
  ['an endless output limit', raw.replace('{', '{"max_tokens":1e400,'), 'max_tokens'],
  ['no choices', { ...good, n: 0 }, 'n'],
  ['a million choices', { ...good, n: 1_000_000 }, 'n'],
  ['a user of 129 characters', { ...good, user: 'u'.repeat(129) }, 'user'],
  ['a session of 257 characters', { ...good, session_id: 's'.repeat(257) }, 'session_id'],
  [
    'metadata of 17 pairs',
    { ...good, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) },
    'metadata',
  ],
  ['metadata with a long key', { ...good, metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata'],
  ['metadata with a long value', { ...good, metadata: { k: 'v'.repeat(513) } }, 'metadata'],
  ['a model twice', raw.replace('{', `{"model":"openai/gpt-4o",`), 'model'],
  ['an escaped model twice', raw.replace('{', `{"\\u006dodel":"openai/gpt-4o",`), 'model'],
  ['an output limit in capitals', raw.replace('{', '{"MAX_TOKENS":1,'), 'max_tokens'],
  ['messages twice', raw.replace('{', '{"messages":[],'), 'messages'],
  ['provider as text', { ...good, provider: 'openai' }, 'provider'],
  ['the suffix :free', { ...good, model: `${MODEL}:free` }, 'model'],
  ['openrouter/auto', { ...good, model: 'openrouter/auto' }, 'model'],
]

describe('what is not JSON is refused as that', () => {
  for (const [name, body] of notJson)
    test(name, async () => {
      for (const path of MOUNTS) await expectRefused(path, { body }, 400, 'invalid_json')
    })
})

describe('a field that is not valid is named', () => {
  for (const [name, body, param] of invalid)
    test(name, async () => {
      for (const path of MOUNTS) {
        const sent = typeof body === 'string' ? body : JSON.stringify(body)
        const error = await expectRefused(path, { body: sent }, 400, 'invalid_request')
        if (path === OPENAI) expect(error.param?.toLowerCase()).toMatch(new RegExp(`^${param.replace('.', '\\.')}`))
      }
    })
})

test('an unknown model is 404 on /v1 and 400 on /api/v1, and named', async () => {
  for (const model of [
    'gpt-99',
    'acme/fake-1.0',
    '__proto__',
    'constructor',
    'a/b/c',
    '../../etc/passwd',
    'gpt-4o\u0000',
    '🦊',
  ]) {
    const body = JSON.stringify({ ...good, model })
    const openai = await expectRefused(OPENAI, { body }, 404, 'model_not_found')
    expect(openai).toMatchObject({ message: `The model \`${model}\` does not exist`, param: 'model' })
    expect((await expectRefused(OPENROUTER, { body }, 400, '')).message).toBe(`${model} is not a valid model ID`)
  }
})

test('preferences that fit no endpoint are 404', async () => {
  for (const provider of [
    { only: ['nobody'] },
    { ignore: ['simulator'] },
    { zdr: true },
    { data_collection: 'deny' },
    { quantizations: ['fp8'] },
  ])
    for (const path of MOUNTS)
      await expectRefused(path, { body: JSON.stringify({ ...good, provider }) }, 404, 'no_endpoints', 'not_found')
})

test('an output limit above the greatest of the model is refused', async () => {
  for (const path of MOUNTS)
    await expectRefused(
      path,
      { body: JSON.stringify(chat('openai/gpt-4o-mini', { max_tokens: 999_999_999 })) },
      400,
      'max_tokens_exceeded',
      'max_tokens_exceeded',
    )
})

test('a body that nests too deeply or holds too much is refused before it is parsed', async () => {
  for (const path of MOUNTS) {
    await expectRefused(path, { body: raw.replace('{', `{"x":${deep(100_000)},`) }, 400, 'invalid_request')
    await expectRefused(path, { body: raw.replace('{', `{"x":[${'1,'.repeat(1_100_000)}1],`) }, 400, 'invalid_request')
  }
})

test('a body of 33 MiB is refused, with and without a length', async () => {
  const big = raw.replace('{', `{"x":"${'x'.repeat(33 * 2 ** 20)}",`)
  for (const path of MOUNTS) {
    await expectRefused(path, { body: big }, 413, 'payload_too_large', 'payload_too_large')
    const bytes = Buffer.from(big)
    const reply = await fetch(`${turnpike.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${turnpike.key}`, 'content-type': 'application/json' },
      body: new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += 2 ** 20) controller.enqueue(bytes.subarray(at, at + 2 ** 20))
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)
    expect(reply.status).toBe(413)
  }
})

test('a body just below the limit is read', async () => {
  const body = raw.replace('{', `{"x":"${'x'.repeat(31 * 2 ** 20)}",`)
  const reply = await send(OPENAI, { body: body.replace(MODEL, 'acme/none') })
  expect(reply.status).toBe(404)
})

test('a compressed body counts uncompressed', async () => {
  const bomb = Buffer.alloc(64 * 2 ** 20, ' ')
  const gzip = gzipSync(bomb, { level: 1 })
  const brotli = brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
  for (const path of MOUNTS) {
    await expectRefused(
      path,
      { body: gzip, headers: { 'content-encoding': 'gzip' } },
      413,
      'payload_too_large',
      'payload_too_large',
    )
    await expectRefused(
      path,
      { body: brotli, headers: { 'content-encoding': 'br' } },
      413,
      'payload_too_large',
      'payload_too_large',
    )
    await expectRefused(path, { body: 'no gzip', headers: { 'content-encoding': 'gzip' } }, 400, 'invalid_request')
    await expectRefused(path, { headers: { 'content-encoding': 'zstd' } }, 415, 'unsupported_media_type')
  }
})

test('a media type that is not JSON is 415', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'nonsense',
  ])
    for (const path of MOUNTS)
      await expectRefused(path, { headers: { 'content-type': type } }, 415, 'unsupported_media_type')
})

describe('a key that is not valid is 401 whatever comes with it', () => {
  const bad: readonly (readonly [string, Record<string, string>])[] = [
    ['none', {}],
    ['unknown', { authorization: 'Bearer sk-tp-unknown' }],
    ['empty', { authorization: 'Bearer ' }],
    ['basic', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['very long', { authorization: `Bearer ${'k'.repeat(8_000)}` }],
    ['unknown, in the other header', { 'x-api-key': 'sk-tp-unknown' }],
  ]
  for (const [name, headers] of bad)
    test(name, async () => {
      for (const path of MOUNTS)
        for (const body of [raw, '{', 'x'.repeat(100_000)]) {
          const reply = await fetch(`${turnpike.url}${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body,
          })
          expect(reply.status).toBe(401)
          const { error } = (await reply.json()) as { error: object }
          if (path === OPENAI) expect(error).toMatchObject({ code: 'invalid_api_key', type: 'authentication_error' })
          else
            expect(error).toMatchObject({
              code: 401,
              message: 'Missing Authentication header',
              metadata: { error_type: 'authentication' },
            })
        }
    })

  test('disabled or expired', async () => {
    const { key } = await createCustomer(turnpike, 'turned away', 1_000_000_000n)
    const { store, keys } = turnpike.server.gateway
    const change = async (set: { disabled?: bigint; expires_at?: bigint | null }) => {
      await store.write([store.sql.updateTable('api_keys').set(set).where('hash', '=', hashSecret(key))])
      keys.forget(hashSecret(key))
    }
    expect((await send(OPENAI, { key })).status).toBe(200)
    for (const set of [{ disabled: 1n }, { disabled: 0n, expires_at: BigInt(store.now() - 1000) }]) {
      await change(set)
      for (const path of MOUNTS) await expectRefused(path, { key }, 401, 'invalid_api_key', 'authentication')
    }
    await change({ expires_at: BigInt(store.now() + 60_000) })
    expect((await send(OPENROUTER, { key })).status).toBe(200)
  })

  test('of two headers the bearer wins', async () => {
    expect((await send(OPENAI, { headers: { 'x-api-key': 'sk-tp-unknown' } })).status).toBe(200)
    await expectRefused(
      OPENAI,
      { key: 'sk-tp-unknown', headers: { 'X-API-Key': turnpike.key } },
      401,
      'invalid_api_key',
      'authentication',
    )
  })
})

/** Bytes as they are, past any client that would refuse to send them. */
async function sendRaw(lines: readonly string[], body = raw): Promise<string> {
  const socket = connect(Number(new URL(turnpike.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: x',
    'connection: close',
    `content-length: ${Buffer.byteLength(body)}`,
    ...lines,
  ]
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
  })
  // A server that refuses a head does not read what comes after it, and the connection may end in a reset.
  socket.on('error', () => {})
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

test('headers that are broken, huge or doubled never reach further than they should', async () => {
  const own = [`authorization: Bearer ${turnpike.key}`, 'content-type: application/json']
  expect(await sendRaw(own)).toMatch(/^HTTP\/1\.1 200 /)
  expect(await sendRaw([...own, 'x-title: a\u0000b'])).toMatch(/^HTTP\/1\.1 400 /)
  expect(await sendRaw([...own, `x-title: ${'x'.repeat(20_000)}`])).toMatch(/^HTTP\/1\.1 431 /)
  expect(await sendRaw([...own, 'transfer-encoding: chunked'])).toMatch(/^HTTP\/1\.1 400 /)
  expect(await sendRaw([...own, 'authorization: Bearer sk-tp-unknown'])).toMatch(/^HTTP\/1\.1 200 /)
  expect(await sendRaw([...own, `x-request-id: ${'x'.repeat(200)}`])).toMatch(/x-request-id: [0-9a-f]{32}\r\n/)
  expect(await sendRaw([...own, `idempotency-key: ${'k'.repeat(256)}`])).toMatch(/^HTTP\/1\.1 400 /)
})

test('personal headers are cut, kept and never echoed', async () => {
  const before = (await recordsOf(turnpike)).length
  const reply = await send(OPENAI, { headers: { 'x-title': 't'.repeat(5000), 'http-referer': 'https://example.com/' } })
  expect(reply.status).toBe(200)
  expect(await recordsOf(turnpike)).toHaveLength(before + 1)
  const { store } = turnpike.server.gateway
  const details = await store.rows(store.sql.selectFrom('call_details').select(['title', 'referer']))
  expect(details.find(({ referer }) => referer === 'https://example.com/')?.title?.length).toBeLessThanOrEqual(512)
})

test('an account that is frozen or in debt calls nothing, not even what is free', async () => {
  const customer = await createCustomer(turnpike, 'frozen', 1_000_000_000n)
  const { store } = turnpike.server.gateway
  await store.write([store.sql.updateTable('accounts').set({ status: 'frozen' }).where('id', '=', customer.accountId)])
  for (const path of MOUNTS)
    await expectRefused(path, { key: customer.key }, 403, 'account_frozen', 'permission_denied')
})

test('nothing of all this was charged, and nothing is reserved', async () => {
  const records = await expectSettled(turnpike)
  expect(records.every(({ status }) => status === 'ok')).toBe(true)
  expect((await accountOf(turnpike)).posted_nanos).toBeGreaterThan(DEMO_NANOS - 1_000_000n)
})
