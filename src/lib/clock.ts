/** The only way to the time. Tests hand in a clock that they move; nobody else reads `Date` or sets a timer. */
export type Timer = { cancel(): void }

export type Clock = {
  /** Milliseconds since the epoch, UTC. */
  now(): number
  /** Milliseconds of a clock that is never set, with fractions: for durations. */
  elapsed(): number
  /** Calls back once after at least `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): Timer
  sleep(ms: number): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/** An instant as the API writes it: RFC 3339, UTC. */
export const instantText = (ms: number): string => new Date(ms).toISOString()

/** Of an instant on a whole second: without the fraction. */
export const secondText = (ms: number): string => instantText(ms).replace('.000Z', 'Z')
