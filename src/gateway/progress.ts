/** How far long streams have come, written down now and then: what a crash interrupts is charged from there. */
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Store, StreamProgress } from '../store/store.ts'

export type Progress = {
  report(row: StreamProgress): void
  forget(reservationId: bigint): void
}

/** Written where it moved by this many tokens, at most once a second. */
const STEP_TOKENS = 256
const EVERY_MS = 1_000

export function createProgress({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Progress {
  const written = new Map<bigint, number>()
  const moved = new Map<bigint, StreamProgress>()
  let armed = false
  const flush = () => {
    armed = false
    const rows = [...moved.values()]
    moved.clear()
    store
      .progress(rows)
      .catch((error: unknown) => log.warn({ error: String(error) }, 'the progress of streams was not saved'))
  }
  return {
    report(row) {
      const { reservationId, outputTokens } = row
      if (outputTokens - (written.get(reservationId) ?? 0) < STEP_TOKENS) return
      written.set(reservationId, outputTokens)
      moved.set(reservationId, row)
      if (armed) return
      armed = true
      clock.after(EVERY_MS, flush)
    },
    forget(reservationId) {
      written.delete(reservationId)
      moved.delete(reservationId)
    },
  }
}
