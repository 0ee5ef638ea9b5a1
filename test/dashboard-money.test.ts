/** In a real browser: what budgets refused, what moved the credits of an account, and an alert that arrives. */
import type { Page } from 'playwright-core'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Dashboard, openDashboard } from './dashboard-kit.ts'
import { createCustomer } from './gateway-kit.ts'
import { type Receiver, startReceiver } from './receivers.ts'

let opened: Dashboard
let page: Page
let receiver: Receiver
let key: string
beforeAll(async () => {
  receiver = await startReceiver()
  opened = await openDashboard({ yaml: 'webhooks: { allow: ["127.0.0.1"] }' })
  page = opened.page
  key = (await createCustomer(opened.turnpike, 'acme', 5_000_000_000n)).key
}, 60_000)
afterAll(async () => {
  await opened?.close()
  await receiver?.close()
})

const dialog = () => opened.dialog()
const section = (name: string | RegExp) => page.getByRole('region', { name, exact: true })
const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
const closed = () => dialog().waitFor({ state: 'detached' })
const call = () =>
  opened.turnpike.request('/v1/chat/completions', {
    key,
    body: { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] },
  })
const choose = async (label: string, name: string) => {
  await dialog().getByRole('combobox', { name: label }).click()
  await page.getByRole('option', { name, exact: true }).click()
}

test('a webhook is made, tested, verified, and its secret rotated', async () => {
  await opened.visit('Alerts')
  await press('Create channel')
  await dialog().getByLabel('Name').fill('the pager')
  await dialog().getByLabel('URL').fill(receiver.url)
  await dialog().getByRole('button', { name: 'Create' }).click()
  const secret = (await page.getByLabel('Secret of the webhook').textContent()) ?? ''
  await dialog().getByRole('button', { name: 'Done' }).click()
  await press('Test the pager')
  await section('Deliveries')
    .getByRole('row', { name: /the pager.*delivered/ })
    .waitFor()
  const { body, headers } = receiver.received[0] ?? { body: '', headers: {} }
  expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
    type: 'budget.threshold_reached',
    data: { test: true },
  })
  await press('Change the pager')
  await dialog().getByLabel('Name').fill('the other pager')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await closed()
  await press('Rotate secret the other pager')
  await dialog().getByRole('button', { name: 'Rotate' }).click()
  const rotated = page.getByLabel('Secret of the webhook')
  expect(await rotated.textContent()).not.toBe(secret)
  await dialog().getByRole('button', { name: 'Done' }).click()
  // Each try with what was answered to it; and once more.
  const deliveries = section('Deliveries')
  await deliveries.getByRole('button', { name: /^Answers/ }).click()
  await deliveries.getByRole('table', { name: 'Tries' }).getByRole('row', { name: /200/ }).waitFor()
  await deliveries.getByRole('button', { name: /^Resend/ }).click()
  await expect.poll(() => receiver.received.length, { timeout: 10_000, interval: 20 }).toBe(2)
  await page.getByLabel('State').selectOption('failed')
  await page.getByText('None is failed.').waitFor()
  await press('Change low credit')
  await dialog().getByLabel('Balance (credits)').fill('2.5')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await section('Low credit').locator('data[value="2.5"]').waitFor()
})

test('a budget tells of its thresholds and refusals, which stay in its history', async () => {
  await opened.visit('Budgets')
  await press('Create budget')
  await dialog().getByLabel('Name').fill('a sip')
  await choose('Counts', 'requests')
  await dialog().getByLabel('Limit').fill('1')
  await choose('Window', 'an hour')
  await dialog().getByLabel('Tell at (percent)').fill('50, 100')
  await dialog().getByRole('combobox', { name: 'Time zone' }).fill('Asia/Kathmandu')
  await dialog().getByLabel('Name').click()
  await dialog().getByRole('button', { name: 'Create' }).click()
  await closed()
  expect((await call()).status).toBe(200)
  expect((await call()).status).toBe(429)
  await page.reload()
  const row = page.getByRole('row', { name: /a sip/ })
  await row.first().getByText('used up, refuses').waitFor()
  await row.first().getByText('Asia/Kathmandu').waitFor()
  await section('History')
    .getByRole('row', { name: /a sip.*first refusal/ })
    .waitFor()
  await page.getByLabel('Show').selectOption('Thresholds met')
  await section('History')
    .getByRole('row', { name: /a sip.*50 % and 100 % met/ })
    .waitFor()
  await page.reload()
  await section('History')
    .getByRole('row', { name: /a sip.*50 % and 100 % met/ })
    .waitFor()
  await press('Change a sip')
  await dialog().getByLabel('Limit (requests)').fill('1000')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await closed()
  expect((await call()).status).toBe(200)
})

test('the statement of a month goes from what there was to what is left, to the last digit', async () => {
  await opened.visit('Accounts')
  await page.getByRole('main').getByRole('link', { name: 'acme' }).click()
  await press('Deduct')
  await dialog().getByLabel('Amount (credits)').fill('0.123456789')
  await dialog().getByRole('button', { name: 'Deduct credits' }).click()
  await closed()
  await page.getByLabel('Month').fill(new Date().toISOString().slice(0, 7))
  const statement = page.getByRole('table', { name: 'Statement' })
  const amountOf = (name: string) =>
    statement
      .getByRole('row', { name: new RegExp(`^${name}`) })
      .locator('data')
      .getAttribute('value')
  expect(await amountOf('Opening balance')).toBe('0')
  expect(await amountOf('grant')).toBe('5')
  expect(await amountOf('debit')).toBe('-0.123456789')
  const { body } = await balance()
  expect(await amountOf('Closing balance')).toBe(body.decimal.balance)
  expect(new URL(page.url()).searchParams.get('month')).toMatch(/^\d{4}-\d\d$/)
  await page.emulateMedia({ media: 'print' })
  expect(await section('Transactions').isVisible()).toBe(false)
  expect(await statement.isVisible()).toBe(true)
  await page.emulateMedia({ media: null })
  // A month before anything moved: what there was is what is left.
  await page.getByLabel('Month').fill('2020-01')
  await expect.poll(() => amountOf('Closing balance')).toBe('0')
  await page.getByLabel('Month').fill('')
})

test('a charge shows its entries and leads to its call', async () => {
  const row = section('Transactions').getByRole('row', { name: /usage/ }).first()
  await row.getByRole('button', { name: /^Details/ }).click()
  const entries = page.getByRole('table', { name: 'Entries' })
  const amounts = await entries.locator('data').evaluateAll((all) => all.map((one) => one.getAttribute('value')))
  expect(amounts).toHaveLength(2)
  expect(amounts[0]).toBe(`-${amounts[1]}`)
  await page.getByRole('table', { name: 'Usage' }).getByRole('link').click()
  await page.waitForURL(/\/requests\/gen-/)
  // And back from the call to what it moved, with the same entries.
  const charged = section('Who was charged')
  const id = (await charged.locator('a[href*="transaction="]').textContent()) ?? ''
  await charged.getByRole('table', { name: 'Entries' }).waitFor()
  await charged.getByRole('link', { name: id }).click()
  await section(`Transaction ${id}`).getByRole('table', { name: 'Entries' }).waitFor()
  expect(await section(`Transaction ${id}`).getByRole('link').getAttribute('href')).toContain('/requests/gen-')
  await section(`Transaction ${id}`).getByRole('button', { name: 'Close' }).click()
  await section(`Transaction ${id}`).waitFor({ state: 'detached' })
})

test('a charge out of a reservation shows what was set aside, until when, and what was taken of it', async () => {
  const { turnpike } = opened
  const post = async (path: string, body: object) => {
    const reply = await turnpike.request(path, { key: turnpike.operatorKey, body })
    return (await reply.json()) as { reservation: { id: string } }
  }
  const { reservation } = await post('/v1/reservations', { externalId: 'acme', amount: '1.25', ttlSeconds: 600 })
  await post(`/v1/reservations/${reservation.id}/confirm`, { actualAmount: '0.5' })
  await page.reload()
  await section('Transactions')
    .getByRole('button', { name: /^Details/ })
    .first()
    .click()
  const reserved = section('Reservation')
  await reserved.getByText(reservation.id).waitFor()
  const amounts = await reserved.locator('data').evaluateAll((all) => all.map((one) => one.getAttribute('value')))
  expect(amounts).toEqual(['1.25', '0.5'])
  expect(await reserved.locator('time').count()).toBe(2)
  await reserved.getByText('confirmed').waitFor()
})

test('a frozen account pays for nothing until it is opened again', async () => {
  for (const [verb, status] of [
    ['Freeze', 403],
    ['Open', 200],
  ] as const) {
    await press(verb)
    await dialog()
      .getByRole('button', { name: `${verb} account` })
      .click()
    await closed()
    await expect.poll(async () => (await call()).status).toBe(status)
  }
  await press('Change')
  await dialog().getByLabel('Overdraft (credits)').fill('-1')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().getByRole('alert').waitFor()
  await dialog().getByLabel('Overdraft (credits)').fill('1.5')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await closed()
  const { body } = await balance()
  expect(body.decimal.available).not.toBe(body.decimal.balance)
  expect(opened.browser.faults.filter((fault) => !/4(?:00|22)/.test(fault))).toEqual([])
})

async function balance() {
  const { turnpike } = opened
  const reply = await turnpike.request('/v1/accounts/balance?externalId=acme', { key: turnpike.operatorKey })
  return { body: (await reply.json()) as { decimal: Record<string, string> } }
}
