/** The page of the command line, made from the table of commands and the schemas of their operations. */
import type { Option } from 'commander'
import { aboutOf, commonOptions, explained, fieldOptions } from '../../src/cli/add-commands.ts'
import type { CommandRow } from '../../src/cli/command-row.ts'
import { commands, nouns } from '../../src/cli/commands.ts'
import { EXIT, EXIT_MEANINGS } from '../../src/cli/exit-code.ts'
import { type Command, commandOf } from '../../src/cli/fields.ts'
import { createProgram } from '../../src/cli/program.ts'
import { placeName } from '../../src/cli/request.ts'
import { code, opening, sentence, table } from './markdown.ts'

export const cliReference = (): string =>
  [
    opening(
      '`src/cli/commands.ts` and the schemas of the operations',
      'Command line',
      'Every command, what it takes, and what it tells a script. How to work with it is in [the command line](../guides/command-line.md); ' +
        '`turnpike help NOUN VERB` shows the same on the terminal.',
    ),
    '## Everywhere\n',
    table(['option', ''], everywhere()),
    'An amount is decimal text with at most nine decimals, and travels as it was typed. JSON is given as it is, as `@file`, or as `-` for standard input. ' +
      'Where an account is asked for, its id (`acc_…`) or your own name for it will do.\n',
    '## Exit codes\n',
    table(['code', 'means'], exitCodes()),
    ...server(),
    ...Object.entries(nouns).flatMap(([noun, about]) => nounSection(noun, about)),
  ].join('\n')

const exitCodes = (): string[][] =>
  (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => [String(EXIT[name]), sentence(upper(EXIT_MEANINGS[name]))])

const optionRow = (option: Option): string[] => [code(option.flags), option.description]

/** What commands have in common is told once; some of it makes sense for some commands alone. */
function everywhere(): string[][] {
  const all = new Map(
    commands
      .map((row) => commandOf(row))
      .flatMap(commonOptions)
      .map((option) => [option.flags, optionRow(option)]),
  )
  return [
    ...all.values(),
    [code('--no-color'), 'Plain text; so does `NO_COLOR`.'],
    [code('-h, --help'), 'Help, at every level.'],
  ]
}

function server(): string[] {
  const nothing = async () => EXIT.done
  const silent = () => {}
  const program = createProgram(
    {
      ...{
        version: '',
        start: nothing,
        doctor: nothing,
        verify: nothing,
        backup: nothing,
        migrateStore: nothing,
        call: nothing,
        stdout: silent,
        stderr: silent,
      },
      ...{ env: {}, cwd: '/', readFile: () => '', terminal: { stdout: false, stderr: false } },
    },
    undefined,
    silent,
  )
  const own = program.commands.filter((command) => !(command.name() in nouns))
  const leaves = own.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
  return [
    '## Server\n',
    ...leaves.map((command) => {
      const parent = command.parent === program ? '' : `${command.parent?.name()} `
      return [
        `### turnpike ${parent}${command.name()}\n`,
        `${sentence(upper(command.description()))}\n`,
        table(['option', ''], command.options.map(optionRow)),
      ].join('\n')
    }),
  ]
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const nounSection = (noun: string, about: string): string[] => [
  `## ${noun}\n`,
  `${sentence(upper(about))}\n`,
  ...commands.filter((row) => row.noun === noun).map(commandSection),
]

function commandSection(row: CommandRow): string {
  const command = commandOf(row)
  const rows = [...placeRows(command), ...fieldOptions(command).map(optionRow)]
  const also = row.also ? ` Also: ${row.also.map((name) => code(`turnpike ${name}`)).join(', ')}.` : ''
  return [
    `### turnpike ${row.noun} ${row.verb}\n`,
    `${sentence(aboutOf(row))} ${code(`${command.operation.method} ${command.operation.path}`)}.${also}\n`,
    `\`\`\`sh\n${row.examples.join('\n')}\n\`\`\`\n`,
    ...(rows.length > 0 ? [table(['argument or option', ''], rows)] : []),
  ].join('\n')
}

const placeRows = ({ places }: Command): string[][] =>
  places.map((fields) => [code(`<${placeName(fields)}>`), fields.map(explained).join(' ')])
