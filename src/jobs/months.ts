/** Makes months before they begin and, where it is asked for, drops those that are older than what is kept. */

import { type Clock, DAY_MS, type Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { keptFrom } from '../store/carried-sums.ts'
import { makeMonth, monthsOf, strayMonth, waitShortly } from '../store/month-tables.ts'
import { BY_MONTH, type ByMonth, MONTHS_AHEAD, type Month, monthAt, partOf } from '../store/months.ts'
import { isHeld } from '../store/postgres-faults.ts'
import type { Maintenance, Store } from '../store/store.ts'
import { dropMonth, forgetGone, MonthStays } from './drop-month.ts'

export type MonthParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** So many whole months before the current one are kept; 0: all. */
  readonly keepMonths: number
}

/** What a run did: parts that were made, rows that found their month, months that went. */
export type MonthsRun = { readonly made: string[]; readonly moved: number; readonly dropped: string[] }

const EVERY_MS = 3_600_000

/** At once, by whichever process comes first, then hourly by the one that leads. Nothing where no table is cut. */
export function startMonths(parts: MonthParts): {
  /** Waits for nothing: what is cut off has no effect. */ stop(): void
} {
  const { store, clock, log } = parts
  let timer: Timer | undefined
  let stopped = store.maintain === undefined
  const run = async (mine: boolean) => {
    if (stopped) return
    if (mine)
      await runMonths(parts).catch((error: unknown) => {
        if (!stopped) log.warn({ error }, 'the months of the database were not seen to; tried again in an hour')
      })
    if (!stopped) timer = clock.after(EVERY_MS, () => void run(store.leads()))
  }
  void run(true)
  return {
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}

export async function runMonths(parts: MonthParts): Promise<MonthsRun> {
  const made = await makeMissing(parts)
  const dropped = await dropOld(parts)
  await forget(parts.store)
  return { ...made, dropped }
}

/** This month, those to come, and those of rows that found none when they came. */
async function makeMissing({ store, clock, log }: MonthParts): Promise<Pick<MonthsRun, 'made' | 'moved'>> {
  const [made, total] = [[] as string[], { moved: 0 }]
  const kept = await keptFrom(store)
  for (const table of BY_MONTH)
    for (;;) {
      const done = await whenFree({ store, clock }, async ({ run }) => {
        const there = await monthsOf(run, table)
        const month = (await strayMonth(run, table, kept ?? 0, store.now())) ?? missingAmong(there, store.now())
        if (!month) return undefined
        await waitShortly(run)
        return { part: partOf(table, month), ...(await makeMonth(run, table, month)) }
      })
      if (!done) break
      made.push(done.part)
      total.moved += done.moved
      if (done.moved > 0)
        log.warn({ part: done.part, rows: done.moved }, 'a month was made late; its rows lie in it now')
    }
  return { made, ...total }
}

/** The first part may hold all that was before it, too. */
const missingAmong = (there: readonly Month[], at: number): Month | undefined =>
  Array.from({ length: MONTHS_AHEAD + 1 }, (_, later) => monthAt(at, later)).find(
    ({ name, end }) => (there[0]?.end ?? 0) < end && !there.some((month) => month.name === name),
  )

const TRIES = 20
const PAUSE_MS = 500

/** Tried again for a while where somebody else holds a table; then left for the next run. */
async function whenFree<T>(
  { store, clock }: Pick<MonthParts, 'store' | 'clock'>,
  work: (session: Maintenance) => Promise<T>,
): Promise<T | undefined> {
  for (let tried = 1; ; tried++) {
    try {
      return await store.maintain?.(work)
    } catch (error) {
      if (!isHeld(error) || tried >= TRIES) throw error
      await clock.sleep(PAUSE_MS)
    }
  }
}

async function dropOld({ store, clock, log, keepMonths }: MonthParts): Promise<string[]> {
  const dropped: string[] = []
  if (keepMonths === 0) return dropped
  if (Math.abs(store.now() - clock.now()) > DAY_MS) {
    log.error({}, CLOCKS)
    return dropped
  }
  const { start } = monthAt(store.now(), -keepMonths)
  for (;;) {
    const month = await dropOldest(store, start, log)
    if (month === undefined) return dropped
    log.info({ month }, 'a month was dropped; its sums are kept')
    dropped.push(month)
  }
}

async function forget(store: Store): Promise<void> {
  const [kept, until] = [await keptFrom(store), await keptFrom(store, 'forgotten_until')]
  if (kept === undefined || kept === until) return
  await store.maintain?.((session) => forgetGone(session, kept))
}

/** What is dropped does not come back: one clock that is wrong is not enough. */
const CLOCKS = 'the clocks of the database and of this machine are more than a day apart: no month is dropped by them'

async function dropOldest(store: Store, start: number, log: Log): Promise<string | undefined> {
  try {
    return await store.maintain?.(async (session) => {
      const oldest = await oldestMonth(session)
      if (!oldest || oldest.end > start) return undefined
      await dropMonth(session, oldest, store.now())
      return oldest.name
    })
  } catch (error) {
    if (!(error instanceof MonthStays)) throw error
    log.error({ month: error.month }, `a month is older than what is kept, and stays: ${error.message}`)
    return undefined
  }
}

/** The same for all tables: what one of them has, the others get. */
async function oldestMonth({ run }: Maintenance): Promise<Month | undefined> {
  const all = new Map<ByMonth, Month[]>()
  for (const table of BY_MONTH) all.set(table, await monthsOf(run, table))
  const [oldest] = [...all.values()].flatMap(([first]) => first ?? []).sort((a, b) => a.start - b.start)
  for (const [table, there] of all)
    if (oldest && !there.some(({ name }) => name === oldest.name)) await makeMonth(run, table, oldest)
  return oldest
}
