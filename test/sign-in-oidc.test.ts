/** Sign-in by OpenID Connect against a real provider: who gets in, who does not, and what a hostile or unlucky caller meets. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../src/lib/log.ts'
import { type IdentityProvider, oidcYaml, type Person, startIdentityProvider } from './identity-provider.ts'
import { browserOf, type Jar, OWN, PASSWORD, visit } from './oidc-kit.ts'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

type Way = { [K in 'does' | 'fault' | 'tamper']?: IdentityProvider[K] }
const WELL: Way = { does: 'agree', fault: undefined, tamper: undefined }

describe.each([
  ['SQLite', async () => ({}), false],
  ['PostgreSQL', async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() }), true],
])('with members on %s', (_name, environment, inToken) => {
  const lines: string[] = []
  let idp: IdentityProvider
  let turnpike: Turnpike
  let browser: ReturnType<typeof browserOf>
  let owner: string
  beforeAll(async () => {
    idp = await startIdentityProvider({ inToken })
    const log = createLog({ level: 'debug', readable: false, write: (line) => void lines.push(line) })
    turnpike = await startTurnpike({ yaml: `${oidcYaml(idp)}trustProxy: true\n`, env: await environment(), log })
    idp.serve(`${turnpike.url}/api/auth/callback/oidc`)
    browser = browserOf(turnpike)
    const token = turnpike.server.setupPath?.split('#token=')[1]
    const made = await post('/api/auth/setup', { token, email: 'owner@example.com', password: PASSWORD, name: 'Olga' })
    owner = made.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }, 60_000)
  beforeEach(() => void Object.assign(idp, WELL))
  afterAll(async () => {
    await turnpike.close()
    await idp.close()
  })

  const post = (path: string, body: unknown, headers: Record<string, string> = OWN) =>
    fetch(`${turnpike.url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const as = async (cookie: string | undefined, method: string, path: string, body?: unknown) => {
    const reply = await fetch(`${turnpike.url}${path}`, {
      method,
      headers: { ...OWN, cookie: cookie ?? '', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
    return { status: reply.status, body: (await reply.json()) as any }
  }
  const invite = async (email: string | undefined, role = 'reader', cookie = owner) => {
    const { body, status } = await as(cookie, 'POST', '/api/admin/members', { email, role })
    expect(status).toBe(201)
    return body as { link: string; member: { id: string } }
  }
  const sitting = (person: Person) => Object.assign(idp, { person: { email_verified: true, ...person } })
  const signIn = (person: Person, body?: Record<string, unknown>) => {
    sitting(person)
    return browser.signIn(body)
  }
  const session = async (cookie: string | undefined) => (await as(cookie, 'GET', '/api/admin/session')).body.session
  /** Everything that sign-in keeps, by table. */
  const known = async (email: string) => (await turnpike.server.signIn.findUser(email)) !== undefined

  test('an invitation to an address is accepted by whoever the provider says has it, with its role, once', async () => {
    await invite('Ann@example.com')
    const ann = await signIn({ sub: 'ann', email: 'ANN@Example.com', name: 'Ann A.' }, { wanted: '/requests?range=7d' })
    expect(ann.to).toBe('/requests?range=7d')
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expect(ann.header).toContain(attribute)
    expect(ann.header).not.toContain('Secure')
    expect(await session(ann.session)).toMatchObject({
      ...{ actor: 'member:ann@example.com', role: 'reader', isOperator: false },
      member: { email: 'ann@example.com', name: 'Ann A.' },
    })
    const { entries } = (await as(owner, 'GET', '/api/admin/audit?action=member.join')).body
    expect(entries[0]).toMatchObject({ actor: 'member:ann@example.com', after: { role: 'reader', name: 'Ann A.' } })
    const again = await signIn({ sub: 'ann', email: 'ann@example.com' })
    expect((await session(again.session)).member.id).toBe((await session(ann.session)).member.id)
    expect((await as(owner, 'GET', '/api/admin/audit?action=member.join')).body.entries).toHaveLength(entries.length)
  }, 60_000)

  test('nobody gets in without an invitation, and nothing is kept of them', async () => {
    expect(await signIn({ sub: 'eve', email: 'eve@example.com' })).toMatchObject({
      ...{ to: '/login?error=not_invited', session: undefined },
    })
    expect(await known('eve@example.com')).toBe(false)
    const { link, member } = await invite('late@example.com')
    await as(owner, 'DELETE', `/api/admin/members/${member.id}`)
    expect((await signIn({ sub: 'late', email: 'late@example.com' })).to).toBe('/login?error=not_invited')
    const token = link.split('#token=')[1]
    const byLink = await signIn({ sub: 'late', email: 'late@example.com' }, { token })
    expect(byLink.to).toBe('/login?error=link_ended')
    expect(await known('late@example.com')).toBe(false)
  }, 60_000)

  test('an address that the provider does not vouch for opens nothing, neither an invitation nor a member', async () => {
    await invite('una@example.com')
    for (const email of ['una@example.com', 'owner@example.com'])
      for (const email_verified of [false, 'false', undefined, null, 0])
        expect(await signIn({ sub: 'mallory', email, email_verified })).toMatchObject({
          ...{ to: '/login?error=unverified_email', session: undefined },
        })
    expect(await known('una@example.com')).toBe(false)
    // Letters that are those of the address only once they are in lower case.
    for (const email of [undefined, '', 'no address', '\u212Aim@example.com', 'una@example.com\n'])
      expect((await signIn({ sub: 'mallory', ...(email === undefined ? {} : { email }) })).to).toBe(
        '/login?error=no_email',
      )
    expect((await as(owner, 'GET', '/api/admin/session')).status).toBe(200)
  }, 60_000)

  test('a member who had a password is the same member by the provider; what others may know of it ends', async () => {
    const { link } = await invite(undefined, 'admin')
    const token = link.split('#token=')[1]
    // Whoever holds an open invitation may type any address.
    const first = await post('/api/auth/setup', { token, email: 'pat@example.com', password: PASSWORD, name: 'Pat' })
    const before = first.headers.getSetCookie()[0]?.split(';')[0]
    const pat = await signIn({ sub: 'pat', email: 'pat@example.com' })
    expect((await session(pat.session)).actor).toBe('member:pat@example.com')
    expect((await as(before, 'GET', '/api/admin/session')).status).toBe(401)
    const credentials = { email: 'pat@example.com', password: PASSWORD }
    expect((await post('/api/auth/sign-in/email', credentials)).status).toBe(401)
    expect((await as(owner, 'GET', '/api/admin/audit?action=member.link')).body.entries).toMatchObject([
      { actor: 'member:pat@example.com', after: { signsInBy: 'oidc' } },
    ])
    const change = { currentPassword: PASSWORD, newPassword: 'another long password' }
    expect((await as(pat.session, 'POST', '/api/auth/change-password', change)).status).toBe(401)
    const olga = await signIn({ sub: 'olga', email: 'owner@example.com' })
    expect(await session(olga.session)).toMatchObject({ role: 'admin', actor: 'member:owner@example.com' })
    expect((await as(owner, 'GET', '/api/admin/session')).status).toBe(401)
    owner = olga.session ?? ''
  }, 60_000)

  test('the link of who runs the server gives a password to a member who has none', async () => {
    await invite('nora@example.com')
    const nora = await signIn({ sub: 'nora', email: 'nora@example.com' })
    const made = await turnpike.request('/api/admin/setup-link', { key: turnpike.operatorKey, body: {} })
    const token = ((await made.json()) as { link: string }).link.split('#token=')[1]
    const back = { token, email: 'nora@example.com', password: PASSWORD, name: 'Nora' }
    expect((await post('/api/auth/setup', back)).status).toBe(201)
    expect((await as(nora.session, 'GET', '/api/admin/session')).status).toBe(401)
    expect((await post('/api/auth/sign-in/email', { email: 'nora@example.com', password: PASSWORD })).status).toBe(200)
    expect((await session((await signIn({ sub: 'nora', email: 'nora@example.com' })).session)).role).toBe('admin')
  }, 60_000)

  test('an address that was given to somebody else at the provider is not the member who had it', async () => {
    await invite('reused@example.com')
    const first = await signIn({ sub: 'first', email: 'reused@example.com' })
    expect((await signIn({ sub: 'second', email: 'reused@example.com' })).to).toBe('/login?error=address_taken')
    // The person stays the same under another address.
    const moved = await signIn({ sub: 'first', email: 'married@example.com' })
    expect((await session(moved.session)).member).toEqual((await session(first.session)).member)
    // Nor does a member of the provider become another one by an address that is a member's.
    await invite('other@example.com')
    await signIn({ sub: 'other', email: 'other@example.com' })
    const taken = await signIn({ sub: 'other', email: 'reused@example.com' })
    expect((await session(taken.session)).actor).toBe('member:other@example.com')
  }, 60_000)

  test('a removed member does not come back, and a session that was ended is over', async () => {
    await invite('gone@example.com')
    const gone = await signIn({ sub: 'gone', email: 'gone@example.com' })
    const { id } = (await session(gone.session)).member
    const out = await post('/api/auth/sign-out', {}, { ...OWN, cookie: gone.session ?? '' })
    expect(out.status).toBe(200)
    expect((await as(gone.session, 'GET', '/api/admin/session')).status).toBe(401)
    const back = await signIn({ sub: 'gone', email: 'gone@example.com' })
    expect((await as(owner, 'DELETE', `/api/admin/members/${id}`)).status).toBe(200)
    expect((await as(back.session, 'GET', '/api/admin/session')).status).toBe(401)
    expect(await signIn({ sub: 'gone', email: 'gone@example.com' })).toMatchObject({
      ...{ to: '/login?error=not_invited', session: undefined },
    })
    expect(await known('gone@example.com')).toBe(false)
  }, 60_000)

  test('a link lets in whoever opens it by the provider, once, and the address that it names alone', async () => {
    const open = (await invite(undefined, 'admin')).link.split('#token=')[1]
    const lea = await signIn({ sub: 'lea', email: 'lea@example.com' }, { token: open })
    expect(await session(lea.session)).toMatchObject({ actor: 'member:lea@example.com', role: 'admin' })
    expect((await signIn({ sub: 'max', email: 'max@example.com' }, { token: open })).to).toBe('/login?error=link_ended')
    const named = (await invite('nina@example.com')).link.split('#token=')[1]
    expect((await signIn({ sub: 'max', email: 'max@example.com' }, { token: named })).to).toBe(
      '/login?error=other_address',
    )
    expect(await known('max@example.com')).toBe(false)
    expect((await signIn({ sub: 'nina', email: 'nina@example.com' }, { token: named })).to).toBe('/')
    expect((await signIn({ sub: 'x', email: 'x@example.com' }, { token: 'made up' })).to).toBe(
      '/login?error=link_ended',
    )
  }, 60_000)

  test('of two who come by one link at the same moment, one becomes a member', async () => {
    const token = (await invite(undefined)).link.split('#token=')[1]
    const jars = [new Map(), new Map()] as Jar[]
    const urls: string[] = []
    for (const [index, jar] of jars.entries()) {
      sitting({ sub: `racer${index}`, email: `racer${index}@example.com` })
      urls.push(await browser.go(jar, { token }))
    }
    const ends = await Promise.all(urls.map((url, index) => visit(url, jars[index] as Jar)))
    expect(ends.map(({ location }) => location.replace(turnpike.url, '')).sort()).toEqual([
      '/',
      '/login?error=link_ended',
    ])
    const who = await Promise.all([0, 1].map((index) => known(`racer${index}@example.com`)))
    expect(who.filter(Boolean)).toHaveLength(1)
  }, 60_000)

  test('one person who comes by two browsers at the same moment is one member, and stays one', async () => {
    const token = (await invite('twice@example.com')).link.split('#token=')[1]
    await invite('twice@example.com')
    sitting({ sub: 'twice', email: 'twice@example.com' })
    const jars = [new Map(), new Map(), new Map()] as Jar[]
    const urls: string[] = []
    for (const [index, jar] of jars.entries()) urls.push(await browser.go(jar, index === 0 ? { token } : {}))
    await Promise.all(urls.map((url, index) => visit(url, jars[index] as Jar)))
    const twice = await signIn({ sub: 'twice', email: 'twice@example.com' })
    expect((await session(twice.session)).actor).toBe('member:twice@example.com')
    const { members } = (await as(owner, 'GET', '/api/admin/members?limit=500')).body
    const own = members.filter((each: { email: string }) => each.email === 'twice@example.com')
    expect(own.filter(({ status }: { status: string }) => status === 'active')).toHaveLength(1)
  }, 60_000)

  test('a member who comes by the provider for the first time in two browsers at once can come again', async () => {
    const token = (await invite('soon@example.com')).link.split('#token=')[1]
    expect((await post('/api/auth/setup', { token, password: PASSWORD, name: 'Soon' })).status).toBe(201)
    sitting({ sub: 'soon', email: 'soon@example.com' })
    const jars = [new Map(), new Map(), new Map()] as Jar[]
    const urls: string[] = []
    for (const jar of jars) urls.push(await browser.go(jar))
    await Promise.all(urls.map((url, index) => visit(url, jars[index] as Jar)))
    const soon = await signIn({ sub: 'soon', email: 'soon@example.com' })
    expect((await session(soon.session)).actor).toBe('member:soon@example.com')
  }, 60_000)

  test('an invitation of another organisation pulls nobody in who is invited twice or a member', async () => {
    const operator = { key: turnpike.operatorKey }
    await turnpike.request('/api/admin/organisations', { ...operator, body: { name: 'elsewhere' } })
    const made = await turnpike.request('/api/admin/setup-link', { ...operator, body: { organisationId: 'elsewhere' } })
    const token = ((await made.json()) as { link: string }).link.split('#token=')[1]
    // Who runs the server lets its holder in by the provider as well.
    const eva = await signIn({ sub: 'eva', email: 'eva@elsewhere.example' }, { token })
    expect(await session(eva.session)).toMatchObject({ role: 'admin', organisation: { id: 'elsewhere' } })
    const ours = await invite('both@example.com')
    const theirs = await invite('both@example.com', 'admin', eva.session)
    expect((await signIn({ sub: 'both', email: 'both@example.com' })).to).toBe('/login?error=several_invitations')
    expect(theirs.link).not.toBe(ours.link)
    const both = await signIn({ sub: 'both', email: 'both@example.com' }, { token: ours.link.split('#token=')[1] })
    expect((await session(both.session)).organisation.id).toBe('default')
    expect((await session((await signIn({ sub: 'both', email: 'both@example.com' })).session)).organisation.id).toBe(
      'default',
    )
  }, 60_000)

  test('each way in which the provider’s answer can be wrong ends at the door, with nobody signed in', async () => {
    await invite('wim@example.com')
    const wim = { sub: 'wim', email: 'wim@example.com' }
    const past = () => Math.floor(Date.now() / 1000) - 3600
    const away = (at: string, status: number, text: string): Way => ({
      fault: (path, reply) => path === at && !!reply.writeHead(status).end(text),
    })
    const ways: [string, Way][] = [
      ['provider', { tamper: (claims) => ({ ...claims, iss: 'https://evil.example' }) }],
      ['provider', { tamper: (claims) => ({ ...claims, aud: 'another client' }) }],
      ['provider', { tamper: (claims) => ({ ...claims, exp: past(), iat: past() - 60 }) }],
      ['provider', { tamper: (claims) => ({ ...claims, nonce: 'of another visit' }) }],
      ['provider', { tamper: ({ nonce: _none, ...claims }) => claims }],
      ['provider', { tamper: ({ sub: _none, ...claims }) => claims }],
      ['provider', { tamper: () => null }],
      ['provider', away('/token', 500, '<b>oops</b>')],
      ['provider', away('/token', 200, 'not JSON')],
      ['provider', away('/token', 200, '{"access_token":"x"}')],
      ['provider', away('/token', 302, '')],
      ['denied', { does: 'refuse' }],
    ]
    for (const [error, way] of ways) {
      Object.assign(idp, WELL, way)
      expect([String(way.tamper ?? way.fault), await signIn(wim)]).toMatchObject([
        expect.anything(),
        { to: `/login?error=${error}`, session: undefined },
      ])
    }
    Object.assign(idp, WELL)
    expect(await known('wim@example.com')).toBe(false)
    expect((await signIn(wim)).to).toBe('/')
  }, 60_000)
})
