/**
 * A process's place among those on one database: a number that nobody else has, held by a lease that is renewed every
 * few seconds, and the database's clock, which is read on the same occasion.
 */
import { Buffer } from 'node:buffer'
import type { Pool, PoolClient } from 'pg'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { type Standing, StoreAway, StoreUnusable } from './store.ts'

export type PostgresNode = {
  readonly node: number
  /** Milliseconds since the epoch by the database's clock; between two readings our own steady one goes on. */
  now(): number
  standing(): Standing
  /** Throws {@link StoreAway} once another process has taken the number over. */
  assertHeld(): void
  leave(): Promise<void>
}

/** Two of the 1024 nodes of an id belong to each process: one for its commands, one for what the ledger opens itself. */
const NODES = 512
const LEASE_MS = 30_000
/** A lease is renewed so often in its time: missing it once or twice is no death. */
const RENEWALS = 6
/** A number that was given back rests, so that no id of its last holder is made again, whatever the clocks think. */
const REST_MS = 2_000
/** Any fixed number; advisory locks are known by it. */
const LOCK = 7_461_129_350_001n

/** Milliseconds by the database's clock. */
export const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

export async function joinNodes({
  pool,
  clock,
  random,
  log,
  leaseMs = LEASE_MS,
  connectMs,
}: {
  pool: Pool
  clock: Clock
  random: Random
  log: Log | undefined
  leaseMs?: number | undefined
  /** So long may it take another process to connect. */
  connectMs: number
}): Promise<PostgresNode> {
  const name = Buffer.from(random.bytes(16)).toString('hex')
  const renewMs = leaseMs / RENEWALS
  let offset = 0
  let lost = false
  // After an outage every lease is over, and whoever lives needs the time to renew its own.
  let reachedSince = clock.elapsed()
  let timer: Timer | undefined

  /** The answer was made somewhere between question and arrival; half-way is wrong by no more than half of it. */
  const reading = async <T extends { now: bigint }>(ask: () => Promise<T | undefined>): Promise<T | undefined> => {
    const before = clock.elapsed()
    const row = await ask()
    if (!row) return undefined
    const now = Number(row.now) - (before + clock.elapsed()) / 2
    // The database's clock was set: until everybody has renewed by it, no lease says anything.
    if (Math.abs(now - offset) > renewMs) reachedSince = clock.elapsed()
    offset = now
    return row
  }
  const renew = async () => {
    const text = `UPDATE nodes SET lease_until = ${NOW} + $1 WHERE id = $2 AND name = $3 RETURNING ${NOW} AS now`
    const held = await reading(async () => (await pool.query<{ now: bigint }>(text, [leaseMs, node, name])).rows[0])
    if (held) {
      reachedSince = Math.min(reachedSince, clock.elapsed())
      return
    }
    lost = true
    log?.error({ node }, 'this process was away for longer than its lease and another one took its number; restart it')
  }
  const renewLater = () => {
    timer = clock.after(renewMs, () => {
      renew()
        .catch((error: unknown) => {
          reachedSince = Number.POSITIVE_INFINITY
          log?.warn({ error: String(error) }, 'the lease of this node was not renewed')
        })
        .finally(() => {
          if (timer && !lost) renewLater()
        })
    })
  }

  const node = await takeNumber(pool, name, leaseMs)
  await reading(async () => (await pool.query<{ now: bigint }>(`SELECT ${NOW} AS now`)).rows[0])
  renewLater()
  return {
    node,
    now: () => Math.floor(clock.elapsed() + offset),
    standing: () => (lost ? 'lost' : clock.elapsed() - reachedSince > 2 * renewMs + connectMs ? 'settled' : 'new'),
    assertHeld() {
      if (lost) throw new StoreAway(`node number ${node} was taken over by another process`)
    },
    async leave() {
      timer?.cancel()
      timer = undefined
      await pool.query(`UPDATE nodes SET lease_until = ${NOW} + $1 WHERE id = $2 AND name = $3`, [REST_MS, node, name])
    },
  }
}

/**
 * A number that is neither held nor the owner of reservations which its last holder left behind: of those, the one that
 * has rested the longest, so that a process which was only away for a while finds its own again.
 */
async function takeNumber(pool: Pool, name: string, leaseMs: number): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    const node = await freeNumber(client)
    await client.query(
      `INSERT INTO nodes (id, name, lease_until) VALUES ($1, $2, ${NOW} + $3)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, lease_until = excluded.lease_until`,
      [node, name, leaseMs],
    )
    await client.query('COMMIT')
    client.release()
    return node
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function freeNumber(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ id: bigint }>(
    `SELECT g.id FROM generate_series(0, $1::bigint - 1) AS g(id) LEFT JOIN nodes n ON n.id = g.id
     WHERE coalesce(n.lease_until, 0) <= ${NOW}
       AND g.id NOT IN (SELECT owner FROM reservations WHERE owner IS NOT NULL)
     ORDER BY coalesce(n.lease_until, 0), g.id LIMIT 1`,
    [NODES],
  )
  if (!rows[0])
    throw new StoreUnusable(
      `all ${NODES} node numbers of this database are held. Stop a node, or wait for the leases of those that crashed`,
    )
  return Number(rows[0].id)
}
