/**
 * The way of a settle into the ledger. Where the database is out of reach it goes to the journal, and from there to the
 * database once that is back: under the same number, so that it counts once however often it is told.
 */
import type { Settle } from '../core/ledger-commands.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { CollectorFull, createCollector } from '../lib/collect.ts'
import type { Log } from '../lib/log.ts'
import { endedBy, type Settling } from './late-truth.ts'
import type { JournalEntry, SettleJournal } from './settle-journal.ts'
import { type Store, StoreAway, StoreFailed } from './store.ts'

export type Settlements = {
  /** Rejects where neither the ledger nor the journal holds it. */
  post(command: Settle): Promise<Settling | 'waiting'>
  /** How many wait in the journal. */
  readonly waiting: number
  /** The journal as it is; undefined where there is none. */
  readonly journal: Pick<SettleJournal, 'size' | 'bytes' | 'mostBytes'> | undefined
  /** False: no new call may begin. */
  readonly hasRoom: boolean
  /** One try to bring all that waits into the ledger. Never rejects. */
  replay(): Promise<void>
  close(): Promise<void>
}

type Parts = {
  readonly store: Store
  /** Undefined: the ledger is on this machine's disk itself. */
  readonly journal: SettleJournal | undefined
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  /** So long the last words of a reply wait for a database that may be back at once. */
  readonly waitMs: number
  /** Told of a settle that the ledger will never take. */
  readonly onSetAside?: (command: Settle) => void
}

const REPLAY_EVERY_MS = 250
const PAGE = 256
const CAPACITY = 100_000
/** What the ledger has refused so often is set aside: once may have been bad luck. */
const TRIES = 3

export function createSettlements({ store, journal, clock, log, waitMs, onSetAside }: Parts): Settlements {
  const arrivals = new Map<bigint, (settling: Settling | 'waiting') => void>()
  const refusals = new Map<number, number>()
  const writing = createCollector<Settle, undefined>({
    most: PAGE,
    capacity: CAPACITY,
    run: async (commands) => {
      journal?.append(commands)
      return commands.map(() => undefined)
    },
  })
  let timer: Timer | undefined
  let replaying: Promise<void> | undefined
  let closed = false

  const arrived = ({ record }: Settle, settling: Settling | 'waiting') => {
    arrivals.get(record.id)?.(settling)
    arrivals.delete(record.id)
  }
  const replayLater = () => {
    if (timer || closed || !journal?.size) return
    timer = clock.after(REPLAY_EVERY_MS, () => {
      timer = undefined
      replay()
    })
  }
  const replay = () => {
    replaying ??= replayAll()
      .catch((error: unknown) => log.error({ error }, 'the journal could not be worked through; it is tried again'))
      .finally(() => {
        replaying = undefined
        replayLater()
      })
    return replaying
  }
  const replayAll = async () => {
    // The first one alone finds out whether the database is back.
    for (let limit = 1; journal && !closed; limit = PAGE) {
      const entries = journal.waiting(limit)
      if (entries.length === 0) return
      const ends = await Promise.all(entries.map(bringIn))
      journal.remove(entries.filter((_entry, index) => ends[index] === 'done'))
      if (ends.includes('away')) return
    }
  }

  async function bringIn(entry: JournalEntry): Promise<'done' | 'refused' | 'away'> {
    const { command, place } = entry
    try {
      if (!command) throw new StoreFailed('what was written cannot be read')
      const at = Math.max(command.at, store.now())
      arrived(command, await endedBy(store, command, await store.post({ ...command, at })))
      refusals.delete(place)
      return 'done'
    } catch (error) {
      if (isPassing(error)) return 'away'
      const times = (refusals.get(place) ?? 0) + 1
      refusals.set(place, times)
      if (times >= TRIES) setAside(entry, error)
      return 'refused'
    }
  }

  function setAside(entry: JournalEntry, error: unknown) {
    const { command, place } = entry
    log.error(
      { generation: command?.record.code, error },
      'a settle in the journal was set aside: the ledger refuses it',
    )
    refusals.delete(place)
    journal?.setAside(entry, String(error))
    if (command) onSetAside?.(command)
  }

  async function keep(command: Settle): Promise<Settling | 'waiting'> {
    await writing.add(command)
    const end = Promise.withResolvers<Settling | 'waiting'>()
    arrivals.set(command.record.id, end.resolve)
    const late = clock.after(waitMs, () => arrived(command, 'waiting'))
    replayLater()
    return end.promise.finally(() => late.cancel())
  }

  replayLater()
  return {
    async post(command) {
      try {
        return await endedBy(store, command, await store.post(command))
      } catch (error) {
        if (!journal || !isPassing(error)) throw error
        log.warn({ generation: command.record.code, error: String(error) }, 'a settle waits in the journal')
        return keep(command)
      }
    },
    get waiting() {
      return journal?.size ?? 0
    },
    journal,
    get hasRoom() {
      return journal?.hasRoom ?? true
    },
    replay,
    async close() {
      closed = true
      timer?.cancel()
      await replaying
      await writing.idle()
      journal?.close()
    },
  }
}

/** Nothing is wrong with the command. */
const isPassing = (error: unknown): boolean => error instanceof StoreAway || error instanceof CollectorFull
