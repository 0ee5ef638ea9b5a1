/** Usage that a caller tells: one more record and its sums. Credits are moved by the transaction that it is linked to. */
import type { Ids } from '../lib/id.ts'
import { done, type Outcome, type RecordUsage, refuse, type Step, type Told } from './ledger-commands.ts'
import type { Draft } from './ledger-draft.ts'
import { tellUnpriced } from './ledger-events.ts'
import { type ToldUsage, toldKey, toldPayload } from './ledger-rows.ts'
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
  tell(draft, record, transactionId, { at: command.at, ids })
  return done({ kind: 'recorded', record: { id: record.id, code: record.code }, duplicate: false })
}

/** Writes the record and adds it to the sums. */
export function tell(
  draft: Draft,
  told: Told,
  transactionId: bigint | null,
  { at, ids }: { at: number; ids: Ids },
): void {
  const record = { ...told, transactionId, recordedAt: at }
  draft.record(record, null)
  draft.rollUp(rollupOf(record))
  tellUnpriced(draft, record, ids)
}

const duplicateOf = ({ id, code }: ToldUsage): Outcome =>
  done({ kind: 'recorded', record: { id, code }, duplicate: true })
