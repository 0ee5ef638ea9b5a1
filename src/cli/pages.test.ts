import { expect, test } from 'vitest'
import { CannotGoOn } from './exit-code.ts'
import { type Walk, walkPages } from './pages.ts'

const CURSOR = { most: 500, by: 'cursor' } as const

/** A server that answers with the page of this number; the walk is given up after `most` questions. */
async function walk(given: Pick<Walk, 'paging' | 'wanted'>, pageAt: (index: number) => object, most = 20) {
  const asked: object[] = []
  const rows: unknown[] = []
  const fetchPage = async (query: object) => {
    if (asked.length >= most) throw new Error('it never ends')
    asked.push(query)
    return JSON.stringify(pageAt(asked.length - 1))
  }
  for await (const page of walkPages({ ...given, shows: 'items', fetchPage })) rows.push(...page.rows)
  return { asked, rows }
}

const page = (items: number[], nextCursor: string | null) => ({
  items,
  pagination: { hasMore: nextCursor !== null, nextCursor, totalCount: 9 },
})

test('a walk follows the cursors to the last page', async () => {
  const pages = [page([1, 2], 'a'), page([3, 4], 'b'), page([5], null)]
  const { asked, rows } = await walk(
    { paging: CURSOR, wanted: Number.POSITIVE_INFINITY },
    (index) => pages[index] ?? {},
  )
  expect(rows).toEqual([1, 2, 3, 4, 5])
  expect(asked).toEqual([{ limit: 500 }, { limit: 500, cursor: 'a' }, { limit: 500, cursor: 'b' }])
})

test('what is wanted is asked for, and no more', async () => {
  const pages = [page([1, 2], 'a'), page([3, 4], 'b')]
  const { asked, rows } = await walk({ paging: CURSOR, wanted: 3 }, (index) => pages[index] ?? {})
  expect(rows).toEqual([1, 2, 3])
  expect(asked).toEqual([{ limit: 3 }, { limit: 1, cursor: 'a' }])
})

test('a server that gives the same cursor again, or an empty page, ends the walk', async () => {
  const given = { paging: CURSOR, wanted: Number.POSITIVE_INFINITY }
  expect((await walk(given, () => page([1], 'a'))).rows).toEqual([1, 1])
  expect((await walk(given, (index) => page([], `c${index}`))).rows).toEqual([])
})

test('without cursors a walk goes by offset until a page is empty', async () => {
  const { asked, rows } = await walk(
    { paging: { most: undefined, by: 'offset' }, wanted: Number.POSITIVE_INFINITY },
    (index) => ({
      items: index < 2 ? [index] : [],
    }),
  )
  expect(rows).toEqual([0, 1])
  expect(asked).toEqual([{}, { offset: 1 }, { offset: 2 }])
})

test('one page is asked for as the server cuts it', async () => {
  expect(await walk({ paging: CURSOR, wanted: undefined }, () => page([1], 'a'))).toEqual({ asked: [{}], rows: [1] })
})

test('a reply without its list is none of ours', async () => {
  await expect(walk({ paging: CURSOR, wanted: undefined }, () => ({ data: [] }))).rejects.toThrow(CannotGoOn)
})
