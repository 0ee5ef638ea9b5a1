/** A whole Turnpike in this process, on a port and a folder of its own, in front of the simulator. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultLine } from '../src/cli/fault.ts'
import { loadSettings } from '../src/cli/settings.ts'
import type { Clock } from '../src/lib/clock.ts'
import { createLog, type Log } from '../src/lib/log.ts'
import type { Random } from '../src/lib/random.ts'
import { createReload } from '../src/reload.ts'
import { type Server, startServer } from '../src/server.ts'
import type { Simulator } from '../src/simulator/simulator.ts'

export type Turnpike = {
  readonly server: Server
  readonly url: string
  /** Calls on the demo account, which has 25 USD. */
  readonly key: string
  readonly operatorKey: string
  readonly simulator: Simulator
  readonly folder: string
  /** A call to the server with a key (the demo key if none is named) and, where given, a JSON body. */
  request(path: string, options?: RequestOptions): Promise<Response>
  /** As if this had been written to the file, and the signal sent. */
  reload(yaml: string): Promise<void>
  /** Stops the server; the folder stays for another start with `folder`. */
  stop(): Promise<void>
  /** Stops and removes the folder. */
  close(): Promise<void>
}

type RequestOptions = {
  method?: string
  key?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

export type TurnpikeOptions = {
  /** The text of a `turnpike.yaml`; `SIMULATOR` in it stands for the address of a simulator, see `simulatorUrl`. */
  readonly yaml?: string
  readonly env?: Record<string, string>
  readonly folder?: string
  readonly clock?: Clock
  readonly random?: Random
  /** Default: silence. */
  readonly log?: Log
}

/** For a test of what SQLite alone has: files in the folder, whatever the others run on. */
export const ON_SQLITE = { env: {} } as const

/**
 * Where tests are run again on the other store: a database of their own for each server that names none. A clock that a
 * test moves is that of the process, which SQLite goes by; PostgreSQL has its own.
 */
async function ownStore(clock: Clock | undefined): Promise<Record<string, string>> {
  if (process.env.TEST_STORE !== 'postgres' || clock) return {}
  const { freshDatabase } = await import('./setup/fresh-database.ts')
  return { TURNPIKE_DATABASE_URL: await freshDatabase() }
}

export async function startTurnpike({
  yaml,
  env: given,
  folder,
  log = createLog({ level: 'silent' }),
  ...parts
}: TurnpikeOptions = {}): Promise<Turnpike> {
  const env = given ?? (folder === undefined ? await ownStore(parts.clock) : {})
  const home = folder ?? mkdtempSync(join(tmpdir(), 'turnpike-test-'))
  const load = (text: string | undefined) =>
    loadSettings({
      env: {
        TURNPIKE_PORT: '0',
        TURNPIKE_DATA_DIR: home,
        TURNPIKE_SIMULATOR: 'on',
        ...(text === undefined ? {} : { TURNPIKE_CONFIG: 'turnpike.yaml' }),
        ...env,
      },
      args: {},
      cwd: home,
      readFile: (path) => {
        if (text !== undefined && path.endsWith('turnpike.yaml')) return text
        throw Object.assign(new Error(`no file ${path}`), { code: 'ENOENT' })
      },
    })
  const loaded = load(yaml)
  if ('faults' in loaded) throw new Error(loaded.faults.map(faultLine).join('\n'))
  const server = await startServer({ ...loaded, log, ...parts })
  const { simulator, demoKey: key = '' } = server
  if (!simulator) throw new Error('a test server has its simulator')
  const stop = () => server.close()
  return {
    server,
    url: server.url,
    key,
    operatorKey: server.folder.adminKey,
    simulator,
    folder: home,
    request: (path, { method, key: secret = key, body, headers = {}, signal } = {}) =>
      fetch(`${server.url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${secret}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      }),
    reload(text) {
      const reload = createReload({ load: () => load(text), server, log })
      return reload()
    },
    stop,
    async close() {
      await stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
