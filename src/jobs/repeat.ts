/** Runs a job now and then, one run at a time, until it is stopped. A run that fails is logged and tried again. */
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'

export type Repeating = { /** Resolves when a run under way has ended. */ stop(): Promise<void> }

export type RepeatOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly everyMs: number
  readonly run: () => Promise<unknown>
}

export function repeat({ clock, log, everyMs, run }: RepeatOptions): Repeating {
  let running: Promise<void> = Promise.resolve()
  const tick = () => {
    running = run().then(
      () => {},
      (error: unknown) => log.warn({ error }, 'a job failed'),
    )
    running.then(() => {
      timer = clock.after(everyMs, tick)
      if (stopped) timer.cancel()
    })
  }
  let stopped = false
  let timer = clock.after(everyMs, tick)
  return {
    stop() {
      stopped = true
      timer.cancel()
      return running
    },
  }
}
