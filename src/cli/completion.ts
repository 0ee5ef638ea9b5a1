/** What Tab offers: nouns, verbs, options, and the words that an option takes. The shell asks anew each time. */
import type { Command } from 'commander'
import type { ShownCommand } from './shown-command.ts'

/** The last word is the one that is being typed; it may be empty. */
export function completionsOf(
  program: Command,
  chosen: ShownCommand | undefined,
  words: readonly string[],
): readonly string[] {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const command = before.reduce((at, word) => at.commands.find((each) => each.name() === word) ?? at, program)
  const help = program.createHelp()
  const option = help.visibleOptions(command).find(({ long }) => long !== undefined && long === before.at(-1))
  const offered = option?.required
    ? (chosen?.options.find((field) => `--${field.option}` === option.long)?.values ?? [])
    : typed.startsWith('-')
      ? help.visibleOptions(command).flatMap(({ long }) => long ?? [])
      : [
          ...help.visibleCommands(command).map((each) => each.name()),
          ...(command.registeredArguments[0]?.argChoices ?? []),
        ]
  return offered.filter((word) => word.startsWith(typed))
}
