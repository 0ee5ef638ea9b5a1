/** Money as the API writes it: a JSON number made from decimal text, and in the credits API the exact text beside it. */

import { refuse } from '../contract/errors.ts'
import { asNanos, MAX_AMOUNT, type Nanos, nanosRatio, parseAmount } from '../lib/money.ts'
import { decimalText, divide, exactRatio, multiply, type Ratio, ratio } from '../lib/ratio.ts'
import type { ApiParts } from './parts.ts'

/** How an organisation writes amounts: one credit is so many dollars. */
export type CreditRate = { text(nanos: bigint): string; nanos(amount: unknown): Nanos }

export function creditRate({ settings }: Pick<ApiParts, 'settings'>): CreditRate {
  const usd = ratio(settings.billing.creditUsd)
  return {
    text: (nanos) => decimalText(divide(nanosRatio(nanos), usd)),
    nanos(amount) {
      const credits = parseAmount(amount)
      const exact = credits === undefined ? undefined : wholeNanos(multiply(nanosRatio(credits), usd))
      if (exact === undefined || exact > MAX_AMOUNT)
        throw refuse('invalid_amount', 'amount: is no whole number of nano-dollars within the limits', {
          param: 'amount',
        })
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
