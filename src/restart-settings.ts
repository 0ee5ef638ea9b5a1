/** What of new settings can hold at once. The rest (where the server listens, what was built upon it) waits for a restart. */
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from './contract/settings.ts'

/** What calls are given anew; everything else was read at the start alone. */
const AT_ONCE: ReadonlySet<string> = new Set([
  ...(['providers', 'simulatorActive', 'models', 'unpriced', 'routing'] satisfies (keyof Settings)[]),
  ...(['billing', 'limits', 'reservations', 'openrouter', 'cors'] satisfies (keyof Settings)[]),
])

/** The new settings as far as they can hold at once, and the names of those that cannot. */
export function withoutRestart(running: Settings, next: Settings): { settings: Settings; restart: readonly string[] } {
  const names = (Object.keys({ ...running, ...next }) as (keyof Settings)[]).filter((name) => !AT_ONCE.has(name))
  const changed = names.filter((name) => !isDeepStrictEqual(running[name], next[name]))
  const fresh = Object.fromEntries(Object.entries(next).filter(([name]) => AT_ONCE.has(name)))
  // The ledger shows credits at the price that it was opened with.
  const { creditUsd } = running.billing
  return {
    settings: { ...running, ...fresh, billing: { ...next.billing, creditUsd } },
    restart: [...changed, ...(creditUsd === next.billing.creditUsd ? [] : ['billing.creditUsd'])],
  }
}
