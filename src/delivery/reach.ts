/** Whether a host takes connections: opened to the vetted address, with TLS where that is spoken, and closed without a word. */
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '../lib/clock.ts'
import type { Vetted } from './address-guard.ts'
import { reasonOf } from './http-post.ts'

const WITHIN_MS = 5_000

/** Rejects with why not. */
export function reach({ url, address }: Pick<Vetted, 'url' | 'address'>, clock: Pick<Clock, 'after'>): Promise<void> {
  const isTls = url.protocol === 'https:'
  const place = { host: address, port: Number(url.port) || (isTls ? 443 : 80) }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = isTls
    ? connectTls({ ...place, ...(isIP(url.hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: url.hostname }) })
    : connectTcp(place)
  const timer = clock.after(WITHIN_MS, () =>
    socket.destroy(new Error(`no connection within ${WITHIN_MS / 1_000} seconds`)),
  )
  socket.once(isTls ? 'secureConnect' : 'connect', () => resolve())
  socket.once('error', (error) => reject(new Error(reasonOf(error))))
  return promise.finally(() => {
    timer.cancel()
    socket.destroy()
  })
}
