/** Where money counts that moved because of a row which is gone, as it was before that went. */
import type { CarriedSum } from './carried-sums.ts'
import type { Spending } from './proof-windows.ts'

/** Integers that a number does not hold travel as text with a mark. */
const MARK = /^-?[0-9]+n$/

export const spendingText = (spending: Spending): string =>
  JSON.stringify(spending, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

export const readSpending = ({ sums }: Pick<CarriedSum, 'sums'>): Spending =>
  JSON.parse(sums, (name, value: unknown) =>
    name !== 'scopes' && typeof value === 'string' && MARK.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as Spending
