/** Proves the ledger by itself every day, in a thread of its own; keeps what came of it, and tells of a difference. */

import { Worker } from 'node:worker_threads'
import type { Settings } from './contract/settings.ts'
import { beside } from './lib/beside.ts'
import type { Clock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { lastProofOrBirth } from './store/last-verify.ts'
import type { LookPlace } from './store/look.ts'
import type { Store } from './store/store.ts'
import { tellOutcome } from './verify-outcome.ts'
import type { Proof } from './verify-worker.ts'

export type DailyProof = {
  /** Does nothing until one is due. */
  run(): Promise<void>
  /** One that is under way ends without a result. */
  stop(): Promise<void>
}

type Parts = {
  readonly store: Store
  readonly settings: Pick<Settings, 'databaseUrl' | 'postgres' | 'verify'>
  /** The SQLite file. */
  readonly database: string
  readonly log: Log
  readonly clock: Pick<Clock, 'after'>
}

const HOUR_MS = 3_600_000
/** Longer than that it is in nobody's interest. */
const WITHIN_MS = 12 * HOUR_MS
/** The heap that it may use; above, the thread ends and not the process. */
const HEAP_MB = 1_024

export function createDailyProof({ store, settings, database, log, clock }: Parts): DailyProof {
  const everyMs = settings.verify.everyHours * HOUR_MS
  let triedAt = Number.NEGATIVE_INFINITY
  let underWay: Worker | undefined
  let stopped = false
  const isDue = async () =>
    everyMs > 0 && store.leads() && store.now() - Math.max(triedAt, await lastProofOrBirth(store)) >= everyMs
  return {
    async run() {
      if (!(await isDue()) || stopped) return
      triedAt = store.now()
      const { databaseUrl, postgres } = settings
      const proving = proofOf({ databaseUrl, postgres, database })
      underWay = proving.worker
      const timer = clock.after(WITHIN_MS, () => void proving.worker.terminate())
      try {
        const proof = await proving.proof
        if (!proof) return
        const { examples, ...counts } = proof
        await tellOutcome(store, { ...counts, repaired: 0 })
        if (counts.differences > 0)
          log.error({ ...counts, examples }, 'the ledger has differences: run turnpike verify')
        else log.info(counts, 'the ledger was proved: no difference')
      } catch (error) {
        log.warn({ error }, 'the ledger could not be proved; it is tried again another day')
      } finally {
        timer.cancel()
        underWay = undefined
      }
    },
    async stop() {
      stopped = true
      await underWay?.terminate()
    },
  }
}

/** Undefined: it was ended before it came to one. */
function proofOf(workerData: LookPlace): { worker: Worker; proof: Promise<Proof | undefined> } {
  const worker = new Worker(beside(import.meta.url, 'verify-worker'), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  worker.unref()
  const { promise, resolve, reject } = Promise.withResolvers<Proof | undefined>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', () => resolve(undefined))
  return { worker, proof: promise }
}
