/**
 * `npm run seeds`: starts a Turnpike and runs the documents' own Python against it, changed in nothing but address, key
 * and model. What Python or its packages are missing for is left out and said; with `--strict` that is a failure.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newHome, runTurnpike, startProcess, type TurnpikeProcess } from '../test/turnpike-process.ts'
import { type Program, programs } from './seed-programs.ts'

const isStrict = process.argv.includes('--strict')
const home = newHome()
const turnpike = await startProcess({ home })
try {
  const results = []
  for (const program of programs) results.push(await attempt(program, turnpike))
  const verified = await runTurnpike({ home, args: ['verify'] })
  say(verified.code === 0 ? 'ok' : 'FAILED', 'verify', verified.stderr.trim())
  const isDone = results.every((result) => result === 'ok' || (result === 'left out' && !isStrict))
  process.exitCode = isDone && verified.code === 0 ? 0 : 1
} finally {
  turnpike.signal('SIGTERM')
  await turnpike.ended
  await rm(home, { recursive: true, force: true })
}

type Result = 'ok' | 'left out' | 'FAILED'

async function attempt(program: Program, { url, demoKey }: TurnpikeProcess): Promise<Result> {
  const missing = await missingOf(program.needs)
  if (missing !== undefined) return say('left out', program.name, missing)
  const file = join(home, 'program.py')
  await writeFile(file, await sourceOf(program, url, demoKey))
  const { code, stdout, stderr } = await python([file], { OPENROUTER_API_KEY: demoKey })
  if (code !== 0) return say('FAILED', program.name, stderr)
  try {
    await program.check(stdout, home)
    return say('ok', program.name, '')
  } catch (error) {
    return say('FAILED', program.name, `${error instanceof Error ? error.message : String(error)}\n${stdout}`)
  }
}

function say(result: Result, name: string, more: string): Result {
  console.log(`${result.padEnd(8)}  ${name}${more === '' ? '' : `: ${more}`}`)
  return result
}

async function missingOf(needs: readonly string[]): Promise<string | undefined> {
  for (const name of needs) {
    const { code } = await python(['-c', `import ${name}`]).catch(() => ({ code: undefined }))
    if (code === undefined) return 'python3 is not there'
    if (code !== 0) return `python3 has no \`${name}\``
  }
  return undefined
}

async function sourceOf({ files, lastLines = '' }: Program, url: string, key: string): Promise<string> {
  const folder = join(import.meta.dirname, '../seeds')
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return [...texts, lastLines]
    .join('\n\n')
    .replaceAll('https://openrouter.ai/api/v1', `${url}/api/v1`)
    .replaceAll('https://llm.onerouter.pro/v1', `${url}/v1`)
    .replaceAll('{{API_KEY_REF}}', key)
    .replaceAll('{{MODEL}}', 'simulator/exact')
}

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

async function python(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn('python3', args, { cwd: home, env: { PATH: process.env.PATH, HOME: home, ...env } })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
    })
  const [code] = await once(child, 'close')
  return { code, ...text }
}
