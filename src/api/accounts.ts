/** Accounts: created, listed, read, and their balance. */

import type { Account } from '../contract/accounts.ts'
import { refuse } from '../contract/errors.ts'
import type { Caller } from '../core/caller.ts'
import type { Idempotency } from '../core/ledger-commands.ts'
import { instantText } from '../lib/clock.ts'
import { nanosText } from '../lib/money.ts'
import { disableKeysOf, keysOf } from '../store/account-keys.ts'
import {
  type AccountChange,
  createAccount,
  listAccounts,
  type StoredAccount,
  updateAccount,
} from '../store/accounts.ts'
import { lowCreditOf } from '../store/low-credit.ts'
import { rememberedAnswer } from '../store/remembered.ts'
import { changedMembers } from './audited.ts'
import { type CreditRate, creditRate, withDecimal } from './money.ts'
import { paged, pageOf } from './page.ts'
import type { ApiParts, Call, Handlers, Whole } from './parts.ts'
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
    const row = call.audit(creationOf(created), ({ exists, selectFrom }) =>
      exists(selectFrom('accounts').select('id').where('id', '=', created.id)),
    )
    if (await createAccount(parts.store, values, row, name && { name, answer: JSON.stringify(body) })) return { body }
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

  async updateAccount(parts, call) {
    const { caller, params, body, at, audit } = call
    const { status, ...others } = body
    const rate = creditRate(parts)
    const known = await accountFor(parts, caller, params, at)
    const { organisationId } = caller
    if (body.expire && status !== 'closed')
      throw refuse('invalid_request', 'expire: goes with status closed alone', { param: 'expire' })
    const { expire: _expire, ...policy } = others
    if (Object.values(policy).some((value) => value !== undefined)) {
      const change = changeOf(rate, body)
      const row = audit({
        ...changeTo(known, 'update'),
        ...changedMembers(auditedAccount(known), auditedAccount(change)),
      })
      await updateAccount(parts.store, { organisationId, id: known.id }, change, { at, audit: row })
    }
    // With its keys it is remembered how much is reserved for their calls.
    if (body.reserveMode !== undefined)
      for (const hash of await keysOf(parts.store, organisationId, known.id)) parts.forgetKey(hash)
    if (status !== undefined) await setStatus(parts, call, known, status)
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

const changeTo = ({ code }: StoredAccount, verb: string) => ({ action: `account.${verb}`, target: `acc_${code}` })

const creationOf = (account: StoredAccount) => {
  const { externalId } = account
  return { ...changeTo(account, 'create'), before: null, after: { externalId, ...auditedAccount(account) } }
}

function changeOf(rate: CreditRate, body: Call<'updateAccount'>['body']): AccountChange {
  const { name, email, metadata, overage, overdraft, reserveMode, lowCreditThreshold } = body
  return {
    ...{ name, email, overage, reserveMode },
    metadata: metadata ? JSON.stringify(metadata) : metadata,
    overdraft: overdraft === undefined ? undefined : rate.nanos(overdraft, 'overdraft'),
    lowCredit: lowCreditThreshold == null ? lowCreditThreshold : rate.nanos(lowCreditThreshold, 'lowCreditThreshold'),
  }
}

/** What an account is allowed, as the audit log keeps it: amounts in USD. What stays as it is is left out. */
function auditedAccount({ name, email, metadata, overage, overdraft, reserveMode, lowCredit }: AccountChange) {
  const all = {
    ...{ name, email, overage, reserveMode },
    metadata: metadata == null ? metadata : JSON.parse(metadata),
    overdraftUsd: overdraft === undefined ? undefined : nanosText(overdraft),
    lowCreditUsd: lowCredit == null ? lowCredit : nanosText(lowCredit),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

async function setStatus(
  parts: ApiParts,
  { caller: { organisationId }, body: { expire }, at, audit, auditRow }: Call<'updateAccount'>,
  account: StoredAccount,
  status: Account['status'],
): Promise<void> {
  const change = changeTo(account, 'status')
  const row = auditRow({
    ...change,
    before: { status: account.status },
    after: { status, ...(expire ? { expire } : {}) },
  })
  const closing = { organisationId, at, accountId: account.id, status, audit: row, ...(expire ? { expire } : {}) }
  const command = { type: 'set_status', ...closing } as const
  await post(parts, creditRate(parts), command, 'changed')
  if (status !== 'closed') return
  const revoked = (codes: readonly string[]) =>
    audit({
      ...changeTo(account, 'revoke_keys'),
      before: null,
      after: { revoked: codes.length, keys: codes.slice(0, MOST_NAMED).map((code) => `key_${code}`) },
    })
  const ending = { at, audit: revoked }
  for (const hash of await disableKeysOf(parts.store, organisationId, account.id, ending)) parts.forgetKey(hash)
}

/** A row of the log is no list. */
const MOST_NAMED = 100

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
