/**
 * A proof of the ledger in a thread of its own, with connections of its own that only read: the event loop that serves
 * calls has no part in it. It rests as long as it works, so that the database has time for others.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type Difference, verifyLedger } from './jobs/verify.ts'
import { systemClock } from './lib/clock.ts'
import { type Look, type LookPlace, openLook } from './store/look.ts'
import type { Store } from './store/store.ts'
import { countingRows } from './verify-command.ts'
import { type Outcome, tablesOf } from './verify-outcome.ts'

/** Few words, however much it found: whoever hears it is serving calls. */
export type Proof = Pick<Outcome, 'differences' | 'tables' | 'rows' | 'tookMs'> & {
  readonly examples: readonly Difference[]
}

const EXAMPLES = 20

prove(workerData as LookPlace).then(
  (proof) => parentPort?.postMessage(proof satisfies Proof),
  (error: unknown) => {
    throw error
  },
)

async function prove(place: LookPlace): Promise<Proof> {
  const startedAt = systemClock.elapsed()
  const look = await openLook(place)
  try {
    const counted = countingRows(restful(look))
    const there = await look.clock()
    const aheadMs = there === undefined ? 0 : there - systemClock.now()
    const differences = await verifyLedger({
      ...counted.store,
      // Nobody's: none of the reservations that it reads are its own.
      node: -1,
      now: () => Math.floor(systemClock.now() + aheadMs),
      write: () => Promise.reject(new Error('a proof writes nothing')),
    })
    return {
      ...{ differences: differences.length, tables: tablesOf(differences), examples: differences.slice(0, EXAMPLES) },
      ...{ rows: counted.rows(), tookMs: Math.round(systemClock.elapsed() - startedAt) },
    }
  } finally {
    await look.close()
  }
}

/** Shorter rests than this are added up. */
const LEAST_REST_MS = 5

function restful(look: Look): Look {
  let owedMs = 0
  const rows: Store['rows'] = async (query) => {
    if (owedMs >= LEAST_REST_MS) {
      await systemClock.sleep(owedMs)
      owedMs = 0
    }
    const startedAt = systemClock.elapsed()
    const found = await look.rows(query)
    owedMs += systemClock.elapsed() - startedAt
    return found
  }
  return { ...look, rows }
}
