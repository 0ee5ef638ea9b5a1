/** What `turnpike doctor` looks at on this machine: the data folder, its disk, and the port. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Finding } from './cli/doctor-output.ts'
import { dataNotWritable, portTaken } from './cli/start-faults.ts'
import type { Settings } from './contract/settings.ts'
import { freeBytes } from './data-folder.ts'

/** The launcher refuses an older one before it comes here. */
export const nodeFinding = (): Finding => ({ check: 'Node', state: 'ok', says: process.versions.node })

const SECRETS = ['admin-key', 'secret-key', 'turnpike.db', 'auth.db']

export function folderFinding({ dataDir }: Settings): Finding {
  const check = 'data folder'
  if (!existsSync(dataDir)) return { check, state: 'ok', says: `${dataDir} is made at the first start` }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    const says = dataNotWritable(dataDir, statSync(dataDir).uid, process.getuid?.() ?? 0)
    return { check, state: 'failed', says }
  }
  const files = SECRETS.map((name) => join(dataDir, name))
  const open = process.platform === 'win32' ? [] : files.filter((file) => existsSync(file) && isReadByOthers(file))
  // The folder itself keeps others out.
  if (open.length === 0 || !isReadByOthers(dataDir)) return { check, state: 'ok', says: `${dataDir} can be written` }
  return {
    ...{ check, state: 'warning', says: `other users of this machine can read ${open.join(', ')}` },
    cure: `chmod 600 ${open.join(' ')}`,
  }
}

const isReadByOthers = (path: string): boolean => (statSync(path).mode & 0o077) !== 0

const GIB = 2 ** 30
const LITTLE = 0.1 * GIB

export async function diskFinding({ dataDir }: Settings): Promise<Finding> {
  const check = 'free space'
  const free = await freeBytes(existsSync(dataDir) ? dataDir : '.')
  if (free === undefined) return { check, state: 'skipped', says: 'the disk does not tell' }
  const says = `${(free / GIB).toFixed(1)} GiB`
  const cure = 'free some, or move the data folder to a larger disk (TURNPIKE_DATA_DIR)'
  if (free < GIB) return { check, state: free < LITTLE ? 'failed' : 'warning', says, cure }
  return { check, state: 'ok', says }
}

const PROBE_MS = 3_000

/** A Turnpike that answers, another program, or nobody. */
export async function portFinding({ host, port, portAskedBy }: Settings): Promise<Finding> {
  const check = 'port'
  if (port === 0) return { check, state: 'ok', says: 'a free one is picked' }
  const standing = await turnpikeAt(host, port)
  if (standing === 'ready') return { check, state: 'ok', says: `a Turnpike answers on ${host}:${port}, and is ready` }
  if (standing !== undefined)
    return {
      ...{ check, state: 'failed', says: `a Turnpike answers on ${host}:${port}, and takes no calls: ${standing}` },
      cure: 'the checks of the database below, and its log, say why',
    }
  const code = await bindable(host, port)
  if (code === undefined) return { check, state: 'ok', says: `${host}:${port} is free` }
  if (code === 'EADDRINUSE' && portAskedBy === undefined)
    return { check, state: 'warning', says: `${port} is taken by another program; a start takes the next one` }
  if (code === 'EADDRINUSE') return { check, state: 'failed', says: portTaken(port, portAskedBy ?? '') }
  return {
    ...{ check, state: 'failed', says: `nobody may listen on ${host}:${port} (${code})` },
    cure: 'set TURNPIKE_HOST to an address of this machine, and TURNPIKE_PORT to a port above 1023',
  }
}

const ANY = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
])

/** Undefined: none answers. */
async function turnpikeAt(host: string, port: number): Promise<string | undefined> {
  const name = ANY.get(host) ?? (host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host)
  try {
    const reply = await fetch(`http://${name}:${port}/readyz`, {
      ...{ redirect: 'manual', signal: AbortSignal.timeout(PROBE_MS) },
    })
    const { status, checks } = JSON.parse((await reply.text()).slice(0, 10_000)) as {
      status?: string
      checks?: Record<string, unknown>
    }
    if (checks === undefined || !('draining' in checks)) return undefined
    return status === 'ready'
      ? 'ready'
      : Object.entries(checks)
          .map((pair) => pair.join(' '))
          .join(', ')
  } catch {
    return undefined
  }
}

/** The code of why not. */
function bindable(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ host: host.replace(/[[\]]/g, ''), port, exclusive: true }, () =>
    server.close(() => resolve(undefined)),
  )
  return promise
}
