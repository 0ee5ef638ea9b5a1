/** Whatever is sent to the credits API is answered below 500, and what is refused has written nothing. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountOperations } from '../src/contract/account-operations.ts'
import type { Operation } from '../src/contract/operation.ts'
import { reservationOperations } from '../src/contract/reservation-operations.ts'
import { transactionOperations } from '../src/contract/transaction-operations.ts'
import { usageOperations } from '../src/contract/usage-operations.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { type Api, openApi } from './api-kit.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }
const numRuns = 40

const operations: readonly Operation[] = [
  ...accountOperations,
  ...reservationOperations,
  ...transactionOperations,
  ...usageOperations,
]

let api: Api
/** What is there to be named; every member of a body by its name, with a value that is fine. */
let known: Record<string, unknown>

beforeAll(async () => {
  api = await openApi()
  const post = async (path: string, body: object) => (await api.request('POST', path, api.operator, body)).body
  const externalId = 'victim'
  const { account } = await post('/v1/accounts', { name: 'V', externalId })
  const { grantId } = await post(`/v1/accounts/${account.id}/credits`, { amount: 1_000, description: 'start' })
  const { transactionId } = await post(`/v1/accounts/${account.id}/debits`, { amount: 10, description: 'out' })
  const { reservation } = await post('/v1/reservations', { externalId, amount: 10 })
  const { plan } = await post('/v1/plans', { name: 'P', amount: 1, interval: 'month' })
  known = {
    ...{ accountId: account.id, externalId, transactionId, grantId, reservationId: reservation.id, planId: plan.id },
    ...{ amount: 1, actualAmount: 1, description: 'd', reason: 'r', name: 'N', type: 'debit', interval: 'month' },
    ...{ context: 'system', modelId: 'gpt-4o', usageType: 'text', inputTokens: 1, outputTokens: 1, ttlSeconds: 10 },
  }
})
afterAll(async () => {
  expect(await verifyLedger(api.turnpike.server.gateway.store)).toEqual([])
  await api.close()
})

const TABLES = [
  ...(['accounts', 'grants', 'transactions', 'reservations', 'ended_reservations', 'usage_records'] as const),
  ...(['idempotency', 'plans', 'plan_assignments', 'rollups'] as const),
] as const

/** Every row of every table that a request could have touched, but for how far the clock of an account has come. */
async function written(): Promise<string> {
  const { store } = api.turnpike.server.gateway
  const rows = await Promise.all(TABLES.map((name) => store.rows(store.sql.selectFrom(name).selectAll())))
  const text = (row: object) =>
    JSON.stringify(row, (name, value) =>
      name === 'last_at' ? undefined : typeof value === 'bigint' ? String(value) : value,
    )
  // A database gives them in whatever order it likes.
  return JSON.stringify(rows.map((each) => each.map(text).sort()))
}

const texts = fc.constantFrom(
  ...[
    '',
    ' ',
    'NaN',
    'Infinity',
    '1e3',
    '-1',
    '+1',
    '0x10',
    '١',
    '1'.repeat(60),
    'x'.repeat(5_000),
    '\u0000',
    '\ud800',
  ],
  ...['__proto__', "'; DROP TABLE accounts; --", '%00', '../../etc/passwd', '2026-02-30', '9999-12-31T23:59:60Z', '💸'],
  ...['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '0000-01-01T00:00:00Z', 'acc_00000000000000000000'],
)
const numbers = fc.constantFrom(
  ...[-1, -0, 0, 0.1 + 0.2, 1e-9, 1e-10, 5e-324, 1.5, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 1e12, 1e12 + 1, 1e18, 1.79e308],
)
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  texts,
  numbers,
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { toString: 1 }, { length: 1e9 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** Members that are fine but for some; members of other operations; and bodies that are nothing like one. */
const bodyOf = (operation: Operation): fc.Arbitrary<unknown> => {
  const names = Object.keys(operation.body?.shape ?? {})
  const spoiled = fc
    .tuple(
      fc.subarray(names),
      fc.dictionary(fc.constantFrom(...names, 'usage', '__proto__', 'Amount', 'id'), hostile, { maxKeys: 3 }),
    )
    .map(([kept, bad]) => ({
      ...Object.fromEntries(kept.flatMap((name) => (name in known ? [[name, known[name]]] : []))),
      ...bad,
    }))
  return fc.oneof({ arbitrary: spoiled, weight: 8 }, { arbitrary: hostile, weight: 1 })
}

const segment = fc.oneof(texts, fc.string({ maxLength: 30 })).filter((text) => text.isWellFormed())
const IDS: readonly [path: string, name: string][] = [
  ['/v1/accounts/', 'accountId'],
  ['/v1/reservations/', 'reservationId'],
  ['/v1/transactions/', 'transactionId'],
  ['/v1/grants/', 'grantId'],
  ['/v1/plans/', 'planId'],
]

const idFor = (path: string) => String(known[IDS.find(([start]) => path.startsWith(start))?.[1] ?? ''] ?? 'x')

const queryOf = (operation: Operation) =>
  fc.dictionary(
    fc.constantFrom(...Object.keys(operation.query?.shape ?? {}), 'x'),
    fc.oneof(segment, numbers.map(String)),
    {
      maxKeys: 3,
    },
  )

async function attack(operation: Operation, path: string, body: unknown): Promise<void> {
  const before = await written()
  const { method } = operation
  const reply = await api.request(
    method,
    path,
    api.operator,
    method === 'GET' ? undefined : (JSON.stringify(body) ?? 'x'),
  )
  const label = `${method} ${path} ${JSON.stringify(body)} → ${reply.text.slice(0, 500)}`
  expect(reply.status, label).toBeLessThan(500)
  expect(api.faults.splice(0), label).toEqual([])
  if (reply.status < 400 && method !== 'GET') return
  if (reply.status >= 400) expect(typeof reply.body.error.code, label).toBe('string')
  expect(await written(), label).toBe(before)
}

describe('hostile requests', () => {
  for (const operation of operations)
    test(`${operation.name}: nothing breaks it, and what it refuses has written nothing`, async () => {
      const paths = [operation.path, ...(operation.aliases ?? [])]
      const where = fc.record({ path: fc.constantFrom(...paths), id: fc.oneof(fc.constant(undefined), segment) })
      await fc.assert(
        fc.asyncProperty(where, queryOf(operation), bodyOf(operation), async ({ path, id }, query, body) => {
          const named = path.replace('{id}', id === undefined ? idFor(path) : encodeURIComponent(id))
          const search = new URLSearchParams(query).toString()
          await attack(operation, search && operation.query ? `${named}?${search}` : named, body)
        }),
        { numRuns, ...seed },
      )
    })

  test.each(['/v1/accounts/%zz', '/v1/accounts/%', `/v1/grants/${'x'.repeat(600)}/void`])(
    'a path that names nothing is answered in the shape of every error: %s',
    async (path) => {
      for (const url of [api.url, api.turnpike.url]) {
        const reply = await fetch(url + path, { headers: { authorization: `Bearer ${api.operator}` } })
        const { error, request_id } = (await reply.json()) as { error: { code: string }; request_id: string }
        expect([reply.status, error.code, request_id]).toEqual([404, 'not_found', reply.headers.get('x-request-id')])
      }
    },
  )

  test.each(['{"__proto__":{}}', '{', '[1', 'x'])('whatever its body is: %s', async (body) => {
    const headers = { authorization: `Bearer ${api.operator}`, 'content-type': 'application/json' }
    for (const url of [api.url, api.turnpike.url]) {
      const reply = await fetch(`${url}/v1/plans/archive`, { method: 'POST', headers, body })
      const { error } = (await reply.json()) as { error: { code: string } }
      expect([reply.status, error.code]).toEqual([404, 'not_found'])
    }
  })

  test.each(['1e400', '-1e400', '1E+400', '99999999999999999999999999', '0.0000000001', '9007199254740993'])(
    'an amount of %s in JSON is refused, and nothing is written',
    async (amount) => {
      const before = await written()
      const reply = await api.request(
        'POST',
        '/v1/reservations',
        api.operator,
        `{"externalId":"victim","amount":${amount}}`,
      )
      expect([reply.status, reply.body.error.code]).toEqual([422, 'invalid_amount'])
      expect(await written()).toBe(before)
    },
  )
})
