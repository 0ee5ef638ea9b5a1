import { expect, test } from 'vitest'
import { startTurnpike } from '../../test/turnpike.ts'
import { wavHeader } from '../lib/wav.ts'
import { recover } from './recover.ts'

test('a call whose settle failed is recorded while the server runs, at no charge, and its key runs again', async () => {
  const turnpike = await startTurnpike()
  const { gateway } = turnpike.server
  const { store, rateCards, terms, log, stranded } = gateway
  const post = store.post
  let failing = true
  Object.assign(store, {
    post: (command: { type: string }) =>
      failing && command.type === 'settle' ? Promise.reject(new Error('a defect')) : post(command as never),
  })
  const call = () =>
    turnpike.request('/v1/chat/completions', {
      headers: { 'idempotency-key': 'once' },
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] },
    })
  expect((await call()).status).toBe(500)
  expect(stranded.size).toBe(1)
  failing = false
  const { calls, chargeNanos } = await recover({ store, rateCards, terms, log, stranded, starting: false })
  expect(calls).toBe(1)
  expect(chargeNanos).toBe(0n)
  expect(stranded.size).toBe(0)
  expect(await store.rows(store.sql.selectFrom('reservations').select('id'))).toEqual([])
  const [record] = await store.rows(store.sql.selectFrom('usage_records').selectAll())
  expect(record).toMatchObject({ status: 'interrupted', source: 'estimated', charge_nanos: 0n })
  expect(record?.cost_nanos).toBeGreaterThan(0n)
  expect((await call()).status).toBe(200)
  await turnpike.close()
})

test('an interrupted transcription is recorded by the length of its recording', async () => {
  const turnpike = await startTurnpike()
  const { gateway } = turnpike.server
  const { store, rateCards, terms, log, stranded } = gateway
  const post = store.post
  let failing = true
  Object.assign(store, {
    post: (command: { type: string }) =>
      failing && command.type === 'settle' ? Promise.reject(new Error('a defect')) : post(command as never),
  })
  const recording = Buffer.concat([wavHeader(1_600_000, 8_000), Buffer.alloc(1_600_000)])
  const reply = await turnpike.request('/v1/audio/transcriptions', {
    body: { model: 'whisper-1', input_audio: { data: recording.toString('base64'), format: 'wav' } },
  })
  expect(reply.status).toBe(500)
  failing = false
  await recover({ store, rateCards, terms, log, stranded, starting: false })
  const [record] = await store.rows(store.sql.selectFrom('usage_records').selectAll())
  expect(record).toMatchObject({
    status: 'interrupted',
    usage_type: 'audio_stt',
    counts: '{"audio_seconds":"100"}',
    cost_nanos: 10_000_000n,
    charge_nanos: 0n,
  })
  await turnpike.close()
})
