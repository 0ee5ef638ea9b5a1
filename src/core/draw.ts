/** Chance with weights: who goes first. The chance itself is handed in. */

/**
 * One of the items, each as likely as its weight is large, before the others in their order. `at` is 0 ≤ x < 1. Without
 * any weight above zero the first one stays first.
 */
export function drawFirst<T>(items: readonly T[], weightOf: (item: T) => number, at: number): T[] {
  const weights = items.map((item) => Math.max(0, weightOf(item)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = at * total
  const drawn = weights.findIndex((weight) => {
    left -= weight
    return weight > 0 && left < 0
  })
  const index = drawn < 0 ? 0 : drawn
  return [...items.slice(index, index + 1), ...items.slice(0, index), ...items.slice(index + 1)]
}
