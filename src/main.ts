/** The process: reads its environment, starts what the command line names, stops on a signal, and exits with a code. */
import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { EXIT } from './cli/exit-code.ts'
import { runProgram } from './cli/program.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const stdout = (text: string) => void process.stdout.write(text)
const stderr = (text: string) => void process.stderr.write(text)
const readFile = (path: string) => readFileSync(path, 'utf8')
const surroundings = { env: process.env, cwd: process.cwd(), readFile }

process.exitCode = await runProgram(process.argv.slice(2), {
  version,
  ...surroundings,
  stdout,
  stderr,
  terminal: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
  start: async (options) =>
    (await import('./start.ts')).start({
      ...surroundings,
      version,
      options,
      stdout,
      stderr,
      stopped: untilSignal(),
      onReload,
      readable: process.stderr.isTTY === true,
    }),
  doctor: async (options) => (await import('./doctor-command.ts')).doctor({ ...surroundings, options, stdout, stderr }),
  verify: async (options) => (await import('./verify-command.ts')).verify({ ...surroundings, options, stdout, stderr }),
  backup: async (options) => (await import('./backup-command.ts')).backup({ ...surroundings, options, stdout, stderr }),
  migrateStore: async (options) =>
    (await import('./migrate-store-command.ts')).migrateStore({ ...surroundings, options, stdout, stderr }),
  call: async (call) => {
    const [{ runCommand }, { processWorld }] = await Promise.all([
      import('./cli/run-command.ts'),
      import('./process-world.ts'),
    ])
    return runCommand(call, processWorld())
  },
})

/** A terminal that is closed sends the same signal as whoever wants the settings read again; then it is none any more. */
function onReload(callback: () => void): void {
  const hasTerminal = process.stderr.isTTY === true
  process.on('SIGHUP', () => {
    if (hasTerminal && !isatty(2)) process.kill(process.pid, 'SIGTERM')
    else callback()
  })
}

/** Resolves at the first signal; a second one ends the process at once. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(EXIT.interrupted))
        resolve(signal)
      })
  })
}
