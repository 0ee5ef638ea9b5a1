import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { play, until } from './play.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a reply waits while nobody reads, goes on with the reader and stops once the reader is gone', async () => {
  let taken = 0
  function* withoutEnd() {
    for (;;) {
      taken++
      yield 'x'.repeat(4096)
    }
  }
  const leaving = new AbortController()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  response.once('close', () => leaving.abort())
  const line = { response, clock: systemClock, gone: leaving.signal, cut: () => response.destroy() }
  const playing = play({ status: 200, headers: {}, body: withoutEnd() }, line)

  // The system's buffers take some megabytes; after that the reply must stand still.
  for (let still = 0; still < 100; ) {
    const before = taken
    await turn()
    still = taken === before ? still + 1 : 0
    expect(taken).toBeLessThan(20_000)
  }
  const before = taken
  client.resume()
  while (taken < before + 5000) await turn()
  client.destroy()
  await playing
  const after = taken
  await turn()
  expect(taken).toBe(after)
  server.close()
})

test('a wait ends once, and takes down what it set up, whoever ends it', async () => {
  for (const end of ['done', 'gone'] as const) {
    const leaving = new AbortController()
    let down = 0
    let done = () => {}
    const waiting = until(leaving.signal, (finish) => {
      done = finish
      return () => down++
    })
    if (end === 'done') done()
    else leaving.abort()
    await waiting
    leaving.abort()
    expect(down).toBe(1)
  }
})

test('nothing is set up for a client that is gone already', async () => {
  await until(AbortSignal.abort(), () => expect.unreachable())
})
