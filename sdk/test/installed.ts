/** The packed package in an empty project, as npm puts it there; and programs of that project, by any Node. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Turnpike } from '../../test/turnpike.ts'

const run = promisify(execFile)
const sdk = join(import.meta.dirname, '..')
export const modules = join(sdk, '../node_modules')

export type Installed = {
  /** The project's. */
  readonly project: string
  /** The package's, inside of it. */
  readonly path: string
  readonly packedBytes: number
  remove(): void
}

export async function installPackage(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-sdk-'))
  const [copy, project] = [join(folder, 'sdk'), join(folder, 'project')]
  for (const path of [copy, project]) mkdirSync(path)
  // From a copy: the build of one test must not be seen by another.
  for (const name of readdirSync(sdk))
    if (!['dist', 'node_modules', 'test'].includes(name)) cpSync(join(sdk, name), join(copy, name), { recursive: true })
  symlinkSync(modules, join(folder, 'node_modules'))
  await run('npm', ['pack', '--silent', '--offline', '--pack-destination', folder], { cwd: copy })
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '')
  rmSync(join(folder, 'node_modules'))
  writeFileSync(join(project, 'package.json'), '{"private":true}')
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project })
  return {
    project,
    path: join(project, 'node_modules/@turnpike/sdk'),
    packedBytes: statSync(tarball).size,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What a program of the project prints, as JSON; the server's demo account is its own. */
export async function ask(
  { project }: Pick<Installed, 'project'>,
  turnpike: Pick<Turnpike, 'key' | 'url'>,
  program: { readonly name: string; readonly text: string; readonly node?: string },
): Promise<unknown> {
  writeFileSync(join(project, program.name), program.text)
  const env = { ...process.env, TURNPIKE_API_KEY: turnpike.key, TURNPIKE_BASE_URL: turnpike.url }
  const { stdout } = await run(program.node ?? process.execPath, [program.name], { cwd: project, env })
  return JSON.parse(stdout)
}

const ASK = `
const client = new TurnpikeClient()
const tracker = new CostTracker()
await tracker.chat({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] })
await tracker.exportHistory('history.json')
const { balance } = await client.getBalance()
const error = await client.getAccount('acc_none').catch((error) => error)
console.log(JSON.stringify({ paid: balance < 25, calls: tracker.costHistory.length, isNotFound: error instanceof NotFoundError }))
`
/** Both kinds of module do the same, and find the same. */
export const ESM = {
  name: 'esm.mjs',
  text: `import { CostTracker, NotFoundError, TurnpikeClient } from '@turnpike/sdk'\n${ASK}`,
}
export const CJS = {
  name: 'cjs.cjs',
  text: `const { CostTracker, NotFoundError, TurnpikeClient } = require('@turnpike/sdk')\n!(async () => {${ASK}})()`,
}
export const FOUND = { paid: true, calls: 1, isNotFound: true }
