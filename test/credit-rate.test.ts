/** What one credit is worth, over HTTP: what is written keeps its price, what is owned is dollars. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyLedger } from '../src/jobs/verify.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let folder: string
let turnpike: Turnpike
let running = false

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-rate-'))
})
afterEach(async () => {
  expect(await verifyLedger(turnpike.server.gateway.store)).toEqual([])
  await turnpike.stop()
  running = false
  rmSync(folder, { recursive: true, force: true })
})

/** The same data with another price of a credit. */
async function startAt(creditUsd: string): Promise<void> {
  if (running) await turnpike.stop()
  turnpike = await startTurnpike({ folder, yaml: `billing:\n  creditUsd: "${creditUsd}"\n` })
  running = true
}

// biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
type Body = any

async function send(path: string, body?: object, headers: Record<string, string> = {}): Promise<Body> {
  const reply = await turnpike.request(path, { key: turnpike.operatorKey, headers, ...(body ? { body } : {}) })
  return reply.json()
}
const codeOf = (body: Body) => body.error?.code ?? 'fine'
const customer = { externalId: 'customer' }
const add = (amount: number | string, headers?: Record<string, string>) =>
  send('/v1/accounts/credits/add', { ...customer, amount, description: 'in' }, headers)
const amountsOf = async () =>
  (await send('/v1/transactions?externalId=customer')).items.map((each: Body) => [
    each.kind,
    each.amount,
    each.amountUsd,
    each.balanceAfter,
  ])
const balance = async () => (await send('/v1/accounts/balance?externalId=customer')).balance

describe('a changed price of a credit', () => {
  test('alters what is shown of a balance and nothing that was written', async () => {
    await startAt('0.01')
    await send('/v1/accounts', { name: 'C', ...customer })
    const added = await add(1_000, { 'idempotency-key': 'add' })
    const deducted = await send('/v1/accounts/credits/deduct', { ...customer, amount: 100, description: 'out' })
    const held = await send('/v1/reservations', { ...customer, amount: 200 }, { 'idempotency-key': 'hold' })
    const open = held.reservation
    const before = await amountsOf()
    expect(before).toEqual([
      ['debit', 100, 1, 900],
      ['grant', 1_000, 10, 1_000],
    ])
    await startAt('0.05')
    expect(await balance()).toBe(180)
    expect(await amountsOf()).toEqual(before)
    expect((await send(`/v1/reservations/${open.id}`)).reservation.amount).toBe(200)
    expect(await add(1_000, { 'idempotency-key': 'add' })).toEqual(added)
    expect(await send('/v1/reservations', { ...customer, amount: 200 }, { 'idempotency-key': 'hold' })).toEqual(held)

    const confirmed = await send(`/v1/reservations/${open.id}/confirm`, { actualAmount: 150 })
    expect(confirmed).toMatchObject({ charged: 150, released: 50, balance: { balance: 750 } })
    expect(await balance()).toBe(150)
    await send(`/v1/transactions/${deducted.transactionId}/refund`, { amount: 60, reason: 'sorry' })
    const tooMuch = await send(`/v1/transactions/${deducted.transactionId}/refund`, { amount: 60, reason: 'more' })
    expect(tooMuch.error.details).toEqual({ refundable: 40 })
    await add(10)
    expect(await amountsOf()).toEqual([
      ['grant', 10, 0.5, 172],
      ['refund', 60, 0.6, 810],
      ['usage', 150, 1.5, 750],
      ...before,
    ])
    expect((await send('/v1/grants?externalId=customer')).grants.map((each: Body) => each.remaining)).toEqual([10, 162])
    await startAt('1')
    expect(await balance()).toBe(8.6)
    await add(1)
    expect((await amountsOf())[0]).toEqual(['grant', 1, 1, 9.6])
    expect((await amountsOf()).slice(3)).toEqual([['usage', 150, 1.5, 750], ...before])
  })

  test('is what a call of the gateway is written with', async () => {
    await startAt('0.001')
    const call = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 }
    await turnpike.request('/v1/chat/completions', { body: call })
    const { items } = await send('/v1/transactions?externalId=demo&limit=1')
    expect(items[0]).toMatchObject({ kind: 'usage', amount: Number((items[0].amountUsd * 1000).toFixed(9)) })
    expect(items[0].amount).toBeGreaterThan(0)
  })
})

describe('the most that one amount can be', () => {
  test.each([
    ['0.000001', '1000000000000000', '1000000000000001', '0.0001'],
    ['1000', '1000000', '1000000.000001', '0.0000000000001'],
  ])('is a billion dollars, whatever a credit is worth: at %s USD %s credits', async (rate, most, more, broken) => {
    await startAt(rate)
    await send('/v1/accounts', { name: 'C', ...customer })
    expect(codeOf(await add(more))).toBe('invalid_amount')
    expect(codeOf(await add(broken))).toBe('invalid_amount')
    expect(await add(most)).toMatchObject({ added: Number(most), decimal: { added: most } })
    const refused = await send('/v1/reservations', { ...customer, amount: more })
    expect(refused.error).toMatchObject({ code: 'invalid_amount', param: 'amount' })
    expect(codeOf(await send('/v1/reservations', { ...customer, amount: most }))).toBe('fine')
    expect((await amountsOf())[0]).toEqual(['grant', Number(most), 1e9, Number(most)])
  })
})
