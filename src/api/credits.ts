/** Credit in and out of an account, and what the organisation's accounts come to. */
import { refuse } from '../contract/errors.ts'
import { nanosNumber } from '../lib/money.ts'
import { creditSums } from '../store/credits.ts'
import { rememberedAnswer } from '../store/remembered.ts'
import { accountChain } from './chains.ts'
import { creditRate, withDecimal } from './money.ts'
import type { Handlers } from './parts.ts'
import { commandFor, contentOf, post, rateOfPosted } from './post.ts'
import { accountFor } from './who.ts'

export const USUAL_PRIORITY = 50

export const creditHandlers: Handlers<'getCredits' | 'addCredits' | 'deductCredits'> = {
  async getCredits({ store }, { caller }) {
    const { granted, charged } = await creditSums(store, caller.organisationId)
    return { body: { data: { total_credits: nanosNumber(granted), total_usage: nanosNumber(charged) } } }
  },

  async addCredits(parts, { caller, params, body, at, idempotency }) {
    const rate = creditRate(parts)
    const account = await accountFor(parts, caller, { ...params, ...body }, at)
    const name = idempotency(contentOf(body, account))
    const expiresAt = body.expiresAt ? Date.parse(body.expiresAt) : null
    // A repetition gets its first answer, even once the grant is over.
    if (
      expiresAt !== null &&
      expiresAt <= at &&
      !(name && (await rememberedAnswer(parts.store, caller.organisationId, name)))
    )
      throw refuse('invalid_request', 'expiresAt: expected an instant in the future', { param: 'expiresAt' })
    const grant = {
      type: 'grant',
      ...commandFor(caller, account, at, name),
      amount: rate.nanos(body.amount),
      category: body.category ?? 'paid',
      priority: body.priority ?? USUAL_PRIORITY,
      expiresAt,
      paymentId: body.paymentId ?? null,
      description: body.description ?? null,
      metadata: metadataOf(body),
    } as const
    const done = await post(parts, rate, grant, 'posted')
    const { result: posted, replayed } = done
    const shown = await rateOfPosted(parts, caller, rate, done)
    const { balance, added, decimal } = withDecimal({
      balance: shown.text(posted.balance.posted),
      added: shown.text(posted.amount),
    })
    const names = { accountId: `acc_${account.code}`, externalId: account.externalId }
    const made = { transactionId: `txn_${posted.transaction.code}`, grantId: `grant_${posted.grant?.code ?? ''}` }
    return { body: { success: true, ...names, balance, added, ...made, decimal }, replayed }
  },

  async deductCredits(parts, { caller, params, body, at, idempotency }) {
    const rate = creditRate(parts)
    const account = await accountFor(parts, caller, { ...params, ...body }, at)
    const debit = {
      type: 'debit',
      ...commandFor(caller, account, at, idempotency(contentOf(body, account))),
      amount: rate.nanos(body.amount),
      chain: await accountChain(parts, caller.organisationId, account.id, at),
      description: body.description ?? null,
      metadata: body.metadata ? JSON.stringify(body.metadata) : null,
    } as const
    const done = await post(parts, rate, debit, 'posted')
    const { result: posted, replayed } = done
    const shown = await rateOfPosted(parts, caller, rate, done)
    const { balance, deducted, decimal } = withDecimal({
      balance: shown.text(posted.balance.posted),
      deducted: shown.text(posted.amount),
    })
    const names = { accountId: `acc_${account.code}`, externalId: account.externalId }
    return {
      body: { success: true, ...names, balance, deducted, transactionId: `txn_${posted.transaction.code}`, decimal },
      replayed,
    }
  },
}

function metadataOf({
  metadata,
  paymentMethod,
}: {
  metadata?: object | null | undefined
  paymentMethod?: string | null | undefined
}): string | null {
  const all = { ...metadata, ...(paymentMethod ? { paymentMethod } : {}) }
  return Object.keys(all).length > 0 ? JSON.stringify(all) : null
}
