/** Turnpike as a process of its own, started as people start it, in a folder of its own: for what only a process can do. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/lib/clock.ts'

export type ProcessOptions = {
  /** Where it is started; `data` and `turnpike.yaml` lie in it. */
  readonly home: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[]
  readonly launcher?: string
  /** No file that it writes may become longer. */
  readonly fileBytes?: number
}

export type TurnpikeProcess = {
  readonly url: string
  readonly pid: number
  /** Printed on the first start alone. */
  readonly demoKey: string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

export type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export const LAUNCHER = fileURLToPath(new URL('../bin/turnpike.js', import.meta.url))

export function newHome(yaml?: string): string {
  const home = mkdtempSync(join(tmpdir(), 'turnpike-process-'))
  mkdirSync(join(home, 'data'))
  if (yaml !== undefined) writeFileSync(join(home, 'turnpike.yaml'), yaml)
  return home
}

/** Resolves once it listens; rejects with what it said where it ends before. */
export async function startProcess(options: ProcessOptions): Promise<TurnpikeProcess> {
  const running = spawnTurnpike({ ...options, args: ['start', ...(options.args ?? [])] })
  const { child, ended } = running
  const listening = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      const [line, rest] = running.stdout().split('\n', 2)
      if (line !== undefined && rest !== undefined) resolve((JSON.parse(line) as { url: string }).url)
    })
  })
  // What a person reads was written before, but comes on a channel of its own.
  const welcomed = new Promise<void>((resolve) => {
    const look = () => /(?:^ {4}-d '.*'|New key: .*)\n/m.test(running.stderr()) && resolve()
    child.stderr?.on('data', look)
  })
  const url = await Promise.race([
    welcomed.then(() => listening),
    ended.then(({ code, signal, stderr }) => {
      throw new Error(`Turnpike ended (${code ?? signal}) before it listened:\n${stderr}`)
    }),
  ])
  return {
    url,
    pid: child.pid ?? 0,
    demoKey: /sk-tp-[0-9a-f]{64}/.exec(running.stderr())?.[0] ?? '',
    stdout: running.stdout,
    stderr: running.stderr,
    signal: (signal) => void child.kill(signal),
    ended,
  }
}

/** Runs a command to its end. */
export const runTurnpike = (options: ProcessOptions): Promise<Ended> => spawnTurnpike(options).ended

/** A start that is killed after so many milliseconds, wherever it has come to by then. */
export async function startAndKill(options: ProcessOptions, afterMs: number): Promise<void> {
  const { child, ended } = spawnTurnpike({ ...options, args: ['start'] })
  await systemClock.sleep(afterMs)
  child.kill('SIGKILL')
  await ended
}

/** The signal is ignored, so that the write fails as it would on a full disk. */
const withinFileSize = (bytes: number, command: readonly string[]): string[] => [
  ...['/bin/sh', '-c', `trap '' XFSZ; ulimit -S -f ${Math.ceil(bytes / 512)}; exec "$@"`, 'sh'],
  ...command,
]

type Running = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

function spawnTurnpike({
  home,
  args = [],
  env = {},
  nodeArgs = [],
  launcher = LAUNCHER,
  fileBytes,
}: ProcessOptions): Running {
  const command = [process.execPath, ...nodeArgs, launcher, ...args]
  const [program = '', ...rest] = fileBytes === undefined ? command : withinFileSize(fileBytes, command)
  const child = spawn(program, rest, {
    cwd: home,
    // Nothing of the surroundings: neither a provider's key nor a setting.
    env: { PATH: process.env.PATH, HOME: home, TURNPIKE_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
    })
  const endWithTests = () => child.kill('SIGKILL')
  process.once('exit', endWithTests)
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    process.off('exit', endWithTests)
    return { code, signal, ...text }
  })
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, ended }
}
