/** Credentials as they are administered: a secret goes in, is sealed, and comes out of nothing again. */
import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../src/lib/log.ts'
import { type Byok, startByok, told } from './byok-kit.ts'
import { chat, createCustomer } from './gateway-kit.ts'

const PATH = '/api/admin/credentials'
const USD = 1_000_000_000n
const lines: string[] = []
let byok: Byok
beforeAll(async () => {
  byok = await startByok({
    log: createLog({ level: 'debug', readable: false, write: (line) => void lines.push(line) }),
  })
})
afterAll(() => byok.close())

const make = (body: object, headers: Record<string, string> = {}) =>
  byok.admin('POST', PATH, { provider: 'acme', name: 'mine', ...body }, undefined, headers)

const auditOf = async (target: string) => {
  const { store } = byok.turnpike.server.gateway
  const rows = await store.rows(
    store.sql.selectFrom('audit_log').selectAll().where('target', '=', target).orderBy('id'),
  )
  return rows.map(({ action, before, after }) => ({
    action,
    before: before === null ? null : JSON.parse(before),
    after: after === null ? null : JSON.parse(after),
  }))
}

describe('a credential', () => {
  test('is made, listed, read, changed and deleted, with a row of the audit log for each change', async () => {
    await createCustomer(byok.turnpike, 'ann', USD)
    const made = await make({
      secret: 'sk-whole-life-0123456789',
      externalId: 'ann',
      weight: 3,
      priority: 2,
      fallback: true,
    })
    expect(made.status).toBe(201)
    const { credential } = made.body
    expect(credential).toEqual({
      ...{ id: expect.stringMatching(/^cred_[0-9A-Za-z]{20}$/), provider: 'acme', name: 'mine', label: '...6789' },
      ...{ accountId: expect.stringMatching(/^acc_/), apiKeyHashes: null, weight: 3, priority: 2, fallback: true },
      ...{ disabled: false, status: 'active', coolingUntil: null, coolingReason: null, lastUsedAt: null },
      ...{ createdAt: expect.any(String), updatedAt: null },
    })
    const one = `${PATH}/${credential.id}`
    expect((await byok.admin('GET', one)).body).toEqual({ credential })
    const listed = await byok.admin('GET', `${PATH}?provider=acme&externalId=ann`)
    expect(listed.body).toMatchObject({ credentials: [credential], pagination: { totalCount: 1, hasMore: false } })
    expect((await byok.admin('GET', `${PATH}?provider=other&externalId=ann`)).body.credentials).toEqual([])

    const changed = await byok.admin('PATCH', one, { name: 'hers', disabled: true, weight: 1, fallback: false })
    expect(changed.body.credential).toMatchObject({
      name: 'hers',
      disabled: true,
      weight: 1,
      fallback: false,
      status: 'disabled',
    })
    const rotated = await byok.admin('PATCH', one, { secret: 'sk-second-life-abcdefghij', disabled: false })
    expect(rotated.body.credential).toMatchObject({ label: '...ghij', name: 'hers', status: 'active' })
    expect((await byok.admin('DELETE', one)).body).toEqual({ deleted: true })
    expect((await byok.admin('GET', one)).status).toBe(404)
    expect((await byok.admin('DELETE', one)).status).toBe(404)

    expect(await auditOf(credential.id)).toMatchObject([
      { action: 'credential.create', before: null, after: { name: 'mine', label: '...6789' } },
      {
        action: 'credential.update',
        before: { name: 'mine', disabled: false },
        after: { name: 'hers', disabled: true },
      },
      { action: 'credential.update', before: { label: '...6789' }, after: { label: '...ghij', secret: 'rotated' } },
      { action: 'credential.delete', before: { name: 'hers' }, after: null },
    ])
  })

  test('is made once under one idempotency key, and its secret is part of what that key stands for', async () => {
    const headers = { 'idempotency-key': 'make-it-once' }
    const first = await make({ secret: 'sk-once-only-0123456789' }, headers)
    const again = await make({ secret: 'sk-once-only-0123456789' }, headers)
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(again.headers.get('idempotent-replay')).toBe('true')
    const other = await make({ secret: 'sk-once-else-0123456789' }, headers)
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'idempotency_key_mismatch' } } })
    const { body } = await byok.admin('GET', PATH)
    expect(body.credentials.filter(({ id }: { id: string }) => id === first.body.credential.id)).toHaveLength(1)
  })

  test.each([
    [{ secret: undefined }, 400, 'secret'],
    [{ secret: 'short' }, 400, 'secret'],
    [{ secret: 'with a blank in it 123' }, 400, 'secret'],
    [{ secret: 'sk-\r\nx-evil: 1 0123456789' }, 400, 'secret'],
    [{ provider: 'nobody' }, 400, 'provider'],
    [{ provider: '__proto__' }, 400, 'provider'],
    [{ baseUrl: 'http://169.254.169.254/' }, 400, 'baseUrl'],
    [{ weight: 0 }, 400, 'weight'],
    [{ priority: 101 }, 400, 'priority'],
    [{ name: '' }, 400, 'name'],
    [{ name: 'is sk-valid-secret-0123456789' }, 400, 'name'],
    [{ apiKeyHashes: ['f'.repeat(64)] }, 404, 'apiKeyHashes'],
    [{ externalId: 'nobody at all' }, 404, null],
  ])('%j is refused, and the refusal repeats no secret', async (body, status, param) => {
    const refused = await make({ secret: 'sk-valid-secret-0123456789', ...body })
    expect(refused).toMatchObject({ status, body: { error: { param } } })
    expect(refused.text).not.toContain('sk-')
  })

  test('is checked against its provider, which costs nothing', async () => {
    const secret = 'sk-to-be-checked-0123456789'
    const { body } = await make({ secret })
    const check = async () => (await byok.admin('POST', `${PATH}/${body.credential.id}/check`)).body.check
    byok.upstream.calls.length = 0
    expect(await check()).toEqual({ valid: true, status: 200, message: null, latencyMs: expect.any(Number) })
    expect(byok.upstream.calls).toEqual([{ secret, path: '/v1/models' }])
    byok.upstream.answer(secret, { status: 401, body: { error: { message: `Incorrect: ${secret}` } } })
    expect(await check()).toMatchObject({ valid: false, status: 401, message: 'Incorrect: [removed]' })
    byok.upstream.answer(secret, { status: 500, body: {} })
    expect(await check()).toMatchObject({ valid: null, status: 500 })
  })
})

describe('nobody else', () => {
  test('sees or changes a credential: strangers get 404, readers and API keys 403', async () => {
    const { body } = await make({ secret: 'sk-not-for-strangers-0123456789' })
    const id = body.credential.id
    await byok.admin('POST', '/api/admin/organisations', { name: 'elsewhere' })
    const keyOf = async (more: object) =>
      (await byok.admin('POST', '/api/admin/management-keys', { name: 'k', ...more })).body.key as string
    const stranger = await keyOf({ role: 'admin', organisationId: 'elsewhere' })
    const reader = await keyOf({ role: 'reader' })
    const operations = [
      ['GET', `${PATH}/${id}`, undefined],
      ['PATCH', `${PATH}/${id}`, { name: 'taken' }],
      ['DELETE', `${PATH}/${id}`, undefined],
      ['POST', `${PATH}/${id}/check`, undefined],
    ] as const
    for (const [method, path, change] of operations) {
      expect((await byok.admin(method, path, change, stranger)).status).toBe(404)
      expect((await byok.admin(method, path, change, reader)).status).toBe(method === 'GET' ? 200 : 403)
      expect((await byok.admin(method, path, change, byok.turnpike.key)).status).toBe(403)
    }
    expect((await byok.admin('GET', PATH, undefined, stranger)).body.credentials).toEqual([])
    expect((await byok.admin('GET', `${PATH}/${id}`)).body.credential.name).toBe('mine')
  })
})

describe('a secret', () => {
  /** Everything that is kept: all files of the data folder, and every row where the database is elsewhere. */
  async function bytes(): Promise<string> {
    const { folder, server } = byok.turnpike
    const files = globSync('**/*', { cwd: folder })
      .map((file) => join(folder, file))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'latin1'))
    const { store } = server.gateway
    if (store.engine === 'sqlite') return files.join('\n')
    const read = (text: string) => store.rows({ compile: () => sql.raw<{ text: string }>(text).compile(store.sql) })
    const tables = await read("SELECT quote_ident(tablename) AS text FROM pg_tables WHERE schemaname = 'public'")
    expect(tables.length).toBeGreaterThan(10)
    const rows = await Promise.all(tables.map(({ text }) => read(`SELECT t::text AS text FROM ${text} AS t`)))
    return [...files, ...rows.flat().map(({ text }) => text)].join('\n')
  }

  test('is in no byte of the database, no line of the log, no reply and no row of the audit log', async () => {
    const secret = 'Zx9-Unmistakable-Secret-4711-Yq'
    const texts: string[] = []
    const headers = { 'idempotency-key': 'a-secret-once' }
    const { key } = await createCustomer(byok.turnpike, 'bert', 100n * USD)
    const made = await make({ secret, externalId: 'bert' }, headers)
    const one = `${PATH}/${made.body.credential.id}`
    texts.push(made.text, (await make({ secret, externalId: 'bert' }, headers)).text)
    texts.push((await byok.admin('PATCH', one, { secret, name: 'again' })).text)
    const call = async (mount: string, more: object = {}) =>
      told(await byok.turnpike.request(mount, { key, body: chat('acme/seed', { max_tokens: 50, ...more }) }))
    for (const status of [200, 400, 401, 403, 422, 429, 500]) {
      const echo = `${secret} says ${status}`
      const headers = { 'x-echo': secret, 'retry-after': '1' }
      const error = { message: echo, code: `code ${secret}`, type: secret }
      byok.upstream.answer(secret, status === 200 ? undefined : { status, headers, body: { error } })
      for (const mount of ['/v1/chat/completions', '/api/v1/chat/completions'])
        for (const stream of [false, true]) {
          const reply = await call(mount, { stream })
          texts.push(reply.text, JSON.stringify([...reply.headers]))
        }
      texts.push((await byok.admin('POST', `${one}/check`)).text)
    }
    const generation = /gen-[0-9]+-[0-9A-Za-z]+/.exec(texts.join())?.[0]
    texts.push((await told(await byok.turnpike.request(`/api/v1/generation?id=${generation}`, { key }))).text)
    texts.push((await byok.admin('GET', one)).text, (await byok.admin('GET', PATH)).text)
    const { gateway } = byok.turnpike.server
    await gateway.credentials.flush()
    texts.push(JSON.stringify(await auditOf(made.body.credential.id)))
    expect(texts.length).toBeGreaterThan(60)
    expect(texts.filter((text) => text.includes(secret))).toEqual([])
    expect(lines.filter((line) => line.includes(secret))).toEqual([])
    const all = await bytes()
    expect(all).toContain('again')
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64').slice(0, 36),
      Buffer.from(secret).toString('hex'),
    ])
      expect(all).not.toContain(form)
  })

  /** Not its last letter, some of whose bits say nothing. */
  const changedAt = (text: string, at: number): string =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`

  test('that was changed or moved in the database opens nothing, and the call says what to do', async () => {
    const { key } = await createCustomer(byok.turnpike, 'cleo', 100n * USD)
    const [mine, theirs] = [
      (await make({ secret: 'sk-cleos-own-0123456789', externalId: 'cleo' })).body.credential,
      (await make({ secret: 'sk-of-others-0123456789', provider: 'other' })).body.credential,
    ]
    const { store, credentials } = byok.turnpike.server.gateway
    const rows = await store.rows(store.sql.selectFrom('credentials').select(['id', 'code', 'sealed']))
    const rowOf = ({ id }: { id: string }) => rows.find(({ code }) => `cred_${code}` === id)
    const put = async (sealed: string) => {
      await store.write([
        store.sql
          .updateTable('credentials')
          .set({ sealed })
          .where('id', '=', rowOf(mine)?.id ?? 0n),
      ])
      credentials.forget(byok.turnpike.server.organisation.id)
    }
    const own = rowOf(mine)?.sealed ?? ''
    for (const sealed of [rowOf(theirs)?.sealed ?? '', changedAt(own, own.length - 8), 'nonsense']) {
      await put(sealed)
      byok.upstream.calls.length = 0
      const refused = await told(await byok.turnpike.request('/v1/chat/completions', { key, body: chat('acme/mini') }))
      expect(refused).toMatchObject({ status: 403, body: { error: { code: 'credential_refused' } } })
      expect(refused.body.error.message).toContain(
        `cannot be read: send its secret again to /api/admin/credentials/${mine.id}`,
      )
      expect(byok.upstream.calls).toEqual([])
      expect((await byok.admin('GET', `${PATH}/${mine.id}`)).body.credential.status).toBe('unreadable')
      expect((await byok.admin('POST', `${PATH}/${mine.id}/check`)).status).toBe(400)
    }
    expect((await byok.admin('PATCH', `${PATH}/${mine.id}`, { secret: 'sk-cleos-new-0123456789' })).status).toBe(200)
    expect((await byok.turnpike.request('/v1/chat/completions', { key, body: chat('acme/mini') })).status).toBe(200)
    await byok.admin('DELETE', `${PATH}/${theirs.id}`)
  })
})

test('a process with another key reads no secret and seals none beside them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-sealed-'))
  const start = (key: string) => startByok({ folder, env: { TURNPIKE_SECRET_KEY: key } })
  const first = await start('a'.repeat(40))
  const id = await first.credential({ secret: 'sk-of-the-first-0123456789' })
  await first.turnpike.stop()
  await first.upstream.close()
  const second = await start('b'.repeat(40))
  expect((await second.admin('GET', `${PATH}/${id}`)).body.credential.status).toBe('unreadable')
  const refused = await second.admin('POST', PATH, {
    provider: 'acme',
    name: 'x',
    secret: 'sk-of-the-second-0123456789',
  })
  expect(refused.status).toBe(503)
  expect(refused.body.error.message).toContain('TURNPIKE_SECRET_KEY')
  expect((await second.admin('DELETE', `${PATH}/${id}`)).status).toBe(200)
  expect(
    (await second.admin('POST', PATH, { provider: 'acme', name: 'x', secret: 'sk-of-the-second-0123456789' })).status,
  ).toBe(201)
  await second.close()
  rmSync(folder, { recursive: true, force: true })
})
