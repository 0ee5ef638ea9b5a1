/** What only a process can show: pipes that close, standard input, files, and what is loaded for help. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { init, parse } from 'es-module-lexer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT } from '../src/cli/exit-code.ts'
import { startTurnpike, type Turnpike } from './turnpike.ts'
import { LAUNCHER } from './turnpike-process.ts'

let turnpike: Turnpike
let folder: string
beforeAll(async () => {
  turnpike = await startTurnpike()
  folder = mkdtempSync(join(tmpdir(), 'turnpike-cli-'))
})
afterAll(async () => {
  await turnpike.close()
  rmSync(folder, { recursive: true })
})

function start(...args: string[]) {
  return startWith({}, ...args)
}

function startWith(more: Record<string, string>, ...args: string[]) {
  const env = {
    ...more,
    ...{ PATH: process.env.PATH, HOME: folder },
    ...{ TURNPIKE_BASE_URL: turnpike.url, TURNPIKE_API_KEY: turnpike.operatorKey },
  }
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd: folder, env, stdio: 'pipe' })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.out += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.err += part
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number, ...text })) }
}

test.each([['--ndjson'], ['--csv'], ['--json']])('a reader that has seen enough ends %s quietly', async (form) => {
  const { child, ended } = start('models', 'list', '--all', form)
  child.stdout.destroy()
  expect(await ended).toMatchObject({ code: EXIT.done, err: '' })
})

test('JSON comes from standard input, and a file that is written is readable by its owner alone', async () => {
  const { child, ended } = start(
    'accounts',
    'create',
    'Ann',
    '--external-id',
    'ann',
    '--metadata',
    '-',
    '--out',
    'ann.txt',
  )
  child.stdin.end('{"seats":7}')
  expect(await ended).toEqual({ code: EXIT.done, out: '', err: '' })
  expect(readFileSync(join(folder, 'ann.txt'), 'utf8')).toMatch(/^metadata\.seats +7$/m)
  expect(statSync(join(folder, 'ann.txt')).mode & 0o777).toBe(0o600)
})

test('without a person at the terminal nothing is asked', async () => {
  const { ended } = start('accounts', 'close', 'demo')
  expect(await ended).toMatchObject({ code: EXIT.usage, out: '', err: expect.stringContaining('--yes') })
})

test('help needs neither schemas nor server: what it loads is small', async () => {
  await init
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const found of parse(stripTypeScriptTypes(readFileSync(file, 'utf8')))[0]) {
      if (found.type !== 'static' || found.specifier === undefined) continue
      if (found.specifier.startsWith('.')) visit(resolve(dirname(file), found.specifier))
      else if (!found.specifier.startsWith('node:')) seen.add(found.specifier)
    }
  }
  visit(resolve(import.meta.dirname, '../src/main.ts'))
  const packages = [...seen].filter((name) => !name.startsWith('/'))
  expect(packages).toEqual(['commander'])
})

/** Tells on standard error which modules are loaded. */
const TELL_MODULES = `import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) })`

test.each([[['credits', 'add', '--help']], [['reservations', 'confirm', '--help']], [['credits', '--help']]])(
  'help of %j loads no schema',
  async (args) => {
    const hooks = `--import=data:text/javascript,${encodeURIComponent(TELL_MODULES)}`
    const { code, out, err } = await startWith({ NODE_OPTIONS: hooks }, ...args).ended
    expect([code, out.split('\n')[0]]).toEqual([EXIT.done, 'Examples:'])
    expect(err).toContain('/commander/')
    expect(
      err.split('\n').filter((url) => /\/(zod|temporal-polyfill)\/|\/contract\/(operations|common)\./.test(url)),
    ).toEqual([])
  },
)

/** Run by the shell itself, with what its completion would have set; a line of words each for two questions. */
const IN_SHELL: Readonly<
  Record<string, { readonly args: readonly string[]; readonly lines: (script: string) => string }>
> = {
  bash: {
    args: ['--norc'],
    lines: (script) => `${script}
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _turnpike; echo "\${COMPREPLY[@]}"; }
ask turnpike reservations con
ask turnpike credits add 5 --category ""`,
  },
  zsh: {
    args: ['-f'],
    // What only its line editor brings along.
    lines: (script) => `compdef() {}
compadd() { shift; echo "$@"; }
${script}
ask() { words=("$@"); CURRENT=$#; PREFIX="\${words[CURRENT]}"; _turnpike; }
ask turnpike reservations con
ask turnpike credits add 5 --category ""`,
  },
  fish: {
    args: ['--no-config'],
    lines: (script) => `${script}
echo (complete -C 'turnpike reservations con')
echo (complete -C 'turnpike credits add 5 --category ')`,
  },
}

/** The others are tested where they are installed. */
const isHere = (shell: string) => shell === 'bash' || spawnSync(shell, ['--version']).status === 0

for (const [shell, { args, lines }] of Object.entries(IN_SHELL))
  test.skipIf(!isHere(shell))(`${shell} completes with the script that is printed`, async () => {
    const { out } = await start('completion', shell).ended
    const bin = mkdtempSync(join(folder, 'bin-'))
    writeFileSync(join(bin, 'turnpike'), `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`, { mode: 0o755 })
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: folder }
    writeFileSync(join(bin, 'asked'), `${lines(out)}\n`)
    const child = spawn(shell, [...args, join(bin, 'asked')], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said.out += part
    })
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      said.err += part
    })
    await once(child, 'close')
    const [noun, category] = said.out.trimEnd().split('\n')
    expect([noun, category?.split(' ').sort(), said.err]).toEqual([
      'confirm',
      ['adjustment', 'paid', 'promotional'],
      '',
    ])
  })
