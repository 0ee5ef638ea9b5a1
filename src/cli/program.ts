/**
 * The command line: `turnpike NOUN VERB`. What the commands do is handed in, and everything heavy is loaded by the
 * command that needs it, so that help is there at once.
 */
import { Command, CommanderError, type OutputConfiguration } from 'commander'
import type { StartOptions } from './environment.ts'
import { CannotGoOn, EXIT, type ExitCode } from './exit-code.ts'
import type { SettingsInput } from './settings.ts'

type VerifyOptions = StartOptions & { readonly repair: boolean; readonly json: boolean }

export type CreateKeyOptions = {
  readonly name: string
  readonly account?: string
  /** USD, as it was typed. */
  readonly limit?: string
  readonly limitReset?: string
  readonly json: boolean
  readonly url?: string
  readonly keyFile?: string
}

export type ProgramParts = {
  readonly version: string
  readonly start: (options: StartOptions) => Promise<ExitCode>
  readonly verify: (options: VerifyOptions) => Promise<ExitCode>
  readonly createKey: (options: CreateKeyOptions) => Promise<ExitCode>
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Which of the two is a terminal. */
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean }
} & Omit<SettingsInput, 'args'>

/** `argv` without the names of Node and of the script. Resolves to the exit code; never throws for a person's mistake. */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<ExitCode> {
  const ended: { code: ExitCode } = { code: EXIT.done }
  const plain = argv.includes('--no-color')
  const seen = plain ? { ...parts, env: { ...parts.env, NO_COLOR: '1' } } : parts
  try {
    const program = createProgram(seen, (code) => {
      ended.code = code
    })
    // The option holds at every level, so it is taken out before any level could find it unknown.
    await program.parseAsync(plain ? argv.filter((word) => word !== '--no-color') : argv, { from: 'user' })
    return ended.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (!(error instanceof CannotGoOn)) throw error
    for (const line of error.message.split('\n')) parts.stderr(`turnpike: ${line}\n`)
    return error.exitCode
  }
}

function createProgram(parts: ProgramParts, end: (code: ExitCode) => void): Command {
  const program = new Command('turnpike')
    .exitOverride()
    .configureOutput(outputTo(parts))
    .configureHelp({ styleTitle: (title) => `\u001b[1m${title}\u001b[22m` })
    .description('A gateway to large language models that accounts for every token')
    .version(parts.version, '-V, --version')
    .option('--no-color', 'plain text')
    .helpCommand(false)
    .showSuggestionAfterError()
    .usage('NOUN VERB [options]')
  withExamples(program, [
    'turnpike start',
    'turnpike keys create dev --limit 5 --limit-reset monthly',
    'turnpike verify',
  ])
  addStart(program, parts, end)
  addVerify(program, parts, end)
  addConfig(program, parts, end)
  addKeys(program, parts, end)
  return program
}

function addStart(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const start = withServerOptions(program.command('start').description('serve until stopped'))
    .option('--port <port>', 'port to listen on; 0 picks a free one')
    .option('--host <address>', 'address to listen on')
    .action(async (options: StartOptions) => end(await parts.start(options)))
  withExamples(start, ['turnpike start', 'turnpike start --port 9000 --data-dir /var/lib/turnpike'])
}

function addVerify(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const verify = withServerOptions(program.command('verify').description('prove that every balance equals its entries'))
    .option('--repair', 'rebuild what can be rebuilt from the entries', false)
    .option('--json', 'one JSON document', false)
    .action(async (options: VerifyOptions) => end(await parts.verify(options)))
  withExamples(verify, ['turnpike verify', 'turnpike verify --repair', 'turnpike verify --json'])
}

function addConfig(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const config = program.command('config').description('check or print the settings')
  const check = withServerOptions(config.command('check').description('tell every fault in the settings')).action(
    async (args: StartOptions) => end((await import('./config-command.ts')).checkConfig({ ...parts, args }, parts)),
  )
  const print = withServerOptions(
    config.command('print').description('print each setting with its origin, secrets masked'),
  )
    .option('--json', 'one JSON document', false)
    .action(async ({ json, ...args }: StartOptions & { json: boolean }) =>
      end((await import('./config-command.ts')).printConfig({ ...parts, args }, { json }, parts)),
    )
  withExamples(config, ['turnpike config check', 'turnpike config print'])
  withExamples(check, ['turnpike config check', 'turnpike config check --config staging.yaml'])
  withExamples(print, ['turnpike config print', 'turnpike config print --json'])
}

function addKeys(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const keys = program.command('keys').description('API keys')
  const create = keys
    .command('create <name>')
    .description('make a key; it is shown this once')
    .option('--account <id>', 'the account that pays; without one the key works for the organisation itself')
    .option('--limit <usd>', 'most that the key may spend')
    .option('--limit-reset <window>', 'daily, weekly or monthly; without it the limit is for ever')
    .option('--json', 'one JSON document', false)
    .option('--url <address>', 'the server; else TURNPIKE_BASE_URL, else the one on this machine')
    .option(
      '--key-file <file>',
      'file with the key to sign in with; else TURNPIKE_API_KEY, else the admin-key of the data folder',
    )
    .action(async (name: string, options: Omit<CreateKeyOptions, 'name'>) =>
      end(await parts.createKey({ ...options, name })),
    )
  withExamples(keys, ['turnpike keys create dev'])
  withExamples(create, ['turnpike keys create dev', 'turnpike keys create dev --limit 5 --limit-reset monthly'])
}

const withServerOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'settings file; else TURNPIKE_CONFIG, else turnpike.yaml if it is there')
    .option('--data-dir <folder>', 'where SQLite and generated secrets lie')

function withExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText('before', `Examples:\n${examples.map((line) => `  ${line}`).join('\n')}\n`)
}

/** Data goes to standard output, everything else to standard error; colour only where a person looks. */
function outputTo(parts: ProgramParts): OutputConfiguration {
  const colours = (isTerminal: boolean) => () => wantsColour(parts.env, isTerminal)
  return {
    writeOut: parts.stdout,
    writeErr: parts.stderr,
    getOutHasColors: colours(parts.terminal.stdout),
    getErrHasColors: colours(parts.terminal.stderr),
    outputError: (text, write) => write(text.replace(/^error: /, 'turnpike: ')),
  }
}

function wantsColour(env: SettingsInput['env'], isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return isTerminal && env.TERM !== 'dumb'
}
