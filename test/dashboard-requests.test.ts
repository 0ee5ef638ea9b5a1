/** Requests and one request in a real browser: nobody loses a row, what comes by itself stands still under the pointer, and a call explains itself. */
import fc from 'fast-check'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sumOf } from '../sdk/src/decimal.ts'
import { type Dashboard, expectAccessible, openDashboard } from './dashboard-kit.ts'
import { createOwners, happened, write } from './usage-history.ts'

const DAY = 86_400_000
const SOON = { timeout: 10_000, interval: 20 }
const EARLIER = 130

let dashboard: Dashboard
let page: Page
/** Its first provider refuses, its second one answers. */
let retried: string

beforeAll(async () => {
  dashboard = await openDashboard()
  page = dashboard.page
  const { turnpike } = dashboard
  const { store } = turnpike.server.gateway
  const owners = await createOwners({ store, turnpike })
  // All of it lies before this week, so that what is called here comes first.
  const from = Math.floor(store.now() / DAY) * DAY - 60 * DAY
  await write({ store, turnpike }, owners, fc.sample(happened(from), { numRuns: EARLIER, seed: 11 }))
  await call('gpt-4o', { stream: true, user: 'alice', metadata: { team: 'red' } })
  retried = await call('simulator/rate-limited', { models: ['simulator/rate-limited', 'gpt-4o-mini'] })
}, 60_000)
afterAll(() => dashboard?.close())

async function call(model: string, more: object = {}): Promise<string> {
  const body = { model, max_tokens: 20, messages: [{ role: 'user', content: 'hi' }], ...more }
  const reply = await dashboard.turnpike.request('/v1/chat/completions', { body })
  const text = await reply.text()
  expect([reply.status, reply.status === 200 ? '' : text]).toEqual([200, ''])
  return reply.headers.get('x-generation-id') ?? ''
}

const all = `range=Custom&from=${new Date(Date.now() - 70 * DAY).toISOString().slice(0, 10)}`
const go = (path: string) => page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
const rows = () => page.getByRole('table', { name: 'Requests', exact: true }).locator('tbody tr')
const links = () =>
  rows()
    .locator('td:first-child a')
    .evaluateAll((found) => found.map((each) => each.getAttribute('href')?.split('?')[0] ?? ''))
const valuesOf = (found: readonly { getAttribute(name: string): string | null }[]) =>
  found.map((each) => each.getAttribute('value') ?? '')

test('page after page every call is there once, and the browser goes back a page', async () => {
  const pages: string[][] = []
  await go(`/requests?${all}`)
  await page.getByText(`${EARLIER + 2} requests`).waitFor()
  for (let next = true; next; ) {
    await expect.poll(async () => pages.at(-1)?.[0] !== (await links())[0], SOON).toBe(true)
    pages.push(await links())
    next = (await page.getByRole('button', { name: 'Older' }).count()) > 0
    if (next) await page.getByRole('button', { name: 'Older' }).click()
  }
  expect(pages.map(({ length }) => length)).toEqual([50, 50, EARLIER + 2 - 100])
  expect(new Set(pages.flat()).size).toBe(EARLIER + 2)
  await page.goBack()
  await expect.poll(links, SOON).toEqual(pages[1])
})

test('the bars count what the list has, by how it ended, and lead into it', async () => {
  await go(`/requests?${all}&as=table`)
  const table = page.getByRole('table', { name: /^Requests by status/ })
  await table.waitFor()
  expect(sumOf(await table.locator('td data').evaluateAll(valuesOf))).toBe(String(EARLIER + 2))
  const heads = await table.locator('th[scope=col]').allTextContents()
  const column = heads.indexOf('error') + 1
  const errors = sumOf(await table.locator(`td:nth-child(${column}) data`).evaluateAll(valuesOf))
  await page.getByRole('combobox', { name: 'Status' }).selectOption('error')
  await page.getByText(`${errors} requests`).waitFor()
  await table.locator('tbody th a').first().click()
  await page.waitForURL(/from=20\d\d-\d\d-\d\d&/)
  expect(await page.getByRole('combobox', { name: 'Range' }).inputValue()).toBe('Custom')
})

test('the columns that somebody chose are in the address', async () => {
  await go(`/requests?${all}`)
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('checkbox', { name: 'Asked for' }).check()
  await page.getByRole('checkbox', { name: 'Provider', exact: true }).uncheck()
  const heads = () => page.getByRole('table', { name: 'Requests', exact: true }).locator('th').allTextContents()
  await expect.poll(heads, SOON).toContain('Asked for')
  expect(await heads()).not.toContain('Provider')
  const chosen = await heads()
  await page.reload()
  await expect.poll(heads, SOON).toEqual(chosen)
})

test('a call is found by its end user, its tag, its cost and its id; half a number finds nothing and says so', async () => {
  await go('/requests?range=Today')
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByLabel('End user').fill('alice')
  await page.getByLabel('Tag').fill('team:red')
  await page.getByLabel('Cost from (USD)').fill('0,1')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('expected a number').waitFor()
  await page.getByLabel('Cost from (USD)').fill('0.000000001')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.waitForURL(/user=alice/)
  await expect.poll(() => rows().count(), SOON).toBe(1)
  await page.getByRole('button', { name: 'Remove the filter End user: alice' }).click()
  await page.getByLabel('Cost from (USD)').fill('1000000')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('No call matches').waitFor()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect.poll(() => rows().count(), SOON).toBe(2)
  await page.getByLabel('Find by id').fill(retried)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: `Request ${retried}` }).waitFor()
})

test('a call shows each attempt, why it cost that, and the transaction that took it', async () => {
  await go(`/requests/${retried}`)
  const attempts = page.getByRole('table', { name: 'Attempts' }).locator('tbody tr')
  await expect.poll(() => attempts.count(), SOON).toBeGreaterThan(1)
  expect(await attempts.first().textContent()).toContain('429')
  expect(await attempts.last().textContent()).toContain('200')
  const items = page.getByRole('table', { name: 'Line items' })
  const amounts = await items.locator('tbody tr td:last-child data').evaluateAll(valuesOf)
  const charged = page.getByRole('region', { name: 'Who was charged' }).locator('data').first()
  expect(sumOf(amounts)).toBe(await charged.getAttribute('value'))
  expect(await page.getByText(/^By rate card/).textContent()).toMatch(/rc_\w+/)
  expect(await page.getByText('simulator/rate-limited').count()).toBeGreaterThan(0)
})

test('a call that is not there says so, with the request that asked', async () => {
  await go('/requests/gen-1-x')
  const alert = page.getByRole('alert')
  await alert.getByText(/Request [0-9a-f]{32}/).waitFor()
  await alert.getByRole('button', { name: 'Try again' }).waitFor()
  dashboard.browser.faults.splice(0)
})

test('new calls come by themselves; under the pointer nothing moves', async () => {
  const away = () => page.getByRole('heading', { level: 1 }).hover()
  await go('/requests?range=Today&live=yes')
  await away()
  await expect.poll(() => rows().count(), SOON).toBe(2)
  await call('gpt-4o-mini')
  await expect.poll(() => rows().count(), SOON).toBe(3)
  await rows().first().hover()
  await page.getByText('Live (paused at the rows)').waitFor()
  const shown = await links()
  const asked: string[] = []
  page.on('request', (request) => void (request.url().includes('/api/admin/generations?') && asked.push(request.url())))
  await call('gpt-4o-mini')
  // Longer than it would wait between two looks.
  await page.waitForTimeout(2_500)
  expect(asked).toEqual([])
  expect(await links()).toEqual(shown)
  await away()
  await expect.poll(() => rows().count(), SOON).toBe(4)
})

test('everybody can use both, in the light and in the dark, wide and narrow, without a sideways scroll', async () => {
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [320, 'dark'],
  ] as const)
    for (const path of ['/requests?range=Today&minLatency=0', `/requests/${retried}`]) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      await go(path)
      await page.getByRole('table').first().waitFor()
      await expectAccessible(page)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    }
  expect(dashboard.browser.faults).toEqual([])
})
