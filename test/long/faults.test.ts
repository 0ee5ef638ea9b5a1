/**
 * What may happen to processes and their database, one after another under load, in an order that a seed decides. After
 * each: whatever a client was told is in the ledger as it was told, every admitted call has one record, nothing stays
 * reserved, and every sum agrees.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../../src/jobs/verify.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type Chance, chanceFrom, seedOfRun } from '../chance.ts'
import { type Fleet, openFleet } from '../fleet-kit.ts'
import { callAtRandom, type Ledger, ledgerOf, type Seen } from '../load-kit.ts'
import { type Cluster, createCluster, type Standby } from '../setup/postgres-cluster.ts'
import { openWay, type Way } from '../way.ts'

const CLIENTS = 12
const DEMO_CREDIT_NANOS = 25_000_000_000n
/** An outage, in seconds: a minute where somebody has the time. */
const OUTAGE_SECONDS = Number(process.env.TURNPIKE_OUTAGE_SECONDS ?? 15)
const LIMIT_MS = 150_000 + 4_000 * OUTAGE_SECONDS
/** Leases are short, so that a dead process is found out soon. */
const YAML = 'nodes: { leaseSeconds: 3, settleWaitSeconds: 2 }\n'

const seed = seedOfRun()
const chance = chanceFrom(seed)
let cluster: Cluster
let standby: Standby
let fleet: Fleet
/** The first two processes share a way to the database, so that it breaks for some and not for others. */
let shared: Way
let own: Way
beforeAll(async () => {
  print(`FC_SEED=${seed}`)
  cluster = await createCluster()
  standby = await cluster.standby()
  shared = await openWay(cluster.port)
  own = await openWay(cluster.port)
  const direct = await cluster.database()
  const along = ({ port }: Way) => Object.assign(new URL(direct), { port: String(port) }).href
  fleet = await openFleet({
    ...{ url: along(own), size: 3, yaml: YAML },
    urlOf: (node) => along(node === 2 ? own : shared),
  })
}, 120_000)
afterAll(async () => {
  await fleet?.close()
  for (const part of [shared, own]) await part?.close()
  await standby?.remove()
  await cluster?.remove()
})

const print = (line: string) => void process.stdout.write(`${line}\n`)
const seconds = (many: number) => systemClock.sleep(many * 1_000)

const FAULTS: Readonly<Record<string, (chance: Chance) => Promise<void>>> = {
  async 'a process is killed in its streams'(chance) {
    const node = chance.below(3)
    fleet.nodes[node]?.signal('SIGKILL')
    await fleet.restart(node)
  },
  async 'PostgreSQL is restarted, fast'() {
    await cluster.end('fast')
    await cluster.start()
  },
  async 'PostgreSQL is restarted, immediately'() {
    await cluster.end('immediate')
    await cluster.start()
  },
  async 'PostgreSQL is away for long, and a process dies meanwhile'(chance) {
    await cluster.end('fast')
    await seconds(OUTAGE_SECONDS)
    const node = chance.below(3)
    fleet.nodes[node]?.signal('SIGKILL')
    await cluster.start()
    await fleet.restart(node)
  },
  async 'the network of some is cut'() {
    shared.cut()
    await seconds(2)
    shared.open()
  },
  async 'the network of some swallows everything'() {
    shared.stall()
    await seconds(OUTAGE_SECONDS)
    shared.open()
  },
}

/** Once: there is no way back. */
async function failOver(): Promise<void> {
  await cluster.end('kill')
  await standby.promote()
  for (const way of [shared, own]) way.leadTo(standby.port)
}

type Load = { readonly seen: Seen[]; stop(): Promise<void> }

function startLoad(): Load {
  const seen: Seen[] = []
  const state = { over: false }
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!state.over) {
      const { url } = fleet.nodes[chance.below(fleet.nodes.length)] ?? { url: '' }
      const reply = await callAtRandom({ url, key: fleet.key, models: fleet.models, chance }).catch(() => undefined)
      if (reply) seen.push(reply)
      else await systemClock.sleep(20)
    }
  })
  return {
    seen,
    async stop() {
      state.over = true
      await Promise.all(clients)
    },
  }
}

const told: Seen[] = []

async function under(fault: () => Promise<void>): Promise<Seen[]> {
  const load = startLoad()
  await seconds(1)
  await fault()
  await seconds(1)
  await load.stop()
  told.push(...load.seen)
  return load.seen
}

type Probe = { readonly status: string; readonly checks: { readonly journal: unknown } }

/** Every process serves again, and all that was left is settled. */
async function recovered(): Promise<void> {
  const start = systemClock.elapsed()
  for (;;) {
    const probes = await Promise.all(
      fleet.nodes.map((_node, index) =>
        fleet.request(index, '/readyz').then(
          (reply) => reply.json() as Promise<Probe>,
          () => undefined,
        ),
      ),
    )
    const ready = probes.every((probe) => probe?.status === 'ready' && probe.checks.journal === 0)
    if (ready && (await fleet.look(ledgerOf)).pending.length === 0) return
    if (systemClock.elapsed() - start > 60_000) throw new Error(`not recovered: ${JSON.stringify(probes)}`)
    await systemClock.sleep(250)
  }
}

async function check(): Promise<Ledger> {
  const { ledger, differences } = await fleet.look(async (store) => ({
    ledger: await ledgerOf(store),
    differences: await verifyLedger(store),
  }))
  expect(ledger.pending).toEqual([])
  expect(ledger.reservedNanos).toBe(0n)
  expect(ledger.recordCount, 'one record for each call').toBe(ledger.records.size)
  expect(ledger.postedNanos).toBe(DEMO_CREDIT_NANOS - ledger.chargedNanos)
  for (const { id, cost } of told) {
    const record = ledger.records.get(id)
    expect(record, `${id}, which was answered, has a record`).toBeDefined()
    if (cost !== undefined) expect(record?.cost, `the cost that was told of ${id}`).toBe(cost)
  }
  expect(new Set(fleet.upstream.requests.map(({ body }) => body)).size).toBeLessThanOrEqual(ledger.recordCount)
  expect(differences).toEqual([])
  return ledger
}

test(
  'a schedule of faults, each under load, and a standby that takes over at the end',
  async () => {
    const faults = Object.entries(FAULTS).toSorted(() => chance.below(3) - 1)
    const schedule: typeof faults = [
      ...faults,
      ['the primary is killed, and its synchronous standby promoted', failOver],
    ]
    try {
      for (const [name, fault] of schedule) {
        const began = systemClock.elapsed()
        const seen = await under(() => fault(chance))
        await recovered()
        const { recordCount } = await check()
        const silent = seen.filter(({ cost }) => cost === undefined).length
        const took = Math.round((systemClock.elapsed() - began) / 100) / 10
        print(`${name}: ${seen.length} answered, ${silent} of them without a cost; ${recordCount} records; ${took} s`)
      }
    } catch (failure) {
      throw new Error(`FC_SEED=${seed}: ${schedule.map(([name]) => name).join('; ')}`, { cause: failure })
    }
  },
  LIMIT_MS,
)
