/**
 * What a session may do, tried on every operation that there is: a reader's writes nothing, another site's page is
 * nobody, and nothing that was shown once is ever told again.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { operations } from '../src/contract/operations.ts'
import { type Api, openApi } from './api-kit.ts'

const PASSWORD = 'correct horse battery'
/** What a browser says of a request of our own page. */
const OWN = { 'sec-fetch-site': 'same-origin' }
const FOREIGN = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

let api: Api
let admin: string
let reader: string
/** Everything that was shown once, in the form in which it works. */
const secrets: string[] = []
const ids: Record<string, string> = {}

beforeAll(async () => {
  api = await openApi('webhooks: { allow: [127.0.0.1] }')
  const ask = async (path: string, body: unknown) => (await api.request('POST', path, api.operator, body)).body
  admin = await joined((await ask('/api/admin/members', { role: 'admin' })).link, 'olga@example.com')
  reader = await joined((await ask('/api/admin/members', { role: 'reader' })).link, 'rita@example.com')
  const credential = { provider: 'simulator', name: 'theirs', secret: 'sk-of-a-provider-0123456789' }
  const made = {
    key: await ask('/api/admin/keys', { name: 'k' }),
    managementKey: await ask('/api/admin/management-keys', { name: 'm', role: 'reader' }),
    credential: await ask('/api/admin/credentials', credential),
    channel: await ask('/api/admin/alert-channels', { type: 'webhook', url: 'http://127.0.0.1:9/hook' }),
    member: await ask('/api/admin/members', { role: 'reader', email: 'ina@example.com' }),
  }
  for (const [name, reply] of Object.entries(made)) ids[name] = reply[name].id
  secrets.push(made.key.secret, made.managementKey.key, credential.secret, made.channel.secret)
  secrets.push(...[made.member.link.split('#token=')[1], api.operator, PASSWORD, admin, reader])
  expect(secrets.every((secret) => typeof secret === 'string' && secret.length > 10)).toBe(true)
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

async function joined(link: string, email: string): Promise<string> {
  const body = { token: link.split('#token=')[1], email, password: PASSWORD, name: 'Somebody' }
  const { status, headers } = await api.request('POST', '/api/auth/setup', undefined, body, OWN)
  expect(status).toBe(201)
  return [headers['set-cookie']].flat().join().split(';')[0] ?? ''
}

const as = (cookie: string, { method, path }: Pick<Operation, 'method' | 'path'>, origin: Record<string, string>) =>
  api.request(method, path.replace(/\{\w+\*?\}/g, 'x'), undefined, method === 'GET' ? undefined : {}, {
    ...{ cookie, ...origin },
  })

/** Posted, though it writes nothing. */
const FREE = ['calculateCost']
const all = operations as readonly Operation[]
const writing = all.filter(({ method, name }) => method !== 'GET' && !FREE.includes(name))

test.each(writing.map((each) => [each.name, each] as const))('%s is refused to a reader', async (_name, operation) => {
  expect(await as(reader, operation, OWN)).toMatchObject({ status: 403 })
})

test.each(all.map((each) => [each.name, each] as const))(
  '%s takes the page of another site for nobody',
  async (_name, operation) => {
    expect((await as(admin, operation, FOREIGN)).status).toBe(401)
    // A change has to say that it comes from our own page.
    if (operation.method !== 'GET') expect((await as(admin, operation, {})).status).toBe(401)
  },
)

test.each(
  all.filter(({ method, key }) => method === 'GET' && key !== 'operator').map((each) => [each.name, each] as const),
)('%s tells no secret again', async (_name, { path }) => {
  const paths = path.includes('{') ? Object.values(ids).map((id) => path.replace(/\{\w+\*?\}/g, id)) : [path]
  for (const each of paths) {
    const { status, text, headers } = await api.request('GET', each, undefined, undefined, { ...OWN, cookie: admin })
    expect(status).toBeLessThan(500)
    for (const secret of secrets) expect(`${text}${JSON.stringify(headers)}`).not.toContain(secret)
  }
})
