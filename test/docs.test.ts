/** The documents: every link leads somewhere, generated pages say what the code says, and what can be run runs. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { referencePages } from '../scripts/generate-reference.ts'
import { WITHOUT_EFFECT } from '../scripts/reference/settings.ts'
import { faultLine } from '../src/cli/fault.ts'
import { loadSettings } from '../src/cli/settings.ts'
import { anchorsOf, type Block, linksOf, missingPieces, type Page, ROOT, readPages } from './documents.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'
import { LAUNCHER, newHome, startProcess } from './turnpike-process.ts'

const pages = readPages()
const sources = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }))

let turnpike: Turnpike
let folder: string
beforeAll(async () => {
  turnpike = await startTurnpike({ yaml: 'webhooks: { allow: ["127.0.0.1"] }' })
  folder = mkdtempSync(join(tmpdir(), 'turnpike-docs-'))
  // What is written there finds the packages of the project, and the data where it lies beside a server.
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'))
  symlinkSync(turnpike.folder, join(folder, 'data'))
})
afterAll(async () => {
  await turnpike.close()
  rmSync(folder, { recursive: true })
})

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

test('a setting that is said to be without effect is read by nobody', () => {
  const read = WITHOUT_EFFECT.filter(({ found }) =>
    sources.some(({ path, text }) => path !== 'src/contract/settings.ts' && text.includes(found)),
  )
  expect(read).toEqual([])
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
  const loaded = loadSettings({ env: { TURNPIKE_CONFIG: 'turnpike.yaml' }, args: {}, cwd: ROOT, readFile: () => yaml })
  return 'faults' in loaded ? loaded.faults.map(faultLine) : []
}

test('the welcome on a page is what a first start prints', async () => {
  const shown = blocksMarked('welcome')
  expect(shown.length).toBeGreaterThan(0)
  const started = await startProcess({ home: newHome() })
  started.signal('SIGTERM')
  const { stderr } = await started.ended
  const printed = stderr.replaceAll(new URL(started.url).port, '8787')
  for (const { text } of shown) expect(missingPieces(text, printed)).toEqual([])
})

const SLOW_MS = 120_000

describe('an example does what it says', { timeout: SLOW_MS }, () => {
  test.for(globSync('*.{sh,ts,py}', { cwd: `${ROOT}examples` }))('%s', async (name, { skip }) => {
    const tool = toolFor(name.split('.').at(-1) ?? '')
    if (tool === undefined) return skip(`nothing on this machine runs ${name}`)
    expect(await run(tool, [`${ROOT}examples/${name}`])).toMatch(/\$0\.0000\d+|"cost":0\.0000\d+/)
  })
})

describe('what a page says to run prints what the page says', { timeout: SLOW_MS }, () => {
  const runnable = pages.flatMap((page) => {
    const languages = page.blocks.flatMap(({ marker, language }) => (marker === 'run' ? [language] : []))
    return [...new Set(languages)].map((language) => ({ page, language, name: `${page.path}, ${language}` }))
  })
  test.for(runnable)('$name', async ({ page, language }, { skip }) => {
    const tool = toolFor(language)
    if (tool === undefined) return skip(`nothing on this machine runs ${language}`)
    const blocks = page.blocks.filter((block) => block.marker === 'run' && block.language === language)
    const outputs = language === 'sh' ? await runTogether(tool, blocks) : await runEach(tool, blocks)
    expect(outputs).toHaveLength(blocks.length)
    for (const [index, output] of outputs.entries())
      expect(missingPieces(printedBy(page, blocks[index]), output)).toEqual([])
  })
})

/** The block after this one, where it shows what was printed. */
function printedBy({ blocks }: Page, block: Block | undefined): string {
  const next = block && blocks[blocks.indexOf(block) + 1]
  return next?.marker === 'prints' ? next.text : ''
}

const BETWEEN = '\u001e'

/** All blocks of a page in one shell, so that a variable of one is there for the next. */
async function runTogether(tool: string, blocks: readonly Block[]): Promise<string[]> {
  const script = blocks.map(({ text }) => `${here(text)}\nprintf '${BETWEEN}'\n`).join('')
  return (await run(tool, ['-euc', script])).split(BETWEEN).slice(0, blocks.length)
}

async function runEach(tool: string, blocks: readonly Block[]): Promise<string[]> {
  const outputs: string[] = []
  for (const { text, line, language } of blocks) {
    // Node takes a file of this suffix for a module, wherever it lies.
    const file = join(folder, `line-${line}.${language === 'ts' ? 'mts' : language}`)
    writeFileSync(file, here(text))
    outputs.push(await run(tool, [file]))
  }
  return outputs
}

/** The server of this test in place of the one on the page, the launcher in place of npm, the SDK's sources in place of its package. */
const here = (text: string): string =>
  text
    .replaceAll('http://127.0.0.1:8787', turnpike.url)
    .replaceAll("'@turnpike/sdk'", `'${ROOT}sdk/src/index.ts'`)
    .replaceAll('npm run -s turnpike --', `"${process.execPath}" "${LAUNCHER}"`)

/** Not `spawnSync`: the server that answers is in this process. */
async function run(tool: string, args: readonly string[]): Promise<string> {
  const { url, key } = turnpike
  const env = { PATH: process.env.PATH, HOME: folder, TURNPIKE_URL: url, TURNPIKE_BASE_URL: url, TURNPIKE_API_KEY: key }
  const child = spawn(tool, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => (output += part))
  const [code] = await once(child, 'close')
  expect(code, output).toBe(0)
  return output
}

function blocksMarked(marker: Block['marker']): Block[] {
  return pages.flatMap(({ blocks }) => blocks.filter((block) => block.marker === marker))
}

/** What runs a language or a suffix here: shell blocks need curl, Python ones OpenAI's client; `PYTHON` names another Python. */
function toolFor(language: string): string | undefined {
  const works = (tool: string, args: string[]) => spawnSync(tool, args).status === 0
  if (language === 'ts') return process.execPath
  if (language === 'sh') return works('curl', ['--version']) ? 'sh' : undefined
  const python = process.env.PYTHON ?? 'python3'
  return works(python, ['-c', 'import openai']) ? python : undefined
}
