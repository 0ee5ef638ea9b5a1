/**
 * Pictures of every screen, light and dark, into docs/screenshots: a server with forty days of calls made through it, and a
 * real browser. Look at them before you commit them.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { type Dashboard, openDashboard } from '../test/dashboard-kit.ts'
import { createCustomer } from '../test/gateway-kit.ts'
import { startReceiver } from '../test/receivers.ts'

const OUT = join(import.meta.dirname, '../docs/screenshots')
const DAY = 86_400_000
const DAYS = 40
const MODELS = ['openai/gpt-4o', 'openai/gpt-4o-mini', 'anthropic/claude-sonnet-4-5', 'google/gemini-2.5-flash']

let behind = DAYS * DAY
const receiver = await startReceiver()
const opened = await openDashboard({
  yaml: 'webhooks: { allow: ["127.0.0.1"] }',
  clock: { ...systemClock, now: () => systemClock.now() - behind },
})
try {
  await fill(opened)
  await shoot(opened)
} finally {
  await opened.close()
  await receiver.close()
}

function budget(name: string, more: object) {
  return { name, scope: 'organisation', metric: 'usd', ...more }
}

async function fill({ turnpike }: Dashboard): Promise<void> {
  const customers = [
    await createCustomer(turnpike, 'acme', 40_000_000_000n),
    await createCustomer(turnpike, 'globex', 15_000_000_000n),
  ]
  const admin = (path: string, body: object) => turnpike.request(path, { key: turnpike.operatorKey, body })
  await admin('/api/admin/budgets', budget('all of us', { limit: '2', window: 'month' }))
  await admin(
    '/api/admin/budgets',
    budget('five a day', { limit: '5', window: 'day', metric: 'requests', action: 'alert' }),
  )
  await admin('/api/admin/alert-channels', { type: 'webhook', name: 'the pager', url: receiver.url })
  // Today too: its bar is still running.
  for (; behind >= 0; behind -= DAY) {
    const today = DAYS - behind / DAY
    for (const [index, model] of MODELS.entries())
      for (let call = 0; call < 2 + ((today * 3 + index * 5) % 4); call++) {
        const content = `Tell me about toll road number ${today}. `.repeat(20 * (index + 1))
        const body = {
          model,
          max_tokens: 200 + 100 * index,
          user: `user_${call}`,
          messages: [{ role: 'user', content }],
        }
        const { key = turnpike.key } = customers[(call + index) % 3] ?? {}
        const reply = await turnpike.request('/v1/chat/completions', { key, body })
        await reply.text()
      }
  }
  behind = 0
  const error = { model: 'simulator/error-500', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] }
  await (await turnpike.request('/v1/chat/completions', { body: error })).text()
}

async function shoot({ page, turnpike }: Dashboard): Promise<void> {
  mkdirSync(OUT, { recursive: true })
  await page.setViewportSize({ width: 1280, height: 900 })
  const first = async (path: string, selector: string) => {
    await page.goto(`${turnpike.url}${path}`)
    return new URL((await page.locator(selector).first().getAttribute('href')) ?? '/', turnpike.url).pathname
  }
  const screens: Record<string, string> = {
    usage: '/usage?range=Last%207%20days',
    requests: '/requests',
    request: await first('/requests', 'main a[href^="/requests/gen-"]'),
    keys: '/keys',
    budgets: '/budgets',
    accounts: '/accounts',
    account: await first('/accounts', 'main a[href^="/accounts/acc_"]'),
    alerts: '/alerts',
    models: '/models?model=openai%2Fgpt-4o',
    settings: '/settings',
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const [name, path] of Object.entries(screens)) {
      await page.goto(`${turnpike.url}${path}`, { waitUntil: 'networkidle' })
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.screenshot({ path: join(OUT, `${name}-${colorScheme}.png`) })
      console.error(`${name}, ${colorScheme}`)
    }
    await page.goto(`${turnpike.url}/budgets?open=new`)
    await page.getByRole('dialog').getByLabel('Limit').fill('0.05')
    await page.getByRole('status').filter({ hasText: 'last month' }).waitFor()
    await page.screenshot({ path: join(OUT, `budget-preview-${colorScheme}.png`) })
    await page.goto(`${turnpike.url}/usage?range=Last%207%20days`, { waitUntil: 'networkidle' })
    await page.keyboard.press('Control+k')
    await page.getByRole('textbox', { name: 'Command' }).fill('acme')
    await page.getByRole('dialog').getByRole('button').first().waitFor()
    await page.screenshot({ path: join(OUT, `commands-${colorScheme}.png`) })
  }
}
