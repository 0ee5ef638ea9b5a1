/** The way of settles into the ledger, with a journal beside it where the ledger is on another machine. */
import type { Settings } from './contract/settings.ts'
import { systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import type { Stranded } from './store/orphans.ts'
import { createSettlements, type Settlements } from './store/settlements.ts'
import type { Store } from './store/store.ts'

type Parts = {
  readonly store: Store
  readonly settings: Pick<Settings, 'dataDir' | 'nodes'>
  readonly stranded: Stranded
  readonly log: Log
}

/** What was left by a process that is no more is brought into the ledger first. */
export async function openSettlements({ store, settings, stranded, log }: Parts): Promise<Settlements> {
  const settlements = createSettlements({
    store,
    journal: store.engine === 'postgres' ? await openJournal(settings.dataDir, log) : undefined,
    clock: systemClock,
    log,
    waitMs: settings.nodes.settleWaitSeconds * 1_000,
    onSetAside: ({ record }) =>
      void stranded.set(record.id, { since: store.now(), how: record.chargeNanos === 0n ? 'failed' : 'served' }),
  })
  if (settlements.waiting > 0) {
    log.info({ waiting: settlements.waiting }, 'settles that waited in the journal are brought into the ledger')
    await settlements.replay()
  }
  return settlements
}

/** Loaded when it is needed: SQLite's own store brings the library along already. */
async function openJournal(dataDir: string, log: Log) {
  const { openSettleJournal } = await import('./store/settle-journal.ts')
  return openSettleJournal(dataDir, log)
}
