/** The built dashboard in a real browser, against the real server, with calls made through it. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sumOf } from '../sdk/src/decimal.ts'
import { type Browser, openBrowser } from './browser.ts'
import { buildDashboard, expectAccessible } from './dashboard-kit.ts'
import { chat, OPENAI } from './gateway-kit.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const PASSWORD = 'correct horse battery'
/** Of a machine that is busy. */
const SOON = { timeout: 10_000, interval: 20 }

let turnpike: Turnpike
let browser: Browser
let page: Page
const hosts = new Set<string>()
/** Exact, and as the ledger has it. */
let charged: string
let dearest: string

beforeAll(async () => {
  buildDashboard()
  turnpike = await startTurnpike()
  const costs = [await costOf('gpt-4o-mini'), await costOf('gpt-4o')]
  charged = sumOf(costs)
  dearest = costs[1] ?? ''
  browser = await openBrowser()
  page = browser.page
  page.setDefaultTimeout(10_000)
  page.on('request', (request) => void hosts.add(new URL(request.url()).origin))
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await turnpike?.close()
})

test('who is not signed in is led to the log-in, and back to nowhere else', async () => {
  await page.goto(`${turnpike.url}/usage?range=Today`)
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/login')
  await expectAccessible(page)
  await page.getByLabel('E-mail').fill('olga@example.com')
  await page.locator('input[name=password]').fill('not her password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').filter({ hasText: 'could not be signed in' }).waitFor()
})

test('the link of a first start signs in, and Usage shows what the ledger charged', async () => {
  await page.goto(`${turnpike.url}${turnpike.server.setupPath}`)
  await page.getByLabel('Name').fill('Olga')
  await page.getByLabel('E-mail').fill('olga@example.com')
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  expect(await headline()).toBe(charged)
  expect(await ledgerCharge()).toBe(charged)
  await expectAccessible(page)
})

test('filters narrow the headline and the CSV alike, and a copied link shows the same', async () => {
  await page.getByRole('combobox', { name: 'Model' }).selectOption('openai/gpt-4o')
  await page.waitForURL(/model=/)
  await expect.poll(headline, SOON).toBe(dearest)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ])
  const [head = '', ...rows] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split(/\r?\n/)
  const column = head.split(',').indexOf('chargeUsd')
  expect(sumOf(rows.map((row) => row.split(',')[column] ?? ''))).toBe(dearest)
  await page.reload()
  await expect.poll(headline, SOON).toBe(dearest)
  await page.getByRole('combobox', { name: 'Range' }).selectOption('Yesterday')
  await page.getByText('No call matches').waitFor()
  await page.goBack()
  await expect.poll(headline, SOON).toBe(dearest)
})

test('Requests leads to a call whose line items add up to its charge', async () => {
  const navigation = page.getByRole('navigation')
  await navigation.getByRole('link', { name: 'Requests' }).click()
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor()
  const rows = page.getByRole('table', { name: 'Requests' }).locator('tbody tr')
  // What Usage was narrowed to goes along.
  await expect.poll(() => rows.count(), SOON).toBe(1)
  await page.getByRole('combobox', { name: 'Model' }).selectOption({ label: 'All' })
  await expect.poll(() => rows.count(), SOON).toBe(2)
  await expectAccessible(page)
  await rows
    .filter({ hasText: /gpt-4o(?!-mini)/ })
    .getByRole('link')
    .click()
  const items = page.getByRole('table', { name: 'Line items' })
  await items.waitFor()
  const values = await items.locator('tbody tr td:last-child data').evaluateAll(valuesOf)
  expect(values.length).toBeGreaterThan(1)
  expect(sumOf(values)).toBe(dearest)
  await expectAccessible(page)
})

test.each(['Keys', 'Budgets', 'Accounts', 'Alerts', 'Models', 'Settings'])(
  '%s is a screen of its own that everybody can use, in the dark too',
  async (name) => {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.waitForLoadState('networkidle')
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    await expectAccessible(page)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expectAccessible(page)
    await page.emulateMedia({ colorScheme: 'light' })
  },
)

test('Log out ends the session; nothing was asked of another host, and nothing failed on the way', async () => {
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor()
  await page.goto(`${turnpike.url}/requests`)
  await page.waitForURL(/\/login/)
  // Wherever an address says to go on to, one stays here.
  for (const then of ['/.//evil.example/x', '//evil.example/x', '/\\evil.example/x', 'https://evil.example/x']) {
    await page.goto(`${turnpike.url}/login?then=${encodeURIComponent(then)}`)
    await page.getByLabel('E-mail').fill('olga@example.com')
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL((url) => url.pathname !== '/login')
    expect([then, new URL(page.url()).origin]).toEqual([then, turnpike.url])
  }
  expect([...hosts]).toEqual([turnpike.url])
  // What was refused or not there on purpose above is logged by the browser itself.
  expect(browser.faults.filter((fault) => !/401 \(Unauthorized\)|404 \(Not Found\)/.test(fault))).toEqual([])
})

/** As `npm ci` does it, where that was not done. */
async function costOf(model: string): Promise<string> {
  const response = await turnpike.request(OPENAI, { body: chat(model) })
  expect(response.status).toBe(200)
  await response.text()
  return response.headers.get('x-turnpike-cost') ?? ''
}

async function ledgerCharge(): Promise<string> {
  const { store } = turnpike.server.gateway
  const rows = await store.rows(store.sql.selectFrom('usage_records').select('charge_nanos'))
  return sumOf(rows.map(({ charge_nanos }) => `${charge_nanos}e-9`))
}

async function headline(): Promise<string | null> {
  return page.locator('#headline data').getAttribute('value')
}

const valuesOf = (elements: readonly { getAttribute(name: string): string | null }[]): string[] =>
  elements.map((element) => element.getAttribute('value') ?? '')
