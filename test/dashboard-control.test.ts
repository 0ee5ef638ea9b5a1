/**
 * In a real browser, people make a key and call with it, set a budget that refuses, top up an account to the last digit,
 * and go from screen to screen.
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from './browser.ts'
import { type Dashboard, openDashboard } from './dashboard-kit.ts'
import type { Turnpike } from './turnpike.ts'

describe('the dashboard', () => {
  let opened: Dashboard
  let turnpike: Turnpike
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    opened = await openDashboard()
    ;({ turnpike, browser, page } = opened)
  }, 60_000)
  afterAll(() => opened?.close())

  const visit = (name: string) => opened.visit(name)
  const dialog = () => opened.dialog()
  const call = (key: string) =>
    turnpike.request('/v1/chat/completions', {
      key,
      body: { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] },
    })
  let secret = ''

  test('a key is made, shown once with its snippets, and calls', async () => {
    await page.getByRole('button', { name: 'Create key' }).click()
    await dialog().getByLabel('Name').fill('nightly job')
    await dialog().getByLabel('Limit (USD)').fill('a lot')
    await dialog().getByRole('button', { name: 'Create' }).click()
    expect(await dialog().getByRole('alert').textContent()).toMatch(/limit/i)
    await dialog().getByLabel('Limit (USD)').fill('1.50')
    await dialog().getByRole('button', { name: 'Create' }).click()
    secret = (await page.getByLabel('Secret of the key').textContent()) ?? ''
    expect(secret).toMatch(/^sk-tp-/)
    await dialog().getByRole('tab', { name: 'curl' }).click()
    const snippet = await dialog().getByRole('tabpanel', { name: 'curl' }).textContent()
    expect(snippet).toContain(`${turnpike.url}/v1/chat/completions`)
    expect(snippet).toContain(secret)
    await dialog().getByRole('button', { name: 'Done' }).click()
    const row = page.getByRole('row', { name: /nightly job/ })
    expect(await row.locator('data').first().getAttribute('value')).toBe('1.5')
    expect(await page.content()).not.toContain(secret)
    expect((await call(secret)).status).toBe(200)
  })

  test('a budget of 0 refuses the next call', async () => {
    await visit('Budgets')
    await page.getByRole('button', { name: 'Create budget' }).click()
    await dialog().getByLabel('Name').fill('nothing more')
    await dialog().getByLabel('Limit').fill('0')
    await dialog().getByRole('button', { name: 'Create' }).click()
    await page.getByRole('row', { name: /nothing more/ }).waitFor()
    const refused = await call(secret)
    expect(refused.status).toBe(429)
    expect(await refused.text()).toContain('nothing more')
    await page.getByRole('button', { name: 'Delete nothing more' }).click()
    await dialog().getByRole('button', { name: 'Delete' }).click()
    await page.getByText('There is no budget').waitFor()
    expect((await call(secret)).status).toBe(200)
  })

  test('a top-up is in the balance to the last digit', async () => {
    await visit('Accounts')
    await page.getByRole('main').getByRole('link').first().click()
    await page.getByRole('button', { name: 'Top up' }).click()
    await dialog().getByLabel('Amount (credits)').fill('0.123456789')
    await dialog().getByRole('button', { name: 'Add credits' }).click()
    await dialog().waitFor({ state: 'detached' })
    await page.getByLabel('Balance', { exact: true }).locator('data[value="25.123456789"]').waitFor()
    const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    const rows = await page.evaluate(async (href) => (await fetch(href)).text(), csv ?? '')
    expect(rows).toContain('0.123456789')
    expect(browser.faults.filter((fault) => !fault.includes('422'))).toEqual([])
  })

  test.each(['/usage', '/settings'])(
    'from %s every screen is visited and back, and knows all keys and accounts',
    async (first) => {
      expect((await call(turnpike.key)).status).toBe(200)
      browser.faults.length = 0
      await page.goto(`${turnpike.url}${first}`)
      const links = page.getByRole('navigation').getByRole('link')
      await links.first().waitFor()
      const names = await links.allTextContents()
      if (first !== '/usage') names.reverse()
      for (const name of [...names, ...names.toReversed()]) {
        await visit(name)
        await look[name]?.()
      }
      expect(names.length).toBe(8)
      // Nothing was loaded anew on the way.
      expect(await page.evaluate('performance.getEntriesByType("navigation")[0].name')).toBe(`${turnpike.url}${first}`)
      expect(browser.faults).toEqual([])
    },
  )

  const option = (name: string) => page.getByRole('option', { name })
  const filters = () =>
    page.getByLabel('API key').getByRole('option', { name: 'nightly job' }).waitFor({ state: 'attached' })
  /** What is to be chosen from, and what else of a screen says the names of keys and accounts. */
  const look: Record<string, () => Promise<void>> = {
    async Usage() {
      await filters()
      await page.getByLabel('Group by').selectOption('Account')
      await page.getByRole('cell', { name: 'demo' }).waitFor()
      await page.getByLabel('Group by').selectOption('API key')
      await page.getByRole('cell', { name: 'nightly job' }).waitFor()
    },
    async Requests() {
      await filters()
      await page.getByRole('cell', { name: 'nightly job' }).first().waitFor()
    },
    async Keys() {
      await page.getByRole('button', { name: 'Create key' }).click()
      await dialog().getByRole('combobox', { name: 'Account' }).click()
      await option('demo').click()
      await close()
    },
    async Budgets() {
      await page.getByRole('button', { name: 'Create budget' }).click()
      await bind('an account')
      await dialog().getByRole('combobox', { name: 'Account' }).click()
      await option('demo').click()
      await bind('an API key')
      await dialog().getByRole('combobox', { name: 'API key' }).click()
      await option('nightly job').click()
      await close()
    },
  }
  const bind = async (what: string) => {
    await dialog().getByRole('combobox', { name: 'Binds' }).click()
    await option(what).click()
  }
  const close = async () => {
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    await dialog().waitFor({ state: 'detached' })
  }
})
