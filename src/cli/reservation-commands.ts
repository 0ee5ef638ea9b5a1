/** Reservations, and the transactions that they and others leave behind. */
import type { CommandRow } from './command-row.ts'

const RESERVATION = ['id', 'externalId', 'amount', 'status', 'createdAt', 'expiresAt']
const TRANSACTION = ['id', 'externalId', 'kind', 'type', 'amount', 'balanceAfter', 'description', 'createdAt']

export const reservationCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'reservations', verb: 'create', operation: 'createReservation' },
    args: ['amount'],
    needsAccount: true,
    shows: 'reservation',
    examples: ['turnpike reservations create 5 --account user_456 --ttl-seconds 600 --metadata job=42'],
  },
  {
    ...{ noun: 'reservations', verb: 'list', operation: 'listReservations' },
    shows: 'reservations',
    columns: RESERVATION,
    examples: [
      'turnpike reservations list --account user_456 --active-only',
      'turnpike reservations list --status expired --all --ndjson',
    ],
  },
  {
    ...{ noun: 'reservations', verb: 'get', operation: 'getReservation' },
    args: ['id'],
    names: { id: 'reservation' },
    shows: 'reservation',
    examples: ['turnpike reservations get res_9aS8dF7gH6jK5lZ4xC3v'],
  },
  {
    ...{ noun: 'reservations', verb: 'confirm', operation: 'confirmReservation' },
    args: ['id'],
    names: { id: 'reservation' },
    without: ['reservationId'],
    examples: [
      'turnpike reservations confirm res_9aS8dF7gH6jK5lZ4xC3v --actual-amount 0.85',
      'turnpike reservations confirm res_9aS8dF7gH6jK5lZ4xC3v --usage @usage.json',
    ],
  },
  {
    ...{ noun: 'reservations', verb: 'cancel', operation: 'cancelReservation' },
    args: ['id'],
    names: { id: 'reservation' },
    without: ['reservationId'],
    examples: ['turnpike reservations cancel res_9aS8dF7gH6jK5lZ4xC3v'],
  },
  {
    ...{ noun: 'reservations', verb: 'extend', operation: 'extendReservation' },
    args: ['id'],
    names: { id: 'reservation' },
    without: ['reservationId'],
    examples: ['turnpike reservations extend res_9aS8dF7gH6jK5lZ4xC3v --ttl-seconds 900'],
  },
  {
    ...{ noun: 'transactions', verb: 'list', operation: 'listTransactions' },
    shows: 'items',
    columns: TRANSACTION,
    examples: [
      'turnpike transactions list --account user_456 --start-date 2026-11-01 --end-date 2026-11-30',
      'turnpike transactions list --usage missing --all --csv',
    ],
  },
  {
    ...{ noun: 'transactions', verb: 'get', operation: 'getTransaction' },
    args: ['id'],
    names: { id: 'transaction' },
    shows: 'transaction',
    examples: ['turnpike transactions get txn_2bN4mQ6wE8rT0yU1iO3p --include reservation,usage'],
  },
  {
    ...{ noun: 'transactions', verb: 'create', operation: 'createTransaction' },
    args: ['type', 'amount'],
    needsAccount: true,
    shows: 'transaction',
    examples: ['turnpike transactions create debit 3.20 --account user_456 --description "set-up fee"'],
  },
]
