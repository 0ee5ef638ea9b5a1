/** The log-in in a real browser where people sign in by an identity provider, which is another site to it. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, openBrowser } from './browser.ts'
import { buildDashboard, expectAccessible } from './dashboard-kit.ts'
import { type IdentityProvider, oidcYaml, startIdentityProvider } from './identity-provider.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

let idp: IdentityProvider
let turnpike: Turnpike
let browser: Browser
let page: Page
beforeAll(async () => {
  buildDashboard()
  idp = await startIdentityProvider()
  turnpike = await startTurnpike({ yaml: oidcYaml(idp) })
  idp.does = 'look'
  browser = await openBrowser()
  page = browser.page
  page.setDefaultTimeout(10_000)
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await turnpike?.close()
  await idp?.close()
})

const button = () => page.getByRole('button', { name: 'Sign in with Example' })
const refused = () => page.getByRole('alert')

test('a provider that is away is told at the click, and passwords are asked for all the same', async () => {
  await page.goto(`${turnpike.url}/login?then=%2Fusage`)
  await button().click()
  await refused()
    .filter({ hasText: 'does not answer' })
    .or(refused().filter({ hasText: 'answers 404' }))
    .waitFor()
  await page.getByLabel('E-mail').fill('olga@example.com')
  await page.locator('input[name=password]').fill('not her password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await refused().filter({ hasText: 'could not be signed in' }).waitFor()
  browser.faults.splice(0) // The browser logs each answer that is an error.
  idp.serve(`${turnpike.url}/api/auth/callback/oidc`)
})

test('the link of a first start lets its holder in by the provider, without a password', async () => {
  idp.person = { sub: 'olga', email: 'olga@example.com', email_verified: true, name: 'Olga' }
  await page.goto(`${turnpike.url}${turnpike.server.setupPath}`)
  await button().waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expectAccessible(page)
  }
  await button().click()
  await page.getByRole('button', { name: 'It is me' }).click()
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.waitForURL(/\/login/)
})

test('by the keyboard alone: the button, the provider’s page, and where one was going', async () => {
  await page.context().clearCookies()
  await page.goto(`${turnpike.url}/usage?range=Today`)
  await button().waitFor()
  browser.faults.splice(0) // Of who is not signed in.
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      await expectAccessible(page)
      expect(await page.evaluate('document.scrollingElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    }
  }
  await page.getByRole('button', { name: 'Log in' }).focus()
  await page.keyboard.press('Tab')
  expect(await page.locator(':focus').textContent()).toBe('Sign in with Example')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'It is me' }).press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toContain('/usage?range=Today')
  expect(browser.faults).toEqual([])
})

test('who is not let in reads why, in words of ours alone', async () => {
  await page.goto('about:blank') // Or the page that is open would go to the log-in by itself.
  await page.context().clearCookies()
  idp.does = 'refuse'
  await page.goto(`${turnpike.url}/login`)
  await button().click()
  await refused().filter({ hasText: 'It was not agreed to at Example.' }).waitFor()
  await expectAccessible(page)
  for (const code of ['<b>x</b>', 'constructor', '']) {
    await page.goto(`${turnpike.url}/login?error=${encodeURIComponent(code)}&error_description=pay+here`)
    await refused().filter({ hasText: 'Something failed here.' }).waitFor()
    expect(await page.getByText('pay here').count()).toBe(0)
  }
})
