/** The settings that come from variables and from the options of `turnpike start`; an option wins over a variable. */
import type { z } from 'zod'
import { EnvironmentSettings, SECRET_SETTINGS } from '../contract/settings.ts'
import type { Environment } from './expand.ts'
import { type Fault, shown } from './fault.ts'

type Name = keyof typeof EnvironmentSettings.shape

/** Options of `turnpike start`, as they were typed. */
export type StartOptions = {
  readonly config?: string
  readonly port?: string
  readonly host?: string
  readonly dataDir?: string
}

export type FromEnvironment = {
  readonly settings: z.output<typeof EnvironmentSettings> | undefined
  /** The option or variable that each setting came from; the others have their default. */
  readonly origins: ReadonlyMap<Name, string>
  readonly faults: readonly Fault[]
}

/** The first that is set counts. `PORT` is what hosting platforms set. */
const SOURCES: Record<Name, { readonly option?: keyof StartOptions; readonly variables: readonly string[] }> = {
  host: { option: 'host', variables: ['TURNPIKE_HOST'] },
  port: { option: 'port', variables: ['TURNPIKE_PORT', 'PORT'] },
  dataDir: { option: 'dataDir', variables: ['TURNPIKE_DATA_DIR'] },
  databaseUrl: { variables: ['TURNPIKE_DATABASE_URL'] },
  adminKey: { variables: ['TURNPIKE_ADMIN_KEY'] },
  secretKey: { variables: ['TURNPIKE_SECRET_KEY'] },
  simulator: { variables: ['TURNPIKE_SIMULATOR'] },
  logLevel: { variables: ['TURNPIKE_LOG_LEVEL'] },
}

const OPTION_NAMES: Record<keyof StartOptions, string> = {
  config: '--config',
  port: '--port',
  host: '--host',
  dataDir: '--data-dir',
}

export function readEnvironment(env: Environment, options: StartOptions): FromEnvironment {
  const given: Record<string, string> = {}
  const origins = new Map<Name, string>()
  for (const name of Object.keys(SOURCES) as Name[]) {
    const source = firstSet(name, env, options)
    if (!source) continue
    given[name] = source.value
    origins.set(name, source.origin)
  }
  const result = EnvironmentSettings.safeParse(given)
  if (result.success) return { settings: result.data, origins, faults: [] }
  const faults = result.error.issues.map((issue) => {
    const name = String(issue.path[0])
    const origin = origins.get(name as Name) ?? name
    return { message: `${origin}: expected ${issue.message}; found ${found(name, given[name] ?? '')}` }
  })
  return { settings: undefined, origins, faults }
}

/** An empty variable counts as not set: compose files pass those on. */
function firstSet(name: Name, env: Environment, options: StartOptions): { value: string; origin: string } | undefined {
  const { option, variables } = SOURCES[name]
  const typed = option && options[option]
  if (option && typed !== undefined) return { value: typed, origin: OPTION_NAMES[option] }
  const variable = variables.find((candidate) => env[candidate])
  return variable === undefined ? undefined : { value: env[variable] ?? '', origin: variable }
}

function found(name: string, value: string): string {
  if (SECRET_SETTINGS.has(name))
    return `${value.length}${/^[!-~]*$/.test(value) ? '' : ', with blanks or others among them'}`
  // A service called "turnpike" makes Kubernetes set TURNPIKE_PORT to its own address.
  if (/^tcp:\/\//.test(value))
    return `${shown(value)}, which Kubernetes sets; put enableServiceLinks: false into the pod`
  return name === 'databaseUrl' ? 'another kind of address' : shown(value)
}
