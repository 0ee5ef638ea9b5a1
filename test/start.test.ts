import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { newHome, type ProcessOptions, runTurnpike, startProcess, type TurnpikeProcess } from './turnpike-process.ts'

const running: TurnpikeProcess[] = []
const homes: string[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const turnpike of running.splice(0)) {
    turnpike.signal('SIGKILL')
    await turnpike.ended
  }
  for (const server of servers.splice(0)) server.close()
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

function home(yaml?: string): string {
  const folder = newHome(yaml)
  homes.push(folder)
  return folder
}

async function start(options: ProcessOptions): Promise<TurnpikeProcess> {
  const turnpike = await startProcess(options)
  running.push(turnpike)
  return turnpike
}

async function stop(turnpike: TurnpikeProcess) {
  turnpike.signal('SIGTERM')
  return turnpike.ended
}

const chat = (url: string, key: string, body: object = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'hi' }],
      usage: { include: true },
      ...body,
    }),
  })

test('a first start says what is where, with a key and a line that work as they are pasted', async () => {
  const folder = home()
  const turnpike = await start({ home: folder })
  const lines = turnpike.stderr().trimEnd().split('\n')
  expect(turnpike.stdout()).toBe(`{"event":"listening","url":"${turnpike.url}"}\n`)
  expect(lines[0]).toMatch(/^Turnpike \d+\.\d+\.\d+ · SQLite \S*data\/turnpike\.db \(new\) · zone UTC · catalogue \S/)
  expect(lines[1]).toBe(
    "No provider key in the environment: the simulator answers for every model, at that model's real prices. No money moves.",
  )
  expect(turnpike.stderr()).toContain(`API         ${turnpike.url}/v1`)
  expect(turnpike.stderr()).toMatch(
    /Demo key {4}sk-tp-[0-9a-f]{64} +of account "demo", 25 USD of promotional credit; shown this once/,
  )
  if (!HAS_PAGES) expect(turnpike.stderr()).not.toMatch(/dashboard/i)
  else
    expect(turnpike.stderr()).toMatch(
      new RegExp(
        `Dashboard {3}${turnpike.url}/setup#token=[\\w-]{43} +works once, for 15 minutes; again: .*setup-link\n`,
      ),
    )
  expect(turnpike.stderr()).toMatch(/Operator {4}key in \S*data\/admin-key \(0600\)/)

  const pasted = lines.slice(-2).join('\n')
  const [, address = '', key = '', body = ''] =
    /curl (\S+) -H "Authorization: Bearer (\S+)"[\s\S]*-d '(.*)'$/.exec(pasted) ?? []
  const reply = await fetch(address, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
  })
  expect(await reply.json()).toMatchObject({ cost: expect.any(Number), usage: { total_tokens: expect.any(Number) } })
})

/** Without the pages built, nobody is led to them. */
const HAS_PAGES = existsSync(new URL('../dashboard/dist/index.html', import.meta.url))

test.runIf(HAS_PAGES)(
  'the link to the dashboard is printed at every log level, and a new one at each start',
  async () => {
    const folder = home()
    const links: (string | undefined)[] = []
    for (const level of ['silent', 'fatal']) {
      const turnpike = await start({ home: folder, env: { TURNPIKE_LOG_LEVEL: level } })
      links.push(/\/setup#token=([\w-]{43})/.exec(turnpike.stderr())?.[1])
      await stop(turnpike)
    }
    expect(links).toEqual([expect.any(String), expect.any(String)])
    expect(links[0]).not.toBe(links[1])
  },
  60_000,
)

test("the operator's key is readable by its owner alone, and is never printed", async () => {
  const folder = home()
  const turnpike = await start({ home: folder })
  const file = join(folder, 'data/admin-key')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^mk-tp-[0-9a-f]{64}\n$/)
  expect(turnpike.stderr()).not.toContain('mk-tp-')
})

test('a later start prints no key, keeps the balance, and takes the same key', async () => {
  const folder = home()
  const first = await start({ home: folder })
  await chat(first.url, first.demoKey, { model: 'simulator/exact' })
  expect(await stop(first)).toMatchObject({ code: 0, signal: null })
  const second = await start({ home: folder })
  expect(second.stderr()).not.toMatch(/sk-tp-|mk-tp-|\(new\)/)
  expect(second.stderr()).toMatch(/New key: \S.* keys create NAME/)
  expect(second.stderr()).not.toContain('interrupted')
  const reply = await chat(second.url, first.demoKey, { model: 'simulator/exact' })
  expect(await reply.json()).toMatchObject({ cost: 0.00005085 })
  await stop(second)
  expect(await runTurnpike({ home: folder, args: ['verify'] })).toMatchObject({ code: 0 })
}, 60_000)

test('calls that a kill interrupted are announced, with what they came to', async () => {
  const folder = home()
  const first = await start({ home: folder })
  const stream = await chat(first.url, first.demoKey, { model: 'simulator/slow', stream: true })
  await stream.body?.getReader().read()
  first.signal('SIGKILL')
  await first.ended
  const second = await start({ home: folder })
  expect(second.stderr()).toMatch(/Settled 1 call that the last stop interrupted \(estimated, \$0\.\d+\)\./)
}, 60_000)

test('a default port that is taken moves on and says so', async () => {
  const taken = await occupy(8787)
  const turnpike = await start({ home: home(), env: { TURNPIKE_PORT: '' } })
  const { port } = new URL(turnpike.url)
  expect(Number(port)).toBeGreaterThan(8787)
  expect(turnpike.stderr().split('\n')[0]).toBe(`8787 is taken; listening on ${port}`)
  expect(turnpike.stdout()).toBe(`{"event":"listening","url":"${turnpike.url}"}\n`)
  taken?.close()
})

test.each([
  ['TURNPIKE_PORT', (port: string) => ({ env: { TURNPIKE_PORT: port } })],
  ['PORT', (port: string) => ({ env: { TURNPIKE_PORT: '', PORT: port } })],
  ['--port', (port: string) => ({ args: ['start', '--port', port] })],
])('a taken port that %s asked for stops the start', async (askedBy, asking) => {
  const port = String((((await occupy(0)) as Server).address() as AddressInfo).port)
  const ended = await runTurnpike({ home: home(), args: ['start'], ...asking(port) })
  expect(ended).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr: `turnpike: port ${port} was asked for (${askedBy}) and is taken. Free it, or: TURNPIKE_PORT=${Number(port) + 1} npm start\n`,
  })
})

test('a second process on the same folder is told who holds it, and disturbs nobody', async () => {
  const folder = home()
  const first = await start({ home: folder })
  const ended = await runTurnpike({ home: folder, args: ['start'] })
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  expect(ended.stderr).toMatch(
    new RegExp(
      `^turnpike: \\S*data is held by another Turnpike \\(process ${first.pid}\\)\\. SQLite is for one process; for more set TURNPIKE_DATABASE_URL\\n$`,
    ),
  )
  expect((await chat(first.url, first.demoKey)).status).toBe(200)
})

// Root may write everywhere, so for root a file takes the place of the folder.
test('a data folder that cannot be written says who owns it and what to run', async () => {
  const folder = home()
  const isRoot = process.getuid?.() === 0
  if (isRoot) appendFileSync(join(folder, 'file'), '')
  else chmodSync(join(folder, 'data'), 0o500)
  const dataDir = join(folder, isRoot ? 'file' : 'data')
  const ended = await runTurnpike({ home: folder, args: ['start', '--data-dir', dataDir] })
  const user = process.getuid?.() ?? 0
  expect(ended).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr: `turnpike: ${dataDir} cannot be written (owned by ${user}, running as ${user}). Run: chown ${user} ${dataDir}, or set TURNPIKE_DATA_DIR\n`,
  })
})

const FAULTY = `providers:
  acme:
    type: openai
    baseURL: http://127.0.0.1:9901/v1
    apiKey: \${ACME_KEY}
models:
  - id: acme/small
    endpoints:
      - provider: acme
        model: small
        prices: { input: "-0.2" }
`

test('all faults of the settings are told at once, each with its place, and nothing is begun', async () => {
  const folder = home(FAULTY)
  const ended = await runTurnpike({ home: folder, args: ['start'], env: { TURNPIKE_PORT: 'many' } })
  expect(ended).toMatchObject({ code: 2, stdout: '' })
  const lines = ended.stderr.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^turnpike: TURNPIKE_PORT: expected .*; found "many"$/)
  expect(lines).toContain('turnpike: turnpike.yaml:4:5  unknown setting `baseURL`; did you mean `baseUrl`?')
  expect(lines).toContain(
    `turnpike: turnpike.yaml:5:13  \${ACME_KEY} is not set and has no default; set it, or write \${ACME_KEY:-none}`,
  )
  expect(lines).toContain(
    'turnpike: turnpike.yaml:11:26  models[0].endpoints[0].prices.input: expected USD per million tokens, e.g. "0.20"; found "-0.2"',
  )
  expect(() => statSync(join(folder, 'data/turnpike.db'))).toThrow('ENOENT')
})

test('an old Node is told that it is too old, and what brings a newer one', async () => {
  const disguise = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.11.0'}})`
  const ended = await runTurnpike({ home: home(), args: ['start'], nodeArgs: ['--import', disguise] })
  expect(ended).toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      'turnpike: Node 20.11.0 is too old, 22.19 is needed. `npm ci` brings Node 24 along; then start with `npm start`\n',
  })
})

/** Undefined where another process holds the port already, which serves as well. */
function occupy(port: number): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      servers.push(server)
      resolve(server)
    })
  })
}
