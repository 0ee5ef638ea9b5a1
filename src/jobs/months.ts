/**
 * Makes months before they begin and, where it is asked for, drops those that are older than what is kept. A month goes
 * in the transaction that keeps what its rows came to, so that `turnpike verify` proves the same ledger before and after.
 */

import { spendingText } from '../core/carried-spending.ts'
import { type Dropped, type Given, given } from '../core/carried-sums.ts'
import type { Transaction } from '../core/ledger-rows.ts'
import { createProof } from '../core/verify.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { keptFrom, setKeptFrom } from '../store/carried-sums.ts'
import { dropMonth, forget, holdMonth, keep, keepFacts, reachingBack, unfolded } from '../store/month-drop.ts'
import { isHeld, keepOut, makeMonth, monthsOf, strayMonth, waitShortly } from '../store/month-tables.ts'
import { BY_MONTH, idsOfMonth, MONTHS_AHEAD, type Month, monthAt, partOf } from '../store/months.ts'
import type { Maintenance, Store } from '../store/store.ts'
import { feedRecords, feedTransactions, type Gone, goneOf, readWindows, spendingsOf } from './verify-feed.ts'

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
  return { ...made, dropped: await dropOld(parts) }
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

async function dropOld({ store, log, keepMonths }: MonthParts): Promise<string[]> {
  const dropped: string[] = []
  if (keepMonths === 0) return dropped
  const { start } = monthAt(store.now(), -keepMonths)
  for (;;) {
    const month = await store
      .maintain?.(async (session) => {
        const [oldest] = await monthsOf(session.run, 'transactions')
        if (!oldest || oldest.end > start) return undefined
        const reason = await drop(session, oldest)
        if (reason === undefined) return oldest.name
        log.error({ month: oldest.name }, `a month is older than what is kept, and stays: ${reason}`)
        throw new MonthStays()
      })
      .catch((error: unknown) => {
        if (error instanceof MonthStays) return undefined
        throw error
      })
    if (month === undefined) return dropped
    log.info({ month }, 'a month was dropped; its sums are kept')
    dropped.push(month)
  }
}

/** The same for all tables: what one of them has, the others get. */
async function oldestMonth({ run }: Maintenance): Promise<Month | undefined> {
  const all = await Promise.all(BY_MONTH.map((table) => monthsOf(run, table)))
  const [oldest] = all.flatMap(([first]) => first ?? []).sort((a, b) => a.start - b.start)
  for (const [index, table] of BY_MONTH.entries())
    if (oldest && !all[index]?.some(({ name }) => name === oldest.name)) await makeMonth(run, table, oldest)
  return oldest
}

/** So that nothing of what was begun is kept. */
class MonthStays extends Error {}

/** Why the month stays; undefined: it is gone. */
async function drop(session: Maintenance, month: Month): Promise<string | undefined> {
  const start = (await keptFrom(session)) ?? 0
  await waitShortly(session.run)
  await holdMonth(session, BY_MONTH, month)
  const gone = await goneOf(session)
  const { findings, sums } = await sumsOf(session, { start, end: month.end }, month, gone)
  if (findings > 0) return `its rows contradict one another (${findings} differences; see turnpike verify)`
  const open = await unfolded(session)
  if (isAmong(open, sums)) return UNFOLDED
  await keep(session, month, [...sums, ...(await spendings(session, await reachingBack(session, month), gone))])
  await keepFacts(session, month)
  await keep(session, month, [given(0n, 'month', '', { start, end: month.end, before: idsOfMonth(month).to })])
  await forget(session, month)
  await keepOut(session.run, BY_MONTH)
  // Nobody writes any more: what came while the month was added up.
  if (isAmong(await unfolded(session), sums)) return UNFOLDED
  await keep(session, month, await spendings(session, await reachingBack(session, month), gone))
  await dropMonth(session, BY_MONTH, month)
  const { sql, parameters } = setKeptFrom(session, month.end).compile()
  await session.run(sql, parameters)
  return undefined
}

const UNFOLDED = 'some of its records are in no sum of a report yet'

async function sumsOf(session: Maintenance, span: Dropped, month: Month, gone: Gone) {
  const proof = createProof()
  const found = { findings: 0 }
  const count = (all: readonly unknown[]) => {
    found.findings += all.length
  }
  await readWindows(session, proof)
  await feedTransactions(session, proof, { gone, from: partOf('transactions', month) }, count)
  await feedRecords(session, proof, { gone, from: partOf('usage_records', month) }, count)
  return { ...found, sums: proof.give(span) }
}

const isAmong = (open: ReadonlySet<string>, sums: readonly Given[]): boolean =>
  sums.some(({ kind, organisationId, subject }) => kind === 'quarter' && open.has(`${organisationId} ${subject}`))

async function spendings(session: Maintenance, rows: readonly Transaction[], gone: Gone): Promise<Given[]> {
  const own = rows.filter(({ id }) => !gone.spendings.has(String(id)))
  const places = await spendingsOf(session, own)
  return own.flatMap(({ id, organisationId }) => {
    const spending = places.get(id)
    return spending ? [{ organisationId, kind: 'spending', subject: String(id), sums: spendingText(spending) }] : []
  })
}
