/** The command line without a process: what it is lent is kept here, and a test looks at it afterwards. */
import { type ProgramParts, runProgram } from '../src/cli/program.ts'
import { runCommand, type World } from '../src/cli/run-command.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import type { Turnpike } from './turnpike.ts'

export type CliRun = {
  readonly code: number
  readonly out: string
  readonly err: string
  /** By their path. */
  readonly written: ReadonlyMap<string, string>
  /** How long it would have waited. */
  readonly waitedMs: readonly number[]
}

export type CliSurroundings = {
  readonly env?: Record<string, string>
  /** Files by their path. */
  readonly files?: Record<string, string>
  readonly input?: string
  /** What a person answers; without it nobody is there. */
  readonly answer?: string
  /** Columns of the terminal that standard output is. */
  readonly width?: number
  readonly fetch?: typeof fetch
}

export async function runCli(argv: readonly string[], given: CliSurroundings = {}): Promise<CliRun> {
  const seen = { out: '', err: '', written: new Map<string, string>(), waitedMs: [] as number[] }
  const readFile = (path: string) => {
    const text = given.files?.[path]
    if (text === undefined) throw Object.assign(new Error(`no file ${path}`), { code: 'ENOENT' })
    return text
  }
  const stdout = (text: string) => {
    seen.out += text
  }
  const stderr = (text: string) => {
    seen.err += text
  }
  const world: World = {
    ...{ readFile, stderr, random: systemRandom, fetch: given.fetch ?? fetch },
    readInput: () => given.input ?? '',
    write: async (text) => stdout(text),
    writeFile: async (path) => ({
      write: async (text) => void seen.written.set(path, (seen.written.get(path) ?? '') + text),
      close: async () => {},
    }),
    ask:
      given.answer === undefined
        ? undefined
        : async (question) => {
            stderr(question)
            return given.answer ?? ''
          },
    terminal: { stdout: given.width !== undefined, width: given.width },
    clock: { ...systemClock, sleep: async (ms) => void seen.waitedMs.push(ms) },
  }
  const nothing = async () => 0 as const
  const parts: ProgramParts = {
    ...{ version: '1.2.3', env: given.env ?? {}, cwd: '/srv', readFile, stdout, stderr },
    ...{
      start: nothing,
      doctor: nothing,
      verify: nothing,
      backup: nothing,
      migrateStore: nothing,
      terminal: { stdout: given.width !== undefined, stderr: false },
    },
    call: (call) => runCommand(call, world),
  }
  const code = await runProgram(argv, parts)
  return { code, ...seen }
}

/** With the operator's key of a server, which is there once a test runs. */
export const cliOn =
  (server: () => Pick<Turnpike, 'url' | 'operatorKey'>) =>
  (argv: readonly string[], { env = {}, ...given }: CliSurroundings = {}): Promise<CliRun> => {
    const { url, operatorKey } = server()
    return runCli(argv, { ...given, env: { TURNPIKE_BASE_URL: url, TURNPIKE_API_KEY: operatorKey, ...env } })
  }
