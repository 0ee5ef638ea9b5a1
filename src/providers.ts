/** The providers that the settings name, and the simulator, as the gateway reaches them. */
import type { ProviderSettings } from './contract/provider-settings.ts'
import type { Settings } from './contract/settings.ts'
import { chatOverhead, chatText } from './core/chat-tokens.ts'
import { systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { systemRandom } from './lib/random.ts'
import { secretLabel } from './lib/secret.ts'
import { createAnthropicProvider } from './providers/anthropic.ts'
import { createGeminiProvider } from './providers/gemini.ts'
import { createOpenaiProvider } from './providers/openai.ts'
import type { Provider, ProviderKey } from './providers/provider.ts'
import { behaviours } from './simulator/behaviours.ts'
import { type Simulator, startSimulator } from './simulator/simulator.ts'
import type { TokenCounter } from './tokens/token-counter.ts'

export type Providers = {
  readonly configured: ReadonlyMap<string, Provider>
  readonly simulator: Simulator | undefined
  /** The simulator as a provider, where it answers for the catalogue. */
  readonly simulated: Provider | undefined
  readonly simulatedModels: readonly string[]
  /** Closes the connections to all of them, and leaves the simulator alone. */
  close(): Promise<void>
}

/** `running`: the simulator of an earlier opening, which answers on; it is closed by whoever closes the server. */
export async function openProviders(
  settings: Settings,
  tokens: TokenCounter,
  log: Log,
  running?: Simulator,
): Promise<Providers> {
  const entries = [...settings.providers.values()]
  const isUsed = settings.simulatorActive || entries.some(({ type }) => type === 'simulator')
  const simulator = running ?? (isUsed ? await simulate(tokens) : undefined)
  const connectMs = settings.limits.connectSeconds * 1000
  const configured = new Map<string, Provider>()
  for (const entry of entries) {
    const provider = openProvider(entry, simulator, connectMs)
    if (provider) configured.set(entry.key, provider)
    else
      log.warn(
        { provider: entry.key, wire: entry.type },
        'this provider speaks a wire that is not offered yet; its models are left out',
      )
  }
  const simulated =
    simulator && settings.simulatorActive
      ? createOpenaiProvider({
          key: 'simulator',
          name: 'Simulator',
          baseUrl: simulator.url,
          apiKey: undefined,
          reading: 'openai',
          onCancel: 'abort',
          connectMs,
        })
      : undefined
  return {
    configured,
    simulator,
    simulated,
    simulatedModels: Object.keys(behaviours),
    async close() {
      await Promise.all([...configured.values(), ...(simulated ? [simulated] : [])].map((provider) => provider.close()))
    },
  }
}

const SIMULATED_WIRES: ReadonlyMap<string, 'anthropic' | 'gemini'> = new Map([
  ['anthropic', 'anthropic'],
  ['google', 'gemini'],
])

/** Undefined: its wire is not offered. */
export function openProvider(
  entry: ProviderSettings,
  simulator: Simulator | undefined,
  connectMs: number,
): Provider | undefined {
  const {
    key,
    name,
    type,
    baseUrl,
    apiKey,
    apiKeys = [],
    reading,
    onCancel,
    keyHeader,
    limitMember,
    apiVersion,
  } = entry
  const isSimulator = type === 'simulator'
  // The simulator speaks the wire of whose usage it is to tell.
  const wire = isSimulator ? (SIMULATED_WIRES.get(reading) ?? 'openai') : type
  const address = isSimulator ? (simulator?.url ?? baseUrl) : baseUrl
  const shared = { key, name, baseUrl: address, apiKey, keys: ownKeys(key, apiKeys), onCancel, connectMs }
  if (wire === 'anthropic') return createAnthropicProvider(shared)
  if (wire === 'gemini') return createGeminiProvider({ ...shared, random: systemRandom })
  return createOpenaiProvider({ ...shared, reading, keyHeader, limitMember, apiVersion })
}

/** Called by their place in the settings where nobody named them: an id that a report may show. */
const ownKeys = (provider: string, apiKeys: NonNullable<ProviderSettings['apiKeys']>): ProviderKey[] =>
  apiKeys.map(({ apiKey, name, weight }, index) => ({
    id: `${provider}#${name ?? index + 1}`,
    label: secretLabel(apiKey),
    secret: apiKey,
    weight,
  }))

/** A loopback server that speaks a provider's wire; its token counts are real. */
function simulate(tokens: TokenCounter): Promise<Simulator> {
  const countTokens = async (text: string) => (await tokens.count(text)).tokens
  return startSimulator({
    clock: systemClock,
    countTokens,
    countPrompt: async ({ messages, tools }) =>
      (await countTokens(chatText(messages))) +
      chatOverhead(messages, tools) +
      (Array.isArray(messages) ? messages.length : 0),
  })
}
