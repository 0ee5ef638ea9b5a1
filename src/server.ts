/** Puts the parts together: store, catalogue, providers, gateway, API; listens, and stops in order. */
import { readFileSync } from 'node:fs'
import { type Alerts, startAlerts } from './alerts.ts'
import type { SystemFacts } from './api/parts.ts'
import type { Loaded } from './cli/settings.ts'
import { createConfigure } from './configure.ts'
import { createCatalogue } from './core/catalogue.ts'
import type { CatalogueData } from './core/catalogue-data.ts'
import type { CompiledTerms } from './core/price.ts'
import { createDailyProof } from './daily-proof.ts'
import { type DataFolder, freeBytes, openDataFolder } from './data-folder.ts'
import { createDemo } from './demo.ts'
import { createEffectiveSettings } from './effective-settings.ts'
import { createAdminCards } from './gateway/admin-cards.ts'
import { createConfigured, type SharedParts } from './gateway/configured.ts'
import { createCredentials } from './gateway/credentials.ts'
import { createEstimates } from './gateway/estimates.ts'
import type { Gateway } from './gateway/gateway.ts'
import { createHealth } from './gateway/health.ts'
import { createHeartbeat } from './gateway/heartbeat.ts'
import { createKeys } from './gateway/keys.ts'
import { createLastUse } from './gateway/last-use.ts'
import { createNormaliser } from './gateway/normaliser.ts'
import { createProgress } from './gateway/progress.ts'
import { createHttp, hasDashboard } from './http.ts'
import { createFolds } from './jobs/fold.ts'
import { type Recovered, recover } from './jobs/recover.ts'
import { repeat } from './jobs/repeat.ts'
import { createClientAddress } from './lib/client-address.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { createDetailsHash } from './lib/details-hash.ts'
import type { Log } from './lib/log.ts'
import { type Random, systemRandom } from './lib/random.ts'
import { createSealer } from './lib/sealer.ts'
import { listen } from './listen.ts'
import { createMetrics } from './metrics.ts'
import { listenForMetrics, type MetricsServer } from './metrics-server.ts'
import { openSettlements } from './open-settlements.ts'
import { openSignIn } from './open-sign-in.ts'
import { openStore } from './open-store.ts'
import { createPeople } from './people/people.ts'
import type { SignIn } from './people/sign-in.ts'
import { withoutRestart } from './restart-settings.ts'
import type { Simulator } from './simulator/simulator.ts'
import { stopServer } from './stop-server.ts'
import { createFirstOrganisation, firstOrganisation, type Organisation, sharedSecret } from './store/bootstrap.ts'
import { createBudgetDirectory } from './store/budget-directory.ts'
import { atCreditRate } from './store/credit-rate.ts'
import { keyHashes } from './store/keys.ts'
import type { Stranded } from './store/orphans.ts'
import { grantPlans } from './store/plans.ts'
import { createRateCards } from './store/rate-cards.ts'
import { createTokenCounter } from './tokens/token-counter.ts'

export type Server = {
  readonly url: string
  readonly gateway: Gateway
  readonly simulator: Simulator | undefined
  readonly organisation: Organisation
  readonly system: SystemFacts
  readonly folder: DataFolder
  readonly recovered: Recovered
  readonly alerts: Alerts
  readonly signIn: SignIn
  /** The one-time link to the dashboard, behind its address, while nobody owns the organisation. */
  readonly setupPath: string | undefined
  /** Whether there are pages to sign in to. */
  readonly hasDashboard: boolean
  /** Set on the first start alone. */
  readonly demoKey: string | undefined
  /** Where metrics are served without a key, if they are. */
  readonly metricsUrl: string | undefined
  /** The port that was wanted and taken, where nobody had asked for it. */
  readonly moved: string | undefined
  /** Other settings for the calls from now on. Gives the names of those that hold only after a restart. */
  reload(loaded: Loaded): Promise<readonly string[]>
  /** No new calls; open ones finish within the limit; everything is settled. */
  close(): Promise<void>
}

export type ServerParts = Loaded & {
  readonly log: Log
  /** How long open calls may take to finish once the server stops. */
  readonly drainMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

export async function startServer({
  settings,
  origins,
  log,
  drainMs = DRAIN_MS,
  clock = systemClock,
  random = systemRandom,
}: ServerParts): Promise<Server> {
  const folder = openDataFolder(settings)
  const [opened, catalogue] = [
    await openStore({
      ...settings,
      databaseUrl: settings.databaseUrl,
      database: folder.database,
      leaseMs: settings.nodes.leaseSeconds * 1_000,
      log,
      clock,
    }),
    loadCatalogue(),
  ]
  const health = createHealth({ clock, log })
  const metrics = createMetrics({ store: opened, health, elapsed: clock.elapsed })
  const store = metrics.watching(atCreditRate(opened, settings.billing.creditUsd))
  const known = await firstOrganisation(store)
  const organisation = known ?? (await createFirstOrganisation(store, { name: 'default', timeZone: 'UTC' }))
  const demoKey = known ? undefined : await createDemo(store, organisation)
  const tokens = createTokenCounter({
    onFailure: (error) => log.warn({ error: error.message }, 'the token counter was restarted'),
  })
  const sealer = createSealer(folder.secretKey, systemRandom)
  const adminCards = await createAdminCards(store)
  const configure = createConfigure({ catalogue: createCatalogue(catalogue), adminCards, tokens, log })
  const first = await configure(settings, undefined)
  const rateCards = createRateCards(store)
  const stranded: Stranded = new Map()
  const settlements = await openSettlements({ store, settings, stranded, log })
  const recoverNow = (terms: CompiledTerms, starting: boolean) =>
    recover({ store, rateCards, terms, log, stranded, starting, others: store.standing() === 'settled' })
  const recovered = await recoverNow(first.terms, true)
  const hashDetails = createDetailsHash(
    await sharedSecret(store, 'details_key', Buffer.from(systemRandom.bytes(32)).toString('hex')),
  )
  store.leads() // Stands for it before the first job comes.
  const folds = createFolds({ store, hashDetails })
  const jobs = repeat({
    clock: systemClock,
    log,
    everyMs: Math.min(RECOVER_EVERY_MS, settings.nodes.leaseSeconds * 1_000),
    run: () =>
      Promise.all([
        recoverNow(gateway.terms, false),
        ...(store.leads() ? [grantPlans(store, store.now()), folds.run()] : []),
        adminCards.refresh(),
      ]),
  })
  const proof = createDailyProof({ store, settings, database: folder.database, log, clock: systemClock })
  const proving = repeat({ clock: systemClock, log, everyMs: PROVE_LOOK_MS, run: proof.run })
  const lastUse = createLastUse({ store, clock: systemClock, log })
  const alerts = await startAlerts({ store, settings, log, sealer, onTry: metrics.delivery })
  const shared: SharedParts = {
    store,
    rateCards,
    adminCards,
    operatorOrganisationId: organisation.id,
    credentials: createCredentials({ store, clock: systemClock, log, sealer }),
    tokens,
    log,
    clock,
    random,
    keys: createKeys({
      store,
      clock: systemClock,
      operator: { secret: folder.adminKey, organisationId: organisation.id },
      lastUse,
      expected: await keyHashes(store),
    }),
    health,
    metrics,
    addressOf: createClientAddress(settings.trustProxy),
    lastUse,
    budgets: createBudgetDirectory({ store, clock: systemClock }),
    estimates: createEstimates(),
    heartbeat: createHeartbeat(systemClock),
    progress: createProgress({ store, clock: systemClock, log }),
    normaliser: createNormaliser({ store, clock: systemClock, log }),
    hashDetails,
    settlements,
    stranded,
    open: new Set(),
  }
  const configured = createConfigured(shared, first)
  const { gateway } = configured
  const { oidc } = settings.signIn
  const signIn = openSignIn({ store, databaseUrl: settings.databaseUrl, file: folder.signInDatabase, log, oidc })
  const people = createPeople({
    ...{ store, signIn, clock: systemClock, random: systemRandom },
    settings: settings.signIn,
  })
  const effective = createEffectiveSettings({ settings, origins })
  const system = {
    ...{ version, startedAt: systemClock.now(), catalogueSource: catalogue.source },
    settings: effective,
    freeBytes: () => freeBytes(settings.dataDir),
  }
  const fastify = createHttp(
    configured,
    { alerts, people, system },
    { operatorKey: folder.adminKey, metrics, organisationId: organisation.id },
  )
  const aside: { metrics?: MetricsServer } = {}
  const repeating = {
    async stop() {
      await proof.stop()
      await Promise.all([jobs.stop(), proving.stop(), alerts.stop(), aside.metrics?.close()])
    },
  }
  const running = { configured, fastify, jobs: repeating, people }
  const listening = async () => {
    if (settings.metrics) aside.metrics = await listenForMetrics(settings.metrics, metrics)
    return listen(fastify, settings)
  }
  const { port, moved } = await listening().catch(async (error: unknown) => {
    await stopServer(running, 0)
    throw error
  })
  // The first count loads the tables of the tokenizer; a call that needs one should not wait for them.
  tokens.count('ready').catch(() => {})
  return {
    url: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    gateway,
    get simulator() {
      return configured.current().simulator
    },
    organisation,
    system,
    folder,
    recovered,
    alerts,
    demoKey,
    metricsUrl: aside.metrics?.url,
    moved,
    signIn,
    setupPath: (await people.firstLink(organisation.id))?.path,
    hasDashboard: hasDashboard(),
    async reload({ settings: next, origins: places }) {
      if (gateway.draining) return []
      const { settings: kept, restart } = withoutRestart(gateway.settings, next)
      configured.exchange(await configure(kept, configured.current().simulator))
      effective.exchange(kept, places, restart)
      gateway.health.forgive()
      return restart
    },
    close: () => stopServer(running, drainMs),
  }
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const loadCatalogue = (): CatalogueData =>
  JSON.parse(readFileSync(new URL('../catalogue/catalogue.json', import.meta.url), 'utf8')) as CatalogueData

const DRAIN_MS = 30_000
/** Other nodes' calls are settled this long after their lease is over, at the latest. */
const RECOVER_EVERY_MS = 10_000

/** A proof of the ledger that is due begins within this time. */
const PROVE_LOOK_MS = 600_000
