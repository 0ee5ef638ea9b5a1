/** Several Turnpikes on one PostgreSQL, each a process with a folder of its own, in front of a provider that outlives them. */
import { rmSync } from 'node:fs'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { openPostgres } from '../src/store/postgres.ts'
import type { Store } from '../src/store/store.ts'
import { lettersAsTokens, modelsAt, modelsYaml } from './load-kit.ts'
import { newHome, startProcess, type TurnpikeProcess } from './turnpike-process.ts'

export type Fleet = {
  readonly nodes: readonly TurnpikeProcess[]
  /** Of the demo account, which has 25 USD. */
  readonly key: string
  readonly adminKey: string
  readonly models: readonly string[]
  readonly upstream: Simulator
  /** As `curl` to one of the nodes. */
  request(node: number, path: string, options?: { key?: string; body?: unknown; method?: string }): Promise<Response>
  /** Starts one that has ended, on its own folder. */
  restart(node: number): Promise<void>
  /** A look into the database, past all of them. */
  look<T>(work: (store: Store) => Promise<T>): Promise<T>
  close(): Promise<void>
}

type FleetOptions = {
  /** Of the database, for looking into it. */
  readonly url: string
  readonly size: number
  /** The way of a node to the database, where it is another one. */
  readonly urlOf?: (node: number) => string
  readonly yaml?: string
}

/** A price for each call: what is reserved is what is charged. */
const FLAT = `  - id: far/flat
    endpoints: [{ provider: far, model: sentences, rateCard: { lines: [{ meter: request, price: "0.00002", per: 1 }] } }]
`

export async function openFleet({ url, size, urlOf = () => url, yaml = '' }: FleetOptions): Promise<Fleet> {
  const upstream = await startSimulator({ clock: systemClock, ...lettersAsTokens })
  const models = modelsAt(['far'])
  const settings = `providers:
  far: { type: openai, baseUrl: "${upstream.url}", apiKey: none }
${yaml}${modelsYaml(models)}${FLAT}`
  const homes = Array.from({ length: size }, () => newHome(settings))
  const adminKey = 'operator-of-the-fleet-0123456789'
  const start = (node: number) =>
    startProcess({
      home: homes[node] ?? '',
      env: {
        TURNPIKE_DATABASE_URL: urlOf(node),
        TURNPIKE_ADMIN_KEY: adminKey,
        TURNPIKE_SECRET_KEY: 'c'.repeat(64),
        TURNPIKE_LOG_LEVEL: 'warn',
      },
    })
  const first = await start(0)
  const nodes = [first, ...(await Promise.all(homes.slice(1).map((_home, index) => start(index + 1))))]
  return {
    nodes,
    key: first.demoKey,
    adminKey,
    models: models.map(({ id }) => id),
    upstream,
    request: (node, path, { key = adminKey, body, method } = {}) =>
      fetch(`${nodes[node]?.url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async restart(node) {
      await nodes[node]?.ended
      nodes[node] = await start(node)
    },
    async look(work) {
      const store = await openPostgres({ url, clock: systemClock, random: systemRandom })
      return work(store).finally(() => store.close())
    },
    async close() {
      for (const node of nodes) node.signal('SIGKILL')
      await Promise.all(nodes.map(({ ended }) => ended))
      await upstream.close()
      for (const home of homes) rmSync(home, { recursive: true, force: true })
    },
  }
}
