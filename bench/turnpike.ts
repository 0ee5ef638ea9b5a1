/**
 * Turnpike as a user starts it, with default settings, in a folder of its own: accounting is on and every charge is on
 * disk before its reply ends. The mock is its only provider, at prices that the demo account can pay for a long time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/lib/clock.ts'
import { createDatabase, type Postgres, startPostgres } from '../test/setup/postgres.ts'
import { stopProcess } from './child.ts'

const startLimitMs = 15_000
const model = 'bench/model'

export async function startTurnpike(upstreamPort: number, onPostgres: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-bench-'))
  const database = onPostgres ? await startPostgres() : undefined
  await writeFile(join(folder, 'turnpike.yaml'), settings(upstreamPort))
  const log = join(folder, 'stderr')
  const child = await spawnTurnpike(folder, log, database && (await createDatabase(database.url)))
  const stop = () => clearAway(child, folder, database)
  try {
    const url = await listening(child, log)
    // The end of reading lines has paused it; a full pipe would hold the writer up.
    child.stdout?.resume()
    const key = await demoKey(log)
    const adminKey = await readFile(join(folder, 'data/admin-key'), 'utf8')
    const store = onPostgres ? 'PostgreSQL' : 'SQLite'
    return {
      pid: child.pid ?? 0,
      port: Number(new URL(url).port),
      headers: { authorization: `Bearer ${key}` },
      managementHeaders: { authorization: `Bearer ${adminKey.trim()}` },
      model,
      accounting: `on, durable before the reply ends (${store})`,
      stop,
    }
  } catch (failure) {
    await stop()
    throw failure
  }
}

const settings = (upstreamPort: number): string => `providers:
  mock:
    type: openai
    baseUrl: http://127.0.0.1:${upstreamPort}/v1
    apiKey: none
models:
  - id: ${model}
    contextLength: 8000000
    maxOutputTokens: 1000
    endpoints:
      - provider: mock
        model: bench
        prices: { input: "0.0001", cache_read: "0.0001", output: "0.0001" }
`

async function spawnTurnpike(folder: string, log: string, databaseUrl: string | undefined): Promise<ChildProcess> {
  const launcher = fileURLToPath(new URL('../bin/turnpike.js', import.meta.url))
  const env = {
    PATH: process.env.PATH,
    TURNPIKE_PORT: '0',
    TURNPIKE_DATA_DIR: join(folder, 'data'),
    TURNPIKE_CONFIG: join(folder, 'turnpike.yaml'),
    TURNPIKE_SIMULATOR: 'off',
    ...(databaseUrl !== undefined && { TURNPIKE_DATABASE_URL: databaseUrl }),
  }
  // The log goes to a file, as in a real installation; to read it here would take time from what is measured.
  const file = await open(log, 'w')
  const child = spawn(process.execPath, [launcher, 'start'], { cwd: folder, env, stdio: ['ignore', 'pipe', file.fd] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  await file.close()
  return child
}

async function listening(child: ChildProcess, log: string): Promise<string> {
  const late = systemClock.after(startLimitMs, () => child.kill('SIGKILL'))
  const { stdout } = child
  if (stdout === null) throw new Error('Turnpike has no standard output')
  for await (const line of createInterface({ input: stdout })) {
    const message = JSON.parse(line) as { event?: string; url?: string }
    if (message.event !== 'listening' || message.url === undefined) continue
    late.cancel()
    return message.url
  }
  throw new Error(`Turnpike ended before it listened:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
}

async function demoKey(log: string): Promise<string> {
  const start = systemClock.elapsed()
  while (systemClock.elapsed() - start < startLimitMs) {
    const key = /sk-tp-[\w-]{16,}/.exec(await readFile(log, 'utf8'))?.[0]
    if (key !== undefined) return key
    await systemClock.sleep(20)
  }
  throw new Error('Turnpike printed no demo key')
}

async function clearAway(child: ChildProcess, folder: string, database: Postgres | undefined): Promise<void> {
  await stopProcess(child)
  await database?.stop()
  await rm(folder, { recursive: true, force: true })
}
