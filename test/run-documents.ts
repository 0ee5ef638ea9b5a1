/**
 * Runs what the pages say to run. Each story (a page, or the numbered pages of a folder in their order) has a server of its
 * own where nothing has happened yet, and a folder where its data lies beside, the project's packages are found, and
 * `@turnpike/sdk` is that of the sources.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { type Block, type Page, ROOT } from './documents.ts'
import { startReceiver } from './receivers.ts'
import { startTurnpike } from './turnpike.ts'
import { LAUNCHER } from './turnpike-process.ts'

/** A block to be run, and what the page says that it prints. */
type Step = { readonly block: Block; readonly prints: string; readonly at: string }
export type Story = {
  readonly name: string
  readonly language: string
  readonly steps: readonly Step[]
}

export function storiesOf(pages: readonly Page[]): Story[] {
  const groups = Map.groupBy(pages, ({ path }) => (/^\d/.test(basename(path)) ? `${dirname(path)}/` : path))
  return [...groups].flatMap(([name, group]) => {
    const steps = group.flatMap(stepsOf)
    return [...Map.groupBy(steps, ({ block }) => block.language)].map(([language, own]) => ({
      name: `${name}, ${language}`,
      language,
      steps: own,
    }))
  })
}

const stepsOf = ({ path, blocks }: Page): Step[] =>
  blocks.flatMap((block, index) => {
    if (block.marker !== 'run') return []
    const next = blocks[index + 1]
    return [{ block, prints: next?.marker === 'prints' ? next.text : '', at: `${path}:${block.line}` }]
  })

export type Scene = {
  /** What each step printed, in its order. */
  play(tool: string, story: Story): Promise<string[]>
  /** What a program printed, which must end well. */
  run(tool: string, args: readonly string[]): Promise<string>
  close(): Promise<void>
}

export async function openScene(): Promise<Scene> {
  const turnpike = await startTurnpike({ yaml: 'webhooks: { allow: ["127.0.0.1"] }' })
  const slack = await startReceiver(asSlack)
  const root = mkdtempSync(join(tmpdir(), 'turnpike-docs-'))
  const folder = join(root, 'project')
  const sdk = join(folder, 'node_modules/@turnpike/sdk')
  mkdirSync(sdk, { recursive: true })
  writeFileSync(join(sdk, 'package.json'), '{"type":"module","exports":"./index.js"}')
  writeFileSync(join(sdk, 'index.js'), `export * from '${pathToFileURL(join(ROOT, 'sdk/src/index.ts'))}'\n`)
  symlinkSync(`${ROOT}node_modules`, join(root, 'node_modules'))
  symlinkSync(turnpike.folder, join(folder, 'data'))

  /** The server of this scene in place of the one on the page, a receiver in place of Slack, and the launcher in place of npm. */
  const here = (text: string): string =>
    text
      .replaceAll('http://127.0.0.1:8787', turnpike.url)
      .replaceAll('https://hooks.slack.com', new URL(slack.url).origin)
      .replaceAll('npm run -s turnpike --', `"${process.execPath}" "${LAUNCHER}"`)

  /** Not `spawnSync`: the server that answers is in this process. */
  async function run(tool: string, args: readonly string[]): Promise<string> {
    const { url, key } = turnpike
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      TURNPIKE_URL: url,
      TURNPIKE_BASE_URL: url,
      TURNPIKE_API_KEY: key,
    }
    const child = spawn(tool, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (output += part))
    const [code] = await once(child, 'close')
    expect(code, output).toBe(0)
    return output
  }

  async function play(tool: string, { language, steps }: Story): Promise<string[]> {
    const outputs: string[] = []
    for (const program of programsOf(language, steps)) {
      const text = program.map(({ block }) => `${here(block.text)}\n${SEPARATE[language] ?? ''}`).join('')
      // Node takes a file of this suffix for a module, wherever it lies.
      const file = join(folder, `program-${outputs.length}.${language === 'ts' ? 'mts' : language}`)
      writeFileSync(file, text)
      const output = await run(tool, language === 'sh' ? ['-euc', text] : [file])
      outputs.push(...output.split(BETWEEN).slice(0, program.length))
    }
    return outputs
  }

  return {
    run,
    play,
    async close() {
      await turnpike.close()
      await slack.close()
      rmSync(root, { recursive: true })
    },
  }
}

/** As its incoming webhooks answer. */
function asSlack(response: ServerResponse, _index: number, body: string): void {
  const { text } = JSON.parse(body) as { text?: unknown }
  const isFine = typeof text === 'string' && text !== ''
  response.writeHead(isFine ? 200 : 400).end(isFine ? 'ok' : 'no_text')
}

const BETWEEN = '\u001e'
const SEPARATE: Readonly<Record<string, string>> = {
  sh: `printf '${BETWEEN}'\n`,
  ts: `process.stdout.write('${BETWEEN}')\n`,
}

/**
 * All shell blocks are one program, so that a variable of one is there for the next. In TypeScript a block that imports
 * begins another one. Blocks of other languages stand alone.
 */
function programsOf(language: string, steps: readonly Step[]): Step[][] {
  const programs: Step[][] = []
  for (const step of steps) {
    const goesOn = language === 'sh' || (language === 'ts' && !/^import /m.test(step.block.text))
    const last = programs.at(-1)
    if (goesOn && last) last.push(step)
    else programs.push([step])
  }
  return programs
}

/** What runs a language or a suffix here: shell blocks need curl, Python ones OpenAI's client; `PYTHON` names another Python. */
export function toolFor(language: string): string | undefined {
  const works = (tool: string, args: string[]) => spawnSync(tool, args).status === 0
  if (language === 'ts') return process.execPath
  if (language === 'sh') return works('curl', ['--version']) ? 'sh' : undefined
  const python = process.env.PYTHON ?? 'python3'
  return works(python, ['-c', 'import openai']) ? python : undefined
}
