/** `turnpike backup FILE`: a copy of the ledger, and of sign-in where people sign in, beside a live server; then the copy is proved. */
import { existsSync, statSync } from 'node:fs'
import { format, join, parse } from 'node:path'
import type { StartOptions } from './cli/environment.ts'
import { CannotGoOn, EXIT, type ExitCode } from './cli/exit-code.ts'
import type { SettingsInput } from './cli/settings.ts'
import { grouped, howFar, tellProgress } from './cli/tell-progress.ts'
import { withSettings } from './cli/with-settings.ts'
import type { Settings } from './contract/settings.ts'
import { existingDatabase } from './data-folder.ts'
import { verifyLedger } from './jobs/verify.ts'
import { openStore, usable } from './open-store.ts'
import { assertFree, type CopyProgress, copySqlite } from './store/sqlite-backup.ts'

type BackupParts = Omit<SettingsInput, 'args'> & {
  readonly options: StartOptions & { readonly file: string; readonly quick: boolean }
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

export function backup({ options, stdout, stderr, ...surroundings }: BackupParts): Promise<ExitCode> {
  const { file, quick, ...args } = options
  return withSettings({ ...surroundings, args }, stderr, async (settings) => {
    if (settings.databaseUrl !== undefined) throw new CannotGoOn(POSTGRES, EXIT.usage)
    const database = existingDatabase(settings.dataDir)
    const signIn = join(settings.dataDir, 'auth.db')
    const copies = [{ from: database, to: file, check: quick ? undefined : prove }]
    // After the ledger: who joined in between has a password and no membership, which harms nobody.
    if (existsSync(signIn)) copies.push({ from: signIn, to: besides(file), check: undefined })
    let progress: CopyProgress = { done: 0, total: 0 }
    const line = (elapsedMs: number) =>
      `turnpike: copying, ${howFar(progress.done, progress.total, 'pages', elapsedMs)}\n`
    const stopTelling = tellProgress(line, stderr)
    try {
      await usable(async () => {
        for (const { to } of copies) assertFree(to)
        for (const { from, to, check } of copies)
          await copySqlite({
            ...{ from, to, ...(check ? { check } : {}) },
            onProgress: (now) => {
              progress = now
            },
          })
      })
    } finally {
      stopTelling()
    }
    for (const { to } of copies) {
      stdout(`${to}\n`)
      stderr(
        `turnpike: ${to} is whole${to === file && !quick ? ', and every balance in it is proved' : ''} (${sizeOf(to)})\n`,
      )
    }
    stderr(`turnpike: ${keysApart(settings)}\n`)
    return EXIT.done
  })
}

const POSTGRES =
  'the store is PostgreSQL, which brings its own tools: pg_dump for a copy, pg_basebackup with archived logs for any moment. `turnpike verify` proves what was restored'

/** `backup.db` and `backup-auth.db`. */
function besides(file: string): string {
  const { dir, name, ext } = parse(file)
  return format({ dir, name: `${name}-auth`, ext })
}

/** A copy that does not add up is none: somebody would find out on the day it is needed. */
async function prove(copy: string): Promise<void> {
  const store = await openStore({ databaseUrl: undefined, database: copy, readonly: true })
  try {
    const differences = await verifyLedger(store)
    if (differences.length > 0)
      throw new CannotGoOn(
        `the ledger has ${differences.length} differences, and no copy was made. See them with \`turnpike verify\`; \`turnpike backup --quick\` copies it as it is`,
        EXIT.failed,
      )
  } finally {
    await store.close()
  }
}

const sizeOf = (file: string): string => `${grouped(statSync(file).size)} bytes`

const keysApart = ({ dataDir, secretKey, adminKey }: Settings): string =>
  `no key is in it. Keep ${secretKey === undefined ? join(dataDir, 'secret-key') : 'TURNPIKE_SECRET_KEY'} in another place: without it customers' own credentials cannot be read again${adminKey === undefined ? `. ${join(dataDir, 'admin-key')} is made anew where it is missing` : ''}`
