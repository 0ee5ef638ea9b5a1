/** What holds for the sources of the SDK as a whole. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../src')
const sources = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

test('time, timers, chance and the environment come from one file', () => {
  const own = /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\b|\bMath\.random\b|\bperformance\.now\b|\bprocess\b\./
  expect(sources.filter(({ text }) => own.test(text)).map(({ name }) => name)).toEqual(['platform.ts'])
})

test('nothing of another package or of a runtime is imported, and there is no any', () => {
  for (const { name, text } of sources) {
    const targets = [...text.matchAll(/\bfrom '([^']+)'/g)].map(([, target = '']) => target)
    expect({ name, others: targets.filter((target) => !target.startsWith('./')) }).toEqual({ name, others: [] })
    expect({ name, isLoose: /\bas any\b|: any\b|<any>/.test(text) }).toEqual({ name, isLoose: false })
  }
})

test('every member of the client and of the tracker has its words, with errors and units where there are some', () => {
  for (const file of ['client.ts', 'tracker.ts']) {
    const lines = (sources.find(({ name }) => name === file)?.text ?? '').split('\n')
    const bare = lines.filter((line, index) => {
      const [, member] = /^ {2}(?:async )?([a-z]\w*)(?:<\w+>)?\(/.exec(line) ?? []
      // Overloads and their implementation share the words of the first.
      const isFirst = lines.findIndex((other) => new RegExp(`^ {2}(?:async )?${member}\\(`).test(other)) === index
      return (
        member !== undefined &&
        isFirst &&
        !lines[index - 1]?.endsWith('*/') &&
        !lines[index - 1]?.includes('biome-ignore')
      )
    })
    expect(bare).toEqual([])
  }
})
