/** What sign-in meets at its edges: time, other host names, proxies, another start, what is kept and what is logged. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../src/lib/log.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { createSignIn } from '../src/people/sign-in.ts'
import { openSignInDatabase } from '../src/store/sign-in-database.ts'
import { StoreAway } from '../src/store/store.ts'
import { type Api, openApi } from './api-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { ON_SQLITE, startTurnpike, type Turnpike, type TurnpikeOptions } from './turnpike.ts'

const PASSWORD = 'correct horse battery'
const MINUTE_MS = 60_000
const OWN = { 'sec-fetch-site': 'same-origin' }

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

async function start(options?: TurnpikeOptions): Promise<Turnpike> {
  const turnpike = await startTurnpike(options)
  running.push(turnpike)
  return turnpike
}

const tokenOf = (link = ''): string => link.split('#token=')[1] ?? ''
const redeeming = (link: string | undefined, email = 'owner@example.com') => ({
  ...{ token: tokenOf(link), email, password: PASSWORD, name: 'Olga' },
})

type Answered = { status: number; text: string; headers: Record<string, string | string[] | undefined> }

/** With headers that `fetch` would not send, `Host` among them. */
const send = (turnpike: Turnpike, method: string, path: string, headers: Record<string, string>, body?: unknown) =>
  new Promise<Answered>((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = httpRequest(`${turnpike.url}${path}`, { method, headers: { ...json, ...headers } }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text, headers: reply.headers }))
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

describe('on a clock that stands still', () => {
  let api: Api
  beforeAll(async () => {
    api = await openApi(undefined, { still: true })
  }, 60_000)
  afterAll(() => api.close())

  test('links end with their time: fifteen minutes for the first, three days for an invitation', async () => {
    const setup = async () => (await api.request('POST', '/api/admin/setup-link', api.operator, {})).body
    const redeem = (link: string, email?: string) =>
      api.request('POST', '/api/auth/setup', undefined, redeeming(link, email), OWN)
    const late = await setup()
    expect(Date.parse(late.expiresAt) - api.store.now()).toBe(15 * MINUTE_MS)
    api.forward(15 * MINUTE_MS)
    expect(await redeem(late.link)).toMatchObject({ status: 410, body: { error: { code: 'link_ended' } } })
    const inTime = await setup()
    api.forward(15 * MINUTE_MS - 1)
    expect((await redeem(inTime.link)).status).toBe(201)

    const invite = async () =>
      (await api.request('POST', '/api/admin/members', api.operator, { role: 'reader' })).body.link as string
    const [first, second] = [await invite(), await invite()]
    api.forward(3 * 24 * 60 * MINUTE_MS - 1)
    expect((await redeem(first, 'one@example.com')).status).toBe(201)
    api.forward(1)
    expect((await redeem(second, 'two@example.com')).status).toBe(410)
    expect(api.faults).toEqual([])
  }, 60_000)

  /** Of the owner whom the links above let in. */
  test('guesses are let through again once their time is over', async () => {
    const signIn = async (password: string) => {
      const body = { email: 'owner@example.com', password }
      return api.request('POST', '/api/auth/sign-in/email', undefined, body, OWN)
    }
    for (let n = 0; n < 5; n++) expect((await signIn('wrong')).status).toBe(401)
    const held = await signIn(PASSWORD)
    expect([held.status, held.headers['retry-after']]).toEqual([429, '900'])
    api.forward(15 * MINUTE_MS)
    expect((await signIn(PASSWORD)).status).toBe(200)
  }, 60_000)
})

describe('from the first start to the third, in one folder', () => {
  let turnpike: Turnpike
  const links: string[] = []
  const setUp = (link: string | undefined) => send(turnpike, 'POST', '/api/auth/setup', OWN, redeeming(link))
  const again = async () => {
    await turnpike.stop()
    turnpike = await startTurnpike({ folder: turnpike.folder })
  }
  beforeAll(async () => {
    turnpike = await startTurnpike(ON_SQLITE)
  }, 60_000)
  afterAll(() => rmSync(turnpike.folder, { recursive: true, force: true }))

  test('nothing of sign-in is loaded, and no file is there, before somebody needs it', async () => {
    await turnpike.request('/api/admin/session', { key: turnpike.operatorKey })
    expect(existsSync(join(turnpike.folder, 'auth.db'))).toBe(false)
    await turnpike.request('/api/admin/session', { headers: { cookie: 'turnpike.session_token=x', authorization: '' } })
    expect(existsSync(join(turnpike.folder, 'auth.db'))).toBe(true)
  })

  test('on loopback only loopback names are served, by the page and by what sessions reach', async () => {
    const { port } = new URL(turnpike.url)
    const authorization = `Bearer ${turnpike.operatorKey}`
    const status = async (path: string, host: string) =>
      (await send(turnpike, 'GET', path, { host, authorization })).status
    for (const path of ['/', '/login', '/requests/gen-1', '/assets/x.js', '/api/admin/session', '/api/auth/x']) {
      for (const host of [`evil.example:${port}`, 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])
        expect([path, host, await status(path, host)]).toEqual([path, host, 403])
      for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST'])
        expect([path, host, await status(path, host)]).not.toEqual([path, host, 403])
    }
    for (const path of ['/v1/models', '/healthz', '/docs']) expect(await status(path, 'gateway.internal')).toBe(200)
    const forwarded = { host: 'evil.example', 'x-forwarded-host': 'localhost', authorization }
    expect((await send(turnpike, 'GET', '/api/admin/session', forwarded)).status).toBe(403)
  }, 60_000)

  test('each start makes another link until somebody owns the organisation, and none from then on', async () => {
    const one = turnpike.server.setupPath
    await again()
    const two = turnpike.server.setupPath
    expect(two).not.toBe(one)
    const { store } = turnpike.server.gateway
    const kept = () => store.rows(store.sql.selectFrom('members').select('link_hash'))
    expect(await kept()).toEqual([{ link_hash: hashSecret(tokenOf(two)) }])
    expect((await setUp(one)).status).toBe(410)
    expect((await setUp(two)).status).toBe(201)
    expect(await kept()).toEqual([{ link_hash: null }])
    await again()
    expect(turnpike.server.setupPath).toBeUndefined()
    // What was signed in before is signed in still.
    const body = { email: 'owner@example.com', password: PASSWORD }
    expect((await send(turnpike, 'POST', '/api/auth/sign-in/email', OWN, body)).status).toBe(200)
    links.push(tokenOf(one), tokenOf(two))
  }, 60_000)

  /** Of the links above nothing but hashes was ever written. */
  test('what is kept is hashes, in a file of its own that its owner alone may read', async () => {
    const { folder } = turnpike
    expect(statSync(join(folder, 'auth.db')).mode & 0o777).toBe(0o600)
    await turnpike.stop()
    const bytes = ['auth.db', 'turnpike.db'].map((name) => readFileSync(join(folder, name), 'latin1')).join('')
    expect(bytes).toContain('owner@example.com')
    for (const secret of [PASSWORD, ...links]) expect(bytes).not.toContain(secret)
  }, 60_000)
})

test('behind a proxy that is named, its address is served, links lead to it and cookies are for TLS alone', async () => {
  const yaml = 'trustProxy: true\npublicUrl: https://turnpike.example.com/\n'
  const turnpike = await start({ yaml })
  const proxied = { host: 'turnpike.example.com', 'x-forwarded-proto': 'https', origin: 'https://turnpike.example.com' }
  const first = await send(turnpike, 'POST', '/api/auth/setup', proxied, redeeming(turnpike.server.setupPath))
  expect(first.status).toBe(201)
  expect(String(first.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Lax; Secure$/)
  const cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
  const invited = await send(turnpike, 'POST', '/api/admin/members', { ...proxied, cookie }, { role: 'reader' })
  expect(JSON.parse(invited.text).link).toMatch(/^https:\/\/turnpike\.example\.com\/setup#token=/)
}, 60_000)

test('a proxy that is trusted to say so is enough for a cookie for TLS alone', async () => {
  const turnpike = await start({ yaml: 'trustProxy: 1\n' })
  const tls = { ...OWN, 'x-forwarded-proto': 'https' }
  const first = await send(turnpike, 'POST', '/api/auth/setup', tls, redeeming(turnpike.server.setupPath))
  expect(String(first.headers['set-cookie'])).toMatch(/; Secure$/)
}, 60_000)

test('what goes wrong is logged without a name, and a database out of reach is tried again at the next use', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'debug', readable: false, write: (line) => void lines.push(line) })
  let tries = 0
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-sign-in-'))
  const signIn = createSignIn({
    open: async () => {
      if (++tries === 1) throw new Error('not now')
      return openSignInDatabase({ databaseUrl: undefined, file: join(folder, 'auth.db'), now: 0 })
    },
    secret: async () => 'a secret of more than thirty-two characters 0123456789',
    log,
  })
  await expect(signIn.findUser('ann@example.com')).rejects.toThrow('not now')
  expect(await signIn.findUser('ann@example.com')).toBeUndefined()
  const id = await signIn.createUser({ email: 'ann@example.com', name: 'Ann', password: PASSWORD })
  expect(id).toEqual(expect.any(String))
  expect(await signIn.createUser({ email: 'ann@example.com', name: 'Ann', password: PASSWORD })).toBeUndefined()
  expect(await signIn.signIn('ann@example.com', 'wrong')).toBeUndefined()
  const session = await signIn.signIn('ann@example.com', PASSWORD)
  expect(await signIn.userOf(session?.cookies[0]?.split(';')[0] ?? '')).toBe(id)
  await signIn.close()
  rmSync(folder, { recursive: true })
  expect(lines.join('')).not.toMatch(/ann@example|correct horse|session_token/)
}, 60_000)

test('a database of sign-in that is out of reach is told as that, not as a fault of ours', async () => {
  const databaseUrl = 'postgres://turnpike@127.0.0.1:1/none'
  await expect(openSignInDatabase({ databaseUrl, file: '', now: 0 })).rejects.toBeInstanceOf(StoreAway)
  const database = await openSignInDatabase({ databaseUrl: await freshDatabase(), file: '', now: 0 })
  await expect(database.assertReachable()).resolves.toBeUndefined()
  const signIn = createSignIn({
    open: async () => database,
    secret: async () => 'a secret of more than thirty-two characters 0123456789',
    log: createLog({ level: 'silent' }),
  })
  expect(await signIn.findUser('ann@example.com')).toBeUndefined()
  await database.close()
  await expect(signIn.findUser('ann@example.com')).rejects.toBeInstanceOf(StoreAway)
}, 60_000)

test.each([
  ['SQLite', async () => undefined],
  ['PostgreSQL', freshDatabase],
])(
  'sessions that are over are swept out when %s is opened again',
  async (_name, address) => {
    const databaseUrl = await address()
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-sign-in-'))
    const open = async (now: number) => {
      const database = await openSignInDatabase({ databaseUrl, file: join(folder, 'auth.db'), now })
      const secret = async () => 'a secret of more than thirty-two characters 0123456789'
      return createSignIn({ open: async () => database, secret, log: createLog({ level: 'silent' }) })
    }
    const first = await open(0)
    await first.createUser({ email: 'ann@example.com', name: 'Ann', password: PASSWORD })
    const session = await first.signIn('ann@example.com', PASSWORD)
    const cookie = session?.cookies[0]?.split(';')[0] ?? ''
    await first.close()
    const { expires } = /Max-Age=(?<expires>\d+)/.exec(session?.cookies[0] ?? '')?.groups ?? {}
    expect(expires).toBe(String(7 * 24 * 3600))
    const second = await open(Date.now() + 6 * 24 * 60 * MINUTE_MS)
    expect(await second.userOf(cookie)).toBe(session?.userId)
    await second.close()
    const third = await open(Date.now() + 8 * 24 * 60 * MINUTE_MS)
    expect(await third.userOf(cookie)).toBeUndefined()
    await third.close()
    rmSync(folder, { recursive: true })
  },
  60_000,
)
