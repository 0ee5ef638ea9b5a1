/**
 * What a batch of commands touches, so that a store can load (and lock) it before `apply`. In two looks: what a command
 * names itself, then what those rows lead to.
 */

import { counterKey, type Link } from '../core/budget-rows.ts'
import { accountOf } from '../core/ledger.ts'
import { idempotencyKey, paymentKey, type Rows } from '../core/ledger-batch.ts'
import type { Adjust, Command, RecordUsage, Told } from '../core/ledger-commands.ts'

export type Named = { readonly reservations: readonly bigint[]; readonly transactions: readonly bigint[] }

export function namedBy(commands: readonly Command[]): Named {
  const reservations = new Set<bigint>()
  const transactions = new Set<bigint>()
  for (const command of commands) {
    if (command.type === 'settle') reservations.add(command.record.id)
    else if (command.type === 'refund') transactions.add(command.transactionId)
    else if ((command.type === 'record_usage' || command.type === 'adjust') && command.transactionId !== null)
      transactions.add(command.transactionId)
    else if (command.type === 'confirm' || command.type === 'cancel' || command.type === 'extend')
      reservations.add(command.reservationId)
  }
  return { reservations: [...reservations], transactions: [...transactions] }
}

type IdempotencyName = { organisationId: bigint; principal: string; operation: string; key: string }

/** By its own name, or by its transaction and what it says. */
type ToldName = { organisationId: bigint } & ({ dedupeKey: string } | { transactionId: bigint; payloadHash: string })

export type Touched = {
  readonly accounts: readonly bigint[]
  /** Grants to load although nothing may be left of them: those that a refund goes back to or that are voided. */
  readonly grants: readonly bigint[]
  readonly holds: readonly Link[]
  readonly apiKeys: readonly { apiKeyId: bigint; organisationId: bigint }[]
  readonly idempotency: readonly IdempotencyName[]
  readonly payments: readonly { organisationId: bigint; paymentId: string }[]
  /** Generations whose reservation is gone: were they settled before? */
  readonly recorded: readonly bigint[]
  /** Usage that may have been told before. */
  readonly told: readonly ToldName[]
  /** The latest instant of the batch: reservations dead by then are loaded. */
  readonly at: number
}

/** `rows` holds the reservations and transactions that {@link namedBy} asked for. */
export function touchedBy(commands: readonly Command[], rows: Rows): Touched {
  const accounts = new Set<bigint>()
  const grants = new Set<bigint>()
  const holds = new Map<string, Link>()
  const apiKeys = new Map<bigint, { apiKeyId: bigint; organisationId: bigint }>()
  const idempotency = new Map<string, IdempotencyName>()
  const payments = new Map<string, { organisationId: bigint; paymentId: string }>()
  const recorded: bigint[] = []
  const told: ToldName[] = []
  let at = 0
  for (const command of commands) {
    at = Math.max(at, command.at)
    const accountId = accountOf(rows, command)
    if (accountId !== null) accounts.add(accountId)
    // What is dead by now is ended before the command, and gives back what it holds.
    for (const id of rows.mortal.get(accountId ?? 0n) ?? [])
      for (const hold of rows.reservations.get(id)?.holds ?? [])
        holds.set(counterKey(hold.budgetId, hold.windowStart), hold)
    for (const hold of holdsOf(command, rows)) holds.set(counterKey(hold.budgetId, hold.windowStart), hold)
    if (command.idempotency) {
      const { principal, operation, key } = command.idempotency
      const name = { organisationId: command.organisationId, principal, operation, key }
      idempotency.set(idempotencyKey(name), name)
    }
    if (command.type === 'settle') {
      const { id, apiKeyId, organisationId } = command.record
      if (apiKeyId !== null) apiKeys.set(apiKeyId, { apiKeyId, organisationId })
      if (!rows.reservations.has(id)) recorded.push(id)
    } else if (command.type === 'record_usage') {
      told.push(...toldNames(command))
    } else if (command.type === 'adjust') {
      const { apiKeyId, organisationId } = command.record
      if (apiKeyId !== null) apiKeys.set(apiKeyId, { apiKeyId, organisationId })
      told.push(...toldNames(command))
      for (const id of drawnFrom(rows, command.transactionId)) grants.add(id)
    } else if (command.type === 'refund') {
      for (const id of drawnFrom(rows, command.transactionId)) grants.add(id)
      const { call, organisationId } = command
      if (call) apiKeys.set(call.apiKeyId, { apiKeyId: call.apiKeyId, organisationId })
    } else if (command.type === 'void') {
      grants.add(command.grantId)
    } else if (command.type === 'grant' && command.paymentId !== null) {
      payments.set(paymentKey(command.organisationId, command.paymentId), {
        organisationId: command.organisationId,
        paymentId: command.paymentId,
      })
    }
  }
  return {
    accounts: sorted(accounts),
    grants: sorted(grants),
    holds: [...holds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, hold]) => hold),
    apiKeys: [...apiKeys.values()].sort((a, b) => (a.apiKeyId < b.apiKeyId ? -1 : 1)),
    idempotency: [...idempotency].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name),
    payments: [...payments.values()],
    recorded,
    told,
    at,
  }
}

const drawnFrom = (rows: Rows, transactionId: bigint | null): bigint[] =>
  (rows.transactions.get(transactionId ?? 0n)?.entries ?? []).flatMap(({ grantId }) => grantId ?? [])

function toldNames({ organisationId, transactionId, record }: RecordUsage | Adjust): ToldName[] {
  const { dedupeKey, payloadHash } = record
  if (dedupeKey !== null) return [{ organisationId, dedupeKey }]
  return transactionId === null || payloadHash === null ? [] : [{ organisationId, transactionId, payloadHash }]
}

function holdsOf(command: Command, rows: Rows): readonly Link[] {
  switch (command.type) {
    case 'reserve':
    case 'reserve_credits':
    case 'debit':
    case 'refund':
      return command.chain ?? []
    case 'adjust':
      return command.holds
    case 'settle':
      return [...command.holds, ...(rows.reservations.get(command.record.id)?.holds ?? [])]
    case 'confirm':
      return [...(rows.reservations.get(command.reservationId)?.holds ?? []), ...(command.usage ?? []).flatMap(toldTo)]
    case 'cancel':
      return rows.reservations.get(command.reservationId)?.holds ?? []
    case 'record_usage':
      return toldTo(command.record)
    default:
      return []
  }
}

const toldTo = ({ chain = [] }: Told): readonly Link[] => chain

const sorted = (ids: Iterable<bigint>): bigint[] => [...ids].sort((a, b) => (a < b ? -1 : 1))
