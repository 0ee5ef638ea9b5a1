/** `turnpike config check` and `turnpike config print`: what the settings are, and where each came from. */
import { ADDRESS_SETTINGS, SECRET_SETTINGS, type Settings } from '../contract/settings.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { faultLine } from './fault.ts'
import { loadSettings, type SettingsInput } from './settings.ts'

type Output = { readonly stdout: (text: string) => void; readonly stderr: (text: string) => void }

export function checkConfig(input: SettingsInput, { stderr }: Output): ExitCode {
  const loaded = loadSettings(input)
  if ('faults' in loaded) return tellFaults(loaded.faults, stderr)
  const { settings } = loaded
  const what = `${counted(settings.providers.size, 'provider')}, ${counted(settings.models.length, 'model')}`
  stderr(
    `turnpike: ${settings.file ? `${settings.file} and the environment are` : 'the environment is'} in order: ${what}\n`,
  )
  return EXIT.done
}

export function printConfig(input: SettingsInput, { json }: { json: boolean }, { stdout, stderr }: Output): ExitCode {
  const loaded = loadSettings(input)
  if ('faults' in loaded) return tellFaults(loaded.faults, stderr)
  const rows = configRows(loaded.settings, loaded.origins)
  stdout(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows))
  return EXIT.done
}

type Row = { readonly setting: string; readonly value: unknown; readonly origin: string }

function configRows(settings: Settings, origins: ReadonlyMap<string, string>): Row[] {
  // What is derived from other settings is not one.
  const { file, portAskedBy, simulatorActive, providers, ...rest } = settings
  const shownProviders = [...providers].map(([name, { key, origin, ...provider }]) => [name, provider] as const)
  const tree = { ...rest, providers: Object.fromEntries(shownProviders) }
  return leaves(tree, '').map(([setting, value]) => ({
    setting,
    value: masked(setting, value),
    origin: origins.get(setting) ?? 'default',
  }))
}

const tellFaults = (faults: readonly Parameters<typeof faultLine>[0][], stderr: Output['stderr']): ExitCode => {
  for (const fault of faults) stderr(`${faultLine(fault)}\n`)
  return EXIT.usage
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Single values and lists of them, by path. */
function leaves(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    return value.flatMap((item, index) => leaves(item, `${path}[${index}]`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value === undefined ? [] : [[path, value]]
  }
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`))
}

function masked(setting: string, value: unknown): unknown {
  const name = setting.split('.').at(-1) ?? ''
  if (SECRET_SETTINGS.has(name)) return '***'
  return ADDRESS_SETTINGS.has(name) && typeof value === 'string' ? withoutPassword(value) : value
}

/** A driver also takes its password from the query, so nothing of that is shown. */
function withoutPassword(address: string): string {
  if (address === '') return address
  const url = URL.parse(address)
  if (url === null) return '***'
  if (url.password !== '') url.password = '***'
  if (url.search !== '') url.search = '***'
  return url.href
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ setting, value, origin }) => [setting, JSON.stringify(value), origin])
  const width = (column: number) => Math.min(60, Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const [first, second] = [width(0), width(1)]
  return cells
    .map(([setting = '', value = '', origin]) => `${setting.padEnd(first)}  ${value.padEnd(second)}  ${origin}\n`)
    .join('')
}
