/** Commands to the ledger, and what it answers, in the words of the API. */

import { type ErrorCode, errors, type Refused, refuse } from '../contract/errors.ts'
import { allRefusals, budgetRefused, isBudgetRefusal } from '../core/budget-refusal.ts'
import type { Caller } from '../core/caller.ts'
import type { Balance, Command, Done, Outcome, Posted, Refusal } from '../core/ledger-commands.ts'
import type { StoredAccount } from '../store/accounts.ts'
import { findTransaction } from '../store/transactions.ts'
import { type CreditRate, rateOf, withDecimal } from './money.ts'
import type { ApiParts } from './parts.ts'

type DoneOf<K extends Done['kind']> = Extract<Done, { kind: K }>

/** Throws the ledger's refusal as an answer, with its amounts in credits. */
export async function post<K extends Done['kind']>(
  parts: Pick<ApiParts, 'store' | 'budgets' | 'settings'>,
  rate: CreditRate,
  command: Command,
  kind: K,
): Promise<{ result: DoneOf<K>; replayed: boolean }> {
  const outcome = await posted(parts, command)
  const replayed = 'replay' in outcome && outcome.replay === true
  if (!outcome.ok) {
    if (!('refusal' in outcome)) throw new Error(outcome.failure)
    if (isBudgetRefusal(outcome.refusal)) throw budgetRefused(outcome.refusal, command.at, parts.settings.limits)
    throw refusedBy(outcome.refusal, rate, replayed)
  }
  if (outcome.result.kind !== kind) throw new Error(`${command.type} came to ${outcome.result.kind}`)
  return { result: outcome.result as DoneOf<K>, replayed }
}

/** What a dead reservation still holds of a budget is free, whether or not anything touched its account since. */
async function posted({ store, budgets }: Pick<ApiParts, 'store' | 'budgets'>, command: Command): Promise<Outcome> {
  const outcome = await store.post(command)
  if (outcome.ok || !('refusal' in outcome) || !isBudgetRefusal(outcome.refusal)) return outcome
  return (await budgets.endDead(command.organisationId, command.at)) ? store.post(command) : outcome
}

/** A repetition is answered in credits of the price that the first was written with. */
export async function rateOfPosted(
  { store }: Pick<ApiParts, 'store'>,
  { organisationId }: Pick<Caller, 'organisationId'>,
  rate: CreditRate,
  { result, replayed }: { result: Posted; replayed: boolean },
): Promise<CreditRate> {
  const first = replayed ? await findTransaction(store, organisationId, result.transaction.code) : undefined
  return first ? rateOf(first.creditUsd) : rate
}

/** Ids are codes in the ledger: outside they begin with what they name. */
const PREFIXES: Readonly<Record<string, string>> = {
  grantId: 'grant_',
  reservationId: 'res_',
  transactionId: 'txn_',
}

function refusedBy(refusal: Refusal, rate: CreditRate, replayed: boolean): Refused {
  const { code, details } = refusal
  if (!(code in errors)) throw new Error(`the ledger refused with ${code}`)
  const { refused: _refused, ...own } = details
  const shown: [string, unknown][] = Object.entries(own).map(([name, value]) => {
    const prefix = PREFIXES[name]
    if (prefix !== undefined) return [name, value === null ? null : `${prefix}${value}`]
    return [name, typeof value === 'bigint' ? Number(rate.text(value)) : value]
  })
  const all = { ...Object.fromEntries(shown), ...allRefusals(refusal) }
  return refuse(code as ErrorCode, undefined, {
    ...(Object.keys(all).length > 0 ? { details: all } : {}),
    ...(replayed ? { headers: { 'Idempotent-Replay': 'true' } } : {}),
  })
}

export const commandFor = (
  { organisationId, principal }: Caller,
  { id }: Pick<StoredAccount, 'id'>,
  at: number,
  idempotency: Command['idempotency'],
) => ({
  organisationId,
  at,
  accountId: id,
  actor: principal,
  ...(idempotency ? { idempotency } : {}),
})

/** Whichever way the account was named, the content is the same. */
export const contentOf = <B extends object>(body: B, { code }: Pick<StoredAccount, 'code'>) => ({
  ...body,
  accountId: `acc_${code}`,
  externalId: undefined,
})

/** `{balance, reserved, available}`, in credits. */
export const balancesOf = (rate: CreditRate, { posted, reserved, available }: Balance) =>
  withDecimal({ balance: rate.text(posted), reserved: rate.text(reserved), available: rate.text(available) })
