/**
 * Late truth: a call that others settled by an estimate, and whose own settle comes after all. History is not edited, so
 * one more record says by how much the estimate was off, and a transaction moves the difference.
 */
import { assert } from '../lib/assert.ts'
import type { Id, Ids } from '../lib/id.ts'
import { fitsInt64, min, nanosText } from '../lib/money.ts'
import { add, exactRatio, exactText, type Ratio, ZERO } from '../lib/ratio.ts'
import { draw, postingOf } from './ledger-balance.ts'
import { toldKey } from './ledger-batch.ts'
import { spendAll } from './ledger-budgets.ts'
import { type Adjust, done, type Settle, type Step } from './ledger-commands.ts'
import { refundLines } from './ledger-credits.ts'
import type { Draft } from './ledger-draft.ts'
import type { Account, Transaction } from './ledger-rows.ts'
import { softened } from './ledger-settle.ts'
import { UNTOLD, type UsageRecord } from './usage-rows.ts'
import { addToKeyUsage, countedNanos, rollupOf } from './usage-sums.ts'

/** No caller's key is spelt like this: theirs begin with whose they are. */
export const lateKey = (code: string): string => `late:${code}`

/** What turns the estimate into what was told; undefined where they come to the same. The record keeps the estimate's place in every report. */
export function adjustmentOf(estimate: UsageRecord, { record, ...told }: Settle, id: Id): Adjust | undefined {
  const charge = lessNanos(record.chargeNanos, estimate.chargeNanos)
  const cost = lessNanos(record.costNanos, estimate.costNanos)
  const tokens = {
    inputTokens: record.inputTokens - estimate.inputTokens,
    cachedTokens: record.cachedTokens - estimate.cachedTokens,
    cacheWriteTokens: record.cacheWriteTokens - estimate.cacheWriteTokens,
    outputTokens: record.outputTokens - estimate.outputTokens,
    reasoningTokens: record.reasoningTokens - estimate.reasoningTokens,
  }
  const counts = addCounts(record.counts, estimate.counts, -1n)
  const saving = record.cacheSavingNanos - estimate.cacheSavingNanos
  if (!charge && !cost && saving === 0n && counts === '{}' && Object.values(tokens).every((count) => count === 0))
    return undefined
  const isCounted = record.limitNanos !== null || estimate.limitNanos !== null
  return {
    type: 'adjust',
    organisationId: estimate.organisationId,
    at: told.at,
    accountId: estimate.accountId,
    transactionId: estimate.transactionId,
    holds: told.holds,
    actor: told.actor,
    record: {
      ...estimate,
      ...UNTOLD,
      ...id,
      ...tokens,
      kind: 'adjustment',
      source: record.source,
      dedupeKey: lateKey(estimate.code),
      counts,
      flags: record.flags,
      rateCardId: record.rateCardId,
      costNanos: cost,
      chargeNanos: charge,
      costExact: cost === null ? null : nanosText(cost),
      chargeExact: charge === null ? null : nanosText(charge),
      cacheSavingNanos: saving,
      limitNanos: isCounted ? countedNanos(record) - countedNanos(estimate) : null,
      items: JSON.stringify([...linesOf(record, 1n), ...linesOf(estimate, -1n)]),
      latencyMs: record.latencyMs,
      firstTokenMs: record.firstTokenMs,
      // It tells of the whole call, but for what that came to.
      generation: JSON.stringify({ ...(JSON.parse(record.generation) as object), total: null }),
    },
  }
}

/** What is unknown was charged nothing. */
const lessNanos = (told: bigint | null, estimated: bigint | null): bigint | null =>
  told === null && estimated === null ? null : (told ?? 0n) - (estimated ?? 0n)

/** Counts by meter as records keep them, added up or taken off one another. */
export function addCounts(to: string, counts: string, sign: 1n | -1n): string {
  const sums = new Map(ratiosOf(to))
  for (const [meter, { n, d }] of ratiosOf(counts)) sums.set(meter, add(sums.get(meter) ?? ZERO, { n: n * sign, d }))
  const texts = [...sums].flatMap(([meter, sum]) => (sum.n === 0n ? [] : [[meter, exactText(sum)] as const]))
  return JSON.stringify(Object.fromEntries(texts))
}

const ratiosOf = (counts: string): (readonly [string, Ratio])[] =>
  Object.entries(JSON.parse(counts) as Record<string, string>).map(([meter, text]) => [meter, exactRatio(text)])

type Line = { readonly quantity: string; readonly costNanos: string; readonly chargeNanos?: string }

/** The lines of a record, added or taken off. Lines of what is unknown come to nothing, as it did. */
function linesOf(
  { items, costNanos, chargeNanos }: Pick<UsageRecord, 'items' | 'costNanos' | 'chargeNanos'>,
  sign: bigint,
) {
  const nanos = (text: string, total: bigint | null) => String(total === null ? 0n : BigInt(text) * sign)
  return (JSON.parse(items) as Line[]).map((line) => ({
    ...line,
    quantity: exactText({ n: exactRatio(line.quantity).n * sign, d: exactRatio(line.quantity).d }),
    costNanos: nanos(line.costNanos, costNanos),
    chargeNanos: nanos(line.chargeNanos ?? line.costNanos, chargeNanos),
  }))
}

/** Once for each estimate, however often the truth is told. */
export const adjust: Step<Adjust> = (draft, command, ids) => {
  const { organisationId, holds, at } = command
  const known = draft.rows.told.get(toldKey(organisationId, command.record.dedupeKey ?? ''))
  if (known) return done({ kind: 'recorded', record: { id: known.id, code: known.code }, duplicate: true })
  const difference = command.record.chargeNanos ?? 0n
  const account = command.accountId === null ? undefined : draft.account(command.accountId)
  const record: UsageRecord = {
    ...command.record,
    transactionId: account && difference !== 0n ? command.record.id : null,
    recordedAt: at,
  }
  if (account && difference > 0n) draft.post(takeMore(draft, account, difference, record, command, ids))
  if (account && difference < 0n) draft.post(giveBack(draft, account, -difference, record, command, ids))
  const tokens = BigInt(record.inputTokens + record.outputTokens)
  spendAll(draft, holds, { usd: difference, tokens, requests: 0n, keyLimit: countedNanos(record) }, command, ids)
  const usage = record.apiKeyId === null ? undefined : draft.keyUsage(record.apiKeyId)
  if (usage) addToKeyUsage(usage, record, record.costNanos ?? 0n)
  draft.record(record, null)
  draft.rollUp(rollupOf(record))
  return done({ kind: 'recorded', record: { id: record.id, code: record.code }, duplicate: false })
}

const stating = ({ id, code, occurredAt }: UsageRecord, { at, actor }: Adjust) => ({
  ...{ id, code, usageRecordId: id, occurredAt, bookedAt: at, actor },
  type: 'adjustment' as const,
  description: 'what a call came to, instead of the estimate',
})

function takeMore(
  draft: Draft,
  account: Account,
  amount: bigint,
  record: UsageRecord,
  command: Adjust,
  ids: Ids,
): Transaction {
  const { charged, writtenOff, entries } = draw(draft, account, [], amount, softened(account.overage), command.at)
  return postingOf(account, ids, { ...stating(record, command), amount: charged, writtenOff, entries })
}

/** What was written off is taken back first; what was refunded meanwhile is not given twice. */
function giveBack(
  draft: Draft,
  account: Account,
  less: bigint,
  record: UsageRecord,
  command: Adjust,
  ids: Ids,
): Transaction {
  const original = draft.rows.transactions.get(command.transactionId ?? 0n)
  assert(original, 'what an account paid has a transaction')
  const skip = (draft.rows.refunds.get(original.id) ?? []).reduce((sum, refund) => sum + refund.amount, 0n)
  const amount = min(less - min(less, original.writtenOff), original.amount - skip)
  const entries = refundLines(draft, account, original, { skip, amount, at: command.at, ids })
  account.posted += amount
  assert(fitsInt64(account.posted), 'a balance fits 64 bits')
  entries.push({ account: 'revenue', grantId: null, nanos: -less })
  if (less > amount) entries.push({ account: 'writeoff', grantId: null, nanos: less - amount })
  const writtenOff = amount - less
  return postingOf(account, ids, { ...stating(record, command), amount, writtenOff, reversesId: original.id, entries })
}
