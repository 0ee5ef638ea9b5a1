import { expect, test } from 'vitest'
import { createRequestLog } from './request-log.ts'

const request = (body: string) => ({ method: 'POST', path: '/', headers: {}, body })

test('the log keeps the last thousand requests', () => {
  const log = createRequestLog()
  for (let i = 0; i < 1200; i++) log.add(request(String(i)))
  expect([log.requests.length, log.requests[0]?.body, log.requests.at(-1)?.body]).toEqual([1000, '200', '1199'])
})

test('long bodies push older ones out, and the newest stays whole', () => {
  const log = createRequestLog()
  for (let i = 0; i < 5; i++) log.add(request('x'.repeat(3 * 2 ** 20)))
  expect(log.requests.length).toBe(2)
  log.add(request('y'.repeat(10 * 2 ** 20)))
  expect(log.requests.map(({ body }) => body.length)).toEqual([10 * 2 ** 20])
})
