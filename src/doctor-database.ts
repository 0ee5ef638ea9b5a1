/** What `turnpike doctor` looks at in the database, without changing any of it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from './cli/doctor-output.ts'
import { migratedByNewer } from './cli/start-faults.ts'
import type { Settings } from './contract/settings.ts'
import { DAY_MS, systemClock } from './lib/clock.ts'
import { lastVerified } from './store/last-verify.ts'
import { type Look, openLook, unpricedModels } from './store/look.ts'
import { migrationState } from './store/server-state.ts'

/** Undefined: there is no database yet, or it lets nobody in; the finding says which. */
export type Looked = { readonly look: Look | undefined; readonly finding: Finding }

export async function lookIntoDatabase({ databaseUrl, postgres, dataDir }: Settings): Promise<Looked> {
  const database = join(dataDir, 'turnpike.db')
  const check = 'database'
  if (databaseUrl === undefined && !existsSync(database))
    return { look: undefined, finding: { check, state: 'ok', says: `${database} is made at the first start` } }
  try {
    const look = await openLook({ databaseUrl, postgres, database })
    const says = databaseUrl === undefined ? `SQLite ${database}` : `PostgreSQL ${new URL(databaseUrl).host}`
    return { look, finding: { check, state: 'ok', says } }
  } catch (error) {
    return { look: undefined, finding: { check, state: 'failed', says: textOf(error) } }
  }
}

export async function migrationFinding(look: Look): Promise<Finding> {
  const check = 'migrations'
  const { applied, open, unknown } = await migrationState(look).catch((error: unknown) => {
    // A database in which nothing was ever made.
    if (/kysely_migration/.test(textOf(error))) return { applied: [], open: ['all'], unknown: [] }
    throw error
  })
  const last = applied.at(-1)
  if (unknown.length > 0) return { check, state: 'failed', says: migratedByNewer(unknown.join(', '), last ?? 'none') }
  if (open.length === 0) return { check, state: 'ok', says: `${applied.length} applied, the last one ${last}` }
  return {
    ...{ check, state: 'warning', says: `${open.join(', ')} not applied yet` },
    cure: 'start this version: it applies them first',
  }
}

const AGE_DAYS = 35

export async function verifyFinding(look: Look): Promise<Finding> {
  const check = 'last verify'
  const verified = await lastVerified(look)
  const cure = '`turnpike verify`, which may run beside the server'
  if (!verified) return { check, state: 'warning', says: 'the ledger was never proved', cure }
  const { at, differences, repaired, rows } = verified
  const day = new Date(at).toISOString().slice(0, 10)
  if (differences > repaired)
    return {
      ...{ check, state: 'failed', says: `${day}: ${differences} differences, ${repaired} repaired` },
      cure: '`turnpike verify` names them, `turnpike verify --repair` corrects those in caches',
    }
  if (systemClock.now() - at > AGE_DAYS * DAY_MS)
    return { check, state: 'warning', says: `${day}: more than ${AGE_DAYS} days ago`, cure }
  return { check, state: 'ok', says: `${day}: ${differences === 0 ? 'no difference' : 'all repaired'} in ${rows} rows` }
}

const SINCE_DAYS = 30

export async function unpricedFinding(look: Look): Promise<Finding> {
  const check = 'prices'
  const found = await unpricedModels(look, systemClock.now() - SINCE_DAYS * DAY_MS)
  if (found.length === 0) return { check, state: 'ok', says: `every call of the last ${SINCE_DAYS} days has one` }
  const models = found.map(({ model, calls }) => `${model} (${calls} ${calls === 1 ? 'call' : 'calls'})`).join(', ')
  return {
    ...{ check, state: 'warning', says: `none in the last ${SINCE_DAYS} days for ${models}` },
    cure: '`turnpike prices set`, or Models in the dashboard; charges from before do not change',
  }
}

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
