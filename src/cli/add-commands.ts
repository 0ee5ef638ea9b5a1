/**
 * The commands of the API as the parser and its help know them. Every noun and verb is there from the table; the options
 * of the one that was typed come from its schemas, which are loaded for it alone.
 */
import { type Command, Option } from 'commander'
import { summaries } from '../contract/operation-summaries.ts'
import type { CommandRow } from './command-row.ts'
import { commands, nouns } from './commands.ts'
import type { Field } from './fields.ts'
import { rangeNames } from './range-names.ts'
import { placeName, type Typed } from './request.ts'
import type { ShownCommand } from './shown-command.ts'
import { withExamples } from './with-examples.ts'

type AddCommands = {
  /** The command that was typed, with its fields. */
  readonly chosen: ShownCommand | undefined
  readonly run: (row: CommandRow, typed: Typed) => Promise<void>
}

export function addCommands(program: Command, { chosen, run }: AddCommands): void {
  program.commandsGroup('Data, asked of a running server:')
  for (const [noun, about] of Object.entries(nouns)) {
    const group = program.command(noun).description(about).helpCommand(false)
    const own = commands.filter((row) => row.noun === noun)
    for (const row of own) {
      const command = group.command(row.verb).description(aboutOf(row))
      withExamples(command, row.examples)
      if (chosen?.row === row) addFields(command, chosen, run)
    }
    withExamples(
      group,
      own.flatMap(({ examples }) => examples.slice(0, 1)),
    )
  }
}

export const aboutOf = ({ about, operation }: CommandRow): string => about ?? summaries[operation]

function addFields(command: Command, chosen: ShownCommand, run: AddCommands['run']): void {
  for (const fields of chosen.places) {
    const name = placeName(fields)
    const about = fields.map((field) => explained(field)).join(' ')
    command.argument(fields.some(({ required }) => required) ? `<${name}>` : `[${name}]`, about)
  }
  const sameAsNdjson = chosen.row.columns ? [new Option('--jsonl').hideHelp()] : []
  const options = [...fieldOptions(chosen), ...commonOptions(chosen), ...sameAsNdjson]
  for (const option of options) command.addOption(option)
  command.action(async () => {
    const values = options.map((option): [string, unknown] => [
      nameOf(option),
      command.getOptionValue(option.attributeName()),
    ])
    await run(chosen.row, { args: command.args, options: Object.fromEntries(values) })
  })
}

/** In kebab-case; `--no-x` is the other side of `--x`. */
const nameOf = (option: Option): string => (option.long ?? '').replace(/^--(no-)?/, '')

export function fieldOptions({ options, operation }: ShownCommand): Option[] {
  const clearable = operation.method === 'PATCH' ? options.filter(({ nullable }) => nullable) : []
  const clear = new Option('--clear <option>', 'Set to nothing; may be repeated.')
    .choices(clearable.map(({ option }) => option))
    .argParser(collected)
  return [...options.flatMap(optionsOf), ...timeOptions({ options }), ...(clearable.length > 0 ? [clear] : [])]
}

/** Of whatever lists or sums up a range of time. */
function timeOptions(command: Pick<ShownCommand, 'options'>): Option[] {
  const names = rangeNames(command)
  if (!names) return []
  const same = (['from', 'to'] as const).flatMap((short): Option[] => {
    const field = command.options.find(({ name }) => name === names[short])
    if (!field || field.option === short) return []
    return [new Option(`--${short} <text>`, `The same as --${field.option}.`)]
  })
  return [...same, new Option('--since <span>', SINCE), new Option('--tz <zone>', TZ)]
}

const SINCE = '15m, 24h, 7d, today, yesterday, this-month or last-month, in place of a beginning and an end.'
const TZ = "The IANA zone whose days those are; default: the organisation's."

function optionsOf(field: Field): Option[] {
  const { option, kind, opposite } = field
  if (kind === 'flag') {
    const on = new Option(`--${option}`, explained(field))
    return !opposite ? [on] : [on, new Option(`--no-${option}`, `The opposite of --${option}.`)]
  }
  const made = new Option(`--${option} <${field.account ? 'account' : PLACEHOLDERS[kind]}>`, explained(field))
  return [REPEATED.includes(kind) ? made.argParser(collected) : made]
}

const PLACEHOLDERS = {
  ...{ text: 'text', amount: 'amount', integer: 'number', number: 'number' },
  ...{ texts: 'text', numbers: 'number', pairs: 'name=value', json: 'json', secret: 'text' },
} as const

const REPEATED: readonly Field['kind'][] = ['texts', 'numbers', 'pairs']

export function explained({ about, values, required, kind }: Field): string {
  const sentences = [
    about.replaceAll('`', ''),
    values.length > 0 ? `One of ${values.join(', ')}.` : '',
    REPEATED.includes(kind) ? 'May be repeated.' : '',
    kind === 'secret' ? '@file with it, or - for standard input, keeps it out of the history of the shell.' : '',
    kind === 'json' ? 'JSON, @file with it, or - for standard input.' : '',
    required ? '(required)' : '',
  ]
  return sentences.filter((text) => text !== '').join(' ')
}

const collected = (text: string, before: unknown): string[] => [...(Array.isArray(before) ? before : []), text]

/** What every command of the API takes beside its fields. */
export function commonOptions({ row, operation }: ShownCommand): Option[] {
  const output = [
    ['--json', "The server's reply as it came, one document."],
    ...(row.columns ? LIST_OPTIONS : []),
    ['--out <file>', 'Write the data to a file, readable by its owner alone.'],
    ['-q, --quiet', 'Say nothing beside the data.'],
    ['-v, --verbose', 'Tell each request on standard error.'],
  ] as const
  const asking = [
    ...(row.destroys ? CONSENT : []),
    ...(operation.method === 'GET'
      ? []
      : ([['--dry-run', 'Print the request and send nothing that changes.']] as const)),
    ...(operation.idempotent ? ([['--idempotency-key <key>', IDEMPOTENCY]] as const) : []),
    ['--url <address>', 'The server; else TURNPIKE_BASE_URL, else the one on this machine.'],
    ['--key-file <file>', 'File with the key; else TURNPIKE_API_KEY, else the admin-key of the data folder.'],
  ] as const
  const grouped = (heading: string) => (pair: readonly [string, string]) =>
    new Option(...(pair as [string, string])).helpGroup(heading)
  return [...output.map(grouped('Output:')), ...asking.map(grouped('Request:'))]
}

const IDEMPOTENCY = 'The same key again acts once and gives the first reply; default: a new one each time.'

const CONSENT = [
  ['-y, --yes', 'Do not ask whether it is meant.'],
  ['--no-input', 'Never ask; without --yes it is not done.'],
] as const

const LIST_OPTIONS = [
  ['--csv', 'Rows for a spreadsheet, with exact decimals.'],
  ['--ndjson', 'A JSON document a row; --jsonl is the same.'],
  ['--all', 'Every row, page by page.'],
  ['--limit <rows>', 'At most so many rows; default: a page of the server.'],
] as const
