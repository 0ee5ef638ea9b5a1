/** `${NAME}` and `${NAME:-default}` in the text of a setting; `$${` is a literal `${`. */
export type Expanded = {
  readonly text: string
  /** The variables that the text names, in order. */
  readonly variables: readonly string[]
  readonly problems: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** A default counts for an unset and for an empty variable, as in a shell. */
export function expand(source: string, env: Environment): Expanded {
  const variables: string[] = []
  const problems: string[] = []
  const text = source.replace(REFERENCE, (whole: string, inside: string | undefined, end: string | undefined) => {
    if (inside === undefined) return '${'
    const [, name, fallback] = INSIDE.exec(inside) ?? []
    if (name === undefined || end === '') {
      problems.push(
        `${JSON.stringify(whole.slice(0, 60))} is no variable; write \${NAME}, \${NAME:-default}, or $\${ for a plain \${`,
      )
      return ''
    }
    variables.push(name)
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (fallback !== undefined) return value || fallback
    if (value === undefined) {
      problems.push(`\${${name}} is not set and has no default; set it, or write \${${name}:-none}`)
    }
    return value ?? ''
  })
  return { text, variables, problems }
}
