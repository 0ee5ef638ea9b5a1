/** Money as the API writes it: a JSON number made from decimal text, and in the credits API the exact text beside it. */

import { refuse } from '../contract/errors.ts'
import { asNanos, MAX_AMOUNT, type Nanos, nanosRatio, parseBillionths } from '../lib/money.ts'
import { decimalText, divide, exactRatio, multiply, type Ratio, ratio } from '../lib/ratio.ts'
import type { ApiParts } from './parts.ts'

/** How an organisation writes amounts: one credit is so many dollars. */
export type CreditRate = {
  /** Dollars for one credit. */
  readonly usd: string
  text(nanos: bigint): string
  /** Throws `invalid_amount` for what is no whole number of nano-dollars or above the maximum, which is in dollars. */
  nanos(amount: unknown, param?: string): Nanos
}

export const creditRate = ({ settings }: Pick<ApiParts, 'settings'>): CreditRate => rateOf(settings.billing.creditUsd)

/** As it was when something was written: a later price of a credit changes nothing about it. */
export function rateOf(creditUsd: string): CreditRate {
  const usd = ratio(creditUsd)
  return {
    usd: creditUsd,
    text: (nanos) => decimalText(divide(nanosRatio(nanos), usd)),
    nanos(amount, param = 'amount') {
      const credits = parseBillionths(amount)
      const exact = credits === undefined ? undefined : wholeNanos(multiply(nanosRatio(credits), usd))
      if (exact === undefined || exact > MAX_AMOUNT)
        throw refuse(
          'invalid_amount',
          `${param}: expected a whole number of nano-dollars, at most 1,000,000,000 USD; one credit is ${creditUsd} USD`,
          { param },
        )
      return exact
    },
  }
}

function wholeNanos(dollars: Ratio): Nanos | undefined {
  const { n, d } = multiply(dollars, { n: 1_000_000_000n, d: 1n })
  return n % d === 0n ? asNanos(n / d) : undefined
}

/** `{balance: "0.5"}` → `{balance: 0.5, decimal: {balance: "0.5"}}`. */
export function withDecimal<K extends string>(
  texts: Readonly<Record<K, string>>,
): Record<K, number> & { decimal: Record<K, string> } {
  const numbers = Object.fromEntries(
    Object.entries<string>(texts).map(([name, text]) => [name, Number(text)]),
  ) as Record<K, number>
  return { ...numbers, decimal: { ...texts } }
}

/** An exact cost as it is stored (decimal text or `n/d`), shown to at most 15 decimals. */
export const exactNumber = (stored: string): number => Number(decimalText(exactRatio(stored)))
