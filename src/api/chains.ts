/** Which budgets count what moves beside model calls: money of accounts, and usage that callers tell. */
import { countingAt, linksAt, type Spender, tagsOf } from '../core/budget-chain.ts'
import type { Link } from '../core/budget-rows.ts'
import type { Refund } from '../core/ledger-commands.ts'
import { chargedIn } from '../store/charges.ts'
import type { ApiParts } from './parts.ts'

type Budgets = Pick<ApiParts, 'budgets'>

/** Windows at the instant of the budgets that were there by then. */
async function linksFor({ budgets }: Budgets, spender: Spender, at: number): Promise<Link[]> {
  return linksAt(countingAt(await budgets.chainOf(spender), at), at)
}

const NOBODY = { accountId: null, apiKeyId: null, endUser: null, tags: [], models: [] }

/** Of credits that an account reserves or pays. */
export const accountChain = (parts: Budgets, organisationId: bigint, accountId: bigint, at: number): Promise<Link[]> =>
  linksFor(parts, { ...NOBODY, organisationId, accountId }, at)

export type Teller = {
  readonly organisationId: bigint
  readonly accountId: bigint | null
  readonly model: string
  readonly metadata: Readonly<Record<string, unknown>> | null | undefined
}

export const toldChain = (
  parts: Budgets,
  { organisationId, accountId, model, metadata }: Teller,
  at: number,
): Promise<Link[]> =>
  linksFor(parts, { ...NOBODY, organisationId, accountId, models: [model], tags: tagsOf(metadata) }, at)

/** What is given back is taken off where it was counted. */
export async function refundedTo(
  parts: Pick<ApiParts, 'store' | 'budgets'>,
  organisationId: bigint,
  transactionId: bigint,
): Promise<Pick<Refund, 'chain' | 'call'>> {
  const charged = await chargedIn(parts.store, organisationId, transactionId)
  if (!charged) return {}
  if ('holds' in charged) return { chain: charged.holds }
  const { spender, at, limit } = charged
  const chain = [...(limit ? linksAt([limit], at) : []), ...(await linksFor(parts, spender, at))]
  const { apiKeyId } = spender
  return apiKeyId === null ? { chain } : { chain, call: { apiKeyId, admittedAt: at } }
}
