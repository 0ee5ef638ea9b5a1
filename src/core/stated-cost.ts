/**
 * A cost that the upstream stated itself is what it takes; the rate card is the check beside it, unless the two differ
 * only by the digits that the upstream prints.
 */
import {
  compare,
  decimalText,
  divide,
  exactRatio,
  exactText,
  multiply,
  type Ratio,
  subtract,
  sum,
  whole,
} from '../lib/ratio.ts'
import type { Cost, CostItem } from './card-cost.ts'

/** More than the card's: one line for the difference. Less: the card's lines scaled to it. No card: one line. */
export function reconcile(card: Cost, stated: Ratio): Cost {
  const known = { ...card, unpriced: [] }
  if (card.cost === undefined) return { ...known, items: [statedItem(stated)], cost: stated }
  const difference = compare(stated, card.cost)
  if (difference === 0 || printsAs(card.cost, stated)) return known
  const flags = isOver1Percent(stated, card.cost) ? [...card.flags, 'cost_differs' as const] : card.flags
  const rest = subtract(stated, card.cost)
  const items = difference > 0 ? [...card.items, statedItem(rest)] : scale(card.items, divide(stated, card.cost))
  return { ...known, items, cost: sum(items.map(({ cost }) => cost)), flags, cardCost: card.cost }
}

const statedItem = (cost: Ratio): CostItem => ({
  meter: 'provider_reported',
  pricedBy: 'provider_reported',
  quantity: cost,
  price: '1',
  per: 1,
  cost,
})

/** A stated 0 confirms nothing: it has no digits to compare. */
function printsAs(own: Ratio, stated: Ratio): boolean {
  if (stated.n === 0n) return false
  const text = decimalText(stated)
  const point = text.indexOf('.')
  return decimalText(own, point < 0 ? 0 : text.length - point - 1) === text
}

const isOver1Percent = (stated: Ratio, own: Ratio): boolean => {
  const difference = subtract(stated, own)
  return compare(multiply(difference.n < 0n ? subtract(own, stated) : difference, whole(100n)), own) > 0
}

const scale = (items: readonly CostItem[], by: Ratio): CostItem[] =>
  items.map((item) => ({
    ...item,
    factor: exactText(item.factor === undefined ? by : multiply(exactRatio(item.factor), by)),
    cost: multiply(item.cost, by),
  }))
