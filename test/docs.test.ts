/** The documents: every link leads somewhere, generated pages say what the code says, and what can be run runs. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { referencePages } from '../scripts/generate-reference.ts'
import { faultLine } from '../src/cli/fault.ts'
import { loadSettings } from '../src/cli/settings.ts'
import { anchorsOf, type Block, linksOf, missingPieces, ROOT, readPages } from './documents.ts'
import { openScene, type Scene, storiesOf, toolFor } from './run-documents.ts'
import { newHome, startProcess } from './turnpike-process.ts'

const pages = readPages()

test('every relative link leads to a file that is there, and to a heading that it has', () => {
  const texts = new Map(pages.map(({ path, text }) => [path, text]))
  const broken = pages.flatMap(linksOf).filter(({ path, target }) => {
    const [file = '', anchor] = target.split('#')
    const to = file === '' ? path : normalize(join(dirname(path), file))
    if (!existsSync(`${ROOT}${to}`)) return true
    return anchor !== undefined && !anchorsOf(texts.get(to) ?? '').includes(anchor)
  })
  expect(broken).toEqual([])
})

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const path of reached)
    for (const { target } of pages.filter((page) => page.path === path).flatMap(linksOf)) {
      const to = normalize(join(dirname(path), target.split('#')[0] ?? ''))
      const isFolder = existsSync(`${ROOT}${to}`) && statSync(`${ROOT}${to}`).isDirectory()
      for (const page of pages)
        if (page.path === to || (isFolder && dirname(page.path) === normalize(to).replace(/\/$/, '')))
          reached.add(page.path)
    }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path) && !path.includes('fixtures'))).toEqual([])
})

test.each(Object.entries(referencePages))('%s says what the code says', (path, page) => {
  expect(readFileSync(`${ROOT}${path}`, 'utf8')).toBe(page())
})

test('every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> }
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run (?:-s )?([a-z][a-z:]*)/g)].map(({ 1: name = '' }) => ({ path, name })),
  )
  expect(named.filter(({ name }) => scripts[name] === undefined)).toEqual([])
})

test('every file of this repository that a page names exists', () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|scripts|bench|catalogue|examples|docs|bin)\/[\w./-]+)`/g)].map(
      ({ 1: file = '' }) => ({ path, file }),
    ),
  )
  expect(named.filter(({ file }) => !existsSync(`${ROOT}${file}`))).toEqual([])
})

test('every turnpike.yaml on a page is accepted as it stands', () => {
  const refused = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => language === 'yaml')
      .flatMap(({ text, line }) => faultsOf(text).map((fault) => `${path}:${line} ${fault}`)),
  )
  expect(refused).toEqual([])
})

function faultsOf(yaml: string): string[] {
  const env = { TURNPIKE_CONFIG: 'turnpike.yaml', OIDC_CLIENT_SECRET: 'of-whoever-reads-the-page' }
  const loaded = loadSettings({ env, args: {}, cwd: ROOT, readFile: () => yaml })
  return 'faults' in loaded ? loaded.faults.map(faultLine) : []
}

test('the welcome on a page is what a first start prints', async () => {
  const shown = blocksMarked('welcome')
  expect(shown.length).toBeGreaterThan(0)
  const started = await startProcess({ home: newHome() })
  started.signal('SIGTERM')
  const { stderr } = await started.ended
  const printed = stderr.replaceAll(new URL(started.url).port, '8787')
  for (const { text } of shown) expect(missingPieces(HAS_PAGES ? text : withoutPages(text), printed)).toEqual([])
})

/** Nobody is led to pages that are not built. */
const HAS_PAGES = existsSync(join(ROOT, 'dashboard/dist/index.html'))
const withoutPages = (welcome: string): string => welcome.replace(/^ *Dashboard .*\n/m, '')

const SLOW_MS = 120_000

describe('an example does what it says', { timeout: SLOW_MS }, () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  afterAll(() => scene.close())

  test.for(globSync('*.{sh,ts,py}', { cwd: `${ROOT}examples` }))('%s', async (name, { skip }) => {
    const tool = toolFor(name.split('.').at(-1) ?? '')
    if (tool === undefined) return skip(`nothing on this machine runs ${name}`)
    expect(await scene.run(tool, [`${ROOT}examples/${name}`])).toMatch(/\$0\.0000\d+|"cost":0\.0000\d+/)
  })
})

describe('what a page says to run prints what the page says', { timeout: SLOW_MS }, () => {
  test.for(storiesOf(pages))('$name', async (story, { skip, onTestFinished }) => {
    const tool = toolFor(story.language)
    if (tool === undefined) return skip(`nothing on this machine runs ${story.language}`)
    const scene = await openScene()
    onTestFinished(() => scene.close())
    const outputs = await scene.play(tool, story)
    expect(outputs).toHaveLength(story.steps.length)
    for (const [index, { prints, at }] of story.steps.entries()) {
      const output = outputs[index] ?? ''
      expect(missingPieces(prints, output), `${at} printed:\n${output}`).toEqual([])
    }
  })
})

function blocksMarked(marker: Block['marker']): Block[] {
  return pages.flatMap(({ blocks }) => blocks.filter((block) => block.marker === marker))
}
