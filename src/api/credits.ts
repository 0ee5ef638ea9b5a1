/** Credit in and out of an account, and what the organisation's accounts come to. */
import { type ErrorCode, errors, type Refused, refuse } from '../contract/errors.ts'
import type { Command, Posted, Refusal } from '../core/ledger-commands.ts'
import { nanosNumber } from '../lib/money.ts'
import { rememberedAnswer, type StoredAccount } from '../store/accounts.ts'
import { creditSums } from '../store/credits.ts'
import { type CreditRate, creditRate, withDecimal } from './money.ts'
import type { ApiParts, Caller, Handlers } from './parts.ts'
import { accountFor } from './who.ts'

const USUAL_PRIORITY = 50

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
    const { posted, replayed } = await post(parts, rate, {
      type: 'grant',
      ...commandFor(caller, account, at, name),
      amount: rate.nanos(body.amount),
      category: body.category ?? 'paid',
      priority: body.priority ?? USUAL_PRIORITY,
      expiresAt,
      paymentId: body.paymentId ?? null,
      description: body.description ?? null,
      metadata: metadataOf(body),
    })
    const { balance, added, decimal } = withDecimal({
      balance: rate.text(posted.balance.posted),
      added: rate.text(posted.amount),
    })
    const names = { accountId: `acc_${account.code}`, externalId: account.externalId }
    const made = { transactionId: `txn_${posted.transaction.code}`, grantId: `grant_${posted.grant?.code ?? ''}` }
    return { body: { success: true, ...names, balance, added, ...made, decimal }, replayed }
  },

  async deductCredits(parts, { caller, params, body, at, idempotency }) {
    const rate = creditRate(parts)
    const account = await accountFor(parts, caller, { ...params, ...body }, at)
    const { posted, replayed } = await post(parts, rate, {
      type: 'debit',
      ...commandFor(caller, account, at, idempotency(contentOf(body, account))),
      amount: rate.nanos(body.amount),
      description: body.description ?? null,
      metadata: body.metadata ? JSON.stringify(body.metadata) : null,
    })
    const { balance, deducted, decimal } = withDecimal({
      balance: rate.text(posted.balance.posted),
      deducted: rate.text(posted.amount),
    })
    const names = { accountId: `acc_${account.code}`, externalId: account.externalId }
    return {
      body: { success: true, ...names, balance, deducted, transactionId: `txn_${posted.transaction.code}`, decimal },
      replayed,
    }
  },
}

/** Whichever way the account was named, the content is the same. */
const contentOf = (
  body: { accountId?: string | undefined; externalId?: string | undefined },
  { code }: StoredAccount,
) => ({
  ...body,
  accountId: `acc_${code}`,
  externalId: undefined,
})

const commandFor = (
  { organisationId, principal }: Caller,
  { id }: StoredAccount,
  at: number,
  idempotency: Command['idempotency'],
) => ({
  organisationId,
  at,
  accountId: id,
  actor: principal,
  ...(idempotency ? { idempotency } : {}),
})

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

async function post(
  { store }: ApiParts,
  rate: CreditRate,
  command: Command,
): Promise<{ posted: Posted; replayed: boolean }> {
  const outcome = await store.post(command)
  const replayed = 'replay' in outcome && outcome.replay === true
  if (!outcome.ok) throw 'refusal' in outcome ? refusedBy(outcome.refusal, rate, replayed) : new Error(outcome.failure)
  const { result } = outcome
  if (result.kind !== 'posted') throw new Error(`${command.type} came to ${result.kind}`)
  return { posted: result, replayed }
}

/** The ledger's own words, with its amounts in credits. */
function refusedBy({ code, details }: Refusal, rate: CreditRate, replayed: boolean): Refused {
  if (!(code in errors)) throw new Error(`the ledger refused with ${code}`)
  const shown = Object.entries(details).map(([name, value]) => {
    if (name === 'grantId') return [name, `grant_${value}`]
    return [name, typeof value === 'bigint' ? Number(rate.text(value)) : value]
  })
  return refuse(code as ErrorCode, undefined, {
    ...(shown.length > 0 ? { details: Object.fromEntries(shown) } : {}),
    ...(replayed ? { headers: { 'Idempotent-Replay': 'true' } } : {}),
  })
}
