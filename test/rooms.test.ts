/** The rooms of the server keep to their floors: what a folder under src/ may import and touch, read from the sources. */
import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { init, parse } from 'es-module-lexer'
import { beforeAll, expect, test } from 'vitest'

/** The parts are put together in src/ itself, on the top floor beside the command line. */
const TOP = 'src'
const FLOORS: Readonly<Record<string, number>> = {
  lib: 0,
  contract: 1,
  core: 2,
  store: 3,
  providers: 3,
  dialects: 3,
  simulator: 3,
  tokens: 3,
  delivery: 3,
  gateway: 4,
  api: 4,
  jobs: 4,
  cli: 5,
  [TOP]: 6,
}

type Source = {
  readonly path: string
  readonly room: string
  readonly code: string
  readonly imports: readonly string[]
  /** Of the imports those that are there at run time. */
  readonly loads: readonly string[]
  readonly packages: readonly string[]
}

const ROOT = resolve(import.meta.dirname, '../src')
let sources: Source[]

beforeAll(async () => {
  await init
  const names = await readdir(ROOT, { recursive: true })
  const own = names.filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('-fixture.ts'),
  )
  sources = await Promise.all(own.sort().map(read))
})

async function read(path: string): Promise<Source> {
  const text = await readFile(join(ROOT, path), 'utf8')
  const code = stripTypeScriptTypes(text)
  // An import of types alone is one too: it says who knows whom. At run time it is gone.
  const known = targetsOf(stripTypeScriptTypes(text.replace(/^import type /gm, 'import      ')))
  const inSrc = (targets: readonly string[]) =>
    targets
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(ROOT, resolve(ROOT, path, '..', target)))
  return {
    path,
    room: roomOf(path),
    code: code.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*/g, ''),
    imports: inSrc(known),
    loads: inSrc(targetsOf(code)),
    packages: known.filter((target) => !target.startsWith('.')),
  }
}

const targetsOf = (code: string): string[] =>
  parse(code)[0].flatMap((one) => ('specifier' in one && one.specifier) || [])

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : TOP)
const floorOf = (room: string): number => FLOORS[room] ?? Number.NaN

/** Which sources outside of these rooms do it. */
const offenders = (rooms: readonly string[], does: (source: Source) => boolean): string[] =>
  sources.filter((source) => !rooms.includes(source.room) && does(source)).map(({ path }) => path)

test('every folder is a room with a floor', () => {
  expect([...new Set(sources.map(({ room }) => room))].filter((room) => !(room in FLOORS))).toEqual([])
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(150)
})

test('a room imports itself and rooms on the floors below, none beside or above it', () => {
  const upward = sources.flatMap(({ path, room, imports }) =>
    imports
      .filter((target) => roomOf(target) !== room && !(floorOf(roomOf(target)) < floorOf(room)))
      .map((target) => `${path} → ${target}`),
  )
  expect(upward).toEqual([])
})

test('no file that is loaded leads back to itself', () => {
  const loads = new Map(sources.map((source) => [source.path, source.loads]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path) || trail.includes(path)) return
    for (const target of loads.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of sources) visit(path, [])
  expect(cycles).toEqual([])
})

test('only the top reads the environment', () => {
  expect(offenders(['cli', TOP], ({ code }) => /\bprocess\.env\b/.test(code))).toEqual([])
})

test('time, timers and chance come from lib alone', () => {
  const own = /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\b|\bsetInterval\b|\bMath\.random\b|\bperformance\.now\b/
  expect(offenders(['lib'], ({ code }) => own.test(code))).toEqual([])
})

test('the console belongs to the command line', () => {
  expect(offenders(['cli', TOP], ({ code }) => /\bconsole\.\w+\(/.test(code))).toEqual([])
})

test('SQL is written in the store alone', () => {
  const builder = /\.(selectFrom|insertInto|updateTable|deleteFrom|withRecursive)\(/
  const text =
    /['"`]\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|PRAGMA)\b/
  const packages = ['kysely', 'better-sqlite3', 'pg']
  expect(
    offenders(
      ['store'],
      ({ code, packages: used }) =>
        builder.test(code) || text.test(code) || used.some((name) => packages.includes(name)),
    ),
  ).toEqual([])
})

test('only providers speak to the network through undici', () => {
  expect(offenders(['providers'], ({ packages }) => packages.includes('undici'))).toEqual([])
})

test('tokens are counted by the gateway alone', () => {
  expect(
    offenders(['tokens', 'gateway', TOP], ({ imports }) => imports.some((target) => roomOf(target) === 'tokens')),
  ).toEqual([])
})

test('core is pure: it waits for nothing, touches nothing', () => {
  const impure = sources.filter(
    ({ room, code, packages }) =>
      room === 'core' &&
      (/\bawait\b|\basync\b|\bPromise\b|\bprocess\./.test(code) || packages.some((name) => name.startsWith('node:'))),
  )
  expect(impure.map(({ path }) => path)).toEqual([])
})
