/** Which grant pays first: lower priority number, earlier expiry, promotional before plan, adjustment and paid, then age. */
import type { Allocation, Grant, GrantCategory } from './ledger-rows.ts'

const CATEGORY_ORDER: Readonly<Record<GrantCategory, number>> = { promotional: 0, plan: 1, adjustment: 2, paid: 3 }

export function burnDownOrder(grants: readonly Grant[]): Grant[] {
  return [...grants].sort(
    (a, b) =>
      a.priority - b.priority ||
      (a.expiresAt ?? Number.MAX_SAFE_INTEGER) - (b.expiresAt ?? Number.MAX_SAFE_INTEGER) ||
      CATEGORY_ORDER[a.category] - CATEGORY_ORDER[b.category] ||
      a.effectiveAt - b.effectiveAt ||
      a.createdAt - b.createdAt ||
      (a.id < b.id ? -1 : 1),
  )
}

/** Spreads an amount over what is free of the grants, in burn-down order; what they don't cover comes last, with a null grant. */
export function allocate(grants: readonly Grant[], amount: bigint): Allocation[] {
  const allocations: Allocation[] = []
  let left = amount
  for (const grant of grants.length > 1 ? burnDownOrder(grants) : grants) {
    if (left === 0n) break
    const free = grant.remaining - grant.reserved
    if (free <= 0n) continue
    const nanos = free < left ? free : left
    allocations.push({ grantId: grant.id, nanos })
    left -= nanos
  }
  if (left > 0n) allocations.push({ grantId: null, nanos: left })
  return allocations
}
