/** In a real browser: what a model charges and why, what a call would cost, and a price that is set and taken back. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Dashboard, openDashboard } from './dashboard-kit.ts'

let opened: Dashboard
let page: Page
beforeAll(async () => {
  opened = await openDashboard({
    yaml: `unpriced: allow
providers: { acme: { type: simulator } }
models: [{ id: acme/free, maxOutputTokens: 100, endpoints: [{ provider: acme, model: exact }] }]`,
  })
  page = opened.page
}, 60_000)
afterAll(() => opened?.close())

const dialog = () => opened.dialog()
const card = (endpoint: string, state: string) =>
  page.getByRole('table', { name: 'Rate cards' }).getByRole('row', { name: new RegExp(`${endpoint}.* ${state}`) })
const calculated = () => page.getByRole('region', { name: 'Calculator' }).locator('data').getAttribute('value')

async function call(
  model = 'openai/gpt-4o-mini',
  key = opened.turnpike.key,
): Promise<{ cost: number; prompt_tokens: number; completion_tokens: number }> {
  const reply = await opened.turnpike.request('/api/v1/chat/completions', {
    key,
    body: { model, max_tokens: 20, messages: [{ role: 'user', content: 'hi' }], usage: { include: true } },
  })
  const text = await reply.text()
  expect([reply.status, text]).toEqual([200, text])
  return (JSON.parse(text) as { usage: Awaited<ReturnType<typeof call>> }).usage
}

test('a model is found, with its prices, their source, and what a call would cost', async () => {
  await opened.visit('Models')
  await page.getByLabel('Find a model').fill('gpt-4o-mini')
  await page.getByRole('link', { name: 'gpt-4o-mini', exact: true }).click()
  await card('simulator/openai/gpt-4o-mini', 'current').getByText('input $0.15').waitFor()
  // 1,000 tokens in and 500 out at 0.15 and 0.60 a million.
  await expect.poll(calculated).toBe('0.00045')
  await page.getByLabel('Of them cached').fill('1000')
  await expect.poll(calculated).toBe('0.000375')
  await page.reload()
  await card('simulator/openai/gpt-4o-mini', 'current').waitFor()
})

test('a price that is set holds for the next call, until it is withdrawn', async () => {
  const before = await call()
  await page.getByRole('button', { name: 'Set price' }).click()
  await dialog().getByLabel('USD a million, input').fill('a lot')
  await dialog().getByRole('button', { name: 'Set price' }).click()
  expect(await dialog().getByRole('alert').textContent()).toContain('decimal')
  await dialog().getByLabel('USD a million, input').fill('1000')
  await dialog().getByLabel('USD a million, output').fill('2000')
  await dialog().getByRole('button', { name: 'Set price' }).click()
  await dialog().waitFor({ state: 'detached' })
  await card('simulator/openai/gpt-4o-mini', 'outranked').first().waitFor()
  const dearer = await call()
  expect(dearer.cost).toBe((dearer.prompt_tokens + 2 * dearer.completion_tokens) / 1000)
  await page.getByRole('button', { name: /^Withdraw/ }).click()
  await dialog().getByRole('button', { name: 'Withdraw' }).click()
  await card('simulator/openai/gpt-4o-mini', 'past').waitFor()
  expect((await call()).cost).toBe(before.cost)
  expect(opened.browser.faults.filter((fault) => !fault.includes('400'))).toEqual([])
})

test('a model without a price is shown with its calls, and is priced in one step from there', async () => {
  // Who pays from an account is not served at an unknown price: the organisation itself is.
  const { operatorKey } = opened.turnpike
  const made = await opened.turnpike.request('/api/admin/keys', { key: operatorKey, body: { name: 'own' } })
  const { secret } = (await made.json()) as { secret: string }
  for (let times = 0; times < 2; times++) await call('acme/free', secret)
  await page.reload()
  const row = page.getByRole('table', { name: 'Unpriced models' }).getByRole('row', { name: /acme\/free acme 2/ })
  await row.getByRole('button', { name: 'Set price' }).click()
  expect(await dialog().getByLabel('Endpoint').inputValue()).toBe('acme/exact')
  await dialog().getByLabel('USD a million, input').fill('1000')
  await dialog().getByLabel('USD a million, output').fill('2000')
  await dialog().getByRole('button', { name: 'Set price' }).click()
  await dialog().waitFor({ state: 'detached' })
  const priced = await call('acme/free', secret)
  expect(priced.cost).toBe((priced.prompt_tokens + 2 * priced.completion_tokens) / 1000)
  // What nobody knew a price of is not shown as free.
  await row.getByRole('link', { name: '2' }).click()
  const charged = page.getByRole('table', { name: 'Requests' }).getByRole('row').last()
  await charged.getByText('— no price').first().waitFor()
})
