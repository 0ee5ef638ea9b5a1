/** A way to a server that a test can cut, stall, and open again. */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export type Way = {
  readonly port: number
  /** Connections are broken, and new ones refused at once. */
  cut(): void
  /** Nothing goes through, in either direction, and nobody is told. */
  stall(): void
  /** What was held goes on; new connections get through. */
  open(): void
  /** Where new connections lead from now on. */
  leadTo(port: number): void
  close(): Promise<void>
}

export async function openWay(target: number): Promise<Way> {
  const sockets = new Set<Socket>()
  const state: { target: number; way: 'open' | 'cut' | 'stalled' } = { target, way: 'open' }
  const server = createServer((near) => {
    if (state.way === 'cut') return near.destroy()
    const far = connect(state.target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => state.way === 'open' && from.resume())
      from.on('error', () => {})
      from.on('end', () => to.end())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    if (state.way === 'stalled') hold()
  })
  const hold = () => {
    for (const socket of sockets) socket.pause()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state.way = 'cut'
      for (const socket of sockets) socket.destroy()
    },
    stall() {
      state.way = 'stalled'
      hold()
    },
    open() {
      state.way = 'open'
      for (const socket of sockets) socket.resume()
    },
    leadTo(port) {
      state.target = port
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
