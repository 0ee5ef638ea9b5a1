/**
 * The rows of `@pydantic/genai-prices` as the package holds them. It has no list of its providers, so their ids are read
 * from its text and each is then asked for by name; its calculator is not used.
 */
import { readFileSync } from 'node:fs'
import { findProvider, type ModelInfo, type Provider } from '@pydantic/genai-prices'

export type SourceProvider = Provider
export type SourceModel = ModelInfo

/** The version that the rows were reviewed at: another one is a reviewed change of the catalogue. */
export const SOURCE_VERSION = '0.1.8'
const PROVIDERS = 43

export function sourceProviders(): readonly SourceProvider[] {
  const entry = new URL(import.meta.resolve('@pydantic/genai-prices'))
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8'))
  if (manifest.version !== SOURCE_VERSION) throw new Error(`genai-prices is ${manifest.version}, not ${SOURCE_VERSION}`)
  const ids = [...readFileSync(entry, 'utf8').matchAll(/^ {4}id: "([^"]+)",$/gm)].map(([, id]) => id ?? '')
  if (ids.length !== PROVIDERS) throw new Error(`found ${ids.length} providers, not ${PROVIDERS}`)
  return ids.map((providerId) => {
    const provider = findProvider({ providerId })
    if (provider?.id !== providerId) throw new Error(`no provider ${providerId}`)
    return provider
  })
}
