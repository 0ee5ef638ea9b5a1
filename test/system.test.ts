/** What the server tells of itself: enough to see what runs and what waits, nothing secret, nothing of anybody else's. */
import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { MIGRATION_NAMES } from '../src/store/migration-names.ts'
import { type Api, openApi } from './api-kit.ts'

const WORD = 'the-word-of-the-mail-server'
const PROVIDER_KEY = 'sk-of-the-environment-0123456789'
const OTHER_KEY = 'sk-of-the-file-0123456789'

let api: Api
beforeAll(async () => {
  const acme = `providers: { acme: { preset: openai, baseUrl: 'http://127.0.0.1:9/v1', apiKey: ${OTHER_KEY} } }`
  const smtp = `smtp: { url: 'smtps://turnpike:${WORD}@127.0.0.1:9', from: turnpike@example.com }`
  api = await openApi(`webhooks: { allow: [127.0.0.1] }\n${acme}\n${smtp}`, { env: { OPENAI_API_KEY: PROVIDER_KEY } })
})
afterAll(() => api.close())
afterEach(() => expect(api.faults.splice(0)).toEqual([]))

const ask = (method: string, url: string, body?: unknown, key = api.operator) => api.request(method, url, key, body)
type Setting = { setting: string; value: unknown; origin: string; place: string | null }

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

test('who runs the server sees its database, what waits, and what is free; guests of the first organisation see none of it', async () => {
  const { server } = await system()
  expect(server).toMatchObject({
    migrations: {
      applied: MIGRATION_NAMES.length,
      last: MIGRATION_NAMES.at(-1),
      open: 0,
      unknown: 0,
    },
    queues: { reservations: 0, commands: 0, journal: null },
    ...{ nodes: null, lastVerify: null, settingsLeftOut: 0 },
  })
  // Also what the write-ahead log still holds for it.
  expect(server.storage.databaseBytes).toBeGreaterThan(statSync(join(api.turnpike.folder, 'turnpike.db')).size - 1)
  const disk = statfsSync(api.turnpike.folder)
  expect(server.storage.freeBytes).toBeGreaterThan(0)
  expect(server.storage.freeBytes).toBeLessThanOrEqual(disk.blocks * disk.bsize)
  const stranger = await strangerOf('guests')
  expect((await system(stranger)).server).toBeNull()
})

test('settings are told with where they come from and without what is secret, to the operator and to admins who signed in', async () => {
  const { text, body } = await ask('GET', '/api/admin/system')
  const settings: Setting[] = body.system.server.settings
  const of = (name: string) => settings.find(({ setting }) => setting === name)
  expect(of('limits.attempts')).toEqual({ setting: 'limits.attempts', value: 5, origin: 'default', place: null })
  expect(of('webhooks.allow')).toMatchObject({ value: ['127.0.0.1'], origin: 'file', place: 'turnpike.yaml:1:20' })
  expect(of('dataDir')).toMatchObject({ origin: 'environment', place: 'TURNPIKE_DATA_DIR' })
  expect(of('providers.openai.apiKey')).toMatchObject({ value: '***', origin: 'environment', place: 'OPENAI_API_KEY' })
  expect(of('providers.openai.baseUrl')).toMatchObject({ origin: 'preset' })
  expect(of('providers.acme.apiKey')).toMatchObject({ value: '***', origin: 'file' })
  expect(of('smtp.url')).toMatchObject({ value: 'smtps://turnpike:***@127.0.0.1:9', origin: 'file' })
  for (const secret of [PROVIDER_KEY, OTHER_KEY, WORD, api.operator]) expect(text).not.toContain(secret)
  for (const role of ['reader', 'admin']) {
    const { key } = (await ask('POST', '/api/admin/management-keys', { name: `a ${role}`, role })).body
    expect((await system(key)).server).toMatchObject({ settings: null, migrations: { open: 0 } })
  }
})
