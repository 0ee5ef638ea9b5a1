/** Alerts from end to end: channels made over the API, a server that crosses, is killed, and tells all the same. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webhooks } from '../sdk/src/index.ts'
import { type Api, openApi } from './api-kit.ts'
import { chat, eventually } from './gateway-kit.ts'
import { type MailServer, type Receiver, startMailServer, startReceiver } from './receivers.ts'
import { newHome, startProcess } from './turnpike-process.ts'

let mail: MailServer
let hook: Receiver
beforeAll(async () => {
  ;[mail, hook] = await Promise.all([startMailServer(), startReceiver()])
})
afterAll(async () => {
  await Promise.all([mail.close(), hook.close()])
})
const yamlFor = () => `
webhooks: { allow: ["127.0.0.1"] }
smtp: { url: "${mail.url}", from: "alerts@turnpike.test" }
publicUrl: https://turnpike.example.com
`

describe('channels', () => {
  let api: Api
  beforeAll(async () => {
    api = await openApi(yamlFor())
  })
  afterAll(() => api.close())
  const ask = (method: string, path: string, body?: unknown) =>
    api.request(method, `/api/admin${path}`, api.operator, body)

  test('a webhook shows its secret once, is tried, told, and its delivery is listed with the answer', async () => {
    const made = await ask('POST', '/alert-channels', { type: 'webhook', url: hook.url, name: 'operations' })
    expect(made.status).toBe(201)
    const { channel, secret } = made.body
    expect(channel).toMatchObject({ type: 'webhook', url: hook.url, name: 'operations', events: null, disabled: false })
    expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32)
    expect((await ask('GET', `/alert-channels/${channel.id}`)).text).not.toContain('whsec_')
    const { body: tried, status } = await ask('POST', `/alert-channels/${channel.id}/test`)
    expect([status, tried.delivery.state]).toEqual([202, 'pending'])
    const got = await eventually(() =>
      hook.received.find(({ headers }) => headers['webhook-id'] === tried.delivery.eventId),
    )
    const event = await webhooks.unwrap(got.body, got.headers, secret)
    expect(event).toMatchObject({
      type: 'budget.threshold_reached',
      data: { test: true, thresholds: [80], link: 'https://turnpike.example.com/' },
    })
    const listed = await eventually(async () => {
      const { deliveries } = (await ask('GET', `/deliveries?channelId=${channel.id}&state=delivered`)).body
      return deliveries[0]
    })
    expect(listed).toMatchObject({ attempts: [{ status: 200, error: null, answer: 'ok' }], nextAttemptAt: null })
    await ask('POST', `/deliveries/${listed.id}/resend`)
    await eventually(() => (hook.received.length >= 2 ? true : undefined))
    expect(hook.received.at(-1)?.headers['webhook-id']).toBe(tried.delivery.eventId)
    expect((await ask('DELETE', `/alert-channels/${channel.id}`)).body).toEqual({ deleted: true })
    expect((await ask('POST', `/deliveries/${listed.id}/resend`)).status).toBe(400)
  })

  test('after a rotation both secrets verify', async () => {
    const { channel, secret } = (await ask('POST', '/alert-channels', { type: 'webhook', url: hook.url })).body
    const rotated = (await ask('POST', `/alert-channels/${channel.id}/rotate-secret`)).body
    expect(rotated.secret).not.toBe(secret)
    const { delivery } = (await ask('POST', `/alert-channels/${channel.id}/test`)).body
    const got = await eventually(() => hook.received.find(({ headers }) => headers['webhook-id'] === delivery.eventId))
    for (const each of [secret, rotated.secret]) {
      new Webhook(each).verify(got.body, got.headers as Record<string, string>)
      await webhooks.unwrap(got.body, got.headers, each)
    }
    await ask('DELETE', `/alert-channels/${channel.id}`)
  })

  test.each([
    [{ type: 'webhook', url: 'http://10.0.0.1/' }, /url: only https/],
    [{ type: 'webhook', url: 'https://10.0.0.1/' }, /url: the host 10.0.0.1 leads to an address that is not public/],
    [{ type: 'slack', url: 'https://169.254.169.254/latest' }, /not public/],
    [{ type: 'webhook', url: 'https://me:secret@127.0.0.1/' }, /user name or password/],
    [{ type: 'webhook' }, /url: a webhook channel takes/],
    [{ type: 'email', url: 'https://127.0.0.1/' }, /to: an e-mail channel takes/],
    [{ type: 'email', to: ['nobody'] }, /to.0: expected e-mail addresses/],
    [{ type: 'email', to: ['a@example.test'], events: ['made.up'] }, /events.0: expected one of/],
    [{ type: 'pigeon' }, /type: expected email, webhook or slack/],
  ])('%j is refused with a sentence', async (body, sentence) => {
    const { status, body: answer } = await ask('POST', '/alert-channels', body)
    expect(status).toBe(400)
    expect(answer.error.message).toMatch(sentence)
  })

  test('what is secret about a channel is in no reply, no audit row and not readable in the database', async () => {
    const url = `${hook.url.replace('/hook', '')}/services/T000/B000/verysecretpart`
    const { body } = await ask('POST', '/alert-channels', { type: 'slack', url })
    expect(body.secret).toBeUndefined()
    const token = `${hook.url}?token=querysecret`
    const made = (await ask('POST', '/alert-channels', { type: 'webhook', url: token })).body
    const later = await ask('GET', '/alert-channels')
    expect(later.text).not.toMatch(/verysecretpart|whsec_/)
    const { store } = api
    const audit = JSON.stringify(await store.rows(store.sql.selectFrom('audit_log').select(['before', 'after'])))
    expect(audit).toContain(body.channel.id.replace('chan_', '').slice(0, 8))
    expect(audit).not.toMatch(/verysecretpart|querysecret|whsec_/)
    const stored = JSON.stringify(
      await store.rows(store.sql.selectFrom('alert_channels').select(['secret', 'old_secret', 'target'])),
    )
    expect(stored).not.toMatch(/verysecretpart|whsec_/)
    expect(stored).not.toContain(made.secret.slice(6))
    for (const { id } of later.body.channels) await ask('DELETE', `/alert-channels/${id}`)
    expect((await ask('GET', '/alert-channels')).body.channels).toEqual([])
  })

  test('a threshold holds for an account, else for those of its organisation', async () => {
    await ask('PATCH', '/alert-defaults', { lowCreditThreshold: 5 })
    const account = (name: string, body?: unknown) =>
      api.request(body ? 'PATCH' : 'GET', `/v1/accounts/${name}`, api.operator, body)
    const { body } = await api.request('POST', '/v1/accounts', api.operator, { name: 'low', externalId: 'low' })
    expect(body.account.lowCreditThreshold).toBe(5)
    const { id } = body.account
    expect((await account(id, { lowCreditThreshold: '0.5' })).body.decimal.lowCreditThreshold).toBe('0.5')
    await ask('PATCH', '/alert-defaults', { lowCreditThreshold: '7' })
    expect((await account(id)).body.lowCreditThreshold).toBe(0.5)
    expect((await account(id, { lowCreditThreshold: null })).body.lowCreditThreshold).toBe(7)
    await ask('PATCH', '/alert-defaults', { lowCreditThreshold: null })
    expect((await account(id)).body.lowCreditThreshold).toBeNull()
    expect(api.faults).toEqual([])
  })
})

test('without a mail server a mail channel is refused, and says what to set', async () => {
  const api = await openApi()
  const body = { type: 'email', to: ['ops@example.test'] }
  const { status, body: answer } = await api.request('POST', '/api/admin/alert-channels', api.operator, body)
  expect([status, answer.error.message]).toEqual([400, expect.stringContaining('smtp.url and smtp.from')])
  await api.close()
})

test('a process that is killed right after a crossing tells of it after its next start', {
  timeout: 60_000,
}, async () => {
  // The receiver is down when it happens, and the kill comes before any answer.
  let isUp = false
  const late = await startReceiver((response) => (isUp ? response.end('ok') : undefined))
  const home = newHome(`${yamlFor()}\n`)
  const env = { TURNPIKE_SIMULATOR: 'on' }
  const first = await startProcess({ home, env })
  const admin = readFileSync(join(home, 'data', 'admin-key'), 'utf8').trim()
  const ask = async (url: string, path: string, body?: unknown, method = body ? 'POST' : 'GET', key = admin) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const reply = await fetch(`${url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    return (await reply.json()) as Record<string, never>
  }
  const made = await ask(first.url, '/api/admin/alert-channels', {
    type: 'webhook',
    url: late.url,
    events: ['credits.low'],
  })
  await ask(first.url, '/api/admin/alert-channels', {
    type: 'email',
    to: ['ops@example.test'],
    events: ['credits.low'],
  })
  await ask(first.url, '/api/admin/alert-defaults', { lowCreditThreshold: 24.9999999 }, 'PATCH')
  const before = mail.mails.length
  const calls = Array.from({ length: 50 }, () =>
    ask(first.url, '/v1/chat/completions', chat('openai/gpt-4o', { max_tokens: 20 }), 'POST', first.demoKey),
  )
  // The reply is sent once the charge and the event are on disk.
  await Promise.any(calls)
  first.signal('SIGKILL')
  await Promise.allSettled(calls)
  await first.ended
  isUp = true
  const second = await startProcess({ home, env })
  await eventually(async () => {
    const { deliveries } = (await ask(second.url, '/api/admin/deliveries?state=delivered')) as {
      deliveries?: unknown[]
    }
    return deliveries?.length === 2 ? true : undefined
  })
  const got = late.received.at(-1) ?? { body: '', headers: {} }
  expect(mail.mails.length).toBeGreaterThan(before)
  const event = await webhooks.unwrap(got.body, got.headers, String(made.secret))
  expect(event).toMatchObject({ type: 'credits.low', data: { externalId: 'demo', thresholdUsd: 24.9999999 } })
  expect(new Set(late.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  const { events } = (await ask(second.url, '/api/admin/events?type=credits.low')) as { events?: unknown[] }
  expect(events).toHaveLength(1)
  second.signal('SIGTERM')
  await second.ended
  await late.close()
  rmSync(home, { recursive: true, force: true })
})
