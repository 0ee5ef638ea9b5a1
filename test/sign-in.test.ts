/** People sign in over real HTTP: the link works once, sessions count for our own pages, roles hold, and nothing secret is told. */
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase } from './setup/fresh-database.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
  readonly body: any
  readonly text: string
}
type Sending = { body?: unknown; headers?: Record<string, string> }

const PASSWORD = 'correct horse battery'
/** What a browser sends with a request of the page's own script. */
const OWN = { 'sec-fetch-site': 'same-origin' }

/** As bytes on the wire: `fetch` would not send some of these headers. */
function send(url: string, method: string, path: string, { body, headers = {} }: Sending = {}): Promise<Reply> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      `${url}${path}`,
      { method, headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers } },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () => {
          const whole = Buffer.concat(chunks).toString()
          const isJson = /json/.test(reply.headers['content-type'] ?? '')
          resolve({
            status: reply.statusCode ?? 0,
            headers: reply.headers,
            text: whole,
            body: isJson ? JSON.parse(whole) : undefined,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

const cookieOf = ({ headers }: Reply): string => [headers['set-cookie'] ?? []].flat()[0]?.split(';')[0] ?? ''
const tokenOf = (link: string): string => link.split('#token=')[1] ?? ''

describe.each([
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ TURNPIKE_DATABASE_URL: await freshDatabase() })],
])('sign-in on %s', (_name, environment) => {
  let turnpike: Turnpike
  let owner: string
  beforeAll(async () => {
    turnpike = await startTurnpike({ env: await environment() })
  }, 60_000)
  afterAll(() => turnpike.close())

  const ask = (method: string, path: string, sending: Sending = {}) => send(turnpike.url, method, path, sending)
  /** As a page of ours asks, signed in by this cookie. */
  const as = (cookie: string, method: string, path: string, body?: unknown) =>
    ask(method, path, { body, headers: { ...OWN, cookie } })
  const signIn = (email: string, password = PASSWORD, headers: Record<string, string> = OWN) =>
    ask('POST', '/api/auth/sign-in/email', { body: { email, password }, headers })
  const redeem = (token: string, email: string | undefined, name = 'Somebody') =>
    ask('POST', '/api/auth/setup', { body: { token, email, password: PASSWORD, name }, headers: OWN })

  test('the link of the first start makes its holder admin of the first organisation, signed in, and works once', async () => {
    const token = tokenOf(turnpike.server.setupPath ?? '')
    expect(turnpike.server.setupPath).toMatch(/^\/setup#token=[\w-]{43}$/)
    const first = await redeem(token, 'Owner@Example.com', 'Olga Owner')
    expect(first).toMatchObject({
      status: 201,
      body: {
        session: {
          member: { id: expect.stringMatching(/^mem_/), email: 'owner@example.com', name: 'Olga Owner' },
          ...{ actor: 'member:owner@example.com', role: 'admin', isOperator: false },
          organisation: { id: 'default', name: 'default', timeZone: 'UTC' },
        },
      },
    })
    owner = cookieOf(first)
    expect(await as(owner, 'GET', '/api/admin/session')).toMatchObject({ status: 200, body: first.body })
    expect(await redeem(token, 'thief@example.com')).toMatchObject({
      status: 410,
      body: { error: { code: 'link_ended' } },
    })
  }, 60_000)

  test('the session works on the operations of the API', async () => {
    const made = await as(owner, 'POST', '/v1/accounts', { name: 'A', externalId: 'by-session' })
    expect(made.status).toBe(201)
    expect((await as(owner, 'GET', '/api/admin/audit?action=account.create')).body.entries[0]).toMatchObject({
      actor: 'member:owner@example.com',
    })
  })

  /** A new member, by an invitation of the owner; their cookie and id. */
  async function member(email: string, role: 'admin' | 'reader') {
    const invited = await as(owner, 'POST', '/api/admin/members', { email, role })
    expect(invited.status).toBe(201)
    const joined = await redeem(tokenOf(invited.body.link), undefined, email)
    expect(joined).toMatchObject({ status: 201, body: { session: { role, member: { email } } } })
    return { cookie: cookieOf(joined), id: invited.body.member.id as string, link: invited.body.link as string }
  }

  test('an invitation lets in the address that it names, once, with its role', async () => {
    const invited = await as(owner, 'POST', '/api/admin/members', { email: 'Rita@example.com', role: 'reader' })
    expect(invited.body).toEqual({
      member: {
        ...{ id: expect.any(String), email: 'rita@example.com', name: null, role: 'reader', status: 'invited' },
        ...{ invitedUntil: expect.any(String), createdAt: expect.any(String), joinedAt: null },
      },
      link: expect.stringMatching(new RegExp(`^${turnpike.url}/setup#token=[\\w-]{43}$`)),
    })
    const token = tokenOf(invited.body.link)
    expect(await redeem(token, 'other@example.com')).toMatchObject({ status: 400, body: { error: { param: 'email' } } })
    expect((await redeem(token, 'rita@example.com')).status).toBe(201)
    expect((await redeem(token, 'rita@example.com')).status).toBe(410)
    const again = await as(owner, 'POST', '/api/admin/members', { email: 'RITA@example.com', role: 'admin' })
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'email_taken' } } })
    // Nor does an invitation for anybody reach who is a member already.
    const open = await as(owner, 'POST', '/api/admin/members', { role: 'admin' })
    expect((await redeem(tokenOf(open.body.link), 'rita@example.com')).status).toBe(409)
    expect((await redeem(tokenOf(open.body.link), undefined)).status).toBe(400)
    await as(owner, 'DELETE', `/api/admin/members/${open.body.member.id}`)
    expect((await redeem(tokenOf(open.body.link), 'late@example.com')).status).toBe(410)
  }, 60_000)

  test('whoever a link lets in can sign in, and what is no address is refused before the link is spent', async () => {
    const { body } = await as(owner, 'POST', '/api/admin/members', { role: 'reader' })
    const token = tokenOf(body.link)
    for (const email of [
      'a@b.c',
      'a',
      'a@localhost',
      'a b@example.com',
      '@example.com',
      'ä@example.com',
      'a@example.com\n',
    ])
      expect([email, (await redeem(token, email)).status]).toEqual([email, 400])
    const short = { token, email: 'o@example.com', password: 'too short', name: 'O' }
    expect((await ask('POST', '/api/auth/setup', { body: short, headers: OWN })).status).toBe(400)
    const email = "O'Neil+gateway@Mail.Example.co.uk"
    expect((await redeem(token, email)).status).toBe(201)
    expect((await signIn(email)).status).toBe(200)
  }, 60_000)

  test('of many who redeem one link at once, one becomes a member', async () => {
    const { body } = await as(owner, 'POST', '/api/admin/members', { role: 'reader' })
    const replies = await Promise.all([1, 2, 3, 4].map((n) => redeem(tokenOf(body.link), `racer${n}@example.com`)))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 410, 410, 410])
    const { members } = (await as(owner, 'GET', '/api/admin/members?limit=500')).body
    expect(members.filter((each: { email: string }) => each.email?.startsWith('racer'))).toHaveLength(1)
  }, 60_000)

  test('a reader reads, and is refused every change, also one made by hand', async () => {
    const { cookie, id } = await member('reader@example.com', 'reader')
    for (const path of [
      '/api/admin/members',
      '/api/admin/audit',
      '/v1/accounts',
      '/api/v1/keys',
      '/api/v1/credits',
      '/api/v1/key',
    ])
      expect([path, (await as(cookie, 'GET', path)).status]).toEqual([path, 200])
    for (const [method, path, body] of [
      ['POST', '/v1/accounts', { name: 'x', externalId: 'x' }],
      ['POST', '/api/admin/members', { role: 'admin' }],
      ['PATCH', `/api/admin/members/${id}`, { role: 'admin' }],
      ['DELETE', `/api/admin/members/${id}`, undefined],
      ['POST', '/api/admin/keys', { name: 'x' }],
      ['POST', '/api/admin/setup-link', {}],
    ] as const)
      expect([path, (await as(cookie, method, path, body)).status]).toEqual([path, 403])
    // A change of role holds from the next request on.
    await as(owner, 'PATCH', `/api/admin/members/${id}`, { role: 'admin' })
    expect((await as(cookie, 'POST', '/v1/accounts', { name: 'x', externalId: 'x' })).status).toBe(201)
    expect((await as(cookie, 'GET', '/api/admin/session')).body.session.role).toBe('admin')
    await as(owner, 'PATCH', `/api/admin/members/${id}`, { role: 'reader' })
    expect((await as(cookie, 'POST', '/v1/accounts', { name: 'y', externalId: 'y' })).status).toBe(403)
  }, 60_000)

  test('no member is an operator', async () => {
    for (const [method, path, body] of [
      ['GET', '/api/admin/organisations', undefined],
      ['POST', '/api/admin/organisations', { name: 'mine' }],
      ['POST', '/api/admin/setup-link', {}],
    ] as const)
      expect([path, (await as(owner, method, path, body)).status]).toEqual([path, 403])
  })

  test('a session makes no model call and is no key', async () => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }
    for (const path of ['/v1/chat/completions', '/api/v1/chat/completions', '/v1/messages', '/v1/responses'])
      expect([path, (await as(owner, 'POST', path, body)).status]).toEqual([path, 401])
  })

  test('a session counts for pages of the same origin alone', async () => {
    const body = { name: 'x', externalId: 'forged' }
    const host = new URL(turnpike.url).host
    const post = (headers: Record<string, string>) =>
      ask('POST', '/v1/accounts', { body, headers: { cookie: owner, ...headers } })
    const refused: Record<string, string>[] = [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://${host}.evil.example` },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site', origin: turnpike.url },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': '' },
    ]
    for (const headers of refused) expect([headers, (await post(headers)).status]).toEqual([headers, 401])
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect([type, (await post({ ...OWN, 'content-type': type })).status]).toEqual([type, 415])
    expect((await post({ origin: turnpike.url })).status).toBe(201)

    const read = (headers: Record<string, string>) =>
      ask('GET', '/api/admin/session', { headers: { cookie: owner, ...headers } })
    for (const headers of [{}, OWN, { 'sec-fetch-site': 'none' }] as Record<string, string>[])
      expect((await read(headers)).status).toBe(200)
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
      expect((await read(headers)).status).toBe(401)
    const { headers } = await read({ origin: 'https://evil.example' })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('sign-in and sign-out are no other page’s to ask for', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      expect((await signIn('owner@example.com', PASSWORD, headers)).status).toBe(403)
      expect(
        (await ask('POST', '/api/auth/sign-out', { body: {}, headers: { cookie: owner, ...headers } })).status,
      ).toBe(403)
    }
    const form = { ...OWN, 'content-type': 'application/x-www-form-urlencoded' }
    const body = `email=owner@example.com&password=${PASSWORD}`
    expect((await ask('POST', '/api/auth/sign-in/email', { body, headers: form })).status).toBe(415)
    expect((await as(owner, 'GET', '/api/admin/session')).status).toBe(200)
  })

  test('without a session, or with a forged one, a page gets 401', async () => {
    const [name = '', value = ''] = owner.split('=')
    const forged = [
      '',
      `${name}=`,
      `${name}=x`,
      `${name}=${value.slice(0, -8)}AAAAAAA%3D`,
      'better-auth.session_token=x',
      ...['%E0%A4%A', '%', 'a.b', '\u00e4.\u00f6', `${'x'.repeat(8_000)}.y`].map((each) => `${name}=${each}`),
    ]
    for (const cookie of forged)
      for (const path of ['/api/admin/session', '/api/admin/members', '/v1/accounts', '/api/v1/keys'])
        expect([cookie, path, (await as(cookie, 'GET', path)).status]).toEqual([cookie, path, 401])
    expect(
      (await as('', 'POST', '/api/auth/change-password', { currentPassword: 'x', newPassword: PASSWORD })).status,
    ).toBe(401)
  })

  test('a cookie cannot be read by scripts; signing out ends its session, and nobody else’s', async () => {
    const [one, two] = [await signIn('Owner@example.com'), await signIn('owner@example.com')]
    const [header = ''] = [one.headers['set-cookie'] ?? []].flat()
    expect(header).toMatch(/^turnpike\.session_token=/)
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/']) expect(header).toContain(attribute)
    expect(header).not.toMatch(/Secure|Domain/)
    expect(one.body).toEqual({ session: expect.objectContaining({ actor: 'member:owner@example.com' }) })

    const out = await as(cookieOf(one), 'POST', '/api/auth/sign-out', {})
    expect(out).toMatchObject({ status: 200, body: { signedOut: true } })
    expect(String(out.headers['set-cookie'])).toMatch(/session_token=;[^,]*Max-Age=0/i)
    expect((await as(cookieOf(one), 'GET', '/api/admin/session')).status).toBe(401)
    expect((await as(cookieOf(two), 'GET', '/api/admin/session')).status).toBe(200)
    const three = cookieOf(await signIn('owner@example.com'))
    await as(three, 'POST', '/api/auth/sign-out', { everywhere: true })
    for (const cookie of [three, cookieOf(two), owner])
      expect((await as(cookie, 'GET', '/api/admin/session')).status).toBe(401)
    owner = cookieOf(await signIn('owner@example.com'))
  }, 60_000)

  test('a changed password ends all other sessions, and the old one signs nobody in', async () => {
    const { cookie } = await member('pat@example.com', 'reader')
    const other = cookieOf(await signIn('pat@example.com'))
    const change = (currentPassword: string, newPassword: string) =>
      as(cookie, 'POST', '/api/auth/change-password', { currentPassword, newPassword })
    expect(await change('not it at all', 'a new long password')).toMatchObject({
      status: 401,
      body: { error: { code: 'wrong_credentials' } },
    })
    expect((await change(PASSWORD, 'short')).status).toBe(400)
    const changed = await change(PASSWORD, 'a new long password')
    expect(changed).toMatchObject({ status: 200, body: { changed: true } })
    expect((await as(other, 'GET', '/api/admin/session')).status).toBe(401)
    expect((await as(cookieOf(changed), 'GET', '/api/admin/session')).status).toBe(200)
    expect((await signIn('pat@example.com')).status).toBe(401)
    expect((await signIn('pat@example.com', 'a new long password')).status).toBe(200)
  }, 60_000)

  test('a removed member is signed out and cannot come back without an invitation', async () => {
    const { cookie, id } = await member('gone@example.com', 'admin')
    expect((await as(cookie, 'GET', '/api/admin/session')).status).toBe(200)
    expect(await as(owner, 'DELETE', `/api/admin/members/${id}`)).toMatchObject({
      status: 200,
      body: { deleted: true },
    })
    expect((await as(cookie, 'GET', '/api/admin/session')).status).toBe(401)
    expect((await signIn('gone@example.com')).status).toBe(401)
    expect((await as(owner, 'DELETE', `/api/admin/members/${id}`)).status).toBe(404)
    await member('gone@example.com', 'reader')
  }, 60_000)

  test('the last admin stays, also when two remove each other', async () => {
    const { members } = (await as(owner, 'GET', '/api/admin/members?limit=500')).body
    const mine = members.find(({ email }: { email: string }) => email === 'owner@example.com').id
    const refused = { status: 409, body: { error: { code: 'last_admin' } } }
    expect(await as(owner, 'DELETE', `/api/admin/members/${mine}`)).toMatchObject(refused)
    expect(await as(owner, 'PATCH', `/api/admin/members/${mine}`, { role: 'reader' })).toMatchObject(refused)
    const second = await member('second@example.com', 'admin')
    const replies = await Promise.all([
      as(owner, 'DELETE', `/api/admin/members/${second.id}`),
      as(second.cookie, 'PATCH', `/api/admin/members/${mine}`, { role: 'reader' }),
    ])
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    const { body } = await turnpike
      .request('/api/admin/members?limit=500', { key: turnpike.operatorKey })
      .then(async (reply) => ({ body: (await reply.json()) as { members: { role: string; status: string }[] } }))
    expect(body.members.filter(({ role, status }) => role === 'admin' && status === 'active')).toHaveLength(1)
  }, 60_000)

  test('the operator’s link lets a lost owner back in, with a new password and as admin', async () => {
    const link = async () =>
      (
        (await (await turnpike.request('/api/admin/setup-link', { key: turnpike.operatorKey, body: {} })).json()) as {
          link: string
        }
      ).link
    const [first, second] = [await link(), await link()]
    expect((await redeem(tokenOf(first), 'owner@example.com')).status).toBe(410)
    const password = 'another long password'
    const body = { token: tokenOf(second), email: 'owner@example.com', password, name: 'Olga' }
    const back = await ask('POST', '/api/auth/setup', { body, headers: OWN })
    expect(back).toMatchObject({ status: 201, body: { session: { role: 'admin', actor: 'member:owner@example.com' } } })
    expect((await as(owner, 'GET', '/api/admin/session')).status).toBe(401)
    owner = cookieOf(back)
    expect((await signIn('owner@example.com')).status).toBe(401)
    expect((await signIn('owner@example.com', password)).status).toBe(200)
    expect((await redeem(tokenOf(second), 'owner@example.com')).status).toBe(410)
    expect((await as(owner, 'GET', '/api/admin/audit?action=member.restore')).body.entries).toHaveLength(1)
  }, 60_000)

  test('members of another organisation see their own alone', async () => {
    const operator = { key: turnpike.operatorKey }
    await turnpike.request('/api/admin/organisations', { ...operator, body: { name: 'elsewhere' } })
    const made = await turnpike.request('/api/admin/setup-link', { ...operator, body: { organisationId: 'elsewhere' } })
    const theirs = await redeem(tokenOf(((await made.json()) as { link: string }).link), 'eve@elsewhere.example')
    expect(theirs.body.session.organisation.id).toBe('elsewhere')
    const cookie = cookieOf(theirs)
    expect((await as(cookie, 'GET', '/api/admin/members')).body.members).toMatchObject([
      { email: 'eve@elsewhere.example' },
    ])
    expect((await as(cookie, 'GET', '/v1/accounts')).body.pagination.totalCount).toBe(0)
    const [{ id }] = (await as(owner, 'GET', '/api/admin/members')).body.members
    for (const [method, body] of [
      ['PATCH', { role: 'reader' }],
      ['DELETE', undefined],
    ] as const)
      expect((await as(cookie, method, `/api/admin/members/${id}`, body)).status).toBe(404)
    // Who invites is not told who is a member elsewhere, and the link is none for that person.
    const named = await as(cookie, 'POST', '/api/admin/members', { email: 'owner@example.com', role: 'admin' })
    expect(named.status).toBe(201)
    expect((await redeem(tokenOf(named.body.link), 'owner@example.com')).status).toBe(409)
    const link = (await as(cookie, 'POST', '/api/admin/members', { role: 'admin' })).body.link
    expect((await redeem(tokenOf(link), 'owner@example.com')).status).toBe(409)
  }, 60_000)

  test('nothing of the library but what is ours is served', async () => {
    const body = { email: 'new@example.com', password: PASSWORD, name: 'New' }
    for (const path of [
      '/api/auth/sign-up/email',
      '/api/auth/update-user',
      '/api/auth/delete-user',
      '/api/auth/request-password-reset',
    ])
      expect([path, (await as(owner, 'POST', path, body)).status]).toEqual([path, 404])
    for (const path of ['/api/auth/get-session', '/api/auth/list-sessions', '/api/auth/sign-in/email'])
      expect([path, (await as(owner, 'GET', path)).status]).toEqual([path, 404])
  })

  test('guessing is slowed down, and says for how long', async () => {
    const replies: Reply[] = []
    for (let n = 0; n < 6; n++) replies.push(await signIn('second@example.com', `wrong password ${n}`))
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429])
    expect(Number(replies.at(-1)?.headers['retry-after'])).toBeGreaterThan(800)
    expect(replies.at(-1)?.headers['cache-control']).toBe('no-store')
  }, 60_000)

  test('the audit log and the lists hold no token and no password', async () => {
    const invited = await as(owner, 'POST', '/api/admin/members', { email: 'quiet@example.com', role: 'reader' })
    const texts = await Promise.all(
      ['/api/admin/audit?limit=500', '/api/admin/members?limit=500', '/api/admin/session'].map(
        async (path) => (await as(owner, 'GET', path)).text,
      ),
    )
    for (const text of texts) {
      expect(text).not.toContain(tokenOf(invited.body.link))
      expect(text).not.toMatch(/password|link_hash|token/i)
      expect(text).not.toMatch(/[0-9a-f]{64}/)
      expect(text).not.toContain(owner.split('=')[1]?.split('.')[0])
    }
  })
})
