/** The Markdown that the generated pages are made of. */

/** Opens a generated page: what made it, its title, and what it is for. */
export const opening = (source: string, title: string, purpose: string): string =>
  `<!-- Made from ${source} by \`npx node scripts/generate-reference.ts\`; do not edit. -->\n\n# ${title}\n\n${purpose}\n`

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [head, head.map(() => '---'), ...rows].map(line).join('')
}

export const code = (text: string): string => `\`${text}\``

/** Ends with a full stop. */
export const sentence = (text: string): string => (text === '' || /[.!?]$/.test(text) ? text : `${text}.`)
