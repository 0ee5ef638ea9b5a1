/** Usage that a caller tells: one more record and its sums. Credits are moved by the transaction that it is linked to. */
import type { Ids } from '../lib/id.ts'
import { toldKey, toldPayload } from './ledger-batch.ts'
import { spendAll } from './ledger-budgets.ts'
import { done, type Outcome, type RecordUsage, refuse, type Step, type Told } from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import { tellUnpriced } from './ledger-events.ts'
import type { ToldUsage, UsageRecord } from './usage-rows.ts'
import { rollupOf } from './usage-sums.ts'

export const recordUsage: Step<RecordUsage> = (draft, command, ids) => {
  const { rows } = draft
  const { record, transactionId, organisationId } = command
  const { dedupeKey, payloadHash } = record
  const named = dedupeKey === null ? undefined : rows.told.get(toldKey(organisationId, dedupeKey))
  if (named && (named.payloadHash !== payloadHash || named.transactionId !== transactionId))
    return refuse('idempotency_key_mismatch')
  if (named) return duplicateOf(named)
  if (transactionId !== null) {
    const transaction = rows.transactions.get(transactionId)
    const isCharge = transaction?.type === 'usage' || transaction?.type === 'debit'
    if (!transaction || !isCharge || transaction.organisationId !== organisationId)
      return refuse('transaction_not_found')
    if (transaction.accountId !== record.accountId) return refuse('transaction_account_mismatch')
    const same = payloadHash === null ? undefined : rows.told.get(toldPayload(transactionId, payloadHash))
    if (same && dedupeKey === null) return duplicateOf(same)
  }
  tell(draft, record, transactionId, command, ids)
  return done({ kind: 'recorded', record: { id: record.id, code: record.code }, duplicate: false })
}

/** Writes the record and adds it to the sums. */
export function tell(
  draft: Draft,
  { chain = [], ...told }: Told,
  transactionId: bigint | null,
  command: Pick<RecordUsage, 'organisationId' | 'at'>,
  ids: Ids,
): void {
  const record = { ...told, transactionId, recordedAt: command.at }
  draft.record(record, null)
  draft.rollUp(rollupOf(record))
  tellUnpriced(draft, record, ids)
  spendAll(draft, chain, toldSpending(record), command, ids)
}

/**
 * What budgets count of it. It is no call of the gateway; what a customer paid was counted with the transaction; in
 * `system` context there is none, and where it was given no charge its cost stands in.
 */
export const toldSpending = ({
  context,
  chargeNanos,
  costNanos,
  inputTokens,
  outputTokens,
}: Pick<UsageRecord, 'context' | 'chargeNanos' | 'costNanos' | 'inputTokens' | 'outputTokens'>) => ({
  usd: context === 'system' ? (chargeNanos ?? costNanos ?? 0n) : 0n,
  tokens: BigInt(inputTokens + outputTokens),
  requests: 0n,
})

const duplicateOf = ({ id, code }: ToldUsage): Outcome =>
  done({ kind: 'recorded', record: { id, code }, duplicate: true })
