/**
 * Makes `dist/` for the package: the sources without their types, since Node strips none under `node_modules`. Lines
 * stay where they are, so a stack trace names the line of the source. `--remove` takes it away again: the launcher
 * prefers it to the sources. `npm pack` runs both.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { init, parse } from 'es-module-lexer'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

await rm(dist, { recursive: true, force: true })
if (!process.argv.includes('--remove')) await makeDist(join(root, 'src'))

async function makeDist(sources: string): Promise<void> {
  await init
  const names = await readdir(sources, { recursive: true })
  const shipped = names.filter((name) => name.endsWith('.ts') && !/(?:\.test|-fixture)\.ts$/.test(name))
  for (const name of shipped) {
    const file = join(dist, scriptName(name))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, javaScriptOf(await readFile(join(sources, name), 'utf8')))
  }
  console.error(`dist: ${shipped.length} files`)
}

/** Imports of the sources name the files as they are written; those of the build must name what is shipped. */
function javaScriptOf(source: string): string {
  const code = stripTypeScriptTypes(source, { mode: 'strip' })
  const [imports] = parse(code)
  let text = ''
  let copied = 0
  for (const found of imports) {
    if (!found.specifier?.startsWith('.')) continue
    text += code.slice(copied, found.start) + scriptName(code.slice(found.start, found.end))
    copied = found.end
  }
  return text + code.slice(copied)
}

/** A specifier may come with its quotes. */
function scriptName(name: string): string {
  return name.replace(/\.ts(['"]?)$/, '.js$1')
}
