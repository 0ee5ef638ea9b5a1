/** Pages of a list: by offset, or by a cursor that names the last row seen, so that no row is shown twice and none is missed. */
import type { z } from 'zod'
import type { PageQuery, Pagination } from '../contract/common.ts'
import { refuse } from '../contract/errors.ts'
import { fitsInt64 } from '../lib/money.ts'
import type { PageOf } from '../store/page-of.ts'

const DEFAULT_LIMIT = 50

/** A cursor takes the place of an offset. Throws `invalid_request` for one that this list never gave. */
export function pageOf(
  list: string,
  { limit = DEFAULT_LIMIT, offset = 0, cursor }: z.output<typeof PageQuery>,
): PageOf {
  if (cursor === undefined) return { limit, offset, before: undefined }
  const [kind, id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(':')
  const isOurs = kind === list && /^[0-9]{1,19}$/.test(id) && cursorOf(list, BigInt(id)) === cursor
  if (!isOurs || !fitsInt64(BigInt(id)))
    throw refuse('invalid_request', 'cursor: is none that this list gave', { param: 'cursor' })
  return { limit, offset: 0, before: BigInt(id) }
}

/** `rows` may hold one more than the page: then there is another. */
export function paged<R extends { readonly id: bigint }>(
  list: string,
  { limit, offset }: PageOf,
  rows: readonly R[],
  totalCount: number,
): { shown: R[]; pagination: z.output<typeof Pagination> } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const hasMore = rows.length > limit
  return {
    shown,
    pagination: { limit, offset, totalCount, hasMore, nextCursor: hasMore && last ? cursorOf(list, last.id) : null },
  }
}

const cursorOf = (list: string, id: bigint): string => Buffer.from(`${list}:${id}`).toString('base64url')
