/**
 * Four processes on one PostgreSQL, everything that moves money at random on a few hot accounts and budgets: no deadlock,
 * no lost increment, and what clients were told is what the ledger holds.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyLedger } from '../../src/jobs/verify.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { chanceFrom, seedOfRun } from '../chance.ts'
import { type Fleet, openFleet } from '../fleet-kit.ts'
import { eventually } from '../gateway-kit.ts'
import { callAtRandom, ledgerOf, type Seen } from '../load-kit.ts'
import { freshDatabase } from '../setup/fresh-database.ts'

/** Ten minutes: 600. */
const SECONDS = Number(process.env.TURNPIKE_LOAD_SECONDS ?? 60)
const CLIENTS = 16
const CUSTOMERS = ['ada', 'grace', 'edsger']
const seed = seedOfRun()
const chance = chanceFrom(seed)
let fleet: Fleet
const keys: string[] = []
beforeAll(async () => {
  process.stdout.write(`FC_SEED=${seed}\n`)
  fleet = await openFleet({ url: await freshDatabase(), size: 4 })
  for (const name of CUSTOMERS) {
    await send('/v1/accounts', { externalId: name, name })
    await send('/v1/accounts/credits/add', { externalId: name, amount: 1_000, description: 'start' })
    const made = await send('/api/v1/keys', { name, external_user: name, limit: 500 })
    keys.push(made.key)
  }
  keys.push((await send('/api/v1/keys', { name: 'nobody’s' })).key)
  for (const [metric, limit, window] of [
    // Used up and there again, as long as it runs.
    ['usd', '60', 'minute'],
    ['tokens', 100_000_000, 'hour'],
    ['requests', 1_000_000, 'minute'],
  ])
    await send('/api/admin/budgets', { name: `${metric}`, scope: 'organisation', metric, limit, window })
}, 120_000)
afterAll(() => fleet?.close())

const statuses = new Map<number, number>()

// biome-ignore lint/suspicious/noExplicitAny: replies of many kinds
async function send(path: string, body: unknown): Promise<any> {
  const reply = await fleet.request(chance.below(4), path, { body })
  statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
  return reply.json()
}

const anyOf = <T>(items: readonly T[]): T => items[chance.below(items.length)] as T
const amount = () => (1 + chance.below(1_000_000_000)) / 1e9
const reserve = async () =>
  (await send('/v1/reservations', { externalId: anyOf(CUSTOMERS), amount: amount() })).reservation

const seen: Seen[] = []
const MOVES: readonly (() => Promise<unknown>)[] = [
  ...Array.from({ length: 6 }, () => async () => {
    const url = fleet.nodes[chance.below(4)]?.url ?? ''
    const reply = await callAtRandom({ url, key: anyOf(keys), models: fleet.models, chance }).catch(() => undefined)
    if (reply) seen.push(reply)
  }),
  () => send('/v1/accounts/credits/add', { externalId: anyOf(CUSTOMERS), amount: amount(), description: 'more' }),
  async () => {
    const { id } = (await reserve()) ?? {}
    if (!id) return // The credit was used up.
    // Twice at once, to two processes it may be.
    const confirm = { actualAmount: amount() }
    await Promise.all([1, 2].map(() => send(`/v1/reservations/${id}/confirm`, confirm)))
  },
  async () => {
    const { id } = (await reserve()) ?? {}
    if (!id) return
    const ends = ['confirm', 'cancel'].map((end) => send(`/v1/reservations/${id}/${end}`, { actualAmount: 0.1 }))
    await Promise.all(ends)
  },
  async () => {
    const charge = { externalId: anyOf(CUSTOMERS), amount: 0.5, description: 'out' }
    const { transactionId } = await send('/v1/accounts/credits/deduct', charge)
    if (!transactionId) return
    const refunds = [0.3, 0.3, 0.2].map((part) =>
      send(`/v1/transactions/${transactionId}/refund`, { amount: part, reason: 'sorry' }),
    )
    await Promise.all(refunds)
  },
]

test(
  'random load on four processes leaves books that agree',
  async () => {
    const end = systemClock.elapsed() + SECONDS * 1_000
    let moves = 0
    const clients = Array.from({ length: CLIENTS }, async () => {
      for (; systemClock.elapsed() < end; moves++) await anyOf(MOVES)()
    })
    await Promise.all(clients)
    const pending = () => fleet.look(ledgerOf).then((ledger) => (ledger.pending.length === 0 ? ledger : undefined))
    const ledger = await eventually(pending)
    const told = [...statuses].map(([status, times]) => `${times} × ${status}`).join(', ')
    process.stdout.write(`${moves} moves, ${ledger.recordCount} records; replies of the control plane: ${told}\n`)
    try {
      expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([])
      for (const { id, cost } of seen) expect(ledger.records.get(id)?.cost).toBe(cost)
      expect(await fleet.look((store) => verifyLedger(store))).toEqual([])
      for (const node of fleet.nodes) expect(node.stderr()).not.toMatch(/deadlock|"level":"error"/)
    } catch (failure) {
      throw new Error(`FC_SEED=${seed}`, { cause: failure })
    }
  },
  120_000 + SECONDS * 1_000,
)
