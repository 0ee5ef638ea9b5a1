/** Puts the parts together: store, catalogue, providers, gateway, API; listens, and stops in order. */
import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type Alerts, startAlerts } from './alerts.ts'
import { mountDashboard } from './api/dashboard.ts'
import { mountMetrics } from './api/metrics.ts'
import { mountApi } from './api/mount.ts'
import { createNotFound, mountNotFound } from './api/not-found.ts'
import { guardHosts } from './api/own-hosts.ts'
import type { SystemFacts } from './api/parts.ts'
import { mountReference } from './api/reference.ts'
import { apiParts } from './api-parts.ts'
import { CannotGoOn, EXIT } from './cli/exit-code.ts'
import type { Loaded } from './cli/settings.ts'
import { portMoved, portTaken } from './cli/start-faults.ts'
import { type Configuration, createConfigure } from './configure.ts'
import type { Settings } from './contract/settings.ts'
import { createCatalogue } from './core/catalogue.ts'
import type { CatalogueData } from './core/catalogue-data.ts'
import type { CompiledTerms } from './core/price.ts'
import { createDailyProof } from './daily-proof.ts'
import { type DataFolder, freeBytes, openDataFolder } from './data-folder.ts'
import { createDemo } from './demo.ts'
import { createEffectiveSettings } from './effective-settings.ts'
import { createAdminCards } from './gateway/admin-cards.ts'
import { type Configured as ConfiguredGateway, createConfigured, type SharedParts } from './gateway/configured.ts'
import { createCredentials } from './gateway/credentials.ts'
import { createEstimates } from './gateway/estimates.ts'
import type { Gateway } from './gateway/gateway.ts'
import { createHealth } from './gateway/health.ts'
import { createHeartbeat } from './gateway/heartbeat.ts'
import { createKeys } from './gateway/keys.ts'
import { createLastUse } from './gateway/last-use.ts'
import { createNormaliser } from './gateway/normaliser.ts'
import { createProgress } from './gateway/progress.ts'
import { corsHeaders, createHttpServer, rewriteUrl } from './gateway-routes.ts'
import { createFolds } from './jobs/fold.ts'
import { type Recovered, recover } from './jobs/recover.ts'
import { type Repeating, repeat } from './jobs/repeat.ts'
import { createClientAddress } from './lib/client-address.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { createDetailsHash } from './lib/details-hash.ts'
import type { Log } from './lib/log.ts'
import { type Random, systemRandom } from './lib/random.ts'
import { createSealer } from './lib/sealer.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { listenForMetrics, type MetricsServer } from './metrics-server.ts'
import { openSettlements } from './open-settlements.ts'
import { openSignIn } from './open-sign-in.ts'
import { openStore } from './open-store.ts'
import { createPeople, type People } from './people/people.ts'
import type { SignIn } from './people/sign-in.ts'
import { ready } from './ready.ts'
import { requestIdOf } from './request-id.ts'
import { withoutRestart } from './restart-settings.ts'
import type { Simulator } from './simulator/simulator.ts'
import { createFirstOrganisation, firstOrganisation, type Organisation, sharedSecret } from './store/bootstrap.ts'
import { createBudgetDirectory } from './store/budget-directory.ts'
import { atCreditRate } from './store/credit-rate.ts'
import { keyHashes } from './store/keys.ts'
import type { Stranded } from './store/orphans.ts'
import { grantPlans } from './store/plans.ts'
import { createRateCards } from './store/rate-cards.ts'
import { createTokenCounter } from './tokens/token-counter.ts'

type Configured = ConfiguredGateway<Configuration>

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
  const signIn = openSignIn({ store, databaseUrl: settings.databaseUrl, file: folder.signInDatabase, log })
  const people = createPeople({ store, signIn, clock: systemClock, random: systemRandom })
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
    await stop(running, 0)
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
    hasDashboard: existsSync(join(DASHBOARD, 'index.html')),
    async reload({ settings: next, origins: places }) {
      if (gateway.draining) return []
      const { settings: kept, restart } = withoutRestart(gateway.settings, next)
      configured.exchange(await configure(kept, configured.current().simulator))
      effective.exchange(kept, places, restart)
      gateway.health.forgive()
      return restart
    },
    close: () => stop(running, drainMs),
  }
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const loadCatalogue = (): CatalogueData =>
  JSON.parse(readFileSync(new URL('../catalogue/catalogue.json', import.meta.url), 'utf8')) as CatalogueData

type Introduced = Omit<Parameters<typeof apiParts>[0], 'gateway'>

type Own = { readonly operatorKey: string; readonly metrics: Metrics; readonly organisationId: bigint }

function createHttp(configured: Configured, introduced: Introduced, own: Own): FastifyInstance {
  const { gateway } = configured
  const { trustProxy } = gateway.settings
  const parts = apiParts({ gateway, ...introduced }, own.operatorKey)
  const notFound = createNotFound(parts)
  const fastify = Fastify({
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
    bodyLimit: 1_048_576,
    forceCloseConnections: 'idle',
    // A stopping server refuses calls in the words of their dialect, and its probes still answer.
    return503OnClosing: false,
    rewriteUrl: (request) => rewriteUrl(request),
    serverFactory: (handler) => createHttpServer(configured, handler),
    routerOptions: { maxParamLength: 512 },
    // A path that cannot be read, or with a name too long to be one, names nothing.
    frameworkErrors: (_error, request, reply) => notFound(request, reply),
  })
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', requestIdOf(request.raw))
    if (/^\/(?:api\/)?v1(?:\/|$)/.test(request.url))
      reply.headers(corsHeaders(gateway.settings.cors.origins, request.headers))
    if (request.method === 'OPTIONS') return preflight(request.headers['access-control-request-headers'], reply)
  })
  fastify.get('/healthz', async () => ({ status: 'ok' }))
  fastify.get('/readyz', async (_request, reply) => ready(gateway, reply))
  guardHosts(fastify, parts)
  mountMetrics(fastify, { parts, ...own })
  mountApi(fastify, parts)
  mountReference(fastify)
  mountDashboard(fastify, DASHBOARD)
  mountNotFound(fastify, notFound)
  return fastify
}

/** Beside the sources as beside what is made of them for the package. */
const DASHBOARD = fileURLToPath(new URL('../dashboard/dist', import.meta.url))

function preflight(asked: string | undefined, reply: FastifyReply) {
  const allowed = {
    'access-control-allow-methods': 'GET, POST, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': asked ?? '*',
    'access-control-max-age': '86400',
  }
  return reply.code(204).headers(allowed).send()
}

const PORTS_TRIED = 20

/** A port that was asked for and is taken stops the start; the default one moves on. */
async function listen(
  fastify: FastifyInstance,
  { host, port, portAskedBy }: Settings,
): Promise<{ port: number; moved: string | undefined }> {
  for (let tried = port; ; tried++) {
    try {
      await fastify.listen({ host, port: tried })
      const bound = (fastify.server.address() as AddressInfo).port
      return { port: bound, moved: tried === port ? undefined : portMoved(port, bound) }
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
      if (portAskedBy !== undefined || tried >= port + PORTS_TRIED)
        throw new CannotGoOn(portTaken(tried, portAskedBy ?? 'the default'), EXIT.usage)
    }
  }
}

const DRAIN_MS = 30_000
/** What is cut at the end of that time is settled at once; this only bounds a store that does not answer. */
const SETTLE_MS = 30_000

/** So long may a client take to read the last words of its reply. */
const LAST_WORDS_MS = 5_000

/** Other nodes' calls are settled this long after their lease is over, at the latest. */
const RECOVER_EVERY_MS = 10_000

/** A proof of the ledger that is due begins within this time. */
const PROVE_LOOK_MS = 600_000

type Running = {
  readonly configured: Configured
  readonly fastify: FastifyInstance
  readonly jobs: Repeating
  readonly people: People
}

/** No new calls; open ones finish within the limit. What is open then is cut, and settled as far as it came. */
async function stop({ configured, fastify, jobs, people }: Running, drainMs: number): Promise<void> {
  const { gateway, current, close } = configured
  gateway.draining = true
  const closed = fastify.close()
  await callsOver(gateway, drainMs)
  await close()
  await current().simulator?.close()
  await callsOver(gateway, SETTLE_MS)
  await hangUp(fastify, gateway.clock, closed)
  await jobs.stop()
  await gateway.credentials.flush()
  await gateway.lastUse.flush()
  await gateway.settlements.close()
  await gateway.tokens.close()
  await people.close()
  await gateway.store.close()
}

async function callsOver({ open, clock }: Gateway, ms: number): Promise<void> {
  const deadline = clock.elapsed() + ms
  while (open.size > 0 && clock.elapsed() < deadline) await clock.sleep(20)
}

/** Connections end as soon as they are idle: a client would keep them, and the server with them, for a minute. */
async function hangUp({ server }: FastifyInstance, clock: Clock, closed: Promise<unknown>): Promise<void> {
  const ended = { yet: false }
  closed.finally(() => {
    ended.yet = true
  })
  const deadline = clock.elapsed() + LAST_WORDS_MS
  while (!ended.yet && clock.elapsed() < deadline) {
    server.closeIdleConnections()
    await clock.sleep(20)
  }
  server.closeAllConnections()
  await closed
}
