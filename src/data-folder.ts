/** The folder that holds the SQLite file and generated secrets. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
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
  /** What seals customers' credentials at rest. */
  readonly secretKey: string
}

type GivenKeys = {
  readonly dataDir: string
  readonly adminKey?: string | undefined
  readonly secretKey?: string | undefined
}

/** Makes the folder where it is missing. Generated keys lie in it, readable by its owner alone. */
export function openDataFolder({ dataDir, adminKey: given, secretKey }: GivenKeys): DataFolder {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.W_OK)
  } catch {
    const owner = existsSync(dataDir) ? statSync(dataDir).uid : 0
    throw new CannotGoOn(dataNotWritable(dataDir, owner, process.getuid?.() ?? 0), EXIT.usage)
  }
  const database = join(dataDir, 'turnpike.db')
  const places = {
    database,
    signInDatabase: join(dataDir, 'auth.db'),
    isNew: !existsSync(database),
    secretKey: secretKey ?? generated(join(dataDir, 'secret-key'), newMasterKey),
  }
  if (given !== undefined) return { ...places, adminKey: given, adminKeyFile: undefined }
  const adminKeyFile = join(dataDir, 'admin-key')
  return { ...places, adminKey: generated(adminKeyFile, () => newSecret('mk-tp', systemRandom)), adminKeyFile }
}

/** The SQLite file of a folder that a server was started on. */
export function existingDatabase(dataDir: string): string {
  const database = join(dataDir, 'turnpike.db')
  if (existsSync(database)) return database
  throw new CannotGoOn(
    `${database} does not exist: no Turnpike was started there. Set TURNPIKE_DATA_DIR or --data-dir`,
    EXIT.usage,
  )
}

/** Undefined: the disk does not tell. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  const disk = await statfs(folder).catch(() => undefined)
  return disk && disk.bavail * disk.bsize
}

const newMasterKey = (): string => Buffer.from(systemRandom.bytes(32)).toString('hex')

/** What was generated once stays: the file is made only where there is none. */
function generated(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' })
  return readFileSync(file, 'utf8').trim()
}
