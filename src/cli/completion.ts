/** What Tab offers: nouns, verbs, options, and the words that an option takes. The shell asks anew each time. */
import type { Command } from 'commander'
import { CannotGoOn, EXIT } from './exit-code.ts'
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
      : help.visibleCommands(command).map((each) => each.name())
  return offered.filter((word) => word.startsWith(typed))
}

/** Where nothing is offered the shell completes names of files. */
const BASH = `_turnpike() {
  local IFS=$'\\n'
  COMPREPLY=($(turnpike complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _turnpike turnpike
`

export function completionScript(shell: string): string {
  if (shell === 'bash') return BASH
  throw new CannotGoOn(`completion: expected bash; found ${JSON.stringify(shell)}`, EXIT.usage)
}
