/**
 * The command line: `turnpike NOUN VERB`. What the commands do is handed in, and everything heavy is loaded by the
 * command that needs it, so that help is there at once.
 */
import { Argument, Command, CommanderError, type OutputConfiguration } from 'commander'
import { summaries } from '../contract/operation-summaries.ts'
import { addCommands } from './add-commands.ts'
import { wantsColour } from './colour.ts'
import { commandNamed } from './commands.ts'
import { completionScripts } from './completion-scripts.ts'
import type { StartOptions } from './environment.ts'
import { CannotGoOn, EXIT, EXIT_MEANINGS, type ExitCode } from './exit-code.ts'
import type { CommandCall } from './run-command.ts'
import type { SettingsInput } from './settings.ts'
import { type ShownCommand, shownCommand } from './shown-command.ts'
import { withExamples } from './with-examples.ts'

type VerifyOptions = StartOptions & { readonly repair: boolean; readonly json: boolean }
type DoctorOptions = StartOptions & { readonly json: boolean }
type BackupOptions = StartOptions & { readonly file: string; readonly quick: boolean }
type MigrateStoreOptions = StartOptions & { readonly from: string; readonly to: string }

export type ProgramParts = {
  readonly version: string
  readonly start: (options: StartOptions) => Promise<ExitCode>
  readonly verify: (options: VerifyOptions) => Promise<ExitCode>
  readonly doctor: (options: DoctorOptions) => Promise<ExitCode>
  readonly backup: (options: BackupOptions) => Promise<ExitCode>
  readonly migrateStore: (options: MigrateStoreOptions) => Promise<ExitCode>
  /** A command of the API. */
  readonly call: (call: CommandCall) => Promise<ExitCode>
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Which of the two is a terminal. */
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean }
} & Omit<SettingsInput, 'args'>

/** `argv` without the names of Node and of the script. Resolves to the exit code; never throws for a person's mistake. */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<ExitCode> {
  const ended: { code: ExitCode } = { code: EXIT.done }
  const { words, plain } = plainWords(argv)
  const seen = plain ? { ...parts, env: { ...parts.env, NO_COLOR: '1' } } : parts
  try {
    if (words[0] === 'complete') return await complete(wordsToComplete(words.slice(1)), seen)
    const row = commandNamed(words[0], words[1])
    const chosen = row && (await shownCommand(row))
    const program = createProgram(seen, chosen, (code) => {
      ended.code = code
    })
    const named = row ? [row.noun, row.verb, ...words.slice(2)] : words
    await program.parseAsync(named, { from: 'user' })
    return ended.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (!(error instanceof CannotGoOn)) throw error
    for (const line of error.message.split('\n')) parts.stderr(`turnpike: ${line}\n`)
    return error.exitCode
  }
}

/** The last one is being typed. Where a shell drops an empty word on the way, that comes first, as `--typed=`. */
function wordsToComplete([first = '', ...rest]: readonly string[]): string[] {
  if (first === '--') return rest
  const typed = /^--typed=(.*)$/s.exec(first)?.[1]
  return typed === undefined ? [first, ...rest] : [...rest.slice(rest[0] === '--' ? 1 : 0), typed]
}

/** What the shell asks for at each Tab: a word a line. */
async function complete(words: readonly string[], parts: ProgramParts): Promise<ExitCode> {
  const row = commandNamed(words[0], words[1])
  const chosen = row && (await shownCommand(row))
  const { completionsOf } = await import('./completion.ts')
  for (const word of completionsOf(
    createProgram(parts, chosen, () => {}),
    chosen,
    words,
  ))
    parts.stdout(`${word}\n`)
  return EXIT.done
}

/**
 * `--no-color` holds at every level, so it is taken out before any level could find it unknown; `help NOUN VERB` is
 * `NOUN VERB --help`.
 */
function plainWords(argv: readonly string[]): { words: string[]; plain: boolean } {
  const words = argv.filter((word) => word !== '--no-color')
  const plain = words.length < argv.length
  const named = words[0] === 'help' ? [...words.slice(1), '--help'] : words
  return { words: named[0] === SETUP_LINK ? ['members', ...named] : named, plain }
}

/** What newcomers are told to type, without a noun. */
const SETUP_LINK = 'setup-link'

export function createProgram(
  parts: ProgramParts,
  chosen: ShownCommand | undefined,
  end: (code: ExitCode) => void,
): Command {
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
    .commandsGroup('Server:')
  withExamples(program, [
    'turnpike start',
    'turnpike keys create dev --limit 5 --limit-reset monthly',
    'turnpike credits add 25 --account user_456',
    'turnpike usage summary --start-date 2026-11-01',
    'turnpike help credits',
  ])
  program.addHelpText('after', `\nExit codes:\n${exitCodes()}`)
  addStart(program, parts, end)
  addDoctor(program, parts, end)
  addVerify(program, parts, end)
  addBackup(program, parts, end)
  addMigrateStore(program, parts, end)
  addConfig(program, parts, end)
  addCompletion(program, parts)
  // Its words are taken for those of the command of the API before they come here.
  program.command(SETUP_LINK).description(summaries.createSetupLink)
  addCommands(program, { chosen, run: async (row, typed) => end(await parts.call({ row, env: parts.env, ...typed })) })
  return program
}

const exitCodes = (): string =>
  (Object.keys(EXIT) as (keyof typeof EXIT)[])
    .map((name) => `  ${String(EXIT[name]).padEnd(4)} ${EXIT_MEANINGS[name]}`)
    .join('\n')

function addStart(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const start = withServerOptions(program.command('start').description('serve until stopped'))
    .option('--port <port>', 'port to listen on; 0 picks a free one')
    .option('--host <address>', 'address to listen on')
    .action(async (options: StartOptions) => end(await parts.start(options)))
  withExamples(start, ['turnpike start', 'turnpike start --port 9000 --data-dir /var/lib/turnpike'])
}

function addDoctor(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const doctor = withServerOptions(
    program.command('doctor').description('look at all that Turnpike needs, and say of each what to do'),
  )
    .option('--json', 'one JSON document', false)
    .action(async (options: DoctorOptions) => end(await parts.doctor(options)))
  withExamples(doctor, ['turnpike doctor', 'turnpike doctor --json'])
}

function addVerify(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const verify = withServerOptions(program.command('verify').description('prove that every balance equals its entries'))
    .option('--repair', 'rebuild what can be rebuilt from the entries', false)
    .option('--json', 'one JSON document', false)
    .action(async (options: VerifyOptions) => end(await parts.verify(options)))
  withExamples(verify, ['turnpike verify', 'turnpike verify --repair', 'turnpike verify --json'])
}

function addBackup(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const backup = withServerOptions(program.command('backup').description('copy the SQLite file beside a live server'))
    .argument('<file>', 'where the copy goes; nothing may be there')
    .option('--quick', 'look at its pages, and leave out the proof of its balances', false)
    .action(async (file: string, options: Omit<BackupOptions, 'file'>) => end(await parts.backup({ ...options, file })))
  withExamples(backup, ['turnpike backup /backups/turnpike-2026-11-22.db'])
}

function addMigrateStore(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const move = withServerOptions(
    program.command('migrate-store').description('move all that a SQLite file holds to an empty PostgreSQL database'),
  )
    .option('--from <store>', 'sqlite (the file of the data folder), or sqlite:FILE', 'sqlite')
    .option('--to <store>', 'postgres (TURNPIKE_DATABASE_URL), or an address', 'postgres')
    .action(async (options: MigrateStoreOptions) => end(await parts.migrateStore(options)))
  withExamples(move, [
    'TURNPIKE_DATABASE_URL=postgres://… turnpike migrate-store --from sqlite --to postgres',
    'turnpike migrate-store --from sqlite:./data/turnpike.db --to postgres://turnpike@db:5432/turnpike',
  ])
}

function addConfig(program: Command, parts: ProgramParts, end: (code: ExitCode) => void): void {
  const config = program.command('config').description('check or print the settings').helpCommand(false)
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

function addCompletion(program: Command, parts: ProgramParts): void {
  const completion = program
    .command('completion')
    .description('print what makes Tab complete the words of this command line')
    .addArgument(new Argument('<shell>', 'whose words they are').choices(Object.keys(completionScripts)))
    .action((shell: keyof typeof completionScripts) => parts.stdout(completionScripts[shell]))
  withExamples(completion, [
    'turnpike completion bash >> ~/.bashrc',
    'turnpike completion zsh >> ~/.zshrc',
    'turnpike completion fish > ~/.config/fish/completions/turnpike.fish',
    'turnpike completion powershell >> $PROFILE',
  ])
}

const withServerOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'settings file; else TURNPIKE_CONFIG, else turnpike.yaml if it is there')
    .option('--data-dir <folder>', 'where SQLite and generated secrets lie')

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
