/** Accounts: created, listed, read, and their balance. */
import type { Account } from '../contract/accounts.ts'
import { refuse } from '../contract/errors.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import { instantText } from '../lib/clock.ts'
import {
  createAccount,
  disableKeysOf,
  listAccounts,
  lowCreditOf,
  type StoredAccount,
  updateAccount,
} from '../store/accounts.ts'
import { rememberedAnswer } from '../store/remembered.ts'
import { creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Caller, Handlers, Whole } from './parts.ts'
import { post } from './post.ts'
import { accountFor } from './who.ts'

export const accountHandlers: Handlers<
  'createAccount' | 'listAccounts' | 'getAccount' | 'updateAccount' | 'getBalance'
> = {
  async createAccount(parts, call) {
    const name = call.idempotency(call.body)
    const repeated = name && (await repeatedAnswer(parts, call.caller, name))
    if (repeated) return repeated
    const lowCredit = await lowCreditOf(parts.store, call.caller.organisationId)
    const created = newAccount(parts, call, lowCredit)
    const body = { success: true, account: accountOf(parts, call.caller, created) } as const
    const values = { ...created, organisationId: call.caller.organisationId, at: call.at }
    if (await createAccount(parts.store, values, name && { name, answer: JSON.stringify(body) })) return { body }
    // Two requests with one key may have raced: the one that lost gives the winner's answer.
    const raced = name && (await repeatedAnswer(parts, call.caller, name))
    if (raced) return raced
    throw refuse('external_id_taken', undefined, { param: 'externalId' })
  },

  async listAccounts(parts, { caller, query, at }) {
    const page = pageOf('accounts', query)
    // A key without an account has none to see.
    const only = caller.kind === 'management_key' ? undefined : (caller.accountId ?? 0n)
    const { accounts, total } = await listAccounts(parts.store, caller.organisationId, { page, only, at })
    const { shown, pagination } = paged('accounts', page, accounts, total)
    return { body: { success: true, accounts: shown.map((account) => accountOf(parts, caller, account)), pagination } }
  },

  async getAccount(parts, { caller, params, query, at }) {
    return { body: accountOf(parts, caller, await accountFor(parts, caller, { ...params, ...query }, at)) }
  },

  async updateAccount(parts, { caller, params, body, at }) {
    const { store } = parts
    const rate = creditRate(parts)
    const { id } = await accountFor(parts, caller, params, at)
    const { organisationId } = caller
    const { name, email, metadata, status, expire, overage, overdraft, reserveMode, lowCreditThreshold } = body
    if (expire && status !== 'closed')
      throw refuse('invalid_request', 'expire: goes with status closed alone', { param: 'expire' })
    const change = {
      ...{ name, email, overage, reserveMode },
      metadata: metadata ? JSON.stringify(metadata) : metadata,
      overdraft: overdraft === undefined ? undefined : rate.nanos(overdraft, 'overdraft'),
      lowCredit: lowCreditThreshold == null ? lowCreditThreshold : rate.nanos(lowCreditThreshold, 'lowCreditThreshold'),
    }
    await updateAccount(store, { organisationId, id }, change, at)
    if (status !== undefined)
      await post(
        parts,
        rate,
        { type: 'set_status', organisationId, at, accountId: id, status, ...(expire ? { expire } : {}) },
        'changed',
      )
    if (status === 'closed')
      for (const hash of await disableKeysOf(store, organisationId, id, at)) parts.forgetKey(hash)
    return { body: accountOf(parts, caller, await accountFor(parts, caller, params, at)) }
  },

  async getBalance(parts, { caller, params, query, at }) {
    const account = await accountFor(parts, caller, { ...params, ...query }, at)
    const rate = creditRate(parts)
    const { posted, reserved, overdraft } = account
    const free = posted + overdraft - reserved
    const amounts = {
      balance: rate.text(posted),
      reserved: rate.text(reserved),
      available: rate.text(free > 0n ? free : 0n),
    }
    return { body: { accountId: `acc_${account.code}`, externalId: account.externalId, ...withDecimal(amounts) } }
  },
}

async function repeatedAnswer(
  { store }: ApiParts,
  { organisationId }: Caller,
  name: Idempotency,
): Promise<Whole<'createAccount'> | undefined> {
  const stored = await rememberedAnswer(store, organisationId, name)
  if (!stored) return undefined
  if (stored.fingerprint !== name.fingerprint) throw refuse('idempotency_key_mismatch')
  return { body: JSON.parse(stored.answer), status: 201, replayed: true }
}

function newAccount({ store }: ApiParts, { body, at }: Call<'createAccount'>, lowCredit: bigint | null): StoredAccount {
  return {
    ...store.ids.next(),
    externalId: body.externalId,
    name: body.name,
    email: body.email ?? null,
    metadata: body.metadata ? JSON.stringify(body.metadata) : null,
    status: 'open',
    overage: 'charge',
    reserveMode: null,
    lowCredit,
    posted: 0n,
    reserved: 0n,
    overdraft: 0n,
    createdAt: at,
    updatedAt: at,
  }
}

function accountOf(parts: ApiParts, { organisation }: Caller, account: StoredAccount): Account {
  const rate = creditRate(parts)
  const amounts = withDecimal({ balance: rate.text(account.posted), overdraft: rate.text(account.overdraft) })
  const threshold = account.lowCredit === null ? null : rate.text(account.lowCredit)
  return {
    id: `acc_${account.code}`,
    developerId: organisation,
    externalId: account.externalId,
    name: account.name,
    email: account.email,
    ...amounts,
    lowCreditThreshold: threshold === null ? null : Number(threshold),
    decimal: { ...amounts.decimal, ...(threshold === null ? {} : { lowCreditThreshold: threshold }) },
    metadata: account.metadata === null ? null : JSON.parse(account.metadata),
    status: account.status as Account['status'],
    overage: account.overage as Account['overage'],
    reserveMode: account.reserveMode as Account['reserveMode'],
    createdAt: instantText(account.createdAt),
    updatedAt: instantText(account.updatedAt),
  }
}
