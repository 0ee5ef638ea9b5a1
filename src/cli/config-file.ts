/**
 * Reads `turnpike.yaml` into a plain tree that remembers where everything stood. The text is not trusted: its size,
 * depth and number of values are bounded, aliases are expanded within that bound, a name occurs once.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { type Environment, expand } from './expand.ts'
import { type Fault, type Place, pathText, shownName } from './fault.ts'

type Path = readonly PropertyKey[]

/** What is known of one value beyond the value itself. */
export type Entry = {
  readonly place: Place
  /** Where its name stands; a list's items have none. */
  readonly keyPlace?: Place
  /** As written, for a single value. */
  readonly source?: string
  /** Variables whose values went into it. */
  readonly variables: readonly string[]
  /** Without quotes, so that `${PORT}` may stand for a number. */
  readonly bare: boolean
}

export type ConfigFile = {
  readonly name: string
  readonly tree: unknown
  readonly faults: readonly Fault[]
  /** By path text. */
  readonly entries: ReadonlyMap<string, Entry>
}

/** Bytes, near enough: a longer file is a mistake. */
const MAX_LENGTH = 1_000_000
/** Values, counted after aliases: a few lines of nested aliases stand for billions. */
const MAX_VALUES = 100_000
const MAX_DEPTH = 32
/** Faults: nobody reads more, and a hostile file would have one for each of its values. */
const MAX_FAULTS = 100

type Walk = {
  readonly name: string
  readonly env: Environment
  readonly lines: LineCounter
  readonly faults: Fault[]
  readonly entries: Map<string, Entry>
  readonly anchors: Map<string, Node>
  values: number
  endless: boolean
}

export function readConfigFile({ name, text, env }: { name: string; text: string; env: Environment }): ConfigFile {
  const refused = (message: string): ConfigFile => ({
    name,
    tree: undefined,
    faults: [{ message: `${name} ${message}` }],
    entries: new Map(),
  })
  if (text.length > MAX_LENGTH) return refused(`is longer than ${MAX_LENGTH} characters`)
  const lines = new LineCounter()
  const document = parsed(text, lines)
  if (document === undefined) return refused('is nested too deeply')
  const walk: Walk = { name, env, lines, faults: [], entries: new Map(), anchors: new Map(), values: 0, endless: false }
  // One slip makes the parser stumble many times after it, so only the first is told.
  const [slip] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  if (slip) tell(walk, placeAt(walk, slip.pos[0]), `this is not YAML as expected: ${slipText(text, slip)}`)
  const tree = walk.faults.length > 0 ? undefined : (readValue(walk, document.contents, [], undefined) ?? {})
  return { name, tree, faults: walk.faults, entries: walk.entries }
}

function parsed(text: string, lines: LineCounter) {
  try {
    // Names that occur twice are found below: the library compares every pair of them.
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: 'core' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readValue(walk: Walk, given: unknown, path: Path, keyPlace: Place | undefined): unknown {
  if (!isNode(given)) return undefined
  if (++walk.values > MAX_VALUES || path.length > MAX_DEPTH) return refuseRest(walk, given)
  const node = isAlias(given) ? targetOf(walk, given) : given
  if (node === undefined) return undefined
  if (!isAlias(node) && node.anchor !== undefined) walk.anchors.set(node.anchor, node)
  const note = (more: Partial<Entry>) =>
    walk.entries.set(pathText(path), {
      place: placeAt(walk, given.range?.[0] ?? 0),
      ...(keyPlace ? { keyPlace } : {}),
      variables: [],
      bare: false,
      ...more,
    })
  if (isMap(node)) {
    note({})
    return groupOf(walk, node, path)
  }
  if (isSeq(node)) {
    note({})
    return node.items.map((item, index) => readValue(walk, item, [...path, index], undefined))
  }
  return isScalar(node) ? scalarOf(walk, node, note) : undefined
}

function tell(walk: Walk, place: Place, message: string): void {
  if (walk.faults.length < MAX_FAULTS) walk.faults.push({ place, message })
}

/** A file that goes on for ever has one fault for that. */
function refuseRest(walk: Walk, node: Node): undefined {
  if (walk.endless) return
  walk.endless = true
  const bounds = `more than ${MAX_VALUES} values, or nested more than ${MAX_DEPTH} deep`
  tell(walk, placeAt(walk, node.range?.[0] ?? 0), `${bounds}; nothing behind this was read`)
}

function targetOf(walk: Walk, alias: Alias): Node | undefined {
  const target = walk.anchors.get(alias.source)
  if (!target) {
    const message = `*${alias.source} points to nothing; its anchor &${alias.source} has to come before it`
    tell(walk, placeAt(walk, alias.range?.[0] ?? 0), message)
  }
  return target
}

function groupOf(walk: Walk, map: YAMLMap, path: Path): Record<string, unknown> {
  // Without a prototype, so that no name in the file can be taken for something inherited.
  const group: Record<string, unknown> = Object.create(null)
  const seen = new Map<string, Place>()
  for (const { key, value } of map.items) {
    const place = placeAt(walk, isNode(key) ? (key.range?.[0] ?? 0) : 0)
    const name = isScalar(key) ? (key.source ?? String(key.value)) : undefined
    const first = name === undefined ? undefined : seen.get(name)
    if (name === undefined) {
      tell(walk, place, 'expected the name of a setting')
    } else if (name === '__proto__') {
      tell(walk, place, `unknown setting ${shownName(name)}`)
    } else if (first) {
      tell(walk, place, `${shownName(name)} is set twice, first in line ${first.line}`)
    } else {
      seen.set(name, place)
      group[name] = readValue(walk, value, [...path, name], place)
    }
  }
  return group
}

/** A name with nothing behind it counts as not set: people comment out the lines below it. */
function scalarOf(walk: Walk, scalar: Scalar, note: (more: Partial<Entry>) => Map<string, Entry>): unknown {
  const source = scalar.source ?? String(scalar.value)
  const bare = scalar.type === 'PLAIN'
  if (typeof scalar.value !== 'string') {
    note({ source, bare })
    return scalar.value ?? undefined
  }
  const { text, variables, problems } = expand(scalar.value, walk.env)
  note({ source, bare, variables })
  for (const message of problems) tell(walk, placeAt(walk, scalar.range?.[0] ?? 0), message)
  return problems.length > 0 ? UNREADABLE : text
}

/** Stands where a fault was already found, so that the missing value is not a second one. */
export const UNREADABLE: unique symbol = Symbol('unreadable')

function placeAt({ name, lines }: Walk, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { file: name, line: Math.max(1, line), column: Math.max(1, col) }
}

function slipText(text: string, { message, pos: [offset] }: { message: string; pos: [number, number] }): string {
  if (/\$\{?$/.test(text.slice(0, offset + 1))) return `inside { } and [ ] a variable needs quotes, as in "\${NAME}"`
  return message.replace(/\s+/g, ' ').replace(/[:.]$/, '')
}
