/** What the steps of a call share: the parts that `server.ts` puts together once. */
import type { IncomingMessage } from 'node:http'
import type { Settings } from '../contract/settings.ts'
import type { CompiledTerms } from '../core/price.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import type { Provider } from '../providers/provider.ts'
import type { BudgetDirectory } from '../store/budget-directory.ts'
import type { Stranded } from '../store/orphans.ts'
import type { RateCards } from '../store/rate-cards.ts'
import type { Settlements } from '../store/settlements.ts'
import type { Store } from '../store/store.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import type { AdminCards } from './admin-cards.ts'
import type { Credentials } from './credentials.ts'
import type { Estimates } from './estimates.ts'
import type { Health } from './health.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { Keys } from './keys.ts'
import type { LastUse } from './last-use.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { Normaliser } from './normaliser.ts'
import type { Progress } from './progress.ts'
import type { Routes } from './routes.ts'

/** Whose it is, once that is known. */
export type OpenCall = { organisationId: bigint | undefined }

export type Gateway = {
  /** Of one call the settings, the terms and the routes stay the same from its first step to its last. */
  readonly settings: Settings
  readonly store: Store
  readonly keys: Keys
  /** Where a request came from, past the proxies that are trusted. */
  readonly addressOf: (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string
  readonly lastUse: LastUse
  readonly budgets: BudgetDirectory
  readonly estimates: Estimates
  readonly routes: Routes
  /** Every provider that a credential may be for, by key. */
  readonly upstreams: ReadonlyMap<string, Provider>
  readonly rateCards: RateCards
  readonly adminCards: AdminCards
  /** The organisation whose people run this server. */
  readonly operatorOrganisationId: bigint
  readonly terms: CompiledTerms
  readonly credentials: Credentials
  readonly tokens: TokenCounter
  readonly health: Health
  readonly heartbeat: Heartbeat
  readonly progress: Progress
  readonly normaliser: Normaliser
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: GatewayMetrics
  /** A keyed hash of personal fields, under which they are kept apart from the records. */
  readonly hashDetails: (texts: readonly string[]) => string
  readonly settlements: Settlements
  /** Generations that did not end as they should have: recovery ends them. */
  readonly stranded: Stranded
  /** Calls under way; a stopping server waits for them. */
  readonly open: Set<OpenCall>
  /** True once the server stops: no new calls. */
  draining: boolean
}
