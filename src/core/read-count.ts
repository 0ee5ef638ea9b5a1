/**
 * Numbers in a provider's body, never trusted: each is read, bounded and flagged by one table, so that no value can
 * make a count negative, endless or larger than the arithmetic takes.
 */
import { compare, divide, multiply, parseRatio, type Ratio, roundHalfEven, whole, ZERO } from '../lib/ratio.ts'
import type { UsageFlag } from './usage.ts'

/** The flags met while a body is read. */
export type Flags = Set<UsageFlag>

/** A larger count is taken as this one, flagged, and never charged above the quote. */
const MAX_COUNT = 1_000_000_000_000
const LARGEST = whole(BigInt(MAX_COUNT))
/** A larger cost is taken as this one (USD), as {@link MAX_COUNT}. */
const MAX_COST = whole(1_000_000_000n)
const COST_SCALE = 10n ** 15n
const PLAIN_DECIMAL = /^-?[0-9]{1,40}(?:\.[0-9]{1,40})?$/

/** A count of tokens, calls or pieces. `undefined`: absent, or nothing that a count could be read from. */
export function readCount(value: unknown, flags: Flags): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'number' ? value : numberOf(value, flags)
  if (!Number.isFinite(number)) {
    flags.add('usage_invalid')
    return undefined
  }
  if (number < 0) {
    flags.add('usage_negative')
    return 0
  }
  if (number > MAX_COUNT) {
    flags.add('usage_huge')
    return MAX_COUNT
  }
  if (Number.isInteger(number)) return number
  flags.add('usage_invalid')
  return Math.ceil(number)
}

/** A quantity that may have a fraction (seconds), exact. Bounded and flagged as a count. */
export function readQuantity(value: unknown, flags: Flags): Ratio | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') flags.add('usage_string')
  const exact = decimalOf(value)
  if (exact ? compare(exact, LARGEST) > 0 : isHuge(value)) {
    flags.add('usage_huge')
    return LARGEST
  }
  if (exact && exact.n >= 0n) return exact
  flags.add(exact ? 'usage_negative' : 'usage_invalid')
  return exact && ZERO
}

/**
 * Money that the upstream states, from the shortest text of its number and divided by `unitsPerUsd`, rounded to 15
 * decimals: doubles in JSON carry noise behind them. A negative cost is no cost.
 */
export function readCost(value: unknown, unitsPerUsd: bigint, flags: Flags): Ratio | undefined {
  if (value === undefined || value === null) return undefined
  const exact = decimalOf(value)
  if (!exact || exact.n < 0n) {
    flags.add(exact ? 'usage_negative' : 'usage_invalid')
    return undefined
  }
  const cost = divide(exact, whole(unitsPerUsd))
  if (compare(cost, MAX_COST) > 0) {
    flags.add('usage_huge')
    return MAX_COST
  }
  return { n: roundHalfEven(multiply(cost, whole(COST_SCALE))), d: COST_SCALE }
}

function numberOf(value: unknown, flags: Flags): number {
  if (typeof value !== 'string' || !PLAIN_DECIMAL.test(value)) return Number.NaN
  flags.add('usage_string')
  return Number(value)
}

function decimalOf(value: unknown): Ratio | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' ? parseRatio(text) : undefined
}

/** Finite, yet past what exact decimals are read from. */
const isHuge = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > MAX_COUNT
