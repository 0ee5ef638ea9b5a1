/** From settings to what calls go by: the providers with their connections, the routes to them, the terms. */
import type { Settings } from './contract/settings.ts'
import type { Catalogue } from './core/catalogue.ts'
import { type CompiledTerms, compileTerms } from './core/price.ts'
import type { AdminCards } from './gateway/admin-cards.ts'
import { createRoutes, type Routes } from './gateway/routes.ts'
import type { Log } from './lib/log.ts'
import type { Provider } from './providers/provider.ts'
import { openProviders } from './providers.ts'
import type { Simulator } from './simulator/simulator.ts'
import type { TokenCounter } from './tokens/token-counter.ts'

export type Configuration = {
  readonly settings: Settings
  readonly terms: CompiledTerms
  readonly routes: Routes
  readonly upstreams: ReadonlyMap<string, Provider>
  /** One for the whole life of the process. */
  readonly simulator: Simulator | undefined
  close(): Promise<void>
}

type Parts = {
  readonly catalogue: Catalogue
  readonly adminCards: AdminCards
  readonly tokens: TokenCounter
  readonly log: Log
}

/** `running`: the simulator, where one was started before. */
export const createConfigure =
  ({ catalogue, adminCards, tokens, log }: Parts) =>
  async (settings: Settings, running: Simulator | undefined): Promise<Configuration> => {
    const terms = compileTerms(settings.billing)
    const providers = await openProviders(settings, tokens, log, running)
    const routes = createRoutes({
      settings,
      catalogue,
      adminCards,
      providers: providers.configured,
      simulator: providers.simulated,
      simulated: providers.simulatedModels,
    })
    const { configured, simulated } = providers
    const upstreams = new Map(simulated ? [...configured, [simulated.key, simulated] as const] : configured)
    return { settings, terms, routes, upstreams, simulator: providers.simulator, close: providers.close }
  }
