/** Settings that hold from start to end: where the server listens, what it writes to, and what was built upon them. */
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from './contract/settings.ts'

const NAMES = [
  ...(['host', 'port', 'dataDir', 'databaseUrl', 'adminKey', 'logLevel', 'trustProxy'] as const),
  ...(['nodes', 'webhooks', 'smtp'] as const),
] as const

/** The new settings as far as they can hold at once, and the names of those that cannot. */
export function withoutRestart(running: Settings, next: Settings) {
  const names = NAMES.filter((name) => !isDeepStrictEqual(running[name], next[name]))
  const kept = Object.fromEntries(NAMES.map((name) => [name, running[name]]))
  // The ledger shows credits at the price that it was opened with.
  const { creditUsd } = running.billing
  const restart: string[] = [...names, ...(creditUsd === next.billing.creditUsd ? [] : ['billing.creditUsd'])]
  const settings = { ...next, ...kept, billing: { ...next.billing, creditUsd } } as Settings
  return { settings, restart }
}
