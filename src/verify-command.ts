/** `turnpike verify`: computes every balance, counter and sum again from what happened, and tells each that differs. */
import { join } from 'node:path'
import type { StartOptions } from './cli/environment.ts'
import { EXIT, type ExitCode } from './cli/exit-code.ts'
import type { SettingsInput } from './cli/settings.ts'
import { tellProgress } from './cli/tell-progress.ts'
import { progressLine, verifyOutput } from './cli/verify-output.ts'
import { withSettings } from './cli/with-settings.ts'
import type { Settings } from './contract/settings.ts'
import { existingDatabase } from './data-folder.ts'
import { verifyLedger } from './jobs/verify.ts'
import { systemClock } from './lib/clock.ts'
import { openStore } from './open-store.ts'
import type { Store } from './store/store.ts'
import { writeBeside } from './store/write-beside.ts'
import { type Outcome, tablesOf, tellOutcome } from './verify-outcome.ts'

type VerifyParts = Omit<SettingsInput, 'args'> & {
  readonly options: StartOptions & { readonly repair: boolean; readonly json: boolean }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** A difference ends in a code of its own even where it was repaired: somebody should ask where it came from. */
export function verify({ options, stdout, stderr, ...surroundings }: VerifyParts): Promise<ExitCode> {
  const { repair, json, ...args } = options
  return withSettings({ ...surroundings, args }, stderr, async (settings) => {
    const { store, write } = await openToVerify(settings, repair)
    const counted = countingRows(store)
    const startedAt = systemClock.elapsed()
    const stopTelling = tellProgress((elapsedMs) => progressLine(counted.rows(), elapsedMs), stderr)
    try {
      const differences = await verifyLedger(counted.store, { repair })
      const remaining = repair && differences.length > 0 ? await verifyLedger(counted.store) : differences
      stopTelling()
      await tell(
        { ...store, write },
        {
          ...{ differences: differences.length, tables: tablesOf(differences), rows: counted.rows() },
          repaired: repair ? differences.length - remaining.length : 0,
          tookMs: Math.round(systemClock.elapsed() - startedAt),
        },
        stderr,
      )
      const output = verifyOutput({ differences, remaining, repair, json, rows: counted.rows() })
      stdout(output.stdout)
      stderr(output.stderr)
      return differences.length === 0 ? EXIT.done : EXIT.failed
    } finally {
      stopTelling()
      await store.close()
    }
  })
}

type Opened = { readonly store: Store; readonly write: Store['write'] }

/** Beside a live server: only a repair needs to be alone. */
async function openToVerify({ databaseUrl, postgres, dataDir }: Settings, repair: boolean): Promise<Opened> {
  const database = databaseUrl === undefined ? existingDatabase(dataDir) : join(dataDir, 'turnpike.db')
  const store = await openStore({ databaseUrl, postgres, database, readonly: !repair })
  return { store, write: databaseUrl === undefined && !repair ? writeBeside(database) : store.write }
}

/** That it cannot be told changes nothing about what was found. */
async function tell(store: Store, outcome: Outcome, stderr: (text: string) => void): Promise<void> {
  try {
    await tellOutcome(store, outcome)
  } catch (error) {
    stderr(`turnpike: nobody was told of it: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

export function countingRows<L extends Pick<Store, 'rows'>>(store: L): { store: L; rows: () => number } {
  let seen = 0
  const rows: Store['rows'] = async (query) => {
    const found = await store.rows(query)
    seen += found.length
    return found
  }
  return { store: { ...store, rows }, rows: () => seen }
}
