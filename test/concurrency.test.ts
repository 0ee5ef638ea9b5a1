/** F5: whatever comes at the same instant, no more is admitted than the money covers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accountOf,
  chat,
  createCustomer,
  eventually,
  expectSettled,
  limitKey,
  OPENAI,
  OPENROUTER,
} from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
})
afterAll(() => turnpike.close())

const MODEL = 'openai/gpt-4o-mini'
/** Texts of equal length, so that all quotes are equal. */
const whole = JSON.stringify(chat(MODEL, { max_tokens: 50, stream: false }))
const streamed = JSON.stringify(chat(MODEL, { max_tokens: 50, stream: true })).replace(
  '"stream":true',
  '"stream": true',
)

type Answer = { status: number; text: string }

/** So many calls at once, every answer held back upstream until each was admitted or refused. */
async function rush(
  key: string,
  path: string,
  calls: number,
  admitted: number,
  held?: () => Promise<void>,
): Promise<Answer[]> {
  const script = turnpike.simulator.script('gpt-4o-mini', ['gate', 'answer'])
  let refused = 0
  const answers = Array.from({ length: calls }, async (_, index): Promise<Answer> => {
    const reply = await turnpike.request(path, { key, body: index % 2 === 0 ? whole : streamed })
    if (reply.status !== 200) refused++
    return { status: reply.status, text: await reply.text() }
  })
  await Promise.all([script.waiting(admitted), eventually(() => (refused === calls - admitted ? true : undefined))])
  await held?.()
  expect(script.played()).toBe(admitted)
  script.release()
  const all = await Promise.all(answers)
  script.stop()
  return all
}

/** What one of these calls reserves, as the refusal tells it. */
async function quoteNanos(): Promise<bigint> {
  const { key } = await createCustomer(turnpike, `asks-${turnpike.server.gateway.store.ids.next().code}`, 0n)
  const reply = await turnpike.request(OPENAI, { key, body: whole })
  const { error } = (await reply.json()) as { error: { details: { needed: number } } }
  expect(reply.status).toBe(402)
  return BigInt(Math.round(error.details.needed * 1e9))
}

test('a thousand calls at once on credit for a hundred: exactly a hundred are served, and the balance says so', async () => {
  const quote = await quoteNanos()
  expect(quote).toBeGreaterThan(0n)
  const credit = quote * 100n + quote / 2n
  const customer = await createCustomer(turnpike, 'rush', credit)
  const answers = await rush(customer.key, OPENAI, 1000, 100, async () => {
    expect((await accountOf(turnpike, 'rush')).reserved_nanos).toBe(quote * 100n)
  })
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(100)
  const refused = answers.filter(({ status }) => status === 402)
  expect(refused).toHaveLength(900)
  for (const { text } of refused) {
    expect(text).toMatch(
      /This request requires more credits, or fewer max_tokens\. You requested up to 50 tokens, but can only afford \d+\. To increase, add credits\./,
    )
  }
  const records = await expectSettled(turnpike, credit, 'rush')
  expect(records).toHaveLength(100)
  expect(records.every(({ charge_nanos }) => (charge_nanos ?? 0n) > 0n)).toBe(true)
})

describe("a key's own limit holds the same", () => {
  const cases = [
    [OPENAI, 0n, 429],
    [OPENROUTER, 0n, 403],
    [OPENAI, 1n, 429],
    [OPENROUTER, 1n, 402],
  ] as const
  for (const [path, spare, status] of cases)
    test(`${path} ${spare === 0n ? 'used up to the last nano' : 'with less left than a call needs'}: ${status}`, async () => {
      const quote = await quoteNanos()
      const name = `limited ${path} ${spare}`
      const credit = quote * 1000n
      const customer = await createCustomer(turnpike, name, credit)
      const budgetId = await limitKey(turnpike, customer, quote * 20n + spare, 'month')
      const answers = await rush(customer.key, path, 120, 20)
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(20)
      const refused = answers.filter((answer) => answer.status === status)
      expect(refused).toHaveLength(100)
      const { error } = JSON.parse(refused[0]?.text ?? '') as {
        error: { code: unknown; message: string; metadata?: { error_type: string } }
      }
      if (path === OPENAI) expect(error.code).toBe('budget_exceeded')
      else
        expect(error).toMatchObject({
          code: status,
          metadata: { error_type: spare === 0n ? 'budget_exceeded' : 'payment_required' },
        })
      if (spare === 0n)
        expect(error.message).toBe('Key limit exceeded (monthly limit). Manage it on the keys page of the dashboard.')
      else expect(error.message).toMatch(/can only afford 0\. To increase, raise the limit of this key\.$/)
      const records = await expectSettled(turnpike, credit, name)
      expect(records).toHaveLength(20)
      const { store } = turnpike.server.gateway
      const counters = await store.rows(
        store.sql.selectFrom('budget_counters').selectAll().where('budget_id', '=', budgetId),
      )
      expect(counters).toMatchObject([
        { reserved: 0n, spent: records.reduce((sum, { charge_nanos }) => sum + (charge_nanos ?? 0n), 0n) },
      ])
    })
})
