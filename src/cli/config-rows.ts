/** Each setting as a row: its path, its value without what is secret about it, and where it came from. */
import { ADDRESS_SETTINGS, SECRET_SETTINGS, type Settings } from '../contract/settings.ts'

export type ConfigRow = { readonly setting: string; readonly value: unknown; readonly origin: string }

/** All of them, what has its default included. */
export function configRows(settings: Settings, origins: ReadonlyMap<string, string>): ConfigRow[] {
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
