/**
 * Makes `dist/`: the client as ES modules and as CommonJS, each with its declarations, by the compiler alone. Nothing is
 * bundled, so that whoever bundles takes what is used. `npm pack` runs it.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = import.meta.dirname
const typescript = createRequire(import.meta.url).resolve('typescript/package.json')
const compiler = join(dirname(typescript), 'bin/tsc')

const builds = [
  { folder: 'esm', type: 'module', options: ['--module', 'nodenext', '--moduleResolution', 'nodenext'] },
  { folder: 'cjs', type: 'commonjs', options: ['--module', 'commonjs', '--moduleResolution', 'bundler'] },
] as const

rmSync(join(root, 'dist'), { recursive: true, force: true })
for (const { folder, type, options } of builds) {
  const target = join(root, 'dist', folder)
  execFileSync(process.execPath, [compiler, '-p', root, '--outDir', target, ...options], { stdio: 'inherit' })
  writeFileSync(join(target, 'package.json'), `{"type":"${type}"}\n`)
  for (const name of readdirSync(target)) if (name.endsWith('.d.ts')) nameShippedFiles(join(target, name))
}

/** The compiler leaves the names of the sources in declarations. */
function nameShippedFiles(path: string): void {
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/(\bfrom\s+|\bimport\()(['"])(\.\.?\/[^'"]+)\.ts\2/g, '$1$2$3.js$2'))
}
