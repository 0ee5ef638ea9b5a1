/**
 * What help and the parser have to know of a command. It is made from the schemas beforehand, because reading those
 * takes longer than a person waits for help.
 */
import type { Operation } from '../contract/operation.ts'
import type { CommandRow } from './command-row.ts'
import type { Command } from './fields.ts'

type Shown = Pick<Command, 'places' | 'options'> & {
  readonly operation: Pick<Operation, 'method'> & { readonly idempotent?: true }
}
export type ShownCommand = Shown & { readonly row: CommandRow }
/** By noun and verb. */
export type ShownCommands = Readonly<Record<string, Shown>>

export const shownName = ({ noun, verb }: Pick<CommandRow, 'noun' | 'verb'>): string => `${noun} ${verb}`

export async function shownCommand(row: CommandRow): Promise<ShownCommand> {
  const { shownCommands } = await import('./shown-commands.gen.ts')
  const shown = shownCommands[shownName(row)]
  if (!shown) throw new Error(`no fields of ${shownName(row)}: run npm run reference`)
  return { ...shown, row }
}
