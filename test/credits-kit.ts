/** Hands for the credits API: accounts with credit in them, reservations, charges, and the usage that is told of them. */
import { expect } from 'vitest'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import type { Api, Reply } from './api-kit.ts'

export type Owner = { readonly id: string; readonly externalId: string }

export const code = ({ status, body }: Reply): string => `${status} ${body?.error?.code ?? 'fine'}`

/** The reply is what the table says that it is. */
export function expectResult(name: OperationName, reply: Reply): Reply['body'] {
  const operation = (operations as readonly Operation[]).find((each) => each.name === name) as Operation
  expect([200, operation.status ?? 200], reply.text).toContain(reply.status)
  operation.result.parse(reply.body)
  return reply.body
}

export const TEXT = { modelId: 'gpt-4o', usageType: 'text', inputTokens: 1200, outputTokens: 380, cachedTokens: 0 }

export const customer = ({ id, transactionId }: { id: string; transactionId: string }, more: object = {}) => ({
  context: 'customer',
  transactionId,
  accountId: id,
  ...TEXT,
  ...more,
})

/** `api` is there once a test runs. */
export function creditsHands(api: () => Api) {
  const get = (url: string, key = api().operator, headers?: Record<string, string>) =>
    api().request('GET', url, key, undefined, headers)
  const post = (url: string, body: unknown, headers?: Record<string, string>, key = api().operator) =>
    api().request('POST', url, key, body, headers)
  let made = 0
  async function account(credits = 0): Promise<Owner> {
    const externalId = `customer_${++made}`
    const { body } = await post('/v1/accounts', { name: 'A customer', externalId })
    if (credits > 0) await post(`/v1/accounts/${body.account.id}/credits`, { amount: credits, description: 'start' })
    return { id: body.account.id, externalId }
  }
  const reserve = async (accountId: string, amount: number, more: object = {}): Promise<string> =>
    expectResult('createReservation', await post('/v1/reservations', { accountId, amount, ...more })).reservation.id
  const confirm = (id: string, body: object, headers?: Record<string, string>) =>
    post(`/v1/reservations/${id}/confirm`, body, headers)
  return {
    get,
    post,
    account,
    reserve,
    confirm,
    patch: (id: string, body: object, key = api().operator) => api().request('PATCH', `/v1/accounts/${id}`, key, body),
    async balance({ id }: { id: string }) {
      const { body } = await get(`/v1/accounts/${id}/balance`)
      return [body.balance, body.reserved, body.available]
    },
    /** A confirmed reservation, for usage to be told of. */
    async charged(credits = 1): Promise<Owner & { transactionId: string }> {
      const owner = await account(100)
      const { body } = await confirm(await reserve(owner.id, 50), { actualAmount: credits })
      return { ...owner, transactionId: body.transactionId }
    },
    tell: (body: object, headers?: Record<string, string>) => post('/v1/usage', body, headers),
    summary: async (query: string, key = api().operator) =>
      expectResult('summariseUsage', await get(`/v1/usage/summary?${query}`, key)).summary,
  }
}
