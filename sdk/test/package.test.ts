/** The packed package, put into an empty project: imported, required, typed, and fit for where there is no Node. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { init, parse } from 'es-module-lexer'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../../test/browser.ts'
import { startTurnpike, type Turnpike } from '../../test/turnpike.ts'
import { ask, CJS, ESM, FOUND, type Installed, installPackage, modules } from './installed.ts'
import { creditsAndChat, servePage } from './page.ts'

const run = promisify(execFile)
let sdk: Installed
let installed: string
let turnpike: Turnpike

beforeAll(async () => {
  await init
  sdk = await installPackage()
  installed = sdk.path
  turnpike = await startTurnpike()
}, 120_000)
afterAll(async () => {
  await turnpike.close()
  sdk.remove()
})

const print = (line: string) => process.stdout.write(`${line}\n`)
const filesOf = (path: string): string[] => (readdirSync(path, { recursive: true }) as string[]).map(String)
const sourcesOf = (build: string): string[] =>
  filesOf(join(installed, 'dist', build)).filter((name) => name.endsWith('.js'))

test('it holds its builds, its declarations and its page, and needs nothing else', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
  expect(Object.keys(manifest).filter((name) => /dependencies/i.test(name))).toEqual([])
  expect(readdirSync(installed).sort()).toEqual(['README.md', 'dist', 'package.json'])
  const names = [...JSON.stringify(manifest.exports).matchAll(/"(\.\/[^"]+\.(?:js|ts|json))"/g)].map(
    ([, name = '']) => name,
  )
  expect(names.length).toBeGreaterThan(3)
  for (const name of names) expect(statSync(join(installed, name)).isFile()).toBe(true)
})

test('it is imported as an ES module', async () => {
  expect(await ask(sdk, turnpike, ESM)).toEqual(FOUND)
  expect(JSON.parse(readFileSync(join(sdk.project, 'history.json'), 'utf8'))).toHaveLength(1)
})

test('it is required as CommonJS', async () => {
  expect(await ask(sdk, turnpike, CJS)).toEqual(FOUND)
})

test('both builds export the same, and the modules load nothing but each other', async () => {
  const names = 'console.log(JSON.stringify(Object.keys(sdk).sort()))'
  const esm = await ask(sdk, turnpike, { name: 'names.mjs', text: `import * as sdk from '@turnpike/sdk'\n${names}` })
  expect(
    await ask(sdk, turnpike, { name: 'names.cjs', text: `const sdk = require('@turnpike/sdk')\n${names}` }),
  ).toEqual(esm)
  expect(esm).toEqual(expect.arrayContaining(['TurnpikeClient', 'CostTracker', 'TurnpikeError', 'webhooks']))
  for (const name of sourcesOf('esm')) {
    const [imports] = parse(readFileSync(join(installed, 'dist/esm', name), 'utf8'))
    const targets = imports.flatMap((one) => ('specifier' in one && one.specifier) || [])
    for (const target of targets) expect(target).toMatch(/^\.\/[\w.-]+\.js$/)
  }
})

test.each([
  ['ES modules', 'esm.mts', 'nodenext'],
  ['CommonJS', 'cjs.cts', 'nodenext'],
  ['a bundler', 'bundled.ts', 'bundler'],
])('its types serve %s', async (_what, name, resolution) => {
  writeFileSync(
    join(sdk.project, name),
    `import { type Reservation, TurnpikeClient } from '@turnpike/sdk'
export async function reserve(client: TurnpikeClient): Promise<Reservation> {
  const { reservation, balance } = await client.createReservation({ externalId: 'user_456', amount: 500 })
  const result = await client.getUsage({ externalId: 'user_456', context: 'customer' })
  if ('usageRecords' in result) result.usageRecords.map(({ estimatedCostUsd }) => estimatedCostUsd)
  else result.summary.totalCostUsd.toFixed(2)
  // @ts-expect-error an amount is a number or text
  await client.createReservation({ externalId: 'user_456', amount: true, available: balance.available })
  return reservation
}
`,
  )
  const module = resolution === 'nodenext' ? 'nodenext' : 'esnext'
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom',
    '--types',
    '',
    '--module',
    module,
    '--moduleResolution',
    resolution,
  ]
  await run(process.execPath, [join(modules, 'typescript/bin/tsc'), ...options, name], { cwd: sdk.project }).catch(
    (error: { stdout?: string }) => {
      throw new Error(error.stdout)
    },
  )
})

test('it needs no more than what browsers and edge runtimes have', async () => {
  const standard = {
    AbortController,
    AbortSignal,
    Headers,
    Response,
    TextDecoder,
    TextEncoder,
    URL,
    URLSearchParams,
    atob,
    clearTimeout,
    crypto,
    fetch,
    setTimeout,
  }
  const context = createContext({ ...standard, console: { log: () => undefined } })
  const loaded = new Map<string, Record<string, unknown>>()
  const load = (name: string): Record<string, unknown> => {
    const exports = loaded.get(name) ?? {}
    if (loaded.has(name)) return exports
    loaded.set(name, exports)
    const code = readFileSync(join(installed, 'dist/cjs', name), 'utf8')
    runInContext(`(function (exports, require) {${code}\n})`, context)(exports, load)
    return exports
  }
  const { TurnpikeClient, CostTracker, webhooks } = load('./index.js') as typeof import('../src/index.ts')
  const options = { apiKey: turnpike.key, baseUrl: turnpike.url }
  expect(await new TurnpikeClient(options).getBalance()).toMatchObject({ externalId: 'demo' })
  await expect(new TurnpikeClient(options).deductCredits({ amount: 1 })).rejects.toMatchObject({
    name: 'PermissionError',
  })
  const tracker = new CostTracker(options)
  const messages = [{ role: 'user', content: 'hi' }]
  for await (const _ of await tracker.chat({ model: 'openai/gpt-4o-mini', messages, stream: true }))
    expect(tracker).toBeDefined()
  expect(tracker.getTotalCost()).toBeGreaterThan(0)
  await expect(webhooks.unwrap('{}', {}, 'whsec_AAAA')).rejects.toMatchObject({ name: 'WebhookVerificationError' })
})

test('a page of a browser reserves, confirms, records usage, sums it up and streams a chat', async () => {
  const options = { baseUrl: turnpike.url, apiKey: turnpike.operatorKey, callKey: turnpike.key }
  const [site, browser] = await Promise.all([
    servePage(join(installed, 'dist/esm'), creditsAndChat(options)),
    openBrowser(),
  ])
  try {
    await browser.page.goto(site.url)
    const found = await browser.page.waitForFunction(() => (globalThis as { found?: Record<string, unknown> }).found)
    const { cost, ...rest } = (await found.jsonValue()) as { cost: number }
    expect(rest).toEqual({
      ...{ reserved: 5, charged: 1.5, left: 8.5, totalCostUsd: 0.0068, records: [0.0068] },
      ...{ refused: [402, 'insufficient_credits', 32], isStreamed: true, calls: 1 },
    })
    expect(cost).toBeGreaterThan(0)
    // What a browser says of a reply of 402; of other origins, blocked requests and the like it must say nothing.
    expect(browser.faults.filter((fault) => !/status of 402/.test(fault))).toEqual([])
  } finally {
    await Promise.all([browser.close(), site.close()])
  }
})

test('publint finds nothing to improve in it', async () => {
  const { messages } = await publint({ pkgDir: installed, level: 'suggestion', pack: false, strict: true })
  expect(messages).toEqual([])
})

test('it stays small', () => {
  print(`packed: ${sdk.packedBytes} bytes`)
  expect(sdk.packedBytes).toBeLessThan(80_000)
  const text = sourcesOf('esm').map((name) => readFileSync(join(installed, 'dist/esm', name), 'utf8'))
  const bytes = gzipSync(text.join('')).length
  print(`ES modules, compressed: ${bytes} bytes`)
  expect(bytes).toBeLessThan(24_000)
})
