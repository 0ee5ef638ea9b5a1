/** JSON whose money keeps the text it came with: a number of JSON has more digits than a float can hold. */

type Reviver = (this: object, key: string, value: unknown, context?: { source?: string }) => unknown

export type ExactJson = {
  readonly value: unknown
  /** The text of a number that is a member of an object of `value`; undefined where it is none. */
  textOf(holder: object, member: string): string | undefined
}

/** Throws `SyntaxError`. Where the runtime does not tell sources, a number's shortest text stands for it. */
export function parseExact(text: string, members: readonly string[]): ExactJson {
  const sources = new WeakMap<object, Map<string, string>>()
  const reviver: Reviver = function (key, value, context) {
    if (typeof value === 'number' && members.includes(key)) {
      const own = sources.get(this) ?? new Map<string, string>()
      sources.set(this, own.set(key, context?.source ?? String(value)))
    }
    return value
  }
  const value: unknown = JSON.parse(text, reviver)
  return { value, textOf: (holder, member) => sources.get(holder)?.get(member) }
}
