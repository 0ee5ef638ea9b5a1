/** The built dashboard in a real browser, signed in as the owner, against a server of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Browser, openBrowser } from './browser.ts'
import { startTurnpike, type Turnpike, type TurnpikeOptions } from './turnpike.ts'

const ROOT = join(import.meta.dirname, '..')

export type Dashboard = {
  readonly turnpike: Turnpike
  readonly browser: Browser
  readonly page: Page
  /** By the link of the navigation, as people go there. */
  visit(name: string): Promise<void>
  dialog(): Locator
  close(): Promise<void>
}

export async function openDashboard(options: TurnpikeOptions = {}): Promise<Dashboard> {
  buildDashboard()
  const [turnpike, browser] = await Promise.all([startTurnpike(options), openBrowser()])
  const { page } = browser
  page.setDefaultTimeout(10_000)
  await page.goto(`${turnpike.url}/login`)
  const token = turnpike.server.setupPath?.split('#token=')[1]
  const body = JSON.stringify({ token, name: 'Olga', email: 'olga@example.com', password: 'correct horse battery' })
  await page.evaluate(async (said) => {
    const headers = { 'content-type': 'application/json' }
    await fetch('/api/auth/setup', { method: 'POST', headers, body: said })
  }, body)
  await page.goto(`${turnpike.url}/keys`)
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
  return {
    turnpike,
    browser,
    page,
    async visit(name) {
      await page.getByRole('navigation').getByRole('link', { name }).click()
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
    },
    dialog: () => page.getByRole('dialog'),
    async close() {
      await browser.close()
      await turnpike.close()
    },
  }
}

/** Once: a build that is there is taken. */
export function buildDashboard(): void {
  if (existsSync(join(ROOT, 'dashboard/dist/index.html'))) return
  const { status } = spawnSync(process.execPath, ['scripts/build-dashboard.js'], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error('the dashboard is not built')
}

/** A colour on its way to another is none that anybody reads. */
const AT_REST = `document.getAnimations().every(({ playState, effect }) => playState !== 'running' || effect.getComputedTiming().endTime === Infinity)`

export async function expectAccessible(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(AT_REST), { timeout: 10_000, interval: 20 }).toBe(true)
  const found = await page.evaluate(
    `${axe.source};axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')` +
      `.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
  )
  expect(found).toEqual([])
}
