/** What the tests of model calls share: bodies, the texts of streams, and what the ledger keeps once a call is over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { decodeFacts } from '../src/contract/generation-facts.ts'
import { systemRandom } from '../src/lib/random.ts'
import { hashSecret, newSecret, secretLabel } from '../src/lib/secret.ts'
import { createAccount, createApiKey } from '../src/store/bootstrap.ts'
import type { Turnpike } from './turnpike.ts'

export const OPENAI = '/v1/chat/completions'
export const OPENROUTER = '/api/v1/chat/completions'
export const MOUNTS = [OPENAI, OPENROUTER] as const

/** 25 USD, what the demo account begins with. */
export const DEMO_NANOS = 25_000_000_000n

export const chat = (model: string, extra: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  ...extra,
})

/** The data of each event, `[DONE]` included, and the comments. */
export function eventsOf(text: string): { data: string[]; comments: string[]; json: Record<string, unknown>[] } {
  const lines = text.split('\n')
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6))
  const json = data.filter((each) => each !== '[DONE]').map((each) => JSON.parse(each) as Record<string, unknown>)
  return { data, comments: lines.filter((line) => line.startsWith(':')), json }
}

export type Kept = Awaited<ReturnType<typeof recordsOf>>[number]

/** Every usage record, oldest first. */
export async function recordsOf({ server: { gateway } }: Turnpike) {
  const { store } = gateway
  const rows = await store.rows(store.sql.selectFrom('usage_records').selectAll().orderBy('id'))
  return rows.map((row) => ({
    ...row,
    flags: row.flags.split(',').filter((flag) => flag !== ''),
    facts: decodeFacts(row.generation),
  }))
}

export async function accountOf({ server: { gateway } }: Turnpike, externalId = 'demo') {
  const { store } = gateway
  const [row] = await store.rows(
    store.sql.selectFrom('accounts').selectAll().where('external_id', '=', externalId).limit(1),
  )
  if (!row) throw new Error(`no account ${externalId}`)
  return row
}

/** Resolves with what `look` answers, once it answers something; fails after five seconds. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(10)
  }
  throw new Error('it did not happen within five seconds')
}

/** Every call has ended: no reservation is left, and the balance is the grant less the charges. */
export async function expectSettled(turnpike: Turnpike, granted = DEMO_NANOS, externalId = 'demo'): Promise<Kept[]> {
  const { store, open } = turnpike.server.gateway
  await eventually(() => (open.size === 0 ? true : undefined))
  const account = await accountOf(turnpike, externalId)
  const records = (await recordsOf(turnpike)).filter(({ account_id }) => account_id === account.id)
  const charged = records.reduce((sum, { charge_nanos }) => sum + (charge_nanos ?? 0n), 0n)
  expect(account.reserved_nanos).toBe(0n)
  expect(account.posted_nanos).toBe(granted - charged)
  expect(records.every(({ charge_nanos }) => (charge_nanos ?? 0n) >= 0n)).toBe(true)
  const pending = await store.rows(
    store.sql.selectFrom('reservations').select('id').where('account_id', '=', account.id),
  )
  expect(pending).toEqual([])
  return records
}

/** The records that came since `before` of them were there, with the books in order. */
export async function recordsSince(turnpike: Turnpike, before: number): Promise<Kept[]> {
  return (await expectSettled(turnpike)).slice(before)
}

export type Customer = { readonly key: string; readonly keyId: bigint; readonly accountId: bigint }

/** An account of its own with credit, and a key that calls on it. */
export async function createCustomer(turnpike: Turnpike, externalId: string, creditNanos: bigint): Promise<Customer> {
  const { gateway, organisation } = turnpike.server
  const { store } = gateway
  const organisationId = organisation.id
  const account = await createAccount(store, { organisationId, externalId, name: externalId })
  if (creditNanos > 0n)
    await store.post({
      type: 'grant',
      organisationId,
      at: store.now(),
      accountId: account.id,
      amount: creditNanos,
      category: 'paid',
      priority: 50,
      expiresAt: null,
      paymentId: null,
      actor: 'test',
      description: null,
      metadata: null,
    })
  const key = newSecret('sk-tp', systemRandom)
  const keyId = await createApiKey(store, {
    organisationId,
    hash: hashSecret(key),
    label: secretLabel(key),
    name: externalId,
    accountId: account.id,
  })
  return { key, keyId, accountId: account.id }
}

/** A limit of the key itself, in nano-dollars. */
export async function limitKey(
  { server: { gateway, organisation } }: Turnpike,
  { key, keyId }: Customer,
  limitNanos: bigint,
  window: 'total' | 'day' | 'month' = 'total',
): Promise<bigint> {
  const { store, keys } = gateway
  const { id, code } = store.ids.next()
  const budget = {
    id,
    organisation_id: organisation.id,
    code,
    source: 'key_limit',
    name: 'key limit',
    scope: 'api_key',
    scope_id: hashSecret(key),
    metric: 'usd',
    limit_quantity: limitNanos,
    window_kind: window,
    time_zone: 'UTC',
    week_start: 1n,
    anchor_day: 1n,
    action: 'block',
    version: 1n,
    deleted_at: null,
    created_at: BigInt(store.now()),
  }
  await store.write([
    store.sql.insertInto('budgets').values(budget),
    store.sql.updateTable('api_keys').set({ limit_budget_id: id }).where('id', '=', keyId),
  ])
  keys.forget(hashSecret(key))
  return id
}
