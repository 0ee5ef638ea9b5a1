/** One timer for all open streams: whoever has been silent for long enough is called. */
import type { Clock } from '../lib/clock.ts'

export type Beating = { readonly everyMs: number /** By `clock.elapsed()`. */; lastAt: number; beat(): void }
export type Heartbeat = { add(stream: Beating): void; remove(stream: Beating): void }

const TICK_MS = 500

export function createHeartbeat(clock: Clock): Heartbeat {
  const streams = new Set<Beating>()
  let ticking = false
  const tick = () => {
    const now = clock.elapsed()
    for (const stream of streams)
      if (now - stream.lastAt >= stream.everyMs) {
        stream.lastAt = now
        stream.beat()
      }
    ticking = streams.size > 0
    if (ticking) clock.after(TICK_MS, tick)
  }
  return {
    add(stream) {
      streams.add(stream)
      if (ticking) return
      ticking = true
      clock.after(TICK_MS, tick)
    },
    remove: (stream) => void streams.delete(stream),
  }
}
