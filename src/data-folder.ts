/** The folder that holds the SQLite file and generated secrets. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotGoOn, EXIT } from './cli/exit-code.ts'
import { dataNotWritable } from './cli/start-faults.ts'
import { systemRandom } from './lib/random.ts'
import { newSecret } from './lib/secret.ts'

export type DataFolder = {
  readonly database: string
  /** Where people's passwords and sessions lie. */
  readonly signInDatabase: string
  readonly isNew: boolean
  readonly adminKey: string
  readonly adminKeyFile: string | undefined
}

/** Makes the folder where it is missing. A generated operator's key lies in it, readable by its owner alone. */
export function openDataFolder(dataDir: string, givenAdminKey: string | undefined): DataFolder {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.W_OK)
  } catch {
    const owner = existsSync(dataDir) ? statSync(dataDir).uid : 0
    throw new CannotGoOn(dataNotWritable(dataDir, owner, process.getuid?.() ?? 0), EXIT.usage)
  }
  const database = join(dataDir, 'turnpike.db')
  const places = { database, signInDatabase: join(dataDir, 'auth.db'), isNew: !existsSync(database) }
  if (givenAdminKey !== undefined) return { ...places, adminKey: givenAdminKey, adminKeyFile: undefined }
  const adminKeyFile = join(dataDir, 'admin-key')
  if (!existsSync(adminKeyFile))
    writeFileSync(adminKeyFile, `${newSecret('mk-tp', systemRandom)}\n`, { mode: 0o600, flag: 'wx' })
  return { ...places, adminKey: readFileSync(adminKeyFile, 'utf8').trim(), adminKeyFile }
}
