/**
 * The settings that the server runs with: options, variables and `turnpike.yaml` together, or every fault in them at
 * once. Nothing is guessed: a value that cannot be meant as it stands stops the start.
 */
import { resolve } from 'node:path'
import { type Settings, SettingsFile } from '../contract/settings.ts'
import { isLoopback } from '../lib/loopback.ts'
import { type Checked, checkFile, placeOf } from './check-file.ts'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { crossCheck, type FileProviders, outlineProviders } from './cross-check.ts'
import { readEnvironment, type StartOptions } from './environment.ts'
import type { Environment } from './expand.ts'
import { type Fault, placeText, shown } from './fault.ts'
import { resolveProviders } from './resolve-providers.ts'

export type SettingsInput = {
  readonly env: Environment
  readonly args: StartOptions
  /** As `readFileSync(path, 'utf8')`, errors included. */
  readonly readFile: (path: string) => string
  readonly cwd: string
}

export type Loaded = {
  readonly settings: Settings
  /** Where a value came from, by path text; what is not in here has its default. */
  readonly origins: ReadonlyMap<string, string>
}

const DEFAULT_FILE = 'turnpike.yaml'

export function loadSettings(input: SettingsInput): Loaded | { readonly faults: readonly Fault[] } {
  const environment = readEnvironment(input.env, input.args)
  const { file, faults: openFaults } = openFile(input)
  const checked = checkedFile(file)
  const fromFile: FileProviders = file ? outlineProviders(file.tree) : new Map()
  const { providers, origins, problems } = resolveProviders(fromFile, input.env)
  const names = [...new Set([...fromFile.keys(), ...providers.keys()])]
  const simulator = environment.settings?.simulator ?? 'auto'
  const simulatorActive = simulator === 'on' || (simulator === 'auto' && names.length === 0)
  const faults = [...environment.faults, ...openFaults, ...checked.faults]
  if (file) {
    faults.push(...problems.map(({ path, message }) => ({ place: placeOf(file, path), message })))
    faults.push(...crossCheck(file, { providers: names, simulatorActive }))
    faults.push(...nowhereToReturn(file, checked.settings, environment.settings?.host))
  }
  if (faults.length > 0 || !environment.settings || !checked.settings) return { faults: inOrder(faults) }
  const { port, ...rest } = environment.settings
  const askedBy = environment.origins.get('port')
  const settings: Settings = {
    ...checked.settings,
    ...rest,
    port: Number(port),
    ...(askedBy === undefined ? {} : { portAskedBy: askedBy }),
    ...(file ? { file: file.name } : {}),
    providers,
    simulatorActive,
  }
  return { settings, origins: new Map([...origins, ...fileOrigins(file), ...environment.origins]) }
}

/** Beyond loopback anybody could name an address that a provider would send people back to. */
function nowhereToReturn(file: ConfigFile, settings: SettingsFile | undefined, host: string | undefined): Fault[] {
  if (!settings?.signIn.oidc || settings.publicUrl !== undefined || host === undefined || isLoopback(host)) return []
  const message = 'signIn.oidc needs `publicUrl`, the address that the provider sends people back to'
  return [{ place: placeOf(file, ['signIn', 'oidc']), message }]
}

/** Without a file everything has its default; a file that is not YAML has one kind of fault only. */
function checkedFile(file: ConfigFile | undefined): Checked {
  if (file === undefined) return { settings: SettingsFile.parse({}), faults: [] }
  if (file.tree === undefined) return { settings: undefined, faults: file.faults }
  const { settings, faults } = checkFile(file)
  return { settings, faults: [...file.faults, ...faults] }
}

/** The file that was named must be there; the usual one may be. */
function openFile({ env, args, readFile, cwd }: SettingsInput): { file?: ConfigFile; faults: Fault[] } {
  const askedBy = args.config !== undefined ? '--config' : env.TURNPIKE_CONFIG ? 'TURNPIKE_CONFIG' : undefined
  const name = args.config ?? (env.TURNPIKE_CONFIG || DEFAULT_FILE)
  try {
    return { file: readConfigFile({ name, text: readFile(resolve(cwd, name)), env }), faults: [] }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' && askedBy === undefined) return { faults: [] }
    if (code === '') throw error
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`
    return { faults: [{ message: askedBy ? `${askedBy} names ${shown(name)}, which ${why}` : `${name} ${why}` }] }
  }
}

/** More would push the first one off the screen. */
const MAX_FAULTS = 100

/** Faults of variables first, then the file from top to bottom. */
function inOrder(faults: readonly Fault[]): Fault[] {
  const line = ({ place }: Fault) => place?.line ?? 0
  const sorted = faults.toSorted((a, b) => line(a) - line(b) || (a.place?.column ?? 0) - (b.place?.column ?? 0))
  const more = sorted.length - MAX_FAULTS
  return more > 0 ? [...sorted.slice(0, MAX_FAULTS), { message: `and ${more} more faults` }] : sorted
}

function fileOrigins(file: ConfigFile | undefined): [string, string][] {
  return [...(file?.entries ?? [])].map(([path, { place, variables }]) => {
    const from = variables.map((name) => `\${${name}}`).join(' ')
    return [path, from === '' ? placeText(place) : `${placeText(place)} ${from}`]
  })
}
