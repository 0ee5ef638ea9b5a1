/** Webhooks as a receiver meets them: genuine ones come through, all others are refused. */
import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { TurnpikeClient, WebhookVerificationError, webhooks } from '../src/index.ts'

const KEY = randomBytes(24)
const SECRET = `whsec_${KEY.toString('base64')}`
const OLD = `whsec_${randomBytes(24).toString('base64')}`
const BODY = JSON.stringify({
  type: 'budget.threshold_reached',
  timestamp: '2026-11-20T09:00:00Z',
  data: { name: 'été', value: 800150 },
})

const inSeconds = (offset = 0): string => String(Math.floor(Date.now() / 1_000) + offset)
const signatureOf = (id: string, timestamp: string, body = BODY, key = KEY): string =>
  `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
function headersOf({ id = 'evt_1', timestamp = inSeconds(), signature = signatureOf(id, timestamp) } = {}) {
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

test('a genuine webhook gives its event: as text or bytes, with headers of any kind, names in any case', async () => {
  const event = JSON.parse(BODY)
  const headers = headersOf()
  expect(await webhooks.unwrap(BODY, headers, SECRET)).toEqual(event)
  expect(await webhooks.unwrap(Buffer.from(BODY), new Headers(headers), SECRET)).toEqual(event)
  const loud = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]))
  const client = new TurnpikeClient({ apiKey: 'x', baseUrl: 'http://x' })
  expect(await client.webhooks.unwrap(BODY, loud, SECRET)).toEqual(event)
})

test('during a rotation one signature of several is enough, and one secret of several', async () => {
  const timestamp = inSeconds()
  const signature = `v1,${randomBytes(32).toString('base64')} v1a,other ${signatureOf('evt_1', timestamp)}`
  await webhooks.unwrap(BODY, headersOf({ timestamp, signature }), SECRET)
  await webhooks.unwrap(BODY, headersOf(), [OLD, SECRET])
})

test.each([
  ['another secret', BODY, headersOf(), OLD],
  ['another body', `${BODY} `, headersOf(), SECRET],
  ['another id', BODY, { ...headersOf(), 'webhook-id': 'evt_2' }, SECRET],
  ['another time', BODY, { ...headersOf(), 'webhook-timestamp': inSeconds(5) }, SECRET],
  ['a time long ago', BODY, headersOf({ timestamp: inSeconds(-301) }), SECRET],
  ['a time to come', BODY, headersOf({ timestamp: inSeconds(302) }), SECRET],
  ['no time', BODY, headersOf({ timestamp: 'now' }), SECRET],
  ['no signature', BODY, { ...headersOf(), 'webhook-signature': '' }, SECRET],
  ['a signature of another version', BODY, headersOf({ signature: 'v2,AAAA' }), SECRET],
  ['a signature that is no base64', BODY, headersOf({ signature: 'v1,%%%' }), SECRET],
  ['no headers', BODY, {}, SECRET],
  ['a secret that is none', BODY, headersOf(), 'whsec_%%%'],
  ['an empty secret', BODY, headersOf(), 'whsec_'],
  ['no secret', BODY, headersOf(), []],
])('with %s it is refused', async (_what, body, headers, secret) => {
  await expect(webhooks.unwrap(body, headers, secret)).rejects.toBeInstanceOf(WebhookVerificationError)
})

test('a time of nearly five minutes ago is taken', async () => {
  await webhooks.unwrap(BODY, headersOf({ timestamp: inSeconds(-290) }), SECRET)
})
