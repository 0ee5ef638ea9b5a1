/** Without a pointer: the five things that people mostly do, by keys alone. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Dashboard, expectAccessible, openDashboard } from './dashboard-kit.ts'
import { chat, OPENAI } from './gateway-kit.ts'

const SOON = { timeout: 10_000, interval: 20 }

let opened: Dashboard
let page: Page
let charged: string
beforeAll(async () => {
  opened = await openDashboard()
  page = opened.page
  const call = await opened.turnpike.request(OPENAI, { body: chat('gpt-4o-mini') })
  charged = call.headers.get('x-turnpike-cost') ?? ''
  // Whatever points is a fault of the test.
  await page.evaluate(`addEventListener('pointerdown', () => { throw new Error('a pointer was used') }, true)`)
}, 60_000)
afterAll(() => opened?.close())

async function press(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}
async function command(words: string, label = words): Promise<void> {
  await press('Control+k')
  const field = page.getByRole('textbox', { name: 'Command' })
  await field.waitFor()
  await expect.poll(() => focusedIn('[aria-label=Command]'), SOON).toBe(true)
  await page.keyboard.type(words)
  await page
    .getByRole('dialog')
    .getByRole('button', { name: new RegExp(`^${label}$`) })
    .waitFor()
  await press('ArrowDown', 'Enter')
  await field.waitFor({ state: 'detached' })
}
/** To the field or button that is called so, as Tab goes. */
async function tabTo(name: string): Promise<void> {
  const isThere = `[document.activeElement.textContent, ...[...document.activeElement.labels ?? []].map(({ textContent }) => textContent)].some((text) => text.replace(/[ *]+$/, '') === ${JSON.stringify(name)})`
  for (let step = 0; step < 40; step++) {
    if (await page.evaluate(isThere)) return
    await press('Tab')
  }
  throw new Error(`Tab does not come to ${name}`)
}
const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
const focusedIn = (selector: string) =>
  page.evaluate(`document.activeElement?.closest(${JSON.stringify(selector)}) !== null`)

test('what was spent is seen, for a range of one’s own', async () => {
  await press('g', 'u')
  await heading('Usage')
  await press('t')
  await page.keyboard.type('Today')
  await page.waitForURL(/range=Today/)
  await expect.poll(() => page.locator('#headline data').getAttribute('value'), SOON).toBe(charged)
})

test('a call is found and explained', async () => {
  await press('Escape', 'g', 'r')
  await heading('Requests')
  const link = page.getByRole('table', { name: 'Requests' }).getByRole('link').first()
  await link.waitFor()
  await press('j')
  expect(await focusedIn('[data-row]')).toBe(true)
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
  await press('Enter')
  await page.getByRole('table', { name: 'Line items' }).waitFor()
  const id = (await page.getByRole('heading', { level: 1 }).textContent())?.replace('Request ', '') ?? ''
  await press('g', 'a')
  await heading('Accounts')
  await command(id, `Request ${id}`)
  await heading(`Request ${id}`)
})

test('a key is made; what was open gives the focus back', async () => {
  await command('Create key')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').waitFor()
  await expect.poll(() => focusedIn('[role=dialog]'), SOON).toBe(true)
  await tabTo('Name')
  await page.keyboard.type('by hand')
  await press('Enter')
  await page.getByLabel('Secret of the key').waitFor()
  await tabTo('Done')
  await press('Enter')
  await page.getByRole('row', { name: /by hand/ }).waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('a budget is set', async () => {
  await command('Create budget')
  await page.getByRole('dialog').getByLabel('Name').waitFor()
  await tabTo('Name')
  await page.keyboard.type('enough')
  await tabTo('Limit')
  await page.keyboard.type('5')
  await press('Enter')
  await page.getByRole('row', { name: /enough/ }).waitFor()
})

test('an account is topped up', async () => {
  await command('Top up demo')
  await page.getByRole('dialog').getByLabel('Amount (credits)').waitFor()
  await tabTo('Amount (credits)')
  await page.keyboard.type('0.5')
  await press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page
    .getByRole('row', { name: /promotional|paid/ })
    .first()
    .waitFor()
  expect(new URL(page.url()).searchParams.get('open')).toBe(null)
})

test('the palette can be used by everybody, and changes the theme', async () => {
  await press('Control+k')
  await page.getByRole('textbox', { name: 'Command' }).waitFor()
  await expectAccessible(page)
  await press('Escape')
  await page.getByRole('textbox', { name: 'Command' }).waitFor({ state: 'detached' })
  await command('Theme: Dark')
  await expect.poll(() => page.evaluate(`document.documentElement.dataset.mantineColorScheme`), SOON).toBe('dark')
  await command('Log out')
  await heading('Log in')
  expect(opened.browser.faults).toEqual([])
})
