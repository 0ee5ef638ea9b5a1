/** Walks the pages of a list, so that a list of any length needs the memory of one page. */
import { CannotGoOn, EXIT } from './exit-code.ts'
import type { Paging } from './fields.ts'

export type PageOfRows = {
  /** The reply, as it came. */
  readonly text: string
  readonly reply: unknown
  readonly rows: readonly unknown[]
  /** Whether there are more, and how many in all; `undefined` where the reply does not say. */
  readonly hasMore: boolean | undefined
  readonly total: number | undefined
}

export type Walk = {
  readonly paging: Paging
  /** Where in the reply the rows lie. */
  readonly shows: string | undefined
  /** How many rows are wanted; `undefined`: one page, as the server cuts it. */
  readonly wanted: number | undefined
  readonly fetchPage: (query: Readonly<Record<string, unknown>>) => Promise<string>
}

export async function* walkPages({ paging, shows, wanted, fetchPage }: Walk): AsyncGenerator<PageOfRows> {
  let seen = 0
  let cursor: string | undefined
  for (;;) {
    const left = wanted === undefined ? undefined : wanted - seen
    const page = readPage(await fetchPage(pageQuery(paging, left, seen, cursor)), shows)
    const rows = page.rows.slice(0, left)
    const cut = rows.length < page.rows.length
    yield { ...page, rows, hasMore: cut ? true : page.hasMore }
    seen += rows.length
    if (wanted === undefined || seen >= wanted || rows.length === 0 || page.hasMore === false) return
    if (paging.by === undefined) return
    if (paging.by === 'cursor' && (page.cursor === undefined || page.cursor === cursor)) return
    cursor = page.cursor
  }
}

function pageQuery({ most, by }: Paging, left: number | undefined, seen: number, cursor: string | undefined) {
  return {
    ...(most === undefined || left === undefined ? {} : { limit: Math.min(most, left) }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(by === 'offset' && seen > 0 ? { offset: seen } : {}),
  }
}

function readPage(text: string, shows: string | undefined): PageOfRows & { readonly cursor: string | undefined } {
  const reply = jsonReply(text)
  const rows = inside(reply, shows)
  if (!Array.isArray(rows)) throw new CannotGoOn(NO_TURNPIKE, EXIT.failed)
  const { pagination, links, total_count: totalCount } = membersOf(reply)
  const { hasMore, nextCursor, totalCount: total } = membersOf(pagination)
  const { next } = membersOf(links)
  return {
    ...{ text, reply, rows },
    hasMore: typeof hasMore === 'boolean' ? hasMore : next === null ? false : undefined,
    total: [total, totalCount].find((count) => typeof count === 'number') as number | undefined,
    cursor: typeof nextCursor === 'string' ? nextCursor : undefined,
  }
}

const NO_TURNPIKE = 'the reply is not what this command expects: is the server a Turnpike of another version?'

export function jsonReply(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CannotGoOn(NO_TURNPIKE, EXIT.failed)
  }
}

/** What lies at a path with dots. */
export const inside = (value: unknown, path: string | undefined): unknown =>
  (path?.split('.') ?? []).reduce<unknown>((outer, name) => membersOf(outer)[name], value)

export const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
