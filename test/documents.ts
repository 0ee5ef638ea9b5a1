/**
 * The project's pages as a test reads them. A block is run where `<!-- run -->` stands on the line before it, and a block
 * after `<!-- prints -->` is what the run before it printed; `…` stands for anything. `<!-- welcome -->` marks the text of a first start.
 */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Block = {
  readonly language: string
  readonly text: string
  readonly line: number
  readonly marker: 'run' | 'prints' | 'welcome' | undefined
}

export type Page = { readonly path: string; readonly text: string; readonly blocks: readonly Block[] }

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTSIDE = ['node_modules', 'dashboard', 'catalogue', '.git']

export function readPages(): Page[] {
  const paths = globSync('**/*.md', { cwd: ROOT, exclude: (name) => OUTSIDE.includes(name) }).sort()
  return paths.map((path) => {
    const text = readFileSync(`${ROOT}${path}`, 'utf8')
    return { path, text, blocks: blocksOf(text) }
  })
}

const FENCED = /(?:^<!-- (run|prints|welcome) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm

function blocksOf(text: string): Block[] {
  return [...text.matchAll(FENCED)].map(({ 1: marker, 2: language = '', 3: code = '', index }) => ({
    language,
    text: code,
    line: text.slice(0, index).split('\n').length,
    marker: marker as Block['marker'],
  }))
}

/** What does not stand in the output in this order: the pieces between `…` and line ends. */
export function missingPieces(expected: string, output: string): string[] {
  let from = 0
  return expected.split(/…|\n/).flatMap((raw) => {
    const piece = raw.trim()
    const found = output.indexOf(piece, from)
    if (found >= 0) from = found + piece.length
    return found < 0 ? [piece] : []
  })
}

/** Where a link leads, and from where. */
export type Link = { readonly path: string; readonly target: string }

export const linksOf = ({ path, text }: Page): Link[] =>
  [...text.replace(FENCED, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(({ 1: target = '' }) => ({ path, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))

/** As the usual renderers name a heading. */
export const anchorsOf = (text: string): string[] =>
  [...text.replace(FENCED, '').matchAll(/^#{1,6} (.+)$/gm)].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
