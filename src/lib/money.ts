/**
 * The ledger's unit: nano-dollars (1e-9 USD) as bigint. Rates and exact costs are ratios of dollars (`ratio.ts`);
 * they become nanos by one rounding, here and nowhere else.
 */
import { ceiling, type Ratio, roundHalfEven, scaledText } from './ratio.ts'

declare const nanos: unique symbol
/** Whole nano-dollars. */
export type Nanos = bigint & { readonly [nanos]: true }

export const asNanos = (value: bigint): Nanos => value as Nanos

/** One amount is at most 1,000,000,000 USD (LEDGER 1.5). */
export const MAX_AMOUNT = asNanos(1_000_000_000n * 1_000_000_000n)
/** No call costs as much: what comes to more was counted wrong. Sums of many must stay within 64 bits. */
export const MAX_COST_OF_A_CALL = asNanos(1_000_000n * 1_000_000_000n)
const INT64_MAX = 2n ** 63n - 1n

export const fitsInt64 = (value: bigint): boolean => value <= INT64_MAX && value >= -INT64_MAX - 1n

/** An exact amount of dollars → nanos, half to even. */
export const roundToNanos = ({ n, d }: Ratio): Nanos => asNanos(roundHalfEven({ n: n * 1_000_000_000n, d }))
/** As {@link roundToNanos}, never below the exact amount: for what is reserved. */
export const ceilToNanos = ({ n, d }: Ratio): Nanos => asNanos(ceiling({ n: n * 1_000_000_000n, d }))
export const nanosRatio = (amount: bigint): Ratio => ({ n: amount, d: 1_000_000_000n })

/** `50850n` → `"0.00005085"`: no exponent, no trailing zeros. */
export const nanosText = (amount: bigint): string => scaledText(amount, 9)
/** The JSON number for an amount: made from its decimal text, never by float arithmetic. */
export const nanosNumber = (amount: bigint): number => Number(scaledText(amount, 9))

const AMOUNT = /^(0|[1-9][0-9]*)(\.[0-9]{1,9})?$/

/**
 * An amount as it may come from outside (LEDGER section 1): a JSON number with at most nine decimals in its shortest
 * form, or plain decimal text. `undefined` for everything else; the caller answers 422 `invalid_amount`.
 */
export function parseAmount(input: unknown): Nanos | undefined {
  const amount = parseBillionths(input)
  return amount !== undefined && amount <= MAX_AMOUNT ? asNanos(amount) : undefined
}

/** The form alone, as billionths of whatever unit it is in: for credits, whose maximum depends on what one is worth. */
export function parseBillionths(input: unknown): bigint | undefined {
  const text = typeof input === 'number' ? numberText(input) : input
  if (typeof text !== 'string' || text.length > 40 || !AMOUNT.test(text)) return undefined
  const [units = '', fraction = ''] = text.split('.')
  return BigInt(units + fraction.padEnd(9, '0'))
}

function numberText(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER || value < 0 || Object.is(value, -0))
    return undefined
  const text = String(value)
  const scientific = /^([0-9])(?:\.([0-9]+))?e-([0-9]+)$/.exec(text)
  if (!scientific) return text
  const [, lead = '', rest = '', exponent = ''] = scientific
  return `0.${'0'.repeat(Number(exponent) - 1)}${lead}${rest}`
}

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
