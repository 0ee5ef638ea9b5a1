/**
 * Commands and outcomes on their way between threads. Copying an object of forty members costs more than the rest of a
 * batch, so the two commands of the hot path travel as one text of cells; all others travel as they are.
 */

import type { ReserveMode } from '../core/budget-rows.ts'
import type {
  Command,
  Done,
  Estimate,
  Outcome,
  Prices,
  Rate,
  Reserved,
  ReserveGeneration,
  Settle,
  Settled,
} from '../core/ledger-commands.ts'
import { UNTOLD, type UsageRecord } from '../core/usage-rows.ts'
import type { Ratio } from '../lib/ratio.ts'
import type { Cell, Plain } from './table.ts'
import * as tables from './tables.ts'

export type Packed<T> = string | T

export const packCommand = (command: Command): Packed<Command> =>
  command.type === 'reserve' ? packReserve(command) : command.type === 'settle' ? packSettle(command) : command

export function unpackCommand(packed: Packed<Command>): Command {
  if (typeof packed !== 'string') return packed
  const [first = '', ...texts] = packed.split('\n')
  const cells = JSON.parse(first) as unknown[]
  return cells[0] === 'r' ? unpackReserve(cells as ReserveCells) : unpackSettle(cells as SettleCells, texts)
}

export function packOutcome(outcome: Outcome): Packed<Outcome> {
  if (!outcome.ok || outcome.replay) return outcome
  const { result } = outcome
  if (result.kind === 'settled') return JSON.stringify(['s', result.state, result.overQuote])
  if (result.kind !== 'reserved' || result.code !== undefined) return outcome
  const { amount, holds, fittedOutput, admittedAt, expiresAt, balance, quote, rates } = result
  return JSON.stringify([
    'r',
    amount.toString(),
    tables.holds.write(holds),
    fittedOutput,
    admittedAt,
    expiresAt,
    balance && [balance.posted, balance.reserved, balance.available].map(String),
    quote?.toString() ?? null,
    rates ?? null,
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

type ReservedCells = [
  ...[string, Cell, number | null, number, number | null, [string, string, string] | null],
  ...[string | null, readonly Rate[] | null],
]

function reservedOf(cells: ReservedCells): Reserved {
  const [amount, holds, fittedOutput, admittedAt, expiresAt, balance, quote, rates] = cells
  const [posted, reserved, available] = balance ?? ['0', '0', '0']
  return {
    kind: 'reserved',
    amount: BigInt(amount),
    ...(quote === null ? {} : { quote: BigInt(quote) }),
    holds: tables.holds.read(holds),
    ...(rates === null ? {} : { rates }),
    ...(fittedOutput === null ? {} : { fittedOutput }),
    admittedAt,
    expiresAt,
    balance: balance && { posted: BigInt(posted), reserved: BigInt(reserved), available: BigInt(available) },
  }
}

type Text = string | null
type PriceCells = [string, string, string, string]
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
  Text,
  [string, string, number, number] | null,
  ReserveMode | null,
  PriceCells | null,
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
  mode,
  chain,
  context,
  idempotency,
  creditUsd,
}: ReserveGeneration): string {
  const { fixed, outputUnitPrice, inputTokens, outputTokens, choices, fit, estimate, keyLimit } = demand
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
    creditUsd ?? null,
    estimate
      ? [estimate.fixed.n.toString(), estimate.fixed.d.toString(), estimate.inputTokens, estimate.outputTokens]
      : null,
    mode ?? null,
    keyLimit ? priceCells(keyLimit) : null,
  ]
  return JSON.stringify(cells)
}

function unpackReserve(cells: ReserveCells): ReserveGeneration {
  const [, organisationId, at, id, code, accountId, apiKeyId, owner, fixedN, fixedD, unitN, unitD, ...rest] = cells
  const [inputTokens, outputTokens, choices, shareN, shareD, atLeast, chain, context, idempotency, ...last] = rest
  const [creditUsd, estimate, mode, keyLimit] = last
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
      ...(keyLimit === null ? {} : { keyLimit: pricesOf(keyLimit) }),
      ...(shareN === null || shareD === null ? {} : { fit: { share: ratioOf(shareN, shareD), atLeast } }),
      ...(estimate === null ? {} : { estimate: estimateOf(estimate) }),
    },
    ...(mode === null ? {} : { mode }),
    chain: (chain as [string, number, number | null][]).map(([budgetId, windowStart, windowEnd]) => ({
      budgetId: BigInt(budgetId),
      windowStart,
      windowEnd,
    })),
    context,
    ...(idempotency ? { idempotency: idempotency as NonNullable<ReserveGeneration['idempotency']> } : {}),
    ...(creditUsd === null ? {} : { creditUsd }),
  }
}

const priceCells = ({ fixed, outputUnitPrice }: Prices): PriceCells => [
  fixed.n.toString(),
  fixed.d.toString(),
  outputUnitPrice.n.toString(),
  outputUnitPrice.d.toString(),
]

const pricesOf = ([fixedN, fixedD, unitN, unitD]: PriceCells): Prices => ({
  fixed: ratioOf(fixedN, fixedD),
  outputUnitPrice: ratioOf(unitN, unitD),
})

const estimateOf = ([n, d, inputTokens, outputTokens]: [string, string, number, number]): Estimate => ({
  fixed: ratioOf(n, d),
  inputTokens,
  outputTokens,
})

type SettleCells = ['s', number, Plain[], string, Cell, string, Plain[] | null, string, unknown, Text]

/** Columns that are JSON already: they stand behind the cells, a line each, so that no quote of theirs is escaped again. */
const TEXTS = ['counts', 'items', 'generation'] as const

function packSettle({
  at,
  record,
  quote,
  holds,
  upstreamNanos,
  details,
  actor,
  idempotency,
  creditUsd,
}: Settle): string {
  const row = { ...record, ...UNTOLD, transactionId: null, recordedAt: at, counts: '', items: '', generation: '' }
  const cells: SettleCells = [
    's',
    at,
    packCells(tables.usageRecords.plain(row)),
    quote.toString(),
    tables.holds.write(holds),
    upstreamNanos.toString(),
    details && packCells(tables.callDetails.plain(details)),
    actor,
    idempotency ?? null,
    creditUsd ?? null,
  ]
  return [JSON.stringify(cells), ...TEXTS.map((name) => record[name])].join('\n')
}

function unpackSettle(
  [, at, record, quote, holds, upstreamNanos, details, actor, idempotency, creditUsd]: SettleCells,
  texts: readonly string[],
): Settle {
  const row: UsageRecord = tables.usageRecords.row(record)
  for (const [index, name] of TEXTS.entries()) row[name] = texts[index] ?? ''
  return {
    type: 'settle',
    organisationId: row.organisationId,
    at,
    record: row,
    quote: BigInt(quote),
    holds: tables.holds.read(holds),
    upstreamNanos: BigInt(upstreamNanos),
    details: details && tables.callDetails.row(details),
    actor,
    ...(idempotency ? { idempotency: idempotency as NonNullable<Settle['idempotency']> } : {}),
    ...(creditUsd === null ? {} : { creditUsd }),
  }
}

/** JSON has no word for a bigint; `row` reads its text as well. */
const packCells = (cells: readonly Plain[]): Plain[] =>
  cells.map((cell) => (typeof cell === 'bigint' ? cell.toString() : cell))

const textOf = (id: bigint | null): Text => (id === null ? null : id.toString())
const idOf = (text: Text): bigint | null => (text === null ? null : BigInt(text))
const ratioOf = (n: string, d: string): Ratio => ({ n: BigInt(n), d: BigInt(d) })
