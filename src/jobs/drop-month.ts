/**
 * A month goes in the transaction that keeps what its rows came to, so that `turnpike verify` proves the same ledger
 * before and after. All that takes long is done while others read and write; they are kept out for the end alone.
 */

import { spendingText } from '../core/carried-spending.ts'
import { type Dropped, type Given, given } from '../core/carried-sums.ts'
import type { Transaction } from '../core/ledger-rows.ts'
import { createProof } from '../core/verify.ts'
import { keptFrom, setInstant } from '../store/carried-sums.ts'
import {
  confirmedLater,
  dropParts,
  forgetDetails,
  forgetReservations,
  hasPending,
  holdMonth,
  keep,
  keepFacts,
  refundedLater,
  unfolded,
} from '../store/month-drop.ts'
import { keepOut } from '../store/month-tables.ts'
import { BY_MONTH, idsOfMonth, type Month, monthAt, partOf } from '../store/months.ts'
import type { Maintenance } from '../store/store.ts'
import { feedRecords, feedTransactions, type Gone, goneOf, readWindows, spendingsOf } from './verify-feed.ts'

/** The month cannot go yet. Nothing of what was begun is kept. */
export class MonthStays extends Error {
  readonly month: string

  constructor(month: string, reason: string) {
    super(reason)
    this.month = month
  }
}

/** Throws {@link MonthStays}. */
export async function dropMonth(session: Maintenance, month: Month, at: number): Promise<void> {
  const stays = (reason: string) => new MonthStays(month.name, reason)
  const start = (await keptFrom(session)) ?? 0
  await holdMonth(session, BY_MONTH, month)
  if (await hasPending(session, month, at)) throw stays('a reservation of it is pending')
  const gone = await goneOf(session)
  const { findings, sums } = await sumsOf(session, { start, end: month.end }, month, gone)
  if (findings > 0) throw stays(`its rows contradict one another (${findings} differences; see turnpike verify)`)
  if (isAmong(await unfolded(session), sums)) throw stays(UNFOLDED)
  await keep(session, month, sums)
  await keepFacts(session, month)
  await keep(session, month, [given(0n, 'month', '', { start, end: month.end, before: idsOfMonth(month).to })])
  await keepOut(session.run, BY_MONTH)
  // Nobody writes any more: what came while the month was added up.
  if (isAmong(await unfolded(session), sums)) throw stays(UNFOLDED)
  await keep(session, month, await spendings(session, await refundedLater(session, month), gone))
  await dropParts(session, BY_MONTH, month)
  await setInstant(session, 'kept_from', month.end)
}

/**
 * Apart from the drop, since it may take long and nobody waits for it; what was cut off is done by the next run. Ended
 * reservations stay a month longer: what was confirmed in the next month is given back where they held it.
 */
export async function forgetGone(session: Maintenance, kept: number): Promise<void> {
  const [last, before] = [monthAt(kept, -1), monthAt(kept, -2)]
  await forgetDetails(session, last)
  await keep(session, before, await spendings(session, await confirmedLater(session, before), await goneOf(session)))
  await forgetReservations(session, before)
  await setInstant(session, 'forgotten_until', kept)
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
