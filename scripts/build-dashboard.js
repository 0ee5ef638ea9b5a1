/**
 * Builds the dashboard into `dashboard/dist`. Plain JavaScript, since `npm ci` runs it before anybody has looked at the
 * version of Node. `--quiet`: where there is nothing to build it from, or with, that is no fault.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const dashboard = join(import.meta.dirname, '..', 'dashboard')
const isQuiet = process.argv.includes('--quiet')

process.exitCode = build()

function build() {
  if (!existsSync(join(dashboard, 'index.html'))) return missing('dashboard/index.html is not there: nothing to build')
  const vite = viteOf()
  if (vite === undefined) return missing('vite is not installed: run `npm ci` without --omit=dev')
  console.error('dashboard: building, some seconds')
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: dashboard,
    stdio: ['ignore', 2, 2],
  })
  return status ?? 1
}

function viteOf() {
  try {
    const manifest = createRequire(join(dashboard, 'package.json')).resolve('vite/package.json')
    return join(dirname(manifest), 'bin', 'vite.js')
  } catch {
    return undefined
  }
}

function missing(why) {
  if (isQuiet) return 0
  console.error(`dashboard: ${why}`)
  return 1
}
