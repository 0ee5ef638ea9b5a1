/** What holds for the sources of the SDK as a whole. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../src')
const sources = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

const textOf = (name: string): string => sources.find((source) => source.name === name)?.text ?? ''

test('time, timers, chance and the environment come from one file', () => {
  const own = /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\b|\bMath\.random\b|\bperformance\.now\b|\bprocess\.\w/
  expect(sources.filter(({ text }) => own.test(text)).map(({ name }) => name)).toEqual(['platform.ts'])
})

test('nothing of another package or of a runtime is imported, and there is no any', () => {
  for (const { name, text } of sources) {
    const targets = [...text.matchAll(/\bfrom '([^']+)'/g)].map(([, target = '']) => target)
    expect({ name, others: targets.filter((target) => !target.startsWith('./')) }).toEqual({ name, others: [] })
    expect({ name, isLoose: /\bas any\b|: any\b|<any>/.test(text) }).toEqual({ name, isLoose: false })
  }
})

/** Names that `index.ts` gives out, and what stands behind `client.admin` and `client.alerts`. */
const given = new Set(`${textOf('index.ts')} alerts administration`.match(/\w+/g))
const TOP = /^export (?:class|type|const) (\w+)/
const MEMBER = /^ {2}(?:override |readonly |async )*([a-z]\w*)\??(?:<[^>]*>)?[(:]/

/** Lines that begin what a reader of the declarations meets, and have no words above them. */
function bareLines(name: string): string[] {
  const lines = textOf(name).split('\n')
  const isTold = (index: number) => lines[index - 1]?.endsWith('*/') || lines[index - 1]?.includes('biome-ignore')
  const met = new Set<string>()
  let inside: string | undefined
  return lines.filter((line, index) => {
    const top = TOP.exec(line)?.[1]
    if (top !== undefined) inside = given.has(top) ? top : undefined
    else if (/^[^\s})]/.test(line)) inside = undefined
    const member = top ?? MEMBER.exec(line)?.[1]
    if (inside === undefined || member === undefined || member === 'constructor') return false
    // Overloads and their implementation share the words of the first, a value's members those of its type.
    const isFirst = !met.has(`${inside}.${member}`)
    met.add(`${inside}.${member}`)
    if (/^export const \w+: /.test(line)) inside = undefined
    return isFirst && !isTold(index)
  })
}

test('everything that the package gives out has its words, with errors and units where there are some', () => {
  const written = sources.map(({ name }) => name).filter((name) => !['index.ts', 'schema.gen.ts'].includes(name))
  expect(written.flatMap((name) => bareLines(name).map((line) => `${name}: ${line}`))).toEqual([])
})
