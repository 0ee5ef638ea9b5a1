/** Grants: listed with what is left of them, and voided. */
import { refuse } from '../contract/errors.ts'
import type { Grant } from '../contract/grants.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { findGrant, listGrants, type StoredGrant } from '../store/grants.ts'
import { type CreditRate, creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { Handlers } from './parts.ts'
import { commandFor, post, rateOfPosted } from './post.ts'
import { accountFor, ownAccount } from './who.ts'

export const grantHandlers: Handlers<'listGrants' | 'voidGrant'> = {
  async listGrants(parts, { caller, query, at }) {
    const page = pageOf('grants', query)
    const isNamed = query.accountId !== undefined || query.externalId !== undefined
    const accountId = isNamed ? (await accountFor(parts, caller, query, at)).id : ownAccount(caller)
    const { grants, total } = await listGrants(parts.store, caller.organisationId, { accountId, at, page })
    const { shown, pagination } = paged('grants', page, grants, total)
    const rate = creditRate(parts)
    return { body: { success: true, grants: shown.map((grant) => grantOf(grant, rate)), pagination } }
  },

  async voidGrant(parts, { caller, params, at, idempotency, auditRow }) {
    const code = /^grant_(.+)$/.exec(params.id)?.[1] ?? ''
    const grant = await findGrant(parts.store, caller.organisationId, code, { at })
    if (!grant) throw refuse('grant_not_found')
    const rate = creditRate(parts)
    const command = {
      type: 'void',
      ...commandFor(caller, { id: grant.accountId }, at, idempotency({ id: params.id })),
      grantId: grant.id,
      audit: auditRow({
        ...{ action: 'grant.void', target: `grant_${grant.code}` },
        before: { status: grant.status, remainingUsd: nanosText(grant.remaining) },
        after: { status: 'void', remainingUsd: nanosText(grant.reserved) },
      }),
    } as const
    const done = await post(parts, rate, command, 'posted')
    const { result, replayed } = done
    const shown = await rateOfPosted(parts, caller, rate, done)
    const amounts = withDecimal({ balance: shown.text(result.balance.posted), voided: shown.text(result.amount) })
    const names = { grantId: `grant_${grant.code}`, accountId: `acc_${grant.accountCode}` }
    const transactionId = `txn_${result.transaction.code}`
    return { body: { success: true, ...names, externalId: grant.externalId, ...amounts, transactionId }, replayed }
  },
}

function grantOf(grant: StoredGrant, rate: CreditRate): Grant {
  return {
    id: `grant_${grant.code}`,
    accountId: `acc_${grant.accountCode}`,
    externalId: grant.externalId,
    category: grant.category as Grant['category'],
    ...withDecimal({
      amount: rate.text(grant.amount),
      remaining: rate.text(grant.remaining),
      reserved: rate.text(grant.reserved),
    }),
    priority: grant.priority,
    effectiveAt: instantText(grant.effectiveAt),
    expiresAt: grant.expiresAt === null ? null : instantText(grant.expiresAt),
    status: grant.status,
    createdAt: instantText(grant.createdAt),
  }
}
