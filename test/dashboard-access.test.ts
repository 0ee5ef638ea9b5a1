/** WCAG: every screen, light and dark, wide and narrow, is within reach of everybody, and none scrolls sideways. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Dashboard, expectAccessible, openDashboard } from './dashboard-kit.ts'
import { chat, OPENAI } from './gateway-kit.ts'

let opened: Dashboard
const seen: Record<string, string> = {}
beforeAll(async () => {
  opened = await openDashboard()
  const { turnpike } = opened
  const call = await turnpike.request(OPENAI, { body: chat('gpt-4o-mini') })
  const accounts = await turnpike.request('/v1/accounts', { key: turnpike.operatorKey })
  const { accounts: [account] = [] } = (await accounts.json()) as { accounts?: { id: string }[] }
  const budget = { name: 'all', scope: 'organisation', metric: 'usd', limit: 5, window: 'month' }
  await turnpike.request('/api/admin/budgets', { key: turnpike.operatorKey, body: budget })
  Object.assign(seen, { generation: call.headers.get('x-generation-id') ?? '', account: account?.id ?? '' })
}, 60_000)
afterAll(() => opened?.close())

const SCREENS = [
  ...([
    '/usage',
    '/requests',
    '/requests/{generation}',
    '/keys',
    '/budgets',
    '/accounts',
    '/accounts/{account}',
  ] as const),
  ...(['/alerts', '/models?model=openai%2Fgpt-4o-mini', '/settings', '/login'] as const),
]
const LOOKS = [
  ['light', 1280],
  ['dark', 1280],
  ['light', 320],
  ['dark', 320],
] as const

test.each(SCREENS)('%s', async (screen) => {
  const { page, turnpike, browser } = opened
  const path = screen.replace(/\{(\w+)\}/, (_whole, name: string) => seen[name] ?? '')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(`${turnpike.url}${path}`, { waitUntil: 'networkidle' })
  await page.getByRole('heading', { level: 1 }).waitFor()
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 800 })
    await expectAccessible(page)
    expect(await page.evaluate('document.scrollingElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
  }
  expect(browser.faults).toEqual([])
})
