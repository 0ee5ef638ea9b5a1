/** Time, chance and the environment: the only file that reads them, so that nothing else depends on where it runs. */

export type Platform = {
  /** Milliseconds since 1970. */
  now(): number
  /** From 0 to below 1. */
  random(): number
  uuid(): string
  /** Calls back after `ms`; the answer takes that back. */
  after(ms: number, then: () => void): () => void
  environment(name: string): string | undefined
}

export const platform: Platform = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID?.() ?? hexOf(crypto.getRandomValues(new Uint8Array(16))),
  after(ms, then) {
    // A greater delay would be taken for none.
    if (ms > MOST_MS) return () => undefined
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
  // Browsers and edge runtimes have no process.
  environment: (name) =>
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name] || undefined,
}

/** What a timer can count, in every runtime: 24 days. */
const MOST_MS = 2 ** 31 - 1

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
