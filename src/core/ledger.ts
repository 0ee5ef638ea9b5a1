/**
 * The ledger as a pure state machine: `apply(rows, commands)` gives each command its outcome and leaves in `rows` what
 * the batch came to. It reads no clock, draws no chance and knows no database; the stores load, lock and write around it.
 */
import { unreachable } from '../lib/assert.ts'
import type { Ids } from '../lib/id.ts'
import { adjust } from './ledger-adjust.ts'
import { expireGrants } from './ledger-balance.ts'
import { idempotencyKey, type Rows } from './ledger-batch.ts'
import { markBlocked } from './ledger-budgets.ts'
import type { Command, Idempotency, Outcome, Refusal } from './ledger-commands.ts'
import { addGrant, debit, refund, setStatus, voidGrant } from './ledger-credits.ts'
import { createDraft, type Draft } from './ledger-draft.ts'
import { tellCredits } from './ledger-events.ts'
import { reserveCredits, reserveGeneration } from './ledger-reserve.ts'
import type { IdempotencyRow } from './ledger-rows.ts'
import { cancel, confirm, decodeOutcome, encodeOutcome, expireReservations, extend, settle } from './ledger-settle.ts'
import { recordUsage } from './ledger-usage.ts'

/** Applies commands in order, each on the state its predecessors left. A command that throws fails alone. */
export function apply(rows: Rows, commands: readonly Command[], ids: Ids): Outcome[] {
  return commands.map((command) => {
    try {
      const accountId = accountOf(rows, command)
      const at = accountId === null ? command.at : advance(rows, accountId, command, ids)
      return once(rows, at === command.at ? command : { ...command, at, saidAt: command.at }, ids, (draft, stamped) => {
        const outcome = step(draft, stamped, ids)
        if (outcome.ok && accountId !== null) tellCredits(draft, accountId, at, ids)
        return outcome
      })
    } catch (error) {
      return { ok: false, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  })
}

function step(draft: Draft, command: Command, ids: Ids): Outcome {
  switch (command.type) {
    case 'reserve':
      return reserveGeneration(draft, command, ids)
    case 'settle':
      return settle(draft, command, ids)
    case 'adjust':
      return adjust(draft, command, ids)
    case 'reserve_credits':
      return reserveCredits(draft, command, ids)
    case 'confirm':
      return confirm(draft, command, ids)
    case 'cancel':
      return cancel(draft, command, ids)
    case 'extend':
      return extend(draft, command, ids)
    case 'grant':
      return addGrant(draft, command, ids)
    case 'void':
      return voidGrant(draft, command, ids)
    case 'debit':
      return debit(draft, command, ids)
    case 'refund':
      return refund(draft, command, ids)
    case 'record_usage':
      return recordUsage(draft, command, ids)
    case 'set_status':
      return setStatus(draft, command, ids)
    default:
      return unreachable(command)
  }
}

/** The account that a command moves, where the rows tell. */
export function accountOf(rows: Rows, command: Command): bigint | null {
  switch (command.type) {
    case 'settle':
      return command.record.accountId
    case 'confirm':
    case 'cancel':
    case 'extend':
      return rows.reservations.get(command.reservationId)?.accountId ?? null
    case 'refund':
      return rows.transactions.get(command.transactionId)?.accountId ?? null
    default:
      return command.accountId
  }
}

/**
 * Brings an account to the instant: dead reservations expire, grants that are over lose what is free, in the order of
 * their instants. Jobs only call this; no rule waits for a job. Returns the instant that holds, which never runs backwards.
 */
function advance(rows: Rows, accountId: bigint, { at, creditUsd }: Command, ids: Ids): number {
  const draft = createDraft(rows, creditUsd)
  const account = draft.account(accountId)
  if (!account) return at
  const instant = Math.max(at, account.lastAt)
  for (const due of dueInstants(rows, accountId, instant)) {
    expireReservations(draft, account, { at: due, bookedAt: instant, ids })
    expireGrants(draft, account, { at: due, bookedAt: instant, ids })
  }
  account.lastAt = instant
  tellCredits(draft, accountId, instant, ids)
  draft.keep()
  return instant
}

/** When something of the account ended by itself, in order: what a dead reservation frees of a grant that is over goes at its death. */
function dueInstants(rows: Rows, accountId: bigint, until: number): number[] {
  const instants = new Set<number>()
  for (const id of rows.mortal.get(accountId) ?? []) {
    const { status, deadAt } = rows.reservations.get(id) ?? {}
    if (status === 'pending' && typeof deadAt === 'number' && deadAt <= until) instants.add(deadAt)
  }
  for (const { expiresAt, remaining } of rows.grants.get(accountId) ?? [])
    if (expiresAt !== null && expiresAt <= until && remaining > 0n) instants.add(expiresAt)
  return [...instants].sort((a, b) => a - b)
}

/** An idempotency key has one effect: the same content again gets the first outcome, other content is a conflict. */
function once(rows: Rows, command: Command, ids: Ids, run: (draft: Draft, command: Command) => Outcome): Outcome {
  const { idempotency } = command
  const draft = createDraft(rows, command.creditUsd)
  if (!idempotency) return kept(draft, run(draft, command), command, ids)
  const key = { organisationId: command.organisationId, ...idempotency }
  const stored = rows.idempotency.get(idempotencyKey(key))
  const answered = command.type !== 'settle' && stored && answerOf(stored, idempotency)
  if (answered) return answered
  const outcome = kept(draft, run(draft, command), command, ids)
  remember(rows, command, idempotency, outcome)
  return outcome
}

function kept(draft: Draft, outcome: Outcome, command: Command, ids: Ids): Outcome {
  if (!outcome.ok) {
    if (draft.refusing.length > 0) markBlocked(draft.rows, draft.refusing, command, ids)
    return outcome
  }
  draft.keep()
  // What was done before is not done again.
  if (command.audit && !outcome.replay) draft.rows.written.audits.push(command.audit)
  return outcome
}

function answerOf(stored: IdempotencyRow, { fingerprint }: Idempotency): Outcome {
  const conflict = (code: Refusal['code'], details: Refusal['details'] = {}): Outcome => ({
    ok: false,
    refusal: { code, details },
  })
  if (stored.fingerprint !== fingerprint) return conflict('idempotency_key_mismatch')
  if (stored.state === 'in_progress') return conflict('idempotency_in_progress')
  const outcome = decodeOutcome(stored.outcome) as Outcome | { generation: string }
  if ('generation' in outcome) return conflict('generation_already_settled', { generationId: outcome.generation })
  return { ...outcome, replay: true }
}

/** These refusals stick to their key, since repeating the call can't change them without a change elsewhere. */
const STICKY: ReadonlySet<Refusal['code']> = new Set([
  'insufficient_credits',
  'reservation_already_confirmed',
  'reservation_cancelled',
  'reservation_expired',
  'amount_exceeds_reservation',
  'refund_exceeds_transaction',
  'account_closed',
  'grant_spent',
  'payment_already_credited',
])

function remember(rows: Rows, command: Command, idempotency: Idempotency, outcome: Outcome): void {
  const row = { organisationId: command.organisationId, ...idempotency, createdAt: command.at }
  const keep = (state: IdempotencyRow['state'], text: string) => write(rows, { ...row, state, outcome: text })
  if (command.type === 'reserve') {
    if (outcome.ok) keep('in_progress', '')
  } else if (command.type === 'settle') {
    // Settled before: by now the key may belong to another generation.
    if (!outcome.ok || (outcome.result.kind === 'settled' && outcome.result.state === 'already_settled')) return
    // A generation that was not charged may run again under the same key.
    if ((command.record.chargeNanos ?? 1n) > 0n) keep('done', encodeOutcome({ generation: command.record.code }))
    else write(rows, undefined, row)
  } else if (outcome.ok || ('refusal' in outcome && STICKY.has(outcome.refusal.code)))
    keep('done', encodeOutcome(outcome))
}

function write(
  rows: Rows,
  row: IdempotencyRow | undefined,
  at: Omit<IdempotencyRow, 'state' | 'outcome'> | undefined = row,
): void {
  if (!at) return
  const key = idempotencyKey(at)
  rows.written.idempotency.set(key, row)
  if (row) rows.idempotency.set(key, row)
  else rows.idempotency.delete(key)
}
