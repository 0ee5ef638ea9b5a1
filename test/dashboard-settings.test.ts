/**
 * In a real browser, an admin says who may do what and when days begin, brings a credential and asks its provider about
 * it; a reader sees the same and has nothing to press.
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from './browser.ts'
import { type Dashboard, expectAccessible, openDashboard } from './dashboard-kit.ts'
import { type Receiver, startReceiver } from './receivers.ts'
import type { Turnpike } from './turnpike.ts'

const PASSWORD = 'correct horse battery'
/** The provider repeats it in its refusal. */
const ECHOED = 'sk-refused-of-acme-0123456789'
const CLIENTS = ['OpenAI SDK', 'OpenRouter SDK', 'Vercel AI SDK', 'LangChain', 'Claude Code', 'curl']
const OTHER_PASSWORD = 'another long password'

describe('settings', () => {
  let opened: Dashboard
  let turnpike: Turnpike
  let browser: Browser
  let page: Page
  let acme: Receiver
  beforeAll(async () => {
    acme = await startReceiver((response) => {
      const error = { message: `Incorrect API key provided: ${ECHOED}` }
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
    })
    const yaml = `providers: { acme: { preset: openai, baseUrl: '${acme.url}', apiKey: sk-of-the-server } }`
    opened = await openDashboard({ yaml })
    ;({ turnpike, browser, page } = opened)
  }, 60_000)
  afterAll(() => Promise.all([opened?.close(), acme?.close()]))

  const dialog = () => opened.dialog()
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const closed = () => dialog().waitFor({ state: 'detached' })
  const section = (name: string) => page.getByRole('region', { name, exact: true })
  const row = (list: string, name: RegExp) => section(list).getByRole('row', { name })
  const done = async () => {
    await dialog().getByRole('button', { name: 'Done' }).click()
    await closed()
  }
  let invitation = ''

  test('whoever begins sees what is next; sample traffic is simulated, in an account of its own, and taken away again', async () => {
    const steps = section('First steps')
    await opened.visit('Usage')
    await steps.getByRole('heading', { name: 'First steps, 1 of 5 done' }).waitFor()
    await press('Sample traffic')
    await steps.getByText('Sample traffic is in the account').waitFor()
    await steps.getByRole('heading', { name: 'First steps, 2 of 5 done' }).waitFor()
    // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects in a reply
    const admin = async (path: string): Promise<any> =>
      (await turnpike.request(path, { key: turnpike.operatorKey })).json()
    const { generations, pagination } = await admin('/api/admin/generations?limit=100')
    expect(pagination.totalCount).toBe(40)
    for (const { model, accountId } of generations)
      expect([model, accountId]).toEqual([expect.stringMatching(/^simulator\//), generations[0].accountId])
    expect(await admin(`/v1/accounts/${generations[0].accountId}`)).toMatchObject({
      externalId: 'sample',
      status: 'open',
    })
    await press('Remove sample traffic')
    await dialog().getByRole('button', { name: 'Remove' }).click()
    await closed()
    await steps.getByRole('button', { name: 'Sample traffic' }).waitFor()
    expect(await admin('/v1/accounts?limit=100')).toMatchObject({
      accounts: [{ externalId: 'sample', status: 'closed', balance: 0 }, { externalId: 'demo' }],
    })
    expect((await admin('/api/admin/keys?externalId=sample')).keys).toEqual([])
    expect((await admin('/api/admin/generations?limit=1')).pagination.totalCount).toBe(40)

    await steps.getByRole('link', { name: 'See why it cost that' }).click()
    await page.waitForURL(/\/requests\/gen-/)
    await opened.visit('Usage')
    await steps.getByRole('heading', { name: 'First steps, 3 of 5 done' }).waitFor()
    expect(browser.faults).toEqual([])
    await opened.visit('Settings')
  })

  test('somebody is invited by a link that is shown once, and given another role', async () => {
    await press('Invite')
    await dialog().getByLabel('E-mail').fill('rita@example.com')
    await dialog().getByRole('button', { name: 'Make the link' }).click()
    invitation = (await dialog().getByLabel('Link of the invitation').textContent()) ?? ''
    expect(invitation).toContain(`${turnpike.url}/setup#token=`)
    await done()
    await row('Members', /rita@example.com reader invited/).waitFor()
    expect(await page.content()).not.toContain(invitation)
    await press('Make admin rita@example.com')
    await row('Members', /rita@example.com admin invited/).waitFor()
    await press('Make reader rita@example.com')
    await row('Members', /rita@example.com reader invited/).waitFor()
    // The last admin stays one, and is told so beside the button.
    await press('Make reader olga@example.com')
    await row('Members', /olga@example.com/)
      .getByRole('alert')
      .waitFor()
  })

  test('a credential goes in and never comes out; its provider is asked, and answers in its own words', async () => {
    const add = async (name: string, provider: string, secret: string) => {
      await press('Add credential')
      await dialog().getByLabel('Name').fill(name)
      await dialog().getByLabel('Provider').selectOption(provider)
      await dialog()
        .getByLabel(/^Secret/)
        .fill(secret)
      await dialog().getByRole('button', { name: 'Add' }).click()
      await closed()
    }
    const checkOf = async (name: string, verdict: string) => {
      await press(`Check ${name}`)
      const said = page.getByRole('status', { name: `Check of ${name}` }).filter({ hasText: verdict })
      return await said.textContent()
    }
    await add('ours', 'simulator', 'sk-taken-0123456789')
    await row('Provider credentials', /ours simulator \.\.\. the organisation never active/).waitFor()
    // At once, and again when somebody asks.
    await page.getByRole('status', { name: 'Check of ours' }).filter({ hasText: 'Taken: 200' }).waitFor()
    await checkOf('ours', 'Taken: 200')
    await add('Acme', 'acme', ECHOED)
    expect(await checkOf('Acme', 'Refused: 401')).toContain('Incorrect API key provided: [removed]')
    await press('Replace secret Acme')
    await dialog()
      .getByLabel(/^Secret/)
      .fill('sk-another-one-of-acme-4321')
    await dialog().getByRole('button', { name: 'Replace' }).click()
    await row('Provider credentials', /Acme acme \.\.\.4321/).waitFor()
    await press('Disable Acme')
    await row('Provider credentials', /Acme .* disabled/).waitFor()
    expect(await page.content()).not.toMatch(/sk-taken|sk-refused|sk-another/)
    for (const name of ['Acme', 'ours']) {
      await press(`Delete ${name}`)
      await dialog().getByRole('button', { name: 'Delete' }).click()
      await closed()
    }
    await section('Provider credentials').getByText('There is none').waitFor()
  })

  test('a management key is shown once, rotated, disabled and deleted', async () => {
    await press('Create management key')
    await dialog().getByLabel('Name').fill('finance')
    await dialog().getByRole('button', { name: 'Create' }).click()
    const secret = (await dialog().getByLabel('Secret of the management key').textContent()) ?? ''
    await done()
    const status = async (key: string) => (await turnpike.request('/api/admin/members', { key })).status
    expect(await status(secret)).toBe(200)
    await press('Rotate finance')
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    const next = (await dialog().getByLabel('Secret of the management key').textContent()) ?? ''
    await done()
    expect([await status(secret), await status(next)]).toEqual([401, 200])
    await press('Disable finance')
    await row('Management keys', /finance .* disabled/).waitFor()
    expect(await status(next)).toBe(401)
    await press('Delete finance')
    await dialog().getByRole('button', { name: 'Delete' }).click()
    await section('Management keys').getByText('There is none').waitFor()
  })

  test('the zone of the organisation is changed, and what was changed by whom is found in the log', async () => {
    await press('Change time zone')
    await dialog().getByLabel('Time zone').fill('Mars/Olympus')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await dialog().getByRole('alert').filter({ hasText: 'IANA' }).waitFor()
    await dialog().getByLabel('Time zone').fill('Asia/Kathmandu')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await section('Organisation').getByText('Asia/Kathmandu').waitFor()
    await section('Audit log').getByLabel('What', { exact: true }).fill('organisation')
    const changed = row('Audit log', /member:olga@example.com organisation.update default .*UTC.*Asia\/Kathmandu/)
    await changed.waitFor()
    await section('Audit log').getByText('1 of 1').waitFor()
  })

  test('the state of the system is told', async () => {
    const system = section('System')
    await system.getByRole('row', { name: /Turnpike \d+\.\d+\.\d+ on Node .*, SQLite/ }).waitFor()
    await system.getByRole('row', { name: /Calls go to acme from turnpike.yaml ?Simulator/ }).waitFor()
    await system.getByRole('row', { name: /Migrations \d+ applied, the last one \d{4}-/ }).waitFor()
    await system.getByRole('row', { name: /Waiting \d+ events, .* 0 commands of the ledger/ }).waitFor()
    await system.getByRole('row', { name: /Storage Database [\d.]+ [KM]iB, .* free in the data folder/ }).waitFor()
    await system.getByRole('row', { name: /Last verify Never: run turnpike verify/ }).waitFor()
  })

  test('a rotated key keeps what it spent, an idle one is marked, and a name is typed before one is deleted', async () => {
    const body = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }
    const call = async (key: string) => (await turnpike.request('/v1/chat/completions', { key, body })).status
    await opened.visit('Keys')
    await press('Create key')
    await dialog().getByLabel(/^Name/).fill('nightly')
    await dialog().getByRole('button', { name: 'Create' }).click()
    const secret = (await dialog().getByLabel('Secret of the key').textContent()) ?? ''
    expect(await dialog().getByRole('tab').allTextContents()).toEqual(CLIENTS)
    await done()
    expect(await call(secret)).toBe(200)
    await page.reload()
    const nightly = page.getByRole('row', { name: /nightly/ })
    const spent = async () => (await nightly.locator('data').allTextContents()).join()
    await nightly.locator('data').first().waitFor()
    const before = await spent()
    expect(before).toMatch(/\$0\.0000/)
    await press('Rotate nightly')
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    const next = (await dialog().getByLabel('Secret of the key').textContent()) ?? ''
    await done()
    expect([await call(secret), await spent()]).toEqual([401, before])
    expect(await page.getByText('idle for 30 days').count()).toBe(0)
    await page.clock.setFixedTime(Date.now() + 31 * 86_400_000)
    await page.reload()
    await nightly.getByText('idle for 30 days').waitFor()
    await press('Delete nightly')
    const remove = dialog().getByRole('button', { name: 'Delete' })
    await dialog().getByLabel('Type nightly to go on').fill('nightl')
    expect(await remove.isDisabled()).toBe(true)
    await dialog().getByLabel('Type nightly to go on').fill('nightly')
    await remove.click()
    await nightly.waitFor({ state: 'detached' })
    expect(await call(next)).toBe(401)
    await page.clock.setFixedTime(Date.now())
    await opened.visit('Settings')
  })

  test('an admin sees each setting of the server with where it comes from, no secret, and nothing to change', async () => {
    const settings = section('Settings of the server')
    const acmeKey = row(
      'Settings of the server',
      /providers\.acme\.apiKey \*\*\* from turnpike\.yaml turnpike\.yaml:1:/,
    )
    await acmeKey.waitFor()
    await row('Settings of the server', /dataDir .* environment TURNPIKE_DATA_DIR/).waitFor()
    expect(await row('Settings of the server', /limits\.attempts/).count()).toBe(0)
    await settings.getByRole('switch', { name: /Also the \d+ that have their default/ }).click()
    await row('Settings of the server', /limits\.attempts 5 default/).waitFor()
    expect(await page.content()).not.toContain('sk-of-the-server')
    await expectAccessible(page)
  })

  test.each([
    ['Usage', 'First steps'],
    ['Settings', 'Audit log'],
    ['Keys', undefined],
  ])('%s can be used in both themes, wide and narrow', async (screen, part) => {
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [320, 'dark'],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.goto(`${turnpike.url}/${screen.toLowerCase()}`)
      await page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor()
      if (part) await section(part).waitFor()
      await expectAccessible(page)
      expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([width, width])
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('first steps are hidden for good; a password is changed, and the new one signs in after log-out', async () => {
    await opened.visit('Usage')
    await press('Hide')
    await section('First steps').waitFor({ state: 'detached' })
    await opened.visit('Settings')
    await press('Change password')
    await dialog()
      .getByLabel(/^Present password/)
      .fill('not it at all')
    await dialog()
      .getByLabel(/^New password/)
      .fill(OTHER_PASSWORD)
    await dialog().getByRole('button', { name: 'Change' }).click()
    await dialog().getByRole('alert').waitFor()
    await dialog()
      .getByLabel(/^Present password/)
      .fill(PASSWORD)
    await dialog().getByRole('button', { name: 'Change' }).click()
    await page.getByText('The password is changed').waitFor()
    await press('Log out')
    await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor()
    expect(await page.evaluate(async () => (await fetch('/api/admin/session')).status)).toBe(401)
    await page.getByLabel('E-mail').fill('olga@example.com')
    await page.locator('input[name=password]').fill(OTHER_PASSWORD)
    await press('Log in')
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  })

  test('a reader sees everything and has nothing to press that changes it', async () => {
    await press('Log out')
    await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor()
    browser.faults.length = 0
    await page.goto(invitation)
    await page.getByLabel('Name').fill('Rita')
    await page.getByLabel('E-mail').fill('rita@example.com')
    await page.locator('input[name=password]').fill(PASSWORD)
    await press('Continue')
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
    await opened.visit('Settings')
    await row('Members', /olga@example.com/).waitFor()
    await row('Audit log', /organisation.update/).waitFor()
    await row('System', /Migrations/).waitFor()
    expect(await section('Settings of the server').count()).toBe(0)
    // What sorts a table changes nothing.
    const names = await page.locator('main button:not(th button)').allTextContents()
    expect(
      names.filter(
        (name) => !['Change password', 'End all sessions', 'CSV', 'Copy as curl', 'Load more'].includes(name),
      ),
    ).toEqual([])
    expect(browser.faults).toEqual([])
  })
})
