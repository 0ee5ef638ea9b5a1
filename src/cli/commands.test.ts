import { Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { operations } from '../contract/operations.ts'
import { commonOptions, explained, fieldOptions } from './add-commands.ts'
import { pathOf } from './command-row.ts'
import { commands, nouns, WITHOUT_COMMAND } from './commands.ts'
import { EXIT } from './exit-code.ts'
import { commandOf, membersOf } from './fields.ts'
import { runProgram } from './program.ts'
import { pathWith, type Typed, valuesOf } from './request.ts'
import type { CommandCall } from './run-command.ts'

const names = (row: { noun: string; verb: string }) => `${row.noun} ${row.verb}`

describe('the table of commands', () => {
  test('every operation has a command, or a reason why it has none', () => {
    const reached = new Set<string>(commands.map(({ operation }) => operation))
    const missing = operations.filter(({ name }) => !reached.has(name) && !(name in WITHOUT_COMMAND))
    expect(missing.map(({ name }) => name)).toEqual([])
    expect(Object.keys(WITHOUT_COMMAND).filter((name) => reached.has(name))).toEqual([])
  })

  test('every command has an operation that exists, and a noun that is explained', () => {
    const known = operations.map(({ name }) => name as string)
    expect(commands.filter(({ operation, noun }) => !known.includes(operation) || !(noun in nouns))).toEqual([])
    expect(Object.keys(nouns).filter((noun) => !commands.some((row) => row.noun === noun))).toEqual([])
  })

  test('no command has two meanings', () => {
    const all = commands.flatMap((row) => [names(row), ...(row.also ?? [])])
    expect(all.length).toBe(new Set(all).size)
  })

  test.each(commands.map((row) => [names(row), row] as const))(
    '%s: every option means one thing and says which',
    (_name, row) => {
      const command = commandOf(row)
      const options = [...fieldOptions(command), ...commonOptions(command)]
      const flags = options.flatMap(({ long, short }) => [long, ...(short ? [short] : [])])
      expect(flags.length).toBe(new Set(flags).size)
      expect(options.filter(({ description }) => description === '').map(({ long }) => long)).toEqual([])
      expect(command.places.flat().filter((field) => /^(\(required\))?$/.test(explained(field)))).toEqual([])
      // `-h` is the parser's own.
      expect(flags).not.toContain(new Option('-h').short)
    },
  )

  test.each(commands.filter(({ columns }) => columns).map((row) => [names(row), row] as const))(
    '%s: its columns are members of the reply',
    (_name, row) => {
      const members = membersOf(commandOf(row))
      expect(members.length).toBeGreaterThan(1)
      const roots = (row.columns ?? []).map((column) => pathOf(column).split('.')[0])
      expect(roots.filter((root) => !members.includes(root ?? ''))).toEqual([])
    },
  )
})

describe('examples', () => {
  const failed = async () => EXIT.failed
  const all = commands.flatMap((row) => row.examples.map((example) => [example, row] as const))

  test.each(all)('%s', async (example, row) => {
    const calls: CommandCall[] = []
    const words = [...example.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
      ([, double, single, bare]) => double ?? single ?? bare ?? '',
    )
    const code = await runProgram(words.slice(1), {
      ...{ version: '1', env: {}, cwd: '/', readFile: () => '', terminal: { stdout: false, stderr: false } },
      ...{ start: failed, doctor: failed, verify: failed, backup: failed, migrateStore: failed },
      stdout: () => {},
      stderr: (text) => expect(text).toBe(''),
      call: async (call) => {
        calls.push(call)
        return EXIT.done
      },
    })
    expect(code).toBe(0)
    const [call] = calls
    expect(call?.row).toBe(row)
    // It is a request that the schemas take as it stands.
    const command = commandOf(row)
    const usage = { modelId: 'gpt-4o-mini', usageType: 'text', inputTokens: 1, outputTokens: 1 }
    const values = valuesOf(command, call as Typed, () => JSON.stringify(usage))
    expect(pathWith(command, values.params)).toMatch(/^\/(v1|api)\//)
  })
})
