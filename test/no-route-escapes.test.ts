/** No route escapes: a hard budget of 0 refuses all that spends, by the tables of calls and operations, before any provider is asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ModelCall, modelCalls } from '../src/contract/model-calls.ts'
import type { Operation } from '../src/contract/operation.ts'
import { type OperationName, operations } from '../src/contract/operations.ts'
import { hashSecret } from '../src/lib/secret.ts'
import { type CallName, callExamples } from './call-examples.ts'
import { accountOf, type Customer, createCustomer, expectSettled } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
type Json = any

const CREDIT = 10_000_000_000n
let turnpike: Turnpike
let caller: Customer
let accountId: string
beforeAll(async () => {
  turnpike = await startTurnpike()
  caller = await createCustomer(turnpike, 'refused', CREDIT)
  accountId = `acc_${(await accountOf(turnpike, 'refused')).code}`
})
afterAll(() => turnpike.close())

async function ask(method: string, path: string, body?: object, key = turnpike.operatorKey) {
  const reply = await turnpike.request(path, { method, key, ...(body ? { body } : {}) })
  const text = await reply.text()
  return { status: reply.status, headers: reply.headers, body: JSON.parse(text) as Json }
}

/** Runs beside a budget of nothing. */
async function under(budget: object, run: () => Promise<void>): Promise<void> {
  const made = await ask('POST', '/api/admin/budgets', { name: 'nothing', limit: 0, ...budget })
  expect(made.status).toBe(201)
  try {
    await run()
  } finally {
    await ask('DELETE', `/api/admin/budgets/${made.body.budget.id}`)
  }
}

/** Every way in which a path of calls may be spelled. */
const spellingsOf = (path: string): string[] => [
  ...['/v1', '/api/v1', '/v1/v1', '/api/v1/v1'].map((base) => `${base}/${path}`),
  ...(path.startsWith('audio/') ? [] : [`/${path}`]),
]
const codeOf = ({ error }: Json): unknown => error.metadata?.error_type ?? error.error_type ?? error.code

describe('a model call', () => {
  const calls: readonly ModelCall[] = modelCalls
  const rowOf = (name: CallName) => calls.find((call) => call.name === name)
  const spending = modelCalls.filter(({ name }) => !rowOf(name)?.free)
  const mine = () => ({ scope: 'api_key', scopeId: hashSecret(caller.key) })
  const whole = { scope: 'organisation' }

  test.each(spending.map(({ name, path }) => [name, path] as const))(
    '%s is refused by a budget of 0 in any metric, on every spelling of its path, streamed or not, whoever calls',
    async (name, path) => {
      const before = turnpike.simulator.stats().requests
      for (const metric of ['usd', 'tokens', 'requests'])
        await under({ ...whole, metric, window: 'month' }, async () => {
          for (const spelling of spellingsOf(path))
            for (const key of [caller.key, turnpike.operatorKey])
              for (const stream of rowOf(name)?.stream ? [{}, { stream: true }] : [{}]) {
                const reply = await ask('POST', spelling, { ...callExamples[name], ...stream }, key)
                const seen = [spelling, metric, reply.status, codeOf(reply.body)]
                expect(seen).toEqual([spelling, metric, 429, 'budget_exceeded'])
              }
        })
      expect(turnpike.simulator.stats().requests).toBe(before)
    },
  )

  test.each(modelCalls.map(({ name, path }) => [name, path] as const))(
    '%s keeps to a rate of 0 requests per minute, free or not',
    async (name, path) => {
      const before = turnpike.simulator.stats().requests
      await under({ ...mine(), metric: 'requests', window: 'minute' }, async () => {
        for (const spelling of spellingsOf(path)) {
          const { status, body, headers } = await ask('POST', spelling, callExamples[name], caller.key)
          expect([spelling, status, codeOf(body)]).toEqual([spelling, 429, 'rate_limit_exceeded'])
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
        }
      })
      expect(turnpike.simulator.stats().requests).toBe(before)
    },
  )

  test('that is free passes every other budget, and uses nothing of the rate', async () => {
    const count = () => ask('POST', '/v1/messages/count_tokens', callExamples.countMessageTokens, caller.key)
    for (const metric of ['usd', 'tokens', 'requests'])
      await under({ ...whole, metric, window: 'month' }, async () => expect((await count()).status).toBe(200))
    await under({ ...mine(), metric: 'requests', window: 'hour', limit: 1 }, async () => {
      for (let each = 0; each < 3; each++) {
        const { status, headers } = await count()
        expect([status, headers.get('anthropic-ratelimit-requests-remaining')]).toEqual([200, '1'])
      }
    })
  })
})

describe('an operation', () => {
  /** What spends credit, and how: under a budget of nothing all of it is refused. */
  const SPENDING: Partial<Record<OperationName, (account: object) => object>> = {
    createReservation: (account) => ({ ...account, amount: 1 }),
    deductCredits: (account) => ({ ...account, amount: 1, description: 'x' }),
    createTransaction: (account) => ({ ...account, amount: 1, type: 'debit', description: 'x' }),
  }
  const NOT_SPENDING: Readonly<Record<string, readonly OperationName[]>> = {
    'gives or takes back credit': ['addCredits', 'assignPlan', 'refundTransaction', 'voidGrant'],
    'ends what was admitted before': ['confirmReservation', 'cancelReservation', 'extendReservation'],
    'tells what was used already': ['recordUsage'],
    'reckons alone': ['calculateCost'],
    'asks a provider for its list of models': ['checkCredential'],
    administers: [
      ...(['createAccount', 'updateAccount', 'createPlan', 'archivePlan'] as const),
      ...(['createKey', 'updateKey', 'deleteKey', 'rotateKey'] as const),
      ...(['createApiKey', 'updateApiKey', 'deleteApiKey', 'rotateApiKey'] as const),
      ...(['createBudget', 'updateBudget', 'deleteBudget'] as const),
      ...(['createCredential', 'updateCredential', 'deleteCredential'] as const),
      ...(['createAlertChannel', 'updateAlertChannel', 'deleteAlertChannel', 'testAlertChannel'] as const),
      ...(['rotateAlertChannelSecret', 'updateAlertDefaults', 'resendDelivery'] as const),
      ...(['createOrganisation', 'updateOrganisation', 'createSetupLink'] as const),
      ...(['createRateCard', 'withdrawRateCard'] as const),
      ...(['inviteMember', 'updateMember', 'removeMember'] as const),
      ...(['createManagementKey', 'updateManagementKey', 'deleteManagementKey', 'rotateManagementKey'] as const),
    ],
  }

  test('that writes is known to spend or not to spend, and one that spends announces the refusal', () => {
    const table = operations as readonly Operation[]
    const known = [...Object.keys(SPENDING), ...Object.values(NOT_SPENDING).flat()]
    expect(known.sort()).toEqual(table.flatMap(({ name, method }) => (method === 'GET' ? [] : [name])).sort())
    const refusable = table.filter(({ errors }) => errors.includes('budget_exceeded')).map(({ name }) => name)
    expect(refusable.sort()).toEqual(Object.keys(SPENDING).sort())
  })

  test.each(Object.entries(SPENDING))('%s is refused under every name of its path', async (name, bodyOf) => {
    const operation = (operations as readonly Operation[]).find((each) => each.name === name)
    const paths = [operation?.path ?? '', ...(operation?.aliases ?? [])]
    const scopes = [{ scope: 'organisation' }, { scope: 'account', scopeId: accountId }]
    for (const scope of scopes)
      await under({ ...scope, metric: 'usd', window: 'total' }, async () => {
        for (const path of paths) {
          const account = path.includes('{id}') ? {} : { accountId }
          const reply = await ask('POST', path.replace('{id}', accountId), bodyOf(account))
          expect([path, reply.status, reply.body.error?.code]).toEqual([path, 429, 'budget_exceeded'])
        }
      })
  })
})

test('what was refused left nothing behind', async () => {
  expect(await expectSettled(turnpike, CREDIT, 'refused')).toEqual([])
  expect((await ask('GET', '/v1/transactions')).body.items.map(({ type }: Json) => type)).not.toContain('debit')
})
