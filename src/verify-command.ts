/** `turnpike verify`: computes every balance, counter and sum again from what happened, and tells each that differs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { StartOptions } from './cli/environment.ts'
import { CannotGoOn, EXIT, type ExitCode } from './cli/exit-code.ts'
import { faultLine } from './cli/fault.ts'
import { loadSettings, type SettingsInput } from './cli/settings.ts'
import { progressLine, verifyOutput } from './cli/verify-output.ts'
import type { Settings } from './contract/settings.ts'
import { verifyLedger } from './jobs/verify.ts'
import { systemClock, type Timer } from './lib/clock.ts'
import { openStore } from './open-store.ts'
import type { Store } from './store/store.ts'

type VerifyParts = Omit<SettingsInput, 'args'> & {
  readonly options: StartOptions & { readonly repair: boolean; readonly json: boolean }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** A difference ends in a code of its own even where it was repaired: somebody should ask where it came from. */
export async function verify({ options, stdout, stderr, ...surroundings }: VerifyParts): Promise<ExitCode> {
  const { repair, json, ...args } = options
  const loaded = loadSettings({ ...surroundings, args })
  if ('faults' in loaded) {
    for (const fault of loaded.faults) stderr(`${faultLine(fault)}\n`)
    return EXIT.usage
  }
  const store = await openToVerify(loaded.settings, repair)
  const counted = countingRows(store)
  const stopTelling = tellProgress(counted.rows, stderr)
  try {
    const differences = await verifyLedger(counted.store, { repair })
    const remaining = repair && differences.length > 0 ? await verifyLedger(counted.store) : differences
    stopTelling()
    const output = verifyOutput({ differences, remaining, repair, json, rows: counted.rows() })
    stdout(output.stdout)
    stderr(output.stderr)
    return differences.length === 0 ? EXIT.done : EXIT.failed
  } finally {
    stopTelling()
    await store.close()
  }
}

/** Beside a live server: only a repair needs to be alone. */
async function openToVerify({ databaseUrl, dataDir }: Settings, repair: boolean): Promise<Store> {
  const database = join(dataDir, 'turnpike.db')
  if (databaseUrl === undefined && !existsSync(database))
    throw new CannotGoOn(
      `${database} does not exist: no Turnpike was started there. Set TURNPIKE_DATA_DIR or --data-dir`,
      EXIT.usage,
    )
  return openStore({ databaseUrl, database, readonly: !repair })
}

function countingRows(store: Store): { store: Store; rows: () => number } {
  let seen = 0
  const rows: Store['rows'] = async (query) => {
    const found = await store.rows(query)
    seen += found.length
    return found
  }
  return { store: { ...store, rows }, rows: () => seen }
}

const TELL_EVERY_MS = 1_000

/** What is done within a second needs no telling. */
function tellProgress(rows: () => number, stderr: (text: string) => void): () => void {
  const startedAt = systemClock.elapsed()
  let timer: Timer
  const again = () => {
    timer = systemClock.after(TELL_EVERY_MS, () => {
      stderr(progressLine(rows(), systemClock.elapsed() - startedAt))
      again()
    })
  }
  again()
  return () => timer.cancel()
}
