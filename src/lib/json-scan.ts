/**
 * Looks into a JSON object's text without parsing it: finds the top-level members in one pass and replaces, removes or
 * adds some of them. All that is not edited stays byte for byte as it came: big integers, key order, spacing, escapes.
 */

/** `key` is decoded; the positions are those of the text: `keyStart` at the key's quote, `valueEnd` behind the value. */
export type Member = { key: string; keyStart: number; valueStart: number; valueEnd: number }

/** No body that we know has more than some fifty; an object of more is taken for nothing we know. */
const MAX_MEMBERS = 10_000

/**
 * The members of the one object that `text` is, in order; `undefined` where it is anything else. What stands inside a
 * nested value is skipped and not judged: only strings and the depth of brackets are followed.
 */
export function topLevelMembers(text: string): Member[] | undefined {
  const members: Member[] = []
  const escaped = text.includes('\\')
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN_OBJECT) return undefined
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_OBJECT) return onlySpaceFrom(text, at + 1) ? members : undefined
  while (members.length < MAX_MEMBERS) {
    const member = readMember(text, at, escaped)
    if (!member) return undefined
    members.push(member)
    at = skipSpace(text, member.valueEnd)
    const code = text.charCodeAt(at)
    if (code === CLOSE_OBJECT) return onlySpaceFrom(text, at + 1) ? members : undefined
    if (code !== COMMA) return undefined
    at = skipSpace(text, at + 1)
  }
  return undefined
}

/**
 * Edits are JSON texts by key; `undefined` removes the member. An edit holds for each occurrence of its key; keys that
 * do not occur are added at the end, in the order of `edits`. `members` must be those of `text`.
 */
export function spliceMembers(
  text: string,
  members: readonly Member[],
  edits: ReadonlyMap<string, string | undefined>,
): string {
  let out = ''
  /** Start of what was not copied yet. */
  let from = 0
  let kept = 0
  let end = members.length > 0 ? 0 : text.indexOf('{') + 1
  let next = 0
  for (const member of members) {
    next++
    const edit = edits.get(member.key)
    if (edit !== undefined) {
      out += text.slice(from, member.valueStart) + edit
      from = member.valueEnd
      kept++
    } else if (!edits.has(member.key)) {
      kept++
    } else if (kept > 0) {
      // The comma goes that stands before the member …
      out += text.slice(from, end)
      from = member.valueEnd
    } else {
      // … or the one behind it, where nothing before it was kept.
      out += text.slice(from, member.keyStart)
      from = members[next]?.keyStart ?? member.valueEnd
    }
    end = member.valueEnd
  }
  const added = additions(members, edits)
  if (added === '') return out + text.slice(from)
  return `${out}${text.slice(from, end)}${kept > 0 ? ',' : ''}${added}${text.slice(end)}`
}

/**
 * Adds a member behind each member `key` from the position `from` on, at any depth, whose value is a string or scalar.
 * `make` is given the text of the value and answers with the whole new member, `"name":value`; an object that has that
 * name already is left alone. `key` is found as it is written, not where a sender spelled it with escapes.
 */
export function injectAfter(text: string, key: string, from: number, make: (valueText: string) => string): string {
  const quoted = `"${key}"`
  let out = ''
  let copied = 0
  let taken: ReadonlySet<number> | undefined
  for (let at = text.indexOf(quoted, from); at >= 0; at = text.indexOf(quoted, at + quoted.length)) {
    const valueStart = keyAt(text, at, quoted.length)
    const valueEnd = valueStart < 0 ? -1 : simpleEnd(text, valueStart)
    if (valueEnd < 0) continue
    const member = make(text.slice(valueStart, valueEnd))
    taken ??= keysBeside(text, from, quoted, member.slice(0, stringEnd(member, 0)))
    if (taken.has(at)) continue
    out += `${text.slice(copied, valueEnd)},${member}`
    copied = valueEnd
  }
  return copied === 0 ? text : out + text.slice(copied)
}

function readMember(text: string, keyStart: number, escaped: boolean): Member | undefined {
  if (text.charCodeAt(keyStart) !== QUOTE) return undefined
  const keyEnd = stringEnd(text, keyStart)
  if (keyEnd < 0) return undefined
  const raw = text.slice(keyStart + 1, keyEnd - 1)
  const key = escaped ? decodeKey(raw) : raw
  const colon = skipSpace(text, keyEnd)
  if (key === undefined || text.charCodeAt(colon) !== COLON) return undefined
  const valueStart = skipSpace(text, colon + 1)
  const valueEnd = skipValue(text, valueStart)
  return valueEnd < 0 ? undefined : { key, keyStart, valueStart, valueEnd }
}

function decodeKey(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`)
  } catch {
    return undefined
  }
}

/** The end of the value that begins at `start`, or -1. */
function skipValue(text: string, start: number): number {
  const code = text.charCodeAt(start)
  return code === OPEN_OBJECT || code === OPEN_ARRAY ? compoundEnd(text, start) : simpleEnd(text, start)
}

function compoundEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = stringEnd(text, at) - 1
      if (at < 0) return -1
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++
    else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) return at + 1
  }
  return -1
}

const simpleEnd = (text: string, start: number): number =>
  text.charCodeAt(start) === QUOTE ? stringEnd(text, start) : scalarEnd(text, start)

/** The position behind the string whose opening quote is at `start`, or -1 where it does not end. */
function stringEnd(text: string, start: number): number {
  let from = start + 1
  for (;;) {
    // To let the engine look for the quote is several times faster than to look at each character.
    const quote = text.indexOf('"', from)
    if (quote < 0) return -1
    let slash = quote
    while (slash > from && text.charCodeAt(slash - 1) === BACKSLASH) slash--
    if ((quote - slash) % 2 === 0) return quote + 1
    from = quote + 1
  }
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

function scalarEnd(text: string, start: number): number {
  let at = start
  while (isDigit(text.charCodeAt(at))) at++
  // Most scalars are whole numbers; they need no regular expression.
  if (at > start && text.charCodeAt(start) !== ZERO && !isNumberPart(text, at)) return at
  for (const word of WORDS) if (text.startsWith(word, start)) return start + word.length
  while (isNumberPart(text, at)) at++
  return NUMBER.test(text.slice(start, at)) ? at : -1
}

const isNumberPart = (text: string, at: number): boolean =>
  at < text.length && (isDigit(text.charCodeAt(at)) || '.eE+-'.includes(text.charAt(at)))
const WORDS = ['null', 'true', 'false']

function skipSpace(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return at
    at++
  }
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE

const onlySpaceFrom = (text: string, at: number): boolean => skipSpace(text, at) === text.length

function additions(members: readonly Member[], edits: ReadonlyMap<string, string | undefined>): string {
  let added = ''
  for (const [key, value] of edits) {
    if (value === undefined || members.some((member) => member.key === key)) continue
    added += `${added === '' ? '' : ','}${JSON.stringify(key)}:${value}`
  }
  return added
}

/**
 * Where the quoted text at `at` is a key, the start of its value, else -1. A backslash stands before it only where it
 * is the rest of a longer string; a string value has no colon behind it.
 */
function keyAt(text: string, at: number, length: number): number {
  if (text.charCodeAt(at - 1) === BACKSLASH) return -1
  const colon = skipSpace(text, at + length)
  return text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : -1
}

/** Positions of those keys `quoted` in whose object the key `name` stands as well. */
function keysBeside(text: string, from: number, quoted: string, name: string): ReadonlySet<number> {
  const found = new Set<number>()
  if (!text.includes(name, from)) return found
  const open: { keys: number[]; named: boolean }[] = [{ keys: [], named: false }]
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = stringEnd(text, at)
      if (end < 0) break
      const inner = open.at(-1)
      if (inner && keyAt(text, at, end - at) >= 0) {
        if (text.startsWith(quoted, at)) inner.keys.push(at)
        else if (text.startsWith(name, at)) inner.named = true
      }
      at = end - 1
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) open.push({ keys: [], named: false })
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      const closed = open.pop()
      if (closed?.named) for (const key of closed.keys) found.add(key)
    }
  }
  return found
}

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
