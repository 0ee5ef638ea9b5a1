/**
 * The ledger on PostgreSQL: a batch is one transaction of two or three round trips. Conflicts with other nodes are
 * repeated whole; a batch that the database refuses is halved.
 */
import type { Pool, PoolClient } from 'pg'
import { apply } from '../core/ledger.ts'
import type { Command, Outcome } from '../core/ledger-commands.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/id.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { backoff } from '../lib/retry.ts'
import { halvingOverNetwork } from './halving.ts'
import { isAway, isConflict, isTaken } from './postgres-faults.ts'
import { lockAndLoad } from './postgres-load.ts'
import { writeAndCommit } from './postgres-write.ts'
import { StoreAway } from './store.ts'

export type PostgresLedger = { post(commands: readonly Command[]): Promise<(Outcome | StoreAway)[]> }

type Parts = { pool: Pool; ids: Ids; clock: Clock; random: Random; log: Log | undefined }

/** A conflict is repeated this often; then the batch counts as refused. */
const REPEATS = 5
const PAUSE = { baseMs: 4, maxMs: 100 }

export function createPostgresLedger({ pool, ids, clock, random, log }: Parts): PostgresLedger {
  const run = async (commands: readonly Command[]): Promise<Outcome[]> => {
    let carefully = false
    for (let attempt = 0; ; attempt++) {
      try {
        const outcomes = await inTransaction(pool, async (client) => {
          const loaded = await lockAndLoad(client, commands, carefully)
          if (!loaded) return undefined
          const outcomes = apply(loaded.rows, commands, ids)
          await writeAndCommit(client, loaded).catch((error: unknown) => {
            throw isAway(error) ? new StoreAway(AWAY, { cause: error, unsure: true }) : error
          })
          return outcomes
        })
        if (outcomes) return outcomes
        if (carefully && attempt >= REPEATS) throw new Error('reservations hold what they did not hold a moment ago')
        carefully = true
      } catch (error) {
        const repeats = isConflict(error) ? REPEATS : isTaken(error) ? 1 : 0
        if (attempt >= repeats) throw error
        log?.info({ error: String(error), attempt }, 'a batch met another node and is repeated')
        await clock.sleep(backoff({ attempt, ...PAUSE, random }))
      }
    }
  }
  return { post: (commands) => halvingOverNetwork(run, commands) }
}

const AWAY = 'PostgreSQL is out of reach'

/** `work` begins and commits; whatever it leaves open, by failing or by giving up, is rolled back: by the server itself where the connection is gone. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  let client: PoolClient | undefined
  let usable = false
  try {
    client = await pool.connect()
    const result = await work(client)
    if (result === undefined) await client.query('ROLLBACK')
    usable = true
    return result
  } catch (error) {
    if (error instanceof StoreAway) throw error
    if (isAway(error)) throw new StoreAway(AWAY, { cause: error })
    usable =
      (await client?.query('ROLLBACK').then(
        () => true,
        () => false,
      )) ?? false
    throw error
  } finally {
    client?.release(!usable)
  }
}
