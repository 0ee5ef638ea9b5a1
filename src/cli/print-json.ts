/** The replies of a list as one JSON document: a single page exactly as it came, several with all rows in one list. */
import { inside, membersOf, type PageOfRows } from './pages.ts'

type Write = (text: string) => Promise<void>

/** One page is held back until it is known whether another follows. */
export function wholeDocument(shows: string | undefined, write: Write) {
  const state: { first: PageOfRows | undefined; isOpen: boolean } = { first: undefined, isOpen: false }
  return {
    async page(page: PageOfRows) {
      if (state.first === undefined) {
        state.first = page
        return
      }
      if (!state.isOpen) await write(`${opening(state.first, shows)}${rowsText(state.first)}`)
      state.isOpen = true
      if (page.rows.length > 0) await write(`,${rowsText(page)}`)
    },
    async end() {
      const { first, isOpen } = state
      if (isOpen) return write(']}\n')
      if (first === undefined) return
      const text = isWhole(first, shows) ? first.text : `${opening(first, shows)}${rowsText(first)}]}`
      await write(text.endsWith('\n') ? text : `${text}\n`)
    },
  }
}

function isWhole({ reply, rows }: PageOfRows, shows: string | undefined): boolean {
  const all = inside(reply, shows)
  return Array.isArray(all) && all.length === rows.length
}

/** What stands beside the rows, without what is true of one page alone. */
function opening({ reply }: PageOfRows, shows: string | undefined): string {
  const list = shows ?? 'rows'
  const others = Object.entries(membersOf(reply)).filter(([name]) => name !== list && !OF_ONE_PAGE.includes(name))
  const members = others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`)
  return `{${members.join('')}${JSON.stringify(list)}:[`
}

const OF_ONE_PAGE = ['pagination', 'links']

const rowsText = ({ rows }: PageOfRows): string => rows.map((row) => JSON.stringify(row)).join(',')
