/** Usage in a real browser, over a random history: whatever the address says, the page shows what the API has, to the nano. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readable, rounded } from '../dashboard/src/amount-text.ts'
import { sumOf } from '../sdk/src/decimal.ts'
import { type Dashboard, expectAccessible, openDashboard } from './dashboard-kit.ts'
import { createOwners, happened, MODELS, type Owners, write } from './usage-history.ts'

const { FC_SEED } = process.env
const seed = FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }
const DAY = 86_400_000
const QUARTER = 900_000
const SOON = { timeout: 10_000, interval: 20 }

let dashboard: Dashboard
let page: Page
let owners: Owners
/** The browser's clock stands still, so that no day and no quarter hour ends within a test. */
let now: number

beforeAll(async () => {
  dashboard = await openDashboard()
  page = dashboard.page
  const { turnpike } = dashboard
  const { store } = turnpike.server.gateway
  now = store.now()
  await page.clock.setFixedTime(now)
  owners = await createOwners({ store, turnpike })
  // Up to this day, and on into the next.
  const from = Math.floor((now - 44 * DAY) / QUARTER) * QUARTER
  await write({ store, turnpike }, owners, fc.sample(happened(from), { numRuns: 400, ...seed }))
}, 60_000)
afterAll(() => dashboard?.close())

/** Without loading the page anew, as a link of its own would. */
const open = (search: string) => page.evaluate(`history.pushState(null, '', ${JSON.stringify(`/usage?${search}`)})`)
const load = (search: string) => page.goto(`${dashboard.turnpike.url}/usage?${search}`)
const headline = () => page.locator('#headline data').getAttribute('value')
const day = (days: number) => new Date(now - days * DAY).toISOString().slice(0, 10)

type Report = {
  totals: { requests: number; errors: number; decimal: Record<string, string> }
  buckets: { start: string; decimal: Record<string, string> }[]
}
async function report(query: Record<string, string>): Promise<Report> {
  const words = new URLSearchParams({ timeZone: 'UTC', ...query })
  const reply = await dashboard.turnpike.request(`/api/admin/usage?${words}`, { key: dashboard.turnpike.operatorKey })
  expect(reply.status).toBe(200)
  return (await reply.json()) as Report
}
const chargeOf = async (query: Record<string, string>) => (await report(query)).totals.decimal.chargeUsd

const values = (selector: string) =>
  page.locator(selector).evaluateAll((all) => all.map((each) => each.getAttribute('value') ?? ''))

const month = () => last(30)
type Case = readonly [what: string, search: () => string, query: () => Record<string, string>]
const CASES: readonly Case[] = [
  ['the usual 30 days', () => '', () => last(30)],
  ['a key', () => `key=${keyHash()}`, () => ({ from: day(29), to: day(0), api_key: keyHash() })],
  ['calls without a key', () => 'key=', () => ({ ...last(30), api_key: '' })],
  ['a model, grouped by key', () => `model=${MODELS[0]}&by=api_key`, () => ({ ...last(30), model: MODELS[0] })],
  ['a provider, this week', () => 'provider=other&range=Last 7 days', () => ({ ...last(7), provider: 'other' })],
  ['own days', () => `range=Custom&from=${day(20)}&to=${day(11)}`, () => ({ from: day(20), to: day(11) })],
  [
    'all of them',
    () => `key=${keyHash()}&model=${MODELS[1]}&provider=acme&range=Custom&from=${day(40)}&to=${day(1)}`,
    all,
  ],
]
const last = (days: number) => ({ from: day(days - 1), to: day(0) })
const keyHash = () => owners.keys[0]?.hash ?? ''
function all() {
  return { from: day(40), to: day(1), api_key: keyHash(), model: MODELS[1], provider: 'acme' }
}

test.each(CASES)('%s: headline, rows, CSV and API come to the same', async (_what, search, query) => {
  const expected = await chargeOf(query())
  await open(`${search()}&all=yes`)
  await expect.poll(headline, SOON).toBe(expected)
  if (expected === '0') return
  const table = page.getByRole('table', { name: /^Usage by/ })
  expect(sumOf(await table.locator('tbody td:nth-child(2) data').evaluateAll(valuesOf))).toBe(expected)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ])
  const [head = '', ...rows] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n')
  const column = head.split(',').indexOf('chargeUsd') - head.split(',').length
  expect(sumOf(rows.map((row) => row.split(',').at(column) ?? ''))).toBe(expected)
})

const valuesOf = (elements: readonly { getAttribute(name: string): string | null }[]): string[] =>
  elements.map((element) => element.getAttribute('value') ?? '')

test('filters are chosen in the page as well, and each choice is a step back', async () => {
  await open('')
  await expect.poll(headline, SOON).toBe(await chargeOf(month()))
  await page.getByRole('combobox', { name: 'Model' }).selectOption(MODELS[2])
  const narrowed = await chargeOf({ ...month(), model: MODELS[2] })
  await expect.poll(headline, SOON).toBe(narrowed)
  await page.getByRole('combobox', { name: 'Range' }).selectOption('Last 7 days')
  await expect.poll(headline, SOON).toBe(await chargeOf({ ...last(7), model: MODELS[2] }))
  await page.goBack()
  await expect.poll(headline, SOON).toBe(narrowed)
  await page.goBack()
  await expect.poll(headline, SOON).toBe(await chargeOf(month()))
  await page.goForward()
  await expect.poll(headline, SOON).toBe(narrowed)
})

test('a change is against as many days before; of a day that still runs, against as much of that day', async () => {
  const soFar = Math.ceil(now / QUARTER) * QUARTER
  const cases = [
    ['Yesterday', { from: day(1), to: day(1) }, { from: day(2), to: day(2) }],
    ['Last 7 days', last(7), { from: day(13), to: new Date(soFar - 7 * DAY).toISOString() }],
  ] as const
  for (const [range, span, before] of cases) {
    await open(`range=${range}`)
    const [is, was] = [await chargeOf(span), await chargeOf(before)]
    await expect.poll(headline, SOON).toBe(is)
    await expect
      .poll(() => values('section[aria-label=Sums] > :first-child > span data'), SOON)
      .toContainEqual(sumOf([is ?? '', `-${was}`]))
  }
})

test('keys lead through screens and time, and are letters while somebody types', async () => {
  await load('range=Last 7 days')
  await expect.poll(headline, SOON).toBe(await chargeOf(last(7)))
  await page.keyboard.press('[')
  await expect.poll(headline, SOON).toBe(await chargeOf({ from: day(13), to: day(7) }))
  await page.keyboard.press(']')
  await expect.poll(headline, SOON).toBe(await chargeOf(last(7)))
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('gu?')
  expect(await page.getByLabel('Find by id').inputValue()).toBe('gu?')
  await page.keyboard.press('Tab')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('a zone that is chosen cuts the days anew, on every screen, and stays in the address', async () => {
  await open('as=table')
  const times = () => page.getByRole('table', { name: /^Charged by Model/ }).locator('tbody tr')
  const amounts = async () =>
    Promise.all((await times().all()).map(async (row) => sumOf(await row.locator('td data').evaluateAll(valuesOf))))
  const inZone = async (timeZone: string, { from, to }: { from: string; to: string }) =>
    (await report({ timeZone, from, to, bucket: 'day' })).buckets.map(({ decimal }) => decimal.chargeUsd)
  await expect.poll(amounts, SOON).toEqual(await inZone('UTC', month()))
  const zone = 'Pacific/Kiritimati'
  await page.getByRole('combobox', { name: 'Time zone' }).selectOption(zone)
  const there = (days: number) => new Date(now - days * DAY + 14 * 3_600_000).toISOString().slice(0, 10)
  const shifted = await inZone(zone, { from: there(29), to: there(0) })
  await expect.poll(amounts, SOON).toEqual(shifted)
  await page.reload()
  await expect.poll(amounts, SOON).toEqual(shifted)
  await page
    .getByText(new RegExp(`As of \\d\\d:\\d\\d:\\d\\d · 0 calls in flight\\. Times and days in ${zone}\\.`))
    .waitFor()
  await dashboard.visit('Keys')
  expect(await page.getByRole('combobox', { name: 'Time zone' }).inputValue()).toBe(zone)
  expect(new URL(page.url()).searchParams.get('zone')).toBe(zone)
})

test('a copied link shows the same bars, made of the same, as wide', async () => {
  await open('')
  await page.getByLabel('Metric').selectOption('Tokens by kind')
  await page.getByLabel('Bucket').selectOption('by week')
  await page.getByText('Table', { exact: true }).click()
  const table = page.getByRole('table', { name: 'Tokens by kind, by week' })
  await table.waitFor()
  const shown = await table.innerText()
  expect(shown).toContain('Input, cached')
  const link = page.url()
  await page.goto('about:blank')
  await page.goto(link)
  await table.waitFor()
  expect(await table.innerText()).toBe(shown)
})

test('an address that says nonsense shows the usual view', async () => {
  await load('range=9d&zone=Mars/Base&bucket=eon&by=%3Cb%3E&metric=9&from=x&to=2026-99-99&status=none')
  await expect.poll(headline, SOON).toBe(await chargeOf(month()))
  await load('range=Custom&from=2026-02-31&to=soon')
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  expect(await page.getByText('This screen failed').count()).toBe(0)
})

test('numbers lead to their calls', async () => {
  await open('')
  const { totals } = await report(month())
  await page.getByRole('group', { name: 'Errors' }).getByRole('link').click()
  await page.waitForURL(/\/requests\?.*status=error/)
  await page.getByText(`${totals.errors} requests`).waitFor()
  await open(`by=model`)
  const row = page.getByRole('table', { name: 'Usage by Model' }).getByRole('row', { name: MODELS[1] })
  const count = await row.locator('td:nth-child(6)').textContent()
  await row.locator('td:nth-child(6)').getByRole('link').click()
  await page.getByText(`${count} requests`).waitFor()
})

test('a table is sorted by a column where all of its rows are there, and the address keeps the order', async () => {
  await open('by=api_key&all=yes')
  const table = page.getByRole('table', { name: 'Usage by API key' })
  const counts = async () => (await table.locator('td:nth-child(6)').allTextContents()).map((text) => Number(text))
  const head = table.getByRole('columnheader', { name: 'Requests' })
  await head.getByRole('button').click()
  const fallen = (all: number[]) => all.toSorted((a, b) => b - a)
  await expect.poll(async () => (await counts()).length > 1 && head.getAttribute('aria-sort'), SOON).toBe('descending')
  const shown = await counts()
  expect(shown).toEqual(fallen(shown))
  await head.getByRole('button').click()
  await expect.poll(counts, SOON).toEqual(fallen(shown).toReversed())
  expect(new URL(page.url()).searchParams.get('sort')).toBe('usage.requests')
  await page.reload()
  await expect.poll(counts, SOON).toEqual(fallen(shown).toReversed())
  // Of many pages one would be sorted: nothing is offered there.
  await open('')
  await dashboard.visit('Requests')
  expect(await page.getByRole('table', { name: 'Requests' }).getByRole('button').count()).toBe(0)
})

test('what fails says why and which request it was, keeps what was there in view, and is tried again', async () => {
  await load('')
  const shown = await chargeOf(month())
  await expect.poll(headline, SOON).toBe(shown)
  const refuse = (status: number, code: string) =>
    page.route('**/api/admin/usage?*', (route) =>
      route.fulfill({ status, json: { error: { message: `No: ${code}`, code }, request_id: `request-${code}` } }),
    )
  for (const [status, code, advice] of [
    [403, 'permission_denied', /Ask an admin/],
    [400, 'invalid_request', /name the request/],
  ] as const) {
    await refuse(status, code)
    await page.getByRole('button', { name: 'Refresh' }).click()
    const alert = page.getByRole('alert').filter({ hasText: 'Usage could not be loaded' })
    await alert.filter({ hasText: `request-${code}` }).waitFor()
    expect(await alert.textContent()).toMatch(advice)
    if (status === 403) await alert.getByText('Admins are olga@example.com.').waitFor()
    expect(await headline()).toBe(shown)
    await page.unroute('**/api/admin/usage?*')
    await alert.getByRole('button', { name: 'Try again' }).click()
    await alert.waitFor({ state: 'detached' })
  }
  // The browser itself logs what it was refused.
  dashboard.browser.faults.splice(0)
})

test('days are pinned: who is sent the address tomorrow sees the same', async () => {
  await open('range=7d&zone=Asia/Kathmandu')
  await page.getByRole('button', { name: 'Pin dates' }).click()
  await page.waitForURL(/range=Custom/)
  const there = (days: number) => new Date(now - days * DAY + 5.75 * 3_600_000).toISOString().slice(0, 10)
  const { searchParams } = new URL(page.url())
  expect(['from', 'to'].map((name) => searchParams.get(name))).toEqual([there(6), there(0)])
  await page.getByRole('button', { name: 'In UTC' }).click()
  await page.waitForURL(/zone=UTC/)
  expect(await page.getByRole('button', { name: /Pin dates|In UTC/ }).count()).toBe(0)
})

test('bars are read by keyboard, exact and with their share; the one that runs is hatched, and all are told in a sentence', async () => {
  await open('range=Last 7 days')
  const { totals, buckets } = await report({ ...last(7), bucket: 'day' })
  const all = `${readable(rounded(totals.decimal.chargeUsd ?? ''))} in all`
  // Told of the same bars, so that these are no longer those of before.
  const sentence = page.getByText(/in all; most at \d\d \w+: /)
  await expect.poll(() => sentence.textContent(), SOON).toContain(all)
  await page.locator('.recharts-surface').first().focus()
  await page.keyboard.press('ArrowRight')
  const tip = page.locator('.recharts-tooltip-wrapper')
  const on = (date: string) => buckets.find(({ start }) => start.startsWith(date))?.decimal.chargeUsd ?? '0'
  const second = on(day(5))
  const digits = async () => (await tip.innerText()).replaceAll(',', '')
  await expect.poll(digits, SOON).toContain(`$${second}`)
  // Of a day without a charge nothing has a share.
  expect(await digits()).toMatch(Number(second) > 0 ? /\((?:< 0\.1|\d+\.\d) %\)/ : /\(—\)/)
  const running = page.locator('.recharts-bar-rectangle path[fill^="url(#hatch-"]')
  expect((await running.count()) > 0).toBe(Number(on(day(0))) > 0)
  expect(await running.count()).toBeLessThanOrEqual(9)
})

test('an amount shows all of its digits to who comes by keyboard, is copied whole, and stands point below point', async () => {
  await open('all=yes')
  const exact = await chargeOf(month())
  await expect.poll(headline, SOON).toBe(exact)
  await page.locator('#headline a').focus()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Tab')
  const shown = `getComputedStyle(document.querySelector('#headline data'), '::after').content`
  expect(await page.evaluate(shown)).toBe(`"$${exact}"`)
  const copied = await page.evaluate(`(() => {
    getSelection().selectAllChildren(document.querySelector('#headline data'))
    const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), cancelable: true })
    document.dispatchEvent(event)
    return event.clipboardData.getData('text/plain')
  })()`)
  expect(copied).toBe(exact)
  const points = await page
    .getByRole('table', { name: 'Usage by Model' })
    .locator('td:nth-child(2) .fraction')
    .evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().left)))
  expect(points.length).toBeGreaterThan(1)
  expect(new Set(points).size).toBe(1)
})

test('without the server what is there stays, is called old, and is asked for again by itself', async () => {
  await load('')
  const shown = await chargeOf(month())
  await expect.poll(headline, SOON).toBe(shown)
  await page.route('**/api/**', (route) => route.abort('connectionrefused'))
  await page.getByRole('button', { name: 'Refresh' }).click()
  const stale = page.getByRole('status').filter({ hasText: 'No connection to the server' })
  await stale.waitFor()
  expect(await headline()).toBe(shown)
  await page.unroute('**/api/**')
  await stale.waitFor({ state: 'detached' })
  dashboard.browser.faults.splice(0)
})

test('nothing jumps while it comes', async () => {
  await load('')
  await page.locator('.recharts-surface').first().waitFor()
  await expect.poll(headline, SOON).toBe(await chargeOf(month()))
  const shifts = await page.evaluate(`new Promise((resolve) => {
    let sum = 0
    new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value }).observe({ type: 'layout-shift', buffered: true })
    setTimeout(() => resolve(sum), 300)
  })`)
  expect(shifts).toBeLessThan(0.1)
})

test('before a budget is saved it says what last month would have met; later, what was spent since it is there', async () => {
  await open('')
  await dashboard.visit('Budgets')
  await page.getByRole('button', { name: 'Create budget' }).click()
  const dialog = dashboard.dialog()
  const preview = dialog.getByRole('status')
  const first = new Date(now)
  first.setUTCDate(0)
  const last = first.toISOString().slice(0, 10)
  const { totals } = await report({ from: `${last.slice(0, 8)}01`, to: last })
  const spent = totals.decimal.chargeUsd ?? ''
  const total = () => preview.locator('data').first().getAttribute('value')
  await expect.poll(total, SOON).toBe(spent)
  await dialog.getByLabel('Limit').fill(spent)
  await preview.getByText(/The limit would have been met on \d\d \w+/).waitFor()
  await dialog.getByLabel('Limit').fill(`${BigInt(spent.split('.')[0] ?? '0') + 1n}`)
  await preview.getByText('The limit would not have been met').waitFor()
  await dialog.getByRole('combobox', { name: 'Binds' }).click()
  await page.getByRole('option', { name: 'a model' }).click()
  await dialog.getByLabel('Model').fill(MODELS[0])
  const ofModel = await report({ from: `${last.slice(0, 8)}01`, to: last, model: MODELS[0] })
  await expect.poll(total, SOON).toBe(ofModel.totals.decimal.chargeUsd)
  await dialog.getByRole('combobox', { name: 'Binds' }).click()
  await page.getByRole('option', { name: 'the organisation' }).click()
  await dialog.getByLabel('Name').fill('enough for all')
  await dialog.getByLabel('Limit').fill('1000000000')
  await dialog.getByRole('button', { name: 'Create' }).click()
  const row = page.getByRole('row', { name: /enough for all/ })
  await row.getByText(/since/).waitFor()
  await row.getByRole('link').last().click()
  await page.waitForURL(/\/usage\?.*from=20/)
})

test('over a budget everything stays to be read, and the page says what refuses', async () => {
  const { turnpike } = dashboard
  const body = { name: 'nothing more', scope: 'organisation', metric: 'usd', limit: '0', window: 'day' }
  const made = await turnpike.request('/api/admin/budgets', { key: turnpike.operatorKey, body })
  expect(made.status).toBe(201)
  await load('')
  await page.getByRole('alert').getByRole('link', { name: 'nothing more' }).waitFor()
  await expect.poll(headline, SOON).toBe(await chargeOf(month()))
})

test('everybody can use it, in the light and in the dark, wide and narrow, without a sideways scroll', async () => {
  await open('')
  await page.getByRole('table', { name: 'Usage by Model' }).waitFor()
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [320, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    await page.locator('.recharts-surface').first().waitFor()
    await expectFits(width)
    await open('range=Custom&from=2020-01-01&to=2020-01-02')
    await page.getByText('No calls in this range').waitFor()
    await expectFits(width)
    await open('')
  }
})

async function expectFits(width: number): Promise<void> {
  await expectAccessible(page)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
}

test('nothing failed on the way', () => {
  expect(dashboard.browser.faults).toEqual([])
})
