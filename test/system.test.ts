/** What the server tells of itself: enough to see what runs and what waits, nothing secret, nothing of anybody else's. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Api, openApi } from './api-kit.ts'

const PROVIDER_KEY = 'sk-of-the-environment-0123456789'
const OTHER_KEY = 'sk-of-the-file-0123456789'

let api: Api
beforeAll(async () => {
  const acme = `providers: { acme: { preset: openai, baseUrl: 'http://127.0.0.1:9/v1', apiKey: ${OTHER_KEY} } }`
  api = await openApi(`webhooks: { allow: [127.0.0.1] }\n${acme}`, { env: { OPENAI_API_KEY: PROVIDER_KEY } })
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const ask = (method: string, url: string, body?: unknown, key = api.operator) => api.request(method, url, key, body)
const system = async (key?: string) => (await ask('GET', '/api/admin/system', undefined, key)).body.system

async function strangerOf(organisationId: string): Promise<string> {
  await ask('POST', '/api/admin/organisations', { name: organisationId })
  return (await ask('POST', '/api/admin/management-keys', { name: 'x', role: 'admin', organisationId })).body.key
}

test('a reader sees version, store, providers and where each is configured, and no secret', async () => {
  const { key } = (await ask('POST', '/api/admin/management-keys', { name: 'reads', role: 'reader' })).body
  const { status, body, text } = await ask('GET', '/api/admin/system', undefined, key)
  expect(status).toBe(200)
  expect(body.system).toMatchObject({
    ...{ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), node: process.versions.node, store: 'sqlite' },
    catalogue: { source: expect.stringMatching(/./), models: expect.toSatisfy((count: number) => count > 0) },
    ...{ simulator: true, deliveries: { waiting: 0, failed: 0 }, unpricedCalls: 0 },
    providers: expect.arrayContaining([
      { key: 'openai', name: 'OpenAI', origin: 'environment' },
      expect.objectContaining({ key: 'acme', origin: 'file' }),
      expect.objectContaining({ key: 'simulator', origin: 'simulator' }),
    ]),
  })
  expect(Date.parse(body.system.startedAt)).toBeLessThanOrEqual(Date.now())
  for (const secret of [PROVIDER_KEY, OTHER_KEY, api.operator, api.turnpike.folder]) expect(text).not.toContain(secret)
})

test('what waits to be delivered is counted for its own organisation alone', async () => {
  const stranger = await strangerOf('elsewhere')
  const webhook = { type: 'webhook', url: 'http://127.0.0.1:9/hook' }
  const { channel } = (await ask('POST', '/api/admin/alert-channels', webhook)).body
  await ask('POST', `/api/admin/alert-channels/${channel.id}/test`)
  expect((await system()).deliveries).toEqual({ waiting: 1, failed: 0 })
  expect((await system(stranger)).deliveries).toEqual({ waiting: 0, failed: 0 })
})

test('an admin sets the time zone of the own organisation; its name and other organisations stay the operator’s', async () => {
  const admin = await strangerOf('berlin')
  const change = (name: string, body: object) => ask('PATCH', `/api/admin/organisations/${name}`, body, admin)
  expect(await change('berlin', { timeZone: 'Europe/Berlin' })).toMatchObject({
    status: 200,
    body: { organisation: { name: 'berlin', timeZone: 'Europe/Berlin' } },
  })
  expect((await ask('GET', '/api/admin/session', undefined, admin)).body.session.organisation.timeZone).toBe(
    'Europe/Berlin',
  )
  expect((await change('berlin', { timeZone: 'Mars/Olympus' })).status).toBe(400)
  expect(await change('berlin', { name: 'default' })).toMatchObject({
    status: 403,
    body: { error: { code: 'forbidden', param: 'name' } },
  })
  expect((await change('default', { timeZone: 'Europe/Berlin' })).status).toBe(404)
  const audit = await ask('GET', '/api/admin/audit?action=organisation.update', undefined, admin)
  expect(audit.body.entries).toMatchObject([{ before: { timeZone: 'UTC' }, after: { timeZone: 'Europe/Berlin' } }])
  expect((await ask('PATCH', '/api/admin/organisations/berlin', { name: 'Berlin GmbH' })).status).toBe(200)
})
