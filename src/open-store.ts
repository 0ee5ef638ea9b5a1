/** Opens the store that the settings name. */
import { CannotGoOn, EXIT } from './cli/exit-code.ts'
import type { Settings } from './contract/settings.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { systemRandom } from './lib/random.ts'
import { type Store, StoreUnusable } from './store/store.ts'

export type StorePlace = {
  /** Where it is given, the store is PostgreSQL. */
  readonly databaseUrl: string | undefined
  /** How to connect to it; by default as without settings. */
  readonly postgres?: Settings['postgres']
  /** The SQLite file. */
  readonly database: string
  /** Without the lock of the file's folder, beside a server that may hold it. */
  readonly readonly?: boolean
  readonly leaseMs?: number
  readonly log?: Log
  /** What the ledger on SQLite goes by; PostgreSQL has its own. */
  readonly clock?: Clock
}

/** Each is loaded when it is needed: a start on SQLite reads no line of the other. */
export function openStore(place: StorePlace): Promise<Store> {
  const { databaseUrl, postgres, database, readonly = false, leaseMs, log, clock = systemClock } = place
  const parts = { clock, random: systemRandom }
  return usable(async () => {
    if (databaseUrl === undefined) {
      const { openSqlite } = await import('./store/sqlite.ts')
      return await openSqlite({ file: database, readonly, log, ...parts })
    }
    const { openPostgres } = await import('./store/postgres.ts')
    return await openPostgres({
      ...{ url: databaseUrl, leaseMs, log },
      ...(postgres ? { limits: postgres } : {}),
      ...parts,
    })
  })
}

/** A database that cannot be used as it is ends the command with the sentence that says why. */
export async function usable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreUnusable) throw new CannotGoOn(error.message, EXIT.usage)
    throw error
  }
}
