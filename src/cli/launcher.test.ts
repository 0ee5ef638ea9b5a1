import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

// A copy of the launcher between sources and a build of our own, so that the real ones don't matter.
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnpike-launcher-'))
  cpSync(new URL('../../bin', import.meta.url), join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  mkdirSync(join(folder, 'src'))
  writeFileSync(
    join(folder, 'src/main.ts'),
    'const from: string = "sources"\nprocess.stdout.write(from + process.argv[2])\n',
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const launcher = () => join(folder, 'bin/turnpike.js')

test.each([
  ['20.11.0', true],
  ['22.18.0', true],
  ['22.19.0', false],
  ['23.0.0', false],
  ['24.21.0', false],
])('Node %s is told to be too old: %s', (version, old) => {
  const disguise = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', disguise, launcher(), 'start'], {
    encoding: 'utf8',
  })
  const sentence = `turnpike: Node ${version} is too old, 22.19 is needed. \`npm ci\` brings Node 24 along; then start with \`npm start\`\n`
  expect(status).toBe(old ? 2 : 0)
  expect(stderr).toBe(old ? sentence : '')
  expect(stdout).toBe(old ? '' : 'sourcesstart')
})

test('a packed package runs its build', () => {
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist/main.js'), 'process.stdout.write("build")\n')
  expect(execFileSync(process.execPath, [launcher()], { encoding: 'utf8' })).toBe('build')
  rmSync(join(folder, 'dist'), { recursive: true })
})
