/** The store for many processes: PostgreSQL. Batches of the ledger have a connection of their own, so that no report is in their way. */
import type { Pool } from 'pg'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import type { Clock } from '../lib/clock.ts'
import { createCollector } from '../lib/collect.ts'
import { createIds } from '../lib/id.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { createHearers } from './hearers.ts'
import { createPool, defaultLimits, type PostgresLimits, prepareDatabase, serverOf } from './postgres-connection.ts'
import { isAway, isConflict, isTooSlow, unusable } from './postgres-faults.ts'
import { createPostgresLedger, inTransaction } from './postgres-ledger.ts'
import { announcement, CHANNEL, startListener } from './postgres-listener.ts'
import { createMaintenance } from './postgres-maintenance.ts'
import { joinNodes } from './postgres-node.ts'
import { arraysOf } from './postgres-statements.ts'
import { queryBuilder } from './query-builder.ts'
import {
  outcomeOrThrow,
  type Query,
  type Store,
  StoreAway,
  StoreFailed,
  StoreTooSlow,
  type StreamProgress,
} from './store.ts'

/** A batch holds at most this many commands; this many may wait before the caller is told that the store is overloaded. */
const BATCH = 512
const CAPACITY = 20_000
/** A `write` that meets another node's is repeated this often. */
const REPEATS = 5

/** Who comes so soon after a try that took long and failed is refused: nobody waits for one such try after another. */
const LONG_MS = 1_000
const REFUSED_FOR_MS = 250

type Options = {
  url: string
  clock: Clock
  random: Random
  limits?: PostgresLimits
  log?: Log | undefined
  /** So long a process that does not show itself counts as alive. */
  leaseMs?: number | undefined
}

/** Migrates the database if need be. Rejects with `StoreUnusable` where the database cannot be used as it is. */
export async function openPostgres({
  url,
  clock,
  random,
  limits = defaultLimits,
  log,
  leaseMs,
}: Options): Promise<Store> {
  const server = serverOf(url)
  const pool = createPool({ url, purpose: 'queries', limits, log })
  const posting = createPool({ url, purpose: 'ledger', limits, log })
  const end = async () => void (await Promise.all([pool.end(), posting.end()]))
  try {
    await prepareDatabase(url, server, clock)
    const place = await joinNodes({
      ...{ pool, clock, random, log, leaseMs },
      connectMs: limits.connectSeconds * 1_000,
    })
    const listener = await startListener({ url, limits, node: place.node, clock, random, log })
    const ids = (part: 0 | 1) => createIds({ clock: { ...clock, now: place.now }, random, node: place.node * 2 + part })
    const ledger = createPostgresLedger({ pool: posting, ids: ids(1), clock, random, log })
    const maintenance = createMaintenance(url, limits)
    const batches = createHearers<number>()
    let awayAt = Number.NEGATIVE_INFINITY
    const collector = createCollector<Command, Outcome | StoreAway>({
      most: BATCH,
      capacity: CAPACITY,
      run: async (commands) => {
        place.assertHeld()
        if (clock.elapsed() - awayAt < REFUSED_FOR_MS) throw new StoreAway('PostgreSQL was out of reach a moment ago')
        const began = clock.elapsed()
        const outcomes = await ledger.post(commands)
        const ended = clock.elapsed()
        batches.tell(commands.length)
        if (ended - began > LONG_MS && outcomes.some((outcome) => outcome instanceof StoreAway)) awayAt = ended
        return outcomes
      },
    })
    return {
      engine: 'postgres',
      node: place.node,
      ids: ids(0),
      sql: queryBuilder('postgres'),
      now: place.now,
      standing: place.standing,
      async post(command) {
        const outcome = await collector.add(command)
        if (outcome instanceof StoreAway) throw outcome
        return outcomeOrThrow(outcome)
      },
      onBatch: batches.add,
      queued: () => collector.size,
      rows: (query) => read(pool, query),
      scan: (query, withinMs) => scan(pool, query, withinMs),
      write: (queries) => write(pool, queries),
      progress: (rows) => saveProgress(pool, rows),
      announce(change) {
        pool
          .query('SELECT pg_notify($1, $2)', [CHANNEL, announcement(place.node, change)])
          .catch((error: unknown) => log?.warn({ error: String(error) }, 'other processes were not told of a change'))
      },
      onChange: listener.onChange,
      leads: listener.leads,
      maintain: maintenance.maintain,
      async close() {
        await collector.idle()
        await maintenance.close()
        await listener.stop()
        await place
          .leave()
          .catch((error: unknown) =>
            log?.warn({ error: String(error) }, 'the node number was not given back; its lease runs out'),
          )
        await end()
      },
    }
  } catch (error) {
    await end()
    throw unusable(error, server)
  }
}

async function read<Row>(pool: Pool, query: Query<Row>): Promise<Row[]> {
  const { sql, parameters } = query.compile()
  try {
    return (await pool.query(sql, [...parameters])).rows as Row[]
  } catch (error) {
    throw failure(error)
  }
}

/** Read only, so that nothing is lost with the connection's next user; the limit is the transaction's own. */
async function scan<Row>(pool: Pool, query: Query<Row>, withinMs: number): Promise<Row[]> {
  const { sql, parameters } = query.compile()
  try {
    return await inTransaction(pool, async (client) => {
      await client.query('BEGIN READ ONLY')
      await client.query(`SET LOCAL statement_timeout = ${Math.ceil(withinMs)}`)
      const { rows } = await client.query(sql, [...parameters])
      await client.query('COMMIT')
      return rows as Row[]
    })
  } catch (error) {
    if (isTooSlow(error)) throw new StoreTooSlow(`the read took longer than ${withinMs} ms`, { cause: error })
    throw failure(error)
  }
}

async function write(pool: Pool, queries: readonly Query<unknown>[]): Promise<number[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inTransaction(pool, async (client) => {
        await client.query('BEGIN')
        const changed: number[] = []
        for (const { sql, parameters } of queries.map((query) => query.compile()))
          changed.push((await client.query(sql, [...parameters])).rowCount ?? 0)
        await client.query('COMMIT')
        return changed
      })
    } catch (error) {
      if (!isConflict(error) || attempt >= REPEATS) throw failure(error)
    }
  }
}

/** Of a reservation that is ending at this moment nothing is written: its row is locked, and the settle would have to wait. */
const PROGRESS = `
  INSERT INTO reservation_progress (organisation_id, reservation_id, output_tokens)
  SELECT r.organisation_id, r.id, k.output_tokens
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k(organisation_id, id, output_tokens)
  JOIN reservations r ON r.organisation_id = k.organisation_id AND r.id = k.id
  ORDER BY r.id FOR KEY SHARE OF r SKIP LOCKED
  ON CONFLICT (organisation_id, reservation_id) DO UPDATE SET output_tokens = excluded.output_tokens`

async function saveProgress(pool: Pool, rows: readonly StreamProgress[]): Promise<void> {
  const latest = [...new Map(rows.map((row) => [row.reservationId, row])).values()].map(
    ({ organisationId, reservationId, outputTokens }) => [organisationId, reservationId, BigInt(outputTokens)],
  )
  try {
    if (latest.length > 0) await pool.query(PROGRESS, arraysOf(latest, ['bigint', 'bigint', 'bigint']))
  } catch (error) {
    throw failure(error)
  }
}

function failure(error: unknown): Error {
  if (error instanceof StoreAway) return error
  if (isAway(error)) return new StoreAway('PostgreSQL is out of reach', { cause: error })
  return new StoreFailed(error instanceof Error ? error.message : String(error), { cause: error })
}
