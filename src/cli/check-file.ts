/** Validates the tree of `turnpike.yaml` and words every issue as a fault with its place: all of them at once. */
import { z } from 'zod'
import { SECRET_SETTINGS, SettingsFile } from '../contract/settings.ts'
import { closest } from './closest.ts'
import { type ConfigFile, type Entry, UNREADABLE } from './config-file.ts'
import { type Fault, type Place, pathText, shown, shownName } from './fault.ts'

type Path = readonly PropertyKey[]
type Issue = z.core.$ZodIssue

export type Checked = { readonly settings: SettingsFile | undefined; readonly faults: readonly Fault[] }

export function checkFile(file: ConfigFile): Checked {
  const first = SettingsFile.safeParse(file.tree)
  // A variable is always text, so a number or a flag made from one is read again as what the setting wants.
  const result = !first.success && retype(file, first.error.issues) ? SettingsFile.safeParse(file.tree) : first
  if (result.success) return { settings: result.data, faults: [] }
  const seen = new Set<string>()
  const faults = result.error.issues.flatMap((issue) => {
    const path = pathText(issue.path)
    const known = seen.has(path) && issue.code !== 'unrecognized_keys'
    seen.add(path)
    return known || touchesUnreadable(file.tree, issue.path) ? [] : faultsOf(file, issue)
  })
  return { settings: undefined, faults }
}

/** Where a value stands; for one that is missing, the nearest group around it. */
export function placeOf(file: ConfigFile, path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const entry = file.entries.get(pathText(path.slice(0, length)))
    if (entry) return length === path.length ? entry.place : (entry.keyPlace ?? entry.place)
  }
  return { file: file.name, line: 1, column: 1 }
}

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    tree,
  )
}

function retype(file: ConfigFile, issues: readonly Issue[]): boolean {
  const changes = issues.map(({ path }) => {
    const value = valueAt(file.tree, path)
    const entry = file.entries.get(pathText(path))
    const parent = valueAt(file.tree, path.slice(0, -1))
    const last = path.at(-1)
    if (typeof value !== 'string' || !entry?.bare || entry.variables.length === 0 || last === undefined) return false
    if (!/^(true|false|-?[0-9]{1,15})$/.test(value) || typeof parent !== 'object' || parent === null) return false
    return Reflect.set(parent, last, JSON.parse(value))
  })
  return changes.includes(true)
}

/** Its fault is told already. */
function touchesUnreadable(tree: unknown, path: Path): boolean {
  return path.some((_, index) => valueAt(tree, path.slice(0, index + 1)) === UNREADABLE)
}

function faultsOf(file: ConfigFile, issue: Issue): Fault[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownFault(file, issue.path, key))
  const path = pathText(issue.path)
  const entry = file.entries.get(path)
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another name'
    return [{ place: entry?.keyPlace ?? placeOf(file, issue.path), message: `${path}: expected ${expected}` }]
  }
  const value = valueAt(file.tree, issue.path)
  const place = placeOf(file, issue.path)
  const where = path === '' ? file.name : path
  if (value === undefined) return [{ place, message: `${where} is missing: expected ${issue.message}` }]
  return [{ place, message: `${where}: expected ${issue.message}; found ${found(issue, value, entry)}` }]
}

function found(issue: Issue, value: unknown, entry: Entry | undefined): string {
  if (SECRET_SETTINGS.has(String(issue.path.at(-1)))) return `a value that is not shown${quotesHint(issue, value)}`
  // The value of a variable may be a secret that ended up in the wrong place.
  if (entry && entry.variables.length > 0)
    return `the value of ${entry.variables.map((name) => `\${${name}}`).join(', ')}`
  // The password of a mail server stands in its address.
  if (typeof value === 'string' && /:\/\/[^/]*@/.test(value)) return 'an address with a password'
  return `${typeof value === 'string' ? shown(value) : shown(entry?.source ?? value).replace(/^"(.*)"$/, '$1')}${quotesHint(issue, value)}`
}

function quotesHint(issue: Issue, value: unknown): string {
  const wanted = issue.code === 'invalid_type' && issue.expected === 'string'
  return wanted && typeof value !== 'object' ? ' (put it in quotes)' : ''
}

function unknownFault(file: ConfigFile, path: Path, key: string): Fault {
  const entry = file.entries.get(pathText([...path, key]))
  const known = settingsAt(path)
  const guess = closest(key, known)
  const help = guess ? `did you mean \`${guess}\`?` : `known here: ${known.join(', ')}`
  return { place: entry?.keyPlace ?? placeOf(file, path), message: `unknown setting ${shownName(key)}; ${help}` }
}

/** The settings that the schema knows at a path. */
function settingsAt(path: Path): string[] {
  const schema = path.reduce<unknown>((at, part) => {
    const open = unwrapped(at)
    if (open instanceof z.ZodObject) return open.shape[String(part)]
    if (open instanceof z.ZodRecord) return open.valueType
    return open instanceof z.ZodArray ? open.element : undefined
  }, SettingsFile)
  const open = unwrapped(schema)
  return open instanceof z.ZodObject ? Object.keys(open.shape) : []
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault
    ? unwrapped(schema.unwrap())
    : schema
}
