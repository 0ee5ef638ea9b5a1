/** `turnpike migrate-store`: all that a SQLite file holds goes to an empty PostgreSQL database, or nothing does. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { StartOptions } from './cli/environment.ts'
import { CannotGoOn, EXIT, type ExitCode } from './cli/exit-code.ts'
import type { SettingsInput } from './cli/settings.ts'
import { grouped, howFar, tellProgress } from './cli/tell-progress.ts'
import { withSettings } from './cli/with-settings.ts'
import type { Settings } from './contract/settings.ts'
import { existingDatabase } from './data-folder.ts'
import { verifyLedger } from './jobs/verify.ts'
import { systemClock } from './lib/clock.ts'
import { openStore, usable } from './open-store.ts'
import { type LedgerReader, type MoveProgress, moveToPostgres } from './store/move-to-postgres.ts'
import { type Store, StoreFailed } from './store/store.ts'
import { countingRows } from './verify-command.ts'

type MigrateParts = Omit<SettingsInput, 'args'> & {
  readonly options: StartOptions & { readonly from: string; readonly to: string }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

export function migrateStore({ options, stdout, stderr, ...surroundings }: MigrateParts): Promise<ExitCode> {
  const { from, to, ...args } = options
  return withSettings({ ...surroundings, args }, stderr, async (settings) => {
    const file = sourceFile(from, settings)
    const url = targetUrl(to, settings, stderr)
    const stage = createStage()
    const stopTelling = tellProgress(stage.line, stderr)
    // Held by its lock and brought up to date, as a start would do.
    const source = await openStore({ databaseUrl: undefined, database: file })
    try {
      await assertSound(
        stage.proving(source),
        'the ledger to be moved',
        'See them with `turnpike verify`, and repair them first',
      )
      const signIn = join(dirname(file), 'auth.db')
      const moved = await usable(() =>
        moveToPostgres({
          ...{ file, url, now: source.now(), signInFile: existsSync(signIn) ? signIn : undefined },
          onProgress: stage.moved,
          prove: (ledger) => assertSound(stage.proving(ledger), 'what arrived', 'Nothing was kept of it'),
        }),
      )
      stopTelling()
      for (const { name, rows } of moved) stdout(`${name.replaceAll('"', '').padEnd(24)} ${grouped(rows)}\n`)
      const rows = moved.reduce((sum, table) => sum + table.rows, 0)
      stderr(`turnpike: ${grouped(rows)} rows moved, each read back and found equal; every balance and sum is proved\n`)
      stderr(`turnpike: ${whatIsNext(settings, dirname(file))}\n`)
      return EXIT.done
    } catch (error) {
      if (error instanceof StoreFailed) throw new CannotGoOn(`${error.message}. Nothing was kept of it`, EXIT.failed)
      throw error
    } finally {
      stopTelling()
      await source.close()
    }
  })
}

function sourceFile(from: string, { dataDir }: Settings): string {
  const [, named] = /^sqlite(?::(?:\/\/)?(.+))?$/.exec(from) ?? []
  if (named !== undefined && existsSync(named)) return named
  if (named !== undefined) throw new CannotGoOn(`${named}, which --from names, does not exist`, EXIT.usage)
  if (from !== 'sqlite')
    throw new CannotGoOn(
      `--from: expected sqlite or sqlite:FILE; found "${from}". Only SQLite is moved from`,
      EXIT.usage,
    )
  return existingDatabase(dataDir)
}

function targetUrl(to: string, { databaseUrl }: Settings, stderr: (text: string) => void): string {
  if (/^postgres(ql)?:\/\//.test(to)) {
    if (URL.parse(to)?.password)
      stderr(
        'turnpike: a password on the command line can be read by others here; TURNPIKE_DATABASE_URL keeps it apart\n',
      )
    return to
  }
  if (to !== 'postgres')
    throw new CannotGoOn('--to: expected postgres, or an address that begins with postgres://', EXIT.usage)
  if (databaseUrl === undefined)
    throw new CannotGoOn('set TURNPIKE_DATABASE_URL to the empty database that is to be filled', EXIT.usage)
  return databaseUrl
}

async function assertSound(ledger: Store | LedgerReader, what: string, cure: string): Promise<void> {
  const differences = await verifyLedger(ledger)
  if (differences.length > 0)
    throw new CannotGoOn(`${what} has ${grouped(differences.length)} differences. ${cure}`, EXIT.failed)
}

/** Where it stands, each stage by its own time: proving, moving, comparing, proving again. */
function createStage() {
  let doing = ''
  let since = 0
  let far = (_elapsedMs: number): string => ''
  const enter = (name: string, line: (elapsedMs: number) => string) => {
    if (name !== doing) since = systemClock.elapsed()
    doing = name
    far = line
  }
  return {
    line: () => `turnpike: ${doing}, ${far(systemClock.elapsed() - since)}\n`,
    moved: ({ doing: name, done, total }: MoveProgress) => enter(name, (ms) => howFar(done, total, 'rows', ms)),
    proving<L extends Store | LedgerReader>(ledger: L): L {
      const { store, rows } = countingRows(ledger)
      enter('proving every balance', () => `${grouped(rows())} rows read`)
      return store
    },
  }
}

const whatIsNext = ({ secretKey }: Settings, folder: string): string =>
  `start with TURNPIKE_DATABASE_URL from now on${
    secretKey === undefined
      ? `, and give each process what is in ${join(folder, 'secret-key')} as TURNPIKE_SECRET_KEY: it opens customers' own credentials`
      : ''
  }. The SQLite file was left as it is; what it would be charged from now on nobody else would know`
