/** A PostgreSQL of a test's own that it may stop, kill and start again on the same port, and give a synchronous standby. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/lib/clock.ts'
import { accepting, commands, createDatabase, freePort, serverIdentity, supervise } from './postgres.ts'
import { postgresBinaries } from './postgres-binaries.ts'

export type Cluster = {
  readonly port: number
  /** A database of its own each time. */
  database(): Promise<string>
  /** Resolves once connections are taken. */
  start(): Promise<void>
  /** fast: SIGINT, connections are cut; immediate: SIGQUIT, as a crash; kill: the first process alone, as the kernel does. */
  end(how: 'fast' | 'immediate' | 'kill'): Promise<void>
  /** A standby that every commit waits for. Call it before anything is written. */
  standby(): Promise<Standby>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

export type Standby = { readonly port: number; promote(): Promise<void>; remove(): Promise<void> }

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const
const LIMIT_MS = 30_000
const execute = promisify(execFile)

export async function createCluster(): Promise<Cluster> {
  const password = randomBytes(12).toString('hex')
  const folder = await newFolder()
  await writeOwn(join(folder, 'password'), password)
  const port = await freePort()
  const server = await command({ folder, port, password, make: true })
  return {
    port,
    database: () => createDatabase(server.url),
    start: () => server.start(),
    end: server.end,
    standby: () => standbyOf({ folder, port, password, server }),
    remove: server.remove,
  }
}

type Primary = { folder: string; port: number; password: string; server: Awaited<ReturnType<typeof command>> }

/** A copy of a cluster that was never started is one that may follow it. */
async function standbyOf({ folder, port, password, server }: Primary): Promise<Standby> {
  const copy = await newFolder()
  const data = join(copy, 'data')
  await execute('cp', ['-a', join(folder, 'data'), data])
  await writeOwn(join(data, 'standby.signal'), '')
  const own = await freePort()
  const second = await command({ folder: copy, port: own, password, make: false })
  await server.start({ synchronous_standby_names: 'standby', wal_keep_size: '512MB' })
  await second.start({
    primary_conninfo: `host=127.0.0.1 port=${port} user=postgres password=${password} application_name=standby`,
  })
  return {
    port: own,
    async promote() {
      await writeOwn(join(data, 'promote'), '')
      second.signal('SIGUSR1')
    },
    remove: second.remove,
  }
}

type Order = { folder: string; port: number; password: string; make: boolean }

async function command({ folder, port, password, make }: Order) {
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  const { initdb, postgres } = commands(await postgresBinaries(), folder, port)
  const identity = serverIdentity()
  const child = supervise({ folder, identity, postgres, commanded: true, ...(make ? { initdb } : {}) })
  const text = { said: '', complaint: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.said += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.complaint = part
  })
  const times = (word: string) => text.said.split(word).length - 1
  const until = async (holds: () => boolean) => {
    const start = systemClock.elapsed()
    while (!holds()) {
      if (systemClock.elapsed() - start > LIMIT_MS) throw new Error(`PostgreSQL did not obey: ${text.complaint}`)
      await systemClock.sleep(10)
    }
  }
  await until(() => times('started') === 1)
  const signal = (name: string) => void child.stdin.write(`${name}\n`)
  return {
    url,
    signal,
    async start(settings: Readonly<Record<string, string>> = {}) {
      const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
      if (lines.length > 0) await writeOwn(join(folder, 'data', 'postgresql.auto.conf'), lines.join(''))
      child.stdin.write('start\n')
      await accepting(url, new AbortController().signal)
    },
    async end(how: keyof typeof SIGNALS) {
      const before = times('ended')
      signal(SIGNALS[how])
      await until(() => times('ended') > before)
    },
    async remove() {
      child.stdin.end()
      await new Promise((resolve) => child.once('close', resolve))
    },
  }
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-cluster-'))
  await chownToServer(folder)
  return folder
}

async function writeOwn(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 })
  await chownToServer(path)
}

async function chownToServer(path: string): Promise<void> {
  const identity = serverIdentity()
  if (identity) await chown(path, identity.uid, identity.gid)
}
