/** The fields of every command, for help that loads no schemas. */
import { commands } from '../../src/cli/commands.ts'
import { commandOf } from '../../src/cli/fields.ts'
import { shownName } from '../../src/cli/shown-command.ts'

export const shownCommandsModule = (): string =>
  [
    '// Made from the schemas of the operations by `npx node scripts/generate-reference.ts`. Not to be edited.',
    "import type { ShownCommands } from './shown-command.ts'",
    '',
    'export const shownCommands: ShownCommands = {',
    ...commands.map((row) => {
      const { places, options, operation } = commandOf(row)
      const { method, idempotent } = operation
      const shown = { operation: { method, ...(idempotent ? { idempotent } : {}) }, places, options }
      return `  ${JSON.stringify(shownName(row))}: ${JSON.stringify(shown)},`
    }),
    '}',
    '',
  ].join('\n')
