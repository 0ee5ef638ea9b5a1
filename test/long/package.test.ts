import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newHome, runTurnpike, startProcess } from '../turnpike-process.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
let folder: string
let tarball: string
let installed: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-package-'))
  tarball = await packedCopy()
  installed = join(folder, 'application')
  mkdirSync(installed)
  writeFileSync(join(installed, 'package.json'), '{"private":true}')
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: installed })
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Packed from a copy: beside a `dist` of the repository other tests would run that. */
async function packedCopy(): Promise<string> {
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  const left = new Set(['.git', 'node_modules', 'dist', 'data'])
  for (const name of readdirSync(root))
    if (!left.has(name)) cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: copy })
  expect(existsSync(join(copy, 'dist')), 'packing leaves no build behind').toBe(false)
  return join(folder, stdout.trim().split('\n').at(-1) ?? '')
}

test('the package holds what runs and nothing else', async () => {
  const { stdout } = await run('tar', ['-tzf', tarball])
  const files = stdout
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''))
  const folders = new Set(files.filter((name) => name.includes('/')).map((name) => name.split('/')[0]))
  expect([...folders].sort()).toEqual(['bin', 'catalogue', 'dashboard', 'dist'])
  expect(files.filter((name) => /\.ts$|\.test\.js$/.test(name))).toEqual([])
  expect(files).toContain('dashboard/dist/index.html')
  expect(files).toContain('dist/store/sqlite-writer.js')
  expect(files).toContain('dist/tokens/token-worker.js')
})

test('the package, installed in an empty folder, starts, answers, stops and verifies', async () => {
  const launcher = join(installed, 'node_modules/turnpike/bin/turnpike.js')
  const home = newHome()
  const turnpike = await startProcess({ home, launcher })
  try {
    const reply = await fetch(`${turnpike.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${turnpike.demoKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'simulator/exact',
        messages: [{ role: 'user', content: 'What is the capital of France?' }],
        usage: { include: true },
      }),
    })
    expect(await reply.json()).toMatchObject({ cost: 0.00005085 })
  } finally {
    turnpike.signal('SIGTERM')
  }
  expect(await turnpike.ended).toMatchObject({ code: 0 })
  expect(await runTurnpike({ home, launcher, args: ['verify'] })).toMatchObject({ code: 0 })
  rmSync(home, { recursive: true, force: true })
})

test('its command is found by name', async () => {
  const { stdout } = await run('npx', ['--no-install', 'turnpike', '--version'], { cwd: installed })
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
