/** What `turnpike backup` copies is one moment of a live ledger, adds up, and starts again as a server. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backup } from '../src/backup-command.ts'
import { verifyLedger } from '../src/jobs/verify.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'

const CALL = { model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }

let turnpike: Turnpike
let copies: string
beforeAll(async () => {
  turnpike = await startTurnpike()
  copies = mkdtempSync(join(tmpdir(), 'turnpike-backup-'))
})
afterAll(async () => {
  await turnpike.close()
  rmSync(copies, { recursive: true, force: true })
})

async function run(name: string, { quick = false, env = {} }: { quick?: boolean; env?: Record<string, string> } = {}) {
  const said = { stdout: '', stderr: '' }
  const file = join(copies, name)
  const code = await backup({
    env,
    cwd: copies,
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    options: { file, quick, dataDir: turnpike.folder },
    stdout: (text) => {
      said.stdout += text
    },
    stderr: (text) => {
      said.stderr += text
    },
  })
  return { code, file, ...said }
}

test('while calls are charged the copy is made, adds up, and a server on it has the balance of its moment', async () => {
  let over = false
  let answered = 0
  const callers = Array.from({ length: 4 }, async () => {
    while (!over) {
      const { status } = await turnpike.request('/v1/chat/completions', { body: CALL })
      expect(status).toBe(200)
      answered++
    }
  })
  const { code, file, stdout, stderr } = await run('live.db')
  over = true
  await Promise.all(callers)
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n` })
  expect(stderr).toContain(`${file} is whole, and every balance in it is proved`)
  expect(stderr).toContain(`Keep ${join(turnpike.folder, 'secret-key')} in another place`)
  expect(statSync(file).mode & 0o777).toBe(0o600)

  const folder = mkdtempSync(join(tmpdir(), 'turnpike-restored-'))
  copyFileSync(file, join(folder, 'turnpike.db'))
  const restored = await startTurnpike({ folder })
  const { store } = restored.server.gateway
  expect(await verifyLedger(store)).toEqual([])
  const records = await store.rows(store.sql.selectFrom('usage_records').select('id'))
  expect(records.length).toBeLessThanOrEqual(answered)
  const next = await restored.request('/v1/chat/completions', { key: turnpike.key, body: CALL })
  expect(next.status).toBe(200)
  await restored.close()
})

test('sign-in is copied beside it, where there is one', async () => {
  const signIn = new BetterSqlite3(join(turnpike.folder, 'auth.db'))
  signIn.exec("CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Ann')")
  const { stdout } = await run('both.db')
  expect(stdout).toBe(`${join(copies, 'both.db')}\n${join(copies, 'both-auth.db')}\n`)
  const copy = new BetterSqlite3(join(copies, 'both-auth.db'), { readonly: true })
  expect(copy.prepare('SELECT name FROM people').all()).toEqual([{ name: 'Ann' }])
  copy.close()
  signIn.close()
  rmSync(join(turnpike.folder, 'auth.db'))
})

test('nothing is written over, and what was refused leaves nothing behind', async () => {
  writeFileSync(join(copies, 'there.db'), 'mine')
  await expect(run('there.db')).rejects.toThrow(`${join(copies, 'there.db')} is there already`)
  expect(statSync(join(copies, 'there.db')).size).toBe(4)
  await expect(run('nowhere/x.db')).rejects.toThrow('ENOENT')
  expect(readdirSync(copies).filter((name) => name.includes('partial'))).toEqual([])
})

test('a ledger that does not add up is no backup, unless it is wanted as it is', async () => {
  const { store } = turnpike.server.gateway
  const add = (nanos: bigint) =>
    store.write([store.sql.updateTable('accounts').set((row) => ({ posted_nanos: row('posted_nanos', '+', nanos) }))])
  await add(7n)
  await expect(run('wrong.db')).rejects.toThrow('the ledger has 1 difference')
  expect(existsSync(join(copies, 'wrong.db'))).toBe(false)
  expect(await run('wrong.db', { quick: true })).toMatchObject({ code: 0 })
  await add(-7n)
})

test('a damaged file is told, and leaves no copy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-damaged-'))
  const file = join(folder, 'turnpike.db')
  const db = new BetterSqlite3(file)
  db.exec('CREATE TABLE t (a TEXT); CREATE INDEX by_a ON t (a)')
  const add = db.prepare('INSERT INTO t VALUES (?)')
  db.transaction(() => {
    for (let index = 0; index < 2_000; index++) add.run(`row ${index}`)
  })()
  db.unsafeMode(true)
  db.pragma('writable_schema = ON')
  db.exec("DELETE FROM sqlite_schema WHERE name = 'by_a'")
  db.close()
  const said: string[] = []
  const trying = backup({
    ...{ env: {}, cwd: folder, options: { file: join(copies, 'damaged.db'), quick: true, dataDir: folder } },
    readFile: () => {
      throw Object.assign(new Error('no file'), { code: 'ENOENT' })
    },
    stdout: (text) => void said.push(text),
    stderr: (text) => void said.push(text),
  })
  await expect(trying).rejects.toThrow(/the copy is damaged, and so may be what it was made of/)
  expect(existsSync(join(copies, 'damaged.db'))).toBe(false)
  rmSync(folder, { recursive: true })
})

test('on PostgreSQL its own tools are named', async () => {
  const env = { TURNPIKE_DATABASE_URL: 'postgres://turnpike@127.0.0.1:1/turnpike' }
  await expect(run('pg.db', { env })).rejects.toThrow('the store is PostgreSQL, which brings its own tools: pg_dump')
})
