/** What a browser has to fetch before the dashboard can be used stays small, and the library of charts is no part of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { buildDashboard } from './dashboard-kit.ts'

const DIST = join(import.meta.dirname, '../dashboard/dist')
const MOST_BYTES = 300_000

beforeAll(buildDashboard, 60_000)

const text = (path: string) => readFileSync(join(DIST, path), 'utf8')
const scripts = () => readdirSync(join(DIST, 'assets')).filter((name) => name.endsWith('.js'))

/** Files that begin with the name of a screen, and all that they import at once; what is imported later is in brackets. */
function withImports(names: readonly string[]): Set<string> {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    found.add(name)
    for (const [, imported = ''] of text(`assets/${name}`).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      waiting.push(imported)
  }
  return found
}

const entries = () => [...text('index.html').matchAll(/\/assets\/([^"']+\.js)/g)].map(([, name = '']) => name)
const charts = () => scripts().filter((name) => text(`assets/${name}`).includes('recharts'))
const zipped = (names: Iterable<string>) =>
  [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, 'assets', name))).length, 0)

test('the frame and any screen come with at most 300 kB of script, and without the charts', () => {
  expect(charts().length).toBeGreaterThan(0)
  const screens = scripts().filter((name) =>
    /^(usage|requests?|keys|budgets|accounts|alerts|models|settings|login|setup)-/.test(name),
  )
  expect(screens.length).toBeGreaterThanOrEqual(10)
  for (const screen of screens) {
    const initial = withImports([...entries(), screen])
    expect([screen, charts().filter((name) => initial.has(name))]).toEqual([screen, []])
    expect(zipped(initial)).toBeLessThanOrEqual(MOST_BYTES)
  }
})
