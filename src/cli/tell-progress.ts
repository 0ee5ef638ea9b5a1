/** Tells how far something has come, on standard error, once it takes longer than a second. */
import { systemClock, type Timer } from '../lib/clock.ts'

const TELL_EVERY_MS = 1_000

/** `line` is asked once a second. Stops when the result is called. */
export function tellProgress(line: (elapsedMs: number) => string, stderr: (text: string) => void): () => void {
  const startedAt = systemClock.elapsed()
  let timer: Timer
  const again = () => {
    timer = systemClock.after(TELL_EVERY_MS, () => {
      stderr(line(systemClock.elapsed() - startedAt))
      again()
    })
  }
  again()
  return () => timer.cancel()
}

/** `120,000 of 400,000 rows in 3 s (40,000 rows a second), 7 s left`. */
export function howFar(done: number, total: number, noun: string, elapsedMs: number): string {
  const perSecond = Math.round((done * 1000) / Math.max(1, elapsedMs))
  const left = perSecond > 0 ? `, ${Math.ceil(Math.max(0, total - done) / perSecond)} s left` : ''
  return `${grouped(done)} of ${grouped(total)} ${noun} in ${Math.round(elapsedMs / 1000)} s (${grouped(perSecond)} a second)${left}`
}

export const grouped = (count: number | bigint): string => count.toLocaleString('en-US')
