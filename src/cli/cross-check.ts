/**
 * What no single value of the file shows: names that lead nowhere, or to two things. It reads an outline that a fault
 * elsewhere doesn't hide, so that one start tells all faults.
 */
import { z } from 'zod'
import { findPreset } from '../contract/provider-presets.ts'
import { ProviderFile } from '../contract/provider-settings.ts'
import { placeOf } from './check-file.ts'
import { closest } from './closest.ts'
import type { ConfigFile } from './config-file.ts'
import { type Fault, shownName } from './fault.ts'

export type FileProviders = ReadonlyMap<string, ProviderFile | undefined>

/** The file's providers by name; one with a fault of its own is there without its settings. */
export function outlineProviders(tree: unknown): FileProviders {
  return new Map(
    Object.entries(Outline.parse(tree).providers).map(([name, given]) => [name, ProviderFile.safeParse(given).data]),
  )
}

export type Known = { readonly providers: readonly string[]; readonly simulatorActive: boolean }

export function crossCheck(file: ConfigFile, known: Known): Fault[] {
  const { models } = Outline.parse(file.tree)
  return [
    ...ambiguousNames(file, models),
    ...models.flatMap((model, index) => endpointFaults(file, model, index, known)),
  ]
}

const Text = z.string().optional().catch(undefined)
const Endpoint = z
  .object({ provider: Text, prices: z.unknown().optional(), rateCard: z.unknown().optional() })
  .catch({ provider: undefined })
const Model = z
  .object({ id: Text, aliases: z.array(Text).catch([]), endpoints: z.array(Endpoint).catch([]) })
  .catch({ id: undefined, aliases: [], endpoints: [] })
const Outline = z
  .object({ providers: z.record(z.string(), z.unknown()).catch({}), models: z.array(Model).catch([]) })
  .catch({ providers: {}, models: [] })
type Model = z.output<typeof Model>

function ambiguousNames(file: ConfigFile, models: readonly Model[]): Fault[] {
  const owners = new Map<string, string>()
  return models.flatMap((model, index) =>
    [model.id, ...model.aliases].flatMap((name, position) => {
      if (name === undefined) return []
      const owner = owners.get(name)
      owners.set(name, owner ?? model.id ?? name)
      const path = ['models', index, ...(position === 0 ? ['id'] : ['aliases', position - 1])]
      const message = `${shownName(name)} already names the model ${shownName(owner ?? name)}`
      return owner === undefined ? [] : [{ place: placeOf(file, path), message }]
    }),
  )
}

function endpointFaults(file: ConfigFile, model: Model, index: number, known: Known): Fault[] {
  return model.endpoints.flatMap(({ provider, prices, rateCard }, position) => {
    const path = ['models', index, 'endpoints', position]
    const faults: Fault[] = []
    if (provider !== undefined && !isThere(provider, known)) {
      faults.push({ place: placeOf(file, [...path, 'provider']), message: unknownProvider(provider, known.providers) })
    }
    if (prices !== undefined && rateCard !== undefined) {
      const message = 'an endpoint has either `prices` or a `rateCard`, not both'
      faults.push({ place: placeOf(file, [...path, 'rateCard']), message })
    }
    return faults
  })
}

/** Where the simulator answers for everybody, a vendor without a key is not a fault. */
function isThere(name: string, { providers, simulatorActive }: Known): boolean {
  return providers.includes(name) || (simulatorActive && (name === 'simulator' || findPreset(name) !== undefined))
}

/** Why a provider that an endpoint names is not there, and what to do. */
function unknownProvider(name: string, providers: readonly string[]): string {
  const variable = findPreset(name)?.env
  if (variable) return `provider ${shownName(name)} has no key; set ${variable}, or describe it under \`providers\``
  const guess = closest(name, providers)
  if (guess) return `unknown provider ${shownName(name)}; did you mean \`${guess}\`?`
  const there = providers.map(shownName).join(', ')
  return `unknown provider ${shownName(name)}; ${there ? `known: ${there}` : 'describe it under `providers`'}`
}
