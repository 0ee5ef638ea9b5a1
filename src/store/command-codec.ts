/**
 * Commands and outcomes on their way between threads. Copying an object of forty members costs more than the rest of a
 * batch, so the two commands of the hot path travel as one text of cells; all others travel as they are.
 */
import type { Command, Done, Outcome, Reserved, ReserveGeneration, Settle, Settled } from '../core/ledger-commands.ts'
import { UNTOLD, type UsageRecord } from '../core/ledger-rows.ts'
import type { Ratio } from '../lib/ratio.ts'
import type { Cell } from './tables.ts'
import * as tables from './tables.ts'

export type Packed<T> = string | T

export const packCommand = (command: Command): Packed<Command> =>
  command.type === 'reserve' ? packReserve(command) : command.type === 'settle' ? packSettle(command) : command

export function unpackCommand(packed: Packed<Command>): Command {
  if (typeof packed !== 'string') return packed
  const cells = JSON.parse(packed) as unknown[]
  return cells[0] === 'r' ? unpackReserve(cells as ReserveCells) : unpackSettle(cells as SettleCells)
}

export function packOutcome(outcome: Outcome): Packed<Outcome> {
  if (!outcome.ok || outcome.replay) return outcome
  const { result } = outcome
  if (result.kind === 'settled') return JSON.stringify(['s', result.state, result.overQuote])
  if (result.kind !== 'reserved' || result.code !== undefined) return outcome
  const { amount, holds, fittedOutput, admittedAt, expiresAt, balance } = result
  return JSON.stringify([
    'r',
    amount.toString(),
    tables.holds.write(holds),
    fittedOutput,
    admittedAt,
    expiresAt,
    balance && [balance.posted, balance.reserved, balance.available].map(String),
  ])
}

export function unpackOutcome(packed: Packed<Outcome>): Outcome {
  if (typeof packed !== 'string') return packed
  const [kind, ...cells] = JSON.parse(packed) as unknown[]
  return {
    ok: true,
    result: kind === 's' ? settledOf(cells as [Settled['state'], boolean]) : reservedOf(cells as ReservedCells),
  }
}

const settledOf = ([state, overQuote]: [Settled['state'], boolean]): Done => ({ kind: 'settled', state, overQuote })

type ReservedCells = [string, Cell, number | null, number, number | null, [string, string, string] | null]

function reservedOf([amount, holds, fittedOutput, admittedAt, expiresAt, balance]: ReservedCells): Reserved {
  const [posted, reserved, available] = balance ?? ['0', '0', '0']
  return {
    kind: 'reserved',
    amount: BigInt(amount),
    holds: tables.holds.read(holds),
    ...(fittedOutput === null ? {} : { fittedOutput }),
    admittedAt,
    expiresAt,
    balance: balance && { posted: BigInt(posted), reserved: BigInt(reserved), available: BigInt(available) },
  }
}

type Text = string | null
type ReserveCells = [
  'r',
  string,
  number,
  string,
  string,
  Text,
  Text,
  number,
  ...[string, string, string, string],
  number,
  number,
  number,
  Text,
  Text,
  number,
  unknown,
  string,
  unknown,
]

function packReserve({
  organisationId,
  at,
  id,
  code,
  accountId,
  apiKeyId,
  owner,
  demand,
  chain,
  context,
  idempotency,
}: ReserveGeneration): string {
  const { fixed, outputUnitPrice, inputTokens, outputTokens, choices, fit } = demand
  const cells: ReserveCells = [
    'r',
    organisationId.toString(),
    at,
    id.toString(),
    code,
    textOf(accountId),
    textOf(apiKeyId),
    owner,
    fixed.n.toString(),
    fixed.d.toString(),
    outputUnitPrice.n.toString(),
    outputUnitPrice.d.toString(),
    inputTokens,
    outputTokens,
    choices,
    fit ? fit.share.n.toString() : null,
    fit ? fit.share.d.toString() : null,
    fit?.atLeast ?? 0,
    chain.map(({ budgetId, windowStart, windowEnd }) => [budgetId.toString(), windowStart, windowEnd]),
    context,
    idempotency ?? null,
  ]
  return JSON.stringify(cells)
}

function unpackReserve(cells: ReserveCells): ReserveGeneration {
  const [, organisationId, at, id, code, accountId, apiKeyId, owner, fixedN, fixedD, unitN, unitD, ...rest] = cells
  const [inputTokens, outputTokens, choices, shareN, shareD, atLeast, chain, context, idempotency] = rest
  return {
    type: 'reserve',
    organisationId: BigInt(organisationId),
    at,
    id: BigInt(id),
    code,
    accountId: idOf(accountId),
    apiKeyId: idOf(apiKeyId),
    owner,
    demand: {
      fixed: ratioOf(fixedN, fixedD),
      outputUnitPrice: ratioOf(unitN, unitD),
      inputTokens,
      outputTokens,
      choices,
      ...(shareN === null || shareD === null ? {} : { fit: { share: ratioOf(shareN, shareD), atLeast } }),
    },
    chain: (chain as [string, number, number | null][]).map(([budgetId, windowStart, windowEnd]) => ({
      budgetId: BigInt(budgetId),
      windowStart,
      windowEnd,
    })),
    context,
    ...(idempotency ? { idempotency: idempotency as NonNullable<ReserveGeneration['idempotency']> } : {}),
  }
}

type SettleCells = ['s', number, unknown[], string, Cell, string, unknown[] | null, string, unknown]

function packSettle({ at, record, quote, holds, upstreamNanos, details, actor, idempotency }: Settle): string {
  const cells: SettleCells = [
    's',
    at,
    packCells(tables.usageRecords.cells({ ...record, ...UNTOLD, transactionId: null, recordedAt: at })),
    quote.toString(),
    tables.holds.write(holds),
    upstreamNanos.toString(),
    details && packCells(tables.callDetails.cells(details)),
    actor,
    idempotency ?? null,
  ]
  return JSON.stringify(cells)
}

function unpackSettle([, at, record, quote, holds, upstreamNanos, details, actor, idempotency]: SettleCells): Settle {
  const row: UsageRecord = tables.usageRecords.row(unpackCells(record))
  return {
    type: 'settle',
    organisationId: row.organisationId,
    at,
    record: row,
    quote: BigInt(quote),
    holds: tables.holds.read(holds),
    upstreamNanos: BigInt(upstreamNanos),
    details: details && tables.callDetails.row(unpackCells(details)),
    actor,
    ...(idempotency ? { idempotency: idempotency as NonNullable<Settle['idempotency']> } : {}),
  }
}

/** A number in the text is a bigint cell: all integers of cells are, and those beyond 2^53 go as `[text]`. */
const packCells = (cells: readonly Cell[]): unknown[] =>
  cells.map((cell) => (typeof cell !== 'bigint' ? cell : isSafe(cell) ? Number(cell) : [cell.toString()]))
const unpackCells = (cells: readonly unknown[]): Cell[] =>
  cells.map((cell) =>
    typeof cell === 'number' ? BigInt(cell) : Array.isArray(cell) ? BigInt(cell[0] as string) : (cell as Cell),
  )

const SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const isSafe = (value: bigint): boolean => value <= SAFE && value >= -SAFE

const textOf = (id: bigint | null): Text => (id === null ? null : id.toString())
const idOf = (text: Text): bigint | null => (text === null ? null : BigInt(text))
const ratioOf = (n: string, d: string): Ratio => ({ n: BigInt(n), d: BigInt(d) })
