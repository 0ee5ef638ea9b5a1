/** The providers of the file and of the environment, each completed from its preset. */
import { findPreset, type ProviderPreset, type ProviderType, providerPresets } from '../contract/provider-presets.ts'
import type { ProviderFile, ProviderSettings } from '../contract/provider-settings.ts'
import type { FileProviders } from './cross-check.ts'
import type { Environment } from './expand.ts'

export type ResolvedProviders = {
  readonly providers: ReadonlyMap<string, ProviderSettings>
  /** Where values that are not in the file came from, by path text. */
  readonly origins: ReadonlyMap<string, string>
  readonly problems: readonly { readonly path: readonly string[]; readonly message: string }[]
}

/** A provider of the file hides the one of the same name that the environment would bring. */
export function resolveProviders(given: FileProviders, env: Environment): ResolvedProviders {
  const providers = new Map<string, ProviderSettings>()
  const origins = new Map<string, string>()
  const problems: { path: string[]; message: string }[] = []
  for (const preset of providerPresets) {
    const apiKey = preset.env && env[preset.env]
    if (!apiKey || preset.baseUrl === undefined || given.has(preset.key)) continue
    const { key, name, type, baseUrl, reading, onCancel } = preset
    providers.set(key, {
      key,
      name,
      type,
      baseUrl,
      apiKey,
      reading,
      onCancel,
      ...quirks(preset),
      origin: 'environment',
    })
    for (const field of FIELDS)
      origins.set(`providers.${key}.${field}`, field === 'apiKey' ? `${preset.env}` : `preset ${key}`)
  }
  for (const [key, entry] of given) {
    if (!entry) continue
    const provider = complete(key, entry, env, origins)
    if (provider) providers.set(key, provider)
    else
      problems.push({
        path: ['providers', key, 'baseUrl'],
        message: `providers.${key}.baseUrl is missing: ${NO_ADDRESS}`,
      })
  }
  return { providers, origins, problems }
}

const FIELDS = ['name', 'type', 'baseUrl', 'apiKey', 'reading', 'onCancel'] as const
const NO_ADDRESS = 'expected an http or https address, e.g. http://127.0.0.1:8000/v1'

/** How usage is read where no preset says so. */
const READINGS: Record<ProviderType, string> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  simulator: 'openai',
}

function complete(
  key: string,
  entry: ProviderFile,
  env: Environment,
  origins: Map<string, string>,
): ProviderSettings | undefined {
  const preset = findPreset(entry.preset ?? key)
  const type = entry.type ?? preset?.type ?? 'openai'
  const baseUrl = entry.baseUrl ?? (type === 'simulator' ? '' : preset?.type === type ? preset.baseUrl : undefined)
  if (baseUrl === undefined) return undefined
  const apiKey = entry.apiKeys ? undefined : (entry.apiKey ?? keyFromEnvironment(key, entry, preset, env))
  if (preset) for (const field of FIELDS) origins.set(`providers.${key}.${field}`, `preset ${preset.key}`)
  origins.set(`providers.${key}.name`, 'default')
  if (apiKey !== undefined && entry.apiKey === undefined) origins.set(`providers.${key}.apiKey`, `${preset?.env}`)
  return {
    key,
    name: entry.name ?? key,
    type,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(entry.apiKeys === undefined ? {} : { apiKeys: entry.apiKeys }),
    reading: preset?.reading ?? READINGS[type],
    onCancel: entry.onCancel ?? preset?.onCancel ?? 'abort',
    ...(preset ? quirks(preset) : {}),
    ...told(entry),
    origin: 'file',
  }
}

/** In what few words of the wire it differs from the others. */
const quirks = ({ keyHeader, limitMember }: ProviderPreset) => ({
  ...(keyHeader === undefined ? {} : { keyHeader }),
  ...(limitMember === undefined ? {} : { limitMember }),
})

/** What the file alone can know of a provider. */
const told = ({ apiVersion, circuit, dataCollection, zdr, privacyPolicyUrl }: ProviderFile) => ({
  ...(apiVersion === undefined ? {} : { apiVersion }),
  ...(circuit === undefined ? {} : { circuit }),
  ...(dataCollection === undefined ? {} : { dataCollection }),
  ...(zdr === undefined ? {} : { zdr }),
  ...(privacyPolicyUrl === undefined ? {} : { privacyPolicyUrl }),
})

/** A vendor's key from the environment goes to that vendor's own address and nowhere else. */
function keyFromEnvironment(
  key: string,
  entry: ProviderFile,
  preset: ProviderPreset | undefined,
  env: Environment,
): string | undefined {
  const own =
    preset?.env !== undefined && preset.key === key && entry.baseUrl === undefined && entry.type !== 'simulator'
  return own ? env[preset.env ?? ''] || undefined : undefined
}
