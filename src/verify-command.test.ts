import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTurnpike, type Turnpike } from '../test/turnpike.ts'
import { verify } from './verify-command.ts'

let turnpike: Turnpike
beforeAll(async () => {
  turnpike = await startTurnpike()
  const messages = [{ role: 'user', content: 'hi' }]
  await turnpike.request('/v1/chat/completions', { body: { model: 'simulator/exact', messages } })
})
afterAll(() => rmSync(turnpike.folder, { recursive: true, force: true }))

async function run(options: { repair?: boolean; json?: boolean } = {}, dataDir = turnpike.folder) {
  const said = { stdout: '', stderr: '' }
  const code = await verify({
    env: {},
    cwd: tmpdir(),
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    options: { repair: false, json: false, dataDir, ...options },
    stdout: (text) => {
      said.stdout += text
    },
    stderr: (text) => {
      said.stderr += text
    },
  })
  return { code, ...said }
}

test('beside a live server a sound ledger has no difference', async () => {
  const { code, stdout, stderr } = await run()
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toMatch(/^turnpike: no difference: .* \(\d+ rows read\)\n$/)
  expect(await run({ json: true })).toMatchObject({ code: 0, stdout: '{\n  "differences": []\n}\n' })
})

test('a balance that is not the sum of its entries is named, with both values, and ends in 1', async () => {
  const { store } = turnpike.server.gateway
  await store.write([store.sql.updateTable('accounts').set((row) => ({ posted_nanos: row('posted_nanos', '+', 7n) }))])
  const { code, stdout, stderr } = await run()
  expect(code).toBe(1)
  const [titles, row] = stdout.split('\n')
  expect(titles).toMatch(/^table {5}key +column +stored +computed$/)
  expect(row).toMatch(/^accounts {2}id=\d+ {2}posted_nanos {2}24999949157 {2}24999949150$/)
  expect(stderr).toBe('turnpike: 1 difference. `turnpike verify --repair` corrects what can be computed again\n')
  const { differences } = JSON.parse((await run({ json: true })).stdout) as { differences: unknown[] }
  expect(differences).toEqual([
    expect.objectContaining({
      table: 'accounts',
      column: 'posted_nanos',
      stored: '24999949157',
      computed: '24999949150',
    }),
  ])
})

test('a difference is told as an event of the running server, once a day however often it is looked', async () => {
  const { events } = (await (
    await turnpike.request('/api/admin/events?type=ledger.integrity_failed', { key: turnpike.operatorKey })
  ).json()) as { events: { data: object }[] }
  expect(events).toMatchObject([{ data: { differences: 1, tables: ['accounts'] } }])
})

test('what the last proof came to is kept, and the server tells it', async () => {
  const { system } = (await (await turnpike.request('/api/admin/system', { key: turnpike.operatorKey })).json()) as {
    system: { server: { lastVerify: { at: string; rows: number } } }
  }
  expect(system.server.lastVerify).toMatchObject({ differences: 1, repaired: 0, seconds: expect.any(Number) })
  expect(system.server.lastVerify.rows).toBeGreaterThan(0)
  expect(Math.abs(Date.parse(system.server.lastVerify.at) - Date.now())).toBeLessThan(60_000)
})

test('a repair needs the folder for itself; then it tells what it corrected, and the next look is clean', async () => {
  await expect(run({ repair: true })).rejects.toThrow(`${turnpike.folder} is held by another Turnpike`)
  await turnpike.stop()
  const repaired = await run({ repair: true, json: true })
  expect(repaired).toMatchObject({ code: 1, stderr: expect.stringMatching(/turnpike: 1 difference, all repaired\n$/) })
  expect(JSON.parse(repaired.stdout)).toMatchObject({ differences: [{ column: 'posted_nanos' }], remaining: [] })
  expect(await run()).toMatchObject({ code: 0 })
})

test('where no Turnpike ever ran nothing is made, and the sentence says what to set', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'turnpike-empty-'))
  await expect(run({}, empty)).rejects.toThrow(
    `${join(empty, 'turnpike.db')} does not exist: no Turnpike was started there. Set TURNPIKE_DATA_DIR or --data-dir`,
  )
  rmSync(empty, { recursive: true })
})
