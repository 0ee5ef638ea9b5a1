/** A view as a line of the command line. What stands in the address may be anybody's: the shell is to read it as text alone. */

export function cliLine(command: string, query: object): string {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${kebab(name)}=${quoted(String(value))}`],
  )
  return ['turnpike', command, ...words].join(' ')
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-')

const quoted = (text: string): string => (/^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
