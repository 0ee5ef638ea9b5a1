/** Sign-in by OpenID Connect at its edges: forged and repeated answers, other sites, a provider that is away, proxies, no passwords. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { createLog } from '../src/lib/log.ts'
import { providerFault } from '../src/people/discovery.ts'
import { type IdentityProvider, oidcYaml, startIdentityProvider } from './identity-provider.ts'
import { browserOf, type Jar, OWN, PASSWORD, visit } from './oidc-kit.ts'
import { startReceiver } from './receivers.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const CALLBACK = '/api/auth/callback/oidc'
const WELL = '/.well-known/openid-configuration'
const OWNER = { sub: 'olga', email: 'owner@example.com', email_verified: true, name: 'Olga' }

const tokenOf = (link = '') => link.split('#token=')[1]
const post = (turnpike: Turnpike, path: string, body: unknown, headers: Record<string, string> = OWN) =>
  fetch(`${turnpike.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const session = async (turnpike: Turnpike, cookie = '') =>
  (await fetch(`${turnpike.url}/api/admin/session`, { headers: { cookie, ...OWN } })).status

describe('a server and its provider', () => {
  const lines: string[] = []
  let idp: IdentityProvider
  let turnpike: Turnpike
  let browser: ReturnType<typeof browserOf>
  beforeAll(async () => {
    idp = await startIdentityProvider()
    const log = createLog({ level: 'debug', readable: false, write: (line) => void lines.push(line) })
    turnpike = await startTurnpike({ yaml: `${oidcYaml(idp)}trustProxy: true\n`, log })
    browser = browserOf(turnpike)
    idp.person = OWNER
  }, 60_000)
  afterAll(async () => {
    await turnpike.close()
    await idp.close()
  })
  const end = (jar: Jar, url: string) => visit(url, jar).then(({ location }) => location.replace(turnpike.url, ''))

  test('a provider that is away stops neither the start nor passwords, and is asked again at the next click', async () => {
    const body = { token: tokenOf(turnpike.server.setupPath), email: OWNER.email, password: PASSWORD, name: 'Olga' }
    expect((await post(turnpike, '/api/auth/setup', body)).status).toBe(201)
    const faults: [string, (path: string, reply: import('node:http').ServerResponse) => boolean][] = [
      [`answers 404 at ${idp.issuer}${WELL}`, () => false],
      [`does not answer at ${idp.issuer}${WELL}`, (_path, reply) => !!reply.destroy()],
      ['does not describe itself', (_path, reply) => !!reply.end('<html>')],
      ['does not describe itself', (_path, reply) => !!reply.end(described({ jwks_uri: undefined }))],
      ['(token_endpoint)', (_path, reply) => !!reply.end(described({ token_endpoint: 'http://idp.example/token' }))],
      [
        'names itself https://evil.example',
        (_path, reply) => !!reply.end(described({ issuer: 'https://evil.example' })),
      ],
    ]
    for (const [said, fault] of faults) {
      idp.fault = fault
      const { status, text, cookies } = await browser.start(new Map())
      expect([said, status, cookies]).toEqual([said, 503, []])
      expect(JSON.parse(text).error.message).toContain(`Example cannot be used now: the identity provider`)
      expect(text).toContain(said)
    }
    expect(await end(new Map(), `${turnpike.url}${CALLBACK}?code=x&state=y`)).toBe('/login?error=provider')
    const credentials = { email: OWNER.email, password: PASSWORD }
    expect((await post(turnpike, '/api/auth/sign-in/email', credentials)).status).toBe(200)
    idp.fault = undefined
    idp.serve(`${turnpike.url}${CALLBACK}`)
    expect((await browser.signIn()).to).toBe('/')
  }, 60_000)

  const described = (more: Record<string, unknown>) => {
    const { issuer } = idp
    const paths = {
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
    }
    return JSON.stringify({ issuer, ...paths, ...more })
  }

  test('an answer counts once, in the browser that set out, and with all that belongs to it', async () => {
    const jar: Jar = new Map()
    const url = await browser.go(jar)
    const answer = new URL(url)
    const without = (name: string) => {
      const changed = new URL(url)
      changed.searchParams.delete(name)
      return changed.href
    }
    const forged = new URL(url)
    forged.searchParams.set('state', 'x'.repeat(32))
    for (const wrong of [without('state'), forged.href, `${url}&state=again`, `${turnpike.url}${CALLBACK}`])
      expect([wrong, await end(jar, wrong)]).toEqual([wrong, '/login?error=ended'])
    // Somebody else's browser, to whom the link was sent.
    expect(await end(new Map(), url)).toBe('/login?error=ended')
    const head = await fetch(url, { method: 'HEAD', headers: { cookie: [...jar.values()].join(';') } })
    expect(head.status).toBe(404)
    expect((await post(turnpike, `${CALLBACK}${answer.search}`, {})).status).toBe(404)
    const other: Jar = new Map(jar)
    expect(await end(jar, url)).toBe('/')
    expect(await end(other, url)).toBe('/login?error=ended')
    expect(await end(jar, url)).toBe('/login?error=ended')
  }, 60_000)

  test('an answer in another provider’s name, or without a code, lets nobody in', async () => {
    for (const [change, error] of [
      [['iss', 'https://evil.example'], 'provider'],
      [['code', 'made up'], 'provider'],
      [['code', ''], 'provider'],
      [['error', 'access_denied'], 'denied'],
      [['error', 'server_error'], 'provider'],
      [['error', '__proto__'], 'provider'],
      [['error', 'not_invited'], 'provider'],
    ] as const) {
      const jar: Jar = new Map()
      const url = new URL(await browser.go(jar, { wanted: '/keys' }))
      url.searchParams.set(...(change as [string, string]))
      url.searchParams.set('error_description', '<script>pay()</script>')
      expect([change, await end(jar, url.href)]).toEqual([change, `/login?error=${error}&then=%2Fkeys`])
    }
  }, 60_000)

  test('whatever was wanted, one comes back to this server', async () => {
    for (const [wanted, path] of [
      ['https://evil.example/x', '/'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['\\\\evil.example', '/'],
      ['javascript:alert(1)', '/'],
      [' https://evil.example', '/'],
      ['/.//evil.example', '/'],
      ['/keys?error=not_invited#x', '/keys?error=not_invited'],
      [`${'/x'.repeat(1000)}`, '/x'.repeat(1000)],
    ] as const) {
      const jar: Jar = new Map()
      const { location } = await visit(await browser.go(jar, { wanted }), jar)
      expect(location).toBe(`${turnpike.url}${path}`)
    }
    expect((await browser.start(new Map(), { wanted: 'x'.repeat(8_001) })).status).toBe(400)
  }, 60_000)

  test('only our own pages set out, and only so often', async () => {
    const refused: [Record<string, string>, unknown, number][] = [
      [{ 'sec-fetch-site': 'cross-site' }, {}, 403],
      [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-site' }, {}, 403],
      [{ ...OWN, 'content-type': 'application/x-www-form-urlencoded' }, 'wanted=/', 415],
    ]
    for (const [headers, body, status] of refused)
      expect((await post(turnpike, '/api/auth/sign-in/oidc', body, headers)).status).toBe(status)
    expect((await fetch(`${turnpike.url}/api/auth/sign-in/oidc`)).status).toBe(404)
    expect(await (await fetch(`${turnpike.url}/api/auth/methods`)).json()).toEqual({
      methods: { password: true, oidc: { name: 'Example' } },
    })
    const from = { 'x-forwarded-for': '198.51.100.7' }
    for (let n = 0; n < 30; n++) expect((await browser.start(new Map(), {}, from)).status).toBe(200)
    const held = await post(turnpike, '/api/auth/sign-in/oidc', {}, { ...OWN, ...from })
    expect([held.status, Number(held.headers.get('retry-after')) > 800]).toEqual([429, true])
    expect((await browser.start(new Map())).status).toBe(200)
  }, 60_000)

  test('nothing secret is kept or logged', async () => {
    const jar: Jar = new Map()
    const url = await browser.go(jar)
    const { session: cookie } = await browser.signIn()
    const seen = [url, url.replace('code=', 'code=x')].map((each) => end(jar, each))
    await Promise.all(seen)
    const log = lines.join('')
    const { searchParams } = new URL(url)
    for (const secret of [
      ...[idp.clientSecret, encodeURIComponent(idp.clientSecret), searchParams.get('code'), searchParams.get('state')],
      ...[cookie?.split('=')[1], OWNER.email, 'session_token'],
    ])
      expect(log).not.toContain(secret)
    expect(log).toContain('the identity provider let nobody in')
    const users = await turnpike.server.signIn.findUser(OWNER.email)
    const { openSignInDatabase } = await import('../src/store/sign-in-database.ts')
    const place = { databaseUrl: undefined, file: `${turnpike.folder}/auth.db`, now: 0 }
    const { db, close } = await openSignInDatabase(place)
    const { sql } = await import('kysely')
    const { rows } = await sql<Record<string, unknown>>`SELECT * FROM "account" WHERE "providerId" = 'oidc'`.execute(db)
    await close()
    expect(rows).toMatchObject([
      {
        ...{ userId: users?.id, accountId: `${idp.issuer} olga`, accessToken: null, refreshToken: null },
        ...{ idToken: null, scope: null, password: null },
      },
    ])
  }, 60_000)
})

test('without passwords, behind TLS, where the provider does not say what is verified', async () => {
  const idp = await startIdentityProvider({ inToken: true })
  const yaml = `${oidcYaml(idp, ['trustEmail: true'])}  password: false\npublicUrl: https://turnpike.example.com/\ntrustProxy: true\n`
  const turnpike = await startTurnpike({ yaml })
  idp.serve(`https://turnpike.example.com${CALLBACK}`)
  const tls = { host: 'turnpike.example.com', 'x-forwarded-proto': 'https', origin: 'https://turnpike.example.com' }
  try {
    expect(await (await fetch(`${turnpike.url}/api/auth/methods`)).json()).toMatchObject({
      methods: { password: false },
    })
    // Who runs the server still gets in by the link, with a password that is good for that alone.
    const owner = { token: tokenOf(turnpike.server.setupPath), email: OWNER.email, password: PASSWORD, name: 'Olga' }
    const made = await post(turnpike, '/api/auth/setup', owner, { ...OWN, 'x-forwarded-proto': 'https' })
    expect(made.status).toBe(201)
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const credentials = { email: OWNER.email, password: PASSWORD }
    const refused = await post(turnpike, '/api/auth/sign-in/email', credentials)
    expect([refused.status, ((await refused.json()) as { error: { message: string } }).error.message]).toEqual([
      403,
      'Passwords are switched off here: sign in with Example',
    ])
    const change = { currentPassword: PASSWORD, newPassword: 'another long password' }
    expect((await post(turnpike, '/api/auth/change-password', change, { ...OWN, cookie })).status).toBe(403)
    const invited = await post(
      turnpike,
      '/api/admin/members',
      { email: 'ann@example.com', role: 'reader' },
      { ...OWN, cookie },
    )
    const { link } = (await invited.json()) as { link: string }
    const ann = { token: tokenOf(link), email: 'ann@example.com', password: PASSWORD, name: 'Ann' }
    expect((await post(turnpike, '/api/auth/setup', ann)).status).toBe(403)

    for (const [email_verified, end] of [
      [false, '/login?error=unverified_email'],
      [undefined, '/'],
    ] as const) {
      idp.person = { sub: 'ann', email: 'ann@example.com', ...(email_verified === undefined ? {} : { email_verified }) }
      const jar: Jar = new Map()
      const started = await post(turnpike, '/api/auth/sign-in/oidc', {}, { ...OWN, ...tls })
      const [state = ''] = started.headers.getSetCookie()
      expect(state).toMatch(/^turnpike\.state=[^;]+;.*HttpOnly; SameSite=Lax; Secure$/)
      let { url } = (await started.json()) as { url: string }
      expect(new URL(url).searchParams.get('redirect_uri')).toBe(`https://turnpike.example.com${CALLBACK}`)
      expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256')
      while (!url.startsWith('https://turnpike.example.com')) url = (await visit(url, jar)).location
      const back = await fetch(`${turnpike.url}${CALLBACK}${new URL(url).search}`, {
        ...{ redirect: 'manual' as const, headers: { ...tls, cookie: state.split(';')[0] ?? '' } },
      })
      expect([back.status, back.headers.get('location')]).toEqual([303, `https://turnpike.example.com${end}`])
      const found = back.headers.getSetCookie().find((each) => each.startsWith('turnpike.session_token='))
      if (end === '/') expect(found).toMatch(/; HttpOnly; SameSite=Lax; Secure$/)
      expect(await session(turnpike, found?.split(';')[0])).toBe(end === '/' ? 200 : 401)
    }
  } finally {
    await turnpike.close()
    await idp.close()
  }
}, 60_000)

test('without a provider in the settings there is none', async () => {
  const turnpike = await startTurnpike()
  expect(await (await fetch(`${turnpike.url}/api/auth/methods`)).json()).toEqual({
    methods: { password: true, oidc: null },
  })
  expect((await post(turnpike, '/api/auth/sign-in/oidc', {})).status).toBe(404)
  const back = await fetch(`${turnpike.url}${CALLBACK}?code=x&state=y`, { redirect: 'manual' })
  expect([back.status, back.headers.get('location')]).toEqual([303, `${turnpike.url}/login?error=provider`])
  await turnpike.close()
}, 60_000)

test('a provider that takes the connection and says nothing is given up', async () => {
  const silent = await startReceiver(() => {})
  const issuer = new URL(silent.url).origin
  const soon = { after: (_ms: number, callback: () => void) => systemClock.after(50, callback) }
  expect(await providerFault({ issuer }, soon)).toBe(`does not answer at ${issuer}${WELL}`)
  await silent.close()
})
